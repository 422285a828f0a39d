"""Files on Telegram: those of messages reach the agent or their sender is told, those of answers arrive once."""

import hashlib
import unittest

from daemon import Daemon, wait_until
from telegram_server import TelegramServer

PHOTO = b"\xff\xd8\xff\xe0 of a cat"


class Files(unittest.TestCase):
    def setUp(self):
        self.telegram = TelegramServer()
        self.addCleanup(self.telegram.close)
        self.daemon = None

    def start(self, config=None, **more):
        """A gateway with this bot; at the end the platform has nothing to complain of."""
        self.daemon = Daemon({**(config or {}), "channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root, **more}}}).start()
        self.addCleanup(self.end)
        return self.daemon

    def end(self):
        self.daemon.close()
        self.assertEqual(self.telegram.violations(), [])
        self.assertNotIn(self.telegram.token, self.daemon.text() if self.daemon.output.exists() else "")

    def answered(self, *texts, chat=7):
        self.telegram.wait_for(lambda: self.telegram.texts(chat) == list(texts), what=f"{texts} in {chat}")

    def received(self):
        return [event["body"] for event in self.daemon.events("--kind", "MessageReceived")]

    def stored(self):
        """The files of the media folder, by their names."""
        return {path.name: path for path in (self.daemon.state_dir / "media").iterdir()}


class Received(Files):
    def test_a_photo_reaches_the_agent_with_its_caption(self):
        self.start()
        self.telegram.send_file(PHOTO, caption="look", chat=7)
        self.answered("echo: look\n\n[image photo.jpg, 13 B]")
        name = hashlib.sha256(PHOTO).hexdigest()
        kept = self.stored()
        self.assertEqual(list(kept), [name])
        self.assertEqual(kept[name].read_bytes(), PHOTO)
        self.assertEqual(kept[name].stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.received()[0]["attachments"][0]["mime_type"], "image/jpeg")

    def test_case_17_what_is_too_large_leaves_the_text_and_its_sender_is_told(self):
        self.start(mediaMaxMb=1)
        self.telegram.send_file(PHOTO, caption="look", chat=7, size=21 << 20)
        self.telegram.send_file(PHOTO, caption="again", chat=8, size=2 << 20)
        self.telegram.send_file(b"x" * (1 << 20) + PHOTO, caption="lie", chat=9, size=9)
        for chat, text in ((7, "look"), (8, "again"), (9, "lie")):
            self.telegram.wait_for(lambda chat=chat: len(self.telegram.texts(chat)) == 2)
            told, answer = self.telegram.texts(chat)
            self.assertIn("photo.jpg is too large: at most 1.0 MiB", told)
            self.assertIn(f"echo: {text}\n\n[image photo.jpg, ", answer)
            self.assertIn("too large to fetch]", answer)
        self.assertEqual(len(self.telegram.log("download")), 1)
        self.assertEqual(self.stored(), {})

    def test_what_telegram_gives_to_no_bot_is_named_with_its_limit(self):
        self.start()
        self.telegram.send_file(PHOTO, caption="look", chat=7, size=21 << 20)
        self.telegram.wait_for(lambda: len(self.telegram.texts(7)) == 2)
        self.assertIn("at most 20.0 MiB", self.telegram.texts(7)[0])

    def test_case_17_what_fails_for_a_while_is_tried_again(self):
        self.start()
        self.telegram.fault("status", method="download", code=502)
        self.telegram.fault("half", method="download")
        self.telegram.fault("drop_before", method="getFile")
        self.telegram.send_file(PHOTO, caption="look", chat=7)
        self.answered("echo: look\n\n[image photo.jpg, 13 B]")
        self.assertEqual(len(self.telegram.log("download")), 3)
        self.assertEqual(len(self.received()), 1)
        self.assertEqual(list(self.stored()), [hashlib.sha256(PHOTO).hexdigest()])

    def test_what_telegram_does_not_have_is_told(self):
        self.start()
        self.telegram.fault("status", method="getFile", code=400, description="Bad Request: wrong file_id")
        self.telegram.send_file(PHOTO, caption="gone", chat=7)
        self.telegram.wait_for(lambda: len(self.telegram.texts(7)) == 2)
        told, answer = self.telegram.texts(7)
        self.assertIn("photo.jpg could not be fetched", told)
        self.assertEqual(answer, "echo: gone\n\n[image photo.jpg, 13 B: could not be fetched]")

    def test_a_root_that_names_files_of_its_own_machine_is_not_followed(self):
        self.start()
        with self.telegram.bot.changed:
            self.telegram.send_file(PHOTO, caption="look", chat=7)
            for file in self.telegram.bot.files.values():
                file.path = "/etc/passwd"
        self.telegram.wait_for(lambda: len(self.telegram.texts(7)) == 2)
        self.assertIn("could not be fetched", self.telegram.texts(7)[0])
        self.assertIn("--local", self.daemon.text())

    def test_case_17_a_kill_while_a_file_is_fetched_loses_nothing(self):
        self.start()
        self.telegram.fault("hang", method="download")
        self.telegram.send_file(PHOTO, caption="look", chat=7)
        self.telegram.wait_for(lambda: len(self.telegram.log("download")) == 1)
        self.assertEqual(self.received(), [])
        self.daemon.kill()
        self.daemon.start()
        self.answered("echo: look\n\n[image photo.jpg, 13 B]")
        self.assertEqual(len(self.received()), 1)
        self.assertEqual(list(self.stored()), [hashlib.sha256(PHOTO).hexdigest()])

    def test_other_chats_of_the_same_poll_do_not_wait_for_a_file(self):
        self.telegram.fault("hang", method="download")
        self.telegram.send_file(PHOTO, caption="look", chat=7)
        self.telegram.say("second", chat=7)
        self.telegram.say("hello", chat=8)
        self.start()
        self.answered("echo: hello", chat=8)
        self.assertEqual(self.telegram.texts(7), [])
        self.telegram.drop_connections()
        self.answered("echo: look\n\n[image photo.jpg, 13 B]", "echo: second")
        wait_until(lambda: self.telegram.pending() == 0, "all of it is confirmed to the platform")


if __name__ == "__main__":
    unittest.main()
