"""The local Telegram by the eyes of grammY, and Spine by those of telegram-test-api: nobody here wrote them."""

import hashlib
import json
import unittest
import urllib.request

from bot_peers import PATIENCE as BOT_PATIENCE
from bot_peers import Emulator, Script
from daemon import Daemon, wait_until
from telegram_server import TelegramServer


class WithGrammy(unittest.TestCase):
    ARGUMENTS = ()

    @classmethod
    def setUpClass(cls):
        cls.telegram = TelegramServer()
        cls.addClassCleanup(cls.telegram.close)
        cls.bot = Script("grammy_bot.mjs", cls.telegram.root, cls.telegram.token, *cls.ARGUMENTS)
        cls.addClassCleanup(cls.bot.close)
        assert cls.bot.expect("started")["username"] == "SpineTestBot"

    def said(self, chat, texts):
        self.telegram.wait_for(lambda: self.telegram.texts(chat) == texts,
                               what=f"{texts}; there is {self.telegram.texts(chat)}")


class Polling(WithGrammy):
    @classmethod
    def tearDownClass(cls):
        """What came before it began is confirmed, and all of it was good manners, but what was asked for."""
        cls.telegram.wait_for(lambda: cls.telegram.pending() == 0)
        wanted = ["sendMessage: Can't parse entities: Can't find end tag corresponding to start tag \"b\"",
                  "sendMessage: Message is too long"]
        assert cls.telegram.violations() == wanted, cls.telegram.violations()

    def test_a_message_is_answered(self):
        said = self.telegram.say("hello", chat=1)
        self.said(1, ["hello yourself"])
        self.assertEqual(self.telegram.chat(1)[1]["reply_to_message"]["message_id"], said["message_id"])

    def test_a_command_in_a_group(self):
        self.telegram.say("/where@SpineTestBot there", chat=-3, sender=1)
        self.said(-3, ["in Group -3: there"])

    def test_a_message_grows(self):
        self.telegram.say("grow", chat=2)
        self.said(2, ["a b"])
        self.assertEqual(self.telegram.chat(2)[1]["entities"][0]["type"], "bold")

    def test_refusals_are_understood(self):
        self.telegram.say("fail", chat=3)
        self.assertEqual([self.bot.expect("refused")["text"] for _ in range(2)],
                         ["Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
                          "Bad Request: message is too long"])

    def test_a_flood_is_understood(self):
        self.telegram.fault("flood", method="sendMessage", chat=4, seconds=33)
        self.telegram.say("flood", chat=4)
        self.assertEqual(self.bot.expect("flood"), {"is": "flood", "known": True, "code": 429, "after": 33})

    def test_a_photo_is_fetched(self):
        data = b"\xff\xd8\xff" + bytes(range(256)) * 999
        self.telegram.send_file(data, chat=5, caption="cat")
        self.assertEqual(self.bot.expect("photo"), {"is": "photo", "bytes": len(data), "caption": "cat",
                                                    "sha256": hashlib.sha256(data).hexdigest()})

    def test_files_are_taken(self):
        self.telegram.say("files", chat=6)
        self.said(6, ["one", "two", ""])
        album = self.telegram.chat(6)[2:]
        self.assertEqual(len({part["media_group_id"] for part in album}), 1)
        self.assertEqual(self.telegram.log("sendPhoto")[0].transport, "multipart")

    def test_rich_messages_are_taken(self):
        self.telegram.say("rich", chat=7)
        self.said(7, ["T\na\tb\n1\t2"])
        self.assertEqual(self.telegram.drafts(7), [])

    def test_a_button_is_pressed(self):
        self.telegram.say("ask", chat=8)
        self.said(8, ["sure?"])
        query = self.telegram.press(2, "yes", chat=8)
        self.said(8, ["sure"])
        self.assertEqual(self.telegram.answers(query), ["good"])

    def test_it_polls_as_it_should(self):
        """A long poll each: few calls, though it has asked all the time."""
        self.telegram.say("hello", chat=9)
        self.said(9, ["hello yourself"])
        polls = self.telegram.log("getUpdates")
        self.assertLess(len(polls), 60)
        self.assertEqual(int(polls[-1].arguments["timeout"]), 30)


class ByWebhook(WithGrammy):
    ARGUMENTS = ("a-secret_",)

    def test_a_message_is_answered(self):
        self.telegram.say("hello", chat=1)
        self.said(1, ["hello yourself"])
        self.telegram.wait_for(lambda: self.telegram.pending() == 0)
        self.assertEqual(self.telegram.log("getUpdates"), [])
        self.assertEqual(self.telegram.violations(), [])

    def test_a_wrong_secret_is_refused_by_it(self):
        self.telegram.bot.webhook.secret = "another"
        self.telegram.say("hello", chat=2)
        self.telegram.wait_for(lambda: [one for one in self.telegram.deliveries if one["status"] == 401])
        self.assertEqual(self.telegram.texts(2), [])
        self.telegram.bot.webhook.secret = self.ARGUMENTS[0]
        self.said(2, ["hello yourself"])


class Conflict(unittest.TestCase):
    def test_two_bots_with_one_token(self):
        telegram = TelegramServer()
        self.addCleanup(telegram.close)
        first = Script("grammy_bot.mjs", telegram.root, telegram.token)
        self.addCleanup(first.close)
        first.expect("started")
        telegram.wait_for(lambda: telegram.bot.poll)
        second = Script("grammy_bot.mjs", telegram.root, telegram.token)
        self.addCleanup(second.close)
        self.assertEqual(first.expect("stopped")["code"], 409)
        self.assertIn("two pollers at once", telegram.violations()[0])


class AnEmulator(unittest.TestCase):
    """Spine's own adapter against a Telegram that nobody here wrote. It answers polls at once."""
    TOKEN = "7100000001:AAE-a_token_for_tests_0123456789abcd"

    def post(self, path, **arguments):
        request = urllib.request.Request(self.emulator.root + path, json.dumps(arguments).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["result"]

    def say(self, number, text):
        person = {"id": 7, "first_name": "Ada"}
        self.post("/sendMessage", botToken=self.TOKEN, date=1764500000, message_id=number, text=text,
                  chat={**person, "type": "private"}, **{"from": {**person, "is_bot": False}})

    def heard(self, count):
        """What the bot said, once it has said so much more."""
        new = []
        def enough():
            new.extend(said["message"]["text"] for said in self.post("/getUpdates", token=self.TOKEN, chatId=7))
            return len(new) >= count
        wait_until(enough, f"{count} more answers", BOT_PATIENCE)
        return new

    def test_messages_are_answered_once_and_in_order_through_a_kill(self):
        self.emulator = Emulator()
        self.addCleanup(self.emulator.close)
        daemon = Daemon({"channels": {"telegram": {"botToken": self.TOKEN, "apiRoot": self.emulator.root}}})
        self.addCleanup(daemon.close)
        daemon.start()
        self.say(1, "hello")
        self.assertEqual(self.heard(1), ["echo: hello"])
        for number in range(2, 6):
            self.say(number, f"m{number}")
        self.assertEqual(self.heard(4), [f"echo: m{number}" for number in range(2, 6)])
        wait_until(lambda: len(daemon.events("--kind", "DeliveryConfirmed")) == 5, "all are confirmed")
        daemon.kill()
        daemon.start()
        self.say(6, "after")
        self.assertEqual(self.heard(1), ["echo: after"])
        self.assertIn("connected as @TestNameBot", daemon.text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
