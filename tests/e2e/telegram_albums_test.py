"""Telegram: what is sent as one is one turn, groups move, and what cannot be read is refused and told."""

import unittest

from daemon import Daemon, wait_until
from telegram_server import TelegramServer

GROUP = -1_000_000_000_005


class Albums(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.daemon = None

    def start(self, inbound=None, **more):
        self.daemon = Daemon({"channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root, **more}},
            "messages": {"inbound": inbound or {}}}).start()
        self.addCleanup(self.end)
        return self.daemon

    def end(self):
        self.daemon.close()
        self.assertEqual(self.telegram.violations(), [])

    def bodies(self, kind):
        return [event["body"] for event in self.daemon.events("--kind", kind)]

    def answer(self, chat):
        return self.telegram.wait_for(lambda: self.telegram.texts(chat), what=f"an answer in {chat}")

    def received(self, count):
        return wait_until(lambda: len(events := self.daemon.events("--kind", "MessageReceived")) == count and events,
                          f"{count} messages are in the journal")

    def test_an_album_over_two_polls_and_a_kill_is_one_turn(self):
        """Case 32."""
        self.start({"albumMs": 3000})
        photo = {"name": "a.jpg"}
        self.telegram.send_file(**photo, caption="one", chat=7, media_group_id="13")
        self.received(1)
        self.daemon.kill()
        self.daemon.start()
        self.telegram.send_file(**photo, caption="two", chat=7, media_group_id="13")
        self.telegram.send_file(**photo, caption="three", chat=7, media_group_id="13")
        answers = self.answer(7)
        self.assertEqual(len(answers), 1)
        self.assertLess(answers[0].index("one"), answers[0].index("two"))
        self.assertLess(answers[0].index("two"), answers[0].index("three"))
        seqs = [event["seq"] for event in self.received(3)]
        started = self.bodies("RunStarted")
        self.assertEqual([body["collected"] for body in started], [seqs[1:]])
        self.assertEqual([body["message"] for body in self.bodies("RunQueued")], seqs[:1])
        said = self.daemon.run_cli("replay", "explain", str(seqs[2])).stdout
        self.assertIn("it is part of a turn of several messages", said)

    def test_three_photos_and_a_question_are_one_turn(self):
        """Case 31."""
        self.start({"debounceMs": 1500})
        for number in range(3):
            self.telegram.send_file(name=f"{number}.jpg", caption=f"photo {number}", chat=7)
        self.telegram.say("what is this?", chat=7)
        answers = self.answer(7)
        for words in ("photo 0", "photo 1", "photo 2", "what is this?"):
            self.assertIn(words, answers[0])
        self.assertEqual(len(answers), 1)
        self.assertEqual(len(self.bodies("RunStarted")), 1)

    def test_a_part_that_mentions_the_bot_addresses_the_album(self):
        self.start({"albumMs": 1000}, groups={"*": {"requireMention": True}}, groupPolicy="open")
        self.telegram.send_file(caption="first", chat=GROUP, sender=7, media_group_id="13")
        self.telegram.send_file(caption="@SpineTestBot look", chat=GROUP, sender=7, media_group_id="13")
        self.assertIn("first", self.answer(GROUP)[0])

    def test_a_group_that_moves_goes_on_under_its_new_id(self):
        """Case 13."""
        self.start(replyToMode="off")
        self.telegram.fault("flood", method="sendMessage", seconds=1)
        self.telegram.say("/x@SpineTestBot", chat=-5, sender=7)
        wait_until(lambda: self.bodies("DeliveryFailed"), "the first attempt is refused")
        self.telegram.migrate(-5, GROUP)
        self.telegram.wait_for(lambda: self.telegram.texts(GROUP) == ["echo: /x"], what="it arrives at the new id")
        moved = self.bodies("ConversationMigrated")
        self.assertEqual([(body["from"], body["to"]) for body in moved], [("-5", str(GROUP))])
        self.daemon.kill()
        self.daemon.start()
        before = len([call for call in self.telegram.log("sendMessage") if str(call.arguments["chat_id"]) == "-5"])
        self.telegram.say("/y@SpineTestBot", chat=GROUP, sender=7)
        self.telegram.wait_for(lambda: self.telegram.texts(GROUP) == ["echo: /x", "echo: /y"])
        opened = [body["key"] for body in self.bodies("SessionOpened")]
        self.assertEqual(opened, ["agent:main:telegram:group:-5"], "the session went on")
        listed = self.daemon.run_cli("sessions", "list", "--json").stdout
        self.assertIn(f"agent:main:telegram:group:{GROUP}", listed)
        self.assertEqual(before, len([call for call in self.telegram.log("sendMessage")
                                      if str(call.arguments["chat_id"]) == "-5"]), "nothing goes to the old id")
        self.assertEqual(len(self.bodies("ConversationMigrated")), 1)

    def test_what_cannot_be_read_is_refused_and_told(self):
        self.start()
        self.telegram.service(7, story={"chat": {"id": 9, "type": "private"}, "id": 1})
        self.telegram.wait_for(lambda: self.telegram.texts(7) == ["A message of that kind cannot be read here."])
        [refused] = self.bodies("MessageRejected")
        self.assertEqual((refused["reason"], refused["message"]["unsupported"]), ("unsupported", "story"))
        # What only tells what happened means nothing.
        self.telegram.service(7, pinned_message={"message_id": 1})
        self.telegram.say("hello", chat=7)
        self.telegram.wait_for(lambda: len(self.telegram.texts(7)) == 2)
        self.assertEqual(len(self.bodies("MessageRejected")), 1)

    def test_each_message_beyond_the_rate_is_accounted_for_and_told(self):
        """One person says more at once than waits for an answer."""
        self.start()
        count = 80
        for number in range(count):
            self.telegram.say(f"m{number}", chat=7)
        self.telegram.wait_for(lambda: self.telegram.pending() == 0, what="all are read")
        refused = self.bodies("MessageRejected")
        self.assertEqual({body["reason"] for body in refused}, {"rate_limited"})
        self.assertEqual(len(self.bodies("MessageReceived")) + len(refused), count)
        notices = [body for body in self.bodies("DeliveryRequested") if body.get("purpose") == "notice"]
        self.assertEqual(len(notices), len(refused), "each of them is told")
        _, _, metrics = self.daemon.http("GET", "/metrics")
        self.assertIn(f'spine_inbound_rejected_total{{reason="rate_limited"}} {len(refused)}', metrics)


if __name__ == "__main__":
    unittest.main()
