"""The real openclaw command line against the gateway: what it asks for, it gets."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from daemon import Daemon  # noqa: E402
from peers import Home, remote  # noqa: E402


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(config={}).start()
        cls.url = f"ws://127.0.0.1:{cls.daemon.port}"
        cls.home = Home(cls.daemon.folder / "peer", remote(cls.daemon.port, cls.daemon.token))

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def succeeds(self, *arguments):
        done = self.home.run(*arguments)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def call(self, method, params=None):
        arguments = ["gateway", "call", method, "--url", self.url, "--token", self.daemon.token,
                     "--json"]
        if params is not None:
            arguments += ["--params", json.dumps(params)]
        return json.loads(self.succeeds(*arguments))

    def test_gateway_call_health(self):
        health = self.call("health")
        self.assertTrue(health["ok"])
        self.assertEqual(health["defaultAgentId"], "main")

    def test_health_status_and_probe(self):
        self.assertIn("main", self.succeeds("health"))
        self.assertIn("Sessions", self.succeeds("status"))
        probe = self.succeeds("gateway", "probe")
        self.assertIn("Reachable: yes", probe)
        self.assertIn("Read probe: ok", probe)

    def test_an_agent_answers(self):
        self.assertIn("echo: hi there", self.succeeds("agent", "-m", "hi there"))

    def test_logs_devices_and_channels(self):
        self.assertIn("ready", self.succeeds("logs", "--limit", "200"))
        self.succeeds("devices", "list", "--json")
        self.succeeds("channels", "status")

    def test_sessions(self):
        self.succeeds("agent", "-m", "something to list")
        keys = [row["key"] for row in self.call("sessions.list")["sessions"]]
        self.assertIn("agent:main:main", keys)
        described = self.call("sessions.describe", {"key": "agent:main:main"})
        self.assertEqual(described["session"]["key"], "agent:main:main")
        made = self.call("sessions.create", {"label": "from the command line"})
        self.assertTrue(made["ok"])
        found = self.call("sessions.resolve", {"label": "from the command line"})
        self.assertEqual(found["key"], made["key"])
        self.call("sessions.patch", {"key": made["key"], "label": "renamed", "pinned": True})
        row = self.call("sessions.describe", {"key": made["key"]})["session"]
        self.assertEqual((row["label"], row["pinned"]), ("renamed", True))
        history = self.call("chat.history", {"sessionKey": "agent:main:main", "limit": 10})
        self.assertIn("echo: something to list", json.dumps(history))
        self.assertTrue(self.call("sessions.delete", {"key": made["key"]})["deleted"])

    def test_cron_is_empty_and_says_so(self):
        self.succeeds("cron", "list")
        self.succeeds("cron", "status")

    def test_a_system_event_is_taken(self):
        self.succeeds("system", "event", "--text", "the mail has come", "--mode", "now")

    def test_a_wrong_token_is_named(self):
        done = self.home.run("gateway", "call", "health", "--url", self.url, "--token", "wrong")
        self.assertEqual(done.returncode, 1)
        self.assertIn("gateway token mismatch", done.stdout + done.stderr)

    def test_an_unknown_method_is_named(self):
        done = self.home.run("gateway", "call", "no.such", "--url", self.url, "--token",
                             self.daemon.token)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unknown method: no.such", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
