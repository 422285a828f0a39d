"""Nothing at a start may wait for a FIFO: files are opened so that whatever lies there is open at once.

An open of a path must say O_NONBLOCK (and then look whether it is a regular file), or be of what
cannot be a FIFO: a folder, a path alone, a file that is made new, a place of the system's.
"""

import re

import lint

FOLDERS = ("journal", "engine/config", "engine/log", "engine/pipeline", "adapters/cli",
           "adapters/websocket")

OPEN = re.compile(r"(?<![\w>])::open\(")
STREAM = re.compile(r"\bfopen\(|\bstd::ifstream\b")
HARMLESS = ("O_NONBLOCK", "O_DIRECTORY", "O_PATH", "O_EXCL", '"/dev/', '"/proc/')
# Verbs that show or write logs wait for nobody but the person who typed them; the rest is of the system's.
STREAMS_ALLOWED = ("adapters/cli/agents.cc", "adapters/cli/bisect_run.cc", "adapters/cli/logs.cc",
                   "adapters/websocket/methods/log_tail.cc",
                   "adapters/websocket/net/port_owner.cc")


def call_at(text, start):
    """The call's text up to the parenthesis that ends it."""
    depth = 0
    for at in range(text.index("(", start), len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[start:at]
    return text[start:]


def check(root):
    names = [name for name in lint.cpp_files(root, *FOLDERS) if name.endswith(".cc")]
    if not names:
        return ["no file to look at"]
    found = []
    for name in names:
        text = lint.blank(lint.read(root, name), keep_strings=True)
        for match in OPEN.finditer(text):
            if not any(word in call_at(text, match.start()) for word in HARMLESS):
                found.append(f"{name}:{lint.line_of(text, match.start())}: ::open: it would wait for "
                             "a FIFO; say O_NONBLOCK, and look whether it is a file")
        for match in STREAM.finditer(text):
            if name in STREAMS_ALLOWED or '"/proc/' in text[match.start():match.start() + 80]:
                continue
            found.append(f"{name}:{lint.line_of(text, match.start())}: {match.group(0)}: it would "
                         "wait for a FIFO; open_regular() does not")
    return found


CLEAN = {"journal/files.cc": "int a = ::open(p, O_RDONLY | O_NONBLOCK);\n"
                             "int b = ::open(p.c_str(), O_RDONLY | O_DIRECTORY);\n"
                             "auto c = Environment::open(options);  // ::open(p, O_RDONLY)\n"
                             'auto d = std::fopen("/proc/self/statm", "re");\n'}

PLANTS = [
    ({"engine/config/a.cc": "int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);\n"}, "::open"),
    ({"journal/a.cc": "x = UniqueFd(::open(p, kFlags, 0600));\n"}, "::open"),
    ({"adapters/websocket/a.cc": 'auto f = std::fopen(path.c_str(), "re");\n'}, "fopen("),
    ({"engine/log/a.cc": "std::ifstream in(path);\n"}, "std::ifstream"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
