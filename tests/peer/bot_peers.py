"""Clients of chat platforms nobody here wrote: a bot on grammY, and the emulator telegram-test-api."""

import json
import os
import pathlib
import queue
import subprocess
import threading

from peers import NODE

BOT_PEERS = pathlib.Path(os.environ.get("SPINE_BOT_PEERS", pathlib.Path.home() / ".cache/spine-peers/bots-1"))
HERE = pathlib.Path(__file__).parent
# Node starts in seconds on a busy machine.
PATIENCE = 60.0


def require():
    """Fails with what to do when they are not there."""
    for path in (NODE, BOT_PEERS / "node_modules/grammy", BOT_PEERS / "node_modules/telegram-test-api"):
        if not path.exists():
            raise AssertionError(f"{path} is not there: run tests/peer/run, which installs it")


class Script:
    """A script of ours under node that prints a JSON object a line; each has `is`, what it is about."""

    def __init__(self, name, *arguments):
        require()
        self.process = subprocess.Popen(
            [NODE, HERE / name, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "BOT_PEERS": str(BOT_PEERS)})
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put({"is": "end"})

    def expect(self, what):
        """The next line about this; those before it are passed over."""
        while True:
            line = self.lines.get(timeout=PATIENCE)
            if line["is"] == what:
                return line
            if line["is"] == "end":
                raise AssertionError(f"the script ended before it said {what}")

    def close(self):
        """Ends the script by the end of its input; its exit code."""
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.reader.join()
            self.process.stdout.close()


class Emulator(Script):
    """telegram-test-api at a free port; `root` is what a bot is configured with."""

    def __init__(self):
        super().__init__("telegram_emulator.mjs")
        self.root = self.expect("root")["root"]
