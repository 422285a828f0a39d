"""Resuming: who was away is told what it missed, each push once and in order."""

import random
import socket
import struct
import time
import unittest

from daemon import PATIENCE, Daemon
from spine_client import RpcError, Timeout, connect_params

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}},
          "agents": {"defaults": {"spine": {"delayMs": 3}}}}
KILLS = 100
SESSIONS = 4


def told(event):
    """What of a push is the same for everybody: not its number on the socket, not the run's."""
    payload = event["payload"]
    return (event["event"], payload.get("sessionKey"), payload.get("state"), payload.get("phase"),
            payload.get("reason"), payload.get("data", {}).get("phase"), payload.get("runId"),
            str(payload.get("message", {}).get("content")))


def pushes(events):
    """{cursor: what was told} in the order of arrival."""
    seen = {}
    for event in events:
        cursor = event["payload"].get("cursor")
        if cursor is None:
            continue
        if cursor in seen:
            raise AssertionError(f"{cursor} came twice")
        seen[cursor] = told(event)
    return seen


class Resumer:
    """A client that loses its connection again and again and knows where it stood: at the last push
    it got, whenever that came."""

    def __init__(self, daemon, cursor):
        self.daemon = daemon
        self.cursor = cursor
        self.seen = []
        self.client = None

    def take(self):
        """Handles what came; how many pushes with a cursor that was."""
        fresh = [event for event in self.client.events if event["payload"].get("cursor")]
        self.client.events.clear()
        self.seen += fresh
        if fresh:
            self.cursor = fresh[-1]["payload"]["cursor"]
        return len(fresh)

    def ask(self, **more):
        params = connect_params(self.daemon.token)
        params["caps"] = ["resume"]
        self.client = self.daemon.client(params=params)
        return self.client.start("resume", {"cursor": self.cursor, **more})

    def resume(self, **more):
        asked = self.ask(**more)
        answer = self.client.response(asked)
        self.take()
        self.cursor = answer["cursor"]
        return answer

    def read(self, count):
        """Handles at least so many pushes, or what comes in a while."""
        deadline = time.monotonic() + 0.2
        try:
            while count > 0:
                self.client.pump(deadline)
                count -= self.take()
        except Timeout:
            pass

    def read_until(self, cursor):
        deadline = time.monotonic() + PATIENCE
        while not any(event["payload"]["cursor"] == cursor for event in self.seen):
            self.client.pump(deadline)
            self.take()

    def cut(self):
        """Without a close frame, without waiting for what is under way."""
        self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
        self.client.close()


