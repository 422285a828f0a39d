"""replay fork and rehearse from outside: another configuration, and the same version."""

import json
import unittest
import xml.etree.ElementTree as ElementTree

from daemon import Daemon, wait_until


def message(sender, number):
    return {"channel": "telegram", "sender": {"id": sender}, "conversation": {"kind": "direct", "id": sender},
            "externalId": f"{sender}{number}", "content": {"text": "hello"}, "timestamp": 1_700_000_000_000}


class Fork(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        client = self.daemon.client()
        for sender in ("alice", "bob"):
            client.call("channel.message", message(sender, 1))
        client.close()
        wait_until(lambda: len(self.daemon.events("--kind", "RunFinished")) == 2, "both are answered")
        self.daemon.stop()

    def fork(self, *arguments, config=None):
        """The exit code and the report; `config` under which it is decided, if it is another one."""
        if config is not None:
            self.daemon.configure(config)
        answer = self.daemon.run_cli("replay", "fork", "--json", *arguments)
        return answer.returncode, json.loads(answer.stdout)

    def test_the_configuration_of_the_record_changes_nothing(self):
        for more in ([], ["--decide"]):
            code, report = self.fork("--at", "1", *more)
            self.assertEqual((code, report["differ"]), (0, 0), report)
            self.assertGreater(report["inputs"], 4)
            self.assertEqual(report["rulesUpto"], report["rules"])

    def test_another_configuration_shows_whom_it_would_have_refused(self):
        closed = {"channels": {"telegram": {"dmPolicy": "allowlist", "allowFrom": ["bob"]}}}
        code, report = self.fork("--at", "1", "--decide", config=closed)
        self.assertEqual((code, report["differ"]), (3, 1), report)
        found = report["divergences"][0]
        self.assertEqual(found["sessionKey"], "agent:main:telegram:direct:alice")
        self.assertEqual((found["expected"][0], found["got"]), ("MessageReceived", ["MessageRejected"]))
        self.assertEqual((report["recorded"]["messagesAccepted"], report["decided"]["messagesAccepted"]), (2, 1))
        self.assertEqual((report["recorded"]["runsFinished"], report["decided"]["runsFinished"]), (2, 1))
        self.assertEqual(report["decided"]["runsOpenAtEnd"], 0)

    def test_a_configuration_with_a_fault_is_refused_by_its_line(self):
        self.daemon.configure('{\n  "channels": {"telegram": {"dmPolicy": "shut"}}\n}')
        answer = self.daemon.run_cli("replay", "fork")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn("dmPolicy", answer.stderr)

    def test_an_upgrade_is_rehearsed(self):
        file = self.daemon.folder / "rehearsal.xml"
        answer = self.daemon.run_cli("replay", "rehearse", str(self.daemon.state_dir), "--junit", str(file))
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertIn("1 of 1 journals are the same", answer.stdout)
        suite = ElementTree.parse(file).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("1", "0", "0"))


if __name__ == "__main__":
    unittest.main()
