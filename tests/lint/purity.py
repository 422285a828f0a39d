"""Keeps engine/core pure: no clock, I/O, thread, randomness, locale, floating point or hash order."""

import re

import lint

HEADERS = {
    "thread": "threads", "mutex": "threads", "shared_mutex": "threads", "atomic": "threads",
    "condition_variable": "threads", "future": "threads", "semaphore": "threads",
    "stop_token": "threads", "barrier": "threads", "latch": "threads", "pthread.h": "threads",
    "chrono": "a clock", "ctime": "a clock", "time.h": "a clock", "sys/time.h": "a clock",
    "random": "randomness", "sys/random.h": "randomness", "openssl/rand.h": "randomness",
    "unordered_map": "hash order", "unordered_set": "hash order",
    "fstream": "I/O", "iostream": "I/O", "ostream": "I/O", "istream": "I/O", "sstream": "I/O",
    "filesystem": "I/O", "cstdio": "I/O", "stdio.h": "I/O", "unistd.h": "I/O", "fcntl.h": "I/O",
    "sys/stat.h": "I/O", "sys/mman.h": "I/O", "sys/socket.h": "I/O", "lmdb.h": "I/O",
    "iomanip": "locale", "locale": "locale", "clocale": "locale", "regex": "locale",
    "cmath": "floating point", "cfloat": "floating point", "complex": "floating point",
}
HEADER_FOLDERS = {"spdlog/": "I/O", "event2/": "I/O", "concurrentqueue/": "threads", "systemd/": "I/O"}

WORDS = [
    (re.compile(r"\bstd::hash\b"), "std::hash differs between builds; use the keyed SipHash"),
    (re.compile(r"\bunordered_\w+"), "the order of a hash table is not the same twice"),
    (re.compile(r"\bstd::(?:jthread|thread|this_thread|\w*mutex|atomic\w*|future|async)\b"),
     "the core has no threads"),
    (re.compile(r"\bthread_local\b"), "the core has no threads"),
    (re.compile(r"\bstd::chrono\b|\bclock_gettime\b|\bgettimeofday\b|(?<![\w.>:])(?:std::)?time\s*\("),
     "time comes in with the input"),
    (re.compile(r"\blocaltime\w*|\bgmtime\w*|\bmktime\b|\bstrftime\b"), "time zones come in with inputs"),
    (re.compile(r"(?<![\w.>])(?:std::)?s?rand\s*\(|\brandom_device\b|\bmt19937\w*|\bRAND_bytes\b|\bgetrandom\b"),
     "entropy comes in with the input"),
    (re.compile(r"\bgetenv\b|\bsetlocale\b"), "the environment is not an input"),
    (re.compile(r"\b(?:float|double)\b"), "floating point is not the same on every machine"),
    (re.compile(r"\b(?:printf|fprintf|fopen|fwrite|cout|cerr)\b"), "the core does no I/O"),
    (re.compile(r"reinterpret_cast\s*<\s*(?:std::)?u?intptr_t"), "an address is not the same twice"),
    (re.compile(r"\bstd::(?:less|greater|owner_less)\s*<[^<>]*\*\s*>|\b(?:map|set)\s*<\s*(?:const\s+)?\w+\s*\*"),
     "ordering by address is not the same twice"),
    (re.compile(r"^\s*(?:static|extern)\s+(?!constexpr\b|const\b|inline\b|_?assert)[\w:<>, ]+\s+\w+\s*(?:=|;|\{)",
                re.MULTILINE), "state lives in State, not in a static"),
]

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"]", re.MULTILINE)


def header_fault(header):
    if header in HEADERS:
        return HEADERS[header]
    for folder, reason in HEADER_FOLDERS.items():
        if header.startswith(folder):
            return reason
    return None


def check(root):
    names = lint.cpp_files(root, "engine/core")
    if not names:
        return ["no file in engine/core"]
    found = []
    for name in names:
        raw = lint.read(root, name)
        for match in _INCLUDE.finditer(lint.blank(raw, keep_strings=True)):
            if reason := header_fault(match.group(1)):
                found.append(f"{name}:{lint.line_of(raw, match.start(1))}: "
                             f"<{match.group(1)}> brings {reason} into the core")
        text = lint.blank(raw)
        for pattern, reason in WORDS:
            for match in pattern.finditer(text):
                word = match.group(0).strip()
                found.append(f"{name}:{lint.line_of(text, match.start())}: {word}: {reason}")
    return found


CLEAN = {"engine/core/model/state.h": "#include <vector>\n// a thread, a double, std::hash: only words\n"
                                "static_assert(sizeof(int) == 4);\n"
                                "static constexpr int kSize = 4;\nstatic int twice(int x);\n"
                                "Instant time{}; auto t = input.time(); int randomness(int);\n"}

PLANTS = [
    ({"engine/core/a.h": "#include <chrono>\n"}, "a clock"),
    ({"engine/core/a.h": "#include <atomic>\n"}, "threads"),
    ({"engine/core/a.h": "#include <unordered_map>\n"}, "hash order"),
    ({"engine/core/a.h": "#include <spdlog/spdlog.h>\n"}, "I/O"),
    ({"engine/core/a.cc": "auto h = std::hash<int>{}(1);\n"}, "std::hash"),
    ({"engine/core/a.cc": "auto t = time(nullptr);\n"}, "time comes in"),
    ({"engine/core/a.cc": "auto t = std::chrono::system_clock::now();\n"}, "time comes in"),
    ({"engine/core/a.cc": "int r = rand();\n"}, "entropy comes in"),
    ({"engine/core/a.cc": "double share{};\n"}, "floating point"),
    ({"engine/core/a.cc": 'auto* home = getenv("HOME");\n'}, "environment"),
    ({"engine/core/a.cc": "std::map<Row*, int> rows;\n"}, "ordering by address"),
    ({"engine/core/a.cc": "auto n = reinterpret_cast<std::uintptr_t>(p);\n"}, "an address"),
    ({"engine/core/a.cc": "static int counter = 0;\n"}, "state lives in State"),
    ({"engine/core/a.cc": "std::mutex lock;\n"}, "no threads"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
