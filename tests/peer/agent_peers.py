"""Real agents: Pi and the example agent of the Agent Client Protocol, and a gateway that runs them."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

from daemon import Daemon

AGENT_PEERS = pathlib.Path(os.environ.get(
    "SPINE_AGENT_PEERS", pathlib.Path.home() / ".cache/spine-peers/agents-1"))
MODULES = AGENT_PEERS / "node_modules"
NODE = MODULES / "node/bin/node"
PI = MODULES / ".bin/pi"
ACP_AGENT = MODULES / "@agentclientprotocol/sdk/dist/examples/agent.js"
HERE = pathlib.Path(__file__).parent


def require():
    """Fails with what to do when the agents are not there."""
    for path in (NODE, PI, ACP_AGENT):
        if not path.exists():
            raise AssertionError(f"{path} is not there: run tests/peer/run, which installs it")


class ModelServer:
    """model_server.py as a process of its own."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-B", HERE / "model_server.py"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def requests(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/control/requests") as answer:
            return json.load(answer)

    def release(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control/release",
                                         method="POST", data=b"")
        urllib.request.urlopen(request).close()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class PeerDaemon(Daemon):
    """A gateway with one agent, main, whose `spine` settings are given."""

    def __init__(self, spine, agent=None):
        require()
        super().__init__()
        self.folder.chmod(0o755)
        self.workspace = self.folder / "work"
        self.workspace.mkdir()
        self.workspace.chmod(0o777)
        # What the example agent is started with: a module that node imports needs to be seen.
        entry = {"workspace": str(self.workspace), **(agent or {}),
                 "spine": {"backOffMs": 50, "sandbox": {"read": [str(AGENT_PEERS)]}, **spine}}
        self.configure({"gateway": {"rate_limit": {"requests_per_minute": 0}},
                        "agents": {"entries": {"main": entry}}})

    def agent(self):
        with self.local_client() as client:
            return client.call("agents.status", {})["agents"][0]

    @property
    def home(self):
        """The agent's own home: where Pi looks for its models."""
        return self.state_dir / "agents/main/home"


def pi_daemon(model_port, **spine):
    """A gateway with Pi, which asks the model server at that port."""
    daemon = PeerDaemon({"driver": "pi", "command": str(PI),
                         "env": {"PATH": f"{NODE.parent}:/usr/bin:/bin", "PI_OFFLINE": "1"},
                         **spine}, {"model": "local/m1"})
    place = daemon.home / ".pi/agent"
    place.mkdir(parents=True)
    models = {"providers": {"local": {
        "baseUrl": f"http://127.0.0.1:{model_port}/v1", "api": "openai-completions", "apiKey": "k",
        "models": [{"id": "m1", "name": "m1", "contextWindow": 100000, "maxTokens": 4096}]}}}
    (place / "models.json").write_text(json.dumps(models))
    # A gateway that is root gives its agents another uid: the home is theirs.
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "nobody", daemon.home], check=True)
        subprocess.run(["chmod", "-R", "a+rX", daemon.state_dir], check=True)
    return daemon
