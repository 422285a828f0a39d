"""Holds the top level of the tree to the names the architecture gives it."""

import lint

ALLOWED = {"CMakeLists.txt", "CMakePresets.json", "README.md", "engine", "schemas", "journal",
           "adapters", "replay", "tests", "bench"}


def check(root):
    names = {name.split("/", 1)[0] for name in lint.tracked_files(root)}
    found = [f"{name}: only {', '.join(sorted(ALLOWED))} and dotfiles may stand at the top"
             for name in sorted(names) if name not in ALLOWED and not name.startswith(".")]
    found += [f"{name}: missing at the top" for name in sorted(ALLOWED - names)]
    return found


CLEAN = {name if "." in name else f"{name}/a.h": "" for name in ALLOWED} | {".ci/run": ""}

PLANTS = [
    ({"docs/guide.md": ""}, "docs: only"),
    ({"notes.txt": ""}, "notes.txt: only"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
