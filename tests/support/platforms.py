"""Platforms as the conformance test of channels sees them: one class for each adapter, all with the same calls."""

import json

from daemon import wait_until
from telegram_server import TelegramServer

# How sending may go wrong, as DeliveryFailed names it.
FAILURES = ("permanent", "retryable", "rate_limited", "unknown")


class Platform:
    """One chat platform with people on it. A person is a number; each has a direct conversation."""
    name = None  # of the channel
    at_once = None  # how many sends it is asked for at the same time, where all of them take long

    def settings(self):
        """Of the channel: a dict for the configuration."""
        raise NotImplementedError

    def say(self, person, text):
        """A person writes; what hand_again() takes."""
        raise NotImplementedError

    def hand_again(self, message):
        """The platform hands the adapter a message that it has handed before."""
        raise NotImplementedError

    def answers(self, person):
        """The texts that arrived there, in order."""
        raise NotImplementedError

    def refuse(self, kind, person):
        """The next send to this person ends like this (one of FAILURES); unknown: it did arrive."""
        raise NotImplementedError

    def hold(self):
        """Sends are taken, arrive, and are answered after release() only."""
        raise NotImplementedError

    def release(self):
        raise NotImplementedError

    def held(self):
        """How many sends are held now."""
        raise NotImplementedError

    def down(self):
        raise NotImplementedError

    def up(self):
        raise NotImplementedError

    def is_read(self):
        """Whether the adapter has said, or begun behind, all that was written: nothing comes again."""
        raise NotImplementedError

    def complaints(self):
        """What the adapter did against the platform's rules."""
        return []

    def close(self):
        pass


class Telegram(Platform):
    name = "telegram"
    at_once = 8  # connections to one host
    FAULTS = {"permanent": {"kind": "status", "code": 403, "description": "Forbidden: bot was blocked by the user"},
              "retryable": {"kind": "page"},
              "rate_limited": {"kind": "flood", "seconds": 1},
              "unknown": {"kind": "drop_after"}}

    def __init__(self):
        self.server = TelegramServer()

    def settings(self):
        return {"botToken": self.server.token, "apiRoot": self.server.root}

    def say(self, person, text):
        return self.server.say(text, chat=person)

    def hand_again(self, message):
        with self.server.bot.changed:
            self.server.bot.emit("message", message)

    def answers(self, person):
        return self.server.texts(person)

    def refuse(self, kind, person):
        self.server.fault(**self.FAULTS[kind], method="sendMessage", chat=person)

    def hold(self):
        self.server.fault("late", method="sendMessage", times=None)

    def release(self):
        self.server.clear_faults()

    def held(self):
        return sum(call.fault == "late" and call.status is None for call in self.server.log("sendMessage"))

    def down(self):
        self.server.down()

    def up(self):
        self.server.up()

    def is_read(self):
        return self.server.pending() == 0

    def complaints(self):
        return self.server.violations()

    def close(self):
        self.server.close()


# Lines of in.jsonl are messages, their ends the positions; out.jsonl is what arrived. What it is to do wrong it
# takes from files, so that a test can ask for it while it runs.
PROGRAM = """
import json, pathlib, sys, threading, time
ROOT = pathlib.Path.cwd()
lock = threading.Lock()
def say(**what):
    with lock:
        sys.stdout.write(json.dumps(what) + "\\n")
        sys.stdout.flush()
def arrives(order):
    with open(ROOT / "out.jsonl", "a") as out:
        out.write(json.dumps([order["conversation"]["id"], order["text"]]) + "\\n")
held = []
def deliver(order):
    if (ROOT / "hold").exists():
        held.append(order)
        (ROOT / "held").write_text(str(len(held)))
        return
    fault = ROOT / ("fault-" + order["conversation"]["id"])
    if not fault.exists():
        arrives(order)
        return say(type="delivered", delivery=order["delivery"], ids=["m" + order["delivery"]])
    kind = fault.read_text()
    fault.unlink()
    if kind == "unknown":
        arrives(order)
    more = {"retryAfterMs": 1000} if kind == "rate_limited" else {}
    say(type="failed", delivery=order["delivery"], kind=kind, reason="it was asked for", **more)
def look(at):
    state = None
    while True:
        now = "down" if (ROOT / "closed").exists() else "connected"
        if now != state:
            say(type="state", state=now, problem="closed" if now == "down" else "", identity="me")
        state = now
        with open(ROOT / "in.jsonl", "rb") as lines:
            lines.seek(at)
            new = lines.read()
        for line in new.splitlines(True):
            if state == "down" or not line.endswith(b"\\n"):
                break
            at += len(line)
            id, sender, text = json.loads(line)
            say(type="message", id=id, sender={"id": sender}, text=text, position=str(at),
                conversation={"kind": "direct", "id": sender})
        if not (ROOT / "hold").exists():
            while held:
                arrives(held[0])
                say(type="delivered", delivery=held.pop(0)["delivery"], ids=[])
        time.sleep(0.01)
for line in sys.stdin:
    order = json.loads(line)
    if order["type"] == "start":
        (ROOT / "began").write_text(order.get("position", "0"))
        threading.Thread(target=look, args=(int(order.get("position", "0")),), daemon=True).start()
    if order["type"] == "deliver":
        deliver(order)
"""


class Program(Platform):
    """A program of the owner's; `folder`: where it may write, of this platform alone."""
    name = "folder"
    at_once = 64  # all that it is given

    def __init__(self, folder):
        self.folder = folder
        folder.chmod(0o755)
        self.talk = folder / "talk"
        self.talk.mkdir()
        self.talk.chmod(0o777)
        self.script = folder / "channel.py"
        self.script.write_text(PROGRAM, encoding="utf-8")
        self.script.chmod(0o644)
        self.count = 0
        self.put("in.jsonl", "")

    def put(self, name, text):
        part = self.talk / (name + "-part")
        part.write_text(text, encoding="utf-8")
        part.chmod(0o666)
        part.rename(self.talk / name)

    def read(self, name):
        try:
            return (self.talk / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def settings(self):
        return {"command": ["/usr/bin/python3", str(self.script)], "cwd": str(self.talk)}

    def write(self, line):
        with open(self.talk / "in.jsonl", "a", encoding="utf-8") as lines:
            lines.write(line)

    def say(self, person, text):
        self.count += 1
        line = json.dumps([f"e{self.count}", str(person), text]) + "\n"
        self.write(line)
        return line

    def hand_again(self, message):
        self.write(message)

    def answers(self, person):
        lines = [json.loads(line) for line in self.read("out.jsonl").splitlines()]
        return [text for to, text in lines if to == str(person)]

    def refuse(self, kind, person):
        self.put(f"fault-{person}", kind)

    def hold(self):
        self.put("hold", "")

    def release(self):
        (self.talk / "hold").unlink()

    def held(self):
        return int(self.read("held") or "0")

    def down(self):
        self.put("closed", "")

    def up(self):
        (self.talk / "closed").unlink()

    def is_read(self):
        return int(self.read("began") or "0") == (self.talk / "in.jsonl").stat().st_size
