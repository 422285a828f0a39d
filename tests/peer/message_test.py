"""The real openclaw command line sends, reads and has answers delivered on Telegram."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from daemon import Daemon  # noqa: E402
from peers import Home, remote  # noqa: E402
from telegram_server import TelegramServer  # noqa: E402

CHAT = ("--channel", "telegram", "--target", "7")


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.telegram = TelegramServer()
        cls.addClassCleanup(cls.telegram.close)
        cls.daemon = Daemon(config={"channels": {"telegram": {
            "botToken": cls.telegram.token, "apiRoot": cls.telegram.root, "allowFrom": ["7"]}}}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.home = Home(cls.daemon.folder / "peer", remote(cls.daemon.port, cls.daemon.token))
        cls.telegram.say("hello", chat=7)
        cls.telegram.wait_for(lambda: cls.telegram.texts(7) == ["echo: hello"])

    def succeeds(self, *arguments):
        done = self.home.run(*arguments)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def arrives(self, text):
        self.telegram.wait_for(lambda: text in self.telegram.texts(7), what=text)

    def test_a_message_is_sent(self):
        self.succeeds("message", "send", *CHAT, "--message", "from openclaw")
        self.arrives("from openclaw")

    def test_what_was_said_is_read(self):
        said = self.succeeds("message", "read", *CHAT)
        self.assertIn("User 7", said)
        self.assertIn("echo: hello", said)

    def test_an_answer_is_delivered(self):
        self.succeeds("agent", "-m", "sum up", "--deliver", "--channel", "telegram", "--reply-to", "7")
        self.arrives("echo: sum up")

    def test_what_is_not_served_is_named(self):
        done = self.home.run("message", "poll", *CHAT, "--poll-question", "q",
                             "--poll-option", "a", "--poll-option", "b")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('action "poll" is not served here', done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
