"""Changing the configuration of a running gateway: hash-guarded, recorded, reloaded, and guarded from afar."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from daemon import Daemon, wait_until  # noqa: E402
from spine_client import RpcError  # noqa: E402

SECRET = "correct-horse-battery-staple-1"


class ConfigEdits(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(config={"session": {"dmScope": "per-peer"},
                                     "channels": {"telegram": {"botToken": SECRET}}}).start()
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)

    def file(self):
        return json.loads(self.daemon.config_path.read_text())

    def refusal(self, method, params):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, params)
        return caught.exception

    def hash(self):
        return self.client.call("config.get")["hash"]

    def test_a_patch_is_written_recorded_told_and_in_force(self):
        watcher = self.daemon.listener()
        self.addCleanup(watcher.close)
        done = self.client.call("config.patch", {
            "raw": "{messages: {}, agents: {entries: {main: {name: 'Ada'}}}}",
            "baseHash": self.hash()})
        self.assertTrue(done["ok"])
        self.assertIn("agents.entries.main.name", done["changedPaths"])
        self.assertEqual(self.file()["agents"]["entries"]["main"]["name"], "Ada")
        self.assertEqual(self.file()["channels"]["telegram"]["botToken"], SECRET)
        self.assertNotIn(SECRET, json.dumps(done))
        told = watcher.wait_event("config.changed")
        self.assertIn("agents.entries.main.name", told["changedPaths"])
        self.assertIn("cursor", told)
        wait_until(lambda: self.client.call("agents.list")["agents"][0]["name"] == "Ada",
                   "the new name is in force")
        changed = [event for event in self.daemon.events() if event["kind"] == "ConfigChanged"]
        self.assertEqual(len(changed), 1)
        self.assertIn("Ada", changed[0]["body"]["diff"])
        self.assertNotIn(SECRET, json.dumps(changed))

    def test_an_edit_names_the_text_it_was_made_from(self):
        error = self.refusal("config.patch", {"raw": "{session: {mainKey: 'home'}}"})
        self.assertEqual(error.message, "config base hash required; re-run config.get and retry")
        stale = self.hash()
        self.client.call("config.patch", {"raw": "{session: {mainKey: 'home'}}", "baseHash": stale})
        error = self.refusal("config.set", {"raw": "{}", "baseHash": stale})
        self.assertIn("config changed since last load", error.message)

    def test_what_would_not_load_is_not_written(self):
        before = self.daemon.config_path.read_text()
        error = self.refusal("config.set", {"raw": "{session: {dmScope: 'nonsense'}}",
                                            "baseHash": self.hash()})
        self.assertIn("dmScope", error.message)
        self.assertEqual(self.daemon.config_path.read_text(), before)

    def test_what_security_depends_on_is_changed_on_the_machine_alone(self):
        for raw in ("{gateway: {bind: 'lan'}}", "{gateway: {auth: {mode: 'none'}}}",
                    "{channels: {telegram: {dmPolicy: 'open'}}}",
                    "{agents: {entries: {main: {spine: {command: '/bin/sh'}}}}}",
                    "{logging: {file: '/tmp/elsewhere'}}", "{env: {X: 'y'}}",
                    "{gateway: {controlUi: {allowedOrigins: ['https://evil.example']}}}"):
            with self.subTest(raw):
                error = self.refusal("config.patch", {"raw": raw, "baseHash": self.hash()})
                self.assertEqual(error.code, "FORBIDDEN", error.message)
                self.assertIn("spine config set", error.message)
        done = self.daemon.run_cli("config", "set", "channels.telegram.dmPolicy", "allowlist")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.file()["channels"]["telegram"]["dmPolicy"], "allowlist")
        self.assertEqual(self.file()["channels"]["telegram"]["botToken"], SECRET)

    def test_the_redacted_word_stands_for_the_secret(self):
        shown = self.client.call("config.get")
        self.assertNotIn(SECRET, json.dumps(shown))
        edited = json.loads(shown["raw"])
        edited["session"]["mainKey"] = "home"
        self.client.call("config.set", {"raw": json.dumps(edited), "baseHash": shown["hash"]})
        self.assertEqual(self.file()["channels"]["telegram"]["botToken"], SECRET)
        self.assertEqual(self.file()["session"]["mainKey"], "home")

    def test_a_file_that_broke_leaves_the_old_configuration_in_force(self):
        self.daemon.config_path.write_text("{session: {dmScope: 'nonsense'}}")
        self.daemon.reload()
        wait_until(lambda: any(event["kind"] == "ConfigRefused" for event in self.daemon.events()),
                   "the refusal is on record")
        self.assertIn("the old configuration stays", self.daemon.text())
        self.assertEqual(self.client.call("config.get")["config"]["session"]["dmScope"], "per-peer")

    def test_without_a_gateway_the_file_is_changed_directly(self):
        self.daemon.stop()
        done = self.daemon.run_cli("config", "set", "session.mainKey", "home")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("No gateway runs", done.stdout)
        self.assertEqual(self.file()["session"]["mainKey"], "home")
        refused = self.daemon.run_cli("config", "set", "session.dmScope", "nonsense")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("dmScope", refused.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
