"""Telegram: people write to a bot, and are answered, whatever happens in between."""

import unittest

from daemon import Daemon, wait_until
from telegram_server import TelegramServer


def config(telegram, **more):
    return {"channels": {"telegram": {"botToken": telegram.token, "apiRoot": telegram.root, **more}}}


class Telegram(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer().__enter__()
        self.addCleanup(self.telegram.close)
        self.daemon = None

    def start(self, **more):
        self.daemon = Daemon(config(self.telegram, **more)).start()
        self.addCleanup(self.daemon.close)
        return self.daemon

    def answered(self, texts, chat=7):
        self.telegram.wait_for(lambda: self.telegram.texts(chat) == texts, what=f"{texts} in {chat}")

    def test_a_message_is_answered(self):
        self.start()
        self.telegram.say("hello", chat=7)
        self.answered(["echo: hello"])
        kinds = [event["kind"] for event in self.daemon.events()]
        chain = ["MessageReceived", "ChannelRead", "DeliveryRequested", "DeliveryAttempted", "DeliveryConfirmed"]
        wait_until(lambda: "DeliveryConfirmed" in [e["kind"] for e in self.daemon.events()], "it is confirmed")
        kinds = [event["kind"] for event in self.daemon.events()]
        self.assertEqual([kind for kind in kinds if kind in chain].count("DeliveryConfirmed"), 1)
        self.assertLess(kinds.index("MessageReceived"), kinds.index("ChannelRead"))
        self.assertEqual(self.telegram.violations(), [])
        self.assertNotIn(self.telegram.token, self.daemon.text())

    def test_ten_answers_survive_an_outage_and_a_kill(self):
        self.start()
        self.telegram.say("0", chat=7)
        self.answered(["echo: 0"])
        self.telegram.fault("hang", method="sendMessage", times=None)
        for number in range(1, 11):
            self.telegram.say(str(number), chat=7)
        # All ten are in the journal once they are confirmed.
        wait_until(lambda: self.telegram.pending() == 0, "all are read")
        self.telegram.down()
        self.telegram.clear_faults()
        self.daemon.kill()
        self.daemon.start()
        self.telegram.up()
        self.answered([f"echo: {number}" for number in range(11)])
        self.assertEqual(self.telegram.violations(), [])


if __name__ == "__main__":
    unittest.main()
