"""A thousand random kills of agents under load: every message ends once, and nothing is left over."""

import os
import pathlib
import random
import signal
import unittest

from agents import AgentDaemon, send
from daemon import PATIENCE, SANITIZED, wait_until

KILLS = 150 if SANITIZED else 1000
SESSIONS = 48
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV)
ENDS = ("final", "error", "aborted")


class Kills(unittest.TestCase):
    def setUp(self):
        spine = {"crashesMax": 1000, "backOffMs": 1, "instances": 4}
        self.wires = {"acp": {"wire": "acp", **spine}, "pi": {"wire": "pi", **spine},
                      "lines": {"wire": "jsonl", **spine}}
        self.daemon = AgentDaemon(self.wires)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.random = random.Random(20261123)
        self.open = {}    # run -> session
        self.ended = {}   # run -> state, words
        self.kills = 0

    def children(self):
        """Direct children of the gateway: what it spawned."""
        found = []
        for task in pathlib.Path(f"/proc/{self.daemon.process.pid}/task").iterdir():
            try:
                found += [int(pid) for pid in (task / "children").read_text().split()]
            except OSError:
                continue
        return found

    def kill_one(self):
        children = self.children()
        if not children:
            return
        pid = self.random.choice(children)
        inner = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        try:
            # Now the process that was spawned, now one inside of it.
            if self.random.random() < 0.4 and (below := inner.read_text().split()):
                pid = int(below[0])
            os.kill(pid, self.random.choice(SIGNALS))
            self.kills += 1
        except (OSError, ProcessLookupError):
            pass

    def send_one(self, client, session):
        self.open[send(client, f"slow {self.random.randint(1, 6)} 3", session)] = session

    def take_end(self, client):
        payload = client.wait_event("chat", lambda p: p.get("state") in ENDS + ("delta",),
                                    timeout=3 * PATIENCE)
        run = payload["runId"]
        if payload["state"] == "delta":
            return
        self.assertNotIn(run, self.ended, "a run ended twice")
        self.ended[run] = (payload["state"], payload.get("errorMessage", ""))
        session = self.open.pop(run)
        if self.kills < KILLS:
            self.send_one(client, session)

    def test_every_message_ends_once(self):
        fds = pathlib.Path(f"/proc/{self.daemon.process.pid}/fd")
        with self.daemon.listener() as client:
            before = len(list(fds.iterdir()))
            for i in range(SESSIONS):
                agent = list(self.wires)[i % len(self.wires)]
                self.send_one(client, f"agent:{agent}:s{i}")
            while self.open:
                self.take_end(client)
                if self.kills < KILLS:
                    self.kill_one()
            for agent in self.wires:
                client.call("agents.restart", {"agentId": agent})
            wait_until(lambda: not self.children(), "no process is left")
            wait_until(lambda: len(list(fds.iterdir())) <= before, "no descriptor is left")
        self.check_journal()
        self.daemon.wait_no_processes()
        explained = [words for state, words in self.ended.values() if state == "error"]
        self.assertTrue(all(words for words in explained))
        answered = [state for state, _ in self.ended.values()].count("final")
        self.assertGreater(answered, len(explained), "most are answered all the same")
        print(f"{self.kills} kills, {len(self.ended)} messages: {answered} answered, "
              f"{len(explained)} failed with a reason")

    def check_journal(self):
        events = self.daemon.events()
        messages = [e for e in events if e["kind"] == "MessageReceived"]
        queued = [e for e in events if e["kind"] == "RunQueued"]
        ends = [e for e in events if e["kind"] in ("RunFinished", "RunFailed")]
        self.assertEqual(len(messages), len(self.ended))
        self.assertEqual(len(queued), len(messages))
        self.assertEqual(len(ends), len(messages))
        self.assertEqual(len({e["body"]["run"] for e in ends}), len(ends))


if __name__ == "__main__":
    unittest.main(verbosity=2)
