"""Proves from its symbols that spine-replay cannot act: no adapter, no pipeline, no way out."""

import pathlib
import re
import subprocess
import sys

# Parts of Spine that act, and the calls by which a process reaches another.
FOREIGN = re.compile(
    r"\bspine::(?:pipeline|websocket|http|loop|agents|cli|adapters)::"
    r"|\blws_\w+|\b(?:event_base|bufferevent|evbuffer)_\w+|\bcurl_\w+|\bsd_notify\w*")
CALLS = re.compile(
    r"^\s+U (?:socket|socketpair|connect|bind|listen|accept4?|send|sendto|sendmsg|recv|recvfrom|"
    r"fork|vfork|clone|execve?|execvp|execl\w*|posix_spawnp?|system|popen|getaddrinfo)(?:@|$)",
    re.MULTILINE)
NEEDED = re.compile(r"\bspine::(?:core|journal)::")


def faults(symbols):
    found = sorted({match.group(0).strip() for match in FOREIGN.finditer(symbols)})
    found += sorted({match.group(0).strip() for match in CALLS.finditer(symbols)})
    if not NEEDED.search(symbols):
        found.append("nothing of spine::core and spine::journal: is this spine-replay?")
    return found


def symbols_of(program):
    return subprocess.run(["nm", "-C", str(program)], capture_output=True, text=True,
                          check=True).stdout


def main():
    build = pathlib.Path(sys.argv[1])
    own = "0000000000001000 T spine::core::evolve(spine::core::State&)\n"
    for planted in ("0000000000001000 T spine::pipeline::Engine::run()\n",
                    "0000000000001000 t spine::websocket::Server::send()\n",
                    "                 U lws_write@LWS_4\n", "                 U connect@GLIBC_2.2.5\n",
                    "                 U execve@GLIBC_2.2.5\n"):
        if not faults(own + planted):
            sys.exit(f"this lint does not see a planted symbol: {planted}")
    if faults(own):
        sys.exit(f"this lint finds fault with the clean symbols: {faults(own)}")
    if not faults(symbols_of(build / "spine")):
        sys.exit("this lint does not see that the daemon itself can act")
    if found := faults(symbols_of(build / "spine-replay")):
        print("\n".join(f"spine-replay links {name}" for name in found))
        sys.exit(f"{len(found)} finding(s)")
    print("clean; spine-replay links nothing that acts")


if __name__ == "__main__":
    main()
