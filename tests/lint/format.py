"""Holds every C++ file to .clang-format; skipped (77) where clang-format is not installed."""

import pathlib
import shutil
import subprocess
import sys

import lint

SKIPPED = 77
STYLE = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"


def check(root):
    names = lint.cpp_files(root)
    if not names:
        return ["no C++ file found"]
    answer = subprocess.run(
        ["clang-format", f"--style=file:{STYLE}", "--dry-run", "-Werror", *names],
        cwd=root, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        return []
    return sorted({line for line in answer.stderr.split("\n") if "error:" in line}) or [answer.stderr]


CLEAN = {"journal/a.h": "// A.\n#pragma once\n\nint add(int left, int right);\n"}

PLANTS = [({"journal/b.h": "// B.\n#pragma once\nint   add( int left,int right ) ;\n"}, "b.h")]

if __name__ == "__main__":
    if shutil.which("clang-format") is None:
        print("clang-format is not installed: skipped")
        sys.exit(SKIPPED)
    lint.run(check, CLEAN, PLANTS)
