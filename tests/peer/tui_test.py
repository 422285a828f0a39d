"""The real TUI in a pseudo-terminal: talk, stop an answer, be paired."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from daemon import Daemon  # noqa: E402
from peers import NODE, OPENCLAW, PATIENCE, Home  # noqa: E402
from terminal import Terminal  # noqa: E402


def tui(daemon, token, name):
    home = Home(daemon.folder / name)
    return Terminal([NODE, OPENCLAW, "tui", "--url", f"ws://127.0.0.1:{daemon.port}", "--token",
                     token], home.environment())


class Tui(unittest.TestCase):
    def test_a_question_is_answered(self):
        with Daemon(config={}).start() as daemon, tui(daemon, daemon.token, "peer") as terminal:
            terminal.wait("gateway connected", PATIENCE)
            terminal.type("how are you")
            terminal.wait("how are you", PATIENCE)
            terminal.type("\r")
            terminal.wait("echo: how are you", PATIENCE)

    def test_an_answer_is_stopped(self):
        slow = {"agents": {"entries": {"main": {"spine": {"delayMs": 600_000}}}}}
        with Daemon(config=slow).start() as daemon, tui(daemon, daemon.token, "peer") as terminal:
            terminal.wait("gateway connected", PATIENCE)
            with daemon.listener() as watcher:
                terminal.type("take your time")
                terminal.wait("take your time", PATIENCE)
                terminal.type("\r")
                watcher.wait_event("agent", lambda told: told["data"].get("phase") == "start",
                                   PATIENCE)
                since = terminal.mark()
                terminal.type("/abort")
                terminal.wait("/abort", PATIENCE, since)
                terminal.type("\r")
                watcher.wait_event("chat", lambda told: told["state"] == "aborted", PATIENCE)
                terminal.wait("abort", PATIENCE, since)

    def test_an_unpaired_device_is_let_in_by_the_person_at_the_machine(self):
        config = {"gateway": {"auth": {"mode": "pairing"}}}
        with Daemon(config=config).start() as daemon, tui(daemon, "none", "peer") as terminal:
            terminal.wait("pairing required", PATIENCE)
            listed = daemon.run_cli("devices", "list")
            self.assertIn("openclaw-tui", listed.stdout)
            approved = daemon.run_cli("devices", "approve", "--latest")
            self.assertEqual(approved.returncode, 0, approved.stderr)
            since = terminal.mark()
            terminal.wait("gateway connected", PATIENCE, since)
            terminal.type("am I in")
            terminal.wait("am I in", PATIENCE, since)
            terminal.type("\r")
            terminal.wait("echo: am I in", PATIENCE, since)


if __name__ == "__main__":
    unittest.main(verbosity=2)
