"""The life of the gateway from outside: start, health, refusals, stop."""

import json
import os
import signal
import socket
import subprocess
import unittest

from daemon import PATIENCE, SANITIZED, SPINE, Daemon, wait_until


class Life(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)

    def test_health_says_healthy_with_uptime_connections_and_agents(self):
        self.daemon.start()
        status, headers, body = self.daemon.http("GET", "/health")
        health = json.loads(body)
        self.assertEqual(status, 200)
        self.assertEqual(health["ok"], True)
        self.assertEqual(health["status"], "healthy")
        self.assertEqual(health["connections"], 0)
        self.assertGreaterEqual(health["agents"], 1)
        self.assertIsInstance(health["uptime"], int)
        self.assertEqual(headers.get("Cache-Control"), "no-store")
        self.assertEqual(headers.get("X-Content-Type-Options"), "nosniff")
        self.assertEqual(self.daemon.http("GET", "/healthz")[0], 200)

    def test_debuggers_may_look_into_it_only_when_asked_for(self):
        # The kernel gives what lies in /proc of a process that is not dumpable to root.
        def owner():
            return os.stat(f"/proc/{self.daemon.process.pid}/environ").st_uid

        other = 65534  # of a process of our own nothing would show that root runs
        if os.getuid() != 0 or SANITIZED:
            self.skipTest("needs root, to run the gateway as somebody else, and no sanitizer in it")
        for path in (self.daemon.folder, self.daemon.config_path):
            os.chown(path, other, other)
        for arguments, expected in (((), 0), (("--dumpable",), other)):
            self.daemon.start(*arguments, user=other)
            self.assertEqual(owner(), expected, arguments)
            self.daemon.stop()
        self.assertIn("--dumpable", self.daemon.text())

    def test_health_counts_authenticated_connections(self):
        self.daemon.start()
        with self.daemon.client(), self.daemon.client(token=None, handshake=False):
            self.assertEqual(self.daemon.get_json("/health")["connections"], 1)
        wait_until(lambda: self.daemon.get_json("/health")["connections"] == 0, "the count sinks")

    def test_ready_names_nothing_that_fails(self):
        self.daemon.start()
        for path in ("/ready", "/readyz"):
            status, _, body = self.daemon.http("GET", path)
            self.assertEqual((status, json.loads(body)["ready"]), (200, True))
            self.assertEqual(json.loads(body)["failing"], [])

    def test_metrics_are_prometheus_text_and_count_messages(self):
        self.daemon.start()
        before = self._metric("spine_journal_head_seq")
        self.assertEqual(self.daemon.run_cli("send", "hello").returncode, 0)
        self.assertGreater(self._metric("spine_journal_head_seq"), before)
        _, headers, body = self.daemon.http("GET", "/metrics")
        self.assertIn("text/plain", headers["Content-Type"])
        for line in body.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) \w+ .+|(spine|process)_\w+(\{.*\})? [-+0-9.eE]+|\w+ .*)$")

    def _metric(self, name):
        for line in self.daemon.http("GET", "/metrics")[2].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        self.fail(f"no metric {name}")

    def test_unknown_path_is_404_and_wrong_method_405(self):
        self.daemon.start()
        self.assertEqual(self.daemon.http("GET", "/nope")[0], 404)
        status, headers, _ = self.daemon.http("POST", "/health")
        self.assertEqual(status, 405)
        self.assertEqual(headers.get("Allow"), "GET, HEAD")

    def test_it_answers_on_both_loopback_addresses(self):
        self.daemon.start()
        try:
            probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            self.skipTest("this machine has no ::1")
        probe.close()
        with socket.create_connection(("::1", self.daemon.port), timeout=PATIENCE) as other:
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n")
            self.assertIn(b" 200 ", other.recv(4096))

    def test_state_is_private(self):
        self.daemon.start()
        self.assertEqual(os.stat(self.daemon.state_dir / "token").st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.daemon.state_dir).st_mode & 0o077, 0)
        self.assertGreaterEqual(len(self.daemon.token), 32)
        self.assertNotIn(self.daemon.token, self.daemon.text())

    def test_a_taken_port_is_named_with_its_owner(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.daemon.start(port=port, wait=False)
            self.assertEqual(self.daemon.wait(), 1)
        text = self.daemon.text()
        self.assertIn(f"Error: Port {port} is already in use", text)
        self.assertIn(str(os.getpid()), text)
        self.assertIn("ss -ltnp", text)
        self.assertFalse((self.daemon.state_dir / "journal").exists(), "it wrote before it bound")

    def test_a_second_daemon_on_one_state_directory_is_refused(self):
        self.daemon.start()
        with Daemon(folder=self.daemon.folder) as second:
            second.output = self.daemon.folder / "second.txt"
            second.start(wait=False)
            self.assertEqual(second.wait(), 1)
            self.assertIn(str(self.daemon.process.pid), second.text())
        self.assertEqual(self.daemon.http("GET", "/ready")[0], 200)

    def test_gateway_down_says_where_and_what_to_do(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        answer = self.daemon.run_cli("health", "--port", str(port), "--token", "x")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("Error: Connection refused", answer.stderr)
        self.assertIn(f"127.0.0.1:{port}", answer.stderr)
        self.assertIn("spine start", answer.stderr)

    def test_sigterm_says_goodbye_and_ends_in_order(self):
        self.daemon.start()
        with self.daemon.client() as client:
            self.daemon.signal(signal.SIGTERM)
            self.assertIn("reason", client.wait_event("shutdown"))
            self.assertEqual(client.wait_closed().code, 1012)
        self.assertEqual(self.daemon.wait(), 0)
        kinds = [event["kind"] for event in self.daemon.events()]
        self.assertEqual(kinds[-1], "EngineStopped")

    def test_a_second_signal_ends_it_at_once(self):
        self.daemon.configure({"agents": {"defaults": {"spine": {"delayMs": 60_000}}}})
        self.daemon.start()
        with self.daemon.client() as client:
            client.call("chat.send", {"sessionKey": "main", "message": "x", "idempotencyKey": "k"})
        # Held still, so that both are there before either is taken up; of one number only one would be.
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            self.daemon.signal(number)
        self.assertEqual(self.daemon.wait(), 1)
        self.assertIn("SIGINT: stopping", self.daemon.text())
        self.assertIn("SIGTERM again: ending at once", self.daemon.text())
        self.assertNotIn("stopped", self.daemon.text())
        self.assertEqual(self.daemon.replay("journal", "verify").returncode, 0)

    def test_start_stop_and_restart_in_the_background(self):
        port = ("--port", str(self._free_port()))
        started = self.daemon.run_cli("start", *port)
        self.assertEqual(started.returncode, 0, started.stderr)
        try:
            self.assertEqual(self.daemon.run_cli("health", *port).returncode, 0)
            again = self.daemon.run_cli("start", *port)
            self.assertIn("already", (again.stdout + again.stderr).lower())
            self.assertEqual(self.daemon.run_cli("restart", *port).returncode, 0)
            self.assertEqual(self.daemon.run_cli("health", *port).returncode, 0)
        finally:
            stopped = self.daemon.run_cli("stop", *port)
        self.assertEqual(stopped.returncode, 0, stopped.stderr)
        self.assertEqual(self.daemon.run_cli("health", *port).returncode, 1)

    def test_start_waits_for_a_gateway_that_is_not_ready(self):
        self.daemon.start()
        self.daemon.signal(signal.SIGSTOP)
        answer = self.daemon.run_cli("start", "--timeout", "1")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn(f"(pid {self.daemon.process.pid}) holds this state directory", answer.stderr)
        self.daemon.signal(signal.SIGCONT)
        answer = self.daemon.run_cli("start")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn(f"already: ws://127.0.0.1:{self.daemon.port} ", answer.stdout)

    @staticmethod
    def _free_port():
        with socket.create_server(("127.0.0.1", 0)) as unused:
            return unused.getsockname()[1]

    def test_start_says_why_it_did_not_become_healthy(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            answer = self.daemon.run_cli("start", "--port", str(port))
        self.assertEqual(answer.returncode, 1)
        self.assertIn(f"Port {port} is already in use", answer.stdout + answer.stderr)

    def test_the_steps_of_the_start_are_logged(self):
        self.daemon.start()
        text = self.daemon.text().lower()
        for step in ("config", "bind", "journal", "ready"):
            self.assertIn(step, text)

    def test_version_is_printed_without_a_daemon(self):
        answer = subprocess.run([SPINE, "--version"], capture_output=True, text=True, check=True)
        self.assertRegex(answer.stdout, r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
