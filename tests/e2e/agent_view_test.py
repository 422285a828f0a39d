"""`spine agents status --view`: what an agent sees; and what the doctor says of name spaces."""

import json
import unittest

from agents import AgentDaemon, ask

from daemon import wait_until


class AgentView(unittest.TestCase):
    """An agent whose PATH leads into a tool's prefix, with a secret beside the tool."""

    def setUp(self):
        self.daemon = AgentDaemon({"main": {"wire": "acp"}, "echo": {"wire": "echo"}})
        self.addCleanup(self.daemon.close)
        self.prefix = self.daemon.folder / ".x"
        (self.prefix / "bin").mkdir(parents=True)
        (self.prefix / "credentials.json").write_text("opens an account")
        tool = self.prefix / "bin" / "tool"
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o755)
        self.daemon.environment["PATH"] = f"{self.prefix}/bin:/usr/bin:/bin"
        self.daemon.state_dir.mkdir(mode=0o700)

    def view(self, *more):
        answer = self.daemon.run_cli("agents", "status", "main", "--view", "--json", *more)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return json.loads(answer.stdout)

    def skip_without_sandbox(self, view):
        if view["sandbox"] != "bubblewrap":
            self.skipTest(f"this machine has no bubblewrap that works: {view['sandbox']}")

    def check(self, view):
        access = {row["path"]: row["access"] for row in view["view"]}
        self.assertEqual(access[str(self.prefix / "bin")], "ro")
        self.assertNotIn(str(self.prefix), access)
        self.assertNotIn(str(self.daemon.folder / ".x" / "credentials.json"), access)
        self.assertEqual(access[str(self.daemon.workspace())], "rw")
        self.assertEqual(access[str(self.daemon.state_dir)], "empty")
        self.assertEqual(access["/tmp"], "rw")
        self.assertEqual(access["/"], "ro")
        self.assertTrue(all(row["why"] for row in view["view"]), view)

    def test_of_one_that_does_not_run_it_says_what_it_would_see(self):
        view = self.view()
        self.skip_without_sandbox(view)
        self.check(view)
        self.assertEqual((view["searchPathOf"], view["processes"]), ("shell", []))
        text = self.daemon.run_cli("agents", "status", "main", "--view").stdout
        self.assertRegex(text, rf"{self.prefix}/bin +ro +its PATH")

    def test_of_one_that_runs_it_says_what_is_otherwise_by_now(self):
        self.daemon.start()
        with self.daemon.listener() as client:
            self.assertEqual(ask(client, "hello")[0], "final")
        wait_until(lambda: self.daemon.agents()["main"]["instances"], "its process is told")
        self.daemon.environment["PATH"] = "/usr/bin:/bin"  # of the shell that asks
        view = self.view()
        self.skip_without_sandbox(view)
        self.check(view)
        self.assertEqual(view["searchPathOf"], "gateway")
        self.assertEqual([each["differs"] for each in view["processes"]], [[]])
        (self.prefix / "lib").mkdir()
        self.assertEqual([each["differs"] for each in self.view()["processes"]],
                         [[f"not there yet: {self.prefix}/lib"]])

    def test_an_agent_without_a_process_and_one_that_is_not_there(self):
        answer = self.daemon.run_cli("agents", "status", "echo", "--view")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("built in", answer.stdout)
        answer = self.daemon.run_cli("agents", "status", "nobody", "--view")
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stderr, r"nobody.*main")
        self.assertEqual(self.daemon.run_cli("agents", "status", "--view").returncode, 2)

    def test_how_memory_is_bounded_is_said_once_in_the_log_and_in_the_status(self):
        self.daemon.start()
        memory = wait_until(lambda: self.daemon.agents()["main"].get("memory"), "it is told")
        self.assertRegex(memory, r"^(cgroup: memory|counted)")
        log = (self.daemon.state_dir / "logs" / "spine.log").read_text()
        self.assertEqual(log.count("memory of agents is " + memory), 1, log)
        self.assertIn(memory, self.daemon.run_cli("agents", "status", "main").stdout)


class NameSpaces(unittest.TestCase):
    def findings(self, **settings):
        daemon = AgentDaemon({"main": {"wire": "jsonl", **settings}})
        self.addCleanup(daemon.close)
        program = daemon.folder / "codex"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        daemon.set_agents({"main": {"wire": "jsonl", "command": str(program), **settings}})
        answer = json.loads(daemon.run_cli("doctor", "--json").stdout)
        return [finding for finding in answer["findings"] if "name spaces" in finding["what"]]

    def test_doctor_says_whose_program_needs_them(self):
        (finding,) = self.findings()
        self.assertEqual((finding["grade"], finding["subject"]), ("warn", "agent main"))
        self.assertIn("codex", finding["what"])
        self.assertIn("agents.entries.main.spine.sandbox.userns: true", finding["remedy"])
        (finding,) = self.findings(sandbox={"userns": True})
        self.assertEqual((finding["grade"], finding["remedy"]), ("ok", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
