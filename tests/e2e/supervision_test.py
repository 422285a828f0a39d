"""What a supervisor relies on: readiness while it recovers, what systemd is told, reloading."""

import fcntl
import json
import os
import pathlib
import signal
import socket
import tempfile
import time
import unittest

from daemon import PATIENCE, Daemon, wait_until
from spine_client import Client, RpcError, channel_message, connect_params


class Recovering(unittest.TestCase):
    """The test holds a lease on the journal's file: recovery, which opens it, waits until it is given
    up (fcntl(2), F_SETLEASE; the kernel takes it away after 45 seconds)."""

    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.assertEqual(self.daemon.stop(), 0)
        self.addCleanup(signal.signal, signal.SIGIO, signal.signal(signal.SIGIO, signal.SIG_IGN))
        self.lease = os.open(self.daemon.state_dir / "journal" / "data.mdb", os.O_RDWR)
        fcntl.fcntl(self.lease, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        self.addCleanup(self.let_go_on)
        self.daemon.start(wait=False)
        self.daemon.wait_bound()
        wait_until(lambda: self.ready()[1] == ["recovering"], "it recovers")

    def ready(self):
        status, _, body = self.daemon.http("GET", "/ready")
        return status, json.loads(body)["failing"]

    def let_go_on(self):
        if self.lease is not None:
            os.close(self.lease)
        self.lease = None

    def test_ready_says_503_and_health_still_200(self):
        self.assertEqual(self.ready(), (503, ["recovering"]))
        status, _, body = self.daemon.http("GET", "/health")
        self.assertEqual((status, json.loads(body)["status"]), (200, "starting"))

    def test_a_connect_is_told_to_come_back_and_closed_with_1013(self):
        with Client(self.daemon.port, handshake=False, timeout=PATIENCE) as client:
            with self.assertRaises(RpcError) as caught:
                client.call("connect", connect_params(self.daemon.token))
            error = caught.exception.error
            self.assertEqual((error["code"], error["retryable"]), ("UNAVAILABLE", True))
            self.assertEqual(error["details"]["reason"], "startup-sidecars")
            self.assertGreater(error["retryAfterMs"], 0)
            closed = client.wait_closed()
        self.assertEqual((closed.code, closed.reason), (1013, "gateway starting"))

    def test_a_reload_waits_until_it_has_recovered(self):
        self.daemon.signal(signal.SIGHUP)
        self.test_it_serves_once_it_has_recovered()

    def test_it_serves_once_it_has_recovered(self):
        self.let_go_on()
        wait_until(lambda: self.ready() == (200, []), "it is ready")
        with self.daemon.client() as client:
            self.assertTrue(client.call("health", {})["ok"])


class Notify(unittest.TestCase):
    """systemd's side of Type=notify: a datagram socket that is named in NOTIFY_SOCKET."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spine-notify-")
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "socket"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(str(path))
        self.socket.settimeout(PATIENCE)
        self.daemon = Daemon(environment={"NOTIFY_SOCKET": str(path)})
        self.addCleanup(self.daemon.close)
        self.daemon.start(wait=False)

    def wait_for(self, line):
        """The first message that says so; the gateway sends others, one every second."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            said = self.socket.recv(4096).decode().split("\n")
            if line in said:
                return said
        self.fail(f"not within {PATIENCE} s: {line}")

    def test_it_says_ready_and_where_it_listens(self):
        said = self.wait_for("READY=1")
        self.daemon.wait_bound()
        self.assertTrue(any(line.startswith("STATUS=") and str(self.daemon.port) in line
                            for line in said), said)
        status, _, body = self.daemon.http("GET", "/ready")
        self.assertEqual(status, 200, body)

    def test_it_says_that_it_stops(self):
        self.wait_for("READY=1")
        self.daemon.signal(signal.SIGTERM)
        self.wait_for("STOPPING=1")
        self.assertEqual(self.daemon.wait(), 0)

    def test_it_says_that_it_reloads_and_is_ready_again(self):
        self.wait_for("READY=1")
        self.daemon.signal(signal.SIGHUP)
        said = self.wait_for("RELOADING=1")
        self.assertTrue(any(line.startswith("MONOTONIC_USEC=") for line in said), said)
        self.wait_for("READY=1")


class Reload(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(self.config("open"))
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    @staticmethod
    def config(policy):
        return {"channels": {"test": {"dmPolicy": policy, "allowFrom": ["*"]}}}

    def test_a_sender_is_refused_after_a_reload_without_a_restart(self):
        with self.daemon.client() as client:
            client.call("channel.message", channel_message("m1", "hello", sender="anna"))
            self.daemon.configure(self.config("disabled"))
            self.daemon.signal(signal.SIGHUP)
            wait_until(lambda: len(self.daemon.events("--kind", "ConfigApplied")) == 2,
                       "the new policy is in the journal")
            with self.assertRaises(RpcError) as caught:
                client.call("channel.message", channel_message("m2", "again", sender="anna"))
        self.assertEqual(caught.exception.code, "FORBIDDEN")
        self.assertEqual(len(self.daemon.events("--kind", "EngineStarted")), 1)


if __name__ == "__main__":
    unittest.main()
