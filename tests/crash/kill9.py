"""Kills the gateway with SIGKILL at random moments under load and checks every promise afterwards.

usage: kill9.py [--seed N] [--rounds N]

Bridges feed conversations with numbered messages, as fast as the gateway acknowledges them; half of
the conversations have the echo agent, half are recorded only. A round ends in a kill: under load,
while recovering, or while stopping. After each restart the journal must hold
  - every acknowledged message exactly once, at the seq it was acknowledged with,
  - no message twice, and those of one conversation in the order they were sent,
  - exactly one end for every run, those that were open at the kill included: its reply, or, after
    as many crashes as a run is tried for, the failure that says so.
What was not acknowledged is sent again, as a bridge does. At the end the messages that got a run
must be exactly those of the conversations with an agent, a fold from zero must equal every recorded
digest, and the histories served must be those of the journal.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import time

from daemon import PATIENCE, SANITIZED, Daemon, wait_until
from spine_client import Closed, Timeout, channel_message

CONFIG = {"gateway": {"rate_limit": {"requests_per_minute": 0}},
          "bindings": [{"agentId": "none", "match": {"channel": "quiet"}}]}
CONVERSATIONS = [("quiet", f"q{n}") for n in range(4)] + [("talk", f"t{n}") for n in range(4)]
QUIET_WINDOW = 64  # messages of a conversation that may be on their way
TALK_WINDOW = 16   # and runs that may be waiting for their reply
ATTEMPTS_MAX = 3   # of a run that crashes of the gateway cut off


class Conversation:
    """What one bridge knows of one conversation."""

    def __init__(self, channel, sender):
        self.channel = channel
        self.sender = sender
        self.key = f"agent:main:{channel}:direct:{sender}"
        self.sent = 0          # messages 0..sent-1 were handed to the socket at least once
        self.acked = {}        # number -> seq
        self.next = 0          # the next number to send in this round
        self.unanswered = set()  # runIds acknowledged, no final event seen

    def params(self, number):
        return channel_message(f"{self.sender}-{number}", f"message {number} of {self.sender}",
                               channel=self.channel, sender=self.sender, conversation=self.sender)

    def begin_round(self):
        """Sends again from the first message without acknowledgement."""
        self.next = 0
        while self.next in self.acked:
            self.next += 1
        self.unanswered = set()

    def room(self, on_their_way):
        if self.channel == "talk":
            return TALK_WINDOW - len(self.unanswered) - on_their_way
        return QUIET_WINDOW - on_their_way


class Journal:
    """Everything dumped from the journal so far, checked as it grows."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.last = 0
        self.message_seq = {}   # externalId -> seq
        self.order = {}         # sender -> numbers in the order of their seqs
        self.to_answer = set()  # seqs of the messages an agent was meant to answer
        self.runs = {}          # run seq -> message seq
        self.open_runs = set()  # run seqs
        self.replies = {}       # run seq -> how many, explained failures among them
        self.crashes = {}       # run seq -> how often a crash cut it off
        self.kinds = {}

    def read_on(self):
        for event in self.daemon.events("--from", str(self.last + 1)):
            assert event["seq"] == self.last + 1, f"seq {event['seq']} follows {self.last}"
            self.last = event["seq"]
            self.take(event)

    def take(self, event):
        kind, body = event["kind"], event["body"]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "MessageReceived":
            name = body["external_id"]
            assert name not in self.message_seq, f"{name} is in the journal twice"
            self.message_seq[name] = event["seq"]
            if body["channel"] == "talk":
                self.to_answer.add(event["seq"])
            sender, number = name.split("-")
            self.order.setdefault(sender, []).append(int(number))
        elif kind == "RunQueued":
            self.runs[event["seq"]] = body["message"]
            self.open_runs.add(event["seq"])
        elif kind == "RunInterrupted":
            run = body["run"]
            assert run in self.open_runs, f"{run} was not being worked on: {event}"
            assert body["reason"] in ("gateway_crash", "gateway_stop"), f"unexpected: {event}"
            if body["reason"] == "gateway_crash":
                self.crashes[run] = self.crashes.get(run, 0) + 1
        elif kind == "RunFinished" or self.is_explained_failure(event):
            run = body["run"]
            self.replies[run] = self.replies.get(run, 0) + 1
            assert self.replies[run] == 1, f"run {run} has {self.replies[run]} replies"
            self.open_runs.remove(run)
        elif kind == "MessageRejected":
            name = body["message"]["external_id"]
            assert body["reason"] == "duplicate", f"{name} was rejected: {event}"
            assert body["original"] == self.message_seq[name], f"{name}: {event}"
        elif kind in ("RunFailed", "RunAborted"):
            raise AssertionError(f"unexpected {kind}: {event}")

    def is_explained_failure(self, event):
        body = event["body"]
        return event["kind"] == "RunFailed" and body.get("outcome") == "quarantined" and \
            self.crashes.get(body["run"]) == ATTEMPTS_MAX and "not tried again" in body["message"]

    def check(self, conversations):
        for conversation in conversations:
            for number, seq in conversation.acked.items():
                name = f"{conversation.sender}-{number}"
                assert name in self.message_seq, f"{name} was acknowledged at {seq} and is lost"
                assert self.message_seq[name] == seq, \
                    f"{name} was acknowledged at {seq} and stands at {self.message_seq[name]}"
            order = self.order.get(conversation.sender, [])
            assert order == list(range(len(order))), f"{conversation.sender} is out of order: {order}"

    def check_runs(self):
        """Every message of a conversation with an agent has one run with one reply; no other has."""
        answered = sorted(self.runs.values())
        asked = sorted(self.to_answer)
        assert answered == asked, \
            f"messages without a run: {sorted(self.to_answer - set(answered))}; runs without such a " \
            f"message: {sorted(set(answered) - self.to_answer)}; {len(answered)} runs for {len(asked)}"
        assert self.replies == dict.fromkeys(self.runs, 1), \
            f"runs without exactly one reply: {sorted(set(self.runs) ^ set(self.replies))}"

    def runs_ended(self):
        self.read_on()
        return not self.open_runs


