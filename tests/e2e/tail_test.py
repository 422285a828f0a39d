"""`spine journal tail`: the past and what is committed from now on, in one stream."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from daemon import PATIENCE, SPINE_REPLAY, Daemon, wait_until


class Tail(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def tail(self, *arguments):
        """A tail that goes on beside the test, once it has said where it follows from."""
        errors = open(self.daemon.folder / "tail.txt", "w+", encoding="utf-8")
        self.addCleanup(errors.close)
        process = subprocess.Popen(
            [SPINE_REPLAY, "journal", "tail", *arguments, "--state-dir", self.daemon.state_dir],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        self.errors = self.daemon.folder / "tail.txt"
        wait_until(lambda: "following after #" in self.errors.read_text(encoding="utf-8"), "the tail follows")
        return process

    def send(self, text):
        self.assertEqual(self.daemon.run_cli("send", text).returncode, 0)

    def test_new_sees_what_is_sent_after_it_and_ctrl_c_ends_it_well(self):
        self.send("before")
        process = self.tail("--new", "--json", "--kind", "MessageReceived")
        self.send("after")
        line = json.loads(process.stdout.readline())
        self.assertEqual(line["body"]["text"], "after")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(process.stdout.read(), "")

    def test_it_ends_at_its_limit_and_goes_on_at_its_cursor_across_a_restart(self):
        process = self.tail("--new", "--json", "--kind", "MessageReceived", "--limit", "1")
        self.send("one")
        cursor = json.loads(process.stdout.readline())["cursor"]
        self.assertEqual(process.wait(PATIENCE), 0)
        self.send("two")
        self.daemon.stop()
        done = self.daemon.run_cli("journal", "tail", "--json", "--kind", "MessageReceived", "--no-follow",
                                   "--cursor", cursor)
        self.assertEqual([json.loads(line)["body"]["text"] for line in done.stdout.splitlines()], ["two"])

    def test_a_cursor_of_a_push_is_understood(self):
        with self.daemon.client() as client:
            cursor = client.hello["cursor"]
        self.send("pushed")
        done = self.daemon.run_cli("journal", "tail", "--json", "--kind", "MessageReceived", "--no-follow",
                                   "--cursor", cursor)
        self.assertEqual([json.loads(line)["body"]["text"] for line in done.stdout.splitlines()], ["pushed"],
                         done.stderr)

    def test_a_closed_pipe_ends_it_well(self):
        process = self.tail("--last", "1")
        process.stdout.close()
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_journal_that_is_replaced_under_it_ends_it_with_words(self):
        process = self.tail("--last", "1", "--headers-only")
        self.daemon.stop()
        journal = self.daemon.state_dir / "journal"
        copy = self.daemon.folder / "copy"
        shutil.copytree(journal, copy)
        os.rename(copy / "data.mdb", journal / "data.mdb")
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertIn("was replaced", self.errors.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
