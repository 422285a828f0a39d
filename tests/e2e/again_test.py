"""Back into production, by appending: runs that are tried again, sessions that go back or are forked."""

import json
import unittest

from agents import AgentDaemon, ask, ends, send, text_of
from spine_client import RpcError

MAIN = "agent:main:main"


class Again(unittest.TestCase):
    def setUp(self):
        self.daemon = AgentDaemon({"main": "jsonl"})
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def refused(self, client, method, params, code):
        with self.assertRaises(RpcError) as caught:
            client.call(method, params)
        self.assertEqual(caught.exception.error["details"]["code"], code)
        return caught.exception.error["message"]

    def ok(self, *arguments):
        answer = self.daemon.run_cli(*arguments)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return answer.stdout

    def history(self, session=MAIN):
        with self.daemon.client() as client:
            answer = client.call("chat.history", {"sessionKey": session})
        rows = [(row["role"], row["content"] if isinstance(row["content"], str)
                 else "".join(part.get("text", "") for part in row["content"]))
                for row in answer["messages"]]
        self.assertEqual(answer["totalMessages"], len(rows))
        return rows

    def verify(self):
        answer = self.daemon.replay("replay", "verify")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def failed(self, client):
        """A run that fails until the file is there: its id, and what makes it succeed."""
        luck = self.daemon.workspace() / "luck"
        run = send(client, f"luck {luck}")
        payload = ends(client, run)
        self.assertEqual((payload["state"], text_of(payload)), ("error", "no luck"))
        return run, luck.touch

    def test_a_failed_run_is_tried_again_and_succeeds(self):
        with self.daemon.listener() as client:
            run, mend = self.failed(client)
            mend()
            answer = client.call("runs.retry", {"runId": run, "idempotencyKey": "again"})
            self.assertEqual(answer, {"ok": True, "runId": "again", "retryOf": run,
                                      "sessionKey": MAIN, "status": "started"})
            self.assertEqual(text_of(ends(client, "again")), "good luck")
            repeated = client.call("runs.retry", {"runId": run, "idempotencyKey": "again"})
            self.assertEqual((repeated["runId"], repeated["status"]), ("again", "ok"))
            said = self.refused(client, "runs.retry", {"runId": run}, "RUN_ANSWERED")
            self.assertIn('answered, by run "again"', said)
            self.assertIn("force", said)
            self.refused(client, "runs.retry", {"runId": "nobody"}, "RUN_NOT_FOUND")
        asked = self.daemon.events("--kind", "RunRetryRequested")
        self.assertEqual([event["body"]["run_key"] for event in asked], ["again"])
        self.verify()

    def test_the_person_at_the_machine_tries_again(self):
        with self.daemon.listener() as client:
            run, mend = self.failed(client)
            mend()
            self.assertRegex(self.ok("runs", "list", "--ended"), rf"{run} +{MAIN} +main +failed")
            self.assertIn(f"another try at run {run}", self.ok("runs", "retry", run[:6]))
            client.wait_event("chat", lambda chat: chat["state"] == "final")
            refused = self.daemon.run_cli("runs", "retry", run)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("has been answered", refused.stderr)
            forced = json.loads(self.ok("runs", "retry", run, "--force", "--json"))
            self.assertEqual(text_of(ends(client, forced["runId"])), "good luck")
        listed = json.loads(self.ok("runs", "list", "--ended", "--json"))["runs"]
        self.assertEqual([row["status"] for row in listed], ["finished", "finished", "failed"])
        self.assertEqual([row["messageSeq"] for row in listed], [listed[0]["messageSeq"]] * 3)
        self.assertEqual(self.daemon.run_cli("runs", "retry").returncode, 2)

    def test_a_retry_holds_after_kill_9(self):
        with self.daemon.listener() as client:
            run, _ = self.failed(client)
            waits = send(client, f"until {self.daemon.workspace()}/go")
            answer = client.call("runs.retry", {"runId": run})
            self.assertEqual(answer["waitsBehind"]["runId"], waits)
            self.refused(client, "runs.retry", {"runId": run}, "RUN_OPEN")
        self.daemon.kill()
        (self.daemon.workspace() / "luck").touch()
        (self.daemon.workspace() / "go").touch()
        self.daemon.start()
        with self.daemon.client() as client:
            ended = client.call("agent.wait", {"runId": answer["runId"]})
        self.assertEqual(ended["status"], "ok")
        self.assertEqual(self.history()[-1], ("assistant", "good luck"))
        self.verify()

    def seqs(self, session=MAIN, **more):
        """The seqs of the rows of a history, page by page from the newest."""
        rows, cursor = [], {}
        with self.daemon.client() as client:
            while True:
                page = client.call("chat.history", {"sessionKey": session, **more, **cursor})
                rows = [row["__openclaw"]["seq"] for row in page["messages"]] + rows
                if not page["hasMore"]:
                    return rows
                cursor = {"cursor": page["nextCursor"]}

    def words(self, session=MAIN):
        return [text for _, text in self.history(session)]

    def test_a_session_goes_back_and_on_from_there(self):
        with self.daemon.listener() as client:
            ask(client, "keep the plan")
            self.assertEqual(ask(client, "recall"), ("final", "recalled the plan"))
            stays = self.seqs()
            ask(client, "say a mistake")
            busy = send(client, f"until {self.daemon.workspace()}/never")
            client.wait_event("agent", lambda event: event["runId"] == busy and
                              event["stream"] == "assistant")
            answer = client.call("sessions.rewind", {"key": "main", "toSeq": stays[-1]})
            self.assertEqual((answer["ok"], answer["key"], answer["rewound"]), (True, MAIN, True))
            self.assertEqual(ends(client, busy)["state"], "aborted")
            client.wait_event("sessions.changed", lambda change: change.get("reason") == "rewind")
            self.assertEqual(self.words(), ["keep the plan", "kept", "recall", "recalled the plan"])
            again = client.call("sessions.rewind", {"key": "main", "toSeq": stays[-1]})
            self.assertFalse(again["rewound"], "nothing was said since")
            self.assertEqual(ask(client, "recall"), ("final", "nothing is kept"),
                             "the agent's own conversation is another one")
            for seq, reason in ((stays[0] - 1, "before"), (10**6, "behind")):
                said = self.refused(client, "sessions.rewind", {"key": "main", "toSeq": seq},
                                    "SEQ_OUT_OF_RANGE")
                self.assertIn(reason, said)
            with self.assertRaises(RpcError):
                client.call("sessions.rewind", {"key": "agent:main:nobody", "toSeq": 5})
            with self.assertRaises(RpcError):
                client.call("sessions.rewind", {"key": "main"})
        before = self.history()
        self.assertEqual([text for _, text in before[4:]], ["recall", "nothing is kept"])
        self.assertEqual(self.seqs(limit=1), self.seqs())
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.history(), before)
        self.assertIn("say a mistake", [event["body"]["text"] for event in
                                        self.daemon.events("--kind", "MessageReceived")])
        self.verify()

    def test_a_fork_and_the_other_go_on_apart(self):
        with self.daemon.listener() as client:
            ask(client, "say one")
            at = self.seqs()[-1]
            ask(client, "say two")
            fork = client.call("sessions.fork", {"key": MAIN, "atSeq": at, "label": "another way"})
            key = fork["key"]
            self.assertEqual((fork["ok"], fork["forkedFrom"], fork["atSeq"]), (True, MAIN, at))
            self.assertRegex(key, "^agent:main:dashboard:")
            self.assertEqual(self.words(key), ["say one", "one"])
            self.assertEqual(ask(client, "say three", session=key), ("final", "three"))
            self.assertEqual(ask(client, "say four"), ("final", "four"))
            self.assertEqual(self.words(key), ["say one", "one", "say three", "three"])
            self.assertEqual(self.words(), ["say one", "one", "say two", "two", "say four", "four"])
            whole = client.call("sessions.fork", {"key": key})["key"]
            self.assertEqual(self.words(whole), self.words(key))
            preview = client.call("sessions.preview", {"keys": [whole], "limit": 3})["previews"][0]
            self.assertEqual([item["text"] for item in preview["items"]],
                             ["one", "say three", "three"])
            self.refused(client, "sessions.fork", {"key": MAIN, "label": "another way"},
                         "LABEL_TAKEN")
            with self.assertRaisesRegex(RpcError, "No session found"):
                client.call("sessions.fork", {"key": "agent:main:nobody"})
            # The other's history goes; what the fork has of it stays.
            client.call("sessions.reset", {"key": MAIN})
            self.assertEqual(self.words(), [])
            self.refused(client, "sessions.fork", {"key": MAIN}, "HISTORY_EMPTY")
        before = self.history(key)
        self.assertEqual(self.seqs(key, limit=1), self.seqs(key))
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.history(key), before)
        self.assertEqual(self.words(whole), [text for _, text in before])
        self.verify()

    def test_the_person_at_the_machine_goes_back_and_forks(self):
        self.ok("send", "say one")
        at = str(self.seqs()[-1])
        self.ok("send", "say two")
        said = self.ok("sessions", "fork", MAIN, "--at", at, "--label", "mine")
        key = said.splitlines()[0]
        self.assertEqual(self.words(key), ["say one", "one"])
        self.assertIn("Rewound", self.ok("sessions", "rewind", MAIN, "--to", at))
        self.assertEqual(self.words(), ["say one", "one"])
        self.assertIn("Nothing was said after", self.ok("sessions", "rewind", MAIN, "--to", at))
        refused = self.daemon.run_cli("sessions", "rewind", MAIN, "--to", "1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("begins at seq", refused.stderr)
        self.assertEqual(self.daemon.run_cli("sessions", "rewind", MAIN).returncode, 2)

    def test_scopes_are_those_of_the_protocol(self):
        with self.daemon.client(scopes=("operator.write",)) as client:
            self.refused(client, "sessions.rewind", {"key": MAIN, "toSeq": 5}, "MISSING_SCOPE")
        with self.daemon.client(scopes=("operator.read",)) as client:
            self.refused(client, "sessions.fork", {"key": MAIN}, "MISSING_SCOPE")
            self.refused(client, "runs.retry", {"runId": "x"}, "MISSING_SCOPE")


if __name__ == "__main__":
    unittest.main()
