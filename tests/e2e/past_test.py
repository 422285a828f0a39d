"""Answers as of a moment of the past: as they were then, and at the head as they are now."""

import json
import os
import pathlib
import signal
import unittest

from daemon import SPINE_REPLAY, Daemon, wait_until
from spine_client import RpcError, channel_message

NO_LIMITS = {"rate_limit": {"requests_per_minute": 0}}
CONFIG = {"gateway": NO_LIMITS,
          "agents": {"list": [{"id": "main", "default": True},
                              {"id": "slow", "spine": {"delayMs": 600_000}}]},
          "channels": {"strict": {"dmPolicy": "pairing"}}}
WORK = "agent:main:work"
WAITING = 32  # limits::kPastQuestionsMax
SHARE = 8  # of one connection
PROCESSES = 2  # limits::kPastChildrenMax

# Every method that can be asked about the past.
READS = [
    ("sessions.list", {}),
    ("sessions.list", {"agentId": "slow"}),
    ("sessions.list", {"limit": 1, "offset": 1}),
    ("sessions.describe", {"key": "main"}),
    ("sessions.describe", {"key": "agent:main:nobody"}),
    ("sessions.resolve", {"key": WORK}),
    ("sessions.resolve", {"label": "nobody's", "allowMissing": True}),
    ("sessions.preview", {"keys": ["main", WORK, "agent:main:nobody"]}),
    ("chat.history", {"sessionKey": "main"}),
    ("chat.history", {"sessionKey": WORK, "limit": 1}),
    ("chat.startup", {"sessionKey": "main"}),
    ("status", {}),
    ("spine.status", {}),
    ("runs.list", {}),
    ("device.pair.list", {}),
    ("channels.pairing.list", {}),
    ("exec.approval.list", {}),
    ("plugin.approval.list", {}),
]
# What says when it was answered.
TIMES = {"ts", "asOf", "snapshotAt"}
# What is left out of answers about the past: it is of the running process, or of the configuration.
OF_NOW = {"chat.startup": {"agentsList", "metadata"},
          "status": {"runtimeVersion", "heartbeat", "channelSummary", "queuedSystemEvents", "uptimeMs"},
          "spine.status": {"version", "uptimeMs", "durableSeq", "followerSeq", "indexedSeq",
                           "snapshotSeq", "journalBytes", "digestChecks", "digestDivergence",
                           "connections", "agentsReady", "residentBytes", "failing"}}


def timeless(value):
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in TIMES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def say(client, session, text, key):
    client.call("chat.send", {"sessionKey": session, "message": text, "idempotencyKey": key})
    client.wait_event("chat", lambda chat: chat["state"] == "final" and chat["runId"] == key)


