"""Pi itself, over its RPC mode, with a model server of ours: answers, tools, steering, failures."""

import os
import pathlib
import signal
import unittest

from agent_peers import ModelServer, pi_daemon
from agents import ask, ends, send, text_of
from daemon import wait_until

PATIENCE = 120.0


class WithPi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = ModelServer()
        cls.addClassCleanup(cls.model.close)

    def daemon_with(self, **spine):
        daemon = pi_daemon(self.model.port, **spine)
        self.addCleanup(daemon.close)
        return daemon.start()


class Answers(WithPi):
    """One gateway for all of these."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = pi_daemon(cls.model.port)
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()
        cls.client = cls.daemon.listener(timeout=PATIENCE)
        cls.addClassCleanup(cls.client.close)

    def test_the_command_line_gets_an_answer_and_the_journal_tells_why(self):
        answer = self.daemon.run_cli("send", "what time is it", timeout=PATIENCE)
        self.assertEqual((answer.returncode, answer.stdout.strip()),
                         (0, "The time is 2026-01-02T03:04:05Z."), answer.stderr)
        events = self.daemon.events()
        at = next(i for i, e in enumerate(events) if e["kind"] == "MessageReceived"
                  and e["body"]["text"] == "what time is it")
        rest = [e for e in events[at:] if e["kind"] in
                ("MessageReceived", "RunQueued", "RunStarted", "RunFinished")][:4]
        self.assertEqual([e["kind"] for e in rest],
                         ["MessageReceived", "RunQueued", "RunStarted", "RunFinished"])
        for before, after in zip(rest, rest[1:]):
            self.assertEqual(after["cause"], before["seq"])
            self.assertEqual(after["correlation"], rest[0]["seq"])

    def test_a_tool_is_used(self):
        state, words = ask(self.client, "use the tool `echo from the shell`", "agent:main:tool")
        self.assertEqual(state, "final")
        self.assertIn("from the shell", words)
        kinds = [e["kind"] for e in self.daemon.events("--session", "agent:main:tool")]
        self.assertLess(kinds.index("ToolCalled"), kinds.index("ToolReturned"))

    def test_a_model_that_fails_is_an_error(self):
        state, words = ask(self.client, "error 500", "agent:main:error", )
        self.assertEqual(state, "error")
        self.assertIn("500", words)

    def test_an_abort_stops_the_model(self):
        run = send(self.client, "slowly please", "agent:main:abort")
        self.client.wait_event("chat", lambda p: p.get("runId") == run and p["state"] == "delta")
        self.client.call("chat.abort", {"sessionKey": "agent:main:abort", "runId": run})
        self.assertEqual(ends(self.client, run)["state"], "aborted")
        wait_until(lambda: any(r["closed_early"] for r in self.model.requests()),
                   "the model was hung up on", timeout=PATIENCE)
        self.assertEqual(ask(self.client, "hello", "agent:main:abort"),
                         ("final", "you said: hello"))

    def test_a_conversation_goes_on_after_a_restart(self):
        ask(self.client, "one", "agent:main:long")
        ask(self.client, "two", "agent:main:long")
        self.client.call("agents.restart", {"agentId": "main"})
        state, words = ask(self.client, "remember", "agent:main:long")
        self.assertEqual(state, "final")
        self.assertIn("3", words)


class Steering(WithPi):
    def test_a_message_is_steered_in(self):
        daemon = self.daemon_with()
        with daemon.listener(timeout=PATIENCE) as client:
            first = send(client, "slowly please")
            client.wait_event("chat", lambda p: p.get("runId") == first and p["state"] == "delta")
            second = send(client, "and to the left", queueMode="steer")
            wait_until(lambda: "RunSteered" in [e["kind"] for e in daemon.events()],
                       "Pi took it", timeout=PATIENCE)
            self.model.release()
            self.assertIn("and to the left", text_of(ends(client, first)))
            self.assertEqual(ends(client, second)["state"], "final")


class Killed(WithPi):
    def pi_pid(self):
        """The process that runs Pi's own script."""
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if words[0].endswith(b"bwrap") or words[0].endswith(b"setpriv"):
                continue
            if b"SPINE_AGENT_OWNER=" in environ and str(self.daemon.folder).encode() in environ:
                return int(entry.name)
        return None

    def begin(self, client):
        run = send(client, "slowly please")
        client.wait_event("chat", lambda p: p.get("runId") == run and p["state"] == "delta")
        return run

    def test_pi_is_killed_in_the_middle_of_an_answer(self):
        self.daemon = self.daemon_with()
        with self.daemon.listener(timeout=PATIENCE) as client:
            run = self.begin(client)
            os.kill(wait_until(self.pi_pid, "Pi runs"), signal.SIGKILL)
            wait_until(lambda: self.daemon.agent()["crashes"] == 1, "the crash is seen")
            self.model.release()
            self.assertIn("done", text_of(ends(client, run)))
        kinds = [e["kind"] for e in self.daemon.events()]
        self.assertEqual((kinds.count("RunStarted"), kinds.count("RunFinished")), (2, 1))
        story = self.daemon.run_cli("agents", "status", "main").stdout
        self.assertIn("1 crashes", story)
        self.assertIn("signal 9", story)

    def test_the_gateway_is_killed_in_the_middle_of_an_answer(self):
        self.daemon = self.daemon_with()
        with self.daemon.listener(timeout=PATIENCE) as client:
            self.begin(client)
        old = wait_until(self.pi_pid, "Pi runs")
        self.daemon.kill()
        self.daemon.start()
        wait_until(lambda: not pathlib.Path(f"/proc/{old}/environ").exists()
                   or self.pi_pid() != old, "the old one is gone")
        self.model.release()
        wait_until(lambda: [e["kind"] for e in self.daemon.events()].count("RunFinished") == 1,
                   "one reply", timeout=PATIENCE)

    def test_an_old_node_is_named_with_the_remedy(self):
        self.daemon = self.daemon_with(env={"PATH": "/usr/bin:/bin", "PI_OFFLINE": "1"})
        with self.daemon.listener(timeout=PATIENCE) as client:
            state, words = ask(client, "hello")
        self.assertEqual(state, "error")
        self.assertIn("needs Node.js", words)
        self.assertIn("npm install -g node@", words)


class Skills(WithPi):
    def test_pi_gets_the_skills_that_are_found(self):
        daemon = pi_daemon(self.model.port)
        self.addCleanup(daemon.close)
        place = daemon.workspace / "skills/greet-people"
        place.mkdir(parents=True)
        (place / "SKILL.md").write_text(
            "---\nname: greet-people\ndescription: How to greet people.\n---\nSay hello.\n")
        daemon.start()
        with daemon.listener(timeout=PATIENCE) as client:
            self.assertEqual(ask(client, "hello")[0], "final")
        said = self.model.requests()[-1]
        self.assertIn("greet-people", str(said))


if __name__ == "__main__":
    unittest.main(verbosity=2)