class Bridge:
    """One connection that feeds all conversations until the gateway goes away."""

    def __init__(self, client, conversations):
        self.client = client
        self.conversations = conversations
        self.asked = {}     # request id -> (conversation, number)
        self.on_their_way = dict.fromkeys(range(len(conversations)), 0)
        self.acknowledged = 0
        self.stopping = False

    def send_some(self):
        requests, owners = [], []
        for index, conversation in enumerate(self.conversations):
            for _ in range(max(0, conversation.room(self.on_their_way[index]))):
                requests.append(("channel.message", conversation.params(conversation.next)))
                owners.append((index, conversation.next))
                conversation.next += 1
                conversation.sent = max(conversation.sent, conversation.next)
                self.on_their_way[index] += 1
        if requests:
            self.asked.update(zip(self.client.start_many(requests), owners))

    def take_in(self):
        for request in [request for request in self.client.responses if request in self.asked]:
            message = self.client.raw_response(request)
            index, number = self.asked.pop(request)
            conversation = self.conversations[index]
            self.on_their_way[index] -= 1
            if not message["ok"]:
                assert self.stopping and message["error"]["code"] == "UNAVAILABLE", \
                    f"{conversation.sender}-{number} was refused: {message}"
                continue
            payload = message["payload"]
            known = conversation.acked.setdefault(number, payload["seq"])
            assert known == payload["seq"], f"{conversation.sender}-{number}: two seqs"
            if payload.get("runId") and not payload.get("duplicate"):
                conversation.unanswered.add(payload["runId"])
            self.acknowledged += 1
        for event in self.client.events:
            if event["event"] == "chat" and event["payload"].get("state") == "final":
                for conversation in self.conversations:
                    conversation.unanswered.discard(event["payload"]["runId"])
        self.client.events.clear()

    def run(self, until):
        """Feeds until that moment; True when the gateway went away before."""
        while time.monotonic() < until:
            try:
                self.send_some()
                self.client.pump(until)
                self.take_in()
            except Timeout:
                pass
            except Closed:
                return True
        return False

    def drain(self):
        """Reads what the gateway had still sent when it was killed: an acknowledgement is one."""
        try:
            while True:
                self.client.pump(time.monotonic() + PATIENCE)
        except (Closed, Timeout):
            self.take_in()


