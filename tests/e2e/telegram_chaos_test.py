"""Telegram with random faults, and kills of the gateway: nothing is handled twice, and nothing is lost unnamed."""

import os
import random
import unittest

from daemon import PATIENCE, Daemon, wait_until
from telegram_server import TelegramServer

MESSAGES = int(os.environ.get("SPINE_CHAOS_MESSAGES", "500"))
SEED = int(os.environ.get("SPINE_CHAOS_SEED", "3"))
# So many chats that nobody writes more than one may in a minute.
CHATS, KILLS, RATE = 60 * max(1, MESSAGES // 500), max(5, MESSAGES // 500), 0.15
LONG = PATIENCE * 3 * max(1, MESSAGES // 1_000)


class Chaos(unittest.TestCase):
    def test_each_message_is_handled_once_and_each_answer_arrives_once_or_is_named(self):
        telegram = TelegramServer()
        self.addCleanup(telegram.close)
        daemon = Daemon({"channels": {"telegram": {"botToken": telegram.token, "apiRoot": telegram.root}}}).start()
        self.addCleanup(daemon.close)
        telegram.chaos(SEED, RATE, methods=["getMe", "getUpdates", "sendMessage"])
        said = self.talk(telegram, daemon)
        telegram.wait_for(lambda: telegram.pending() == 0, LONG, "all are read")
        if MESSAGES <= 500:
            telegram.clear_faults()  # what is tried again waits for seconds
        wait_until(lambda: self.open_deliveries(daemon.events()) == 0, "every delivery has ended", LONG)
        events = daemon.events()
        received = [e["body"]["text"] for e in events if e["kind"] == "MessageReceived"]
        self.assertEqual(sorted(received), sorted(text for texts in said.values() for text in texts))
        unknown, failed = self.dead_texts(events), self.failed_texts(events)
        self.assertGreater(len(unknown), 0, "no fault met a message: another seed")
        for chat, texts in said.items():
            got = [text.removeprefix("echo: ") for text in telegram.texts(chat) if text.startswith("echo: ")]
            self.assertEqual(got, [text for text in texts if text in got], f"once, in order, in {chat} (seed {SEED})")
            self.assertLessEqual(set(texts) - set(got), unknown | failed, f"not delivered and not named, in {chat}")
            self.assertEqual(set(got) & failed, set(), f"answered, and given up, in {chat}")
        print(f"{MESSAGES} messages in {CHATS} chats, {telegram.bot.faults.met} faults, {KILLS} kills (seed {SEED}): "
              f"{len(received)} recorded once each, {MESSAGES - len(unknown | failed)} answered once, {len(unknown)} "
              f"named as unknown, {len(failed)} given up after several kills", flush=True)
        # One that was killed does not know that it was asked to wait.
        self.assertEqual([v for v in telegram.violations() if "retry_after" not in v], [])

    # Case 15: the path to the platform dies and no end of the connection arrives.
    @unittest.skipUnless(MESSAGES > 500, "takes as long as a poll may")
    def test_a_dead_path_is_noticed_by_time_and_replaced(self):
        telegram = TelegramServer()
        self.addCleanup(telegram.close)
        daemon = Daemon({"channels": {"telegram": {"botToken": telegram.token, "apiRoot": telegram.root}}}).start()
        self.addCleanup(daemon.close)
        telegram.say("one", chat=7)
        telegram.wait_for(lambda: telegram.texts(7) == ["echo: one"])
        telegram.wait_for(lambda: telegram.bot.poll)
        telegram.freeze()
        telegram.say("two", chat=7)
        telegram.wait_for(lambda: telegram.texts(7) == ["echo: one", "echo: two"], LONG)
        states = [event["body"].get("state") for event in daemon.events("--kind", "ChannelStateChanged")]
        self.assertEqual(states, ["starting", "connected", "degraded", "connected"])
        self.assertEqual(telegram.violations(), [])

    def talk(self, telegram, daemon):
        source = random.Random(SEED)
        kills = set(source.sample(range(MESSAGES), KILLS))
        said = {}
        for number in range(MESSAGES):
            chat = source.randint(1, CHATS)
            telegram.say(f"m{number}", chat=chat)
            said.setdefault(chat, []).append(f"m{number}")
            if number in kills:
                # One that is killed again and again before it gets anywhere gives runs up, as it should.
                telegram.wait_for(lambda: telegram.pending() == 0, LONG, "all so far are read")
                daemon.kill()
                daemon.start()
        return said

    @staticmethod
    def open_deliveries(events):
        """Deliveries without an end, and messages without a delivery."""
        ended = {e["body"]["delivery"] for e in events if e["kind"] in ("DeliveryConfirmed", "DeliveryDeadLettered")}
        return MESSAGES - len(ended)

    @staticmethod
    def failed_texts(events):
        """What the runs were to answer that were given up."""
        at = {e["seq"]: e for e in events}
        return {at[at[e["body"]["run"]]["body"]["message"]]["body"]["text"] for e in events if e["kind"] == "RunFailed"}

    @staticmethod
    def dead_texts(events):
        """What the dead letters of unknown outcome answer."""
        at = {e["seq"]: e for e in events}
        dead = {e["body"]["delivery"] for e in events
                if e["kind"] == "DeliveryDeadLettered" and e["body"]["reason"] == "unknown"}
        return {at[at[delivery]["body"]["message"]]["body"]["text"] for delivery in dead}


if __name__ == "__main__":
    unittest.main()
