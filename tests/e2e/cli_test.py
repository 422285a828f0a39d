"""The command line from outside: output for people and for programs, exit codes, help."""

import json
import re
import shutil
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
                     ("sessions", "show", "agent:main:main"), ("send", "again"), ("runs", "list"),
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
            for verb in ("start", "sessions", "runs", "abort", "journal", "doctor"):
                self.assertIn(verb, text)

    def test_help_has_examples(self):
        for verb in ((), ("run",), ("runs", "abort"), ("send",), ("sessions",), ("journal",),
                     ("replay",), ("config",)):
            with self.subTest(verb=verb):
                self.assertRegex(self.ok(*verb, "--help", target=False), r"\n  spine \w+")

    def test_the_systemd_unit_can_be_looked_at_before_it_is_installed(self):
        text = self.ok("install", "--print")
        self.assertRegex(text, r"ExecStart=.*spine\S* run")
        self.assertIn("Type=notify", text)
        self.assertRegex(text, r"\nDelegate=yes\n")  # or agents cannot be bounded

    def test_the_unit_runs_what_would_run_here(self):
        text = self.ok("install", "--print", "--port", "18790")
        self.assertIn(f'--config "{self.daemon.config_path}"', text)
        self.assertIn(f'--state-dir "{self.daemon.state_dir}"', text)
        self.assertIn("--port 18790", text)
        with Daemon(environment={"OPENCLAW_CONFIG_PATH": "/some/where.json",
                                 "OPENCLAW_STATE_DIR": "/some/dir"}) as other:
            unit = other.run_cli("install", "--print", target=False).stdout
        self.assertIn('--config "/some/where.json"', unit)
        self.assertIn('--state-dir "/some/dir/spine"', unit)

    def test_a_secret_does_not_go_into_the_unit(self):
        answer = self.daemon.run_cli("install", "--print", "--token", "s3cr3t")
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertIn("--token-file", answer.stderr)
        self.assertNotIn("s3cr3t", answer.stderr)

    def test_replay_verify_asks_no_gateway_of_another_state_directory(self):
        with Daemon() as other:
            shutil.copytree(self.daemon.state_dir / "journal", other.state_dir / "journal")
            port = str(self.daemon.port)
            answer = other.run_cli("replay", "verify", "--port", port, "--token", self.daemon.token)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertNotIn("live", answer.stdout)
        self.assertEqual(answer.stderr, "")
        self.assertIn("live daemon", self.ok("replay", "verify"))

    def test_a_message_that_starts_no_run_returns_at_once(self):
        for words in (("/reset",), ("/new",), ("hello", "--agent", "none")):
            with self.subTest(words=words):
                self.assertEqual(self.ok("send", *words), "Recorded; no agent run was started.\n")

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
