"""What every lint shares: finding the sources, blanking comments, and proving that a check bites.

A lint is a function check(root) -> list of findings ("path:line: sentence"). run() first plants
each of its violations in a tree of its own and fails when the check does not see one, or when it
finds fault with the clean tree; only then it judges the real tree.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

CODE_FOLDERS = ("schemas", "journal", "engine", "adapters", "replay", "tests", "bench")
CPP_SUFFIXES = (".h", ".cc")


def tracked_files(root):
    """Every file of the tree as a path relative to root: what git would commit, or all but build/."""
    root = pathlib.Path(root)
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z",
             "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=False)
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
            return sorted(name for name in names if name and (root / name).is_file())
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", "build", "__pycache__")]
        found += [str((pathlib.Path(folder) / name).relative_to(root)) for name in names]
    return sorted(found)


def cpp_files(root, *folders):
    """C++ files below any of the folders (default: all of them)."""
    wanted = tuple(folder.rstrip("/") + "/" for folder in (folders or CODE_FOLDERS))
    return [name for name in tracked_files(root)
            if name.endswith(CPP_SUFFIXES) and name.startswith(wanted)]


def read(root, name):
    return (pathlib.Path(root) / name).read_text(encoding="utf-8", errors="replace")


_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def blank(text, keep_strings=False):
    """The text with comments (and strings) replaced by blanks; every line keeps its number."""
    def wipe(match):
        token = match.group(0)
        if keep_strings and token[0] != "/":
            return token
        return re.sub(r"[^\n]", " ", token)
    return _TOKENS.sub(wipe, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def plant(folder, files):
    for name, text in files.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")


def run(check, clean, plants):
    """check on planted trees, then on the tree named on the command line. Ends the process.

    clean:  files in which nothing may be found.
    plants: list of (files, words): with these files added, one finding must contain the words.
    """
    root = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, clean)
        if found := check(folder):
            sys.exit("this lint finds fault with its own clean tree:\n" + "\n".join(found))
    for files, words in plants:
        with tempfile.TemporaryDirectory() as folder:
            plant(folder, {**clean, **files})
            found = check(folder)
            if not any(words in finding for finding in found):
                sys.exit(f"this lint does not see a planted violation ({words}) in {list(files)}; "
                         f"it found {found}")
    found = check(root)
    for finding in found:
        print(finding)
    if found:
        sys.exit(f"{len(found)} finding(s)")
    print(f"clean; {len(plants)} planted violation(s) were seen")
