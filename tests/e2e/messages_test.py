"""Messages from outside: sent, answered, listed, refused, repeated, in order."""

import json
import unittest

from daemon import Daemon
from spine_client import RpcError, channel_message

NO_LIMITS = {"gateway": {"rate_limit": {"requests_per_minute": 0}}}
RECORD_ONLY = {**NO_LIMITS, "bindings": [{"agentId": "none", "match": {"channel": "test"}}]}


def whole_text(client, session, row):
    """The text of a row that may have come cut: the rest is fetched with chat.history."""
    text = row["content"][0]["text"]
    while row.get("truncated"):
        page = client.call("chat.history", {"sessionKey": session, "cursor": row["historyCursor"],
                                            "textFrom": row["textNext"], "limit": 1})
        row = page["messages"][0]
        text += row["content"][0]["text"]
    return text


class Messages(unittest.TestCase):
    def gateway(self, config):
        daemon = Daemon(config)
        self.addCleanup(daemon.close)
        return daemon.start()

    def test_send_prints_the_echo(self):
        daemon = self.gateway({})
        answer = daemon.run_cli("send", "hello")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("echo: hello", answer.stdout)

    def test_chat_send_is_pushed_and_in_history(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            sent = client.call("chat.send", {"sessionKey": "main", "message": "hi there",
                                             "idempotencyKey": "run-1"})
            self.assertEqual((sent["runId"], sent["status"]), ("run-1", "started"))
            final = client.wait_event("chat", lambda chat: chat["state"] == "final")
            self.assertEqual(final["runId"], "run-1")
            self.assertEqual(final["message"]["content"][0]["text"], "echo: hi there")
            history = client.call("chat.history", {"sessionKey": "agent:main:main"})
            self.assertEqual([message["role"] for message in history["messages"]],
                             ["user", "assistant"])

    def test_a_repeated_idempotency_key_starts_nothing(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            params = {"sessionKey": "main", "message": "once", "idempotencyKey": "same"}
            client.call("chat.send", params)
            client.wait_event("chat", lambda chat: chat["state"] == "final")
            self.assertEqual(client.call("chat.send", params)["status"], "ok")
            history = client.call("chat.history", {"sessionKey": "main"})
            self.assertEqual(len(history["messages"]), 2)

    def test_agent_answers_twice_on_one_id(self):
        daemon = self.gateway({})
        with daemon.client() as client:
            asked = client.start("agent", {"message": "hey", "idempotencyKey": "a-1"})
            self.assertEqual(client.response(asked)["status"], "accepted")
            final = client.response(asked)
            self.assertEqual(final["status"], "ok")
            self.assertEqual(final["result"]["payloads"][0]["text"], "echo: hey")
            waited = client.call("agent.wait", {"runId": "a-1", "timeoutMs": 5000})
            self.assertEqual(waited["status"], "ok")

    def test_a_reset_is_recorded_and_starts_no_run(self):
        daemon = self.gateway({})
        with daemon.client() as client:
            sent = client.call("chat.send", {"sessionKey": "main", "message": "/reset",
                                             "idempotencyKey": "r-1"})
            self.assertEqual((sent["status"], sent["run"]), ("ok", False))
            asked = client.start("agent", {"message": "/reset", "idempotencyKey": "r-2"})
            self.assertEqual(client.response(asked)["status"], "accepted")
            final = client.response(asked)
            self.assertEqual((final["status"], final["run"]), ("ok", False))

    def test_new_with_a_text_begins_afresh_with_that_text(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            for number, text in enumerate(("old words", "/new first question", "/newspaper?")):
                client.call("chat.send", {"sessionKey": "main", "message": text,
                                          "idempotencyKey": f"n-{number}"})
                final = client.wait_event("chat", lambda chat: chat["state"] == "final")
                self.assertEqual(final["message"]["content"][0]["text"],
                                 "echo: " + text.removeprefix("/new "))
            history = client.call("chat.history", {"sessionKey": "main"})["messages"]
            self.assertEqual(len(history), 4, "what was before the reset is not in it")
        resets = [event["body"]["reason"] for event in daemon.events("--kind", "SessionReset")]
        self.assertEqual(resets, ["message"])

    def test_a_reply_is_pushed_to_a_bridge_that_subscribed_to_nothing(self):
        daemon = self.gateway({})
        with daemon.client() as bridge:
            ack = bridge.call("channel.message", channel_message("m1", "hello", sender="anna"))
            final = bridge.wait_event("chat", lambda chat: chat["state"] == "final")
            self.assertEqual(final["runId"], ack["runId"])
            self.assertEqual(final["message"]["content"][0]["text"], "echo: hello")

    def test_a_message_of_the_largest_size_is_in_history(self):
        daemon = self.gateway(RECORD_ONLY)
        with daemon.client() as client:
            ack = client.call("channel.message", channel_message("m1", "small"))
            client.call("channel.message", channel_message("m2", "a" * (8 << 20)))
            newest = client.call("chat.history", {"sessionKey": ack["sessionKey"]})
            self.assertEqual(len(newest["messages"]), 1)
            row = newest["messages"][0]
            self.assertEqual((row["truncated"], row["textBytes"]), (True, 8 << 20))
            self.assertEqual(whole_text(client, ack["sessionKey"], row), "a" * (8 << 20))
            older = client.call("chat.history", {"sessionKey": ack["sessionKey"],
                                                 "cursor": newest["nextCursor"]})
            self.assertEqual(older["messages"][0]["content"][0]["text"], "small")

    def test_who_asks_for_more_than_fits_and_reads_gets_it_all(self):
        daemon = self.gateway(RECORD_ONLY)
        with daemon.client() as client:
            ack = client.call("channel.message", channel_message("m1", "x" * 200_000))
            ids = client.start_many([("chat.history", {"sessionKey": ack["sessionKey"]})] * 400)
            for number in ids:
                self.assertEqual(len(client.response(number)["messages"]), 1)

    def test_a_thousand_questions_at_once_are_all_answered(self):
        daemon = self.gateway(RECORD_ONLY)
        with daemon.client() as client:
            ack = client.call("channel.message", channel_message("m1", "a" * (1 << 20)))
            ids = client.start_many([("chat.history", {"sessionKey": ack["sessionKey"]})] * 40
                                    + [("sessions.list", {"limit": 1000})] * 960)
            for number in ids:
                self.assertIsNotNone(client.response(number))

    def test_channel_message_names_its_session_and_is_answered(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            ack = client.call("channel.message", channel_message("m1", "hello", sender="anna"))
            self.assertEqual(ack["sessionKey"], "agent:main:test:direct:anna")
            final = client.wait_event("chat", lambda chat: chat["state"] == "final")
            self.assertEqual(final["sessionKey"], ack["sessionKey"])

    def test_a_duplicate_is_told_its_first_seq(self):
        daemon = self.gateway(RECORD_ONLY)
        with daemon.client() as client:
            first = client.call("channel.message", channel_message("m1", "hello"))
            again = client.call("channel.message", channel_message("m1", "hello"))
            self.assertNotIn("runId", first)
            self.assertEqual((again["duplicate"], again["seq"]), (True, first["seq"]))
            other = client.call("channel.message", channel_message("m1", "hello", account="b"))
            self.assertNotIn("duplicate", other)

    def test_ten_thousand_pipelined_messages_are_acknowledged_in_order(self):
        daemon = self.gateway(RECORD_ONLY)
        with daemon.client() as client:
            ids = client.start_many([("channel.message", channel_message(f"m{n}", f"text {n}"))
                                     for n in range(10_000)])
            seqs = [client.response(request)["seq"] for request in ids]
        self.assertEqual(seqs, sorted(set(seqs)))
        received = daemon.events("--kind", "MessageReceived")
        self.assertEqual([event["body"]["external_id"] for event in received],
                         [f"m{n}" for n in range(10_000)])

    def test_each_event_says_when_why_and_who(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            client.call("channel.message", channel_message("m1", "hello", sender="anna"))
            client.wait_event("chat", lambda chat: chat["state"] == "final")
        events = daemon.events()
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        received = next(event for event in events if event["kind"] == "MessageReceived")
        self.assertEqual(received["cause"], received["seq"])
        started = next(event for event in events if event["kind"] == "RunStarted")
        finished = next(event for event in events if event["kind"] == "RunFinished")
        self.assertEqual(started["correlation"], received["seq"])
        self.assertEqual(finished["correlation"], received["seq"])

    def test_sessions_are_listed_and_shown(self):
        daemon = self.gateway({})
        daemon.run_cli("send", "hello")
        listed = daemon.run_cli("sessions", "list")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("agent:main:main", listed.stdout)
        shown = daemon.run_cli("sessions", "show", "agent:main:main")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("hello", shown.stdout)
        self.assertIn("echo: hello", shown.stdout)

    def test_the_rate_limit_says_when_to_come_back(self):
        daemon = self.gateway({"gateway": {"rate_limit": {"requests_per_minute": 60, "burst": 3}}})
        with daemon.client() as client:
            answers = [client.start("chat.send", {"sessionKey": "main", "message": "x",
                                                  "idempotencyKey": f"k{n}"}) for n in range(6)]
            refused = []
            for answer in answers:
                try:
                    client.response(answer)
                except RpcError as error:
                    refused.append(error.error)
            self.assertTrue(2 <= len(refused) <= 3, refused)
            for error in refused:
                self.assertTrue(error["retryable"])
                self.assertTrue(0 < error["retryAfterMs"] <= 4000)
            self.assertIn("sessions", client.call("sessions.list", {}))

    def test_a_channel_over_its_rate_is_recorded_and_answered_later(self):
        daemon = self.gateway({"gateway": {"rate_limit": {"requests_per_minute": 60, "burst": 2}}})
        with daemon.client() as client:
            for number in range(4):
                ack = client.call("channel.message", channel_message(f"m{number}", "hi"))
                self.assertNotIn("duplicate", ack)
        waits = [event["body"].get("not_before_ms", 0) > 0
                 for event in daemon.events("--kind", "RunQueued")]
        self.assertEqual(waits, [False, False, True, True])

    def test_later_messages_of_a_session_wait_their_turn(self):
        daemon = self.gateway({**NO_LIMITS, "agents": {"defaults": {"spine": {"delayMs": 20}}}})
        with daemon.listener() as client:
            for number in range(5):
                client.call("chat.send", {"sessionKey": "main", "message": f"{number}",
                                          "idempotencyKey": f"k{number}"})
            for number in range(5):
                final = client.wait_event("chat", lambda chat: chat["state"] == "final")
                self.assertEqual(final["runId"], f"k{number}")
        kinds = [event["kind"] for event in daemon.events()
                 if event["kind"] in ("RunStarted", "RunFinished")]
        self.assertEqual(kinds, ["RunStarted", "RunFinished"] * 5)

    def test_a_run_can_be_aborted(self):
        daemon = self.gateway({**NO_LIMITS, "agents": {"defaults": {"spine": {"delayMs": 30_000}}}})
        with daemon.listener() as client:
            client.call("chat.send", {"sessionKey": "main", "message": "x", "idempotencyKey": "k"})
            answer = client.call("chat.abort", {"sessionKey": "main", "runId": "k"})
            self.assertEqual((answer["aborted"], answer["runIds"]), (True, ["k"]))
            self.assertEqual(client.wait_event("chat", lambda chat: chat["state"] == "aborted")["runId"],
                             "k")
            again = client.call("chat.abort", {"sessionKey": "main"})
            self.assertEqual(again["aborted"], False)

    def test_policies_decide_who_may_speak(self):
        daemon = self.gateway({**NO_LIMITS, "channels": {
            "test": {"dmPolicy": "allowlist", "allowFrom": ["anna"]},
            "shut": {"dmPolicy": "disabled"}}})
        with daemon.client() as client:
            client.call("channel.message", channel_message("m1", "hello", sender="anna"))
            for external_id, channel in (("m2", "test"), ("m3", "shut")):
                with self.assertRaises(RpcError):
                    client.call("channel.message",
                                channel_message(external_id, "hi", sender="bob", channel=channel))
        self.assertEqual(len(daemon.events("--kind", "MessageReceived")), 1)

    def test_what_others_wrote_cannot_drive_the_terminal(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            client.call("channel.message",
                        channel_message("m1", "red \x1b[31m\x07 \x9b1m", sender="anna"))
            client.wait_event("chat", lambda chat: chat["state"] == "final")
        for command in (("sessions", "show", "agent:main:test:direct:anna"), ("journal", "dump")):
            answer = daemon.run_cli(*command)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertIn("red", answer.stdout)
            for control in "\x1b\x07\x9b":
                self.assertNotIn(control, answer.stdout)

    def test_two_clients_see_the_same_answer(self):
        daemon = self.gateway({})
        with daemon.listener() as one, daemon.listener() as two:
            one.call("chat.send", {"sessionKey": "main", "message": "both", "idempotencyKey": "k"})
            for client in (one, two):
                final = client.wait_event("chat", lambda chat: chat["state"] == "final")
                self.assertEqual(final["message"]["content"][0]["text"], "echo: both")

    def test_a_large_message_closes_nobody_who_reads(self):
        daemon = self.gateway(NO_LIMITS)
        text = "\x01" * 3_000_000  # each takes six bytes when it is sent
        closed = daemon.metric("spine_slow_consumers_total")
        with daemon.listener() as one, daemon.listener() as two, daemon.listener() as three:
            one.call("chat.send", {"sessionKey": "main", "message": text, "idempotencyKey": "k"})
            for client in (one, two, three):
                final = client.wait_event("chat", lambda chat: chat["state"] == "final")
                shown = final["message"]["content"][0]["text"]
                self.assertTrue(("echo: " + text).startswith(shown))
                self.assertGreater(len(shown), 10_000)
                self.assertTrue(final["message"]["truncated"])
                self.assertEqual(final["message"]["textBytes"], len(text) + 6)
                self.assertEqual(whole_text(client, "main", final["message"]), "echo: " + text)
                # Bounds are of what is sent. Nothing was left out but what says so.
                texts = [event for event in client.events
                         if event["event"] in ("session.message", "agent", "chat")]
                self.assertGreaterEqual(len(texts), 4)
                for event in client.events:  # the text so far and the new piece of it, at most
                    self.assertLess(len(json.dumps(event)), 2 * 65_536 + 4_096)
                self.assertTrue(client.call("health", {})["ok"])
            history = one.call("chat.history", {"sessionKey": "main"})
            self.assertLess(len(json.dumps(history)), 6 << 20)
            self.assertEqual(whole_text(one, "main", history["messages"][-1]), "echo: " + text)
            self.assertTrue(history["hasMore"])
        self.assertEqual(daemon.metric("spine_slow_consumers_total"), closed)

    def test_names_of_attachments_are_bounded_too(self):
        daemon = self.gateway(RECORD_ONLY)
        files = [{"name": "\x01" * 8_000, "url": "\x02" * 8_000, "bytes": n} for n in range(64)]
        with daemon.listener() as client:
            message = channel_message("m1", "hello")
            message["content"]["attachments"] = files
            ack = client.call("channel.message", message)
            pushed = client.wait_event("session.message")
            self.assertLess(len(json.dumps(pushed)), 80_000)
            self.assertEqual(pushed["message"]["attachmentsLeftOut"] +
                             len(pushed["message"].get("attachments", [])), 64)
            history = client.call("chat.history", {"sessionKey": ack["sessionKey"]})
            self.assertLess(len(json.dumps(history)), 2 << 20)
            self.assertEqual(history["messages"][0]["attachments"], files[:10])

    def test_files_of_messages_are_named_to_the_agent(self):
        """At once, and of messages that waited for their turn and were read from the journal."""
        daemon = self.gateway({**NO_LIMITS, "agents": {"defaults": {"spine": {"delayMs": 100}}}})
        cat = {"name": "cat]\n.jpg", "mimeType": "image/jpeg", "url": "https://x/secret", "bytes": 7}
        line = "[file cat)\\n.jpg, 7 B: not fetched]"
        with daemon.listener() as client:
            for number, text in enumerate(("look", "")):
                message = channel_message(f"m{number}", text)
                message["content"] = {"attachments": [cat] * (number + 1)}
                if text:
                    message["content"]["text"] = text
                client.call("channel.message", message)
            answers = [client.wait_event("chat", lambda chat: chat["state"] == "final")
                       for _ in range(2)]
        self.assertEqual([answer["message"]["content"][0]["text"] for answer in answers],
                         [f"echo: look\n\n{line}", f"echo: {line}\n{line}"])

    def test_who_waits_for_a_long_answer_gets_all_of_it(self):
        daemon = self.gateway(NO_LIMITS)
        text = "a line of an ordinary long answer\n" * 10_000
        with daemon.client() as client:
            client.call("chat.send", {"sessionKey": "main", "message": text, "idempotencyKey": "k"})
            reply = client.call("agent.wait", {"runId": "k"})["terminalReply"]
            self.assertEqual(reply["text"], "echo: " + text)
            self.assertNotIn("truncated", reply)
        for size in (100_000, 3_000_000):  # the second is more than one response carries
            answer = daemon.run_cli("send", "-", stdin="\x01x" * (size // 2))
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(answer.stdout, "echo: " + "\x01x" * (size // 2) + "\n")

    def test_what_was_missed_is_told_again_in_pieces(self):
        daemon = self.gateway(NO_LIMITS)
        with daemon.listener() as client:
            cursor = client.hello["cursor"]
            for number in range(40):
                client.call("chat.send", {"sessionKey": "main", "message": "\x01" * 20_000,
                                          "idempotencyKey": f"k{number}"})
            client.wait_event("chat", lambda chat: chat["state"] == "final" and
                              chat["runId"] == "k39")
        with daemon.client() as late:
            answer = late.call("resume", {"cursor": cursor})
            self.assertTrue(answer["recovered"])
            finals = [event["payload"]["runId"] for event in late.events
                      if event["event"] == "chat" and event["payload"]["state"] == "final"]
            self.assertEqual(finals, [f"k{number}" for number in range(40)])

    def test_reset_starts_a_session_afresh_and_keeps_the_audit(self):
        daemon = self.gateway({})
        with daemon.listener() as client:
            client.call("chat.send", {"sessionKey": "main", "message": "old", "idempotencyKey": "k"})
            client.wait_event("chat", lambda chat: chat["state"] == "final")
            self.assertTrue(client.call("sessions.reset", {"key": "agent:main:main"})["ok"])
            history = client.call("chat.history", {"sessionKey": "main"})
            self.assertEqual(history["messages"], [])
        self.assertIn("old", json.dumps(daemon.events("--kind", "MessageReceived")))


if __name__ == "__main__":
    unittest.main()
