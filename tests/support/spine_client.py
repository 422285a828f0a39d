"""A WebSocket client of the gateway's protocol, in the standard library alone.

One WebSocket is one connection; Client adds the protocol: handshake, calls, events. Every wait has
a deadline and raises Timeout, so that a test never hangs and never sleeps.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Timeout(Exception):
    """What was waited for did not come before the deadline."""


class Closed(Exception):
    """The peer closed the connection; code and reason as it gave them, None without a close frame."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"closed: {code} {reason}")
        self.code = code
        self.reason = reason


class RpcError(Exception):
    """A response with ok false; the error object in `error`."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.error = error
        self.code = error.get("code")
        self.message = error.get("message", "")


def frame(payload, opcode=TEXT, final=True, key=b"\0\0\0\0"):
    """One masked client frame. A mask of zeros is a mask; it spares the test the exclusive-or."""
    data = payload.encode() if isinstance(payload, str) else payload
    head = bytes([(0x80 if final else 0) | opcode])
    if len(data) < 126:
        head += bytes([0x80 | len(data)])
    elif len(data) < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", len(data))
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", len(data))
    if key != b"\0\0\0\0":
        data = bytes(byte ^ key[index % 4] for index, byte in enumerate(data))
    return head + key + data


class WebSocket:
    """A connection after its upgrade. Not thread-safe."""

    def __init__(self, port, host="127.0.0.1", path="/", headers=(), timeout=20.0, host_name=None):
        """port: a number, or the path of a Unix socket; host_name: what Host says."""
        self.timeout = timeout
        self.buffer = bytearray()
        self.parts = []
        if isinstance(port, int):
            self.socket = socket.create_connection((host, port), timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(str(port))
            host, port = "localhost", 1
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host_name or f'{host}:{port}'}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.upgrade = self._until(b"\r\n\r\n", time.monotonic() + timeout).decode()
        if " 101 " not in self.upgrade.split("\r\n", 1)[0]:
            self.socket.close()
            raise Closed(None, self.upgrade)
        expected = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        if expected not in self.upgrade:
            raise Closed(None, "wrong Sec-WebSocket-Accept")

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout("nothing more came in time")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 18)
        except socket.timeout as error:
            raise Timeout("nothing more came in time") from error
        except OSError as error:
            raise Closed(None, str(error)) from error
        if not data:
            raise Closed(None, "the peer ended the connection")
        self.buffer += data

    def _until(self, mark, deadline):
        while mark not in self.buffer:
            self._fill(deadline)
        end = self.buffer.index(mark) + len(mark)
        data = bytes(self.buffer[:end])
        del self.buffer[:end]
        return data

    def send(self, payload, opcode=TEXT, **options):
        self.send_raw(frame(payload, opcode, **options))

    def send_raw(self, data):
        self.socket.settimeout(self.timeout)
        try:
            self.socket.sendall(data)
        except socket.timeout as error:
            raise Timeout("the peer reads nothing") from error
        except OSError as error:
            raise Closed(None, str(error)) from error

    def _next_frame(self, deadline):
        need = 2
        while True:
            while len(self.buffer) < need:
                self._fill(deadline)
            length = self.buffer[1] & 0x7F
            start = {126: 4, 127: 10}.get(length, 2)
            if len(self.buffer) < start:
                need = start
                continue
            if length == 126:
                length = struct.unpack_from(">H", self.buffer, 2)[0]
            elif length == 127:
                length = struct.unpack_from(">Q", self.buffer, 2)[0]
            need = start + length
            if len(self.buffer) >= need:
                break
        first = self.buffer[0]
        data = bytes(self.buffer[start:need])
        del self.buffer[:need]
        return first & 0x0F, bool(first & 0x80), data

    def receive(self, timeout=None):
        """The next message's bytes. Answers pings; a close frame raises Closed."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            opcode, final, data = self._next_frame(deadline)
            if opcode == PING:
                self.send(data, PONG)
            elif opcode == CLOSE:
                code = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else None
                raise Closed(code, data[2:].decode(errors="replace"))
            elif opcode != PONG:
                self.parts.append(data)
                if final:
                    message = b"".join(self.parts)
                    self.parts = []
                    return message

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Client(WebSocket):
    """A connection that speaks the protocol. events holds what was pushed while something else was awaited."""

    def __init__(self, port, token=None, scopes=("operator.admin",), handshake=True, params=None,
                 device=None, **options):
        super().__init__(port, **options)
        self.next_id = 0
        self.events = []
        self.responses = {}
        self.last_seq = 0
        self.hello = None
        try:
            self.challenge = self.wait_event("connect.challenge")
            if handshake:
                self.connect(params or connect_params(token, scopes), device)
        except BaseException:
            self.close()
            raise

    def connect(self, params, device=None, **proof):
        """hello-ok, which hello keeps; with device, the params carry its proof."""
        if device is not None:
            params = {**params, "device": device.proof(params, self.challenge, **proof)}
        self.hello = self.call("connect", params)
        return self.hello

    def request(self, method, params=None, request_id=None):
        """The text of a request frame and its id."""
        if request_id is None:
            self.next_id += 1
            request_id = str(self.next_id)
        body = {"type": "req", "id": request_id, "method": method}
        if params is not None:
            body["params"] = params
        return json.dumps(body), request_id

    def start(self, method, params=None):
        """Sends a request; its id, for response()."""
        text, request_id = self.request(method, params)
        self.send(text)
        return request_id

    def start_many(self, requests):
        """Sends all (method, params) in one write; their ids."""
        made = [self.request(method, params) for method, params in requests]
        self.send_raw(b"".join(frame(text) for text, _ in made))
        return [request_id for _, request_id in made]

    def pump(self, deadline):
        """Takes in one message."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout("what was waited for did not come in time")
        message = json.loads(self.receive(left))
        if message["type"] == "res":
            self.responses.setdefault(message["id"], []).append(message)
        else:
            seq = message.get("seq")
            if seq is not None:
                if seq != self.last_seq + 1:
                    raise AssertionError(f"event seq {seq} after {self.last_seq}")
                self.last_seq = seq
            self.events.append(message)

    def raw_response(self, request_id, timeout=None):
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not self.responses.get(request_id):
            self.pump(deadline)
        message = self.responses[request_id].pop(0)
        if not self.responses[request_id]:
            del self.responses[request_id]
        return message

    def response(self, request_id, timeout=None):
        """The payload of the response, or RpcError."""
        message = self.raw_response(request_id, timeout)
        if not message["ok"]:
            raise RpcError(message["error"])
        return message.get("payload")

    def call(self, method, params=None, timeout=None):
        return self.response(self.start(method, params), timeout)

    def wait_event(self, name, accepts=lambda payload: True, timeout=None):
        """The payload of the first event of that name that is accepted; earlier ones stay in events."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        looked = 0
        while True:
            for index in range(looked, len(self.events)):
                event = self.events[index]
                if event["event"] == name and accepts(event.get("payload")):
                    del self.events[index]
                    return event.get("payload")
            looked = len(self.events)
            self.pump(deadline)

    def wait_closed(self, timeout=None):
        """Reads on until the peer closes; the Closed it closed with."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        try:
            while True:
                self.pump(deadline)
        except Closed as closed:
            return closed


def connect_params(token, scopes=("operator.admin",), minimum=4, maximum=4):
    params = {"minProtocol": minimum, "maxProtocol": maximum,
              "client": {"id": "cli", "version": "1.0.0", "platform": "linux", "mode": "cli"},
              "caps": [], "role": "operator", "scopes": list(scopes)}
    if token is not None:
        params["auth"] = {"token": token}
    return params


def channel_message(external_id, text, conversation="c1", sender="u1", channel="test", **more):
    """Params of channel.message: the unified message with the least in it."""
    return {"channel": channel, "sender": {"id": sender},
            "conversation": {"kind": "direct", "id": conversation}, "externalId": external_id,
            "content": {"text": text}, "timestamp": 1700000000000, **more}
