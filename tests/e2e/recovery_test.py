"""What survives: kill -9, lost indexes and snapshots, flipped bytes, journals of another format."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import unittest

import blocks
from daemon import Daemon, wait_until
from spine_client import RpcError, channel_message

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}}}


# Takes every place in LMDB's table of readers, says how many, and keeps them until it is let go.
HOARD = """
import ctypes, ctypes.util, sys
lmdb = ctypes.CDLL(ctypes.util.find_library("lmdb") or "liblmdb.so.0")
env = ctypes.c_void_p()
read_only, no_tls = 0x20000, 0x200000
assert lmdb.mdb_env_create(ctypes.byref(env)) == 0
assert lmdb.mdb_env_open(env, sys.argv[1].encode(), read_only | no_tls, 0o600) == 0
count, txn = 0, ctypes.c_void_p()
while lmdb.mdb_txn_begin(env, None, read_only, ctypes.byref(txn)) == 0:
    count += 1
print(count, flush=True)
sys.stdin.read()
"""


class Recovery(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(CONFIG)
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def talk(self, count=3):
        with self.daemon.listener() as client:
            for number in range(count):
                client.call("channel.message",
                            channel_message(f"m{number}", f"text {number}", sender="anna"))
            for _ in range(count):
                client.wait_event("chat", lambda chat: chat["state"] == "final")

    def history(self):
        with self.daemon.client() as client:
            answer = client.call("chat.history", {"sessionKey": "agent:main:test:direct:anna"})
        return [(message["role"], message["content"] if isinstance(message["content"], str)
                 else message["content"][0]["text"]) for message in answer["messages"]]

    def verified(self):
        """The digest `replay verify` comes to."""
        answer = self.daemon.replay("replay", "verify", "--json")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return json.loads(answer.stdout)

    def test_a_message_survives_kill_9(self):
        self.talk()
        before = self.history()
        self.assertEqual(len(before), 6)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.history(), before)
        answer = self.daemon.run_cli("replay", "verify")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertIn("equal", answer.stdout.lower())
        started = [event["body"] for event in self.daemon.events("--kind", "EngineStarted")]
        self.assertEqual([body.get("after_crash", False) for body in started], [False, True])

    def test_index_and_snapshots_can_be_deleted(self):
        self.talk(5)
        before = self.history()
        self.assertEqual(self.daemon.stop(), 0)
        first = self.verified()
        for name in ("index", "snapshots"):
            self.assertTrue((self.daemon.state_dir / name).exists())
            shutil.rmtree(self.daemon.state_dir / name)
        again = self.verified()
        self.assertEqual(first["digest"], again["digest"])
        self.daemon.start()
        self.assertEqual(self.history(), before)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertTrue(any((self.daemon.state_dir / "snapshots").iterdir()))
        self.verified()

    def test_a_fifo_among_the_snapshots_does_not_hold_up_the_start(self):
        self.talk()
        before = self.history()
        self.assertEqual(self.daemon.stop(), 0)
        snapshots = sorted((self.daemon.state_dir / "snapshots").iterdir())
        snapshots[-1].unlink()
        os.mkfifo(snapshots[-1])
        mark = self.daemon.state_dir / "index" / "mark"
        mark.unlink()
        os.mkfifo(mark)
        self.daemon.start()
        self.assertEqual(self.history(), before)
        self.assertIn("is not a regular file", self.daemon.text())

    def test_foreign_readers_do_not_hold_up_the_start(self):
        self.talk()
        before = self.history()
        self.assertEqual(self.daemon.stop(), 0)
        holder = subprocess.Popen([sys.executable, "-c", HOARD, str(self.daemon.state_dir / "journal")],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.communicate)
        self.assertGreater(int(holder.stdout.readline()), 100)
        doctor = self.daemon.run_cli("doctor").stdout
        self.assertIn("other processes hold every place for readers", doctor)
        self.daemon.start()
        self.assertIn("other processes held every place for readers", self.daemon.text())
        self.assertEqual(self.history(), before)

    def test_a_start_from_a_snapshot_equals_a_start_from_nothing(self):
        self.talk(5)
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.talk(0)
        with self.daemon.client() as client:
            ack = client.call("channel.message", channel_message("m2", "text 2", sender="anna"))
        self.assertTrue(ack["duplicate"])
        self.verified()

    def journal_file(self):
        return self.daemon.state_dir / "journal" / "data.mdb"

    def test_a_flipped_byte_anywhere_in_a_block_is_found_and_its_block_named(self):
        self.talk(4)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.daemon.replay("journal", "verify").returncode, 0)
        seed = int(os.environ.get("SPINE_SEED", time.time_ns() % 1_000_000))
        print(f"SPINE_SEED={seed}")
        dice = random.Random(seed)
        found = blocks.find(self.journal_file())
        self.assertGreaterEqual(len(found), 3)
        for first, (block, places) in sorted(found.items()):
            for offset in {0, 4, 8, 12, len(block) - 1, *dice.choices(range(len(block)), k=3)}:
                with self.subTest(block=first, offset=offset):
                    flipped = bytearray(block)
                    flipped[offset] ^= 1 << dice.randrange(8)
                    blocks.write(self.journal_file(), places, flipped)
                    answer = self.daemon.replay("journal", "verify")
                    blocks.write(self.journal_file(), places, block)
                    self.assertEqual(answer.returncode, 1, answer.stdout)
                    self.assertRegex(answer.stdout + answer.stderr, rf"(?i)block\D+{first}\b")
        self.assertEqual(self.daemon.replay("journal", "verify").returncode, 0)

    def test_damage_that_a_start_does_not_meet_is_found_in_the_background(self):
        with self.daemon.client() as client:
            for number in range(70):  # a block each; a start looks at the last 64
                client.call("channel.message", channel_message(f"m{number}", "text", sender="anna"))
        self.assertEqual(self.daemon.stop(), 0)
        first, (block, places) = sorted(blocks.find(self.journal_file()).items())[2]
        blocks.write(self.journal_file(), places, block[:-9] + bytes([block[-9] ^ 1]) + block[-8:])
        self.daemon.start()
        health = wait_until(lambda: (answer := self.daemon.get_json("/health"))["status"]
                            == "degraded" and answer, "the damage is found")
        self.assertIn("the journal is damaged: spine journal verify", health["reasons"])
        self.assertTrue(wait_until(lambda: self.daemon.get_json("/ready")["journal"]["verifiedAt"],
                                   "all of it was read"))
        self.assertEqual(self.daemon.metric("spine_journal_damages"), 1)
        self.assertRegex(self.daemon.run_cli("status").stdout, r"Journal read again +all of it, .* "
                                                               r"ago, 1 damages: spine journal verify")
        doctor = self.daemon.run_cli("doctor")
        self.assertEqual(doctor.returncode, 1, doctor.stdout)
        self.assertRegex(doctor.stdout, r"fail +journal +.*1 damages")
        log = (self.daemon.state_dir / "logs" / "spine.log").read_text(encoding="utf-8")
        lines = [line for line in log.splitlines() if "the journal is damaged" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], rf"block #{first}\b")
        with self.daemon.client() as client:
            client.call("channel.message", channel_message("later", "text", sender="anna"))

    def test_a_whole_journal_is_read_again_and_nothing_is_said(self):
        self.talk(3)
        ready = wait_until(lambda: (answer := self.daemon.get_json("/ready"))["journal"]
                           ["verifiedAt"] and answer, "all of it was read")
        self.assertEqual(ready["journal"]["damages"], 0)
        self.assertEqual(self.daemon.get_json("/health")["status"], "healthy")
        self.assertIn("nothing wrong", self.daemon.run_cli("status").stdout)
        self.assertRegex(self.daemon.run_cli("doctor").stdout, r"ok +journal +.*read again .* ago")

    def put_back(self):
        """An older copy of the journal beside newer snapshots and index; its last seq, and the newer one."""
        self.talk(2)
        self.assertEqual(self.daemon.stop(), 0)
        shutil.copy(self.journal_file(), self.daemon.folder / "older.mdb")
        older = self.daemon.events()[-1]["seq"]
        self.daemon.start()
        with self.daemon.client() as client:
            client.call("channel.message", channel_message("lost", "lost text", sender="anna"))
        with self.daemon.client() as client:
            self.lost_cursor = client.hello["cursor"]
        self.assertEqual(self.daemon.stop(), 0)
        newer = self.daemon.events()[-1]["seq"]
        shutil.copy(self.daemon.folder / "older.mdb", self.journal_file())
        return older, newer

    def test_a_journal_behind_its_snapshots_and_index_stops_the_start(self):
        older, newer = self.put_back()
        self.daemon.start(wait=False)
        self.assertEqual(self.daemon.wait(), 1)
        text = self.daemon.text()
        snapshot = self.daemon.state_dir / "snapshots" / f"{newer:020}.snapshot"
        self.assertIn(f"The journal ends at event {older}, but the snapshot {snapshot} was made at event "
                      f"{newer}; the index {self.daemon.state_dir / 'index'} was made up to event {newer}. "
                      "A commit was lost, or the journal is an older copy than what lies beside it. ", text)
        self.assertIn("spine start --accept-loss", text)
        self.assertTrue(snapshot.exists())
        for answer, words in ((self.daemon.run_cli("doctor"), "The journal ends at event"),
                              (self.daemon.run_cli("journal", "verify"), "what it was made of is missing"),
                              (self.daemon.run_cli("start", "--port", "0"), "spine start --accept-loss")):
            self.assertEqual(answer.returncode, 1, answer.stdout)
            self.assertIn(words, answer.stdout + answer.stderr)
        self.assertIn("Missing ", self.daemon.run_cli("journal", "info").stdout)
        self.assertEqual(self.daemon.events()[-1]["seq"], older)

    def test_a_loss_that_is_accepted_is_gone_on_without(self):
        _, newer = self.put_back()
        self.daemon.start("--accept-loss")
        history = self.history()
        self.assertEqual(len(history), 4)
        self.assertNotIn(("user", "lost text"), history)
        self.assertIn("As asked for by --accept-loss", self.daemon.text())
        with self.daemon.client() as client:
            ack = client.call("channel.message", channel_message("lost", "said again", sender="anna"))
            for number in range(8):
                client.call("channel.message", channel_message(f"l{number}", "later", sender="bert"))
        self.assertFalse(ack.get("duplicate", False))
        with self.daemon.client() as client:
            # Its seq has been given again: what came since is not what the client missed.
            self.assertGreater(int(client.hello["cursor"].split(".")[1]),
                               int(self.lost_cursor.split(".")[1]))
            self.assertFalse(client.call("resume", {"cursor": self.lost_cursor})["recovered"])
            with self.assertRaises(RpcError) as caught:
                client.call("journal.subscribe", {"cursor": self.lost_cursor})
            self.assertEqual(caught.exception.error["details"]["code"], "CURSOR_GONE")
            cursor = client.hello["cursor"]
        started = [event["body"] for event in self.daemon.events("--kind", "EngineStarted")]
        self.assertEqual([body.get("accepted_loss", 0) for body in started], [0, newer])
        self.assertEqual(self.daemon.stop(), 0)
        kept = self.daemon.state_dir / "snapshots" / f"{newer:020}.snapshot.lost"
        self.assertTrue(kept.exists())
        self.daemon.start()  # nothing is ahead any more
        for good, old in ((True, cursor), (False, self.lost_cursor)):
            with self.daemon.client() as client:
                self.assertEqual(client.call("resume", {"cursor": old})["recovered"], good)
        self.assertIn(("user", "said again"), self.history())
        self.verified()
        self.assertEqual(self.daemon.replay("journal", "verify").returncode, 0)

    def test_start_takes_the_loss_in_the_background_too(self):
        self.put_back()
        started = self.daemon.run_cli("start", "--accept-loss", "--port", "0")
        try:
            self.assertEqual(started.returncode, 0, started.stdout + started.stderr)
        finally:
            self.assertEqual(self.daemon.run_cli("stop").returncode, 0)

    def test_a_damaged_journal_is_refused_with_the_place(self):
        self.talk(4)
        self.assertEqual(self.daemon.stop(), 0)
        last = max(found := blocks.find(self.journal_file()))
        block, places = found[last]
        blocks.write(self.journal_file(), places, block[:-9] + bytes([block[-9] ^ 1]) + block[-8:])
        self.daemon.start(wait=False)
        self.assertEqual(self.daemon.wait(), 1)
        self.assertRegex(self.daemon.text(), rf"(?i)block\D+{last}\b")

    def test_a_journal_of_a_newer_format_is_refused_with_both_versions(self):
        self.talk(1)
        self.assertEqual(self.daemon.stop(), 0)
        for block, places in blocks.find(self.journal_file()).values():
            blocks.write(self.journal_file(), places, blocks.with_version(block, 977))
        self.daemon.start(wait=False)
        self.assertEqual(self.daemon.wait(), 1)
        self.assertIn("the block has format 977, this program understands up to format 2. "
                      "Install that version or a later one.", self.daemon.text())

    def test_a_journal_of_format_1_goes_on_in_format_2(self):
        self.talk(3)
        before = self.history()
        self.assertEqual(self.daemon.stop(), 0)
        blocks.to_format_1(self.journal_file())
        for name in ("index", "snapshots"):  # of a chain that is no more
            shutil.rmtree(self.daemon.state_dir / name)
        digest = self.verified()["digest"]
        self.assertIn("version 1", self.daemon.replay("journal", "info").stdout)
        self.daemon.start()
        self.assertEqual(self.history(), before)
        self.talk(0)
        with self.daemon.client() as client:
            client.call("channel.message", channel_message("later", "text", sender="anna"))
        self.assertEqual(self.daemon.stop(), 0)
        self.assertIn("version 2", self.daemon.replay("journal", "info").stdout)
        answer = self.daemon.replay("journal", "verify")
        self.assertEqual(answer.returncode, 0, answer.stdout)
        self.assertNotEqual(self.verified()["digest"], digest)

    def test_runs_that_were_open_at_the_kill_end_in_one_reply(self):
        self.daemon.stop()
        self.daemon.configure({**CONFIG, "agents": {"defaults": {"spine": {"delayMs": 30_000}}}})
        self.daemon.start()
        with self.daemon.client() as client:
            ids = client.start_many([
                ("channel.message", channel_message(f"m{n}", f"text {n}", sender=f"s{n % 7}"))
                for n in range(28)])
            for request in ids:
                client.response(request)
        wait_until(lambda: len(self.daemon.events("--kind", "RunStarted")) == 7, "seven runs go")
        self.daemon.kill()
        self.assertEqual(len(self.open_runs()), 28)
        self.daemon.configure(CONFIG)
        self.daemon.start()
        wait_until(lambda: not self.open_runs(), "every run ended")
        ended = [event["body"]["run"] for event in self.daemon.events("--kind", "RunFinished")]
        self.assertEqual((len(ended), len(set(ended))), (28, 28))
        self.verified()

    def open_runs(self):
        open_runs = set()
        for event in self.daemon.events():
            if event["kind"] == "RunQueued":
                open_runs.add(event["seq"])
            elif event["kind"] in ("RunFinished", "RunFailed"):
                open_runs.discard(event["body"]["run"])
        return open_runs


if __name__ == "__main__":
    unittest.main()
