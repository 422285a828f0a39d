"""The example agent of @agentclientprotocol/sdk 0.12.0: text, a tool call, a permission, cancelling."""

import unittest

from agent_peers import ACP_AGENT, NODE, PeerDaemon
from agents import ends, send, text_of
from daemon import wait_until


class Example(unittest.TestCase):
    def setUp(self):
        self.daemon = PeerDaemon({"driver": "acp", "command": str(NODE), "args": [str(ACP_AGENT)]})
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.client = self.daemon.listener(timeout=60)
        self.addCleanup(self.client.close)

    def run_with(self, decision):
        run = send(self.client, "hello")
        asked = self.client.wait_event("exec.approval.requested")
        self.client.call("exec.approval.resolve", {"id": asked["id"], "decision": decision})
        return ends(self.client, run)

    def test_allowed(self):
        end = self.run_with("allow-once")
        self.assertEqual(end["state"], "final")
        self.assertIn("successfully updated the configuration", text_of(end))
        kinds = [e["kind"] for e in self.daemon.events()]
        for kind in ("ToolCalled", "ToolReturned", "ApprovalRequested", "ApprovalOpened",
                     "ApprovalResolved", "RunFinished"):
            self.assertIn(kind, kinds)

    def test_refused(self):
        end = self.run_with("deny")
        self.assertEqual(end["state"], "final")
        self.assertIn("skip", text_of(end))

    def test_cancelled(self):
        run = send(self.client, "hello")
        self.client.wait_event("chat", lambda p: p.get("runId") == run and p["state"] == "delta")
        self.client.call("chat.abort", {"sessionKey": "agent:main:main", "runId": run})
        self.assertEqual(ends(self.client, run)["state"], "aborted")
        wait_until(lambda: self.daemon.agent()["running"] == 0, "the agent has stopped")
        self.assertEqual(self.run_with("allow-once")["state"], "final")


if __name__ == "__main__":
    unittest.main(verbosity=2)
