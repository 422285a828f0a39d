"""Keys of sessions as clients type them: every method finds what another one opened."""

import random
import unittest

from daemon import Daemon
from spine_client import RpcError, channel_message

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}},
          "agents": {"list": [{"id": "main", "default": True}, {"id": "work"}]}}
WRITER = ("operator.write",)
PARTS = ("agent", "Agent", "main", "MAIN", "work", "direct", "Anna", "@a:b", " ", "\t", "thread",
         "telegram", "%3a", "\u00e9", ":", "::", "x\ny")
# Methods that take a key, and the parameter it stands in.
TAKE_A_KEY = (("chat.send", "sessionKey"), ("sessions.send", "key"), ("sessions.steer", "key"),
              ("agent", "sessionKey"), ("chat.history", "sessionKey"),
              ("chat.startup", "sessionKey"), ("chat.abort", "sessionKey"),
              ("sessions.abort", "key"), ("sessions.describe", "key"), ("sessions.resolve", "key"),
              ("sessions.reset", "key"), ("sessions.delete", "key"), ("sessions.patch", "key"),
              ("sessions.compact", "key"), ("sessions.messages.subscribe", "key"),
              ("sessions.messages.unsubscribe", "key"), ("agent.identity.get", "sessionKey"),
              ("skills.status", "sessionKey"), ("wake", "sessionKey"),
              ("system-event", "sessionKey"))
MORE = {"message": "hello", "text": "hello", "mode": "now", "pinned": True}


def random_key(source):
    key = source.choice(("", "", "agent:main:", "AGENT:Work:", " "))
    for _ in range(source.randrange(1, 5)):
        key += source.choice(PARTS) + source.choice((":", ""))
    if source.random() < 0.2:
        key += "K" * (480 - len(key.encode()) + source.randrange(30))
    return key + source.choice(("", "", "", " ", "\t\n"))


class SessionKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(CONFIG).start()
        cls.addClassCleanup(cls.daemon.close)

    def setUp(self):
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.sent = 0

    def send(self, key, text="hello", client=None, **more):
        self.sent += 1
        return (client or self.client).call("chat.send", {
            "sessionKey": key, "message": text, "idempotencyKey": f"{self.id()}-{self.sent}",
            **more})

    def error(self, client, method, params):
        with self.assertRaises(RpcError) as caught:
            client.call(method, params)
        return caught.exception.error

    def names(self, key):
        """The keys that methods understand the typed one as."""
        call = self.client.call
        described = call("sessions.describe", {"key": key})["session"]
        return [described["key"],
                call("chat.history", {"sessionKey": key})["sessionKey"],
                call("sessions.resolve", {"key": key})["key"],
                call("sessions.compact", {"key": key})["key"],
                call("sessions.preview", {"keys": [key]})["previews"][0]["key"],
                call("sessions.messages.subscribe", {"key": key})["key"],
                call("sessions.messages.unsubscribe", {"key": key})["key"],
                call("sessions.patch", {"key": key, "unread": True})["key"],
                call("sessions.reset", {"key": key})["key"]]

    def test_whatever_a_message_opened_every_method_finds(self):
        source = random.Random(505)
        opened = 0
        while opened < 30:
            key = random_key(source)
            with self.subTest(key=key):
                try:
                    self.send(key)
                except RpcError as refused:
                    self.assertIn(refused.error["details"]["code"],
                                  ("INVALID_SESSION_KEY", "UNKNOWN_AGENT_ID"))
                    continue
                opened += 1
                history = self.client.call("chat.history", {"sessionKey": key})
                self.assertEqual(history["messages"][0]["content"][0]["text"], "hello")
                names = self.names(key)
                self.assertEqual(set(names), {names[0]})
                self.assertLessEqual(len(names[0].encode()), 512)
                self.assertEqual(set(self.names(names[0])), {names[0]})
                self.assertTrue(self.client.call("chat.abort", {"sessionKey": key})["ok"])
                if names[0] not in ("agent:main:main", "agent:work:main"):
                    deleted = self.client.call("sessions.delete", {"key": key})
                    self.assertEqual((deleted["key"], deleted["deleted"]), (names[0], True))

    def test_a_run_is_aborted_by_the_key_it_was_started_with(self):
        slow = {"agents": {"defaults": {"spine": {"delayMs": 600_000}}}}
        with Daemon({**CONFIG, **slow}) as daemon:
            daemon.start()
            with daemon.client() as client:
                for key in ("k" * 505, " Telegram:direct:Anna\n"):
                    for number, name in enumerate(("chat.abort", "sessions.abort")):
                        run = f"{len(key)}-{number}"
                        self.send(key, client=client, idempotencyKey=run)
                        param = "sessionKey" if name == "chat.abort" else "key"
                        other = client.call(name, {param: key, "runId": "another"})
                        self.assertNotIn(run, str(other))
                        answer = client.call(name, {param: key, "runId": run} if number else
                                             {param: key})
                        self.assertIn(run, str(answer))

    def test_of_a_key_agent_and_channel_fold_and_main_is_found_in_any_case(self):
        keys = {"MAIN": "agent:main:main", " main\t": "agent:main:main",
                "Agent:MAIN:Main": "agent:main:main",
                "agent:Work:Telegram:direct:Anna": "agent:work:telegram:direct:Anna",
                "agent:work:telegram:direct:anna": "agent:work:telegram:direct:anna"}
        for key, name in keys.items():
            self.send(key)
            self.assertEqual(set(self.names(key)), {name})
        self.assertTrue(self.client.call("sessions.describe", {"key": "MAIN"})["session"]["isMain"])
        self.assertIn("agent:main:main", self.error(self.client, "sessions.delete",
                                                    {"key": "Main "})["message"])

    def test_what_no_session_can_have_is_refused_by_every_method(self):
        before = self.client.call("sessions.list", {})["totalCount"]
        for key in ("agent:", "agent:x", "AGENT:x:", "agent::y", " agent:x: "):
            for method, param in TAKE_A_KEY:
                with self.subTest(method=method, key=key):
                    params = {param: key, "idempotencyKey": "once", **MORE}
                    error = self.error(self.client, method, params)
                    self.assertEqual((error["code"], error["details"]["code"]),
                                     ("INVALID_REQUEST", "INVALID_SESSION_KEY"))
            for params in ({"keys": ["main", key]},):
                error = self.error(self.client, "sessions.preview", params)
                self.assertEqual(error["details"]["code"], "INVALID_SESSION_KEY")
            error = self.error(self.client, "resume",
                               {"cursor": self.client.hello["cursor"], "sessions": [key]})
            self.assertEqual(error["details"]["code"], "INVALID_SESSION_KEY")
        self.assertEqual(self.client.call("sessions.list", {})["totalCount"], before)

    def test_a_typed_key_is_subscribed_to_and_resumed(self):
        key = " Watched:Anna "
        with self.daemon.client() as watcher:
            subscribed = watcher.call("sessions.messages.subscribe", {"key": key})
            self.assertEqual(subscribed["key"], "agent:main:watched:Anna")
            self.send(key)
            told = watcher.wait_event("session.message")
            self.assertEqual(told["sessionKey"], subscribed["key"])
            cursor = watcher.hello["cursor"]
        with self.daemon.client() as again:
            answer = again.call("resume", {"cursor": cursor, "sessions": [key, key.strip()]})
            self.assertTrue(answer["recovered"])
            told = again.wait_event("session.message")
            self.assertEqual(told["sessionKey"], subscribed["key"])
            self.send("watched:Anna", "more")
            again.wait_event("session.message", lambda message:
                             message["message"]["content"][0].get("text") == "more")

    def test_a_word_does_not_do_what_a_method_refuses(self):
        self.send("kept")
        life = self.client.call("sessions.describe", {"key": "kept"})["session"]["sessionId"]
        with self.daemon.client(scopes=WRITER) as writer:
            refused = self.error(writer, "sessions.reset", {"key": "kept"})
            for method, param in TAKE_A_KEY[:4]:
                for number, word in enumerate(("/new", "/reset", " /RESET\n")):
                    with self.subTest(method=method, word=word):
                        error = self.error(writer, method, {
                            param: "kept", "message": word, "idempotencyKey": f"{method}{number}"})
                        self.assertEqual(error, refused)
            made = writer.call("sessions.create", {"message": "/reset"})
            self.assertEqual(made["messageRefused"], "missing scope: operator.admin")
            writer.call("wake", {"mode": "now", "text": "/reset", "sessionKey": "kept"})
            self.assertEqual(self.send("kept", "/news", client=writer)["status"], "started")
        session = self.client.call("sessions.describe", {"key": "kept"})["session"]
        self.assertEqual(session["sessionId"], life)
        self.assertFalse(self.send("kept", "/reset")["run"])
        session = self.client.call("sessions.describe", {"key": "kept"})["session"]
        self.assertNotEqual(session["sessionId"], life)

    def test_a_sender_on_a_channel_resets_its_own_conversation(self):
        with self.daemon.client(scopes=WRITER) as bridge:
            first = bridge.call("channel.message", channel_message("w1", "hi", sender="Anna"))
            other = bridge.call("channel.message", channel_message("w2", "hi", sender="anna"))
            self.assertEqual((first["sessionKey"], other["sessionKey"]),
                             ("agent:main:test:direct:Anna", "agent:main:test:direct:anna"))
            lives = [self.life(ack) for ack in (first, other)]
            bridge.call("channel.message", channel_message("w3", "/new", sender="Anna"))
            self.assertNotEqual(self.life(first), lives[0])
            self.assertEqual(self.life(other), lives[1])

    def life(self, ack):
        return self.client.call("sessions.describe",
                                {"key": ack["sessionKey"]})["session"]["sessionId"]


if __name__ == "__main__":
    unittest.main()
