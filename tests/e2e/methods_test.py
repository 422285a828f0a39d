"""What each served method answers: the members clients use, and the order of a run's answers."""

import unittest

from daemon import Daemon
from spine_client import RpcError, channel_message

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}},
          "agents": {"defaults": {"spine": {"delayMs": 5}}}}
MAIN = "agent:main:main"
MAYBE_INT = (int, type(None))

HEARTBEAT = {"enabled": bool, "every": str, "everyMs": MAYBE_INT, "prompt": str, "target": str,
             "ackMaxChars": int}
COUNTED = {"path": str, "count": int, "recent": [{"key": str, "updatedAt": int, "age": int}]}
ROW = {"key": str, "kind": str, "agentId": str, "isMain": bool, "sessionId": str, "chatType": str,
       "updatedAt": int, "visibility": str, "model": str, "modelProvider": str,
       "contextTokens": int, "totalTokens": int, "totalTokensFresh": bool, "hasActiveRun": bool,
       "activeRunIds": [str], "snapshotAt": int}
MESSAGE = {"role": str, "content": [{"type": str, "text": str}], "timestamp": int,
           "__openclaw": {"id": str, "seq": int, "runId": str}}
AGENTS = {"defaultId": str, "mainKey": str, "scope": str,
          "agents": [{"id": str, "name": str, "model": {"primary": str}}]}
MODELS = [{"id": str, "name": str, "provider": str, "available": bool}]
COMMANDS = [{"name": str, "textAliases": [str], "description": str, "category": str,
             "source": str, "scope": str, "acceptsArgs": bool}]
HISTORY = {"sessionKey": str, "sessionId": str, "messages": [MESSAGE], "sessionInfo": ROW,
           "defaults": dict, "hasMore": bool, "totalMessages": int,
           "pendingInputs": {"items": list, "total": int}}
PRESENCE = [{"host": str, "version": str, "platform": str, "mode": str, "reason": str, "text": str,
             "ts": int}]
ENTRY = {"ok": bool, "key": str, "entry": {"sessionId": str, "updatedAt": int}, "resolved": dict}

