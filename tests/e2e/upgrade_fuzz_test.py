"""Thousands of broken upgrade requests at the real door: each whole one is answered, and nobody else notices."""

import os
import random
import shutil
import socket
import ssl
import unittest

from daemon import PATIENCE, Daemon, wait_until
from spine_client import frame
from tls import context_of, https, make_certificate

REQUESTS = 10_000
SEALED = 400  # of them again under TLS, where the library reads
AT_ONCE = 50  # connections that are open together
SEED = int(os.environ.get("SPINE_FUZZ_SEED", "20261129"))
STATUSES = {"101", "200", "302", "304", "400", "401", "403", "404", "405", "413", "414", "426", "429", "431",
            "501", "505"}
LINES = (b"Host: localhost", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
MORE = (b"Sec-WebSocket-Protocol: listener", b"Sec-WebSocket-Protocol: http, watched", b"Sec-WebSocket-Protocol: socket",
        b"Sec-WebSocket-Extensions: permessage-deflate", b"Origin: http://localhost", b"Origin: null",
        b"Content-Length: 0, 44", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked",
        b"Acc", b" folded", b"Host: evil.example", b"X-Forwarded-For: 192.0.2.1", b"Expect: 100-continue",
        b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__", b"Authorization: Bearer x")
FIRST = (b"GET / HTTP/1.1", b"GET / HTTP/1.0", b"POST / HTTP/1.1", b"GET http://localhost/ HTTP/1.1", b"GET /% HTTP/1.1",
         b"CONNECT localhost:1 HTTP/1.1", b"TRACE / HTTP/1.1", b"GET /health?x=%00 HTTP/1.1", b"PRI * HTTP/2.0",
         b"GET /../ HTTP/1.1", b"OPTIONS * HTTP/1.1", b"HEAD / HTTP/1.1")
ENDS = (b"\r\n", b"\n", b"\r", b"\r\n ", b"\r\r\n", b"\0")
FRAMES = (frame(b"{}"), b"\x81\x02{}", b"\x89\xfe\x00\x7e", b"\x82\xff" + b"\xff" * 12, frame(b"\x03\xe8", 8),
          b"\xf3\x80mask", b"")


def broken_request(chance):
    """One request: lines left out, doubled and mixed, then bytes changed, taken out and put in."""
    lines = list(LINES)
    for _ in range(chance.randrange(4)):
        where = chance.randrange(len(lines) + 1)
        what = chance.randrange(3)
        if what == 0:
            lines.insert(where, chance.choice(MORE))
        elif what == 1 and lines:
            lines.pop(where % len(lines))
        else:
            lines.insert(where, chance.choice(LINES))
    first = FIRST[0] if chance.random() < 0.7 else chance.choice(FIRST)
    end = b"\r\n" if chance.random() < 0.9 else chance.choice(ENDS)
    data = bytearray(end.join([first, *lines]) + b"\r\n\r\n" + chance.choice(FRAMES))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5, 20))):
        where = chance.randrange(len(data))
        what = chance.randrange(4)
        if what == 0:
            data[where] = chance.randrange(256)
        elif what == 1:
            del data[where:where + chance.randrange(1, 12)]
        elif what == 2:
            data[where:where] = chance.choice((b"\r\n", b":", b" ", b"\t", b",", b"%", b"\0", b"a" * 300, b"x: y\r\n"))
        else:
            data[where:where] = bytes(data[where:where + chance.randrange(1, 40)])
        if not data:
            data = bytearray(b"\r\n")
    return bytes(data)


def said(connection):
    """Everything that comes until the end."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except (ConnectionResetError, ssl.SSLError):
        pass
    return answer


class UpgradeFuzz(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def throw(self, requests):
        """The answers to requests that are all sent before the first answer is read."""
        connections = []
        try:
            for request in requests:
                connection = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=PATIENCE)
                connections.append(connection)
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            return [said(connection) for connection in connections]
        finally:
            for connection in connections:
                connection.close()

    def judge(self, request, answer):
        """The status of the answer; every whole request has one."""
        status = answer[9:12].decode("latin-1")
        if b"\r\n\r\n" in request:
            self.assertTrue(answer, f"no answer to {request!r}")
        if answer:
            self.assertTrue(answer.startswith(b"HTTP/1.1 "), f"{answer!r} to {request!r}")
            self.assertIn(status, STATUSES, request)
            self.assertNotIn(b"\r\nSec-WebSocket-Protocol:", answer, request)
        return status

    def test_whole_requests_are_answered_whatever_is_in_them(self):
        print(f"seed {SEED}", flush=True)
        chance = random.Random(SEED)
        process, seen = self.daemon.process.pid, {}
        with self.daemon.client() as bystander:
            for _ in range(REQUESTS // AT_ONCE):
                requests = [broken_request(chance) for _ in range(AT_ONCE)]
                for request, answer in zip(requests, self.throw(requests)):
                    status = self.judge(request, answer)
                    seen[status] = seen.get(status, 0) + 1
                self.assertTrue(bystander.call("health", {})["ok"])
        self.assertIsNone(self.daemon.process.poll())
        self.assertEqual(self.daemon.process.pid, process)
        # The mutations reach both sides of the door.
        for status in ("101", "400", "405", "426", "501", "505"):
            self.assertGreater(seen.get(status, 0), 10, seen)
        with self.daemon.client() as client:
            run = client.call("chat.send", {"sessionKey": "main", "message": "still there", "idempotencyKey": "1"})
            done = client.wait_event(
                "chat", lambda chat: chat.get("state") == "final" and chat["runId"] == run["runId"])
            self.assertIn("still there", str(done))
        self.assertEqual(self.daemon.get_json("/health")["status"], "healthy")
        self.assertEqual(self.daemon.stop(), 0)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_under_tls_as_well(self):
        self.assertEqual(self.daemon.stop(), 0)
        certificate, key = make_certificate(self.daemon.folder)
        context = context_of(certificate)
        self.daemon.configure({"gateway": {"tls": {
            "enabled": True, "certPath": str(certificate), "keyPath": str(key)}}})
        self.daemon.start(wait=False)
        self.daemon.wait_bound()
        wait_until(lambda: https(context, self.daemon.port, "/ready")[0] == 200, "the gateway is ready")
        chance = random.Random(SEED)
        for _ in range(SEALED):
            request = broken_request(chance)
            plain = socket.create_connection(("localhost", self.daemon.port), timeout=PATIENCE)
            end = plain.dup()  # closes one direction without TLS's own goodbye
            with end, context.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(request)
                end.shutdown(socket.SHUT_WR)
                self.judge(request, said(connection))
        self.assertEqual(https(context, self.daemon.port, "/health")[0], 200)
        self.assertEqual(self.daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
