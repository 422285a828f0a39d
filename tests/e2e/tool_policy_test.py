"""tools.* and sandbox.*: held by rules, arguments and the sandbox; an agent that nothing holds does not start."""

import os
import shutil
import unittest

from agents import AgentDaemon, ask
from daemon import wait_until

DENY = {"tools": {"exec": {"security": "deny"}}}


class ToolPolicy(unittest.TestCase):
    def daemon_with(self, wire, config, **spine):
        daemon = AgentDaemon({"main": {"wire": wire, **spine}}, config)
        self.addCleanup(daemon.close)
        return daemon.start()

    def test_a_program_that_does_not_ask_does_not_start_and_says_why(self):
        daemon = self.daemon_with("jsonl", DENY)
        with daemon.listener() as client:
            state, words = ask(client, "say hello")
        self.assertEqual(state, "error")
        self.assertIn('tools.exec.security "deny" cannot be kept', words)
        self.assertIn("spine.ownPolicy", words)
        row = daemon.agents()["main"]
        self.assertEqual(row["state"], "failed")
        self.assertIn("cannot be kept", row["problem"])
        doctor = daemon.run_cli("doctor")
        self.assertIn("is not started: tools.exec.security", doctor.stdout)
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("cannot be kept", daemon.run_cli("agents", "status", "main").stdout)
        self.assertIn("the agent main does not start", daemon.run_cli("config", "validate").stdout)
        self.assertFalse(daemon.processes())

    def test_it_may_answer_for_itself(self):
        daemon = self.daemon_with("jsonl", DENY, ownPolicy=True)
        with daemon.listener() as client:
            self.assertEqual(ask(client, "say hello"), ("final", "hello"))
            self.assertEqual(ask(client, "tool bash")[0], "final")

    def test_one_that_asks_is_told_no(self):
        daemon = self.daemon_with("acp", DENY)
        with daemon.listener() as client:
            self.assertEqual(ask(client, "ask execute"), ("final", "not allowed"))
            self.assertEqual(ask(client, "say hello"), ("final", "hello"))

    def test_one_that_acts_without_asking_is_stopped(self):
        for wire, config in (("acp", DENY), ("pi", DENY),
                             ("acp", {"tools": {"exec": {"ask": "always"}}})):
            daemon = self.daemon_with(wire, config)
            with daemon.listener() as client:
                state, words = ask(client, "tool bash")
                self.assertEqual((wire, state), (wire, "error"))
                self.assertIn("without asking, which tools.exec", words)
                self.assertEqual(ask(client, "say hello"), ("final", "hello"))

    def test_files_are_kept_apart_or_the_agent_does_not_start(self):
        spine = {"sandbox": {"mode": "none" if os.geteuid() else "user"}}
        daemon = self.daemon_with("acp", {"tools": {"fs": {"workspaceOnly": True}}}, **spine)
        with daemon.listener() as client:
            state, words = ask(client, "say hello")
        self.assertEqual(state, "error")
        self.assertIn("tools.fs.workspaceOnly cannot be kept", words)

    @unittest.skipUnless(shutil.which("bwrap"), "bubblewrap is not installed")
    def test_bubblewrap_keeps_files_apart(self):
        daemon = self.daemon_with("acp", {"tools": {"fs": {"workspaceOnly": True}}})
        with daemon.listener() as client:
            state, words = ask(client, "say hello")
        row = wait_until(lambda: {"sandbox", "problem"} & daemon.agents()["main"].keys() and
                         daemon.agents()["main"], "what was done is told")
        self.assertEqual(state == "final", row.get("sandbox") == "bubblewrap", words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
