"""What a scripted agent does at the words of a prompt, one command a line:

  say TEXT          adds TEXT to the answer (also: any line that is no command is echoed)
  lines TEXT        the same, where a backslash and an n are the end of a line
  silent            its answer is that there is none (pi)
  slow N MS         N pieces of the answer, MS milliseconds apart
  until FILE        a piece, and then nothing until FILE is there; cancelling ends the wait
  tool NAME         a tool is called and returns
  attach NAME N     a picture of N bytes, named by a line MEDIA:NAME
  big N             a tool returns N bytes
  ask TOOL          asks for permission; the answer says what came back
  steered           waits until a message is steered in, and says it (pi)
  rebind N          names its conversation N times, each time otherwise (jsonl)
  recall, keep TEXT what is kept in this conversation, also by another process
  error TEXT        the model fails with TEXT (and the transport says all is well)
  luck FILE         the model fails until FILE is there
  garbage N         N lines that are no JSON
  odd               lines of JSON that mean nothing: wrong types, wrong ids, unknown methods
  endless           one line without an end;  flood: lines without an end
  around KIND       the lines of the rest of the turn have something around them: escapes, bom,
                    nul, words, byte (a "?" is no UTF-8), ids (numbers as text and the other way
                    round), one (all in one line)
  halves            a character in two pieces, each of them half a pair of surrogates
  broken            the line that ends the turn is cut off
  strange           an answer of a shape that nobody knows
  afterwards TEXT   ends the turn, and then adds TEXT to the answer (acp)
  reads PATH GO     asks for the file again and again until GO is there (acp)
  complain TEXT     TEXT goes to stderr
  half              half a line, and then the process ends well
  exit CODE         the process ends in the middle;  signal N: by a signal
  deaf              does not hear that it is cancelled;  late: answers after it was cancelled
  twice             answers twice
  asleep            reads nothing more from its stdin, and hangs
  memory MB         takes that much memory, and holds it
  memfd MB          the same in a file in memory that is not mapped;  tmpfs MB: in /dev/shm
  stray             leaves a process behind, in a session of its own
  whoami            its uid, and what it can see of the machine
  noise             lines to stderr, one with a secret
  env NAME          the value of a variable
  handle ...        the scene of the mail: reads it with a tool, works until $SCENE_GO is there
  which ...         names what "handle" left open, if that was in this conversation
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time


class Ended(Exception):
    """The prompt was cancelled."""


class Turn:
    """One prompt being worked on."""

    def __init__(self, wire, session, text):
        self.wire, self.session, self.text = wire, session, text
        self.cancelled, self.deaf = threading.Event(), False
        self.steered, self.steer_text = threading.Event(), ""
        self.answers = {}
        self.said = ""
        self.error = ""
        self.strange, self.told_end = False, False

    def say(self, piece):
        self.said += piece
        self.wire.delta(self, piece)

    def pause(self, seconds):
        if self.deaf:
            time.sleep(seconds)
        elif self.cancelled.wait(seconds):
            raise Ended

    def run(self):
        for line in self.text.splitlines():
            words = line.split(" ", 1)
            action = getattr(self, "do_" + words[0], None) if words[0].isalpha() else None
            if action is None:
                self.say("you said: " + line)
            else:
                action(words[1] if len(words) > 1 else "")

    def do_say(self, text):
        self.say(text)

    def do_lines(self, text):
        self.say(text.replace("\\n", "\n"))

    def do_silent(self, _):
        self.said = "NO_REPLY"

    def do_slow(self, text):
        count, ms = (int(x) for x in text.split())
        for i in range(count):
            self.say(f"{i} ")
            self.pause(ms / 1000)

    def do_until(self, path):
        self.say("working ")
        while not os.path.exists(path):
            self.pause(0.01)
        self.say("done")

    def do_tool(self, name):
        self.wire.tool(self, name, {"why": "asked to"}, "tool result of " + name)
        self.say("used " + name)

    def do_attach(self, text):
        """Makes a picture of that many bytes in the workspace, and names it in the answer."""
        name, size = text.split()
        with open(name, "wb") as file:
            file.write(b"\xff\xd8\xff\xe0".ljust(int(size), b"x"))
        self.say(f"\nMEDIA:{name}\n")

    def do_big(self, size):
        self.wire.tool(self, "big", {"bytes": int(size)}, "x" * int(size))
        self.say("big")

    def do_ask(self, tool):
        self.say("allowed" if self.wire.ask(self, tool) else "not allowed")

    def do_rebind(self, count):
        for number in range(int(count)):
            self.wire.send({"type": "session", "id": f"s{number}"})
        self.say("rebound")

    def do_steered(self, _):
        self.say("waiting ")
        while not self.steered.is_set():
            self.pause(0.01)
        self.say("steered: " + self.steer_text)

    def kept(self):
        return os.path.join(self.wire.memory, self.session + ".kept")

    def do_keep(self, text):
        with open(self.kept(), "w", encoding="utf-8") as file:
            file.write(text)
        self.say("kept")

    def do_recall(self, _):
        try:
            with open(self.kept(), encoding="utf-8") as file:
                self.say("recalled " + file.read())
        except OSError:
            self.say("nothing is kept")

    def do_error(self, text):
        self.error = text

    def do_luck(self, path):
        if os.path.exists(path):
            self.say("good luck")
        else:
            self.error = "no luck"

    def do_garbage(self, count):
        for _ in range(int(count)):
            self.wire.raw(b"this is no JSON \xff\xfe {[\n")

    def do_odd(self, _):
        for text in ('[]', '7', 'null', '{"jsonrpc":"2.0","id":99999,"result":{}}', '{"type":7}',
                     '{"type":"response","id":"nobody","success":true,"command":"prompt"}',
                     '{"jsonrpc":"2.0","method":"no/such","params":[]}', '{"type":"no_such"}',
                     '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":4}}'):
            self.wire.raw(text.encode() + b"\n")
        self.say("odd")

    def do_endless(self, _):
        while True:
            self.wire.raw(b"x" * 65536)

    def do_flood(self, _):
        while True:
            self.wire.raw(b'{"type":"noise","jsonrpc":"2.0","method":"noise"}\n' * 1000)

    def do_around(self, kind):
        wire = self.wire
        wire.before = {"escapes": b"\x1b[2K\x1b[1G", "bom": b"\xef\xbb\xbf", "nul": b"\0",
                       "words": b"npm warn old: "}.get(kind, b"")
        wire.after = {"escapes": b"\x1b[0m\r", "nul": b"\0", "words": b" (done)"}.get(kind, b"")
        wire.bad_byte, wire.other_ids = kind == "byte", kind == "ids"
        wire.gathered = b"" if kind == "one" else None

    def do_halves(self, _):
        for half in ("\ud83d", "\ude00"):
            self.wire.delta(self, half)
        self.said += "\ud83d\ude00"

    def do_broken(self, _):
        self.wire.cut = 2

    def do_strange(self, _):
        self.wire.strange(self)

    def do_afterwards(self, text):
        self.told_end = True
        self.wire.finish(self)
        self.say(text)

    def do_reads(self, text):
        path, go = text.split()
        self.wire.reads = {"path": path, "go": go, "session": self.session, "next": 0, "seen": 0,
                           "ordered": True}
        for _ in range(600):
            self.wire.read_file()
        self.say("reading ")
        while not os.path.exists(go):
            self.pause(0.01)
        self.say("in order" if self.wire.reads["ordered"] else "out of order")

    def do_complain(self, text):
        print(text, file=sys.stderr, flush=True)

    def do_half(self, _):
        self.say("half ")
        self.wire.raw(b'{"type":"message_update","jsonrpc":"2.0","meth')
        os._exit(0)

    def do_exit(self, code):
        self.say("ending ")
        os._exit(int(code))

    def do_signal(self, number):
        self.say("ending ")
        os.kill(os.getpid(), int(number))
        time.sleep(60)

    def do_deaf(self, _):
        self.deaf = True
        self.say("deaf ")
        while True:
            time.sleep(60)

    def do_late(self, _):
        self.say("before ")
        self.cancelled.wait(60)
        self.say("after the end")
        self.wire.finish(self)

    def do_twice(self, _):
        self.say("once")
        self.wire.finish(self)

    def do_asleep(self, _):
        self.wire.reading.clear()
        self.say("asleep ")
        time.sleep(3600)

    def do_memory(self, megabytes):
        self.say("growing ")
        held = bytearray(int(megabytes) * 1024 * 1024)
        for i in range(0, len(held), 4096):
            held[i] = 1
        self.pause(3600)

    def do_memfd(self, megabytes):
        self.fill(os.memfd_create("held"), megabytes)

    def do_tmpfs(self, megabytes):
        file = os.open("/dev/shm/held", os.O_RDWR | os.O_CREAT)
        os.unlink("/dev/shm/held")  # without a sandbox it is the machine's
        self.fill(file, megabytes)

    def fill(self, file, megabytes):
        self.say("growing ")
        for _ in range(int(megabytes)):
            os.write(file, b"x" * (1024 * 1024))
        self.pause(3600)

    def do_stray(self, _):
        stray = subprocess.Popen(["sleep", "3600"], start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        self.say(f"stray {stray.pid}")

    def do_whoami(self, _):
        with open("/proc/self/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        seen = {path: os.path.exists(path) for path in
                (os.environ.get("LOOK_AT", "/nowhere").split(":"))}
        self.say(json.dumps({"uid": os.getuid(), "cap": status["CapEff"].strip(),
                             "nnp": status["NoNewPrivs"].strip(), "cwd": os.getcwd(),
                             "core": resource.getrlimit(resource.RLIMIT_CORE)[0], "seen": seen,
                             "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd"))}))

    def do_noise(self, _):
        print("a line for the log", file=sys.stderr)
        print("token is " + os.environ.get("AGENT_API_KEY", "none"), file=sys.stderr, flush=True)
        self.say("noisy")

    def do_handle(self, _):
        self.wire.tool(self, "mail", {"folder": "inbox"}, "41 letters")
        self.say("Reading 41 letters. ")
        while not os.path.exists(os.environ["SCENE_GO"]):
            self.pause(0.01)
        with open(self.kept(), "w", encoding="utf-8") as file:
            file.write("the bank, Ann and the dentist")
        self.say("Done: three of them want an answer from you.")

    def do_which(self, _):
        try:
            with open(self.kept(), encoding="utf-8") as file:
                self.say("These three: " + file.read() + ".")
        except OSError:
            self.say("Which three what?")

    def do_env(self, name):
        self.say(os.environ.get(name, "not set"))
