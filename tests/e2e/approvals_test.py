"""What agents ask to be allowed: people, rules and deadlines answer."""

import concurrent.futures
import unittest

from agents import AgentDaemon, ask, ends, send, text_of
from daemon import wait_until


def waiting_ids(client):
    """Of what agents ask, and nobody answered."""
    listed = client.call("exec.approval.list", {})
    rows = listed if isinstance(listed, list) else \
        next(value for value in listed.values() if isinstance(value, list))
    return [row["id"] for row in rows]


class Approvals(unittest.TestCase):
    """An agent asks; somebody, or a rule, or nobody, answers."""

    def daemon_with(self, agent=None, **spine):
        daemon = AgentDaemon({"main": {"wire": "acp", "agent": agent or {}, **spine}})
        self.addCleanup(daemon.close)
        return daemon.start()

    def open_request(self, client):
        event = client.wait_event("exec.approval.requested")
        return event["id"]

    def test_yes_and_no_from_a_client(self):
        daemon = self.daemon_with()
        with daemon.listener() as client:
            for decision, words in (("allow-once", "allowed"), ("deny", "not allowed")):
                run = send(client, "ask execute")
                request = self.open_request(client)
                listed = client.call("exec.approval.list", {})
                self.assertIn(request, str(listed))
                client.call("exec.approval.resolve", {"id": request, "decision": decision})
                self.assertEqual(text_of(ends(client, run)), words)
        kinds = [event["kind"] for event in daemon.events()]
        self.assertEqual(kinds.count("ApprovalResolved"), 2)

    def test_nobody_answers_is_no(self):
        daemon = self.daemon_with(approvalMs=1000)
        with daemon.listener() as client:
            self.assertEqual(ask(client, "ask execute"), ("final", "not allowed"))

    def test_rules_decide(self):
        daemon = self.daemon_with({"tools": {"allow": ["read*"], "deny": ["delete"]}})
        with daemon.listener() as client:
            self.assertEqual(ask(client, "ask read")[1], "allowed")
            self.assertEqual(ask(client, "ask delete")[1], "not allowed")

    def test_words_of_a_group_get_the_narrow_set(self):
        daemon = self.daemon_with({"tools": {"allow": ["*"]}}, untrustedTools=["read"])
        with daemon.listener() as client:
            for tool, words in (("read", "allowed"), ("execute", "not allowed")):
                answer = client.call("channel.message", {
                    "channel": "test", "sender": {"id": "u1"}, "externalId": "m-" + tool,
                    "conversation": {"kind": "group", "id": "g1"},
                    "content": {"text": "ask " + tool}, "timestamp": 1})
                self.assertEqual(text_of(ends(client, answer["runId"])), words)

    def test_who_sends_from_the_command_line_is_told_what_is_asked(self):
        daemon = self.daemon_with()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            sending = pool.submit(daemon.run_cli, "send", "ask execute")
            with daemon.listener() as client:
                waiting = wait_until(lambda: waiting_ids(client), "it is asked")
                client.call("exec.approval.resolve", {"id": waiting[0], "decision": "allow-once"})
            sent = sending.result()
        self.assertEqual((sent.returncode, sent.stdout.strip()), (0, "allowed"), sent.stderr)
        self.assertIn("asks to be allowed", sent.stderr)
        self.assertIn("spine approvals approve", sent.stderr)

    def test_the_command_line_answers(self):
        daemon = self.daemon_with()
        with daemon.listener() as client:
            run = send(client, "ask execute")
            self.open_request(client)
            listed = daemon.run_cli("approvals", "list")
            self.assertEqual(listed.returncode, 0, listed.stderr)
            self.assertIn("execute", listed.stdout)
            answer = daemon.run_cli("approvals", "approve", waiting_ids(client)[0])
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(text_of(ends(client, run)), "allowed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
