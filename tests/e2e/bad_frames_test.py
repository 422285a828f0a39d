"""Bad input on the WebSocket: each gets its clear answer, and the other clients notice nothing."""

import socket
import struct
import unittest

from daemon import PATIENCE, Daemon
from spine_client import (BINARY, Client, Closed, RpcError, WebSocket, channel_message,
                          connect_params, frame)

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}}}
BEFORE_HELLO_MAX = 64 * 1024
PAYLOAD_MAX = 26_214_400  # policy.maxPayload of hello


def padded(text, size):
    """The same JSON in exactly so many bytes: what is wrong with it then is its size alone."""
    return text + " " * (size - len(text))


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
        self.assertEqual((closed.exception.code, closed.exception.reason), (1000, ""))

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

    def test_a_page_of_a_foreign_origin_is_told_so_and_closed(self):
        client = Client(self.daemon.port, handshake=False, timeout=PATIENCE,
                        headers=("Origin: https://evil.example",))
        self.addCleanup(client.close)
        error = self.refused(client, "connect", connect_params(self.daemon.token))
        self.assertEqual(error.error["details"]["code"], "CONTROL_UI_ORIGIN_NOT_ALLOWED")
        self.assertEqual(client.wait_closed().code, 1008)

    def connect_of(self, size):
        """A connection that has just sent a valid connect of so many bytes, and its id."""
        client = Client(self.daemon.port, handshake=False, timeout=PATIENCE)
        self.addCleanup(client.close)
        text, request = client.request("connect", connect_params(self.daemon.token))
        client.send(padded(text, size))
        return client, request

    def test_a_connect_of_64_kib_is_read_and_one_byte_more_closes_with_1009(self):
        client, request = self.connect_of(BEFORE_HELLO_MAX)
        self.assertEqual(client.response(request)["type"], "hello-ok")
        client, _ = self.connect_of(BEFORE_HELLO_MAX + 1)
        closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1009, "message too big"))
        self.assertEqual(client.responses, {})

    def test_a_frame_of_max_payload_is_read(self):
        with self.daemon.client() as client:
            text, request = client.request("health", {})
            client.send(padded(text, PAYLOAD_MAX))
            self.assertTrue(client.response(request)["ok"])

    def test_a_frame_over_max_payload_closes_with_1009_before_it_is_there(self):
        with self.daemon.client() as client:
            # Its header alone: the text frame, masked with zeros, says how long it is.
            client.send_raw(b"\x81\xff" + struct.pack(">Q", PAYLOAD_MAX + 1) + bytes(4) + b" " * 100)
            closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1009, "message too big"))

    def test_fragments_that_exceed_max_payload_together_close_with_1009(self):
        with self.daemon.client() as client:
            client.send("{" + " " * (PAYLOAD_MAX - 1), final=False)
            client.send("}", opcode=0)
            closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1009, "message too big"))

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

    def closed_by(self, request):
        """The close that follows a request to which there is no answer."""
        with self.daemon.client() as client:
            client.send(request)
            closed = client.wait_closed()
        self.assertEqual(client.responses, {})
        return closed

    def test_deep_nesting_closes_with_1007(self):
        deep = "[" * 50_000 + "]" * 50_000
        closed = self.closed_by('{"type":"req","id":"deep","method":"health","params":' + deep + "}")
        self.assertEqual((closed.code, closed.reason), (1007, "invalid JSON"))

    def test_bytes_that_are_no_utf8_close_with_1007(self):
        closed = self.closed_by(
            b'{"type":"req","id":"u","method":"health","params":{"a":"\xff\xfe"}}')
        self.assertEqual((closed.code, closed.reason), (1007, "invalid JSON"))

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

    def test_frames_that_break_the_protocol_close_with_1002(self):
        masked = frame(b"x" * 126, opcode=9)
        for what, data in (("unmasked", b"\x81\x02{}"), ("unmasked ping", b"\x89\x00"),
                           ("a ping of 126 bytes", masked), ("a close of 126 bytes", frame(b"x" * 126, opcode=8)),
                           ("a ping in fragments", frame(b"x", opcode=9, final=False)),
                           ("the top bit of a length", b"\x82\xff" + b"\xff" * 8 + bytes(4)),
                           ("a length that is not the shortest", b"\x82\xfe\0\x05" + bytes(9)),
                           ("reserved bits", b"\xc1\x80" + bytes(4)), ("an opcode", b"\x83\x80" + bytes(4)),
                           ("nothing to continue", frame(b"x", opcode=0)),
                           ("half a code", frame(b"\x03", opcode=8)), ("no such code", frame(b"\x03\xe7", opcode=8))):
            for connection in (self.raw(), self.daemon.client()):
                self.addCleanup(connection.close)
                connection.send_raw(data + frame('{"type":"req","id":"after","method":"health"}'))
                with self.assertRaises(Closed, msg=what) as closed:
                    while True:
                        self.assertNotIn(b'"after"', connection.receive(), what)
                self.assertEqual(closed.exception.code, 1002, what)

    def test_bytes_that_are_no_http_are_answered_and_dropped(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=PATIENCE) as other:
            other.sendall(bytes(range(256)) * 16)
            other.settimeout(PATIENCE)
            answer = b""
            while piece := other.recv(4096):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)

    def test_a_flood_of_bad_frames_disturbs_nobody(self):
        with self.daemon.client() as client:
            flood = frame('{"type":"req","id":"x","method":"no.such"}') * 20_000
            client.send_raw(flood)
            for _ in range(20):
                self.assertTrue(self.bystander.call("health", {})["ok"])
            self.assertFalse(client.raw_response("x")["ok"])

    def test_a_client_that_reads_nothing_is_closed_with_1008_and_the_others_go_on(self):
        name = "spine_slow_consumers_total"
        before = self.daemon.metric(name)
        with self.daemon.listener() as slow:
            # Each message is pushed to it, and so is its answer: 64 KiB of it each time, several
            # times. 52 MB may wait for it. Many talk: the session of one would be full if the agent
            # were slow.
            for number in range(1000):
                message = channel_message(f"big{number}", "x" * 70_000, sender=f"talker{number % 32}")
                self.assertIn("seq", self.bystander.call("channel.message", message))
                if self.daemon.metric(name) != before:
                    break
            self.assertEqual(self.daemon.metric(name), before + 1)
            closed = slow.wait_closed()
            self.assertEqual((closed.code, closed.reason), (1008, "slow consumer"))


if __name__ == "__main__":
    unittest.main()
