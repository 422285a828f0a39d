"""Strangers on Telegram: they get a code, admins are told and answer, and the strangers hear what became of it."""

import re
import unittest

from daemon import Daemon, wait_until
from telegram_server import TelegramServer

ADMIN, ANNA, BOB = 42, 7, 8


class Pairing(unittest.TestCase):
    MORE = {}

    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.daemon = Daemon({
            "gateway": {"auth": {"admin_channels": [f"telegram:{ADMIN}"]}},
            "channels": {"telegram": {"botToken": self.telegram.token, "apiRoot": self.telegram.root,
                                      "dmPolicy": "pairing"}},
            **self.MORE}).start()
        self.addCleanup(self.end)
        self.telegram.say("/start", chat=ADMIN)  # a bot may not begin a conversation
        self.said(ADMIN, 1)

    def end(self):
        self.daemon.close()
        self.assertEqual(self.telegram.violations(), [])

    def said(self, chat, count):
        """What the bot said there last, once it has said so much."""
        self.telegram.wait_for(lambda: len(self.telegram.texts(chat)) >= count, what=f"{count} texts in {chat}")
        self.assertEqual(len(self.telegram.texts(chat)), count)
        return self.telegram.texts(chat)[-1]

    def ask(self, chat, notices):
        """A stranger writes; the code that both are told."""
        self.telegram.say("hello", chat=chat)
        code = re.search(r"Your code is (\w{8}):", self.said(chat, 1)).group(1)
        notice = self.said(ADMIN, notices)
        self.assertIn(f"({chat}) on telegram asks to be let in", notice)
        self.assertIn(f'"approve {code}"', notice)
        return code

    def cli(self, *arguments):
        answer = self.daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer.stdout

    def test_an_admin_lets_a_stranger_in_and_sends_another_away(self):
        code = self.ask(ANNA, 2)
        self.telegram.say("hello?", chat=ANNA)  # the admin is told once
        self.telegram.say("approve ABCD2345", chat=ADMIN)
        self.assertIn("Nobody waits with the code ABCD2345", self.said(ADMIN, 3))
        self.telegram.say(f"approve {code}", chat=ANNA)  # nobody lets himself in
        self.telegram.say(f"approve {code}", chat=ADMIN)
        self.assertIn(f"({ANNA}) on telegram is let in.", self.said(ADMIN, 4))
        self.telegram.wait_for(lambda: "You are let in: what you write from now on is answered."
                               in self.telegram.texts(ANNA))
        self.telegram.say("at last", chat=ANNA)
        self.telegram.wait_for(lambda: self.telegram.texts(ANNA)[-1] == "echo: at last")

        code = self.ask(BOB, 5)
        self.telegram.say(f"/reject {code.lower()}", chat=ADMIN)
        self.assertIn(f"({BOB}) on telegram is not let in.", self.said(ADMIN, 6))
        self.assertEqual(self.said(BOB, 2), "Your request to be let in was declined.")
        self.telegram.say(f"approve {code}", chat=ADMIN)
        self.assertIn(f"Nobody waits with the code {code}", self.said(ADMIN, 7))

    def test_the_stranger_hears_of_an_answer_by_the_command_line_too(self):
        self.cli("pairing", "approve", self.ask(ANNA, 2))
        self.assertEqual(self.said(ANNA, 2), "You are let in: what you write from now on is answered.")
        self.cli("pairing", "reject", self.ask(BOB, 3))
        self.assertEqual(self.said(BOB, 2), "Your request to be let in was declined.")

    def test_what_could_not_be_said_yet_is_said_after_a_kill(self):
        for chat in (ANNA, ADMIN):
            self.telegram.fault("flood", method="sendMessage", chat=chat, seconds=1)
        self.telegram.say("hello", chat=ANNA)
        wait_until(lambda: len(self.daemon.events("--kind", "DeliveryFailed")) == 2, "both have to wait")
        self.daemon.kill()
        self.daemon.start()
        self.assertIn(f"({ANNA}) on telegram asks to be let in", self.said(ADMIN, 2))
        self.assertIn("Your code is", self.said(ANNA, 1))


class InChinese(Pairing):
    MORE = {"messages": {"language": "zh"}}

    def ask(self, chat, notices):
        self.telegram.say("hello", chat=chat)
        self.said(chat, 1)
        return re.search(r"approve (\w{8})", self.said(ADMIN, notices)).group(1)

    def test_an_admin_lets_a_stranger_in_and_sends_another_away(self):
        self.telegram.say(f"approve {self.ask(ANNA, 2)}", chat=ADMIN)
        self.assertTrue(self.said(ANNA, 2).startswith("\u5df2\u4e3a\u60a8\u653e\u884c"))
        self.assertTrue(self.said(ADMIN, 3).startswith("\u5df2\u653e\u884c"))

    test_the_stranger_hears_of_an_answer_by_the_command_line_too = None
    test_what_could_not_be_said_yet_is_said_after_a_kill = None


if __name__ == "__main__":
    unittest.main()
