"""Looks at every text file: ASCII, columns, a first line that says what it owns, no loose ends."""

import re

import lint

# Written in pieces so that this file does not contain what it forbids.
WORDS = [re.compile(pattern) for pattern in (
    r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bX" r"XX\b", r"(?i)\bha" r"ck(?:s|y)?\b",
    r"(?i)\bfor n" r"ow\b", r"(?i)\bplace" r"holder", r"(?i)\bst" r"ub(?:s|bed)?\b",
    r"(?i)\bnot implemen" r"ted\b", r"(?<![\w~])/wo" r"rk/", r"\.\./sha" r"red\b",
)]

CODE = re.compile(r"\.(?:h|cc|fbs|py|sh|cmake)$|(?:^|/)CMakeLists\.txt$|^engine/up$|^tests/run$|"
                  r"^\.ci/run$|^bench/compare$")
PROSE = re.compile(r"\.md$|^\.clang-tidy$|^\.clang-format$|\.json$|\.supp$|\.service$")
COLUMNS_MAX = 120  # of CMake, Python and shell; clang-format sees to C++ (format.py)
# Text in other languages and data as it came from outside.
NOT_ASCII = re.compile(r"^README\.md$|^schemas/vocab/phrases_zh\.cc$|^tests/(?:fuzz/corpus|golden)/")
DATA = re.compile(r"^tests/(?:fuzz/corpus|golden)/")

FIRST_LINE = {
    ".h": re.compile(r"// \S.*[.:]$"), ".cc": re.compile(r"// \S.*[.:]$"),
    ".fbs": re.compile(r"// \S"), ".py": re.compile(r'""".|# \S'), ".sh": re.compile(r"# \S"),
    ".txt": re.compile(r"# \S"), ".cmake": re.compile(r"# \S"), "": re.compile(r'# \S|""".'),
}


def first_line(name, text):
    """The line that must say what the file owns: the first, or the one after #! and directives."""
    lines = text.split("\n")
    index = 0
    while index < len(lines) - 1 and re.match(r"#!|# shellcheck |# -\*-", lines[index]):
        index += 1
    return index, lines[index]


def first_line_fault(name, text):
    index, line = first_line(name, text)
    suffix = re.search(r"(\.\w+)?$", name.rsplit("/", 1)[-1]).group(0)
    if suffix not in FIRST_LINE or FIRST_LINE[suffix].match(line):
        return None
    following = " ".join(text.split("\n")[index:index + 4])
    if suffix in lint.CPP_SUFFIXES and re.match(r"// \S.*?[.:](?: |$)", following):
        return None  # the sentence goes on in the next line
    return f"{name}:{index + 1}: the first line must be a comment saying what this file owns"


def line_faults(name, text):
    if not NOT_ASCII.search(name) and not text.isascii():
        position = next(i for i, char in enumerate(text) if ord(char) > 127)
        yield f"{name}:{lint.line_of(text, position)}: not ASCII: {text[position]!r}"
    if DATA.search(name):
        return
    for pattern in WORDS:
        for match in pattern.finditer(text):
            yield f"{name}:{lint.line_of(text, match.start())}: the word {match.group(0)}"
    if CODE.search(name) and not name.endswith(lint.CPP_SUFFIXES):
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > COLUMNS_MAX and "http" not in line:
                yield f"{name}:{number}: {len(line)} columns; at most {COLUMNS_MAX}"


def check(root):
    names = [name for name in lint.tracked_files(root) if CODE.search(name) or PROSE.search(name)]
    if not names:
        return ["no text file found"]
    found = []
    for name in names:
        text = lint.read(root, name)
        found += line_faults(name, text)
        if CODE.search(name) and not DATA.search(name) and text.strip():
            if fault := first_line_fault(name, text):
                found.append(fault)
    return found


CLEAN = {
    "README.md": "# Spine\n\u661f\n",
    "journal/a.h": "// Block: what a block of the journal is, and\n// how it is read.\n#pragma once\n",
    "engine/up": "#!/usr/bin/env bash\n# Builds Spine.\n",
    "tests/lint/a.py": '"""A lint."""\n',
    "journal/CMakeLists.txt": "# Durable order.\n",
}

PLANTS = [
    ({"journal/b.h": "#pragma once\n"}, "first line must"),
    ({"tests/run": "#!/usr/bin/env bash\nset -e\n"}, "first line must"),
    ({"journal/b.cc": "// B.\nconst char* s = \"\u00e9\";\n"}, "not ASCII"),
    ({"journal/b.cc": "// B.\n// TO" "DO: finish\n"}, "the word TO"),
    ({"journal/b.cc": "// B.\n// good enough for n" "ow\n"}, "the word for"),
    ({"journal/b.cc": "// B.\n// a st" "ub\n"}, "the word st"),
    ({"README.md": "see /wo" "rk/main\n"}, "the word /wo"),
    ({"tests/lint/b.py": "# B.\n" + "x" * 121 + "\n"}, "121 columns"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
