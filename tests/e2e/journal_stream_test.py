"""journal.subscribe: the journal's events, past and live in one stream."""

import unittest

from daemon import Daemon
from spine_client import RpcError, channel_message

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}}}
ANNA = "agent:main:test:direct:anna"


class JournalStream(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(CONFIG)
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def say(self, client, number, sender="anna"):
        client.call("channel.message",
                    channel_message(f"{sender}{number}", f"text {number}", sender=sender))

    def talk(self, count, sender="anna"):
        with self.daemon.listener() as client:
            for number in range(count):
                self.say(client, number, sender)
                client.wait_event("chat", lambda chat: chat["state"] == "final")

    def take(self, client, upto):
        """The events of the stream up to that seq."""
        events = []
        while not events or events[-1]["seq"] < upto:
            events.append(client.wait_event("journal"))
        return events

    def refused(self, client, params):
        with self.assertRaises(RpcError) as caught:
            client.call("journal.subscribe", params)
        return caught.exception.error

    def test_past_and_live_come_in_one_stream(self):
        self.talk(3)
        with self.daemon.client() as client:
            client.call("sessions.patch", {"key": ANNA, "label": "Anna", "pinned": True})
            answer = client.call("journal.subscribe", {"fromSeq": 1})
            self.assertEqual((answer["subscribed"], answer["fromSeq"]), (True, 1))
            past = self.take(client, answer["headSeq"])
            self.say(client, 99)
            while past[-1]["kind"] != "RunFinished" or past[-1]["seq"] <= answer["headSeq"]:
                past.append(client.wait_event("journal"))
            self.assertEqual([event["seq"] for event in past], list(range(1, past[-1]["seq"] + 1)))
            self.assertEqual(client.call("journal.unsubscribe"), {"subscribed": False, "was": True})
            self.say(client, 100)
            client.call("health")
            self.assertNotIn("journal", [event["event"] for event in client.events])
            self.assertEqual(client.call("journal.unsubscribe"), {"subscribed": False, "was": False})
        # The same that the command line prints.
        dumped = self.daemon.events("--to", str(past[-1]["seq"]))
        for streamed, event in zip(past, dumped, strict=True):
            for name in ("seq", "kind", "cause", "correlation", "input", "body"):
                self.assertEqual(streamed[name], event[name], name)
            self.assertEqual(streamed["ts"], event["wallMs"])
            self.assertEqual(streamed.get("sessionKey"), (event["session"] or {}).get("key"))

    def test_a_stream_goes_on_where_its_cursor_is_also_after_kill_9(self):
        self.talk(2)
        with self.daemon.client() as client:
            client.call("journal.subscribe", {"last": 3, "kinds": ["RunFinished"]})
            event = client.wait_event("journal")
            self.assertEqual(event["body"]["text"], "echo: text 1")
        self.talk(1, sender="bob")
        self.daemon.kill()
        self.daemon.start()
        with self.daemon.client() as client:
            answer = client.call("journal.subscribe", {"cursor": event["cursor"]})
            self.assertEqual(answer["fromSeq"], event["seq"] + 1)
            seqs = [event["seq"] for event in self.take(client, answer["headSeq"])]
            self.assertEqual(seqs, list(range(answer["fromSeq"], answer["headSeq"] + 1)))

    def test_what_is_not_asked_for_is_left_out(self):
        self.talk(2)
        self.talk(2, sender="bob")
        with self.daemon.client() as client:
            client.call("journal.subscribe", {"fromSeq": 1, "kinds": ["MessageReceived"],
                                              "sessionKey": ANNA})
            self.say(client, 7, sender="bob")
            self.say(client, 8)
            texts = [client.wait_event("journal")["body"]["text"] for _ in range(3)]
            self.assertEqual(texts, ["text 0", "text 1", "text 8"])
            # A second one takes the place of the first; nothing of the past is asked for.
            client.call("journal.subscribe", {"kinds": ["MessageReceived"]})
            self.say(client, 9, sender="bob")
            event = client.wait_event("journal")
            self.assertEqual(event["body"]["text"], "text 9")
            self.assertEqual([e for e in client.events if e["event"] == "journal"], [])
            since = client.call("journal.subscribe", {"fromTime": event["ts"],
                                                      "kinds": ["MessageReceived"]})
            self.assertLessEqual(since["fromSeq"], event["seq"])
            self.assertIn("text 9", [e["body"]["text"] for e in self.take(client, event["seq"])])
            later = client.call("journal.subscribe", {"fromTime": event["ts"] + 3_600_000})
            self.assertEqual(later["fromSeq"], later["headSeq"] + 1)

    def test_every_subscribe_is_answered_at_once(self):
        self.talk(1)
        with self.daemon.client() as client:
            cursor = client.call("journal.subscribe", {})["cursor"]
            # Nothing is behind that cursor yet, and nothing comes: it is answered all the same.
            head = client.call("journal.subscribe", {"cursor": cursor})
            self.assertEqual(head["fromSeq"], head["headSeq"] + 1)
            first = client.start("journal.subscribe", {"fromSeq": 1})
            second = client.start("journal.subscribe", {})
            with self.assertRaises(RpcError):
                client.response(first)
            self.assertTrue(client.response(second)["subscribed"])

    def test_a_stream_outlives_the_session_that_it_follows(self):
        self.talk(2)
        with self.daemon.client() as client:
            client.call("journal.subscribe", {"sessionKey": ANNA})
            client.call("sessions.delete", {"key": ANNA})
            self.assertEqual(client.wait_event("journal")["kind"], "SessionClosed")
            self.say(client, 7)  # a session of the same key, and another one
            client.wait_event("chat", lambda chat: chat["state"] == "final")
            client.call("health")
            self.assertEqual([e for e in client.events if e["event"] == "journal"], [])

    def test_a_long_body_is_left_out(self):
        with self.daemon.client() as client:
            client.call("journal.subscribe", {"kinds": ["MessageReceived"]})
            client.call("channel.message", channel_message("long", "x" * 100_000, sender="anna"))
            event = client.wait_event("journal")
            self.assertIsNone(event["body"])
            self.assertGreater(event["bodyBytes"], 100_000)
            self.say(client, 1)
            self.assertEqual(client.wait_event("journal")["body"]["text"], "text 1")

    def test_there_are_not_too_many_streams(self):
        clients = [self.daemon.client() for _ in range(5)]
        try:
            for client in clients[:4]:
                client.call("journal.subscribe", {})
            self.assertEqual(self.refused(clients[4], {})["code"], "UNAVAILABLE")
            clients[0].call("journal.subscribe", {"last": 1})  # takes its own one's place
            clients[0].call("journal.unsubscribe")
            clients[4].call("journal.subscribe", {})
        finally:
            for client in clients:
                client.close()

    def test_a_cursor_that_leads_nowhere_is_told_why(self):
        self.talk(1)
        with self.daemon.client() as client:
            cursor = client.call("journal.subscribe", {})["cursor"]
            epoch, seq, ordinal = cursor.split(".")
            other = ("1" if epoch[0] == "0" else "0") + epoch[1:]
            for bad, code in (("rubbish", "CURSOR_MALFORMED"),
                              (f"{other}.{seq}.{ordinal}", "CURSOR_FOREIGN"),
                              (f"{epoch}.{int(seq) + 1000}.{ordinal}", "CURSOR_AHEAD"),
                              (f"{epoch}.{2**64 - 1}.{ordinal}", "CURSOR_AHEAD")):
                with self.subTest(cursor=bad):
                    self.assertEqual(self.refused(client, {"cursor": bad})["details"]["code"], code)
            self.assertEqual(self.refused(client, {"fromSeq": 10**9})["details"]["code"],
                             "CURSOR_AHEAD")
            self.assertIn("alone", self.refused(client, {"fromSeq": 1, "last": 2})["message"])
            self.assertIn("kinds", self.refused(client, {"kinds": ["Nothing"]})["message"])
            self.assertIn("No session", self.refused(client, {"sessionKey": "nobody"})["message"])
        with self.daemon.client(scopes=("operator.write",)) as client:
            self.assertEqual(self.refused(client, {})["details"]["code"], "MISSING_SCOPE")


if __name__ == "__main__":
    unittest.main()
