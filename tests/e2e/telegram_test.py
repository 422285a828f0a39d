"""Telegram: people write to a bot and are answered once, in order, whatever happens in between."""

import unittest

from daemon import Daemon, wait_until
from telegram_server import TelegramServer

GROUP, FORUM = -1_000_000_000_005, -1_000_000_000_006


class Telegram(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.daemon = None

    def start(self, **more):
        """A gateway with the echo agent and this bot; at the end the platform has nothing to complain of."""
        self.daemon = Daemon({"channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root, **more}}}).start()
        self.addCleanup(self.end)
        return self.daemon

    def end(self):
        self.daemon.close()
        self.assertEqual(self.telegram.violations(), [])
        self.assertNotIn(self.telegram.token, self.daemon.text() if self.daemon.output.exists() else "")

    def answered(self, *texts, chat=7):
        self.telegram.wait_for(lambda: self.telegram.texts(chat) == list(texts), what=f"{texts} in {chat}")

    def kinds(self):
        return [event["kind"] for event in self.daemon.events()]

    def failure(self, kind):
        """The body of the first delivery that failed so."""
        return wait_until(lambda: next((event["body"] for event in self.daemon.events(
            "--kind", "DeliveryFailed") if event["body"]["kind"] == kind), None), f"a delivery is {kind}")

    def test_a_message_is_answered(self):
        self.start()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        wait_until(lambda: "DeliveryConfirmed" in self.kinds(), "it is confirmed")
        chain = ["MessageReceived", "RunFinished", "DeliveryRequested", "DeliveryAttempted", "DeliveryConfirmed"]
        self.assertEqual([kind for kind in self.kinds() if kind in chain], chain)
        wait_until(lambda: self.telegram.pending() == 0, "it is confirmed to the platform")
        # Nothing was confirmed before the journal had it.
        second = self.telegram.log("getUpdates")[1]
        self.assertEqual(second.arguments["offset"], 871_000_002)

    def test_ten_answers_survive_an_outage_and_a_kill(self):
        self.start()
        self.telegram.say("0", chat=7)
        self.answered("echo: 0")
        wait_until(lambda: "DeliveryConfirmed" in self.kinds(), "it is confirmed")
        self.telegram.fault("flood", method="sendMessage", chat=7, times=None, seconds=1)
        for number in range(1, 11):
            self.telegram.say(str(number), chat=7)
        self.telegram.wait_for(lambda: self.telegram.pending() == 0, what="all ten are in the journal")
        self.failure("rate_limited")  # nothing is on its way, for a second
        self.telegram.down()
        self.daemon.kill()
        self.telegram.clear_faults()
        self.daemon.start()
        self.telegram.up()
        self.answered(*(f"echo: {number}" for number in range(11)))

    def test_a_permanent_refusal_is_a_dead_letter(self):
        self.start()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        self.telegram.fault("status", method="sendMessage", code=403,
                            description="Forbidden: bot was blocked by the user")
        self.telegram.say("again", chat=7)
        self.assertIn("The person has blocked the bot", self.failure("permanent")["reason"])
        wait_until(lambda: "DeliveryDeadLettered" in self.kinds(), "it is a dead letter")
        self.telegram.say("once more", chat=7)  # what follows is not held up
        self.answered("echo: hello", "echo: once more")

    def test_what_may_have_arrived_is_not_sent_again(self):
        self.start()
        self.telegram.fault("drop_after", method="sendMessage")
        self.telegram.say("one", chat=7)
        self.failure("unknown")
        self.telegram.say("two", chat=7)
        self.answered("echo: one", "echo: two")

    def test_a_wait_that_is_asked_for_is_kept(self):
        self.start()
        self.telegram.fault("flood", method="sendMessage", seconds=1)
        self.telegram.say("one", chat=7)
        self.telegram.say("two", chat=7)
        self.answered("echo: one", "echo: two")
        self.assertEqual(self.failure("rate_limited")["retry_after_ms"], 1000)

    def test_a_long_answer_comes_in_pieces_and_marks_that_are_wrong_as_plain_text(self):
        self.start(textChunkLimit=600)
        words = " ".join(f"word{number}" for number in range(150))
        self.telegram.say(words, chat=7)
        self.telegram.wait_for(lambda: " ".join(self.telegram.texts(7)).split() == ["echo:", *words.split()])
        self.assertGreater(len(self.telegram.texts(7)), 1)
        self.telegram.fault("status", method="sendMessage", code=400,
                            description="Bad Request: can't parse entities: Unexpected end tag")
        self.telegram.say("*bold*", chat=8)
        self.answered("echo: bold", chat=8)
        self.assertNotIn("parse_mode", self.telegram.log("sendMessage")[-1].arguments)

    # Case 1; what becomes of a table elsewhere: case 3.
    def test_a_table_is_rich_where_the_root_knows_that_and_a_grid_elsewhere(self):
        table = "x\n\n| a | b |\n|---|---|\n| 1 | 2 |"
        self.start()
        self.telegram.say(table, chat=7)
        self.telegram.wait_for(lambda: self.telegram.texts(7))
        self.assertIn("rich_message", self.telegram.chat(7)[-1])
        self.telegram.bot.rich = False
        for _ in range(2):
            before = len(self.telegram.texts(8))
            self.telegram.say(table, chat=8)
            self.telegram.wait_for(lambda: len(self.telegram.texts(8)) > before)
        self.assertEqual({entity["type"] for entity in self.telegram.chat(8)[-1]["entities"]}, {"pre"})
        # The root was asked once.
        self.assertEqual(len(self.telegram.log("sendRichMessage")), 2)

    # Case 11: a topic that is closed; case 12: the general one.
    def test_topics_keep_to_themselves(self):
        self.start(replyToMode="first")
        self.telegram.add_chat(FORUM, forum=True)
        self.telegram.open_topic(FORUM, 9)
        asked = self.telegram.say("@SpineTestBot nine", chat=FORUM, sender=7, thread=9)
        self.telegram.say("@SpineTestBot general", chat=FORUM, sender=7)
        self.telegram.wait_for(lambda: len(self.telegram.texts(FORUM)) == 2)
        said = {m["text"]: m for m in self.telegram.chat(FORUM) if m["from"]["id"] == self.telegram.bot.id}
        nine, general = said["echo: @SpineTestBot nine"], said["echo: @SpineTestBot general"]
        self.assertEqual((nine["message_thread_id"], general["message_thread_id"]), (9, 1))
        self.assertEqual(nine["reply_to_message"]["message_id"], asked["message_id"])
        self.telegram.close_topic(FORUM, 9)
        self.telegram.say("@SpineTestBot late", chat=FORUM, sender=7, thread=9)
        self.assertIn("The topic is closed", self.failure("permanent")["reason"])

    # Case 12: people have topics in their talk with a bot, too.
    def test_a_topic_of_a_direct_conversation_is_kept_in_every_call(self):
        self.start(textChunkLimit=600)
        words = " ".join(f"word{number}" for number in range(150))
        self.telegram.say(words, chat=7, thread=3)
        self.telegram.wait_for(lambda: " ".join(self.telegram.texts(7)).split() == ["echo:", *words.split()])
        self.telegram.say("x\n\n| a | b |\n|---|---|\n| 1 | 2 |", chat=7, thread=3)
        self.telegram.wait_for(lambda: "rich_message" in self.telegram.chat(7)[-1])
        sent = self.telegram.log("sendMessage") + self.telegram.log("sendRichMessage")
        self.assertGreater(len(sent), 2)
        self.assertEqual({str(call.arguments["message_thread_id"]) for call in sent}, {"3"})

    # Case 2: prose is never rich by itself, and nothing is where the setting says so.
    def test_what_is_rich_is_a_setting(self):
        table = "x\n\n| a | b |\n|---|---|\n| 1 | 2 |"
        self.start(rich="off")
        self.telegram.say(table, chat=7)
        self.telegram.wait_for(lambda: self.telegram.texts(7))
        self.assertEqual(self.telegram.log("sendRichMessage"), [])
        for rich, text, count in (("auto", "*plain* prose", 0), ("on", "*plain* prose", 1)):
            self.daemon.configure({"channels": {"telegram": {
                "botToken": self.telegram.token, "apiRoot": self.telegram.root, "rich": rich}}})
            self.daemon.reload()
            reloads = ("auto", "on").index(rich) + 1
            wait_until(lambda n=reloads: self.daemon.text().count("it is started anew") == n, "it is started anew")
            before = len(self.telegram.texts(7))
            self.telegram.say(text, chat=7)
            self.telegram.wait_for(lambda n=before: len(self.telegram.texts(7)) > n)
            self.assertEqual(len(self.telegram.log("sendRichMessage")), count)

    def test_what_a_closed_topic_does_not_take_goes_to_general_where_the_owner_wants_that(self):
        """Case 11: only with topicFallback."""
        self.start(topicFallback="general", replyToMode="first")
        self.telegram.add_chat(FORUM, forum=True)
        self.telegram.open_topic(FORUM, 9)
        self.telegram.fault("status", method="sendMessage", code=400, description="Bad Request: TOPIC_CLOSED")
        self.telegram.say("@SpineTestBot late", chat=FORUM, sender=7, thread=9)
        self.telegram.wait_for(lambda: self.telegram.texts(FORUM) == ["echo: @SpineTestBot late"])
        said = [m for m in self.telegram.chat(FORUM) if m["from"]["id"] == self.telegram.bot.id]
        self.assertEqual(said[0]["message_thread_id"], 1)
        self.assertNotIn("reply_to_message", said[0])
        self.assertIn("goes to General", self.daemon.text())

    def test_a_stop_waits_for_the_answer_to_a_call_under_way(self):
        self.start()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        self.telegram.fault("slow", method="sendMessage", seconds=1)
        self.telegram.say("again", chat=7)
        self.telegram.wait_for(lambda: len(self.telegram.texts(7)) == 2, what="it has arrived")
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.kinds().count("DeliveryConfirmed"), 2)
        self.assertNotIn("DeliveryFailed", self.kinds())

    def test_the_menu_of_commands(self):
        self.start(customCommands=[{"command": "backup", "description": "Save all"}])
        self.telegram.wait_for(lambda: self.telegram.log("setMyCommands"))
        commands = self.telegram.log("setMyCommands")[0].arguments["commands"]
        self.assertEqual([command["command"] for command in commands], ["status", "stop", "backup"])

    def test_a_group_that_moves_is_answered_at_its_new_id(self):
        self.start()
        self.telegram.fault("flood", method="sendMessage", seconds=1)
        self.telegram.say("/x@SpineTestBot", chat=-5, sender=7)
        self.failure("rate_limited")
        self.telegram.migrate(-5, GROUP, tell=False)
        self.answered("echo: /x", chat=GROUP)

    # Case 19.
    def test_a_press_is_answered_once_the_journal_has_it(self):
        self.start()
        self.telegram.say("hello", chat=7)
        self.answered("echo: hello")
        with self.telegram.bot.changed:
            message = self.telegram.bot.chats[7].messages[2]
            message["reply_markup"] = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
        query = self.telegram.press(2, "yes", chat=7)
        self.answered("echo: hello", "echo: yes")
        self.telegram.wait_for(lambda: self.telegram.answers(query) == [""])

    def test_a_webhook_that_is_left_over_is_removed_and_nothing_is_lost(self):
        self.telegram.say("early", chat=7)
        with self.telegram.bot.changed:
            self.telegram.bot.webhook = left_over = Leftover()
        self.daemon = Daemon({"channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root}}}).start()
        self.addCleanup(self.daemon.close)
        self.answered("echo: early")
        self.assertTrue(left_over.closed)

    def test_a_token_that_is_revoked_is_named(self):
        self.start()
        wait_until(lambda: "connected as" in self.daemon.text(), "it is connected")
        self.telegram.revoke()
        states = wait_until(lambda: [event["body"] for event in self.daemon.events("--kind", "ChannelStateChanged")
                                     if event["body"]["state"] == "logged_out"], "it is logged out")
        self.assertIn("@BotFather", states[0]["problem"])


    def test_another_bot_in_the_place_of_one_begins_anew(self):
        self.start()
        self.telegram.say("one", chat=7)
        self.answered("echo: one")
        other = TelegramServer(token="7200000002:another-token_0123456789")
        self.addCleanup(other.close)
        self.daemon.configure({"channels": {"telegram": {"botToken": other.token, "apiRoot": other.root}}})
        self.daemon.reload()
        other.say("two", chat=7)  # its number is that of the other bot's first message
        other.wait_for(lambda: other.texts(7) == ["echo: two"])
        self.assertEqual(other.violations(), [])


class Leftover:
    """A webhook that nobody serves."""
    closed = False

    def close(self):
        self.closed = True


if __name__ == "__main__":
    unittest.main()
