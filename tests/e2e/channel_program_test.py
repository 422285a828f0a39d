"""A channel that is a program: the one of the README, as it stands there."""

import json
import os
import pathlib
import re
import signal
import unittest

from daemon import Daemon, wait_until

README = pathlib.Path(__file__).resolve().parents[2] / "adapters" / "channels" / "README.md"
NAME = "folder"


def example():
    """The program of the README."""
    return re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL).group(1)


class ProgramDaemon(Daemon):
    """A gateway with one such channel; `program` replaces the example."""

    def __init__(self, program=None, **settings):
        super().__init__()
        self.folder.chmod(0o755)
        self.talk = self.folder / "talk"
        self.talk.mkdir()
        self.talk.chmod(0o777)
        self.script = self.folder / "programs" / "channel.py"
        self.script.parent.mkdir()
        self.script.write_text(program or example(), encoding="utf-8")
        self.settings = {"command": ["/usr/bin/python3", str(self.script)], "cwd": str(self.talk),
                         **settings}
        self.set_channel(self.settings)

    def set_channel(self, settings, **others):
        self.configure({"channels": {NAME: settings, **others}, "logging": {"level": "info"}})

    def program_pid(self):
        """Of the program itself; none while it does not run."""
        for place in pathlib.Path("/proc").iterdir():
            try:
                words = (place / "cmdline").read_bytes().split(b"\0") if place.name.isdigit() else []
            except OSError:
                continue
            if words[:2] == [b"/usr/bin/python3", os.fsencode(self.script)]:
                return int(place.name)
        return None

    def say(self, name, text):
        """A message, which appears as a whole."""
        wait_until((self.talk / "in").exists, "the program has made its folder")
        part = self.talk / (name.replace(".", "-") + "-part")
        part.write_text(text, encoding="utf-8")
        part.chmod(0o666)
        part.rename(self.talk / "in" / name)

    def answers(self):
        try:
            return (self.talk / "answers.txt").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def bodies(self, kind):
        return [event["body"] for event in self.events("--kind", kind)]

    def channel_states(self):
        return [body.get("state", "stopped") for body in self.bodies("ChannelStateChanged")]


# Keeps the lines that it reads.
KEEPER = """
import json, sys
def say(**what):
    print(json.dumps(what), flush=True)
say(type="state", state="connected", identity="me")
say(type="message", id="a", sender={"id": "ada"}, conversation={"kind": "direct", "id": "ada"}, text="hi",
    position="17")
for line in sys.stdin:
    with open("read.txt", "a") as kept:
        kept.write(line)
"""