class Past(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(CONFIG).start()
        cls.addClassCleanup(cls.daemon.close)
        with cls.daemon.listener() as client:
            say(client, "main", "one", "r-1")
            say(client, WORK, "two", "r-2")
            client.call("chat.send", {"sessionKey": "agent:slow:main", "message": "three",
                                      "idempotencyKey": "r-3"})
            try:
                client.call("channel.message", channel_message("m1", "may I", channel="strict"))
            except RpcError:
                pass  # the sender waits to be let in

    def setUp(self):
        self.client = self.daemon.listener()
        self.addCleanup(self.client.close)

    def refused(self, method, params):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, params)
        return caught.exception.error

    def head(self):
        return self.client.call("sessions.list", {"asOf": "latest"})["asOf"]["seq"]

    def processes(self):
        """The children of the gateway that answer for the past."""
        found = []
        for thread in pathlib.Path(f"/proc/{self.daemon.process.pid}/task").iterdir():
            for child in (thread / "children").read_text(encoding="utf-8").split():
                try:
                    words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[:2] == [str(SPINE_REPLAY).encode(), b"answer"]:
                    found.append(int(child))
        return found

    def test_1_at_the_head_the_past_is_as_the_present(self):
        for method, params in READS:
            with self.subTest(method, params=params):
                now = self.client.call(method, params)
                then = self.client.call(method, {**params, "asOf": "latest"})
                of_now = OF_NOW.get(method, set())
                self.assertLessEqual(of_now, set(now))
                if method == "spine.status":
                    del now["counts"]["bytes"]  # memory of the process
                self.assertEqual(timeless(then), timeless(
                    {name: value for name, value in now.items() if name not in of_now}
                    if isinstance(now, dict) else now))
        self.assertEqual(len(self.client.call("runs.list", {"asOf": "latest"})["runs"]), 1)
        self.assertEqual(
            len(self.client.call("channels.pairing.list", {"asOf": "latest"})["requests"]), 1)

    def test_2_the_digest_of_a_moment_is_the_one_of_then(self):
        digest = self.client.call("spine.digest", {})
        say(self.client, "main", "later", "r-4")
        self.assertNotEqual(self.client.call("spine.digest", {})["digest"], digest["digest"])
        then = self.client.call("spine.digest", {"asOf": digest["seq"]})
        self.assertEqual(timeless(then), digest)
        self.assertEqual(then["asOf"]["seq"], digest["seq"])

    def test_3_a_session_that_was_deleted_is_there_again(self):
        before = self.head()
        history = self.client.call("chat.history", {"sessionKey": WORK})
        self.client.call("sessions.delete", {"key": WORK})
        self.assertIsNone(self.client.call("sessions.describe", {"key": WORK})["session"])
        then = self.client.call("sessions.describe", {"key": WORK, "asOf": before})
        self.assertEqual(then["session"]["key"], WORK)
        self.assertEqual(then["asOf"]["seq"], before)
        self.assertEqual(timeless(self.client.call(
            "chat.history", {"sessionKey": WORK, "asOf": before})), timeless(history))
        preview = self.client.call("sessions.preview", {"keys": [WORK, "main"], "asOf": before})
        self.assertEqual([row["status"] for row in preview["previews"]], ["ok", "ok"])
        text = self.daemon.run_cli("at", str(before), "sessions", "show", WORK)
        self.assertIn("echo: two", text.stdout, text.stderr)
        self.assertIn(f"As of #{before}, ", text.stderr)

    def test_4_moments_are_named_in_many_ways_or_refused_in_words(self):
        head = self.head()
        for moment in (head, str(head), f"#{head}", "latest", "-0s", "0 minutes ago"):
            with self.subTest(moment):
                answer = self.client.call("sessions.list", {"asOf": moment})
                self.assertGreaterEqual(answer["asOf"]["seq"], head)
        self.assertEqual(self.client.call("sessions.list", {"asOf": 1})["count"], 0)
        for moment, code, says in ((10**9, "MOMENT_NOT_REACHABLE", "it holds #1"),
                                   ("2001-01-01", "MOMENT_NOT_REACHABLE", "it holds #1"),
                                   (0, "MOMENT_NOT_REACHABLE", "it holds #1"),
                                   ("next week", "INVALID_MOMENT", "yesterday 14:03")):
            with self.subTest(moment):
                error = self.refused("sessions.list", {"asOf": moment})
                self.assertEqual(error["details"]["code"], code)
                self.assertIn(says, error["message"])
        for moment in ("", "x" * 65, -1, 1.5, True, []):
            with self.subTest(moment):
                self.assertIn("/asOf", self.refused("runs.list", {"asOf": moment})["message"])

    def test_5_what_is_not_read_from_the_journal_alone_is_about_now(self):
        for method, params in (("agents.status", {}), ("sessions.reset", {"key": "main"}),
                               ("chat.send", {"sessionKey": "main", "message": "x",
                                              "idempotencyKey": "r-5"}),
                               ("sessions.subscribe", {}), ("config.get", {})):
            with self.subTest(method):
                error = self.refused(method, {**params, "asOf": "latest"})
                self.assertEqual(error["details"]["code"], "NOT_ABOUT_THE_PAST")
        for method, params, why in (
                ("health", {}, "it tells how the running gateway is, which is in no journal"),
                ("agent.wait", {"runId": "r-1"}, "it waits for what is still to come")):
            with self.subTest(method):
                error = self.refused(method, {**params, "asOf": 1})
                self.assertEqual(error["details"]["code"], "NOT_ABOUT_THE_PAST")
                self.assertIn(f"{method} is about now: {why}", error["message"])

    def refused_for_now(self, client, why):
        with self.assertRaises(RpcError) as caught:
            client.call("sessions.list", {"asOf": 1})
        error = caught.exception.error
        self.assertEqual((error["code"], error["retryable"]), ("UNAVAILABLE", True))
        self.assertIn(why, error["message"])

    def test_6_too_many_at_once_are_refused_and_the_others_answered(self):
        self.client.call("sessions.list", {"asOf": 1})
        held = []
        self.addCleanup(lambda: [os.kill(pid, signal.SIGCONT) for pid in held])
        asked = []
        for count in range(PROCESSES):  # each is held before it has read its question
            pids = wait_until(lambda: [pid for pid in self.processes() if pid not in held] or None,
                              "a process that answers")
            os.kill(pids[0], signal.SIGSTOP)
            held.append(pids[0])
            if count + 1 < PROCESSES:
                asked.append(self.client.start("runs.list", {"asOf": 2}))
                self.client.call("sessions.list", {"asOf": 1})  # another one answers this
        asked = [(self.client, request) for request in asked]
        while len(asked) < PROCESSES:
            asked.append((self.client, self.client.start("sessions.list", {"asOf": 1})))
        full = f"{WAITING} questions about the past"
        for left in reversed(range(WAITING // SHARE)):
            client = self.daemon.client()
            self.addCleanup(client.close)
            asked += [(client, client.start("sessions.list", {"asOf": 1})) for _ in range(SHARE)]
            self.refused_for_now(client, f"{SHARE} questions of this connection" if left else full)
        self.refused_for_now(self.client, full)
        self.client.call("sessions.list", {})  # the present goes on
        for pid in held:
            os.kill(pid, signal.SIGCONT)
        for client, request in asked:
            self.assertIn("asOf", client.response(request))
        self.assertLessEqual(len(self.processes()), PROCESSES)

    def kill_those_asked(self):
        """How many questions ended with the process that they were put to."""
        self.client.call("sessions.list", {"asOf": 1})
        for pid in self.processes():
            os.kill(pid, signal.SIGSTOP)
        asked = [self.client.start("sessions.preview", {"keys": ["main"], "asOf": 1})]
        asked += [self.client.start("sessions.list", {"asOf": 1}) for _ in range(PROCESSES - 1)]
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        ended = 0
        for request in asked:
            try:
                self.client.response(request)
            except RpcError as failed:
                ended += 1
                self.assertEqual((failed.code, failed.error["retryable"]), ("UNAVAILABLE", True))
                self.assertIn("signal 9", failed.message)
        return ended

    def test_7_when_its_process_is_killed_the_next_question_is_answered(self):
        # A process that is gone before the gateway asks it is replaced, and nobody notices: again.
        while not self.kill_those_asked():
            pass
        self.client.call("sessions.list", {"asOf": "latest"})
        self.client.call("sessions.preview", {"keys": ["main"], "asOf": "latest"})  # none is under way

    def test_8_the_command_line_looks_back(self):
        listed = self.daemon.run_cli("at", "latest", "sessions", "list", "--json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertGreater(json.loads(listed.stdout)["asOf"]["seq"], 1)
        self.assertRegex(listed.stderr, r"^As of #\d+, \d{4}-")
        for verb in ("status", "sessions list", "runs list", "devices list", "pairing list", "approvals list"):
            with self.subTest(verb):
                ran = self.daemon.run_cli("at", "-0s", *verb.split())
                self.assertEqual(ran.returncode, 0, ran.stderr)
        for verb in ("health", "sessions reset", "config get", "replay verify", "at 1"):
            with self.subTest(verb):
                ran = self.daemon.run_cli("at", "latest", *verb.split(), *(["main"] if "reset" in verb else []))
                self.assertEqual(ran.returncode, 2, ran.stderr)
        status = self.daemon.run_cli("at", "latest", "status").stdout
        self.assertRegex(status, r"Runs +1 open, 1 worked on\n")
        self.assertRegex(status, r"Pairing requests +1 waiting\n")
        first = json.loads(self.daemon.run_cli("at", "1", "status", "--json").stdout)
        self.assertEqual((first["counts"]["sessions"], first["startedSeq"]), (0, 0))
        beyond = self.daemon.run_cli("at", "2001-01-01", "runs", "list")
        self.assertEqual(beyond.returncode, 1)
        self.assertIn("it holds #1", beyond.stderr)
        self.assertIn("sessions show", self.daemon.run_cli("at", "--help", target=False).stdout)

    def test_9_its_processes_end_with_the_gateway(self):
        self.client.call("sessions.list", {"asOf": "latest"})
        pids = self.processes()
        self.assertTrue(pids)
        self.assertEqual(self.daemon.stop(), 0)
        for pid in pids:
            self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())
        self.daemon.start()


if __name__ == "__main__":
    unittest.main()
