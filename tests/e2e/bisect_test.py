"""`spine replay bisect --run`: a command's exit code says good, bad or skip; and the pipe of step."""

import json
import subprocess
import unittest

from daemon import Daemon, SPINE


class BisectRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.start()
        for text in ("one", "two", "three"):
            assert cls.daemon.run_cli("send", text).returncode == 0
        cls.daemon.stop()
        info = cls.daemon.run_cli("journal", "info", "--json")
        cls.last = json.loads(info.stdout)["lastSeq"]

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def bisect(self, command, *words):
        return self.daemon.run_cli("replay", "bisect", "--run", command, *words)

    def test_it_finds_the_first_event_at_which_the_command_fails(self):
        for planted in (2, self.last // 2, self.last):
            done = self.bisect(f"test $SPINE_SEQ -lt {planted}")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"#{planted} is the first event after which the command fails", done.stdout)

    def test_125_skips_and_what_is_left_open_is_named(self):
        middle = self.last // 2
        near = f"test $SPINE_SEQ -ge {middle} && test $SPINE_SEQ -le {middle + 1} && exit 125; "
        done = self.bisect(near + "test $SPINE_SEQ -lt 4", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["seq"], 4)
        self.assertIn("skip", [step["verdict"] for step in result["steps"]])
        done = self.bisect(near + f"test $SPINE_SEQ -lt {middle}")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"one of #{middle} to #{middle + 2}", done.stderr)

    def test_other_codes_end_it_and_the_log_is_taken_up_again(self):
        log = self.daemon.folder / "log"
        stop = self.daemon.folder / "stop"
        stop.touch()
        command = (f'test $SPINE_SEQ -ne {self.last} && test $SPINE_SEQ -ne 1 && '
                   f'test -e {stop} && exit 200; test $SPINE_SEQ -lt 5')
        done = self.bisect(command, "--log", str(log))
        self.assertEqual(done.returncode, 1)
        self.assertIn("exit code 200", done.stderr)
        stop.unlink()
        done = self.bisect(command, "--resume", str(log), "--log", str(log) + "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(f"#{self.last},", done.stdout)  # its verdict was in the log
        self.assertIn("#5 is the first event", done.stdout)
        self.assertIn("# first bad: [#5]", (self.daemon.folder / "log2").read_text())

    def test_the_command_may_ask_the_journal_and_ends_that_disagree_are_refused(self):
        ask = f'{SPINE} replay state --at $SPINE_SEQ --json --table meta --state-dir "$SPINE_STATE_DIR" > /dev/null'
        done = self.bisect(f"{ask} && test $SPINE_SEQ -lt 3")
        self.assertIn("#3 is the first event", done.stdout + done.stderr)
        self.assertIn('The command says "good" at', self.bisect("true").stderr)
        self.assertEqual(self.bisect("true", "--good", "nonsense").returncode, 1)
        self.assertEqual(self.bisect("true", "--every").returncode, 2)

    def test_step_reads_commands_from_a_pipe(self):
        done = subprocess.run(
            [SPINE, "replay", "step", "--state-dir", str(self.daemon.state_dir)],
            input="until sessions.count > 0\nwhy\nshow sessions\n", capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("SessionOpened", done.stdout)
        self.assertIn("because of #", done.stdout)


if __name__ == "__main__":
    unittest.main()
