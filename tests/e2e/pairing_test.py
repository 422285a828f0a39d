"""Letting devices and senders in: asking, approving, rejecting, removing, and what survives."""

import json
import os
import unittest

from daemon import Daemon
from device import Device
from spine_client import Client, Closed, RpcError, channel_message, connect_params

NO_LIMITS = {"rate_limit": {"requests_per_minute": 0}}
BY_PAIRING = {"gateway": {**NO_LIMITS, "auth": {"mode": "pairing"}}}
READ, ADMIN = ("operator.read",), ("operator.admin",)
NOBODY = 65534  # the uid of nobody


class Pairing(unittest.TestCase):
    def gateway(self, config):
        daemon = Daemon(config)
        self.addCleanup(daemon.close)
        return daemon.start()

    def connect(self, device, scopes=READ, **auth):
        """A client of that device; RpcError when it is refused, and the close is checked."""
        client = self.daemon.stranger()
        self.addCleanup(client.close)
        params = {**connect_params(None, scopes), **({"auth": auth} if auth else {})}
        try:
            client.connect(params, device)
        except RpcError:
            self.assertEqual(client.wait_closed().code, 1008)
            raise
        return client

    def asks(self, device, scopes=READ, **auth):
        """The details of a connect that is refused until somebody approves it."""
        with self.assertRaises(RpcError) as caught:
            self.connect(device, scopes, **auth)
        error = caught.exception.error
        self.assertEqual((error["code"], error["details"]["code"]),
                         ("NOT_PAIRED", "PAIRING_REQUIRED"))
        self.assertIn(error["details"]["requestId"], error["message"])
        return error["details"]

    def cli(self, *arguments, fails=False):
        answer = self.daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, 1 if fails else 0, answer.stdout + answer.stderr)
        return answer.stderr if fails else answer.stdout

    def refused(self, client, method, params):
        with self.assertRaises(RpcError) as caught:
            client.call(method, params)
        return caught.exception.error


