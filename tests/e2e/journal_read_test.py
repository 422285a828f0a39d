"""journal/read.py reads a journal with the schema alone, and says what `spine journal dump` says."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

import blocks
from daemon import BUILD, Daemon

READER = pathlib.Path(__file__).resolve().parents[2] / "journal" / "read.py"


class JournalRead(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        for text in ("hello", "\u4f60\u597d", "x" * 100_000):  # the last has a block of its own
            self.assertEqual(self.daemon.run_cli("send", text).returncode, 0)

    def read(self, journal):
        environment = {**os.environ, "PYTHONPATH": str(BUILD / "generated" / "python")}
        return subprocess.run([READER, journal], env=environment, capture_output=True, text=True, timeout=60)

    def test_it_prints_every_event_as_the_dump_does_also_beside_a_running_gateway(self):
        done = self.read(self.daemon.state_dir / "journal")
        self.assertEqual(done.stderr, "")
        read = [json.loads(line) for line in done.stdout.splitlines()]
        dumped = [json.loads(line) for line in self.daemon.run_cli("journal", "dump", "--json").stdout.splitlines()]
        self.assertGreater(len(read), 20)
        # Messages have come to rest: what was dumped later can only be more.
        for ours, theirs in zip(read, dumped[:len(read)], strict=True):
            for name in ("seq", "kind", "input", "cause", "correlation", "wallMs", "logicalMs"):
                self.assertEqual(ours[name], theirs[name], (name, ours))
            self.assertEqual(ours["principal"], (theirs["principal"] or {"id": 0})["id"])
            self.assertEqual(ours["session"], (theirs["session"] or {"id": 0})["id"])
        texts = [event["body"]["text"] for event in read if event["kind"] == "MessageReceived"]
        self.assertEqual(texts, ["hello", "\u4f60\u597d", "x" * 100_000])

    def test_it_stops_where_the_chain_is_broken_and_names_the_block(self):
        self.daemon.stop()
        copy = self.daemon.folder / "copy"
        shutil.copytree(self.daemon.state_dir / "journal", copy)
        found = sorted(blocks.find(copy / "data.mdb").items())
        _, (block, places) = found[3]
        changed = bytearray(block)
        changed[-1] ^= 1
        blocks.write(copy / "data.mdb", places, bytes(changed))
        done = self.read(copy)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the block at seq {found[4][0]} does not follow the block before it", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), found[4][0] - 1)


if __name__ == "__main__":
    unittest.main()