def one_round(daemon, conversations, dice):
    """Load, then a kill at a random moment; how the round ended and how much it acknowledged."""
    for conversation in conversations:
        conversation.begin_round()
    with daemon.listener() as client:
        bridge = Bridge(client, conversations)
        bridge.run(time.monotonic() + dice.uniform(0.0, 0.25))
        manner = dice.choice(("under load", "under load", "under load", "while stopping"))
        if manner == "while stopping":
            bridge.stopping = True
            daemon.signal(signal.SIGTERM)
            bridge.run(time.monotonic() + dice.uniform(0.0, 0.05))
        daemon.signal(signal.SIGKILL)
        bridge.drain()
        acknowledged = bridge.acknowledged
    daemon.wait()
    return manner, acknowledged


def restart(daemon, dice):
    """Starts again; at times loses projections before, or is killed while recovering."""
    notes = []
    if dice.random() < 0.15:
        shutil.rmtree(daemon.state_dir / dice.choice(("index", "snapshots")), ignore_errors=True)
        notes.append("a projection deleted")
    while dice.random() < 0.25:
        daemon.start(wait=False)
        time.sleep(dice.uniform(0.0, 0.06))  # the random moment, not a wait for anything
        daemon.kill()
        notes.append("killed while recovering")
    daemon.start()
    return notes


def check_histories(daemon, conversations):
    """What chat.history serves is what was acknowledged, in order."""
    with daemon.client() as client:
        for conversation in conversations:
            answer = client.call("chat.history", {"sessionKey": conversation.key, "limit": 1000})
            said = [message for message in answer["messages"] if message["role"] == "user"]
            texts = [message["content"] if isinstance(message["content"], str)
                     else message["content"][0]["text"] for message in said]
            numbers = [int(text.split()[1]) for text in texts]
            last = max(conversation.acked, default=-1)
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
            assert not numbers or numbers[-1] >= last, f"{conversation.key} ends at {numbers[-1]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("SPINE_SEED", time.time_ns() % 1_000_000)))
    parser.add_argument("--rounds", type=int, default=12 if SANITIZED else 60)
    options = parser.parse_args()
    print(f"SPINE_SEED={options.seed}, {options.rounds} rounds", flush=True)
    dice = random.Random(options.seed)
    conversations = [Conversation(channel, sender) for channel, sender in CONVERSATIONS]
    with Daemon(CONFIG) as daemon:
        try:
            run_rounds(daemon, conversations, dice, options.rounds)
        except BaseException:
            print(f"SPINE_SEED={options.seed}; the end of the gateway's output:\n"
                  f"{daemon.text()[-3000:]}", file=sys.stderr)
            raise


def run_rounds(daemon, conversations, dice, rounds):
    journal = Journal(daemon)
    total = 0
    daemon.start()
    for number in range(1, rounds + 1):
        manner, acknowledged = one_round(daemon, conversations, dice)
        total += acknowledged
        notes = [manner, *restart(daemon, dice)]
        journal.read_on()
        journal.check(conversations)
        wait_until(journal.runs_ended, f"every run ends after round {number}")
        print(f"round {number}: {acknowledged} acknowledged, {', '.join(notes)}", flush=True)
    check_histories(daemon, conversations)
    assert daemon.stop() == 0, "the last stop was not orderly"
    journal.read_on()
    journal.check_runs()
    for verb in (("journal", "verify"), ("replay", "verify")):
        answer = daemon.replay(*verb)
        assert answer.returncode == 0, f"{verb}: {answer.stdout}{answer.stderr}"
    assert total > rounds, f"only {total} messages were acknowledged: that was no load"
    assert journal.replies, "no run was ever answered"
    print(f"{total} messages acknowledged over {rounds} kills, {len(journal.replies)} replies, "
          f"{journal.last} events: all there, once, in order, answered once; replay equal")


if __name__ == "__main__":
    main()
