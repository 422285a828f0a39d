"""openclaw.json from outside: what is tolerated, what refuses to start and how it says so."""

import json
import os
import signal
import socket
import unittest

from daemon import Daemon, wait_until


class Config(unittest.TestCase):
    def gateway(self, text, **options):
        daemon = Daemon(text, **options)
        self.addCleanup(daemon.close)
        return daemon

    def refusal(self, text):
        daemon = self.gateway(text)
        daemon.start(wait=False)
        self.assertEqual(daemon.wait(), 1)
        self.assertFalse((daemon.state_dir / "journal").exists(), "it wrote before it refused")
        self.assertIn("openclaw.json", daemon.text())
        return daemon.text()

    def test_json5_is_read(self):
        daemon = self.gateway("{ // a comment\n  agents: { list: [ { id: 'helper', } ], },\n}\n")
        daemon.start()
        with daemon.client() as client:
            agents = client.call("agents.list", {})["agents"]
        self.assertEqual([agent["id"] for agent in agents], ["helper"])

    def test_a_syntax_error_names_line_and_column(self):
        text = self.refusal("{\n  gateway: {\n    port: ,\n  },\n}\n")
        self.assertRegex(text, r":3:\d+|line 3")

    def test_a_wrong_type_names_line_and_key(self):
        text = self.refusal('{\n  "gateway": {\n    "port": "many"\n  }\n}\n')
        self.assertIn("gateway.port", text)
        self.assertRegex(text, r":3|line 3")

    def test_two_spellings_that_disagree_refuse_to_start(self):
        text = self.refusal({"gateway": {"auth": {"type": "token", "mode": "password"}}})
        self.assertIn("gateway.auth", text)

    def test_an_unknown_key_under_auth_refuses_to_start(self):
        self.assertIn("tokne", self.refusal({"gateway": {"auth": {"tokne": "x"}}}))

    def test_a_bind_beyond_loopback_without_tls_refuses_to_start(self):
        text = self.refusal('{\n  "gateway": {\n    "bind": "lan"\n  }\n}\n')
        self.assertRegex(text, r"openclaw\.json:3:\d+: gateway\.bind")
        self.assertIn("gateway.tls.certPath", text)
        self.assertIn("SSH tunnel", text)

    def test_an_origin_for_everybody_refuses_to_start(self):
        text = self.refusal({"gateway": {"controlUi": {"allowedOrigins": ["*"]}}})
        self.assertIn("gateway.controlUi.allowedOrigins", text)

    def test_an_admin_by_name_refuses_to_start(self):
        text = self.refusal({"gateway": {"auth": {"admin_channels": ["telegram:@me"]}}})
        self.assertIn("names can be changed", text)

    def test_a_dot_env_beside_the_file_gives_the_token(self):
        daemon = self.gateway({"gateway": {"auth": {"mode": "token"}}})
        dot_env = daemon.config_path.parent / ".env"
        dot_env.write_text("export OPENCLAW_GATEWAY_TOKEN='from-dot-env'\n", encoding="utf-8")
        dot_env.chmod(0o600)
        daemon.start()
        with daemon.client(token="from-dot-env") as client:
            self.assertTrue(client.call("health", {})["ok"])
        self.assertNotIn("from-dot-env", daemon.text())

    def test_an_unknown_key_elsewhere_is_one_warning(self):
        daemon = self.gateway({"somethingNew": {"deep": 1}}).start()
        self.assertEqual(daemon.text().count("somethingNew"), 1)

    def test_secrets_are_redacted(self):
        daemon = self.gateway('{ gateway: { auth: { mode: "token", token: "very-secret-token" } },\n'
                              '  // was very-secret-token-of-before\n}')
        daemon.start()
        with daemon.client(token="very-secret-token") as client:
            answer = json.dumps(client.call("config.get", {}))
        self.assertNotIn("very-secret-token", answer)
        self.assertIn("__OPENCLAW_REDACTED__", answer)
        self.assertNotIn("very-secret-token", daemon.text())

    def test_a_password_lets_in_and_no_token_is_made(self):
        auth = {"gateway": {"auth": {"mode": "password", "password": "correct-horse"}}}
        daemon = self.gateway(auth).start()
        self.assertFalse((daemon.state_dir / "token").exists())
        self.assertRegex(daemon.text(), r"ready: .*password in the configuration")
        (daemon.state_dir / "token").write_text("of-another-time\n", encoding="utf-8")
        (daemon.state_dir / "token").chmod(0o600)
        answer = daemon.run_cli("send", "hello")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("hello", answer.stdout)
        wrong = daemon.run_cli("send", "hello", "--token", "wrong-horse")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("password mismatch", wrong.stderr)
        self.assertIn("gateway.auth.password", wrong.stderr)
        self.assertNotIn("horse", daemon.text())

    def test_a_secret_that_a_reload_brings_stays_out_of_the_log(self):
        daemon = self.gateway({}).start()
        daemon.configure('{ gateway: { auth: { token: "new-secret" } },\n  "x-new-secret": 1 }')
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "configuration applied" in daemon.text(), "the new configuration")
        self.assertIn("x-[redacted]", daemon.text())
        daemon.configure("{ gateway: { auth: { token: newer_secret } } }")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "a word without quotes" in daemon.text(), "the refusal")
        self.assertNotIn("new-secret", daemon.text())
        self.assertNotIn("newer_secret", daemon.text())

    def test_what_has_no_effect_is_said_once(self):
        daemon = self.gateway({"crons": {"a": {"schedule": "0 9 * * *", "action": "x"}}}).start()
        self.assertEqual(daemon.text().count("crons has no effect in this version."), 1)

    def test_the_configured_port_is_used(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        daemon = self.gateway({"gateway": {"port": port}})
        started = daemon.run_cli("start")
        self.addCleanup(daemon.run_cli, "stop")
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertIn(f"ws://127.0.0.1:{port} ", started.stdout)
        daemon.port = port
        self.assertEqual(daemon.http("GET", "/ready")[0], 200)
        answer = daemon.run_cli("config", "get", "gateway.port")
        self.assertEqual((answer.returncode, answer.stdout), (0, f"{port}\n"), answer.stderr)

    def test_config_validate_judges_without_a_daemon(self):
        daemon = self.gateway({})
        self.assertEqual(daemon.run_cli("config", "validate").returncode, 0)
        daemon.configure("{ gateway: { port: 'x' } }")
        answer = daemon.run_cli("config", "validate")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("gateway.port", answer.stdout + answer.stderr)

    def test_an_environment_variable_is_put_in(self):
        daemon = self.gateway('{ gateway: { auth: { mode: "token", token: "${MY_TOKEN}" } } }',
                              environment={"MY_TOKEN": "from-the-environment"}).start()
        with daemon.client(token="from-the-environment") as client:
            self.assertTrue(client.call("health", {})["ok"])

    def test_a_token_that_is_given_needs_no_variable(self):
        text = '{ gateway: {\n auth: { mode: "token", token: "${NOT_SET}" } } }'
        daemon = self.gateway(text)
        daemon.start(wait=False)
        self.assertEqual(daemon.wait(), 1)
        self.assertRegex(daemon.text(), r"openclaw\.json:2:\d+: gateway\.auth\.token: .*NOT_SET")
        daemon = self.gateway(text)
        daemon.start("--token", "t0ken-of-the-command-line")
        with daemon.client(token="t0ken-of-the-command-line") as client:
            self.assertTrue(client.call("health", {})["ok"])
        answer = daemon.run_cli("send", "hello", "--token", "t0ken-of-the-command-line")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        daemon.reload()
        wait_until(lambda: "configuration applied" in daemon.text(), "it is taken at a reload, too")
        wrong = daemon.run_cli("send", "hello", "--token", "${NOT_SET}")
        self.assertEqual(wrong.returncode, 1, "the text of the variable is no token")

    def test_files_that_others_can_change_are_refused(self):
        daemon = self.gateway({})
        def refused(*words):
            daemon.start(wait=False)
            self.assertEqual(daemon.wait(), 1)
            said = daemon.text().splitlines()[-1]
            for word in words:
                self.assertIn(word, said)
        daemon.config_path.chmod(0o666)
        refused("openclaw.json", "0666", "chmod go-w")
        self.assertFalse(daemon.state_dir.exists(), "it wrote before it refused")
        daemon.config_path.chmod(0o600)
        daemon.start().stop()
        (daemon.state_dir / "identity.pem").chmod(0o620)
        refused("identity.pem", "0620", "chmod")
        (daemon.state_dir / "identity.pem").chmod(0o600)
        daemon.state_dir.chmod(0o777)
        refused("state", "0777", "chmod 700")
        self.assertIn("can be changed by others", daemon.run_cli("doctor").stdout)
        daemon.state_dir.chmod(0o700)
        daemon.folder.chmod(0o777)
        refused(str(daemon.folder), "0777", "chmod go-w")
        daemon.folder.chmod(0o700)
        daemon.start()

    def test_what_is_no_file_is_not_waited_for(self):
        for name in ("openclaw.json", "state/token", "state/identity.pem", "state/spine.lock"):
            daemon = self.gateway({})
            daemon.start().stop()
            place = daemon.folder / name
            place.unlink()
            os.mkfifo(place, 0o600)
            daemon.start(wait=False)
            self.assertEqual(daemon.wait(), 1, name)
            self.assertIn(place.name, daemon.text().splitlines()[-1])
        daemon = self.gateway({})
        os.mkfifo(daemon.folder / ".env", 0o600)
        daemon.start()
        self.assertIn(".env is not a regular file", daemon.text())

    def test_sighup_takes_over_what_can_change_live(self):
        daemon = self.gateway({"gateway": {"rate_limit": {"requests_per_minute": 0}}}).start()
        daemon.configure({"gateway": {"rate_limit": {"requests_per_minute": 0}},
                          "bindings": [{"agentId": "none", "match": {"channel": "test"}}]})
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: len(daemon.events("--kind", "ConfigApplied")) == 2, "the new policy")

    def test_a_bad_reload_keeps_the_old_configuration(self):
        daemon = self.gateway({}).start()
        daemon.configure("{ gateway: ")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "openclaw.json" in daemon.text().split("SIGHUP", 1)[-1],
                   "the refusal names the file")
        self.assertEqual(daemon.http("GET", "/ready")[0], 200)

    def test_the_generated_token_is_kept(self):
        daemon = self.gateway({}).start()
        token = daemon.token
        daemon.stop()
        daemon.start()
        self.assertEqual(daemon.token, token)
        self.assertEqual(os.stat(daemon.state_dir / "token").st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
