"""The perimeter from outside: foreign names and pages, strangers, proxies, the control socket."""

import json
import os
import pathlib
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import Daemon, wait_until
from device import Device
from spine_client import Client, Closed, RpcError, WebSocket, connect_params

STRANGERS = 1500  # fewer than the gateway holds, many more than header tables it once had
SILENT = 600      # upgraded and silent: more than are let in at once
NOBODY = 65534
HANDSHAKE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: c3BpbmUtYmVuY2gtbG9hZA==")


class Perimeter(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def raw(self, *lines):
        """Everything the gateway says to a request of these lines."""
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer.decode("latin-1")

    def status(self, *headers, path="/health"):
        return int(self.raw(f"GET {path} HTTP/1.1", *headers, "Connection: close").split()[1])

    def test_only_names_of_this_machine_are_answered(self):
        for host in ("localhost", "127.0.0.1:18789", "[::1]:1", "LOCALHOST.", "x.localhost"):
            self.assertEqual(self.status(f"Host: {host}"), 200, host)
        for host in ("evil.example", "localhost.evil.example", "192.168.1.2", "user@localhost", "localhost:x"):
            self.assertEqual(self.status(f"Host: {host}"), 403, host)
        self.assertEqual(self.status("Host: localhost", "Host: evil.example"), 400)

    def test_pages_of_other_sites_are_refused(self):
        self.assertEqual(self.status("Host: localhost:1", "Origin: http://localhost:1"), 200)
        for origin in ("null", "http://evil.example", "https://localhost:1", "http://localhost:2"):
            self.assertEqual(self.status("Host: localhost:1", f"Origin: {origin}"), 403, origin)
        with self.assertRaises(Closed):
            WebSocket(self.daemon.port, headers=("Host: evil.example",))  # beside its own

    def test_forwarding_headers_of_strangers_change_nothing(self):
        self.assertEqual(self.status("Host: localhost", "X-Forwarded-Host: evil.example"), 200)
        self.assertEqual(self.status("Host: evil.example", "X-Forwarded-Host: localhost"), 403)

    def test_every_answer_carries_the_security_headers(self):
        for path in ("/", "/health", "/nothing.js", "/health?token=x"):
            head = self.raw(f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close").split("\r\n\r\n")[0]
            for header in ("X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
                           "X-Frame-Options: DENY", "Content-Security-Policy: ", "Permissions-Policy: "):
                self.assertIn(header, head, path)
            self.assertNotIn("Strict-Transport-Security", head)
        self.assertEqual(self.status("Host: localhost", path="/health?token=x"), 400)

    def test_paths_do_not_lead_out(self):
        for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd.txt",
                     "/assets/..%5c..%5cx.txt"):
            answer = self.raw(f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close")
            self.assertNotIn("root:", answer, path)

    def test_slow_and_silent_strangers_keep_nobody_out(self):
        strangers = []
        try:
            for index in range(STRANGERS):
                connection = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20)
                strangers.append(connection)
                if index % 3:
                    connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            began = time.monotonic()
            with self.daemon.client() as client:
                self.assertTrue(client.call("health")["ok"])
            self.assertEqual(self.daemon.get_json("/health")["status"], "healthy")
            self.assertLess(time.monotonic() - began, 10)
        finally:
            for connection in strangers:
                connection.close()
        wait_until(lambda: "\nspine_sockets_unauthenticated 1\n" in self.daemon.http("GET", "/metrics")[2],
                   "closed strangers are forgotten")

    def test_upgraded_and_silent_strangers_make_room(self):
        strangers = []
        upgrade = ("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: c3BpbmUtYmVuY2gtbG9hZA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        try:
            with self.daemon.client() as before:
                for _ in range(SILENT):
                    strangers.append(socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20))
                    strangers[-1].sendall(upgrade.encode())
                began = time.monotonic()
                with self.daemon.client() as client:
                    self.assertTrue(client.call("health")["ok"])
                self.assertTrue(before.call("health")["ok"])
                self.assertLess(time.monotonic() - began, 10)
        finally:
            for connection in strangers:
                connection.close()
        self.assertGreater(self.metric('spine_sockets_cut_total{reason="oldest"}'), 0)

    def test_requests_that_come_together_are_all_answered_in_order(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as connection:
            paths = ["/health", "/nothing", "/ready"] * 3
            requests = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths[:-1])
            requests += f"GET {paths[-1]} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            connection.sendall(requests.encode())
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
        self.assertEqual(statuses, [200, 404, 200] * 3)

    def test_a_request_in_pieces_and_one_that_is_none(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as connection:
            for byte in b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
                connection.sendall(bytes([byte]))
            self.assertEqual(connection.recv(12), b"HTTP/1.1 200")
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=5) as connection:
            connection.sendall(b"\x16\x03\x01 no request")
            try:
                self.assertNotIn(b" 200 ", connection.recv(4096))
            except ConnectionResetError:
                pass

    def upgraded(self, *fields, first="GET / HTTP/1.1"):
        """The first line and the head of the answer to a handshake of these fields."""
        lines = (first, "Host: localhost", *fields)
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            answer = b""
            while b"\r\n\r\n" not in answer and (piece := connection.recv(65536)):
                answer += piece
        head = answer.decode("latin-1").split("\r\n\r\n")[0]
        return int(head.split()[1]) if head else None, head

    def test_a_subprotocol_selects_nothing(self):
        for name in ("listener", "http", "watched", "socket", "chat, listener", "raw", "", "x" * 500, "((("):
            status, head = self.upgraded(*HANDSHAKE, f"Sec-WebSocket-Protocol: {name}")
            self.assertEqual(status, 101, name)
            self.assertNotIn("protocol:", head.lower(), name)
        self.assertIsNone(self.daemon.process.poll())
        with self.daemon.client(headers=("Sec-WebSocket-Protocol: listener",)) as client:
            self.assertTrue(client.call("health")["ok"])

    def test_a_handshake_that_is_not_whole_is_told_what_is_missing(self):
        upgrade, connection, version, key = HANDSHAKE
        for expected, fields in (
                (426, (upgrade, connection, key)), (426, (upgrade, connection, key, "Sec-WebSocket-Version: 8")),
                (426, (upgrade, connection, key, "Sec-WebSocket-Version: 13, 8")),
                (400, (upgrade, connection, version)), (400, (upgrade, connection, version, key, key)),
                (400, (upgrade, connection, version, "Sec-WebSocket-Key: short")),
                (400, (upgrade, version, key)), (400, (connection, version, key)),
                (400, (upgrade, "Connection: close", version, key)), (400, ("Upgrade: h2c", connection)),
                (400, (*HANDSHAKE, "Content-Length: 5"))):
            status, head = self.upgraded(*fields)
            self.assertEqual(status, expected, fields)
            self.assertIn("\r\nConnection: close", head)
            self.assertEqual("\r\nSec-WebSocket-Version: 13\r\n" in head, expected == 426, head)
        for expected, first in ((405, "POST / HTTP/1.1"), (400, "GET / HTTP/1.0"), (505, "GET / HTTP/2.0"),
                                (501, "get / HTTP/1.1")):
            self.assertEqual(self.upgraded(*HANDSHAKE, first=first)[0], expected, first)

    def test_what_follows_a_body_or_a_doubt_is_never_a_request(self):
        second = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close"
        for status, field in (
                (400, "Content-Length: 0, 44"), (400, "Content-Length: 0x2c"), (400, "Content-Length: +5"),
                (400, "Content-Length: 0\r\nContent-Length: 44"), (400, "Content-Length : 44"),
                (400, "Content-Length:"), (200, "Content-Length: 44"), (400, "Transfer-Encoding : chunked"),
                (200, "Transfer-Encoding: chunked"), (501, "Transfer-Encoding: x, chunked"),
                (400, "Transfer-Encoding: chunked\r\nContent-Length: 44"), (400, "A: b\r\n c: d"),
                (400, "A: b\rc: d"), (400, "A: b\nc: d"), (400, "A: \0b"), (400, "A b: c"), (400, "no colon"),
                (400, "Host: localhost")):
            answer = self.raw("GET /health HTTP/1.1", "Host: localhost", field, "", second)
            self.assertEqual(answer.count("HTTP/1.1 "), 1, f"{field!r}: {answer}")
            self.assertEqual(int(answer.split()[1]), status, field)
            self.assertIn("\r\nConnection: close\r\n", answer, field)

    def test_a_last_header_that_begins_like_another_is_answered(self):
        for name in ("Acc", "Content-Lengt", "H", "Upgrad", "Sec-WebSocket-Protoco"):
            began = time.monotonic()
            self.assertEqual(self.status("Connection: close", "Host: localhost", f"{name}: x"), 200, name)
            self.assertLess(time.monotonic() - began, 10, name)

    def test_odd_requests_get_answers_of_our_own(self):
        for status, first in ((400, "GET /% HTTP/1.1"), (400, "GET /%00 HTTP/1.1"), (501, "TRACE / HTTP/1.1"),
                              (501, "CONNECT localhost:1 HTTP/1.1"), (501, "BREW /pot HTTP/1.1"),
                              (400, "GET ftp://localhost/ HTTP/1.1"), (400, "GET http://evil.example/ HTTP/1.1"),
                              (200, "GET http://localhost/health HTTP/1.1"), (405, "PUT /health HTTP/1.1"),
                              (505, "GET / HTTP/3.0"), (400, "GET /"), (414, f"GET /{'a' * 9000} HTTP/1.1"),
                              (431, "GET / HTTP/1.1\r\n" + "A: b\r\n" * 2000 + "C: d")):
            answer = self.raw(first, "Host: localhost", "Connection: close")
            self.assertEqual(int(answer.split()[1]), status, first[:60])
            for header in ("HTTP/1.1 ", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
                           "Content-Security-Policy: ", "Connection: close"):
                self.assertIn(header, answer, first[:60])
            self.assertNotIn("error.css", answer)

    def metric(self, name):
        lines = self.daemon.http("GET", "/metrics")[2].splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " "))

    def test_what_happens_at_the_door_is_counted(self):
        self.assertEqual(self.metric("spine_requests_foreign_total"), 0)
        self.status("Host: evil.example")
        self.status("Host: localhost:1", "Origin: http://evil.example")
        self.assertEqual(self.metric("spine_requests_foreign_total"), 2)
        with self.assertRaises(RpcError):
            self.daemon.client(token="wrong")
        self.assertEqual(self.metric('spine_auth_failures_total{reason="AUTH_TOKEN_MISMATCH"}'), 1)
        # Who asks is counted as well.
        wait_until(lambda: self.metric("spine_sockets") == 1, "those before are gone")
        with self.daemon.client(), self.daemon.stranger():
            wait_until(lambda: self.metric("spine_sockets") == 3, "both are counted")
            wait_until(lambda: self.metric("spine_sockets_unauthenticated") == 2, "one is a stranger")

    def test_silent_strangers_are_cut_in_time(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=40) as silent:
            silent.sendall(b"GET /health HTTP/1.1\r\n")
            began = time.monotonic()
            self.assertEqual(silent.recv(1), b"")
            self.assertLess(time.monotonic() - began, 25)
        self.assertIn('spine_sockets_cut_total{reason="late"} 1\n', self.daemon.http("GET", "/metrics")[2])


