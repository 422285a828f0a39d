"""Agents that are programs: answers, tools, sessions, queue modes, and who works on what."""

import json
import unittest

from agents import AgentDaemon, ask, ends, send, text_of
from daemon import wait_until


class EachWire(unittest.TestCase):
    """What holds whatever the agent speaks."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = AgentDaemon({"main": "acp", "pia": "pi", "lines": "jsonl"}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.listener()
        cls.addClassCleanup(cls.client.close)

    def each(self, text):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                yield agent, ask(self.client, text, f"agent:{agent}:main")

    def test_an_answer(self):
        for _, answer in self.each("hello"):
            self.assertEqual(answer, ("final", "you said: hello"))

    def test_a_model_error_behind_success_is_an_error(self):
        for _, (state, words) in self.each("error the model is on fire"):
            self.assertEqual(state, "error")
            self.assertIn("the model is on fire", words)

    def test_a_conversation_is_known_to_the_next_process(self):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                session = f"agent:{agent}:keeps"
                self.assertEqual(ask(self.client, "keep blue", session)[1], "kept")
                with self.daemon.local_client() as admin:
                    admin.call("agents.restart", {"agentId": agent})
                self.assertEqual(ask(self.client, "recall", session)[1], "recalled blue")
                # Another conversation knows nothing of it.
                self.assertEqual(ask(self.client, "recall", f"agent:{agent}:other")[1],
                                 "nothing is kept")

    def test_a_reset_begins_another_conversation(self):
        for agent in ("main", "pia"):
            with self.subTest(agent=agent):
                session = f"agent:{agent}:reset"
                ask(self.client, "keep red", session)
                send(self.client, "/new", session)
                self.assertEqual(ask(self.client, "recall", session)[1], "nothing is kept")

    def test_tools_are_on_record(self):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                session = f"agent:{agent}:tools"
                self.assertEqual(ask(self.client, "tool hammer", session)[0], "final")
                events = self.daemon.events("--session", session)
                kinds = [event["kind"] for event in events]
                called = kinds.index("ToolCalled")
                self.assertLess(kinds.index("RunStarted"), called)
                self.assertLess(called, kinds.index("ToolReturned"))
                self.assertLess(kinds.index("ToolReturned"), kinds.index("RunFinished"))

    def test_a_large_result_stands_apart(self):
        self.assertEqual(ask(self.client, "big 20000", "agent:main:big")[1], "big")
        kinds = [event["kind"] for event in self.daemon.events("--session", "agent:main:big")]
        self.assertLess(kinds.index("BodyRecorded"), kinds.index("ToolReturned"))

    def test_tools_are_lines_of_the_history(self):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                session = f"agent:{agent}:lines"
                ask(self.client, "tool hammer", session)
                rows = self.client.call("chat.history", {"sessionKey": session})["messages"]
                self.assertEqual([row["role"] for row in rows],
                                 ["user", "assistant", "toolResult", "assistant"])
                call = rows[1]["content"][0]
                # An ACP agent says what kind of a tool it is, and of what name in its title.
                name = "execute" if agent == "main" else "hammer"
                self.assertEqual((call["type"], call["name"]), ("toolCall", name))
                self.assertEqual(call.get("title", "hammer"), "hammer")
                self.assertEqual(call["arguments"], {"why": "asked to"})
                self.assertEqual(rows[1]["stopReason"], "toolUse")
                result = rows[2]
                self.assertEqual((result["toolCallId"], result["toolName"], result["isError"]),
                                 (call["id"], name, False))
                self.assertIn("tool result of hammer", result["content"][0]["text"])
                self.assertEqual(len({row["__openclaw"]["seq"] for row in rows}), 4)
                self.assertEqual(len({row["__openclaw"]["runId"] for row in rows[1:]}), 1)
                shown = self.daemon.run_cli("sessions", "show", session).stdout
                title = " (hammer)" if agent == "main" else ""
                self.assertIn(f'tool: {name}{title} {{"why":"asked to"}}', shown)
                self.assertIn(f"tool result: {name} ", shown)

    def test_of_a_large_result_the_history_has_the_beginning(self):
        ask(self.client, "big 200000", "agent:main:large")
        rows = self.client.call("chat.history", {"sessionKey": "agent:main:large"})["messages"]
        result = next(row for row in rows if row["role"] == "toolResult")
        self.assertTrue(result["truncated"])
        self.assertGreaterEqual(result["textBytes"], 200_000)
        self.assertIn("x" * 10_000, result["content"][0]["text"])
        self.assertIn("bytes in all", result["content"][1]["text"])
        self.assertLess(len(json.dumps(result)), 20_000)
        previews = self.client.call("sessions.preview", {"keys": ["agent:main:large"]})["previews"]
        self.assertEqual([item["role"] for item in previews[0]["items"]], ["user", "assistant"])

    def test_what_was_written_before_an_abort_is_kept(self):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                session = f"agent:{agent}:cut"
                run = send(self.client, "until /never", session)
                self.client.wait_event("chat", lambda p, run=run: p.get("runId") == run
                                       and p.get("state") == "delta")
                self.client.call("chat.abort", {"sessionKey": session, "runId": run})
                aborted = ends(self.client, run)
                self.assertEqual((aborted["state"], text_of(aborted)), ("aborted", "working "))
                self.assertEqual(ask(self.client, "next", session)[0], "final")
                row = self.client.call("chat.history", {"sessionKey": session})["messages"][1]
                self.assertEqual((row["stopReason"], row["errorMessage"]),
                                 ("aborted", "stopped by a client"))
                self.assertEqual(row["content"][0]["text"], "working ")
                self.assertEqual(row["__openclaw"]["runId"], run)
                shown = self.daemon.run_cli("sessions", "show", session).stdout
                self.assertIn("    working \n    [stopped by a client]\n", shown)
                recorded = [event for event in self.daemon.events("--session", session)
                            if event["kind"] == "PartialAnswerRecorded"]
                self.assertEqual([event["body"]["text"] for event in recorded], ["working "])

    def test_what_was_written_before_the_gateway_stops_is_on_record(self):
        with AgentDaemon({"main": "pi"}).start() as daemon:
            with daemon.listener() as client:
                run = send(client, "until /never")
                client.wait_event("chat", lambda p: p.get("runId") == run
                                  and p.get("state") == "delta")
            daemon.stop()
            recorded = [event for event in daemon.events()
                        if event["kind"] == "PartialAnswerRecorded"]
            self.assertEqual([event["body"]["text"] for event in recorded], ["working "])

    def test_what_was_written_before_a_failure_is_kept(self):
        session = "agent:pia:failed"
        run = send(self.client, "say so far\nerror the model is on fire", session)
        error = ends(self.client, run)
        self.assertEqual(error["state"], "error")
        self.assertEqual(error["message"]["content"][0]["text"], "so far")
        row = self.client.call("chat.history", {"sessionKey": session})["messages"][1]
        self.assertEqual((row["stopReason"], row["content"][0]["text"]), ("error", "so far"))
        self.assertIn("the model is on fire", row["errorMessage"])
        shown = self.daemon.run_cli("sessions", "show", session).stdout
        self.assertIn("so far\n    [failed: ", shown)

    def test_an_abort_ends_it_and_the_session_goes_on(self):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                session = f"agent:{agent}:abort"
                run = send(self.client, "until /never", session)
                self.client.wait_event("chat", lambda p, run=run: p.get("runId") == run
                                       and p.get("state") == "delta")
                self.client.call("chat.abort", {"sessionKey": session, "runId": run})
                self.assertEqual(ends(self.client, run)["state"], "aborted")
                self.assertEqual(ask(self.client, "next", session), ("final", "you said: next"))

    def test_a_slow_session_holds_up_no_other(self):
        for agent in ("main", "pia", "lines"):
            with self.subTest(agent=agent):
                slow = send(self.client, f"until {self.daemon.workspace(agent)}/go",
                            f"agent:{agent}:slow")
                self.assertEqual(ask(self.client, "quick", f"agent:{agent}:quick")[0], "final")
                (self.daemon.workspace(agent) / "go").write_text("now")
                self.assertEqual(text_of(ends(self.client, slow)), "working done")


class QueueModes(unittest.TestCase):
    """A message for a session that is busy."""

    def setUp(self):
        self.daemon = AgentDaemon({"main": "pi"}).start()
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.listener()
        self.addCleanup(self.client.close)
        self.go = self.daemon.workspace() / "go"

    def begin(self, text):
        run = send(self.client, text)
        self.client.wait_event("chat", lambda p: p.get("runId") == run
                               and p.get("state") == "delta")
        return run

    def test_followup_waits_its_turn(self):
        first = self.begin(f"until {self.go}")
        second = send(self.client, "second")
        self.go.write_text("now")
        self.assertEqual(text_of(ends(self.client, first)), "working done")
        self.assertEqual(text_of(ends(self.client, second)), "you said: second")

    def test_steer_goes_into_the_run(self):
        first = self.begin("steered")
        second = send(self.client, "to the left", queueMode="steer")
        self.assertEqual(text_of(ends(self.client, first)), "waiting steered: to the left")
        self.assertEqual(ends(self.client, second)["state"], "final")
        kinds = [event["kind"] for event in self.daemon.events()]
        self.assertIn("RunSteered", kinds)
        self.assertIn("RunsMerged", kinds)
        self.assertEqual(kinds.count("RunFinished"), 1)

    def test_interrupt_ends_what_runs(self):
        first = self.begin("until /never")
        second = send(self.client, "at once", queueMode="interrupt")
        self.assertEqual(ends(self.client, first)["state"], "aborted")
        self.assertEqual(text_of(ends(self.client, second)), "you said: at once")

    def test_collect_answers_together(self):
        first = self.begin(f"until {self.go}")
        later = [send(self.client, f"say {word}.", queueMode="collect") for word in ("a", "b", "c")]
        self.go.write_text("now")
        ends(self.client, first)
        answers = [text_of(ends(self.client, run)) for run in later]
        self.assertEqual([text for text in answers if text], ["a.you said: b.you said: c."])

    def test_a_steer_that_cannot_be_taken_waits(self):
        daemon = AgentDaemon({"main": "acp"}).start()
        self.addCleanup(daemon.close)
        with daemon.listener() as client:
            go = daemon.workspace() / "go"
            first = send(client, f"until {go}")
            second = send(client, "later", queueMode="steer")
            go.write_text("now")
            self.assertEqual(text_of(ends(client, first)), "working done")
            self.assertEqual(text_of(ends(client, second)), "you said: later")


class Separation(unittest.TestCase):
    """What an agent is, and what it sees."""

    def test_it_is_not_root_and_sees_nothing_of_the_gateway(self):
        daemon = AgentDaemon({"main": {"wire": "acp", "env": {}}})
        self.addCleanup(daemon.close)
        look_at = [daemon.state_dir / "token", daemon.config_path,
                   daemon.state_dir / "control.sock", daemon.state_dir / "journal"]
        daemon.set_agents({"main": {"wire": "acp", "env": {
            "LOOK_AT": ":".join(str(path) for path in look_at)}}})
        daemon.start()
        with daemon.listener() as client:
            state, words = ask(client, "whoami")
            self.assertEqual(state, "final")
            said = json.loads(words)
        self.assertNotEqual(said["uid"], 0)
        self.assertEqual(int(said["cap"], 16), 0)
        self.assertEqual(said["nnp"], "1")
        self.assertEqual(said["cwd"], str(daemon.workspace()))
        self.assertLessEqual(set(said["fds"]), {0, 1, 2, 3})
        sandbox = wait_until(lambda: daemon.agents()["main"].get("sandbox"), "it is told")
        if sandbox == "bubblewrap":
            self.assertFalse(any(said["seen"].values()), said["seen"])
        else:
            print(f"this machine has no bubblewrap that works: {sandbox}")

    def test_the_environment_is_an_allow_list_and_stderr_is_redacted(self):
        daemon = AgentDaemon(
            {"main": {"wire": "acp", "env": {"AGENT_API_KEY": "very-secret-value"},
                      "passEnv": ["WANTED"]}},
            environment={"WANTED": "yes", "UNWANTED": "no", "OPENCLAW_GATEWAY_TOKEN": "t" * 32})
        self.addCleanup(daemon.close)
        daemon.start("--token", "t" * 32)
        with daemon.listener(token="t" * 32) as client:
            self.assertEqual(ask(client, "env WANTED")[1], "yes")
            self.assertEqual(ask(client, "env UNWANTED")[1], "not set")
            self.assertEqual(ask(client, "env OPENCLAW_GATEWAY_TOKEN")[1], "not set")
            self.assertEqual(ask(client, "env AGENT_API_KEY")[1], "very-secret-value")
            ask(client, "noise")
        log = daemon.state_dir / "logs" / "spine.log"
        wait_until(lambda: "a line for the log" in log.read_text(), "the line is in the log")
        wait_until(lambda: "token is [redacted]" in log.read_text(), "the secret is not")
        self.assertNotIn("very-secret-value", log.read_text() + daemon.text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
