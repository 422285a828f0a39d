"""Devices at the door: every fault of a proof, silent pairing, tokens of devices."""

import hashlib
import unittest

import ed25519
from daemon import Daemon
from device import Device, base64url
from spine_client import RpcError, connect_params

CONFIG = {"gateway": {"auth": {"mode": "token"}}}
ADMIN, READ, WRITE = (("operator.admin",), ("operator.read",), ("operator.write",))
PAIRING = ("operator.pairing",)


class DeviceAuth(unittest.TestCase):
    def setUp(self):
        # One for each test: failures of this machine's programs are answered later and later.
        self.daemon = Daemon(CONFIG)
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def params(self, token=None, scopes=READ, **auth):
        auth = {"token": token, **auth} if token else auth
        return {**connect_params(None, scopes), **({"auth": auth} if auth else {})}

    def connected(self, device, *args, **options):
        client = self.daemon.stranger()
        self.addCleanup(client.close)
        client.connect(self.params(*args, **options), device)
        return client

    def paired(self, scopes=WRITE):
        """A device that was paired by the shared secret, and its token."""
        device = Device()
        hello = self.connected(device, self.daemon.token, scopes).hello
        return device, hello["auth"]["deviceToken"]

    def refused(self, device, params, **proof):
        client = self.daemon.stranger()
        self.addCleanup(client.close)
        with self.assertRaises(RpcError) as caught:
            client.connect(params, device, **proof)
        closed = client.wait_closed()
        self.assertEqual(closed.code, 1008)
        self.assertTrue(caught.exception.message.startswith(closed.reason) and closed.reason)
        return caught.exception.error

    def entry(self, device):
        with self.daemon.client() as admin:
            rows = admin.call("device.pair.list", {})["paired"]
        return next((row for row in rows if row["deviceId"] == device.id), None)

    def test_every_fault_of_a_proof_has_its_code(self):
        device, other = Device(), Device()
        short = b"k" * 31
        now = self.daemon.stranger()
        self.addCleanup(now.close)
        stale = now.challenge["ts"] - 121_000
        rows = [
            ({"id": other.id}, "DEVICE_ID_MISMATCH", "device-id-mismatch"),
            ({"publicKey": other.public_key}, "DEVICE_ID_MISMATCH", "device-id-mismatch"),
            ({"signedAt": stale}, "SIGNATURE_EXPIRED", "device-signature-stale"),
            ({"signedAt": stale + 300_000}, "SIGNATURE_EXPIRED", "device-signature-stale"),
            ({"nonce": ""}, "NONCE_REQUIRED", "device-nonce-missing"),
            ({"nonce": now.challenge["nonce"]}, "NONCE_MISMATCH", "device-nonce-mismatch"),
            ({"id": hashlib.sha256(short).hexdigest(), "publicKey": base64url(short)},
             "PUBLIC_KEY_INVALID", "device-public-key"),
            ({"signature": base64url(b"s" * 64)}, "SIGNATURE_INVALID", "device-signature"),
            ({"signature": "no base64url"}, "SIGNATURE_INVALID", "device-signature"),
        ]
        for instead, code, reason in rows:
            with self.subTest(instead):
                error = self.refused(device, self.params(self.daemon.token), **instead)
                self.assertEqual(error["code"], "INVALID_REQUEST")
                self.assertEqual(error["details"],
                                 {"code": f"DEVICE_AUTH_{code}", "reason": reason})
        self.assertIsNone(self.entry(device))

    def test_what_was_signed_is_what_counts(self):
        device, params = Device(), self.params(self.daemon.token)
        rows = [({"scopes": ["operator.admin"]}, False), ({"role": "node"}, False),
                ({"client": {**params["client"], "platform": "macos"}}, False),
                # Only the first of the tokens is signed.
                ({"auth": {"token": self.daemon.token, "deviceToken": "x"}}, True)]
        for changes, good in rows:
            client = self.daemon.stranger()
            self.addCleanup(client.close)
            call = {**params, **changes, "device": device.proof(params, client.challenge)}
            answer = client.raw_response(client.start("connect", call))
            self.assertEqual(answer["ok"], good, changes)
            if not good:
                self.assertEqual(answer["error"]["details"]["code"],
                                 "DEVICE_AUTH_SIGNATURE_INVALID")

    def test_both_versions_of_the_signed_text_are_accepted(self):
        for version in (2, 3):
            client = self.daemon.stranger()
            self.addCleanup(client.close)
            params = self.params(self.daemon.token)
            params["client"] = {**params["client"], "platform": " LinuX ", "deviceFamily": "PC\t"}
            hello = client.connect(params, Device(), version=version)
            self.assertEqual(hello["type"], "hello-ok")

    def test_the_shared_secret_on_this_machine_pairs_in_silence(self):
        device = Device()
        with self.daemon.client() as watcher:
            auth = self.connected(device, self.daemon.token, WRITE).hello["auth"]
            changed = watcher.wait_event("device.pair.changed")
        self.assertEqual(changed["deviceId"], device.id)
        self.assertEqual((auth["method"], auth["scopes"]), ("token", list(WRITE)))
        self.assertRegex(auth["deviceToken"], r"^[A-Za-z0-9_-]{43}$")
        self.assertIsInstance(auth["issuedAtMs"], int)
        row = self.entry(device)
        self.assertEqual(row["publicKey"], device.public_key)
        self.assertEqual((row["approvedVia"], row["role"], row["scopes"]),
                         ("silent", "operator", list(WRITE)))
        again = self.connected(device, self.daemon.token, WRITE).hello["auth"]
        self.assertNotIn("deviceToken", again, "the one it has stays good")

    def test_the_journal_holds_no_token(self):
        _, token = self.paired()
        everything = self.daemon.replay("journal", "dump", "--json").stdout
        self.assertIn("DevicePaired", everything)
        self.assertNotIn(token, everything)
        self.assertNotIn(self.daemon.token, everything)

    def test_a_devices_token_lets_it_in(self):
        device, token = self.paired()
        for auth in ({"token": token}, {"deviceToken": token},
                     {"token": "stale", "deviceToken": token}):
            hello = self.connected(device, scopes=READ, **auth).hello
            self.assertEqual(hello["auth"]["method"], "device-token")
            self.assertEqual(hello["auth"]["scopes"], list(READ))

    def test_a_devices_token_is_of_no_use_to_others(self):
        _, token = self.paired()
        error = self.refused(Device(), self.params(deviceToken=token))
        self.assertEqual(error["details"]["code"], "AUTH_DEVICE_TOKEN_MISMATCH")
        with self.assertRaises(RpcError) as caught, self.daemon.stranger() as client:
            client.connect(self.params(token))
        self.assertEqual(caught.exception.error["details"]["code"], "AUTH_TOKEN_MISMATCH")

    def test_more_scopes_than_were_granted_are_asked_for(self):
        device, token = self.paired(READ)
        error = self.refused(device, self.params(deviceToken=token, scopes=ADMIN))
        self.assertEqual((error["code"], error["details"]["code"], error["details"]["reason"]),
                         ("NOT_PAIRED", "PAIRING_REQUIRED", "scope-upgrade"))
        self.assertIn(error["details"]["requestId"], error["message"])
        # On this machine the secret is enough to have them.
        hello = self.connected(device, self.daemon.token, ADMIN).hello
        self.assertEqual(hello["auth"]["scopes"], list(ADMIN))

    def test_a_revoked_token_is_refused_and_its_connection_closed(self):
        device, token = self.paired()
        live = self.connected(device, deviceToken=token)
        with self.daemon.client() as admin:
            revoked = admin.call("device.token.revoke", {"deviceId": device.id})
        self.assertEqual(revoked["deviceId"], device.id)
        closed = live.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1008, "device token revoked"))
        error = self.refused(device, self.params(deviceToken=token))
        self.assertEqual(error["details"]["code"], "AUTH_DEVICE_TOKEN_MISMATCH")

    def test_a_rotated_token_replaces_the_old_one(self):
        device, old = self.paired(WRITE)
        with self.daemon.client() as admin:
            rotated = admin.call("device.token.rotate", {"deviceId": device.id})
            self.assertEqual(rotated["scopes"], list(WRITE))
            with self.assertRaises(RpcError) as caught:
                admin.call("device.token.rotate", {"deviceId": device.id,
                                                   "scopes": ["operator.pairing"]})
            self.assertIn("not approved for these scopes", caught.exception.message)
        self.assertEqual(self.connected(device, deviceToken=rotated["token"])
                         .hello["auth"]["method"], "device-token")
        error = self.refused(device, self.params(deviceToken=old))
        self.assertEqual(error["details"]["code"], "AUTH_DEVICE_TOKEN_MISMATCH")

    def test_a_removed_device_is_unknown(self):
        device, token = self.paired()
        live = self.connected(device, deviceToken=token)
        with self.daemon.client() as admin:
            self.assertTrue(admin.call("device.pair.rename",
                                       {"deviceId": device.id, "label": "desk"})["ok"])
            self.assertEqual(self.entry(device)["label"], "desk")
            self.assertTrue(admin.call("device.pair.remove", {"deviceId": device.id})["ok"])
            for method in ("device.pair.remove", "device.token.revoke", "device.token.rotate"):
                with self.assertRaises(RpcError) as caught:
                    admin.call(method, {"deviceId": device.id})
                self.assertEqual(caught.exception.error["details"]["code"], "DEVICE_NOT_FOUND")
        self.assertEqual(live.wait_closed().reason, "device removed")
        error = self.refused(device, self.params(deviceToken=token))
        self.assertEqual(error["details"]["code"], "AUTH_DEVICE_TOKEN_MISMATCH")

    def test_with_the_pairing_scope_alone_a_device_manages_itself_only(self):
        admin, _ = self.paired(ADMIN)
        helper, token = self.paired(PAIRING)
        client = self.connected(helper, scopes=PAIRING, deviceToken=token)
        # No device of its own: the shared secret with the pairing scope.
        bare = self.daemon.client(scopes=PAIRING)
        self.addCleanup(bare.close)
        calls = (("device.pair.rename", {"label": "taken"}), ("device.token.rotate", {}),
                 ("device.token.revoke", {}), ("device.pair.remove", {}))
        for caller, device in ((client, admin), (bare, admin), (bare, helper), (client, Device())):
            for method, params in calls:
                with self.subTest(method), self.assertRaises(RpcError) as caught:
                    caller.call(method, {"deviceId": device.id, **params})
                self.assertEqual((caught.exception.code,
                                  caught.exception.error["details"]["missingScope"]),
                                 ("FORBIDDEN", "operator.admin"))
        self.assertNotEqual(self.entry(admin).get("label"), "taken")
        client.call("device.pair.rename", {"deviceId": helper.id, "label": "mine"})
        self.assertEqual(self.entry(helper)["label"], "mine")
        token = client.call("device.token.rotate", {"deviceId": helper.id})["token"]
        self.assertEqual(client.wait_closed().reason, "device token changed")
        client = self.connected(helper, scopes=PAIRING, deviceToken=token)
        client.call("device.pair.remove", {"deviceId": helper.id})
        self.assertEqual(client.wait_closed().reason, "device removed")
        self.assertIsNone(self.entry(helper))

    def test_a_key_of_small_order_is_no_key(self):
        device = Device()
        device.raw, device.public_key = ed25519.NEUTRAL, base64url(ed25519.NEUTRAL)
        device.id = hashlib.sha256(device.raw).hexdigest()
        error = self.refused(device, self.params(self.daemon.token),
                             signature=base64url(ed25519.NEUTRAL + bytes(32)))
        self.assertEqual(error["details"]["code"], "DEVICE_AUTH_PUBLIC_KEY_INVALID")
        self.assertIsNone(self.entry(device))

    def test_a_page_in_a_browser_connects_by_its_device(self):
        device = Device()
        client = self.daemon.stranger(
            headers=(f"Origin: http://127.0.0.1:{self.daemon.port}",))
        self.addCleanup(client.close)
        params = self.params(self.daemon.token, ADMIN, password=self.daemon.token)
        params["client"] = {**params["client"], "id": "openclaw-control-ui", "mode": "webchat"}
        hello = client.connect(params, device)
        self.assertIn("deviceToken", hello["auth"])

    def test_what_was_refused_is_on_record_when_the_gateway_has_stopped(self):
        for _ in range(2):
            self.refused(None, self.params())
        self.assertEqual(self.daemon.stop(), 0)
        events = self.daemon.events()
        kinds = [event["kind"] for event in events]
        self.assertEqual(kinds.count("ConnectsRefused"), 1)
        self.assertLess(kinds.index("ConnectsRefused"), kinds.index("EngineStopped"))


if __name__ == "__main__":
    unittest.main()