class Devices(Pairing):
    def setUp(self):
        self.daemon = self.gateway(BY_PAIRING)
        self.device = Device()

    def test_a_device_asks_is_approved_and_comes_back_by_key_and_token(self):
        details = self.asks(self.device)
        self.assertEqual((details["reason"], details["requestedRole"], details["requestedScopes"]),
                         ("not-paired", "operator", list(READ)))
        self.assertIn("spine devices approve", details["remediationHint"])
        shown = self.cli("devices", "list")
        self.assertIn(details["requestId"], shown)
        self.assertIn(self.device.id[:12], shown)
        self.cli("devices", "approve", details["requestId"][:8])
        auth = self.connect(self.device).hello["auth"]
        self.assertEqual((auth["method"], auth["scopes"]), ("device", list(READ)))
        by_token = self.connect(self.device, deviceToken=auth["deviceToken"]).hello["auth"]
        self.assertEqual(by_token["method"], "device-token")
        again = self.connect(self.device).hello["auth"]
        self.assertEqual(again["method"], "device")
        self.assertNotIn("deviceToken", again)

    def test_asking_again_is_one_request_and_asking_for_more_another(self):
        first = self.asks(self.device)["requestId"]
        self.assertEqual(self.asks(self.device)["requestId"], first)
        second = self.asks(self.device, ADMIN)["requestId"]
        self.assertNotEqual(second, first)
        pending = json.loads(self.cli("devices", "list", "--json"))["pending"]
        self.assertEqual([(row["requestId"], row["scopes"]) for row in pending],
                         [(second, list(ADMIN))])
        self.cli("devices", "approve", first, fails=True)

    def test_the_latest_is_approved_only_when_asked_so(self):
        other = Device()
        self.asks(other)
        self.asks(self.device)
        self.assertIn("2 devices ask", self.cli("devices", "approve", fails=True))
        self.cli("devices", "approve", "--latest")
        self.connect(self.device)
        self.asks(other)
        self.assertIn("There is no request", self.cli("devices", "approve", "ffffffff", fails=True))

    def test_a_client_approves_what_it_may_itself(self):
        details = self.asks(self.device, ADMIN)
        token = self.daemon.token
        with self.daemon.client(token=token, scopes=READ) as reader:
            self.assertEqual(self.refused(reader, "device.pair.approve",
                                          {"requestId": details["requestId"]})["details"]
                             ["missingScope"], "operator.pairing")
        with self.daemon.client(token=token, scopes=("operator.pairing",)) as helper:
            error = self.refused(helper, "device.pair.approve",
                                 {"requestId": details["requestId"]})
            self.assertEqual((error["code"], error["details"]["missingScope"]),
                             ("FORBIDDEN", "operator.admin"))
            self.asks(other := Device(), ("operator.pairing",))
            requested = helper.wait_event("device.pair.requested",
                                          lambda row: row["deviceId"] == other.id)
            answer = helper.call("device.pair.approve", {"requestId": requested["requestId"]})
            self.assertEqual(answer["device"]["deviceId"], other.id)
            resolved = helper.wait_event("device.pair.resolved")
            self.assertEqual((resolved["deviceId"], resolved["decision"]), (other.id, "approved"))
            error = self.refused(helper, "device.pair.approve",
                                 {"requestId": requested["requestId"]})
            self.assertEqual(error["details"]["code"], "PAIRING_REQUEST_NOT_FOUND")
        self.connect(other, ("operator.pairing",))

    def test_a_rejected_device_may_ask_anew(self):
        details = self.asks(self.device)
        with self.daemon.client() as watcher:
            self.cli("devices", "reject", details["requestId"])
            self.assertEqual(watcher.wait_event("device.pair.resolved")["decision"], "rejected")
        self.assertNotEqual(self.asks(self.device)["requestId"], details["requestId"])

    def test_a_removed_device_is_cut_off(self):
        self.asks(self.device)
        self.cli("devices", "approve")
        live = self.connect(self.device)
        self.cli("devices", "rename", self.device.id[:12], "old phone")
        self.assertIn("old phone", self.cli("devices", "list"))
        self.cli("devices", "revoke", self.device.id[:12])
        closed = live.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1008, "device removed"))
        self.assertEqual(self.asks(self.device)["reason"], "not-paired")

    def test_more_scopes_are_approved_anew_and_the_token_stays(self):
        self.asks(self.device)
        self.cli("devices", "approve")
        token = self.connect(self.device).hello["auth"]["deviceToken"]
        details = self.asks(self.device, ADMIN, deviceToken=token)
        self.assertEqual(details["reason"], "scope-upgrade")
        self.connect(self.device, deviceToken=token)  # what it had it still has
        self.cli("devices", "approve", details["requestId"])
        hello = self.connect(self.device, ADMIN, deviceToken=token).hello
        self.assertEqual(hello["auth"]["scopes"], list(ADMIN))

    def test_what_was_paired_survives_a_crash(self):
        self.asks(self.device)
        self.cli("devices", "approve")
        token = self.connect(self.device).hello["auth"]["deviceToken"]
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.connect(self.device, deviceToken=token).hello["auth"]["method"],
                         "device-token")
        self.assertEqual(self.connect(self.device).hello["auth"]["method"], "device")

    def test_the_control_socket_is_for_its_owner_alone(self):
        with self.daemon.local_client() as client:
            self.assertEqual(client.hello["auth"]["method"], "control-socket")
        path = self.daemon.state_dir / "control.sock"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        if os.getuid() != 0:
            self.skipTest("another user can be played by root alone")
        for folder in (self.daemon.folder, self.daemon.state_dir):
            folder.chmod(0o755)
        path.chmod(0o777)  # what the file system lets in the gateway still looks at
        child = os.fork()
        if child == 0:
            os.setuid(NOBODY)
            try:
                Client(path, timeout=20)
                os._exit(1)
            except PermissionError:
                os._exit(2)  # the file system's word, which is not meant here
            except (Closed, OSError):  # cut without a word
                os._exit(0)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)


