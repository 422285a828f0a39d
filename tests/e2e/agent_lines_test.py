"""What agents write, well or badly: it is read, or the run ends at once and says why."""

import json
import unittest

from agents import AgentDaemon, ask, ends, send, text_of

WIRES = ("acp", "pi", "jsonl")


class Lines(unittest.TestCase):
    """One gateway, an agent of each wire."""

    @classmethod
    def setUpClass(cls):
        often = {"crashesMax": 1000, "attemptsMax": 2}
        wires = {wire: {"wire": wire, **often} for wire in WIRES}
        cls.daemon = AgentDaemon({"main": "acp", **wires}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.listener()
        cls.addClassCleanup(cls.client.close)

    def fails(self, command, wires, words):
        for wire in wires:
            with self.subTest(wire=wire, command=command):
                session = f"agent:{wire}:{command.split()[0]}"
                state, said = ask(self.client, command, session)
                self.assertEqual(state, "error", said)
                self.assertIn(words, said)
                self.assertEqual(ask(self.client, "after", session), ("final", "you said: after"))

    def test_a_process_that_ends_says_why(self):
        for wire in WIRES:
            with self.subTest(wire=wire):
                state, said = ask(self.client, "complain Error: the disk of lines is gone\nexit 3",
                                  f"agent:{wire}:why")
                self.assertEqual(state, "error")
                self.assertIn("exit code 3: Error: the disk of lines is gone", said)

    def test_a_line_with_something_around_it_is_read(self):
        for kind in ("escapes", "bom", "nul", "words", "byte", "ids", "one"):
            for wire in WIRES:
                with self.subTest(wire=wire, kind=kind):
                    state, said = ask(self.client, f"around {kind}\nsay fine?",
                                      f"agent:{wire}:{kind}")
                    self.assertEqual((state, said.replace("\ufffd", "?")), ("final", "fine?"))

    def test_a_character_in_two_pieces_is_one(self):
        for wire in WIRES:
            with self.subTest(wire=wire):
                run = send(self.client, "halves", f"agent:{wire}:halves")
                shown = self.client.wait_event("chat", lambda p, run=run: p.get("runId") == run
                                               and p.get("state") == "delta")
                self.assertNotIn("\ufffd", text_of(shown))
                self.assertEqual(text_of(ends(self.client, run)), "\U0001f600")

    def test_an_answer_that_cannot_be_read_ends_the_run(self):
        self.fails("say words\nbroken", WIRES, "cannot be read")

    def test_an_answer_that_is_not_understood_is_no_empty_one(self):
        self.fails("strange", ("acp", "pi"), "in a way that is not understood")
        self.fails("strange", ("jsonl",), "cannot be read (lines of type \"message\")")


class Programs(unittest.TestCase):
    """What an agent is started with, when it tells, and what it asks its gateway to do."""

    def test_what_is_told_after_the_end_of_a_turn_is_of_that_turn(self):
        daemon = AgentDaemon({"main": "acp"})
        self.addCleanup(daemon.close)
        daemon.start()
        with daemon.listener() as client:
            for number in range(2):
                self.assertEqual(ask(client, f"say first \nafterwards and late {number}"),
                                 ("final", f"first and late {number}"))
            self.assertEqual(ask(client, "after"), ("final", "you said: after"))

    def test_a_script_whose_interpreter_is_missing(self):
        daemon = AgentDaemon({"main": "acp"})
        self.addCleanup(daemon.close)
        script = daemon.workspace() / "agent"
        script.write_text("#!/opt/nowhere/python3\n")
        script.chmod(0o755)
        daemon.set_agents({"main": {"wire": "acp", "command": str(script)}})
        daemon.start()
        with daemon.listener() as client:
            state, words = ask(client, "hello")
            self.assertEqual(state, "error")
            self.assertRegex(words, f"{script} is there, but .*/opt/nowhere/python3 is not there")
            script.chmod(0o644)
            self.assertRegex(ask(client, "hello")[1], f"{script} is not executable")
        found = json.loads(daemon.run_cli("doctor", "--json").stdout)["findings"]
        self.assertTrue(any("is not executable" in f["what"] for f in found), found)

    def test_one_that_reads_files_without_end_holds_up_nobody(self):
        daemon = AgentDaemon({"main": "acp", "calm": "echo"})
        self.addCleanup(daemon.close)
        daemon.start()
        (daemon.workspace() / "large").write_text("x" * (8 * 1024 * 1024 - 1))
        go = daemon.workspace() / "go"
        with daemon.listener() as client:
            run = send(client, f"reads {daemon.workspace()}/large {go}")
            client.wait_event("chat", lambda p: p.get("runId") == run and p["state"] == "delta")
            for number in range(3):
                self.assertEqual(ask(client, f"hello {number}", "agent:calm:main")[0], "final")
            go.write_text("now")
            self.assertEqual(text_of(ends(client, run)), "reading in order")


if __name__ == "__main__":
    unittest.main(verbosity=2)
