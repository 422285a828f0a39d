"""Servers under comparison: how each is started on a free loopback port and ended by its pid."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time

STARTED = []  # every Server that runs, so that all can be ended


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http_get(port, path, timeout=2.0):
    """(status, body), or None while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class NotThere(Exception):
    """The program is not installed or not built; the text says what to do."""


class Failed(Exception):
    """Something that should run did not."""


class Server:
    """One process of ours. Subclasses say how it is started and when it is ready."""

    name = ""
    mode = ""  # of spine-load
    durable = ""

    def __init__(self, directory):
        self.directory = directory
        self.port = None
        self.process = None

    def command(self):
        raise NotImplementedError

    def load_arguments(self):
        return []

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    @property
    def pid(self):
        return self.process.pid

    def spawn(self):
        os.makedirs(self.directory, exist_ok=True)
        if self.port is None:
            self.port = free_port()
        log = open(os.path.join(self.directory, "output.log"), "ab")
        with log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        STARTED.append(self)

    def wait_ready(self, seconds=20.0):
        end = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with code {self.process.returncode}: {self.log_tail()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} was not ready after {seconds:.0f} s: {self.log_tail()}")
            time.sleep(0.002)

    def start(self):
        self.spawn()
        self.wait_ready()
        return self

    def cpu_seconds(self):
        """CPU time of the process so far, from /proc/<pid>/stat."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self, seconds=60.0):
        """Waits until the server has nothing left to do, so that it takes no CPU from the next one.
        Returns how long that was."""
        began = time.monotonic()
        before = self.cpu_seconds()
        while time.monotonic() - began < seconds:
            time.sleep(0.1)
            now = self.cpu_seconds()
            if now - before < 0.015:
                break
            before = now
        return time.monotonic() - began

    def log_tail(self):
        with open(os.path.join(self.directory, "output.log"), "rb") as log:
            return log.read()[-600:].decode("utf-8", "replace").strip()

    def stop(self, number=signal.SIGTERM):
        if self in STARTED:
            STARTED.remove(self)
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def stop_all():
    for server in list(STARTED):
        server.stop(signal.SIGKILL)


def program(name, package):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise NotThere(f"{name} is not installed (apt-get install {package}, or run with --install)")
    return path


class Spine(Server):
    name = "Spine"
    mode = "ingest"
    durable = "fsynced"

    def __init__(self, directory, binary, bench_agent="none"):
        super().__init__(directory)
        self.binary = binary
        self.bench_agent = bench_agent
        if not os.access(binary, os.X_OK):
            raise NotThere(f"{binary} is not built (engine/up --build-only)")
        self.state_dir = os.path.join(directory, "state")
        self.config = os.path.join(directory, "openclaw.json")
        os.makedirs(directory, exist_ok=True)
        with open(self.config, "w", encoding="ascii") as file:
            json.dump(self.settings(), file, indent=2)

    def settings(self):
        return {
            "gateway": {
                "auth": {"mode": "token"},
                "rate_limit": {"requests_per_minute": 0},
            },
            "channels": {"bench": {"enabled": True, "dmPolicy": "open", "allowFrom": ["*"]}},
            "bindings": [{"agentId": self.bench_agent, "match": {"channel": "bench"}}],
        }

    def command(self):
        return [self.binary, "run", "--config", self.config, "--state-dir", self.state_dir,
                "--port", str(self.port)]

    def load_arguments(self):
        return ["--token-file", os.path.join(self.state_dir, "token")]

    def is_ready(self):
        answer = http_get(self.port, "/ready")
        return answer is not None and answer[0] == 200


class Redis(Server):
    name = "Redis"
    mode = "redis"
    durable = "fsynced (appendfsync always)"

    def command(self):
        # Neither snapshots nor rewrites of the log: nothing but the appends is measured.
        return [program("redis-server", "redis-server"), "--port", str(self.port), "--bind", "127.0.0.1",
                "--dir", self.directory, "--appendonly", "yes", "--appendfsync", "always",
                "--save", "", "--auto-aof-rewrite-percentage", "0", "--daemonize", "no"]


class Nats(Server):
    name = "NATS"
    mode = "nats"
    durable = "NOT fsynced (2.9 syncs every 2 minutes and has no sync_interval)"

    def command(self):
        return [program("nats-server", "nats-server"), "-a", "127.0.0.1", "-p", str(self.port),
                "-js", "-sd", os.path.join(self.directory, "store")]


class Echo(Server):
    name = "echo"
    mode = "echo"
    durable = "nothing is kept"

    def __init__(self, directory, binary):
        super().__init__(directory)
        self.binary = binary
        if not os.access(binary, os.X_OK):
            raise NotThere(f"{binary} is not built (configure with SPINE_BENCH=ON)")

    def command(self):
        return [self.binary, "--port", str(self.port)]
