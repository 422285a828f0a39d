"""`spine replay bundle`: a part of a running gateway's journal, opened elsewhere."""

import json
import resource
import signal
import subprocess
import unittest

from daemon import PATIENCE, SPINE, SPINE_REPLAY, Daemon


class Bundle(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        for text in ("one", "two", "three"):
            self.assertEqual(self.daemon.run_cli("send", text).returncode, 0)
        self.out = self.daemon.folder / "bundle"

    def elsewhere(self, *arguments):
        return subprocess.run([SPINE, *arguments, "--state-dir", self.out], capture_output=True, text=True,
                              check=False, timeout=PATIENCE)

    def test_it_is_cut_out_of_a_live_journal_and_verifies_elsewhere(self):
        last_message = self.daemon.events("--kind", "MessageReceived")[-1]["seq"]
        made = self.daemon.run_cli("replay", "bundle", "--around", "1 message ago", "--before", "5", "--after", "5",
                                   "--out", str(self.out), "--json")
        self.assertEqual(made.returncode, 0, made.stderr)
        manifest = json.loads(made.stdout)
        self.assertEqual(manifest["aroundSeq"], last_message - 1)
        self.assertGreater(manifest["firstSeq"], 1)
        verified = self.elsewhere("replay", "verify", "--json")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertEqual(json.loads(verified.stdout)["digest"], manifest["digestAfter"])
        self.assertEqual(self.elsewhere("journal", "verify").returncode, 0)

    def test_no_gateway_goes_on_with_one(self):
        self.assertEqual(self.daemon.run_cli("replay", "bundle", "--around", "latest", "--before", "5",
                                             "--out", str(self.out)).returncode, 0)
        started = subprocess.run([SPINE, "run", "--state-dir", self.out, "--config", self.daemon.config_path,
                                  "--port", "0"], capture_output=True, text=True, check=False, timeout=PATIENCE)
        self.assertEqual(started.returncode, 1)
        self.assertIn("it is a bundle", started.stdout + started.stderr)

    def test_a_disk_without_room_leaves_no_bundle(self):
        def no_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10))
        before = sorted(self.daemon.folder.iterdir())
        done = subprocess.run([SPINE_REPLAY, "replay", "bundle", "--around", "latest", "--out", self.out,
                               "--state-dir", self.daemon.state_dir], capture_output=True, text=True, check=False,
                              preexec_fn=no_room, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("data.mdb cannot be made large enough", done.stderr)
        self.assertEqual(sorted(self.daemon.folder.iterdir()), before)


if __name__ == "__main__":
    unittest.main()
