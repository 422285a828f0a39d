"""Back into production, by appending: runs that are tried again."""

import json
import unittest

from agents import AgentDaemon, ends, send, text_of
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


if __name__ == "__main__":
    unittest.main()
