"""Agents that misbehave: each run ends with a reason, and the other sessions are left alone."""

import os
import signal
import unittest

from agents import AgentDaemon, ask, ends, send, text_of
from daemon import wait_until

WIRES = ("acp", "pi", "jsonl")


class Faults(unittest.TestCase):
    """One gateway, an agent of each wire and a bystander; quarantine is far away."""

    @classmethod
    def setUpClass(cls):
        often = {"crashesMax": 1000, "attemptsMax": 2, "lineBytes": 200000}
        wires = {wire: {"wire": wire, **often} for wire in WIRES}
        cls.daemon = AgentDaemon({"main": "acp", **wires}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.listener()
        cls.addClassCleanup(cls.client.close)

    def check(self, command, wires, state, words):
        for wire in wires:
            with self.subTest(wire=wire, command=command):
                session = f"agent:{wire}:{command.replace(' ', '-').replace('/', '')}"
                got, said = ask(self.client, command, session)
                self.assertEqual(got, state, said)
                self.assertIn(words, said)
                self.assertEqual(ask(self.client, "after", session), ("final", "you said: after"))
        self.assertEqual(ask(self.client, "bystander"), ("final", "you said: bystander"))

    def test_garbage_is_passed_over(self):
        self.check("garbage 3", WIRES, "final", "")

    def test_a_lot_of_garbage_ends_it(self):
        self.check("garbage 5000", WIRES, "error", "")

    def test_messages_that_mean_nothing_are_passed_over(self):
        self.check("odd", WIRES, "final", "odd")

    def test_an_endless_line(self):
        self.check("endless", WIRES, "error", "crashed 2 times")

    def test_lines_without_an_end(self):
        self.check("flood", WIRES, "error", "")

    def test_half_a_line_and_gone(self):
        self.check("half", ("acp", "pi"), "error", "crashed 2 times")
        # Of a program that exits with 0 what it wrote is the answer.
        self.check("half", ("jsonl",), "final", "half")

    def test_exit_codes(self):
        self.check("exit 0", ("acp", "pi"), "error", "crashed 2 times")
        self.check("exit 0", ("jsonl",), "final", "ending")
        # What it wrote before is no answer, whatever it speaks.
        for code in (1, 127):
            self.check(f"exit {code}", WIRES, "error", f"ended with exit code {code}")

    def test_signals(self):
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            self.check(f"signal {int(number)}", WIRES, "error", "crashed 2 times")

    def test_what_was_written_before_a_crash_is_kept(self):
        for wire in WIRES:
            with self.subTest(wire=wire):
                session = f"agent:{wire}:kept"
                state, said = ask(self.client, "say as far as it came \nsignal 9", session)
                self.assertEqual(state, "error", said)
                row = self.client.call("chat.history", {"sessionKey": session})["messages"][1]
                self.assertEqual(row["stopReason"], "error")
                self.assertIn("as far as it came ", row["content"][0]["text"])
                self.assertIn("crashed 2 times", row["errorMessage"])
                attempts = [event["body"].get("attempt") for event in
                            self.daemon.events("--session", session)
                            if event["kind"] == "PartialAnswerRecorded"]
                self.assertEqual(attempts, [1, 2])

    def test_two_answers_are_one(self):
        for wire in WIRES:
            self.assertEqual(ask(self.client, "twice", f"agent:{wire}:twice"), ("final", "once"))
            self.assertEqual(ask(self.client, "after", f"agent:{wire}:twice")[1], "you said: after")

    def test_an_answer_after_an_abort_is_ignored(self):
        for wire in WIRES:
            with self.subTest(wire=wire):
                session = f"agent:{wire}:late"
                run = send(self.client, "late", session)
                self.client.wait_event("chat", lambda p, run=run: p.get("runId") == run)
                self.client.call("chat.abort", {"sessionKey": session, "runId": run})
                self.assertEqual(ends(self.client, run)["state"], "aborted")
                self.assertEqual(ask(self.client, "next", session), ("final", "you said: next"))

    def test_one_that_does_not_stop_is_ended(self):
        for wire in WIRES:
            with self.subTest(wire=wire):
                session = f"agent:{wire}:deaf"
                run = send(self.client, "deaf", session)
                self.client.wait_event("chat", lambda p, run=run: p.get("runId") == run)
                self.client.call("chat.abort", {"sessionKey": session, "runId": run})
                self.assertEqual(ends(self.client, run)["state"], "aborted")
                self.assertEqual(ask(self.client, "next", session), ("final", "you said: next"))


class Neighbours(unittest.TestCase):
    """Sessions that one process works on together."""

    def setUp(self):
        self.daemon = AgentDaemon({"main": {"wire": "acp", "instances": 2}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.client = self.daemon.listener()
        self.addCleanup(self.client.close)
        self.go = self.daemon.workspace() / "go"

    def begin(self, text, session):
        run = send(self.client, text, session)
        self.client.wait_event("chat", lambda p: p.get("runId") == run and p["state"] == "delta")
        return run

    def test_a_message_that_ends_its_agent_takes_no_other_with_it(self):
        healthy = [self.begin(f"until {self.go}", f"agent:main:h{i}") for i in range(4)]
        poison = send(self.client, "exit 3", "agent:main:poison")
        wait_until(lambda: [e["kind"] for e in self.daemon.events()].count("RunInterrupted") >= 5,
                   "all of them were interrupted")
        self.go.write_text("now")
        for run in healthy:
            self.assertEqual(text_of(ends(self.client, run)), "working done")
        self.assertEqual(ends(self.client, poison)["state"], "error")

    def test_an_abort_that_is_not_heard_takes_no_other_with_it(self):
        healthy = self.begin(f"until {self.go}", "agent:main:healthy")
        for i in range(3):
            session = f"agent:main:deaf{i}"
            run = self.begin("deaf", session)
            self.client.call("chat.abort", {"sessionKey": session, "runId": run})
            self.assertEqual(ends(self.client, run)["state"], "aborted")
        self.assertEqual(ask(self.client, "next", "agent:main:deaf0")[1], "you said: next")
        self.go.write_text("now")
        self.assertEqual(text_of(ends(self.client, healthy)), "working done")
        kinds = [event["kind"] for event in self.daemon.events()]
        self.assertEqual(kinds.count("RunInterrupted"), 0)

    def test_one_run_does_not_fill_the_journal(self):
        daemon = AgentDaemon({"main": "jsonl"})
        self.addCleanup(daemon.close)
        daemon.start()
        with daemon.listener() as client:
            state, words = ask(client, "rebind 100000")
            self.assertEqual(state, "error")
            self.assertIn("again and again", words)
        self.assertLess(len(daemon.events()), 200)


class Crashes(unittest.TestCase):
    """The agent, or the gateway, is killed in the middle of an answer."""

    def setUp(self):
        self.daemon = AgentDaemon({"main": {"wire": "acp", "attemptsMax": 3}})
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.go = self.daemon.workspace() / "go"

    def agent_pid(self):
        """The agent itself: the innermost of its processes that runs the script."""
        def look():
            for pid in reversed(sorted(self.daemon.processes())):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if file.read().split(b"\0")[0].endswith(b"python3"):
                        return pid
            return None
        return wait_until(look, "the agent's process is there")

    def begin(self, client):
        run = send(client, f"until {self.go}")
        client.wait_event("chat", lambda p: p.get("runId") == run and p.get("state") == "delta")
        return run

    def test_a_killed_agent_is_started_again_and_answers_once(self):
        with self.daemon.listener() as client:
            run = self.begin(client)
            os.kill(self.agent_pid(), signal.SIGKILL)
            wait_until(lambda: self.daemon.agents()["main"]["crashes"] == 1, "the crash is seen")
            self.go.write_text("now")
            self.assertEqual(text_of(ends(client, run)), "working done")
        events = self.daemon.events()
        kinds = [event["kind"] for event in events]
        self.assertEqual(kinds.count("RunFinished"), 1)
        self.assertEqual(kinds.count("RunStarted"), 2)
        at = kinds.index("RunInterrupted")
        self.assertLess(kinds.index("AgentStarted"), at)
        self.assertIn("AgentExited", kinds)
        seqs = {event["seq"]: event for event in events}
        for event in events:
            if event["kind"].startswith("Run"):
                self.assertIn(event["cause"], seqs)
                self.assertLess(event["cause"], event["seq"])

    def test_a_killed_gateway_leaves_no_orphan_and_one_reply(self):
        with self.daemon.listener() as client:
            self.begin(client)
        before = self.daemon.processes()
        self.assertTrue(before)
        self.daemon.kill()
        self.go.write_text("now")
        self.daemon.start()
        for pid in before:
            wait_until(lambda pid=pid: pid not in self.daemon.processes(), "the old one is gone")
        wait_until(lambda: [e["kind"] for e in self.daemon.events()].count("RunFinished") == 1,
                   "the run was answered")
        kinds = [event["kind"] for event in self.daemon.events()]
        self.assertEqual(kinds.count("RunStarted"), 2)
        self.assertEqual(kinds.count("RunFailed"), 0)

    def test_policies_fail_and_leave(self):
        for policy, words in (("fail", "crash"), ("leave", "left")):
            with self.subTest(policy=policy):
                daemon = AgentDaemon({"main": {"wire": "acp", "onCrash": policy}})
                self.addCleanup(daemon.close)
                daemon.start()
                with daemon.listener() as client:
                    state, said = ask(client, "signal 9")
                    self.assertEqual(state, "error")
                    self.assertIn(words, said.lower())
                kinds = [event["kind"] for event in daemon.events()]
                self.assertEqual(kinds.count("RunStarted"), 1)

    def test_descriptors_and_processes_are_given_back(self):
        fds = f"/proc/{self.daemon.process.pid}/fd"
        with self.daemon.listener() as client:
            ask(client, "hello")
            before = len(os.listdir(fds))
            for _ in range(20):
                os.kill(self.agent_pid(), signal.SIGKILL)
                self.assertEqual(ask(client, "again")[1], "you said: again")
            wait_until(lambda: len(os.listdir(fds)) <= before, "descriptors are given back")
        self.assertLessEqual(len(self.daemon.agents()["main"]["instances"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