class Program(unittest.TestCase):
    def daemon(self, program=None, **settings):
        daemon = ProgramDaemon(program, **settings)
        self.addCleanup(daemon.close)
        daemon.start()
        return daemon

    def test_the_pasted_program_is_a_channel(self):
        self.assertLessEqual(len(example().splitlines()), 40)
        daemon = self.daemon()
        daemon.say("ada.1", "hello")
        wait_until(lambda: daemon.answers() == ["ada: echo: hello"], "the answer came to the program")
        self.assertIn("connect channels: folder: starting", daemon.text())
        self.assertEqual(daemon.stop(), 0)
        self.assertIsNone(daemon.program_pid())
        confirmed = daemon.bodies("DeliveryConfirmed")
        self.assertEqual([body["platform_ids"] for body in confirmed],
                         [[f"answer {confirmed[0]['delivery']}"]])
        self.assertEqual(daemon.channel_states()[-1], "stopped")

    def test_a_position_is_acknowledged_once_the_journal_has_it(self):
        daemon = self.daemon(KEEPER)
        kept = daemon.talk / "read.txt"
        wait_until(lambda: kept.exists() and '"acknowledged"' in kept.read_text(encoding="utf-8"), "it is told")
        lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        self.assertIn({"type": "acknowledged", "position": "17"}, lines)
        self.assertEqual([body["position"] for body in daemon.bodies("ChannelRead")], ["17"])

    def test_a_text_that_is_too_long_is_refused_and_told(self):
        daemon = self.daemon(dmPolicy="open")
        daemon.say("ada.1", "x" * (8 * 1024 * 1024 + 1))
        [answer] = wait_until(daemon.answers, "ada is told")
        self.assertEqual(answer, "ada: Your message is too long: at most 8.0 MiB are taken.")
        [refused] = daemon.bodies("MessageRejected")
        self.assertEqual((refused["reason"], refused["message"]["too_large"]), ("too_large", 8 * 1024 * 1024 + 1))
        self.assertNotIn("text", refused["message"])

    def test_a_killed_program_is_started_again(self):
        daemon = self.daemon()
        daemon.say("ada.1", "one")
        wait_until(lambda: len(daemon.answers()) == 1, "the first answer")
        killed = wait_until(daemon.program_pid, "the program runs")
        os.kill(killed, signal.SIGKILL)
        daemon.say("ada.2", "two")
        wait_until(lambda: len(daemon.answers()) == 2, "the second answer")
        self.assertNotEqual(daemon.program_pid(), killed)
        self.assertEqual(daemon.answers(), ["ada: echo: one", "ada: echo: two"])
        self.assertIn("Its program was ended by signal 9", daemon.text())
        self.assertIn("down", daemon.channel_states())

    def test_answers_wait_while_the_platform_is_down_and_the_gateway_is_killed(self):
        daemon = self.daemon()
        (daemon.talk / "closed").touch()
        wait_until(lambda: "down" in daemon.channel_states(), "the program says so")
        for i in range(10):
            daemon.say(f"ada.{i}", f"number {i}")
        wait_until(lambda: len(daemon.bodies("DeliveryRequested")) == 10, "ten answers wait")
        daemon.kill()
        wait_until(lambda: daemon.program_pid() is None, "the program ends with the gateway")
        daemon.start()
        self.assertEqual(daemon.answers(), [])
        (daemon.talk / "closed").unlink()
        wait_until(lambda: len(daemon.answers()) >= 10, "the answers came")
        self.assertEqual(daemon.answers(), [f"ada: echo: number {i}" for i in range(10)])
        wait_until(lambda: len(daemon.bodies("DeliveryConfirmed")) == 10, "all are confirmed")
        self.assertEqual(len(daemon.bodies("DeliveryAttempted")), 10)
        self.assertEqual(daemon.bodies("DeliveryDeadLettered"), [])

    def test_a_reload_starts_and_stops_it(self):
        daemon = self.daemon()
        first = wait_until(daemon.program_pid, "the program runs")
        daemon.set_channel({**daemon.settings, "env": {"LANG": "C"}}, slack={"botToken": "x"})
        daemon.reload()
        wait_until(lambda: daemon.program_pid() not in (None, first), "it is started anew")
        second = daemon.program_pid()
        daemon.set_channel({**daemon.settings, "env": {"LANG": "C"}, "dmPolicy": "pairing"})
        daemon.reload()
        wait_until(lambda: daemon.text().count("configuration applied") == 2, "it is applied")
        self.assertEqual(daemon.program_pid(), second, "a policy is none of its business")
        daemon.set_channel({**daemon.settings, "enabled": False})
        daemon.reload()
        wait_until(lambda: daemon.program_pid() is None, "it is stopped")
        wait_until(lambda: daemon.channel_states()[-1] == "stopped", "so the journal says")


BAD = """
import json, sys
print(json.dumps({"type": "state", "state": "connected"}), flush=True)
print(json.dumps({"type": "poetry"}), flush=True)
for i in range(40):
    print("line", i, flush=True)
sys.stdin.read()
"""

UNSURE = """
import json, os, sys
def say(**what):
    print(json.dumps(what), flush=True)
say(type="state", state="connected", identity="me")
if not os.path.exists("asked"):
    open("asked", "w").close()
    say(type="message", id=1, sender={"id": 5}, conversation={"kind": "direct", "id": 5}, text="hi",
        position="p1")
for line in sys.stdin:
    order = json.loads(line)
    if order["type"] == "start" and order.get("position"):
        open("position", "w").write(order["position"] + " of " + order["identity"])
    if order["type"] == "deliver":
        if os.path.exists("died"):
            open("again", "w").write(order["delivery"])
            say(type="delivered", delivery=order["delivery"], ids=[])
        else:
            open("died", "w").write(order["delivery"])
            sys.exit("cannot go on: error 7")
"""

# Keeps what it is told.
LISTENING = """
import json, sys
def say(**what):
    print(json.dumps(what), flush=True)
say(type="state", state="connected")
say(type="message", id=1, sender={"id": "a"}, conversation={"kind": "group", "id": "g"}, thread="9", text="hi")
for line in sys.stdin:
    with open("answers.txt", "a") as told:
        told.write(line)
    order = json.loads(line)
    if order["type"] == "deliver":
        say(type="delivered", delivery=order["delivery"])
"""

# Its first life reads nothing; what it is told fills the pipe and waits behind that.
DEAF = """
import json, os, sys, time
def say(**what):
    print(json.dumps(what), flush=True)
say(type="state", state="connected")
if not os.path.exists("was-deaf"):
    open("was-deaf", "w").close()
    for i in range(20):
        say(type="message", id=i, sender={"id": f"s{i}"}, conversation={"kind": "direct", "id": f"s{i}"},
            text="x" * 20000)
    time.sleep(600)
for line in sys.stdin:
    order = json.loads(line)
    if order["type"] == "deliver":
        with open("answers.txt", "a") as answers:
            answers.write(order["delivery"] + "\\n")
        say(type="delivered", delivery=order["delivery"])
"""


