"""One paired client in a closed loop: how long its calls take."""

import json
import os
import struct
import sys
import time

SUPPORT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tests", "support")
sys.path.insert(0, SUPPORT)

from device import Device  # noqa: E402
from spine_client import Client, frame  # noqa: E402

KINDS = ("health", "history", "durable")


class Probe:
    """A client whose device is paired; reads and durable writes, one at a time."""

    def __init__(self, port, token):
        self.client = Client(port, token, device=Device(), timeout=60.0)
        self.socket = self.client.socket
        self.socket.settimeout(60.0)
        self.buffer = self.client.buffer
        self.number = 1000
        self.run = os.urandom(4).hex()
        # So that the history has something to say.
        self.client.call("chat.send", {"sessionKey": "agent:main:probe", "message": "hello",
                                       "idempotencyKey": self.run})

    def _request(self, kind):
        self.number += 1
        if kind == "health":
            method, params = "health", {}
        elif kind == "history":
            method, params = "chat.history", {"sessionKey": "agent:main:probe", "limit": 20}
        else:
            method = "channel.message"
            params = {"channel": "bench", "sender": {"id": "probe"},
                      "conversation": {"kind": "direct", "id": "probe"},
                      "externalId": f"{self.run}-{self.number}", "content": {"text": "x" * 256},
                      "timestamp": 1700000000000}
        return frame(json.dumps({"type": "req", "id": str(self.number), "method": method,
                                 "params": params}))

    def _message(self):
        """The next text frame; answers pings."""
        while True:
            buffer = self.buffer
            if len(buffer) >= 2:
                length, start = buffer[1], 2
                if length == 126:
                    start = 4
                    length = struct.unpack_from(">H", buffer, 2)[0] if len(buffer) >= 4 else 1 << 40
                elif length == 127:
                    start = 10
                    length = struct.unpack_from(">Q", buffer, 2)[0] if len(buffer) >= 10 else 1 << 40
                if len(buffer) >= start + length:
                    opcode = buffer[0] & 15
                    data = bytes(buffer[start:start + length])
                    del buffer[:start + length]
                    if opcode == 1:
                        return data
                    if opcode == 9:
                        self.socket.sendall(frame(data, 10))
                    if opcode == 8:
                        raise ConnectionError(f"the gateway closed the client under test: {data!r}")
                    continue
            piece = self.socket.recv(1 << 18)
            if not piece:
                raise ConnectionError("the gateway dropped the client under test")
            buffer += piece

    def fill(self, messages, text_bytes):
        """Lets the echo agent say so much to everybody who listens."""
        for _ in range(messages):
            self.number += 1
            params = {"sessionKey": "agent:main:fill", "message": "x" * text_bytes,
                      "idempotencyKey": f"{self.run}-{self.number}"}
            self.socket.sendall(frame(json.dumps({"type": "req", "id": str(self.number),
                                                  "method": "chat.send", "params": params})))
            while b'"state":"final"' not in self._message():
                pass

    def call(self, kind):
        """Nanoseconds until the answer was there; an error ends the run."""
        request = self._request(kind)
        mark = f'"id":"{self.number}"'.encode()
        began = time.perf_counter_ns()
        self.socket.sendall(request)
        while True:
            data = self._message()
            if data.startswith(b'{"type":"res"') and mark in data[:64]:
                break
        took = time.perf_counter_ns() - began
        if b'"ok":true' not in data[:96]:
            raise ConnectionError(f"{kind} was refused: {data[:300]!r}")
        return took

    def measure(self, calls):
        """{kind: sorted nanoseconds} of so many calls of each kind, taking turns."""
        times = {kind: [] for kind in KINDS}
        for _ in range(calls):
            for kind in KINDS:
                times[kind].append(self.call(kind))
        return {kind: sorted(values) for kind, values in times.items()}

    def close(self):
        self.client.close()