# Method, params, shape: a type, a dict with the members that must be there, or a list of such.
READS = [
    ("health", None, {"ok": bool, "ts": int, "durationMs": int, "channels": dict,
                      "channelOrder": list, "channelLabels": dict, "heartbeatSeconds": int,
                      "defaultAgentId": str, "sessions": COUNTED,
                      "agents": [{"agentId": str, "isDefault": bool, "heartbeat": HEARTBEAT,
                                  "sessions": COUNTED}]}),
    ("status", {"includeChannelSummary": False},
     {"runtimeVersion": str, "channelSummary": list, "queuedSystemEvents": list,
      "heartbeat": {"defaultAgentId": str,
                    "agents": [{"agentId": str, "enabled": bool, "every": str,
                                "everyMs": MAYBE_INT}]},
      "sessions": {"paths": [str], "count": int, "defaults": {"model": str, "contextTokens": int},
                   "recent": [ROW], "byAgent": list}}),
    ("system-presence", None, PRESENCE),
    ("last-heartbeat", {}, {"ts": int, "status": str, "hasMedia": bool}),
    ("config.get", {}, {"path": str, "exists": bool, "raw": str, "parsed": dict, "config": dict,
                        "valid": bool, "issues": list, "hash": str}),
    ("channels.status", {"probe": False}, {"ts": int, "channelOrder": list, "channelLabels": dict,
                                           "channelDetailLabels": dict, "channelMeta": list,
                                           "channels": dict, "channelAccounts": dict,
                                           "channelDefaultAccountId": dict}),
    ("logs.tail", {"limit": 3}, {"file": str, "cursor": int, "size": int, "lines": [str]}),
    ("agents.list", {}, AGENTS),
    ("agent.identity.get", {"sessionKey": MAIN}, {"agentId": str, "name": str, "avatar": str}),
    ("models.list", {}, {"models": MODELS}),
    ("commands.list", {"agentId": "main", "scope": "text", "includeArgs": False},
     {"commands": COMMANDS}),
    ("chat.metadata", {}, {"models": MODELS, "commands": COMMANDS}),
    ("sessions.list", {}, {"ts": int, "path": str, "count": int, "totalCount": int,
                           "limitApplied": int, "nextOffset": type(None), "hasMore": bool,
                           "owners": list, "sessions": [ROW],
                           "defaults": {"modelProvider": str, "model": str,
                                        "contextTokens": int}}),
    ("sessions.subscribe", {}, {"subscribed": bool}),
    ("sessions.subscribe", {"limit": 5}, {"subscribed": bool, "list": {"sessions": [ROW]}}),
    ("sessions.messages.subscribe", {"key": "main"}, {"subscribed": bool, "key": str}),
    ("sessions.messages.unsubscribe", {"key": "main"}, {"subscribed": bool, "key": str}),
    ("sessions.describe", {"key": "main"}, {"session": ROW}),
    ("sessions.describe", {"key": "agent:main:nobody"}, {"session": type(None)}),
    ("sessions.resolve", {"key": "main"}, {"ok": bool, "key": str, "agentId": str}),
    ("sessions.resolve", {"label": "nobody's", "allowMissing": True}, {"ok": bool}),
    ("sessions.preview", {"keys": ["main", "agent:main:nobody"]},
     {"ts": int, "previews": [{"key": str, "status": str, "items": list}]}),
    ("chat.history", {"sessionKey": MAIN, "limit": 200}, HISTORY),
    ("chat.startup", {"sessionKey": MAIN, "limit": 80, "maxBytes": 262144},
     {**HISTORY, "agentsList": AGENTS, "metadata": {"models": MODELS, "commands": COMMANDS}}),
    ("runs.list", {"limit": 5}, {"ts": int, "totalCount": int, "runs": list}),
    ("cron.list", {"includeDisabled": True, "limit": 200, "offset": 0},
     {"jobs": list, "snapshotRevision": str, "total": int, "offset": int, "limit": int,
      "hasMore": bool, "nextOffset": type(None)}),
    ("cron.status", {}, {"enabled": bool, "triggersEnabled": bool, "storePath": str,
                         "storage": str, "jobs": int, "nextWakeAtMs": MAYBE_INT}),
    ("cron.runs", {"limit": 50}, {"entries": list, "total": int, "offset": int, "limit": int,
                                  "hasMore": bool, "nextOffset": type(None)}),
    ("device.pair.list", {}, {"pending": list, "paired": list}),
    ("channels.pairing.list", {}, {"accounts": list, "requests": list,
                                   "commandOwnerConfigured": bool,
                                   "limits": {"pendingPerAccount": int, "ttlMs": int}}),
    ("gateway.identity.get", {}, {"deviceId": str, "publicKey": str}),
    ("exec.approval.list", {}, list),
    ("plugin.approval.list", {}, list),
    ("openclaw.approval.list", {}, list),
    ("agents.status", {}, {"ts": int, "agents": [{"id": str, "driver": str, "state": str,
                                                  "isDefault": bool, "instances": list}]}),
    ("question.list", {}, {"questions": list}),
    ("taskSuggestions.list", {}, {"suggestions": list}),
    ("tasks.list", {}, {"tasks": list}),
    ("node.list", {}, {"nodes": list}),
    ("skills.status", {}, {"skills": list}),
    ("models.authStatus", {}, {"providers": list}),
    ("agent.wait", {"runId": "r-1", "timeoutMs": 20_000},
     {"runId": str, "status": str, "endedAt": int, "stopReason": str,
      "terminalReply": {"disposition": str, "text": str}}),
    ("spine.status", {}, {"version": str, "epoch": str, "durableSeq": int, "counts": dict}),
    ("spine.digest", {}, {"seq": int, "digest": str, "tables": [{"table": str, "rows": int}]}),
]
CHANGES = [
    ("sessions.create", {"label": "a label"}, {**ENTRY, "sessionId": str, "runStarted": bool}),
    ("sessions.patch", {"key": "main", "pinned": True, "label": None}, {**ENTRY, "path": str}),
    ("sessions.reset", {"key": "main"}, ENTRY),
    ("sessions.compact", {"key": "main"}, {"ok": bool, "key": str, "compacted": bool}),
    ("sessions.abort", {"key": "main"},
     {"ok": bool, "abortedRunId": (str, type(None)), "status": str}),
    ("chat.abort", {"sessionKey": "main"}, {"ok": bool, "aborted": bool, "runIds": list}),
    ("chat.send", {"sessionKey": "main", "message": "x", "idempotencyKey": "r-2", "deliver": False},
     {"runId": str, "status": str, "messageSeq": int}),
    ("sessions.send", {"key": "main", "message": "y"}, {"runId": str, "status": str}),
    ("sessions.steer", {"key": "main", "message": "z", "idempotencyKey": "r-3"},
     {"runId": str, "status": str}),
    ("agents.restart", {"agentId": "main"}, {"ok": bool, "agentId": str, "changed": bool}),
    ("agents.reset", {"agentId": "main"}, {"ok": bool, "agentId": str, "changed": bool}),
    ("wake", {"mode": "now", "text": "wake up"}, {"ok": bool}),
    ("system-event", {"text": "rain"}, {"ok": bool}),
    ("channel.message", channel_message("m1", "hello"),
     {"seq": int, "sessionKey": str, "runId": str}),
]


