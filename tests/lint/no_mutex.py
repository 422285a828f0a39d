"""Keeps the path from ingress to outbox free of locks: queues, futexes and one owner per thing."""

import re

import lint

FOLDERS = ("journal", "engine/core", "engine/pipeline", "adapters/websocket", "adapters/http",
           "adapters/loop", "adapters/agents", "adapters/past")

LOCKS = re.compile(
    r"\bstd::(?:recursive_|timed_|shared_|recursive_timed_|shared_timed_)?mutex\b"
    r"|\bstd::condition_variable(?:_any)?\b|\bstd::(?:lock_guard|unique_lock|scoped_lock|shared_lock)\b"
    r"|\bstd::(?:call_once|once_flag|counting_semaphore|binary_semaphore|barrier|latch)\b"
    r"|\bpthread_(?:mutex|rwlock|spin|cond)\w*|\bsem_(?:wait|post|init)\b"
    r"|#[ \t]*include[ \t]*<(?:mutex|shared_mutex|condition_variable|semaphore|barrier|latch)>")


def check(root):
    names = lint.cpp_files(root, *FOLDERS)
    if not names:
        return ["no file to look at"]
    found = []
    for name in names:
        text = lint.blank(lint.read(root, name))
        for match in LOCKS.finditer(text):
            found.append(f"{name}:{lint.line_of(text, match.start())}: {match.group(0)}: "
                         "no lock between ingress and outbox")
    return found


CLEAN = {"engine/pipeline/queues/ingress.h": "#include <atomic>\n// no std::mutex here\nstd::atomic<int> n;\n"}

PLANTS = [
    ({"engine/pipeline/a.h": "std::mutex lock_;\n"}, "std::mutex"),
    ({"journal/a.h": "#include <shared_mutex>\n"}, "shared_mutex"),
    ({"adapters/websocket/a.cc": "std::condition_variable wake_;\n"}, "std::condition_variable"),
    ({"adapters/loop/a.cc": "pthread_mutex_lock(&lock);\n"}, "pthread_mutex"),
    ({"engine/core/a.cc": "const std::lock_guard guard(lock);\n"}, "std::lock_guard"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
