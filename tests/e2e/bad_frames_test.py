"""Bad input on the WebSocket: each gets its clear answer, and the other clients notice nothing."""

import json
import socket
import unittest

from daemon import PATIENCE, Daemon, wait_until
from spine_client import (BINARY, Client, Closed, RpcError, WebSocket, channel_message,
                          connect_params, frame)

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}}}


class BadFrames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(CONFIG).start()
        cls.addClassCleanup(cls.daemon.close)

    def setUp(self):
        """The bystander: connected before the trouble and working after it."""
        self.bystander = self.daemon.client()
        self.addCleanup(self.bystander.close)

    def tearDown(self):
        self.assertTrue(self.bystander.call("health", {})["ok"])
        self.assertEqual(self.daemon.get_json("/health")["status"], "healthy")

    def raw(self):
        connection = WebSocket(self.daemon.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.receive()
        return connection

    def refused(self, client, method, params=None):
        with self.assertRaises(RpcError) as caught:
            client.call(method, params)
        return caught.exception

    def test_bad_json_before_connect_closes(self):
        connection = self.raw()
        connection.send("{not json")
        with self.assertRaises(Closed) as closed:
            connection.receive()
        self.assertIn(closed.exception.code, (1000, None))

    def test_anything_but_connect_first_closes_with_1008(self):
        client = Client(self.daemon.port, handshake=False, timeout=PATIENCE)
        self.addCleanup(client.close)
        client.start("health", {})
        closed = client.wait_closed()
        self.assertEqual(closed.code, 1008)
        self.assertIn("first request must be connect", closed.reason)

    def test_a_wrong_token_is_refused_with_1008(self):
        client = Client(self.daemon.port, handshake=False, timeout=PATIENCE)
        self.addCleanup(client.close)
        error = self.refused(client, "connect", connect_params("wrong"))
        self.assertEqual(error.error["details"]["code"], "AUTH_TOKEN_MISMATCH")
        self.assertEqual(client.wait_closed().code, 1008)

    def test_a_missing_token_is_refused(self):
        client = Client(self.daemon.port, handshake=False, timeout=PATIENCE)
        self.addCleanup(client.close)
        self.assertEqual(self.refused(client, "connect", connect_params(None)).code, "NOT_PAIRED")
        self.assertEqual(client.wait_closed().code, 1008)

    def test_another_protocol_version_closes_with_1002(self):
        client = Client(self.daemon.port, handshake=False, timeout=PATIENCE)
        self.addCleanup(client.close)
        error = self.refused(client, "connect", connect_params(self.daemon.token, minimum=5, maximum=9))
        self.assertEqual(error.error["details"]["expectedProtocol"], 4)
        self.assertEqual(client.wait_closed().code, 1002)

    def test_a_page_of_a_foreign_origin_is_refused_before_the_upgrade(self):
        with self.assertRaises(Closed) as closed:
            Client(self.daemon.port, token=self.daemon.token, timeout=PATIENCE,
                   headers=("Origin: https://evil.example",))
        self.assertIn(" 403 ", closed.exception.reason)

    def test_a_frame_over_64_kib_before_hello_closes(self):
        connection = self.raw()
        try:
            connection.send('{"type":"req","x":"' + "a" * 70_000 + '"}')
            with self.assertRaises(Closed):
                connection.receive()
        except Closed:
            pass

    def test_an_oversized_frame_after_hello_closes_only_its_sender(self):
        with self.daemon.client() as client:
            try:
                client.send("x" * (26_214_400 + 1))
                closed = client.wait_closed()
            except Closed as early:
                closed = early
        self.assertIn(closed.code, (1009, 1008, None))

    def test_a_second_connect_is_refused_and_the_connection_stays(self):
        with self.daemon.client() as client:
            error = self.refused(client, "connect", connect_params(self.daemon.token))
            self.assertIn("connect is only valid as the first request", error.message)
            self.assertTrue(client.call("health", {})["ok"])

    def test_an_unknown_method_is_named(self):
        with self.daemon.client() as client:
            error = self.refused(client, "no.such.method", {})
            self.assertEqual((error.code, error.message),
                             ("INVALID_REQUEST", "unknown method: no.such.method"))

    def test_missing_params_are_named(self):
        with self.daemon.client() as client:
            error = self.refused(client, "chat.history", {})
            self.assertEqual(error.message, "invalid chat.history params: "
                                            "must have required property 'sessionKey'")

    def test_wrong_types_are_answered(self):
        with self.daemon.client() as client:
            for method, params in (("chat.history", {"sessionKey": 7}), ("chat.send", []),
                                   ("chat.history", "text"), ("agent.wait", {"runId": {}}),
                                   ("channel.message", {"channel": ["x"]})):
                self.assertEqual(self.refused(client, method, params).code, "INVALID_REQUEST")
            self.assertTrue(client.call("health", {})["ok"])

    def test_an_unknown_member_of_the_frame_is_named(self):
        with self.daemon.client() as client:
            client.send('{"type":"req","id":"a","method":"health","foo":1}')
            answer = client.raw_response("a")
            self.assertEqual(answer["error"]["message"],
                             "invalid request frame: at root: unexpected property 'foo'")

    def test_a_binary_frame_of_json_is_as_good_as_text(self):
        with self.daemon.client() as client:
            text, request = client.request("health", {})
            client.send(text, BINARY)
            self.assertTrue(client.response(request)["ok"])

    def test_deep_nesting_is_refused_without_harm(self):
        with self.daemon.client() as client:
            deep = "[" * 50_000 + "]" * 50_000
            client.send('{"type":"req","id":"deep","method":"health","params":' + deep + "}")
            try:
                self.assertFalse(client.raw_response("deep")["ok"])
            except Closed:
                pass

    def test_bytes_that_are_no_utf8_are_refused(self):
        with self.daemon.client() as client:
            client.send(b'{"type":"req","id":"u","method":"health","params":{"a":"\xff\xfe"}}')
            closed = client.wait_closed() if not self.answers(client, "u") else None
            self.assertTrue(closed is None or closed.code in (1000, 1002, 1007, 1008, None))

    @staticmethod
    def answers(client, request):
        try:
            return client.raw_response(request) is not None
        except Closed:
            return False

    def test_a_message_in_many_fragments_is_one_message(self):
        with self.daemon.client() as client:
            text, request = client.request("health", {"pad": "x" * 300})
            data = text.encode()
            pieces = [data[at:at + 10] for at in range(0, len(data), 10)]
            client.send_raw(frame(pieces[0], final=False))
            for piece in pieces[1:-1]:
                client.send_raw(frame(piece, opcode=0, final=False))
            client.send_raw(frame(pieces[-1], opcode=0))
            self.assertIn("ok", client.raw_response(request))

    def test_a_half_sent_frame_holds_up_nobody(self):
        with self.daemon.client() as client:
            client.send_raw(frame("x" * 1000)[:100])
            self.assertTrue(self.bystander.call("health", {})["ok"])

    def test_bytes_that_are_no_http_are_dropped(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=PATIENCE) as other:
            other.sendall(bytes(range(256)) * 16)
            other.settimeout(PATIENCE)
            try:
                while other.recv(4096):
                    pass
            except ConnectionError:
                pass

    def test_a_flood_of_bad_frames_disturbs_nobody(self):
        with self.daemon.client() as client:
            flood = frame('{"type":"req","id":"x","method":"no.such"}') * 20_000
            client.send_raw(flood)
            for _ in range(20):
                self.assertTrue(self.bystander.call("health", {})["ok"])
            self.assertFalse(client.raw_response("x")["ok"])

    def test_a_client_that_reads_nothing_is_closed_and_the_others_go_on(self):
        with self.daemon.client() as slow:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            text = "x" * 200_000
            self.bystander.call("channel.message", channel_message("big", text, sender="slow"))
            asked = frame(json.dumps({"type": "req", "id": "h", "method": "chat.history",
                                      "params": {"sessionKey": "agent:main:test:direct:slow"}}))
            slow.socket.settimeout(0.5)
            try:
                for _ in range(3000):
                    slow.socket.sendall(asked)
            except OSError:
                pass
            self.assertTrue(self.bystander.call("health", {})["ok"])
        wait_until(lambda: self.daemon.get_json("/health")["connections"] == 1, "it is gone")


if __name__ == "__main__":
    unittest.main()
