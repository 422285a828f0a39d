"""The command line from outside: output for people and for programs, exit codes, help."""

import json
import re
import unittest

from daemon import Daemon


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon({"gateway": {"rate_limit": {"requests_per_minute": 0}}}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.run_cli("send", "hello")

    def ok(self, *arguments, **options):
        answer = self.daemon.run_cli(*arguments, **options)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return answer.stdout

    def test_json_output_parses(self):
        for verb in (("health",), ("status",), ("sessions", "list"),
                     ("sessions", "show", "agent:main:main"), ("send", "again"),
                     ("config", "get"), ("journal", "info"), ("journal", "verify"),
                     ("replay", "verify"), ("doctor",)):
            with self.subTest(verb=verb):
                json.loads(self.ok(*verb, "--json"))

    def test_journal_dump_json_is_an_object_a_line(self):
        for line in self.ok("journal", "dump", "--json").splitlines():
            self.assertIn("seq", json.loads(line))

    def test_journal_dump_shows_events_in_readable_form(self):
        text = self.ok("journal", "dump")
        self.assertIn("MessageReceived", text)
        self.assertIn("hello", text)

    def test_health_is_readable(self):
        self.assertIn("healthy", self.ok("health"))

    def test_logs_are_shown(self):
        self.assertIn("ready", self.ok("logs").lower())

    def test_doctor_finds_nothing_wrong(self):
        self.assertTrue(self.ok("doctor"))

    def test_replay_verify_says_equal_with_events_seconds_and_digest(self):
        text = self.ok("replay", "verify")
        self.assertIn("equal", text.lower())
        self.assertRegex(text, r"[0-9a-f]{32}")
        self.assertRegex(text, r"\d+ events")

    def test_completions_name_the_verbs(self):
        for shell in ("bash", "zsh", "fish"):
            text = self.ok("completion", shell, target=False)
            for verb in ("start", "sessions", "journal", "doctor"):
                self.assertIn(verb, text)

    def test_help_has_examples(self):
        for verb in ((), ("run",), ("send",), ("sessions",), ("journal",), ("replay",), ("config",)):
            with self.subTest(verb=verb):
                self.assertRegex(self.ok(*verb, "--help", target=False), r"\n  spine \w+")

    def test_the_systemd_unit_can_be_looked_at_before_it_is_installed(self):
        text = self.ok("install", "--print")
        self.assertRegex(text, r"ExecStart=\S*spine\S* run")
        self.assertIn("Type=notify", text)

    def test_an_unknown_verb_is_a_usage_error(self):
        self.assertEqual(self.daemon.run_cli("dance", target=False).returncode, 2)
        self.assertEqual(self.daemon.run_cli("sessions", "list", "--no-such-option").returncode, 2)

    def test_a_session_that_does_not_exist_is_named(self):
        answer = self.daemon.run_cli("sessions", "show", "agent:main:nobody")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("agent:main:nobody", answer.stderr)

    def test_the_token_can_come_from_a_file(self):
        path = self.daemon.folder / "my-token"
        path.write_text(self.daemon.token + "\n", encoding="utf-8")
        path.chmod(0o600)
        self.ok("sessions", "list", "--token-file", str(path))
        answer = self.daemon.run_cli("sessions", "list", "--token", "wrong")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("unauthorized", answer.stderr.lower())

    def test_log_lines_carry_the_offset_from_utc(self):
        log = (self.daemon.state_dir / "logs" / "spine.log").read_text(encoding="utf-8")
        self.assertTrue(re.search(r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", log), log[:200])


if __name__ == "__main__":
    unittest.main()
