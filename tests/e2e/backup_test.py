"""Backups: made while messages come in, put in place elsewhere, and refused when they are not whole."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import unittest

from daemon import SPINE_REPLAY, Daemon, wait_until
from spine_client import channel_message, connect_params

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}}}
KEY = "agent:main:test:direct:anna"
DISK = "1m"


def history(daemon):
    """What anna wrote."""
    with daemon.client() as client:
        messages = client.call("chat.history", {"sessionKey": KEY, "limit": 1000})["messages"]
    return [message["content"] if isinstance(message["content"], str) else message["content"][0]["text"]
            for message in messages if message["role"] == "user"]


def talk(client, first, count):
    for number in range(first, first + count):
        client.call("channel.message", channel_message(f"m{number}", f"text {number}", sender="anna"))
    for _ in range(count):
        client.wait_event("chat", lambda chat: chat["state"] == "final")


class Backup(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(CONFIG)
        self.addCleanup(self.daemon.close)
        self.other = Daemon(CONFIG)
        self.addCleanup(self.other.close)
        self.dir = self.daemon.folder / "backup"

    def cli(self, daemon, *arguments, code=0):
        answer = daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, code, answer.stdout + answer.stderr)
        return answer

    def backup(self):
        return json.loads(self.cli(self.daemon, "backup", str(self.dir), "--json").stdout)

    def refused(self, daemon, *arguments):
        return self.cli(daemon, "restore", str(self.dir), *arguments, code=1).stderr

    def test_under_load_it_is_one_moment_and_goes_on_elsewhere(self):
        self.daemon.start()
        sent, enough = [], threading.Event()

        def send_on():
            with self.daemon.listener() as client:
                while not enough.is_set():
                    talk(client, len(sent), 1)
                    sent.append(1)

        load = threading.Thread(target=send_on)
        load.start()
        try:
            wait_until(lambda: len(sent) >= 5, "messages come in")
            made = self.backup()
            after = len(sent)
            wait_until(lambda: len(sent) > after, "messages go on")
        finally:
            enough.set()
            load.join()
        last = made["lastSeq"]
        for verb in ("journal", "replay"):
            checked = subprocess.run([SPINE_REPLAY, verb, "verify", "--state-dir", self.dir / "state"],
                                     capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        before = history(self.daemon)
        self.cli(self.other, "restore", str(self.dir))
        upto = self.daemon.events("--to", str(last))
        self.assertEqual(self.other.events(), upto)
        self.assertEqual(upto[-1]["seq"], last)
        self.other.start()
        self.assertEqual(self.other.token, self.daemon.token)
        received = sum(event["kind"] == "MessageReceived" for event in upto)
        self.assertEqual(history(self.other), before[:received])
        self.assertEqual(self.other.replay("replay", "verify").returncode, 0)

    def test_cursors_of_before_are_refused_after_a_restore(self):
        self.daemon.start()
        with self.daemon.listener() as client:
            talk(client, 0, 1)
            self.backup()
            talk(client, 1, 1)
            cursors = [event["payload"]["cursor"] for event in client.events if "cursor" in event["payload"]]
        self.assertEqual(self.daemon.stop(), 0)
        self.cli(self.daemon, "restore", str(self.dir), "--replace")
        for _ in range(2):  # and after a further start
            self.daemon.start()
            for cursor in (cursors[0], cursors[-1]):
                params = connect_params(self.daemon.token)
                params["caps"] = ["resume"]
                with self.daemon.client(params=params) as client:
                    answer = client.call("resume", {"cursor": cursor})
                self.assertFalse(answer["recovered"])
            self.assertEqual(self.daemon.stop(), 0)
        started = [event["body"] for event in self.daemon.events("--kind", "EngineStarted")]
        self.assertEqual(["loss" in body for body in started], [False, True, False])
        self.assertEqual(self.daemon.text().count("restored from a backup"), 1)

    def test_a_stopped_gateway_is_backed_up_with_its_snapshot_and_kept_aside(self):
        self.daemon.start()
        with self.daemon.listener() as client:
            talk(client, 0, 3)
        said = history(self.daemon)
        self.assertEqual(self.daemon.stop(), 0)
        paths = [file["path"] for file in self.backup()["files"]]
        self.assertTrue(any(path.startswith("state/snapshots/") for path in paths), paths)
        self.assertIn("not empty", self.refused(self.daemon))
        answer = json.loads(self.cli(self.daemon, "restore", str(self.dir), "--replace", "--json").stdout)
        kept = pathlib.Path(answer["before"])
        self.assertTrue((kept / "journal" / "data.mdb").exists())
        self.addCleanup(subprocess.run, ["rm", "-rf", kept], check=False)
        self.daemon.start()
        self.assertEqual(history(self.daemon), said)
        self.assertIn("snapshot", self.daemon.text())

    def test_a_damaged_one_is_refused_naming_the_file(self):
        self.daemon.start()
        with self.daemon.listener() as client:
            talk(client, 0, 2)
        self.backup()
        for name in ("state/journal/data.mdb", "state/token", "config/openclaw.json"):
            path = self.dir / name
            good = path.read_bytes()
            path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
            self.assertIn(name, self.refused(self.other))
            path.write_bytes(good)
        (self.dir / "manifest.json").write_text("{", encoding="utf-8")
        self.assertIn("manifest.json", self.refused(self.other))
        self.assertFalse(self.other.state_dir.exists())

    def test_it_is_not_put_where_a_gateway_runs(self):
        self.daemon.start()
        self.backup()
        self.assertIn("stop it first", self.refused(self.daemon, "--replace"))
        self.assertEqual(self.daemon.http("GET", "/ready")[0], 200)

    def test_a_full_disk_leaves_no_half_backup(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="spine-disk-"))
        self.addCleanup(os.rmdir, folder)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "spine-test", folder],
            capture_output=True, check=False).returncode == 0
        if not mounted:
            if os.environ.get("SPINE_GATE") == "1":
                self.fail("cannot mount a small disk here")
            self.skipTest("needs root to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        self.daemon.start()
        with self.daemon.client() as client:
            for number in range(30):
                client.call("channel.message", channel_message(f"m{number}", "x" * 100_000))
        said = self.cli(self.daemon, "backup", str(folder / "backup"), code=1).stderr
        self.assertIn("No space left", said)
        self.assertEqual(list(folder.iterdir()), [])

    def test_ctrl_c_leaves_all_or_nothing(self):
        self.daemon.start()
        with self.daemon.client() as client:
            for number in range(30):
                client.call("channel.message", channel_message(f"m{number}", "x" * 100_000))
        partial = self.daemon.folder / "backup.partial"
        process = self.daemon.spawn_cli("backup", str(self.dir), stdout=subprocess.DEVNULL)
        wait_until(lambda: partial.exists() or self.dir.exists(), "the backup begins")
        process.send_signal(signal.SIGINT)
        code = process.wait()
        self.assertFalse(partial.exists())
        self.assertEqual(self.dir.exists(), code == 0)


if __name__ == "__main__":
    unittest.main()
