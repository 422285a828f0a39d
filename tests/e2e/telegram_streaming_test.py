"""Telegram: what people see while an answer is being written, and that it arrives whole whatever comes of that."""

import unittest

from agents import AgentDaemon
from daemon import wait_until
from telegram_server import TelegramServer

FORUM = -1_000_000_000_006
LONG = "This is the beginning of an answer that takes a while to be written."


class Streaming(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)

    def start(self, agent=None, more=None, **channel):
        self.daemon = AgentDaemon({"main": agent or "acp"}, {"channels": {
            "defaults": {"dmPolicy": "open", "groupPolicy": "open"},
            "telegram": {"botToken": self.telegram.token, "apiRoot": self.telegram.root, **channel}},
            **(more or {})}).start()
        self.addCleanup(self.end)
        self.go = self.daemon.workspace() / "go"

    def end(self):
        self.daemon.close()
        self.assertEqual(self.telegram.violations(), [])

    def say(self, *lines, chat=7, **more):
        return self.telegram.say("\n".join(lines), chat=chat, **more)

    def say_and_wait(self, *lines, **more):
        """Something that is said, and then nothing until the file `go` is there."""
        return self.say("say " + LONG, f"until {self.go}", *lines, **more)

    def texts(self, chat=7):
        return self.telegram.texts(chat)

    def shown(self, chat=7):
        """Until the beginning of an answer is seen, and the journal has it."""
        self.telegram.wait_for(lambda: any(text.startswith(LONG) for text in self.texts(chat)),
                               what="the text so far is shown")
        wait_until(lambda: self.bodies("DeliveryPreviewed"), "it is a fact")

    def answered(self, *texts, chat=7):
        self.telegram.wait_for(lambda: self.texts(chat) == list(texts), what=f"{texts} in {chat}")
        wait_until(lambda: len(self.bodies("DeliveryConfirmed")) == len(self.bodies("DeliveryRequested")),
                   "everything is confirmed")
        self.assertEqual(self.texts(chat), list(texts))

    def bodies(self, kind):
        return [event["body"] for event in self.daemon.events("--kind", kind)]

    def count(self, method):
        return len(self.telegram.log(method))

    def test_an_answer_grows_in_place(self):
        self.start()
        self.say_and_wait("say  and more")
        self.shown()
        bubble = self.telegram.chat(7)[-1]["message_id"]
        self.go.touch()
        self.answered(LONG + "working done and more")
        self.assertEqual(self.telegram.chat(7)[-1]["message_id"], bubble)
        self.assertEqual(self.count("sendMessage"), 1)

    def test_a_quick_answer_is_one_message(self):
        self.start()
        self.say("say " + LONG)
        self.answered(LONG)
        self.assertEqual((self.count("sendMessage"), self.count("editMessageText")), (1, 0))

    def test_nothing_is_shown_where_it_is_off(self):
        self.start(streaming="off")
        self.say_and_wait()
        self.telegram.wait_for(lambda: self.telegram.typing(7), what="typing")
        self.go.touch()
        self.answered(LONG + "working done")
        self.assertEqual(self.bodies("DeliveryPreviewed"), [])

    def test_typing_is_not_shown_where_it_is_never(self):
        self.start(more={"session": {"typingMode": "never"}})
        self.say_and_wait()
        self.shown()
        self.go.touch()
        self.answered(LONG + "working done")
        self.assertEqual(self.count("sendChatAction"), 0)

    def test_case_8_of_a_longer_answer_the_first_message_is_edited_and_the_rest_is_new(self):
        self.start(textChunkLimit=200)
        words = " ".join(f"word{number}" for number in range(120))
        self.say_and_wait("say " + words)
        self.shown()
        bubble = self.telegram.chat(7)[-1]["message_id"]
        self.go.touch()
        whole = (LONG + "working done" + words).split()
        self.telegram.wait_for(lambda: " ".join(self.texts()).split() == whole, what="the whole answer, once")
        messages = [m for m in self.telegram.chat(7) if m["from"]["id"] == self.telegram.bot.id]
        self.assertGreater(len(messages), 3)
        self.assertEqual(messages[0]["message_id"], bubble)

    def test_case_6_an_edit_that_is_refused_for_a_while_stops_edits_and_not_the_answer(self):
        self.start()
        self.say_and_wait("slow 30 100")
        self.shown()
        self.telegram.fault("flood", method="editMessageText", seconds=2)
        self.go.touch()
        self.answered(LONG + "working done" + "".join(f"{number} " for number in range(30)).rstrip())
        self.assertEqual(self.count("sendMessage"), 1)

    def test_case_7_a_preview_that_may_have_arrived_is_not_made_again_and_the_answer_is_whole(self):
        self.start()
        self.telegram.fault("drop_after", method="sendMessage")
        self.say_and_wait("slow 5 20")
        self.shown()
        self.go.touch()
        whole = LONG + "working done" + "".join(f"{number} " for number in range(5)).rstrip()
        self.telegram.wait_for(lambda: self.texts()[-1:] == [whole])
        self.assertEqual(len(self.texts()), 2)  # the one that was cut off stays
        self.assertEqual(self.bodies("DeliveryPreviewed")[0].get("platform_id", ""), "")

    def test_a_preview_that_is_gone_is_no_matter(self):
        self.start()
        self.say_and_wait()
        self.shown()
        bubble = self.telegram.chat(7)[-1]["message_id"]
        self.telegram.delete(bubble, chat=7)
        self.go.touch()
        self.answered(LONG + "working done")

    def test_after_a_kill_in_the_middle_there_is_one_message(self):
        self.start()
        self.say_and_wait()
        self.shown()
        self.daemon.kill()
        self.go.touch()
        self.daemon.start()
        self.answered(LONG + "working done")
        self.assertEqual(self.count("sendMessage"), 1)

    def test_a_failure_takes_the_place_of_what_was_shown(self):
        self.start({"wire": "acp", "onCrash": "fail"})
        self.say_and_wait()
        self.shown()
        self.daemon.kill()
        self.daemon.start()
        self.telegram.wait_for(lambda: len(self.texts()) == 1 and "crashed" in self.texts()[0])
        self.assertEqual(self.count("sendMessage"), 1)

    def test_case_10_a_fresh_final_is_a_new_message(self):
        self.start(finalAs="fresh")
        self.say_and_wait()
        self.shown()
        bubble = self.telegram.chat(7)[-1]["message_id"]
        self.go.touch()
        self.answered(LONG + "working done")
        self.assertGreater(self.telegram.chat(7)[-1]["message_id"], bubble)

    def test_case_9_a_draft_becomes_one_message(self):
        self.start(streaming="draft")
        self.say_and_wait()
        self.telegram.wait_for(lambda: self.telegram.drafts(7), what="a draft")
        self.go.touch()
        self.answered(LONG + "working done")
        self.assertEqual((self.telegram.drafts(7), self.count("sendMessage")), ([], 1))

    def test_a_table_takes_the_place_of_what_was_shown(self):
        self.start()
        self.say_and_wait(r"lines \n\n| a | b |\n|---|---|\n| 1 | 2 |")
        self.shown()
        self.go.touch()
        self.telegram.wait_for(lambda: "rich_message" in self.telegram.chat(7)[-1])
        self.assertEqual((len(self.texts()), self.count("sendMessage"), self.count("sendRichMessage")), (1, 1, 0))

    def test_case_33_typing_ends_with_a_run_that_says_nothing_and_so_does_what_was_shown(self):
        self.start("pi")
        self.say_and_wait("silent")
        self.shown()
        self.assertTrue(self.telegram.typing(7) or self.count("sendChatAction"))
        self.go.touch()
        self.answered()
        actions = self.count("sendChatAction")
        # A run of another chat is typed for, and only that.
        self.go.unlink()
        self.say_and_wait(chat=8)
        self.telegram.wait_for(lambda: self.telegram.typing(8), what="typing in the other chat")
        self.assertEqual([call for call in self.telegram.log("sendChatAction")[actions:]
                          if str(call.arguments["chat_id"]) == "7"], [])
        self.go.touch()

    def test_case_12_topics_are_named_where_they_have_to_be(self):
        self.start(replyToMode="first")
        self.telegram.add_chat(FORUM, forum=True)
        self.telegram.open_topic(FORUM, 9)
        for topic in (9, 1):
            asked = self.say("@SpineTestBot", "say " + LONG, f"until {self.go}", chat=FORUM, sender=7, thread=topic)
            self.telegram.wait_for(lambda: [c for c in self.telegram.log("sendChatAction")
                                            if str(c.arguments.get("message_thread_id")) == str(topic)])
            self.telegram.wait_for(lambda: any(LONG in t for t in self.texts(FORUM)))
            shown = self.telegram.chat(FORUM)[-1]
            self.assertEqual(shown["message_thread_id"], topic)
            self.assertEqual(shown["reply_to_message"]["message_id"], asked["message_id"])
            self.go.touch()
            self.telegram.wait_for(lambda: self.texts(FORUM)[-1].endswith("done"))
            self.assertEqual(self.telegram.chat(FORUM)[-1]["message_id"], shown["message_id"])
            self.go.unlink()
            with self.telegram.bot.changed:
                self.telegram.bot.chats[FORUM].messages.pop(shown["message_id"])

    def test_case_20_typing_that_is_refused_holds_up_nothing(self):
        self.start()
        self.telegram.fault("status", method="sendChatAction", code=400, description="Bad Request: no")
        self.say("say one")
        self.answered("one")


if __name__ == "__main__":
    unittest.main()
