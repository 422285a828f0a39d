"""Bounds of agents: time, silence, memory, processes; and programs that cannot start."""

import json
import unittest

from agents import AgentDaemon, ask, ends, send, text_of
from daemon import wait_until


class Bounds(unittest.TestCase):
    """Deadlines and limits, and what happens at them."""

    def daemon_with(self, **spine):
        daemon = AgentDaemon({"main": {"wire": "acp", **spine}, "calm": "echo"})
        self.addCleanup(daemon.close)
        return daemon.start()

    def test_a_run_that_takes_too_long(self):
        daemon = self.daemon_with(runMs=700)
        with daemon.listener() as client:
            state, words = ask(client, "until /never")
            self.assertEqual(state, "error")
            self.assertIn("did not finish within", words)
            self.assertEqual(ask(client, "next")[1], "you said: next")

    def test_one_that_says_nothing_is_ended_and_a_person_who_says_nothing_is_waited_for(self):
        daemon = self.daemon_with(silenceMs=1500)
        with daemon.listener() as client:
            asks = send(client, "ask bash", "agent:main:asks")
            question = client.wait_event("exec.approval.requested")
            # Another conversation of the same process talks all the while.
            talks = send(client, "slow 30 100", "agent:main:talks")
            # Its silence began after the question was asked.
            state, words = ask(client, "until /never", "agent:main:hangs")
            self.assertEqual(state, "error")
            self.assertIn("said nothing for 1.5 s and was stopped", words)
            client.call("exec.approval.resolve", {"id": question["id"], "decision": "allow-once"})
            self.assertEqual(text_of(ends(client, asks)), "allowed")
            self.assertEqual(ends(client, talks)["state"], "final")
            self.assertEqual(len(daemon.agents()["main"]["instances"]), 1)
            self.assertEqual(ask(client, "next", "agent:main:hangs")[1], "you said: next")
        failed = next(e for e in daemon.events("--kind", "RunFailed"))
        self.assertEqual(failed["body"]["kind"], "timeout")

    def test_one_that_hears_neither_a_cancellation_nor_sigterm_is_killed(self):
        daemon = self.daemon_with(env={"SCRIPTED_DEAF": "1"}, stopMs=100)
        with daemon.listener() as client:
            run = send(client, "deaf")
            client.wait_event("chat", lambda p: p.get("runId") == run)
            client.call("chat.abort", {"sessionKey": "agent:main:main", "runId": run})
            self.assertEqual(ends(client, run)["state"], "aborted")
            self.assertEqual(ask(client, "next")[1], "you said: next")

    def test_one_that_is_never_ready_ends_in_quarantine_and_is_released(self):
        daemon = self.daemon_with(readyMs=200, crashesMax=2, env={"SCRIPTED_START": "never"})
        with daemon.listener() as client:
            state, words = ask(client, "hello")
            self.assertEqual(state, "error")
            self.assertIn("spine agents reset main", words)
            self.assertIn("not ready within", words)
            wait_until(lambda: daemon.agents()["main"]["state"] == "quarantined", "quarantine")
            self.assertEqual(ask(client, "still?", "agent:calm:main")[0], "final")
            self.assertEqual(daemon.get_json("/health")["status"], "degraded")
            # It outlives the gateway, and a reset ends it.
            self.assertEqual(daemon.stop(), 0)
        daemon.set_agents({"main": "acp", "calm": "echo"})
        daemon.start()
        with daemon.listener() as client:
            self.assertIn("in quarantine", ask(client, "again")[1])
            answer = daemon.run_cli("agents", "reset", "main")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(ask(client, "again")[1], "you said: again")

    def test_one_that_cannot_start_says_why(self):
        daemon = self.daemon_with(crashesMax=2, env={"SCRIPTED_START": "exit 3",
                                                     "MODEL_API_KEY": "very-secret-value"})
        with daemon.listener() as client:
            state, words = ask(client, "hello")
            self.assertEqual(state, "error")
            self.assertIn("spine agents logs main", words)
            self.assertIn("exit code 3: it cannot start: no model is configured for [redacted]",
                          words)
            # It is told at the first try: what ends so at once will do so the next time, too.
            starts = wait_until(lambda: daemon.agents()["main"]["starts"], "its start is counted")
            self.assertEqual(starts, 1)
            self.assertNotIn("very-secret-value", words + str(daemon.events()))
            # The second one in a row is a quarantine, which is told wherever somebody may look.
            self.assertIn("no model is configured", ask(client, "again")[1])
            self.assertIn("in quarantine", ask(client, "and again")[1])
        answer = daemon.run_cli("agents", "restart", "main")
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stderr, "in quarantine.*no model.*spine agents reset main")
        found = json.loads(daemon.run_cli("doctor", "--json").stdout)["findings"]
        told = [f for f in found if f["subject"] == "agent main" and f["grade"] == "fail"]
        self.assertEqual(len(told), 1, found)
        self.assertRegex(told[0]["what"], "in quarantine.*no model is configured")
        self.assertIn("spine agents reset main", told[0]["remedy"])
        logs = daemon.run_cli("agents", "logs", "main")
        self.assertIn("no model is configured", logs.stdout)

    def test_a_missing_program(self):
        daemon = self.daemon_with(command="no-such-agent-anywhere")
        with daemon.listener() as client:
            state, words = ask(client, "hello")
            self.assertEqual(state, "error")
            self.assertIn("no-such-agent-anywhere", words)
            self.assertIn("PATH", words)

    def test_too_much_memory(self):
        daemon = self.daemon_with(memoryMb=100, attemptsMax=1)
        with daemon.listener() as client:
            state, words = ask(client, "memory 300")
            self.assertEqual(state, "error", words)
            self.assertEqual(ask(client, "next")[1], "you said: next")
        log = (daemon.state_dir / "logs" / "spine.log").read_text()
        self.assertIn("more than its bound of 100 MiB", log)

    def test_too_much_memory_that_no_process_has_mapped(self):
        # What stays bounded where a control group holds it, and is counted elsewhere.
        daemon = self.daemon_with(memoryMb=100, attemptsMax=1, crashesMax=10)
        with daemon.listener() as client:
            with self.subTest("less than the bound is no reason"):
                run = send(client, "memfd 40")
                client.wait_event("chat", lambda p: p.get("runId") == run
                                  and p.get("state") == "delta")
                taken = wait_until(lambda: self.most_memory(daemon) > (40 << 20)
                                   and self.most_memory(daemon), "it is counted")
                self.assertLess(taken, 100 << 20)
                client.call("chat.abort", {"sessionKey": "agent:main:main", "runId": run})
                self.assertEqual(ends(client, run)["state"], "aborted")
            for words in ("memfd 300", "tmpfs 300"):
                with self.subTest(words=words):
                    state, answer = ask(client, words)
                    self.assertEqual(state, "error", answer)
                    self.assertEqual(ask(client, "next")[1], "you said: next")
        log = (daemon.state_dir / "logs" / "spine.log").read_text()
        self.assertEqual(log.count("more than its bound of 100 MiB"), 2, log)

    @staticmethod
    def most_memory(daemon):
        return max((each["residentBytes"] for each in daemon.agents()["main"]["instances"]),
                   default=0)

    def test_idle_processes_go(self):
        daemon = self.daemon_with(idleMs=300)
        with daemon.listener() as client:
            self.assertEqual(ask(client, "hello")[0], "final")
        wait_until(lambda: not daemon.agents()["main"]["instances"], "its process ended")
        daemon.wait_no_processes()
        with daemon.listener() as client:
            self.assertEqual(ask(client, "again")[0], "final")

    def test_no_more_processes_than_allowed(self):
        daemon = AgentDaemon({"main": {"wire": "pi", "instances": 2}})
        self.addCleanup(daemon.close)
        daemon.start()
        with daemon.listener() as client:
            go = daemon.workspace() / "go"
            runs = [send(client, f"until {go}", f"agent:main:s{i}") for i in range(6)]
            wait_until(lambda: daemon.agents()["main"]["running"] == 2, "two work")
            self.assertEqual(len(daemon.agents()["main"]["instances"]), 2)
            self.assertEqual(daemon.agents()["main"]["queued"], 4)
            go.write_text("now")
            for run in runs:
                self.assertEqual(text_of(ends(client, run)), "working done")

    def test_a_stray_process_does_not_outlive_its_agent(self):
        daemon = self.daemon_with()
        with daemon.listener() as client:
            self.assertTrue(ask(client, "stray")[1].startswith("stray "))
        self.assertEqual(daemon.stop(), 0)
        daemon.wait_no_processes()


if __name__ == "__main__":
    unittest.main()
