"""Beyond loopback: no start without TLS, wss from another address, the CLI beside it all."""

import json
import pathlib
import shutil
import socket
import ssl
import tempfile
import unittest
import warnings

from daemon import Daemon, wait_until
from device import Device
from spine_client import RpcError, connect_params
from tls import context_of, https, make_certificate, outer_address, tls_client

OPENSSL = shutil.which("openssl")
SCOPES = ("operator.read", "operator.write")


class OpenBind(unittest.TestCase):
    def refusal(self, config):
        with Daemon(config) as daemon:
            daemon.start(wait=False)
            self.assertEqual(daemon.wait(), 1)
            self.assertFalse((daemon.state_dir / "journal").exists(), "it wrote before it refused")
            return daemon.text()

    def test_without_tls_it_does_not_start_and_says_where_why_and_both_ways_out(self):
        for bind in ('"bind": "lan"', '"host": "0.0.0.0"', '"bind": "custom", "customBindHost": "192.0.2.7"'):
            text = self.refusal("{\n  \"gateway\": {\n    %s\n  }\n}\n" % bind)
            self.assertRegex(text, r"openclaw\.json:3:\d+: gateway\.", bind)
            self.assertIn("there is no TLS", text)
            self.assertIn("gateway.tls.certPath", text)
            self.assertIn("terminatedByProxy", text)
            self.assertIn("SSH tunnel", text)

    def test_files_that_are_no_certificate_do_not_start(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "cert.pem"
            path.write_text("no certificate", encoding="utf-8")
            path.chmod(0o600)
            text = self.refusal({"gateway": {"bind": "lan", "tls": {
                "enabled": True, "certPath": str(path), "keyPath": str(path)}}})
            self.assertIn(str(path), text)


class TlsGateway(unittest.TestCase):
    """One gateway for a class, on every address of this machine."""

    @classmethod
    def setUpClass(cls):
        cls.outer = outer_address()
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.close)
        certificate, key = make_certificate(cls.daemon.folder, *filter(None, [cls.outer]))
        cls.context = context_of(certificate)
        cls.daemon.configure({"gateway": {"bind": "lan", "tls": {
            "enabled": True, "certPath": str(certificate), "keyPath": str(key)}}})
        cls.daemon.start(wait=False)
        cls.daemon.wait_bound()
        wait_until(cls.ready, "the gateway is ready")

    @classmethod
    def ready(cls):
        return https(cls.context, cls.daemon.port, "/ready")[0] == 200

    def from_outside(self, device=None, token=None, **auth):
        """A client that comes by an address that is not loopback."""
        if self.outer is None:
            self.skipTest("this machine has no address but loopback")
        client = tls_client(self.context, self.outer, self.daemon.port, handshake=False)
        self.addCleanup(client.close)
        params = connect_params(token, SCOPES)
        if auth:
            params["auth"] = {**params.get("auth", {}), **auth}
        client.connect(params, device)
        return client

    def refused(self, *args, **options):
        with self.assertRaises(RpcError) as caught:
            self.from_outside(*args, **options)
        return caught.exception.error

    def cli(self, *arguments):
        answer = self.daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return answer.stdout


@unittest.skipUnless(OPENSSL, "openssl is not installed")
class Tls(TlsGateway):
    def test_https_has_strict_transport_security_and_a_modern_protocol(self):
        status, headers, body = https(self.context, self.daemon.port, "/health")
        self.assertEqual((status, json.loads(body)["ok"]), (200, True))
        self.assertIn("max-age=", headers["Strict-Transport-Security"])
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(OSError):
            https(old, self.daemon.port, "/health")

    def test_plain_http_is_turned_away(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            try:
                while piece := plain.recv(4096):
                    answer += piece
            except ConnectionResetError:
                pass
        self.assertNotIn(b"healthy", answer)
        self.assertNotIn(b"200", answer)

    def test_from_this_machine_the_token_is_enough(self):
        client = tls_client(self.context, "127.0.0.1", self.daemon.port, token=self.daemon.token)
        self.addCleanup(client.close)
        self.assertTrue(client.call("health")["ok"])

    def test_from_outside_the_token_alone_is_not_enough(self):
        error = self.refused(token=self.daemon.token)
        self.assertEqual(error["details"]["code"], "DEVICE_IDENTITY_REQUIRED")

    def test_from_outside_a_device_has_to_be_approved_even_with_the_token(self):
        device = Device()
        error = self.refused(device, self.daemon.token)
        self.assertEqual((error["code"], error["details"]["code"]), ("NOT_PAIRED", "PAIRING_REQUIRED"))
        request = error["details"]["requestId"]
        listed = json.loads(self.cli("devices", "list", "--json"))["pending"]
        self.assertIn((request, self.outer), [(row["requestId"], row.get("remoteIp")) for row in listed])
        self.cli("devices", "approve", request)
        client = self.from_outside(device, self.daemon.token)
        self.assertTrue(client.call("health")["ok"])

    def test_other_names_than_its_own_are_refused(self):
        status = https(self.context, self.daemon.port, "/health", headers={"Host": "evil.example"})[0]
        self.assertEqual(status, 403)
        if self.outer is not None:
            self.assertEqual(https(self.context, self.daemon.port, "/health", self.outer)[0], 200)

    def test_the_command_line_goes_by_the_control_socket(self):
        status = json.loads(self.cli("status", "--json"))
        self.assertIn("healthy", json.dumps(status))
        self.assertIn("wss://", self.cli("status"))
        self.assertIn("echo: hello over there", self.cli("send", "hello over there"))
        self.assertIsInstance(json.loads(self.cli("devices", "list", "--json"))["pending"], list)


@unittest.skipUnless(OPENSSL, "openssl is not installed")
class TlsGuessing(TlsGateway):
    def test_from_outside_a_wrong_token_counts_and_locks(self):
        codes = [self.refused(token="wrong")["details"]["code"] for _ in range(12)]
        self.assertEqual(codes[0], "AUTH_TOKEN_MISMATCH")
        self.assertEqual(codes[-1], "AUTH_RATE_LIMITED")
        client = tls_client(self.context, "127.0.0.1", self.daemon.port, token=self.daemon.token)
        client.close()  # who guesses elsewhere does not lock this machine out


@unittest.skipUnless(OPENSSL, "openssl is not installed")
class TlsStop(unittest.TestCase):
    def test_spine_stop_ends_a_gateway_that_speaks_tls(self):
        with Daemon() as daemon:
            certificate, key = make_certificate(daemon.folder)
            daemon.configure({"gateway": {"tls": {
                "enabled": True, "certPath": str(certificate), "keyPath": str(key)}}})
            daemon.start(wait=False)
            daemon.wait_bound()
            context = context_of(certificate)
            wait_until(lambda: https(context, daemon.port, "/ready")[0] == 200, "the gateway is ready")
            answer = daemon.run_cli("stop")
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
            self.assertEqual(daemon.wait(), 0)
            self.assertFalse((daemon.state_dir / "control.sock").exists())


if __name__ == "__main__":
    unittest.main()
