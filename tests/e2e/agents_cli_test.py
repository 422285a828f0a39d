"""`spine agents` and `spine approvals` as the person at the machine uses them."""

import json
import unittest

from daemon import Daemon


class AgentsCli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon({"gateway": {"rate_limit": {"requests_per_minute": 0}}}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.run_cli("send", "hello")

    def ok(self, *arguments):
        answer = self.daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return answer.stdout

    def refused(self, *arguments, code=1):
        answer = self.daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, code, answer.stdout + answer.stderr)
        return answer.stderr

    def test_status_lists_agents_and_tells_the_story_of_one(self):
        table = self.ok("agents", "status")
        self.assertRegex(table, r"AGENT +DRIVER +STATE")
        self.assertRegex(table, r"main +echo +ready")
        story = self.ok("agents", "status", "main")
        self.assertRegex(story, r"Driver +echo")
        self.assertRegex(story, r"1 finished, 0 failed, 0 aborted")
        rows = json.loads(self.ok("agents", "status", "--json"))["agents"]
        self.assertEqual([row["id"] for row in rows], ["main"])
        self.assertEqual(rows[0]["runsFinished"], 1)

    def test_who_is_not_there_is_named_with_those_that_are(self):
        for verb in ("status", "restart", "reset", "logs"):
            with self.subTest(verb=verb):
                self.assertRegex(self.refused("agents", verb, "nobody"), r"nobody.*main")
        self.refused("agents", "restart", code=2)

    def test_restart_and_reset_say_what_came_of_it(self):
        self.assertIn("quarantine", self.ok("agents", "reset", "main"))
        self.assertTrue(json.loads(self.ok("agents", "restart", "main", "--json"))["ok"])

    def test_the_log_of_an_agent_is_a_part_of_the_gateways(self):
        lines = self.ok("agents", "logs", "main", "-n", "1000").splitlines()
        self.assertLess(len(lines), len(self.ok("logs", "-n", "1000").splitlines()))
        for line in lines:
            self.assertRegex(line, r" agents: | agent/main: ")

    def test_nothing_waits_for_an_answer(self):
        self.assertIn("No agent asks anything", self.ok("approvals", "list"))
        self.assertEqual(json.loads(self.ok("approvals", "list", "--json")),
                         {"exec": [], "plugin": []})
        for verb in (("approve",), ("deny",), ("approve", "--always")):
            with self.subTest(verb=verb):
                self.assertIn("spine approvals list", self.refused("approvals", *verb, "K7QX2MNP"))

    def test_metrics_and_health_speak_of_agents(self):
        status, _, body = self.daemon.http("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn('spine_agent_state{agent="main",state="ready"} 1', body)
        self.assertIn('spine_agent_runs_total{agent="main",outcome="finished"}', body)


if __name__ == "__main__":
    unittest.main()