class Resume(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(CONFIG)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.writer = self.listener()
        self.sent = 0

    def listener(self):
        client = self.daemon.listener()
        self.addCleanup(client.close)
        return client

    def say(self, client=None, session=None):
        """One message; its run."""
        self.sent += 1
        key = f"agent:main:s{self.sent % SESSIONS if session is None else session}"
        run = f"run-{self.sent}"
        (client or self.writer).call("chat.send", {
            "sessionKey": key, "message": f"text {self.sent}", "idempotencyKey": run})
        return run

    def finish(self, client, run):
        """Reads on until that run has ended; the cursor of its last push."""
        final = client.wait_event("chat", lambda chat: chat["runId"] == run
                                  and chat["state"] in ("final", "aborted"))
        return final["cursor"]

    def refused(self, client, params):
        with self.assertRaises(RpcError) as caught:
            client.call("resume", params)
        return caught.exception

    def test_a_hundred_cuts_lose_and_repeat_nothing(self):
        reference = self.listener()
        resumer = Resumer(self.daemon, reference.hello["cursor"])
        dice = random.Random(7)
        runs = []
        for _ in range(KILLS):
            runs.append(self.say())
            if dice.random() < 0.3:
                resumer.ask()  # and is cut off while it is being told
            else:
                self.assertTrue(resumer.resume()["recovered"])
            runs.append(self.say())
            resumer.read(dice.randrange(12))
            resumer.cut()
        self.finish_all(reference, runs)
        resumer.resume()
        want = self.everything(reference)
        resumer.read_until(list(want)[-1])
        resumer.client.close()
        got = pushes(resumer.seen)
        self.assertEqual(list(got), list(want))  # each once, and in order
        self.assertEqual(got, want)
        self.assertGreater(len(got), 8 * len(runs))

    def finish_all(self, client, runs):
        """Reads on until all runs have ended, and keeps every event."""
        open_runs = set(runs)
        looked = 0
        deadline = time.monotonic() + PATIENCE
        while open_runs:
            for event in client.events[looked:]:
                if event["event"] == "chat" and event["payload"]["state"] == "final":
                    open_runs.discard(event["payload"]["runId"])
            looked = len(client.events)
            if open_runs:
                client.pump(deadline)

    def everything(self, reference):
        """All that the reference was told, but for what was before its own hello."""
        return pushes(reference.events)

    def test_the_cursor_of_hello_is_good_when_no_push_was_seen(self):
        with self.daemon.client() as early:
            cursor = early.hello["cursor"]
        run = self.say()
        self.finish(self.writer, run)
        resumer = Resumer(self.daemon, cursor)
        answer = resumer.resume()
        self.assertTrue(answer["recovered"])
        self.assertEqual(answer["pushes"], len(pushes(resumer.seen)))
        self.assertEqual(told(resumer.seen[-1])[:1], ("chat",))
        again = Resumer(self.daemon, answer["cursor"])
        self.assertEqual(again.resume()["pushes"], 0)
        resumer.client.close()
        again.client.close()

    def test_live_follows_the_gap(self):
        resumer = Resumer(self.daemon, self.writer.hello["cursor"])
        resumer.resume()
        run = self.say()
        last = self.finish(self.writer, run)
        resumer.read_until(last)
        self.assertEqual({told(event)[6] for event in resumer.seen if event["event"] == "chat"},
                         {run})
        resumer.client.close()

    def test_sessions_narrow_what_is_told(self):
        cursor = self.writer.hello["cursor"]
        for session in (0, 1, 2):
            self.finish(self.writer, self.say(session=session))
        resumer = Resumer(self.daemon, cursor)
        answer = resumer.resume(sessions=["agent:main:s1"])
        self.assertTrue(answer["recovered"])
        keys = {event["payload"]["sessionKey"] for event in resumer.seen}
        self.assertEqual(keys, {"agent:main:s1"})
        self.assertEqual({event["event"] for event in resumer.seen},
                         {"sessions.changed", "session.message", "agent", "chat"})
        resumer.client.close()

    def test_a_cursor_of_another_journal_gets_a_snapshot(self):
        self.finish(self.writer, self.say())
        with self.daemon.client() as client:
            epoch, seq, ordinal = client.hello["cursor"].split(".")
            other = f"{'0' * 31}1" if epoch != f"{'0' * 31}1" else "2" * 32
            for foreign in (f"{other}.{seq}.{ordinal}", f"{epoch}.{int(seq) + 1000}.0"):
                answer = client.call("resume", {"cursor": foreign})
                self.assertIs(answer["recovered"], False)
                self.assertEqual([row["key"] for row in answer["snapshot"]["sessions"]],
                                 ["agent:main:s1"])
                self.assertEqual(answer["snapshot"]["totalCount"], 1)
                self.assertTrue(answer["snapshot"]["presence"])
                self.assertTrue(client.call("resume", {"cursor": answer["cursor"]})["recovered"])

    def test_what_is_no_cursor_is_refused(self):
        with self.daemon.client() as client:
            for params in ({"cursor": "x"}, {"cursor": ""}, {"cursor": f"{'0' * 32}.1"},
                           {"cursor": "1" * 200}, {"cursor": f"{'g' * 32}.1.1"}, {"cursor": 5},
                           {}, {"cursor": client.hello["cursor"], "sessions": "main"}):
                error = self.refused(client, params)
                self.assertEqual(error.code, "INVALID_REQUEST", params)
                self.assertTrue(error.message.startswith("invalid resume params: "), error.message)
            self.assertTrue(client.call("resume", {"cursor": client.hello["cursor"]})["recovered"])

    def test_what_happened_in_a_deleted_session_is_still_told(self):
        cursor = self.writer.hello["cursor"]
        run = self.say(session=3)
        self.finish(self.writer, run)
        self.writer.call("sessions.delete", {"key": "agent:main:s3"})
        live = [told(event) for event in self.writer.events if event["payload"].get("cursor")]
        resumer = Resumer(self.daemon, cursor)
        resumer.resume()
        kinds = [(event["event"], event["payload"].get("state") or event["payload"].get("phase")
                  or event["payload"].get("reason")) for event in resumer.seen]
        for kind in (("sessions.changed", "create"), ("session.message", None), ("chat", "final"),
                     ("sessions.changed", "delete")):
            self.assertIn(kind, kinds)
        self.assertEqual(len(kinds), len(live) + 1)  # finish() took the final one
        resumer.client.close()

    def test_a_crash_in_between_loses_nothing_that_was_told(self):
        resumer = Resumer(self.daemon, self.writer.hello["cursor"])
        resumer.resume()
        first = self.say()
        resumer.read_until(self.finish(self.writer, first))
        second = self.say()
        self.daemon.kill()
        resumer.client.close()
        self.daemon.start()
        reference = self.listener()
        third = self.say(reference)
        last = self.finish(reference, third)
        self.assertTrue(resumer.resume()["recovered"])
        resumer.read_until(last)
        got = pushes(resumer.seen)
        finals = [what[6] for what in got.values() if what[:3:2] == ("chat", "final")]
        self.assertEqual(sorted(finals), [first, second, third])
        received = [event["body"]["idempotency_key"]
                    for event in self.daemon.events("--kind", "MessageReceived")]
        users = [event["payload"]["message"]["idempotencyKey"] for event in resumer.seen
                 if event["event"] == "session.message"
                 and event["payload"]["message"]["role"] == "user"]
        self.assertEqual(users, [f"{key}:user" for key in received])
        resumer.client.close()


if __name__ == "__main__":
    unittest.main()