def misfit(value, shape, path="result"):
    """Where the value is not as the shape says, or None."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{path} is no object"
        for name, inner in shape.items():
            if name not in value:
                return f"{path}.{name} is missing"
            found = misfit(value[name], inner, f"{path}.{name}")
            if found:
                return found
        return None
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{path} is no list"
        found = [misfit(item, shape[0], f"{path}[{at}]") for at, item in enumerate(value)]
        return next((text for text in found if text), None)
    types = shape if isinstance(shape, tuple) else (shape,)
    fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    return None if fits else f"{path} is {value!r}"


class Methods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(CONFIG).start()
        cls.addClassCleanup(cls.daemon.close)
        with cls.daemon.listener() as client:
            client.call("chat.send", {"sessionKey": "main", "message": "hi",
                                      "idempotencyKey": "r-1"})
            client.wait_event("chat", lambda chat: chat["state"] == "final")

    def setUp(self):
        self.client = self.daemon.listener()
        self.addCleanup(self.client.close)

    def final(self, run):
        return self.client.wait_event(
            "chat", lambda chat: chat["state"] == "final" and chat["runId"] == run)

    def test_1_what_is_asked_for_has_the_members_clients_use(self):
        for method, params, shape in READS:
            with self.subTest(method):
                self.assertIsNone(misfit(self.client.call(method, params), shape))

    def test_2_what_is_changed_says_so(self):
        for method, params, shape in CHANGES:
            with self.subTest(method):
                self.assertIsNone(misfit(self.client.call(method, params), shape))

    def test_3_a_session_is_made_changed_found_and_deleted(self):
        made = self.client.call("sessions.create", {"label": "work", "message": "start"})
        self.assertRegex(made["key"], r"^agent:main:dashboard:[0-9a-f-]{36}$")
        self.assertTrue(made["runStarted"])
        for asked in ({"label": "work"}, {"sessionId": made["sessionId"]},
                      {"shortId": made["sessionId"][:8]}, {"key": made["key"]}):
            self.assertEqual(self.client.call("sessions.resolve", asked)["key"], made["key"])
        self.refused("sessions.create", {"label": "work"}, "label already in use: work")
        self.client.call("sessions.patch", {"key": made["key"], "label": "play", "unread": True})
        row = self.client.call("sessions.describe", {"key": made["key"]})["session"]
        self.assertEqual(row["label"], "play")
        self.refused("sessions.resolve", {"label": "work"}, "No session found: work")
        deleted = self.client.call("sessions.delete", {"key": made["key"]})
        self.assertEqual(deleted, {"ok": True, "key": made["key"], "deleted": True, "archived": []})
        self.assertFalse(self.client.call("sessions.delete", {"key": made["key"]})["deleted"])
        self.refused("sessions.delete", {"key": "main"},
                     "Cannot delete the main session (agent:main:main).")

    def refused(self, method, params, message):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, params)
        self.assertEqual((caught.exception.code, caught.exception.message),
                         ("INVALID_REQUEST", message))

    def test_4_a_key_used_again_starts_nothing(self):
        with Daemon({**CONFIG, "agents": {"defaults": {"spine": {"delayMs": 600_000}}}}) as daemon:
            daemon.start()
            with daemon.listener() as client:
                send = {"sessionKey": "main", "message": "x", "idempotencyKey": "same"}
                self.assertEqual(client.call("chat.send", send)["status"], "started")
                self.assertEqual(client.call("chat.send", send)["status"], "in_flight")
                client.call("chat.abort", {"sessionKey": "main"})
                client.wait_event("chat", lambda chat: chat["state"] == "aborted")
                self.assertEqual(client.call("chat.send", send)["status"], "ok")

    def test_5_agent_answers_twice_on_one_id(self):
        asked = self.client.start("agent", {"message": "hey", "idempotencyKey": "a-1",
                                            "deliver": False, "timeout": 60})
        shape = {"runId": str, "sessionKey": str, "agentId": str, "status": str, "acceptedAt": int}
        accepted = self.client.response(asked)
        self.assertIsNone(misfit(accepted, shape))
        self.assertEqual((accepted["runId"], accepted["status"]), ("a-1", "accepted"))
        final = self.client.response(asked)
        self.assertEqual((final["status"], final["summary"]), ("ok", "completed"))
        self.assertIsNone(misfit(final["result"], {
            "payloads": [{"text": str, "mediaUrl": type(None)}],
            "meta": {"durationMs": int, "agentMeta": {"provider": str, "model": str}}}))

    def test_6_a_run_is_told_in_order_with_numbers_that_grow(self):
        self.client.call("chat.send", {"sessionKey": "main", "message": "tell",
                                       "idempotencyKey": "r-6"})
        final = self.final("r-6")
        told = [event for event in self.client.events
                if event["payload"].get("runId") == "r-6" or event["event"] == "session.message"]
        stages = [event["payload"]["data"]["phase"] for event in told
                  if event["event"] == "agent" and event["payload"]["stream"] == "lifecycle"]
        self.assertEqual((stages[0], stages[-1]), ("start", "end"))
        self.assertLess(stages.index("start"), stages.index("end"))
        seqs = [event["payload"]["seq"] for event in told if event["event"] == "agent"]
        self.assertEqual(seqs, sorted(set(seqs)))
        self.assertEqual(final["seq"], seqs[-1])
        text = ""
        for event in told:
            payload = event["payload"]
            if event["event"] == "chat" and payload["state"] == "delta":
                text += payload["deltaText"]
                self.assertEqual(payload["message"]["content"][0]["text"], text)
                self.assertIn(payload["seq"], seqs)
        roles = {event["payload"]["message"]["role"]: event["payload"]["message"]
                 for event in told if event["event"] == "session.message"}
        self.assertEqual(roles["user"]["idempotencyKey"], "r-6:user")
        self.assertEqual(roles["assistant"]["__openclaw"]["runId"], "r-6")
        # pump() checked that the socket's own numbers have no gap.
        self.assertGreater(self.client.last_seq, len(told))


if __name__ == "__main__":
    unittest.main()
