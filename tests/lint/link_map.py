"""Proves from its symbols that spine-replay cannot act: no adapter, no pipeline, no way out.

What an adapter is, its sources say: the namespaces declared below adapters/ and nowhere in what
spine-replay is made of.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import lint

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPLAY_FOLDERS = ("schemas", "journal", "engine/core", "replay")
# The calls by which a process reaches another, and the libraries that make them.
LIBRARIES = r"\blws_\w+|\b(?:event_base|bufferevent|evbuffer)_\w+|\bcurl_\w+|\bsd_notify\w*"
CALLS = re.compile(
    r"^\s+U (?:socket|socketpair|connect|bind|listen|accept4?|send|sendto|sendmsg|recv|recvfrom|"
    r"fork|vfork|clone|execve?|execvp|execl\w*|posix_spawnp?|system|popen|getaddrinfo)(?:@|$)",
    re.MULTILINE)
NEEDED = re.compile(r"\bspine::(?:core|journal)::")
DECLARED = re.compile(r"^\s*namespace spine::(\w+)", re.MULTILINE)


def declared(root, *folders):
    """{file: names of the namespaces below spine that it opens}."""
    return {name: set(DECLARED.findall(lint.blank(lint.read(root, name))))
            for name in lint.cpp_files(root, *folders)}


def adapter_namespaces(root):
    """The namespaces of all adapters; ends the process when a folder has none of its own."""
    shared = set().union(*declared(root, *REPLAY_FOLDERS).values())
    of_folder = {}
    for name, names in declared(root, "adapters").items():
        of_folder.setdefault(name.split("/")[1], set()).update(names - shared)
    if bare := sorted(folder for folder, names in of_folder.items() if not names):
        sys.exit(f"no namespace of its own below adapters/: {bare}")
    return set().union(*of_folder.values())


def foreign(namespaces):
    return re.compile(rf"\bspine::(?:{'|'.join(sorted(namespaces | {'pipeline'}))})::|{LIBRARIES}")


def faults(symbols, forbidden):
    found = sorted({match.group(0).strip() for match in forbidden.finditer(symbols)})
    found += sorted({match.group(0).strip() for match in CALLS.finditer(symbols)})
    if not NEEDED.search(symbols):
        found.append("nothing of spine::core and spine::journal: is this spine-replay?")
    return found


def symbols_of(program):
    return subprocess.run(["nm", "-C", str(program)], capture_output=True, text=True,
                          check=True).stdout


def prove_derivation():
    """Planted sources: an adapter whose folder and namespace differ, and a namespace it extends."""
    with tempfile.TemporaryDirectory() as folder:
        lint.plant(folder, {
            "adapters/pigeon/post.h": "// Post.\nnamespace spine::coop {\n}\n",
            "adapters/pigeon/core.h": "// Core.\nnamespace spine::core {\nstruct State;\n}\n",
            "engine/core/model/state.h": "// State.\nnamespace spine::core {\n}\n"})
        if (found := adapter_namespaces(folder)) != {"coop"}:
            sys.exit(f"this lint takes {sorted(found)} for the namespaces of planted adapters")


def prove_bite(namespaces, forbidden):
    own = "0000000000001000 T spine::core::evolve(spine::core::State&)\n"
    planted = [f"0000000000001000 t spine::{name}::Server::send()\n"
               for name in (*sorted(namespaces), "net", "pipeline")]
    planted += ["                 U lws_write@LWS_4\n", "                 U connect@GLIBC_2.2.5\n",
                "                 U execve@GLIBC_2.2.5\n"]
    for symbol in planted:
        if not faults(own + symbol, forbidden):
            sys.exit(f"this lint does not see a planted symbol: {symbol}")
    if found := faults(own, forbidden):
        sys.exit(f"this lint finds fault with the clean symbols: {found}")
    return len(planted)


def main():
    build = pathlib.Path(sys.argv[1])
    prove_derivation()
    namespaces = adapter_namespaces(ROOT)
    forbidden = foreign(namespaces)
    seen = prove_bite(namespaces, forbidden)
    acting = faults(symbols_of(build / "spine"), forbidden)
    if missed := sorted(name for name in namespaces if f"spine::{name}::" not in acting):
        sys.exit(f"this lint does not see in the daemon itself: {missed}")
    if found := faults(symbols_of(build / "spine-replay"), forbidden):
        print("\n".join(f"spine-replay links {name}" for name in found))
        sys.exit(f"{len(found)} finding(s)")
    print(f"clean; spine-replay links nothing that acts ({', '.join(sorted(namespaces))}); "
          f"{seen} planted symbols were seen")


if __name__ == "__main__":
    main()
