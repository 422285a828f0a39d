"""What an operator looks at when something is wrong: the log as it grows, and the doctor."""

import json
import os
import signal
import unittest

import blocks
from daemon import Daemon, wait_until
from spine_client import channel_message


class Operator(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def follow(self):
        """`spine logs --follow` beside the gateway, and what it has printed so far."""
        path = self.daemon.folder / "followed.txt"
        with open(path, "wb") as output:
            process = self.daemon.spawn_cli("logs", "--follow", "--lines", "1", stdout=output)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return path.read_text

    def test_logs_follow_prints_a_line_written_after_it_started(self):
        printed = self.follow()
        wait_until(printed, "it prints the last line")
        self.assertNotIn("SIGHUP", printed())
        self.daemon.signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP: reading the configuration again\n" in printed(), "the new line")

    def doctor(self):
        """The exit code and what failed: {subject: finding}."""
        answer = self.daemon.run_cli("doctor", "--json")
        findings = json.loads(answer.stdout)["findings"]
        return answer.returncode, {finding["subject"]: finding for finding in findings
                                   if finding["grade"] == "fail"}

    def test_doctor_names_a_bad_configuration_and_a_token_that_others_can_read(self):
        self.daemon.stop()
        self.daemon.configure('{\n  "gateway": { "port": "many" }\n}\n')
        os.chmod(self.daemon.state_dir / "token", 0o644)
        code, failed = self.doctor()
        self.assertEqual(code, 1)
        self.assertIn("openclaw.json:2:", failed["configuration"]["what"])
        self.assertIn("gateway.port", failed["configuration"]["what"])
        self.assertIn("spine config validate", failed["configuration"]["remedy"])
        self.assertIn("mode 0644", failed["token"]["what"])

    def test_doctor_names_the_damaged_block_of_the_journal(self):
        with self.daemon.client() as client:
            client.call("channel.message", channel_message("m1", "hello"))
        self.assertEqual(self.daemon.stop(), 0)
        path = self.daemon.state_dir / "journal" / "data.mdb"
        last = max(found := blocks.find(path))
        block, places = found[last]
        blocks.write(path, places, block[:-9] + bytes([block[-9] ^ 1]) + block[-8:])
        code, failed = self.doctor()
        self.assertEqual(code, 1)
        self.assertRegex(failed["journal"]["what"], rf"damaged at seq {last}\b")
        self.assertIn("spine journal verify", failed["journal"]["remedy"])


if __name__ == "__main__":
    unittest.main()
