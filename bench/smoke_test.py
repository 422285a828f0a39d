#!/usr/bin/env python3
"""The load generator works against the echo server and against Spine: every answer is checked by it."""

import os
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from comparing.load import Load  # noqa: E402
from comparing.programs import find_binary  # noqa: E402
from comparing.servers import Echo, Spine, stop_all  # noqa: E402


def check(report, what):
    if report["messages"] == 0 or report["unanswered"] != 0 or report["error"]:
        sys.exit(f"{what}: {report}")
    print(f"{what}: {report['messages']} messages answered")


def main():
    build = os.environ["SPINE_BUILD_DIR"]
    options = types.SimpleNamespace(seconds=20, warm=0, load_threads=1)
    load = Load(find_binary(build, "spine-load"), options)
    few = ["--count", "500"]
    with tempfile.TemporaryDirectory() as base:
        try:
            echo = Echo(os.path.join(base, "echo"), find_binary(build, "spine-echo-server")).start()
            check(load.run(echo, 4, 4, extra=few), "echo")
            spine = Spine(os.path.join(base, "spine"), find_binary(build, "spine")).start()
            check(load.run(spine, 4, 4, extra=few), "ingest")
            check(load.run(spine, 2, 2, "roundtrip", extra=["--count", "20"]), "chat.send")
            check(load.run(spine, 2, 2, "roundtrip", extra=["--count", "20", "--method", "agent"]),
                  "agent")
        finally:
            stop_all()


if __name__ == "__main__":
    main()
