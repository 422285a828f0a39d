"""Runs the built gateway in a fresh directory: start, kill, stop, the CLI beside it, HTTP to it."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from spine_client import Client, Timeout

BUILD = pathlib.Path(os.environ.get("SPINE_BUILD_DIR", "build/dev")).resolve()
SPINE = BUILD / "spine"
SPINE_REPLAY = BUILD / "spine-replay"
SANITIZED = bool(os.environ.get("SPINE_SANITIZE"))
# Everything takes longer under a sanitizer; a deadline that is reached means "never".
PATIENCE = 60.0 if SANITIZED else 20.0


def wait_until(condition, what, timeout=PATIENCE):
    """Asks again and again until the condition holds; its value. The pause only yields the processor."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Timeout(f"not within {timeout} s: {what}")
        time.sleep(0.005)


class Daemon:
    """One state directory and, at most times, one process of the gateway on it."""

    def __init__(self, config=None, folder=None, environment=None):
        self.owns_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="spine-test-"))
        self.state_dir = self.folder / "state"
        self.config_path = self.folder / "openclaw.json"
        self.environment = dict(environment or {})
        self.process = None
        self.port = None
        self.output = self.folder / "output.txt"
        self.configure(config if config is not None else {})

    def configure(self, config):
        """A dict gets what tests take for granted: everybody may write, unless it says otherwise."""
        if not isinstance(config, str):
            channels = {"defaults": {"dmPolicy": "open", "groupPolicy": "open"}, **config.get("channels", {})}
            config = {**config, "channels": channels}
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        self.config_path.write_text(text, encoding="utf-8")
        self.config_path.chmod(0o644)  # whatever the umask: what others can change is refused

    def _environment(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OPENCLAW_")}
        return {**kept, "HOME": str(self.folder), **self.environment}

    def _target(self):
        return ["--state-dir", str(self.state_dir), "--config", str(self.config_path)]

    def start(self, *arguments, port=0, wait=True, user=None):
        """Starts `spine run`, as `user` if one is given; with wait, returns when /ready says so."""
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [SPINE, "run", *self._target(), "--port", str(port), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment(), user=user)
        if wait:
            self.wait_bound()
            wait_until(self._ready, "the gateway is ready")
        return self

    def wait_bound(self):
        """Returns when the gateway has its port; it may still be recovering."""
        self.port = wait_until(self._bound_port, "the gateway names its port")

    def text(self):
        return self.output.read_text(encoding="utf-8", errors="replace")

    def _alive_or_raise(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}:\n{self.text()}")

    def _bound_port(self):
        """The port in <state-dir>/spine.lock, once this process has written it: "<pid> <port>"."""
        self._alive_or_raise()
        try:
            text = (self.state_dir / "spine.lock").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        words = text.split()
        if len(words) == 2 and int(words[0]) == self.process.pid and int(words[1]):
            return int(words[1])
        return None

    def _ready(self):
        self._alive_or_raise()
        try:
            return self.http("GET", "/ready")[0] == 200
        except OSError:
            return False

    def http(self, method, path, headers=None):
        """(status, headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def get_json(self, path):
        return json.loads(self.http("GET", path)[2])

    def metric(self, name):
        """The value /metrics gives for one name without labels."""
        for line in self.http("GET", "/metrics")[2].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    @property
    def token(self):
        return (self.state_dir / "token").read_text(encoding="utf-8").strip()

    def client(self, **options):
        return Client(self.port, options.pop("token", None) or self.token,
                      timeout=options.pop("timeout", PATIENCE), **options)

    def stranger(self, **options):
        """A client that has its challenge and has not said who it is."""
        return Client(self.port, handshake=False, timeout=PATIENCE, **options)

    def local_client(self, **options):
        """A client on the control socket: it needs no token."""
        return Client(self.state_dir / "control.sock", timeout=PATIENCE, **options)

    def listener(self, **options):
        """A client that is told what happens in every session."""
        client = self.client(**options)
        client.call("sessions.subscribe", {})
        return client

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        """Asks the gateway to read its configuration again."""
        self.signal(signal.SIGHUP)

    def wait(self, timeout=PATIENCE):
        """The exit code; a gateway that does not end is killed, and the test fails."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def stop(self):
        """Orderly, by SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def run_cli(self, *arguments, timeout=PATIENCE, target=True, stdin=None, program=SPINE):
        """One run of the command line on this state directory; the finished process."""
        command = [str(program), *arguments, *(self._target() if target else [])]
        if program == SPINE_REPLAY:
            command = [str(program), *arguments, "--state-dir", str(self.state_dir)]
        return subprocess.run(command, capture_output=True, text=True, input=stdin, check=False,
                              timeout=timeout, env=self._environment())

    def spawn_cli(self, *arguments, stdout):
        """One run of the command line that goes on beside the test; its process."""
        return subprocess.Popen([SPINE, *arguments, *self._target()], stdin=subprocess.DEVNULL,
                                stdout=stdout, env=self._environment())

    def replay(self, *arguments):
        return self.run_cli(*arguments, program=SPINE_REPLAY, timeout=3 * PATIENCE)

    def events(self, *arguments):
        """journal dump --json as a list."""
        answer = self.replay("journal", "dump", "--json", *arguments)
        if answer.returncode != 0:
            raise AssertionError(f"journal dump failed:\n{answer.stdout[-500:]}{answer.stderr}")
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def check_decisions(self):
        """What this journal records is decided the same again; one that cannot be read says nothing."""
        if not (self.state_dir / "journal" / "data.mdb").exists():
            return
        answer = self.replay("replay", "fork", "--at", "1")
        if answer.returncode not in (0, 1):
            raise AssertionError(f"recorded decisions are not taken again:\n{answer.stdout}{answer.stderr}")

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        try:
            self.check_decisions()
        finally:
            if self.owns_folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
