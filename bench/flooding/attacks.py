"""The floods: which attackers each phase starts, and how they are ended and heard."""

import json
import os
import subprocess
import sys

from .probe import SUPPORT

sys.path.insert(0, SUPPORT)

from device import Device  # noqa: E402

HEALTH = json.dumps({"type": "req", "id": "##########", "method": "health", "params": {}})
MESSAGE = json.dumps({
    "type": "req", "id": "##########", "method": "channel.message",
    "params": {"channel": "bench", "sender": {"id": "flood"},
               "conversation": {"kind": "direct", "id": "flood"}, "externalId": "##########",
               "content": {"text": "x" * 256}, "timestamp": 1700000000000}})
HISTORY = json.dumps({"type": "req", "id": "##########", "method": "chat.history",
                      "params": {"sessionKey": "agent:main:probe", "limit": 20}})


def phases():
    """(name, what is counted, arguments of each attacker) of every phase."""
    device = Device()
    failing = ["handshakes", "-c", "64", "--device-id", device.id, "--public-key", device.public_key]
    return [
        ("handshakes", "failing handshakes/s", [failing]),
        ("handshakes-many", "failing handshakes/s",
         [["handshakes", "-c", "1500", "--patience-ms", "2000", *failing[3:]]]),
        ("half-open", "connections/s", [["half-open", "-c", "2400"]]),
        ("slow-readers", "subscribed/s", [["readers", "-c", "50"]]),
        ("slow-senders", "bytes/s", [["senders", "-c", "64"]]),
        ("calls", "calls/s", [["calls", "-c", "1", "-d", "64", "--call", HEALTH]]),
        ("calls-history", "calls/s", [["calls", "-c", "1", "-d", "64", "--call", HISTORY]]),
        ("calls-durable", "messages/s", [["calls", "-c", "1", "-d", "64", "--call", MESSAGE]]),
        ("calls-polite", "messages/s", [["calls", "-c", "1", "-d", "1", "--call", MESSAGE]]),
        ("http-health", "requests/s", [["http", "-c", "32"]]),
        ("http-files", "requests/s", [["http", "-c", "32", "--path", "/assets/app.js"]]),
    ]


class Attackers:
    """Processes of spine-flood at nice 19, ended by pid."""

    def __init__(self, binary, spine, arguments):
        self.processes = []
        for one in arguments:
            command = ["nice", "-n", "19", binary, *one, "--port", str(spine.port), "--token-file",
                       os.path.join(spine.state_dir, "token"), "--seconds", "600"]
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                                                   stdout=subprocess.PIPE))

    def stop(self):
        """The tallies of all, added up; seconds is the longest."""
        total = {"opened": 0, "failed": 0, "closed": 0, "count": 0, "seconds": 0.0}
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            out = process.communicate(timeout=60)[0]
            tally = json.loads(out) if process.returncode == 0 else {}
            for key, value in tally.items():
                total[key] = max(total[key], value) if key == "seconds" else total[key] + value
        self.processes = []
        return total

    def kill(self):
        for process in self.processes:
            process.kill()
            process.wait()