class Proxies(unittest.TestCase):
    """Behind a proxy that ends TLS: its forwarding headers are believed, those of others are not."""

    def gateway(self, *proxies):
        tls = {"tls": {"terminatedByProxy": list(proxies)}} if proxies else {}
        daemon = Daemon({"gateway": {**tls, "publicOrigin": "https://agent.example"}})
        self.addCleanup(daemon.close)
        return daemon.start()

    def connect(self, daemon, *headers, device=None):
        client = Client(daemon.port, handshake=False, headers=headers)
        self.addCleanup(client.close)
        client.connect(connect_params(daemon.token, ("operator.read",)), device)
        return client

    def refused(self, daemon, *headers, device=None):
        with self.assertRaises(RpcError) as caught:
            self.connect(daemon, *headers, device=device)
        return caught.exception.error["details"]["code"]

    def pending(self, daemon):
        with daemon.local_client() as admin:
            return admin.call("device.pair.list", {})["pending"]

    def test_clients_behind_a_trusted_proxy_are_strangers_by_their_own_address(self):
        daemon = self.gateway("127.0.0.1")
        forwarded = "X-Forwarded-For: 198.51.100.1, 203.0.113.9"
        self.assertEqual(self.refused(daemon, forwarded), "DEVICE_IDENTITY_REQUIRED")
        self.assertEqual(self.refused(daemon, forwarded, device=Device()), "PAIRING_REQUIRED")
        self.assertEqual([row["remoteIp"] for row in self.pending(daemon)], ["203.0.113.9"])
        status = daemon.http("GET", "/health", {"Host": "inside:1", "X-Forwarded-Host": "agent.example"})[0]
        self.assertEqual(status, 200)

    def test_this_machine_stays_this_machine_where_a_proxy_of_it_is_trusted(self):
        daemon = self.gateway("127.0.0.1", "::1")
        self.connect(daemon).call("health", {})
        answer = daemon.run_cli("send", "hello", "--token", daemon.token)
        self.assertEqual((answer.returncode, answer.stdout.strip()), (0, "echo: hello"), answer.stderr)
        for header in ("X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "Via: 1.1 x",
                       "X-Real-IP: 203.0.113.9", "X-Forwarded-Proto: https"):
            self.assertEqual(self.refused(daemon, header), "DEVICE_IDENTITY_REQUIRED", header)

    def test_without_trust_the_header_does_not_choose_an_address(self):
        daemon = self.gateway("192.0.2.77")
        self.assertEqual(self.refused(daemon, "X-Forwarded-For: 203.0.113.9", device=Device()),
                         "PAIRING_REQUIRED")
        self.assertEqual([row["remoteIp"] for row in self.pending(daemon)], ["127.0.0.1"])
        self.connect(daemon)  # and without the header this machine is this machine

    def test_one_client_behind_a_proxy_does_not_take_all_places(self):
        daemon = self.gateway("127.0.0.1")
        greedy = ("X-Forwarded-For: 203.0.113.9",)
        held = [WebSocket(daemon.port, headers=greedy) for _ in range(32)]
        for one in held:
            self.addCleanup(one.close)
        with self.assertRaises(Closed) as caught:
            WebSocket(daemon.port, headers=greedy)
        self.assertIn(" 429 ", caught.exception.reason)
        WebSocket(daemon.port, headers=("X-Forwarded-For: 203.0.113.10",)).close()
        self.assertIn('spine_sockets_cut_total{reason="address"} 1\n', daemon.http("GET", "/metrics")[2])


