"""A channel that a client of the gateway serves: what it is pushed, what it answers, and what becomes of the rest."""

import unittest

from daemon import Daemon, wait_until
from spine_client import RpcError, channel_message

CHANNEL = "sms"
IN_FLIGHT_MAX = 64  # deliveries of one account


class Bridge(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon({"channels": {CHANNEL: {"dmPolicy": "open"}}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.bridge = self.connect()
        self.addCleanup(lambda: self.bridge.close())

    def connect(self):
        return self.daemon.client(scopes=("operator.write",))

    def serve(self, client=None, **more):
        return (client or self.bridge).call("channels.serve", {"channel": CHANNEL, **more})

    def say(self, number, text, **more):
        return self.bridge.call("channel.message", channel_message(
            f"e{number}", text, **{"conversation": "ada", "sender": "ada", "channel": CHANNEL, **more}))

    def pushed(self, client=None):
        return (client or self.bridge).wait_event("channel.delivery")

    def outcome(self, delivery, **more):
        return self.bridge.call("channels.outcome", {"delivery": delivery["delivery"],
                                                     "attempt": delivery["attempt"], **more})

    def bodies(self, kind):
        return [event["body"] for event in self.daemon.events("--kind", kind)]

    def account(self):
        with self.daemon.client() as client:
            return client.call("channels.status", {"channel": CHANNEL})["channelAccounts"][CHANNEL][0]

    def refused(self, client, method, params):
        with self.assertRaises(RpcError) as refused:
            client.call(method, params)
        return refused.exception.error["details"]["code"]

    def test_an_answer_is_pushed_and_confirmed(self):
        self.assertEqual(self.serve(), {"channel": CHANNEL, "accountId": "default", "served": True})
        self.assertEqual(self.serve()["served"], True)  # once more is no harm
        self.say(1, "hello", thread="t1")
        delivery = self.pushed()
        number = delivery.pop("delivery")
        self.assertEqual(delivery, {
            "attempt": 1, "channel": CHANNEL, "conversation": {"kind": "direct", "id": "ada"}, "threadId": "t1",
            "replyTo": "e1", "text": "echo: hello", "purpose": "answer"})
        account = self.account()
        self.assertEqual([account[key] for key in ("kind", "state", "connected", "inFlight")],
                         ["bridge", "connected", True, 1])
        self.assertIn(f"{CHANNEL}", self.daemon.run_cli("channels", "status").stdout)
        delivery["delivery"] = number
        self.assertEqual(self.refused(self.bridge, "channels.outcome", {"delivery": number, "attempt": 2, "ok": True}),
                         "DELIVERY_NOT_FOUND")
        self.assertEqual(self.outcome(delivery, ok=True, ids=["p1"]), {"delivery": number})
        self.assertEqual(self.refused(self.bridge, "channels.outcome", {"delivery": number, "ok": True}),
                         "DELIVERY_NOT_FOUND")
        self.assertEqual(self.bodies("DeliveryConfirmed")[0]["platform_ids"], ["p1"])
        states = self.bodies("ChannelStateChanged")
        self.assertEqual([(body["channel"], body["state"], body["served"]) for body in states],
                         [(CHANNEL, "connected", True)])

    def test_what_fails_for_a_while_is_pushed_again(self):
        self.serve()
        self.say(1, "hello")
        first = self.pushed()
        self.outcome(first, ok=False, kind="rate_limited", reason="too much", retryAfterMs=1)
        second = self.pushed()
        self.assertEqual((second["delivery"], second["attempt"]), (first["delivery"], 2))
        self.outcome(second, ok=False, kind="permanent", reason="no such number")
        [letter] = self.bodies("DeliveryDeadLettered")
        self.assertEqual(letter.get("reason", "permanent"), "permanent")

    def test_a_connection_that_dies_leaves_the_delivery_unknown(self):
        self.serve()
        self.say(1, "hello")
        self.pushed()
        self.bridge.close()
        wait_until(lambda: self.bodies("DeliveryDeadLettered"), "nobody knows what became of it")
        self.assertEqual(self.bodies("DeliveryFailed")[0]["kind"], "unknown")
        self.assertEqual(self.bodies("DeliveryDeadLettered")[0]["reason"], "unknown")
        self.assertEqual(self.account()["state"], "down")
        self.assertIn("Start it again", self.account()["lastError"])
        said = self.daemon.run_cli("channels", "status").stdout
        self.assertIn(f"{CHANNEL}: The bridge", said)
        self.assertNotIn("tried again", said)
        self.bridge = self.connect()
        self.serve()
        self.say(2, "more")
        self.assertEqual(self.pushed()["text"], "echo: more")

    def test_what_nobody_serves_waits_for_who_does(self):
        self.serve()
        other = self.connect()
        self.addCleanup(other.close)
        self.assertEqual(self.refused(other, "channels.serve", {"channel": CHANNEL}), "ACCOUNT_SERVED")
        self.bridge.close()
        wait_until(lambda: self.account()["state"] == "down", "its bridge is gone")
        self.bridge = other
        self.say(1, "hello")  # handed in by one that does not serve it yet
        wait_until(lambda: self.account()["deliveries"]["waiting"] == 1, "it waits")
        self.assertEqual(self.bodies("DeliveryAttempted"), [])
        self.serve()
        delivery = self.pushed()
        self.assertEqual((delivery["text"], delivery["attempt"]), ("echo: hello", 1))
        self.outcome(delivery, ok=True)
        wait_until(lambda: self.bodies("DeliveryConfirmed"), "it arrived")

    def test_what_waits_outlives_the_gateway_and_what_was_pushed_is_not_pushed_twice(self):
        for end in (self.daemon.stop, self.daemon.kill):
            self.serve()
            letters = len(self.bodies("DeliveryDeadLettered"))
            self.say(end.__name__ + "1", "first")
            self.assertEqual(self.pushed()["text"], "echo: first")
            self.say(end.__name__ + "2", "second")  # waits behind it
            wait_until(lambda: self.account()["deliveries"]["waiting"] == 2, "both wait")
            end()
            self.bridge.close()
            self.daemon.start()
            self.bridge = self.connect()
            self.serve()
            delivery = self.pushed()
            self.assertEqual(delivery["text"], "echo: second")
            self.outcome(delivery, ok=True)
            self.assertEqual(len(self.bodies("DeliveryDeadLettered")), letters + 1)

    def test_so_many_are_pushed_at_a_time_and_never_two_of_a_conversation(self):
        self.serve()
        people = range(IN_FLIGHT_MAX + 7)
        for person in people:
            for text in ("one", "two"):
                self.say(f"{person}-{text}", text, conversation=f"p{person}", sender=f"p{person}")
        wait_until(lambda: len(self.bodies("DeliveryRequested")) == 2 * len(people), "all are to be answered")
        self.assertEqual(len(self.bodies("DeliveryAttempted")), IN_FLIGHT_MAX)
        arrived = {}
        for _ in range(2 * len(people)):
            delivery = self.pushed()
            arrived.setdefault(delivery["conversation"]["id"], []).append(delivery["text"])
            self.outcome(delivery, ok=True)
        self.assertEqual(arrived, {f"p{person}": ["echo: one", "echo: two"] for person in people})

    def test_one_that_serves_nothing_is_as_before(self):
        self.say(1, "hello")
        self.serve(accountId="second")
        self.say(2, "more")
        wait_until(lambda: len(self.bodies("RunFinished")) == 2, "both were answered")
        self.assertEqual(self.bodies("DeliveryRequested"), [])
        self.say(3, "third", account="second")
        delivery = self.pushed()
        self.assertEqual((delivery["accountId"], delivery["text"]), ("second", "echo: third"))

    def test_people_are_not_served_by_switches_and_texts_can_be_sent(self):
        self.serve()
        admin = self.daemon.client()
        self.addCleanup(admin.close)
        self.assertEqual(self.refused(admin, "channels.stop", {"channel": CHANNEL}), "CHANNEL_SERVED")
        sent = admin.start("message.action", {"channel": CHANNEL, "action": "send", "idempotencyKey": "k",
                                              "params": {"to": "ada", "message": "news"}})
        delivery = self.pushed()
        self.assertEqual((delivery["text"], delivery["conversation"]["id"]), ("news", "ada"))
        self.outcome(delivery, ok=True, ids=["p9"])
        self.assertEqual(admin.response(sent)["messageId"], "p9")

    def test_a_channel_that_the_gateway_runs_itself_is_refused(self):
        self.daemon.configure({"channels": {"own": {"command": ["/bin/cat"]}}})
        self.daemon.reload()
        wait_until(lambda: any(body["channel"] == "own" for body in self.bodies("ChannelStateChanged")),
                   "the gateway has started it")
        self.assertEqual(self.refused(self.bridge, "channels.serve", {"channel": "Own"}), "CHANNEL_TAKEN")


if __name__ == "__main__":
    unittest.main()
