"""Files on Telegram: those of messages reach the agent or their sender is told, those of answers arrive once."""

import hashlib
import os
import unittest

from agents import AgentDaemon
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

    def test_what_nothing_refers_to_is_swept_and_the_rest_is_kept(self):
        self.start()
        self.telegram.send_file(PHOTO, caption="look", chat=7)
        self.answered("echo: look\n\n[image photo.jpg, 13 B]")
        self.daemon.kill()
        orphan = self.daemon.state_dir / "media" / ("ab" * 32)
        orphan.write_bytes(b"nobody's")
        for path in self.stored().values():
            os.utime(path, (0, 0))  # long ago
        self.daemon.start()
        wait_until(lambda: not orphan.exists(), "the orphan is swept")
        self.assertEqual(list(self.stored()), [hashlib.sha256(PHOTO).hexdigest()])


class Sent(Files):
    """The agent does what the prompt says, a command a line (scripted_turn.py)."""

    def start(self, config=None, **more):
        self.daemon = AgentDaemon({"main": "jsonl"}, config={**(config or {}), "channels": {"telegram": {
            "botToken": self.telegram.token, "apiRoot": self.telegram.root, **more}}}).start()
        self.addCleanup(self.end)
        return self.daemon

    def arrived(self, count, chat=7):
        """What the bot said there, once it is that many messages."""
        def said():
            return [message for message in self.telegram.chat(chat) if message["from"]["id"] == self.telegram.bot.id]
        self.telegram.wait_for(lambda: len(said()) >= count, what=f"{count} messages in {chat}")
        return said()

    def confirmed(self):
        """The platform's ids of the first delivery that is confirmed."""
        return wait_until(lambda: self.daemon.events("--kind", "DeliveryConfirmed"), "it is confirmed")[0][
            "body"]["platform_ids"]

    def test_a_file_that_an_answer_names_arrives_with_its_text(self):
        self.start()
        self.telegram.say("say here **it** is\nattach cat.jpg 100", chat=7)
        (photo,) = self.arrived(1)
        self.assertEqual((photo["caption"], len(photo["photo"])), ("here it is", 2))
        self.assertEqual([entity["type"] for entity in photo["caption_entities"]], ["bold"])
        self.assertEqual(len(self.confirmed()), 1)
        (finished,) = self.daemon.events("--kind", "RunFinished")
        self.assertIn("MEDIA:cat.jpg", finished["body"]["text"])
        self.assertEqual(finished["body"]["files"][0]["mime_type"], "image/jpeg")
        self.assertEqual(len(self.stored()), 1)
        self.assertEqual(self.telegram.log("sendMessage"), [])

    def test_several_files_come_first_in_order_and_a_file_needs_no_text(self):
        self.start()
        self.telegram.say("attach a.jpg 100\nattach b.jpg 101\nsay both", chat=7)
        one, two, text = self.arrived(3)
        self.assertEqual([one["photo"][1]["file_size"], two["photo"][1]["file_size"], text["text"]], [100, 101, "both"])
        self.assertEqual(len(self.confirmed()), 3)
        self.telegram.say("attach a.jpg 100", chat=8)
        (alone,) = self.arrived(1, chat=8)
        self.assertNotIn("caption", alone)

    def test_case_18_a_large_picture_is_a_document_and_keeps_caption_topic_and_marks(self):
        forum = -1_000_000_000_006
        self.start()
        self.telegram.add_chat(forum, forum=True)
        self.telegram.open_topic(forum, 9)
        self.telegram.say(f"@SpineTestBot\nsay **here**\nattach big.jpg {(10 << 20) + 1}", chat=forum, sender=7,
                          thread=9)
        (sent,) = self.arrived(1, chat=forum)
        self.assertEqual(sent["document"]["file_name"], "big.jpg")
        self.assertEqual(sent["message_thread_id"], 9)
        self.assertIn("bold", [entity["type"] for entity in sent["caption_entities"]])
        self.assertEqual(self.telegram.log("sendPhoto"), [])

    def test_case_18_what_telegram_does_not_show_as_a_picture_is_a_document(self):
        self.start()
        self.telegram.fault("status", method="sendPhoto", code=400, description="Bad Request: PHOTO_INVALID_DIMENSIONS")
        self.telegram.say("say here\nattach cat.jpg 100", chat=7)
        (sent,) = self.arrived(1)
        self.assertEqual((sent["document"]["file_name"], sent["caption"]), ("cat.jpg", "here"))

    def test_case_34_only_what_is_missing_is_sent_again(self):
        self.start()
        words = " ".join(f"word{number}" for number in range(250))  # too long for a caption
        self.telegram.fault("flood", method="sendMessage", seconds=1)
        self.telegram.say(f"say {words}\nattach cat.jpg 100", chat=7)
        photo, text = self.arrived(2)
        self.assertIn("photo", photo)
        self.assertEqual(text["text"].split(), words.split())
        self.assertEqual(len(self.confirmed()), 1)
        self.assertEqual(len(self.telegram.log("sendPhoto")), 1)
        (failed,) = self.daemon.events("--kind", "DeliveryFailed")
        self.assertEqual((failed["body"]["pieces"], len(failed["body"]["platform_ids"])), (1, 1))

    def test_what_is_not_in_the_workspace_stays_a_line(self):
        self.start()
        (self.daemon.folder / "secret.txt").write_text("secret")
        (self.daemon.workspace() / "link").symlink_to(self.daemon.folder / "secret.txt")
        for number, path in enumerate(("../secret.txt", "link", "nothing.jpg", "/etc/passwd")):
            self.telegram.say(f"say MEDIA:{path}", chat=10 + number)
            self.answered(f"MEDIA:{path}", chat=10 + number)
        self.assertEqual(self.stored(), {})

    def test_a_file_that_is_too_large_to_send_is_a_dead_letter(self):
        self.start(mediaMaxMb=1)
        self.telegram.say(f"attach cat.jpg {2 << 20}", chat=7)
        (failed,) = wait_until(lambda: self.daemon.events("--kind", "DeliveryFailed"), "it fails")
        self.assertEqual(failed["body"]["kind"], "permanent")
        self.assertIn("The file cat.jpg is too large: it has 2.0 MiB, and 1.0 MiB are sent at most",
                      failed["body"]["reason"])
        (dead,) = wait_until(lambda: self.daemon.events("--kind", "DeliveryDeadLettered"), "it is a dead letter")
        shown = self.daemon.run_cli("dlq", "show", str(dead["body"]["delivery"])).stdout
        self.assertIn("[file cat.jpg, 2.0 MiB]", shown)


if __name__ == "__main__":
    unittest.main()