class ControlSocket(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.path = self.daemon.state_dir / "control.sock"

    def test_it_is_ours_alone_needs_no_token_and_goes_with_the_gateway(self):
        mode = os.stat(self.path).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.daemon.state_dir).st_mode), 0o700)
        with self.daemon.local_client() as client:
            self.assertIn("operator.admin", client.hello["auth"]["scopes"])
            self.assertTrue(client.call("health")["ok"])
        self.assertEqual(self.daemon.stop(), 0)
        self.assertFalse(self.path.exists())

    def test_a_stale_one_is_replaced(self):
        self.daemon.kill()
        self.assertTrue(self.path.exists())
        with socket.socket(socket.AF_UNIX) as nobody, self.assertRaises(ConnectionRefusedError):
            nobody.connect(str(self.path))
        self.daemon.start()
        with self.daemon.local_client() as client:
            self.assertTrue(client.call("health")["ok"])

    def test_a_file_in_its_place_is_not_removed(self):
        self.assertEqual(self.daemon.stop(), 0)
        self.path.write_text("mine", encoding="utf-8")
        self.daemon.start(wait=False)
        self.assertEqual(self.daemon.wait(), 1)
        self.assertIn("control.sock is in the way", self.daemon.text())
        self.assertEqual(self.path.read_text(encoding="utf-8"), "mine")

    def test_pages_do_not_get_in(self):
        with self.assertRaises(Closed) as caught:
            WebSocket(self.path, headers=("Origin: http://localhost",))
        self.assertIn(" 403 ", caught.exception.reason)

    def test_strangers_on_the_port_do_not_close_it(self):
        held = [socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) for _ in range(500)]
        try:
            with self.daemon.local_client() as client:
                self.assertTrue(client.call("health")["ok"])
        finally:
            for one in held:
                one.close()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_another_user_is_refused(self):
        # Even where the file system would let him: as if modes had been changed by hand.
        script = ("import os, socket, sys\n"
                  f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
                  "s = socket.socket(socket.AF_UNIX); s.settimeout(10)\n"
                  "try:\n"
                  "    s.connect(sys.argv[1])\n"
                  "    s.sendall(b'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n')\n"
                  "    print(s.recv(100))\n"
                  "except OSError as error:\n"
                  "    print(type(error).__name__)\n")

        def says():
            return subprocess.run([sys.executable, "-c", script, str(self.path)], text=True, check=True,
                                  capture_output=True, cwd="/").stdout.strip()

        self.assertEqual(says(), "PermissionError")
        for path in (self.daemon.folder, self.daemon.state_dir):
            path.chmod(0o755)
        self.path.chmod(0o666)
        self.assertIn(says(), ("b''", "ConnectionResetError", "BrokenPipeError"))
        wait_until(lambda: f"user {NOBODY} to the control socket was refused" in self.daemon.text(),
                   "the log names him")


class LongPath(unittest.TestCase):
    def test_a_state_directory_longer_than_a_socket_address(self):
        with tempfile.TemporaryDirectory() as base:
            folder = pathlib.Path(base) / ("long" * 30) / ("path" * 30)
            folder.mkdir(parents=True)
            with Daemon(folder=folder) as daemon:
                daemon.start()
                self.assertTrue(stat.S_ISSOCK(os.stat(daemon.state_dir / "control.sock").st_mode))
                answer = daemon.run_cli("send", "a long way")
                self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
                self.assertIn("echo: a long way", answer.stdout)
                self.assertEqual(json.loads(daemon.run_cli("devices", "list", "--json").stdout)["paired"], [])
                self.assertEqual(daemon.run_cli("stop").returncode, 0)
                self.assertEqual(daemon.wait(), 0)
                self.assertFalse((daemon.state_dir / "control.sock").exists())


if __name__ == "__main__":
    unittest.main()
