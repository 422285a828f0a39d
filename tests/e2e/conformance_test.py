"""The protocol's handshake and frames, a row each, as OpenClaw's gateway answers them."""

import copy
import json
import signal
import unittest

from daemon import PATIENCE, Daemon
from device import Device
from spine_client import BINARY, Closed, RpcError, WebSocket, connect_params

CONFIG = {"gateway": {"auth": {"mode": "token"}, "rate_limit": {"requests_per_minute": 0}}}
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
ALLOWED = "must be equal to one of the allowed values"

# What is changed about good params ("a.b" is b in a; None takes away) and what is said of it.
SHAPES = [
    ({"client.id": "nope"}, f"at /client/id: {ALLOWED}"),
    ({"client.mode": "nope"}, f"at /client/mode: {ALLOWED}"),
    ({"client.id": 1}, "at /client/id: must be string"),
    ({"client.version": None}, "at /client: must have required property 'version'"),
    ({"client.platform": None}, "at /client: must have required property 'platform'"),
    ({"client.color": "red"}, "at /client: unexpected property 'color'"),
    ({"client": None}, "must have required property 'client'"),
    ({"client": "cli"}, "at /client: must be object"),
    ({"minProtocol": None}, "must have required property 'minProtocol'"),
    ({"maxProtocol": "4"}, "at /maxProtocol: must be integer"),
    ({"minProtocol": 0}, "at /minProtocol: must be >= 1"),
    ({"foo": 1}, "at root: unexpected property 'foo'"),
    ({"scopes": "operator.read"}, "at /scopes: must be array"),
    ({"scopes": [1]}, "at /scopes: items must be string"),
    ({"caps": [1]}, "at /caps: items must be string"),
    ({"auth": "x"}, "at /auth: must be object"),
    ({"auth.color": "red"}, "at /auth: unexpected property 'color'"),
    ({"device": {}}, "at /device: must have required property 'id'"),
    ({"device": {"id": "x", "publicKey": "y", "signature": "z"}},
     "at /device: must have required property 'signedAt'"),
]


