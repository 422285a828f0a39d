"""/stop, /status and the runs verbs: a session that hangs can be looked at and ended."""

import json
import unittest

from agents import AgentDaemon, ends, send, text_of
from daemon import Daemon, wait_until
from spine_client import RpcError, channel_message

KEY = "agent:main:main"


class Words(unittest.TestCase):
    """What the gateway itself says is a setting, and stays in the journal as it was said."""

    def test_the_language_and_ones_own_words(self):
        with Daemon({"messages": {"language": "zh", "stopNothing": "Nothing to end."}}) as daemon:
            with daemon.start().client() as client:
                answers = [client.call("chat.send", {"sessionKey": "main", "message": text,
                                                     "idempotencyKey": text})["text"]
                           for text in ("/stop", "/status")]
        self.assertEqual(answers[0], "Nothing to end.")
        self.assertIn("agent:main:main", answers[1])
        self.assertFalse(answers[1].isascii(), answers[1])

    def test_a_blank_that_is_not_filled_in_keeps_it_from_starting(self):
        with Daemon({"messages": {"pairingRequest": "You are {nobody}, {code}."}}) as daemon:
            checked = daemon.run_cli("config", "validate")
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn("messages.pairingRequest has {nobody}", checked.stdout + checked.stderr)


class Busy(unittest.TestCase):
    """An agent that hangs, one message that it works on and one that waits."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = AgentDaemon({"main": "acp"}).start()
        cls.addClassCleanup(cls.daemon.close)

    def setUp(self):
        self.client = self.daemon.listener()
        self.addCleanup(self.client.close)
        self.key = f"agent:main:{self._testMethodName}"
        self.running = send(self.client, "until /never", self.key)
        self.client.wait_event("chat", lambda p: p.get("runId") == self.running)
        self.waiting = send(self.client, "second", self.key)

    def say(self, text, key="c-1"):
        return self.client.call("chat.send", {"sessionKey": self.key, "message": text,
                                              "idempotencyKey": self.key + key})

    def aborted(self, run):
        end = ends(self.client, run)
        self.assertEqual(end["state"], "aborted")
        return end["stopReason"]

    def run_rows(self, session=None):
        rows = self.client.call("runs.list", {})["runs"]
        return [row for row in rows if row["sessionKey"] == (session or self.key)]

    def stop(self):
        """Ends what the test left."""
        self.client.call("sessions.abort", {"key": self.key})

    def test_status_is_answered_while_the_session_is_busy(self):
        answer = self.say("/status")
        self.assertEqual((answer["status"], answer["run"], answer["command"]),
                         ("ok", False, "status"))
        self.assertRegex(answer["text"], rf"^Session {self.key}, agent main\.\nWorking for \d+ s "
                                         rf"on run {self.running}\.\n1 message waits\.$")
        end = self.client.wait_event("chat", lambda p: p["runId"] == answer["runId"])
        self.assertEqual((end["state"], text_of(end)), ("final", answer["text"]))
        row = self.client.wait_event("session.message",
                                     lambda p: p["message"]["role"] == "assistant")["message"]
        self.assertEqual(row["__openclaw"]["runId"], answer["runId"])
        rows = self.client.call("chat.history", {"sessionKey": self.key})["messages"]
        self.assertEqual([row["role"] for row in rows], ["user", "user", "user", "assistant"])
        self.assertEqual((rows[-1]["content"][0]["text"], rows[-1]["__openclaw"]["runId"]),
                         (answer["text"], answer["runId"]))
        self.stop()

    def test_stop_ends_what_runs_and_what_waits(self):
        answer = self.say(" /STOP ")
        self.assertEqual(answer["text"],
                         f"Stopped run {self.running}, and 1 message that waited.")
        self.assertEqual(self.aborted(self.running), "command")
        self.assertEqual(self.aborted(self.waiting), "command")
        self.assertEqual(self.run_rows(), [])
        # What is said again under the same key stops nothing more.
        run = send(self.client, "third", self.key)
        self.assertNotIn("text", self.say(" /STOP "))
        self.assertEqual(text_of(ends(self.client, run)), "you said: third")
        events = self.daemon.events()
        stop = next(e for e in events if e["kind"] == "CommandAnswered"
                    and e["session"]["key"] == self.key)
        ended = next(e for e in events if e["kind"] == "RunAborted" and e["cause"] == stop["cause"])
        self.assertEqual((stop["body"]["command"], ended["body"]["reason"]), ("stop", "command"))

    def test_the_agent_method_gives_both_answers(self):
        asked = self.client.start("agent", {"message": "/status", "sessionKey": self.key,
                                            "idempotencyKey": self.key + "a"})
        self.assertEqual(self.client.response(asked)["status"], "accepted")
        final = self.client.response(asked)
        self.assertEqual((final["status"], final["summary"]), ("ok", "completed"))
        self.assertIn("Working for", final["result"]["payloads"][0]["text"])
        self.stop()

    def test_a_message_of_a_channel_is_answered_too(self):
        first = self.client.call("channel.message", channel_message("m1", "until /never"))
        answer = self.client.call("channel.message", channel_message("m2", "/stop"))
        self.assertEqual((answer["command"], answer["sessionKey"]), ("stop", first["sessionKey"]))
        self.assertEqual(self.aborted(first["runId"]), "command")
        end = self.client.wait_event("chat", lambda p: p["sessionKey"] == answer["sessionKey"]
                                     and p["state"] == "final")
        self.assertEqual(text_of(end), answer["text"])
        self.stop()

    def test_whoever_may_write_may_stop_and_whoever_may_read_may_look(self):
        with self.daemon.client(scopes=("operator.read",)) as reader:
            with self.assertRaises(RpcError) as caught:
                reader.call("chat.send", {"sessionKey": self.key, "message": "/stop",
                                          "idempotencyKey": "r"})
            self.assertEqual(caught.exception.error["details"]["missingScope"], "operator.write")
            self.assertTrue(reader.call("runs.list", {})["runs"])
        with self.daemon.client(scopes=("operator.approvals",)) as other:
            with self.assertRaises(RpcError):
                other.call("runs.list", {})
        with self.daemon.client(scopes=("operator.write",)) as writer:
            writer.call("chat.send", {"sessionKey": self.key, "message": "/stop",
                                      "idempotencyKey": "w"})
        self.assertEqual(self.aborted(self.running), "command")

    def test_runs_are_listed_with_what_they_wait_behind(self):
        running, waiting = self.run_rows()
        self.assertEqual((running["runId"], running["status"], running["waitsBehind"]),
                         (self.running, "running", None))
        self.assertEqual((waiting["runId"], waiting["status"], waiting["waitsBehind"]),
                         (self.waiting, "queued", self.running))
        self.assertLessEqual(running["queuedAt"], running["startedAt"])
        self.assertLessEqual(running["queuedAt"], waiting["queuedAt"])
        answer = self.say("third")
        self.assertEqual(answer["waitsBehind"]["runId"], self.running)
        self.assertGreaterEqual(answer["waitsBehind"]["runningMs"], 0)
        self.assertEqual(self.client.call("runs.list", {"limit": 1})["totalCount"], 3)
        self.stop()

    def test_who_was_away_is_told_of_the_command(self):
        cursor = None
        with self.daemon.client() as watcher:
            watcher.call("sessions.subscribe", {})
            self.say("/status", "one")
            cursor = watcher.wait_event("chat", lambda p: p["state"] == "final")["cursor"]
        answer = self.say("/status", "two")
        with self.daemon.client() as again:
            again.call("resume", {"cursor": cursor, "sessions": [self.key]})
            end = again.wait_event("chat", lambda p: p["state"] == "final")
        self.assertEqual((end["runId"], text_of(end)), (answer["runId"], answer["text"]))
        self.stop()

    # ---- the command line

    def cli(self, *arguments, code=0):
        done = self.daemon.run_cli(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_runs_verbs(self):
        table = self.cli("runs", "list")
        self.assertRegex(table, rf"RUN +SESSION +AGENT +STATUS +FOR +TRY +BEHIND\n"
                                rf"(?s:.*){self.running} +{self.key} +main +running")
        self.assertRegex(table, rf"{self.waiting} +{self.key} +main +queued .* {self.running}\n")
        self.assertIn("There is no open run", self.cli("runs", "abort", "nobody's", code=1))
        self.assertEqual(self.cli("runs", "abort", self.waiting[:12]), "Stopped.\n")
        self.assertEqual(self.aborted(self.waiting), "rpc")
        self.cli("runs", "abort", self.running)
        self.assertEqual(self.aborted(self.running), "rpc")
        self.assertEqual(self.cli("runs", "list"), "Nothing is being worked on, and nothing waits.\n")

    def test_session_verbs(self):
        self.assertEqual(self.cli("sessions", "abort", self.key),
                         f"Stopped run {self.running}, and what waited there.\n")
        self.assertEqual(self.aborted(self.waiting), "rpc")
        self.assertIn("Nothing was being worked on", self.cli("sessions", "abort", self.key))
        self.assertIn("begins afresh", self.cli("sessions", "reset", self.key))
        self.assertEqual(self.client.call("chat.history", {"sessionKey": self.key})["messages"], [])
        self.assertIn("Deleted", self.cli("sessions", "delete", self.key))
        self.assertIn("There is no session", self.cli("sessions", "delete", self.key, code=1))
        self.assertIn("No session found", self.cli("sessions", "reset", self.key, code=1))
        ends(self.client, send(self.client, "hello", KEY))
        self.assertIn("main session", self.cli("sessions", "delete", KEY, code=1))
        self.assertTrue(json.loads(self.cli("sessions", "abort", self.key, "--json"))["ok"])

    def test_send_says_what_it_waits_behind(self):
        done = self.daemon.run_cli("send", "--session", self.key, "--no-wait", "third")
        self.assertRegex(done.stderr, rf"^Waiting behind a run of .* \(spine runs abort "
                                      rf"{self.running} ends it\)\n$")
        printed = self.daemon.folder / "sent.txt"
        with open(printed, "wb") as output:
            sent = self.daemon.spawn_cli("send", "--session", self.key, "--json", "fourth",
                                         stdout=output)
        wait_until(lambda: len(self.run_rows()) == 4, "the fourth message waits")
        self.assertIn("Working for", self.cli("send", "--session", self.key, "/status"))
        self.assertIn("3 messages that waited", self.cli("send", "--session", self.key, "/stop"))
        self.assertEqual(sent.wait(), 1)
        answer = json.loads(printed.read_text())
        self.assertEqual((answer["stopReason"], answer["waitsBehind"]["runId"]),
                         ("command", self.running))


if __name__ == "__main__":
    unittest.main()
