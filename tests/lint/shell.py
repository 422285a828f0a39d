"""Runs shellcheck over the shell scripts; skipped (77) where it is not installed."""

import pathlib
import shutil
import subprocess
import sys

import lint

SKIPPED = 77


def scripts(root):
    for name in lint.tracked_files(root):
        if "." in pathlib.PurePath(name).name and not name.endswith(".sh"):
            continue
        with open(pathlib.Path(root) / name, "rb") as file:
            first = file.readline(80)
        if name.endswith(".sh") or (first.startswith(b"#!") and b"sh" in first.split(b"/")[-1]):
            yield name


def check(root):
    names = list(scripts(root))
    if not names:
        return ["no shell script found"]
    answer = subprocess.run(["shellcheck", "-x", "--format=gcc", *names], cwd=root,
                            capture_output=True, text=True, check=False)
    found = [line for line in answer.stdout.split("\n") if line]
    for name in names:
        if not name.endswith(".sh") and "set -euo pipefail" not in lint.read(root, name):
            found.append(f"{name}:1: no set -euo pipefail")
    return found or ([answer.stderr] if answer.returncode else [])


CLEAN = {"tests/run": '#!/usr/bin/env bash\n# Tests.\nset -euo pipefail\nprintf "%s" "$1"\n'}

PLANTS = [
    ({"engine/up": '#!/usr/bin/env bash\n# Up.\nset -euo pipefail\nrm -rf $1/x\n'}, "SC2086"),
    ({"engine/up": "#!/usr/bin/env bash\n# Up.\ntrue\n"}, "no set -euo"),
]

if __name__ == "__main__":
    if shutil.which("shellcheck") is None:
        print("shellcheck is not installed: skipped")
        sys.exit(SKIPPED)
    lint.run(check, CLEAN, PLANTS)
