"""What could not be delivered: spine dlq, channels status, metrics, and the past of them."""

import json
import unittest

from channel_program_test import ProgramDaemon
from daemon import wait_until

# Refuses everything for good while there is a file "strict".
STRICT = """
import json, os, sys
def say(**what):
    print(json.dumps(what), flush=True)
say(type="state", state="connected", identity="me")
for i, who in enumerate(("ada", "bob")):
    say(type="message", id=i, sender={"id": who}, conversation={"kind": "direct", "id": who},
        text="hi \\x1b[31m" + who)
open("strict", "w").close() if not os.path.exists("begun") else None
open("begun", "w").close()
for line in sys.stdin:
    order = json.loads(line)
    if order["type"] != "deliver":
        continue
    if os.path.exists("strict"):
        say(type="failed", delivery=order["delivery"], kind="permanent", reason="chat not found \\x1b[31m")
    else:
        say(type="delivered", delivery=order["delivery"], ids=["p" + order["delivery"]])
"""


class DeadLetters(unittest.TestCase):
    def setUp(self):
        self.daemon = ProgramDaemon(STRICT)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        wait_until(lambda: len(self.daemon.bodies("DeliveryDeadLettered")) == 2, "both are refused")

    def cli(self, *words, code=0):
        answer = self.daemon.run_cli(*words)
        self.assertEqual(answer.returncode, code, answer.stdout + answer.stderr)
        self.assertNotIn("\x1b", answer.stdout + answer.stderr)
        return answer.stdout

    def letters(self, *words):
        return json.loads(self.cli(*words, "dlq", "list", "--json"))["deadLetters"]

    def test_they_are_listed_shown_and_sent_again(self):
        both = self.letters()
        self.assertEqual(sorted(letter["conversationId"] for letter in both), ["ada", "bob"])
        text = self.cli("dlq", "list")
        for part in ("permanent: chat not found", "folder direct ada", "spine dlq retry"):
            self.assertIn(part, text)
        first = str(both[0]["id"])
        shown = self.cli("dlq", "show", "#" + first)
        for part in ("DeliveryAttempted 1", "DeliveryFailed  permanent", "DeliveryDeadLettered  permanent", "echo: hi"):
            self.assertIn(part, shown)
        self.assertIn("spine dlq list", self.cli("channels", "status"))
        wait_until(lambda: self.daemon.metric("spine_dead_letters") == 2, "they are counted")
        self.assertIn("could not be delivered", self.cli("status"))
        self.assertEqual(self.daemon.get_json("/ready")["deliveries"]["deadLetters"], 2)

        (self.daemon.talk / "strict").unlink()
        before = self.daemon.events()[-1]["seq"]
        self.assertIn("In line again: 2", self.cli("dlq", "retry", "--all", "--channel", "folder"))
        wait_until(lambda: len(self.daemon.bodies("DeliveryConfirmed")) == 2, "both arrive")
        self.assertEqual(self.letters(), [])
        self.assertEqual(len(self.letters("at", str(before))), 2, "then there were two")
        self.assertIn("no dead letter has the id " + first,
                      self.daemon.run_cli("dlq", "retry", first).stderr)
        answer = self.daemon.replay("replay", "explain", "folder:0")
        self.assertIn("The answer has arrived on the channel.", answer.stdout, answer.stderr)

    def test_they_are_discarded(self):
        first = str(self.letters()[0]["id"])
        self.assertIn("Discarded: 1", self.cli("dlq", "discard", first))
        self.assertEqual(len(self.letters()), 1)
        self.cli("dlq", "discard", first, code=1)
        self.cli("dlq", "discard", code=2)
        self.cli("dlq", "discard", "x", code=1)
        self.assertEqual(json.loads(self.cli("dlq", "discard", "--all", "--json"))["refused"], [])
        self.assertIn("Nothing is undelivered", self.cli("dlq", "list"))
        self.assertIn("There are no dead letters", self.cli("dlq", "retry", "--all"))


if __name__ == "__main__":
    unittest.main()