class Faults(unittest.TestCase):
    def daemon(self, program, **settings):
        daemon = ProgramDaemon(program, **settings)
        self.addCleanup(daemon.close)
        daemon.start()
        return daemon

    def test_lines_that_are_not_understood_end_the_program_alone(self):
        daemon = self.daemon(BAD)
        wait_until(lambda: "in a row were not understood" in daemon.text(), "it is given up")
        self.assertIn('says "poetry", which this version does not know', daemon.text())
        self.assertEqual(daemon.get_json("/health")["status"], "healthy")

    def test_what_a_dead_program_had_is_unknown_and_sent_once(self):
        daemon = self.daemon(UNSURE)
        wait_until(lambda: daemon.bodies("DeliveryDeadLettered"), "it is a dead letter")
        self.assertEqual(daemon.bodies("DeliveryDeadLettered")[0]["reason"], "unknown")
        self.assertIn("exit code 1: cannot go on: error 7", daemon.bodies("DeliveryFailed")[0]["reason"])
        wait_until((daemon.talk / "position").exists, "it runs again")
        wait_until(lambda: (daemon.talk / "position").read_text() == "p1 of me", "it knows where it was")
        self.assertFalse((daemon.talk / "again").exists())

    def test_what_never_reached_a_program_that_does_not_read_is_sent_to_the_next(self):
        daemon = self.daemon(DEAF)
        wait_until(lambda: len(daemon.bodies("DeliveryAttempted")) == 20, "it is told all of it")
        self.assertEqual(daemon.get_json("/health")["status"], "healthy")
        os.kill(daemon.program_pid(), signal.SIGKILL)
        def ended():
            return [body["delivery"] for kind in ("DeliveryConfirmed", "DeliveryDeadLettered")
                    for body in daemon.bodies(kind)]
        wait_until(lambda: len(ended()) == 20, "each has ended")
        confirmed = {str(body["delivery"]) for body in daemon.bodies("DeliveryConfirmed")}
        self.assertEqual(sorted(daemon.answers()), sorted(confirmed))
        kinds = [body["kind"] for body in daemon.bodies("DeliveryFailed") if "kind" in body]
        self.assertEqual(kinds.count("not_ready"), len(confirmed))
        self.assertEqual(kinds.count("unknown"), 20 - len(confirmed))
        self.assertGreater(len(confirmed), 10)
        self.assertLess(len(confirmed), 20)

    def test_at_least_once_sends_it_again_under_the_same_id(self):
        daemon = self.daemon(UNSURE, delivery="at-least-once", deliveryTtlSeconds=600)
        wait_until(lambda: daemon.bodies("DeliveryConfirmed"), "it arrived")
        self.assertEqual((daemon.talk / "again").read_text(), (daemon.talk / "died").read_text())

    def test_it_is_told_while_an_answer_is_being_written(self):
        daemon = self.daemon(LISTENING)
        def told():
            lines = [json.loads(line) for line in daemon.answers()]
            return [line for line in lines if line["type"] in ("working", "deliver")]
        wait_until(lambda: len(told()) == 3, "both, and the answer")
        place = {"conversation": {"kind": "group", "id": "g"}, "thread": "9"}
        working = [line for line in told() if line["type"] == "working"]
        self.assertEqual(working, [{"type": "working", **place, "working": True},
                                   {"type": "working", **place, "working": False}])
        self.assertEqual(told()[0], working[0])

    def test_a_program_that_is_not_there_keeps_nothing_from_starting(self):
        daemon = ProgramDaemon(command=["/no/such/program"])
        self.addCleanup(daemon.close)
        daemon.set_channel(daemon.settings, slack={"botToken": "x"})
        daemon.start()
        wait_until(lambda: "there is no program /no/such/program" in daemon.text(), "it is said")
        self.assertIn("connect channels: folder: starting; slack: not served here", daemon.text())
        problem = wait_until(
            lambda: [body["problem"] for body in daemon.bodies("ChannelStateChanged") if body.get("problem")],
            "the journal knows")
        self.assertIn("channels.folder.command", problem[0])

    def test_what_is_not_served_is_said_first(self):
        daemon = Daemon({"channels": {"slack": {"botToken": "x"}, "my-bridge": {}},
                         "agents": {"entries": {"main": {"thinkingDefault": "high"}}}})
        self.addCleanup(daemon.close)
        answer = daemon.run_cli("config", "validate")
        self.assertEqual(answer.returncode, 0)
        lines = (answer.stdout + answer.stderr).splitlines()
        self.assertIn("slack: not served here", lines[0] + lines[1])
        self.assertNotIn("my-bridge", answer.stdout + answer.stderr)


if __name__ == "__main__":
    unittest.main()