class Senders(Pairing):
    def setUp(self):
        self.daemon = self.gateway({
            "gateway": {**NO_LIMITS, "auth": {"mode": "pairing", "admin_channels": ["test:boss"]}},
            "channels": {"defaults": {"dmPolicy": "pairing"}, "test": {"groupPolicy": "open"}}})
        self.bridge = self.daemon.listener()
        self.addCleanup(self.bridge.close)
        self.sent = 0

    def write(self, sender, text="hello", **more):
        self.sent += 1
        return self.bridge.call("channel.message",
                                channel_message(f"m{self.sent}", text, sender=sender,
                                                conversation=sender, **more))

    def unpaired(self, sender, **more):
        """What details.pairing says to a sender who is not let in; None when nobody is asked."""
        with self.assertRaises(RpcError) as caught:
            self.write(sender, **more)
        error = caught.exception.error
        self.assertEqual((error["code"], error["details"]["reason"]), ("FORBIDDEN", "unpaired"))
        return error["details"].get("pairing")

    def answered(self, sender):
        ack = self.write(sender)
        final = self.bridge.wait_event("chat", lambda chat: chat["state"] == "final"
                                       and chat["runId"] == ack["runId"])
        self.assertEqual(final["message"]["content"][0]["text"], "echo: hello")

    def test_a_sender_is_told_a_code_and_answered_once_approved(self):
        first = self.unpaired("anna")
        self.assertRegex(first["code"], r"^[A-HJ-NP-Z2-9]{8}$")
        self.assertTrue(first["isNew"])
        again = self.unpaired("anna")
        self.assertEqual((again["code"], again["isNew"]), (first["code"], False))
        listed = self.cli("pairing", "list")
        self.assertIn(first["code"], listed)
        self.assertIn("anna", listed)
        self.cli("pairing", "approve", first["code"].lower())
        self.answered("anna")
        self.assertEqual(json.loads(self.cli("pairing", "list", "--json"))["requests"], [])
        self.unpaired("anna", account="other")  # per account
        self.daemon.kill()
        self.daemon.start()
        self.bridge = self.daemon.listener()
        self.addCleanup(self.bridge.close)
        self.answered("anna")

    def test_three_of_an_account_may_wait(self):
        codes = [self.unpaired(f"sender {number}") for number in range(5)]
        self.assertEqual([code is not None for code in codes], [True] * 3 + [False] * 2)
        self.assertIsNotNone(self.unpaired("sender 4", account="other"))
        self.cli("pairing", "reject", codes[0]["code"])
        self.assertIsNotNone(self.unpaired("sender 4"))
        self.assertIn("Nobody waits", self.cli("pairing", "approve", codes[0]["code"], fails=True))

    def test_a_client_lets_a_sender_in(self):
        self.unpaired("anna")
        requested = self.bridge.wait_event("channel.pair.requested")
        self.assertEqual((requested["channel"], requested["senderId"]), ("test", "anna"))
        [row] = self.bridge.call("channels.pairing.list", {})["requests"]
        self.assertEqual(row["requestId"], requested["requestId"])
        answer = self.bridge.call("channels.pairing.approve", {"requestId": row["requestId"]})
        self.assertTrue(answer["ok"])
        self.assertEqual(self.bridge.wait_event("channel.pair.resolved")["decision"], "approved")
        self.answered("anna")
        error = self.refused(self.bridge, "channels.pairing.dismiss",
                             {"requestId": row["requestId"]})
        self.assertEqual(error["details"]["code"], "PAIRING_REQUEST_NOT_FOUND")

    def test_an_admin_approves_a_sender_on_the_channel(self):
        code = self.unpaired("anna")["code"]
        group = {"kind": "group", "id": "g1"}
        for sender, text, more in (("anna", f"approve {code}", {}),
                                   ("boss", f"approve {code}x", {}),
                                   ("boss", "approve", {})):
            try:
                self.write(sender, text, **more)
            except RpcError:
                pass
        self.bridge.call("channel.message", {**channel_message(
            "in a group", f"approve {code}", sender="boss"), "conversation": group})
        self.unpaired("anna")
        self.write("boss", f"approve {code.lower()}")
        self.answered("anna")

    def test_who_differs_in_case_is_somebody_else(self):
        code = self.unpaired("Anna")["code"]
        other = self.unpaired("anna")
        self.assertTrue(other["isNew"])
        self.assertNotEqual(other["code"], code)
        with self.assertRaises(RpcError):
            self.write("Boss", f"approve {code}")  # no admin, and not paired
        self.write("boss", f"approve {code}")
        self.answered("Anna")
        self.assertEqual(self.unpaired("anna")["code"], other["code"])
        self.assertIsNotNone(self.unpaired("Anna", account="B"))
        self.assertTrue(self.unpaired("Anna", account="b")["isNew"])
        self.daemon.kill()
        self.daemon.start()
        self.bridge = self.daemon.listener()
        self.addCleanup(self.bridge.close)
        self.answered("Anna")
        self.unpaired("anna")

    def test_an_admin_approves_a_device_on_the_channel(self):
        device = Device()
        self.asks(device)
        code = json.loads(self.cli("devices", "list", "--json"))["pending"][0]["code"]
        self.bridge.call("channel.message", {**channel_message(
            "g", f"approve {code}", sender="boss"), "conversation": {"kind": "group", "id": "g"}})
        self.asks(device)
        self.write("boss", f"/approve {code}")
        resolved = self.bridge.wait_event("device.pair.resolved")
        self.assertEqual((resolved["deviceId"], resolved["decision"]), (device.id, "approved"))
        self.assertIn("deviceToken", self.connect(device).hello["auth"])
        self.asks(other := Device())
        code = json.loads(self.cli("devices", "list", "--json"))["pending"][0]["code"]
        self.write("boss", f"reject {code}")
        resolved = self.bridge.wait_event("device.pair.resolved")
        self.assertEqual((resolved["deviceId"], resolved["decision"]), (other.id, "rejected"))


if __name__ == "__main__":
    unittest.main()
