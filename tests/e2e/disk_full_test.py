"""A disk that runs full: inputs are refused retryably, /ready says why, nothing accepted is lost.

Needs root to mount a small disk and is skipped without it; with SPINE_GATE=1 that is a failure.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from daemon import PATIENCE, Daemon, wait_until
from spine_client import RpcError, channel_message

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}},
          "bindings": [{"agentId": "none", "match": {"channel": "test"}}]}
DISK = "192m"  # the space the journal keeps ahead, an index, snapshots, and some to fill


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="spine-disk-"))
        self.addCleanup(os.rmdir, self.folder)
        if os.geteuid() != 0:
            self.cannot_run("needs root to mount a small disk")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "spine-test",
                                  self.folder], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.cannot_run(f"cannot mount a small disk here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=False)
        self.daemon = Daemon(CONFIG, folder=self.folder)
        self.addCleanup(self.daemon.close)

    def cannot_run(self, why):
        """The gate must not pass without this test; elsewhere it is left out."""
        if os.environ.get("SPINE_GATE") == "1":
            self.fail(why)
        self.skipTest(why)

    def fill_up(self):
        """Takes every byte that is left."""
        with open(self.folder / "filler", "wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                try:
                    while filler.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass

    def send_until_refused(self, client):
        """The external ids acknowledged, and the error that refused the next one."""
        accepted = []
        for number in range(5000):
            try:
                client.call("channel.message", channel_message(f"m{number}", "x" * 100_000))
            except RpcError as error:
                return accepted, error.error
            accepted.append(f"m{number}")
        self.fail("a full disk refused nothing")

    def test_a_full_disk_refuses_says_why_and_resumes(self):
        self.daemon.start()
        with self.daemon.client() as client:
            client.call("channel.message", channel_message("first", "hello"))
            self.fill_up()
            accepted, error = self.send_until_refused(client)
            self.assertEqual((error["code"], error["retryable"]), ("UNAVAILABLE", True))
            status, _, body = self.daemon.http("GET", "/ready")
            self.assertEqual(status, 503)
            self.assertIn("disk_full", json.loads(body)["failing"])
            self.assertTrue(client.call("health", {}), "reads go on")
            self.assertIn("disk is full", error["message"])
            for number in range(20):  # a small one would find room where a large one did not
                with self.assertRaises(RpcError) as caught:
                    client.call("channel.message", channel_message(f"small{number}", "x"))
                self.assertEqual(caught.exception.error["details"]["code"], "NO_SPACE")
            self.assertIn("disk_full", self.daemon.get_json("/ready")["failing"])
            self.assertIn("no: disk_full", self.daemon.run_cli("status").stdout)
            os.unlink(self.folder / "filler")
            wait_until(lambda: self.daemon.http("GET", "/ready")[0] == 200, "service resumes")
            client.call("channel.message", channel_message("after", "hello again"), timeout=PATIENCE)
        self.assertEqual(self.daemon.stop(), 0)
        said = self.daemon.text()
        self.assertEqual((said.count("inputs are refused"), said.count("room on the disk again")),
                         (1, 1))
        received = [event["body"]["external_id"]
                    for event in self.daemon.events("--kind", "MessageReceived")]
        self.assertEqual(received, ["first", *accepted, "after"])
        self.assertEqual(self.daemon.replay("replay", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
