"""Where the programs of a build directory are."""

import os

FOLDERS = ("", "adapters/cli", "bench/load", "bench/echo_server", "bench/fill", "bench/flood", "bench/sample",
           "bench/channels")


def find_binary(build, name):
    """The path of the program, or where it would be if it were built."""
    for folder in FOLDERS:
        path = os.path.join(build, folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return os.path.join(build, name)