def changed(params, changes):
    params = copy.deepcopy(params)
    for path, value in changes.items():
        *folders, name = path.split(".")
        place = params
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
        if value is None:
            del place[name]
    return params


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(CONFIG).start()
        cls.addClassCleanup(cls.daemon.close)

    def params(self, changes=None, **options):
        return changed(connect_params(self.daemon.token, **options), changes or {})

    def stranger(self, **options):
        client = self.daemon.stranger(**options)
        self.addCleanup(client.close)
        return client

    def client(self, **options):
        client = self.daemon.client(**options)
        self.addCleanup(client.close)
        return client

    def refused(self, params, device=None, close=1008, client=None, **proof):
        """The error of a connect that is refused, after which the connection is closed."""
        client = client or self.stranger()
        self.addCleanup(client.close)
        with self.assertRaises(RpcError) as caught:
            client.connect(params, device, **proof)
        error = caught.exception.error
        closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (close, error["message"]))
        return error

    def check_refused(self, error, code, message, detail):
        self.assertEqual(error["code"], code)
        self.assertTrue(error["message"].startswith(message), error["message"])
        self.assertEqual(error["details"]["code"], detail)

    # 2.1 Sequence

    def test_the_challenge_comes_first(self):
        with WebSocket(self.daemon.port, timeout=PATIENCE) as connection:
            challenge = json.loads(connection.receive())
        self.assertEqual((challenge["type"], challenge["event"]), ("event", "connect.challenge"))
        self.assertNotIn("seq", challenge)
        self.assertRegex(challenge["payload"]["nonce"], UUID)
        self.assertIsInstance(challenge["payload"]["ts"], int)

    def test_every_connection_has_a_nonce_of_its_own(self):
        nonces = {self.stranger().challenge["nonce"] for _ in range(5)}
        self.assertEqual(len(nonces), 5)

    def test_the_shape_of_connect_is_checked_in_the_known_words(self):
        for changes, words in SHAPES:
            with self.subTest(changes):
                error = self.refused(self.params(changes))
                self.assertEqual(error, {"code": "INVALID_REQUEST",
                                         "message": f"invalid connect params: {words}"})

    def test_all_known_members_are_accepted(self):
        params = self.params({
            "commands": [], "permissions": {"a": True}, "pathEnv": "/bin", "locale": "en",
            "userAgent": "x", "modelCatalog": {"sessionKey": "main"}, "computerUse": {},
            "workerRuns": {}, "client.displayName": "n", "client.buildId": "b",
            "client.deviceFamily": "Linux", "client.modelIdentifier": "m",
            "client.timeZone": "Europe/Berlin", "client.instanceId": "i"})
        self.assertEqual(self.stranger().connect(params)["type"], "hello-ok")

    def test_a_second_connect_is_an_error_and_no_more(self):
        client = self.client()
        with self.assertRaises(RpcError) as caught:
            client.call("connect", self.params())
        self.assertEqual(caught.exception.message, "connect is only valid as the first request")
        self.assertTrue(client.call("health")["ok"])

    def test_anything_else_first_is_refused(self):
        client = self.stranger()
        with self.assertRaises(RpcError) as caught:
            client.call("health", {})
        words = "invalid handshake: first request must be connect"
        self.assertEqual((caught.exception.code, caught.exception.message),
                         ("INVALID_REQUEST", words))
        closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1008, words))

    def test_what_is_no_json_before_connect_closes_without_a_word(self):
        client = self.stranger()
        client.send("{")
        closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1000, ""))

    def test_a_connect_in_a_binary_frame_is_accepted(self):
        client = self.stranger()
        text, request = client.request("connect", self.params())
        client.send(text, BINARY)
        self.assertEqual(client.response(request)["type"], "hello-ok")

    def test_other_protocols_are_refused_with_1002(self):
        for low, high in ((5, 9), (1, 3), (3, 3)):
            with self.subTest((low, high)):
                error = self.refused(self.params(minimum=low, maximum=high), close=1002)
                self.assertEqual(error["message"], "protocol mismatch")
                self.assertEqual(error["details"], {
                    "code": "PROTOCOL_MISMATCH", "clientMinProtocol": low,
                    "clientMaxProtocol": high, "expectedProtocol": 4,
                    "minimumProbeProtocol": 3})
        for low, high in ((1, 4), (4, 99)):
            self.assertEqual(self.stranger().connect(
                self.params(minimum=low, maximum=high))["protocol"], 4)

    def test_probes_and_nodes_may_speak_protocol_3(self):
        for changes in ({"client.mode": "probe", "client.version": "dev"}, {"role": "node"}):
            params = self.params(changes, minimum=3, maximum=3)
            self.assertEqual(self.stranger().connect(params)["type"], "hello-ok")

    def test_roles_are_operator_and_node(self):
        self.assertEqual(self.refused(self.params({"role": "worker"}))["message"], "invalid role")
        without = self.stranger().connect(self.params({"role": None}))
        self.assertEqual(without["auth"]["role"], "operator")
        node = self.stranger().connect(self.params({"role": "node"}))
        self.assertEqual((node["auth"]["role"], node["auth"]["scopes"]), ("node", []))

    # 2.2 hello-ok

    def test_hello_has_what_clients_need(self):
        hello = self.client(scopes=("operator.read", "operator.nonsense")).hello
        self.assertEqual((hello["type"], hello["protocol"]), ("hello-ok", 4))
        self.assertRegex(hello["server"]["connId"], UUID)
        self.assertTrue(hello["server"]["version"])
        for event in ("connect.challenge", "agent", "chat", "presence", "tick", "shutdown", "health"):
            self.assertIn(event, hello["features"]["events"])
        self.assertIn("published-model-catalog", hello["features"]["capabilities"])
        snapshot = hello["snapshot"]
        self.assertEqual(snapshot["presence"][0]["reason"], "self")
        self.assertEqual(snapshot["health"]["agents"][0]["agentId"], "main")
        self.assertEqual(set(snapshot["stateVersion"]), {"presence", "health"})
        self.assertIsInstance(snapshot["uptimeMs"], int)
        self.assertEqual(snapshot["sessionDefaults"]["mainSessionKey"], "agent:main:main")
        self.assertEqual(hello["auth"], {"role": "operator", "scopes": ["operator.read"],
                                         "method": "token"})
        self.assertEqual(hello["policy"], {"maxPayload": 26_214_400,
                                           "maxBufferedBytes": 52_428_800,
                                           "tickIntervalMs": 30_000})

    def test_the_methods_of_hello_are_those_that_are_served(self):
        client = self.client()
        methods = client.hello["features"]["methods"]
        self.assertEqual(methods, sorted(set(methods)))
        for method in methods:
            try:
                client.call(method, {})
            except RpcError as error:
                self.assertNotIn("unknown method", error.message, method)
        for method in ("nope", "Health", "health ", "connect.challenge", "poll", "terminal.open",
                       "cron.add", "cron.remove", "update.run"):
            self.assertNotIn(method, methods)
            with self.assertRaises(RpcError) as caught:
                client.call(method, {})
            self.assertEqual((caught.exception.code, caught.exception.message),
                             ("INVALID_REQUEST", f"unknown method: {method}"))

    # 2.3 Auth

    def test_the_secret_is_accepted_as_token_or_password(self):
        for auth in ({"token": self.daemon.token}, {"password": self.daemon.token},
                     {"token": self.daemon.token, "password": self.daemon.token},
                     {"token": "stale", "password": self.daemon.token}):
            hello = self.stranger().connect({**connect_params(None), "auth": auth})
            self.assertEqual(hello["auth"]["method"], "token")

    def test_a_wrong_secret_is_told_as_such(self):
        for auth in ({"token": "wrong"}, {"password": "wrong"}, {"token": self.daemon.token[:-1]}):
            error = self.refused({**connect_params(None), "auth": auth})
            self.check_refused(error, "INVALID_REQUEST",
                               "unauthorized: gateway token mismatch (", "AUTH_TOKEN_MISMATCH")
            self.assertEqual(error["details"]["authReason"], "token_mismatch")
            self.assertIs(error["details"]["canRetryWithDeviceToken"], False)
            self.assertEqual(error["details"]["recommendedNextStep"], "update_auth_credentials")
        self.stranger().connect(self.params())  # and the delay of wrong ones is over

    def test_who_shows_nothing_is_asked_for_a_device(self):
        self.check_refused(self.refused(connect_params(None)), "NOT_PAIRED",
                           "device identity required", "DEVICE_IDENTITY_REQUIRED")
        for auth in (None, {"token": self.daemon.token}):
            page = self.params({"client.id": "openclaw-control-ui", "client.mode": "webchat",
                                "auth": auth})
            self.check_refused(self.refused(page), "INVALID_REQUEST", "control ui requires",
                               "CONTROL_UI_DEVICE_IDENTITY_REQUIRED")

    def test_a_device_without_a_token_lacks_the_token(self):
        self.check_refused(self.refused(connect_params(None), Device()), "INVALID_REQUEST",
                           "unauthorized: gateway token missing (", "AUTH_TOKEN_MISSING")

    def test_pages_of_other_sites_are_refused(self):
        page = self.stranger(headers=("Origin: https://evil.example",))
        error = self.refused_page(page)
        self.check_refused(error, "INVALID_REQUEST", "origin not allowed (",
                           "CONTROL_UI_ORIGIN_NOT_ALLOWED")
        self.assertEqual(error["details"]["reason"], "origin not allowed")
        own = self.stranger(headers=(f"Origin: http://127.0.0.1:{self.daemon.port}",))
        self.assertEqual(own.connect(self.params())["type"], "hello-ok")

    def refused_page(self, client):
        with self.assertRaises(RpcError) as caught:
            client.connect(self.params())
        closed = client.wait_closed()
        self.assertEqual(closed.code, 1008)
        self.assertTrue(caught.exception.message.startswith(closed.reason) and closed.reason)
        return caught.exception.error

    def test_other_host_names_get_no_upgrade(self):
        with self.assertRaises(Closed) as closed:
            WebSocket(self.daemon.port, host_name="evil.example")
        self.assertIn(" 403 ", closed.exception.reason.split("\r\n")[0])

    def test_deflate_is_never_accepted(self):
        with WebSocket(self.daemon.port, headers=(
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",)) as connection:
            self.assertNotIn("extensions", connection.upgrade.lower())

    def other_gateway(self, auth):
        daemon = Daemon({"gateway": {"auth": auth}})
        self.addCleanup(daemon.close)
        return daemon.start()

    def test_a_password_is_asked_for_where_there_is_one(self):
        daemon = self.other_gateway({"mode": "password", "password": "open sesame"})
        for auth in ({"password": "open sesame"}, {"token": "open sesame"}):
            with daemon.stranger() as client:
                hello = client.connect({**connect_params(None), "auth": auth})
                self.assertEqual(hello["auth"]["method"], "password")
        for auth, device, code in (({"password": "wrong"}, None, "AUTH_PASSWORD_MISMATCH"),
                                   ({}, Device(), "AUTH_PASSWORD_MISSING")):
            error = self.refused({**connect_params(None), "auth": auth}, device,
                                 client=daemon.stranger())
            self.assertEqual(error["details"]["code"], code)

    def test_who_guesses_is_locked_out(self):
        daemon = self.other_gateway({"mode": "token", "token": "a good secret", "rateLimit": {
            "maxAttempts": 2, "windowMs": 60_000, "lockoutMs": 60_000, "exemptLoopback": False}})
        for token in ("one", "two"):
            error = self.refused(connect_params(token), client=daemon.stranger())
            self.assertEqual(error["details"]["code"], "AUTH_TOKEN_MISMATCH")
        error = self.refused(connect_params("a good secret"), client=daemon.stranger())
        self.check_refused(error, "INVALID_REQUEST", "unauthorized: too many failed "
                           "authentication attempts (retry later)", "AUTH_RATE_LIMITED")
        self.assertIs(error["retryable"], True)
        self.assertTrue(0 < error["retryAfterMs"] <= 60_000)
        with daemon.local_client() as owner:  # who is at the machine is not
            self.assertTrue(owner.call("health")["ok"])

    # 2.5 Errors, numbers, the end

    def test_a_missing_scope_is_named(self):
        client = self.client(scopes=("operator.read",))
        for method, scope in (("chat.send", "write"), ("sessions.delete", "admin"),
                              ("device.pair.list", "pairing"), ("question.list", "questions"),
                              ("exec.approval.list", "approvals")):
            with self.assertRaises(RpcError) as caught:
                client.call(method, {})
            name = f"operator.{scope}"
            self.assertEqual(caught.exception.error, {
                "code": "FORBIDDEN", "message": f"missing scope: {name}",
                "details": {"code": "MISSING_SCOPE", "missingScope": name,
                            "requiredScopes": [name]}})

    def test_missing_params_are_named(self):
        client = self.client()
        for method, name in (("chat.history", "sessionKey"), ("chat.send", "sessionKey"),
                             ("agent", "message"), ("sessions.patch", "key")):
            for params in (None, {}):
                with self.assertRaises(RpcError) as caught:
                    client.call(method, params)
                self.assertEqual(caught.exception.message, f"invalid {method} params: must have "
                                                           f"required property '{name}'")

    def test_an_unexpected_member_of_a_frame_keeps_the_connection(self):
        client = self.client()
        client.send('{"type":"req","id":"x","method":"health","foo":1}')
        with self.assertRaises(RpcError) as caught:
            client.response("x")
        self.assertEqual(caught.exception.message,
                         "invalid request frame: at root: unexpected property 'foo'")
        client.send('{"type":"req","id":"y","method":"health","traceparent":"t",'
                    '"expectedProfileId":"p"}')
        self.assertTrue(client.response("y")["ok"])

    def test_a_stop_says_goodbye(self):
        daemon = Daemon(CONFIG)
        self.addCleanup(daemon.close)
        daemon.start()
        client = daemon.client()
        self.addCleanup(client.close)
        daemon.signal(signal.SIGTERM)
        self.assertEqual(client.wait_event("shutdown")["reason"], "gateway stopping")
        closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1012, "service restart"))
        self.assertEqual(daemon.wait(), 0)


if __name__ == "__main__":
    unittest.main()
