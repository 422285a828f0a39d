"""Where the real clients are installed, and how they are run, each with a home of its own."""

import json
import os
import pathlib
import subprocess

PEERS = pathlib.Path(os.environ.get(
    "SPINE_PEERS", pathlib.Path.home() / ".cache/spine-peers/openclaw-2026.9.6"))
NODE = PEERS / "node_modules/node/bin/node"
OPENCLAW = PEERS / "node_modules/openclaw/openclaw.mjs"
CONTROL_UI = PEERS / "node_modules/openclaw/dist/control-ui"
CHROMIUM = pathlib.Path("/usr/bin/chromium")
# A real client starts in seconds on a busy machine.
PATIENCE = 90.0


def require():
    """Fails with what to do when the clients are not there."""
    for path in (NODE, OPENCLAW, CONTROL_UI):
        if not path.exists():
            raise AssertionError(f"{path} is not there: run tests/peer/run, which installs it")


class Home:
    """An OpenClaw user: a home folder, and what its clients are told of the gateway."""

    def __init__(self, folder, config=None):
        require()
        self.folder = pathlib.Path(folder)
        (self.folder / ".openclaw").mkdir(parents=True, exist_ok=True)
        if config is not None:
            (self.folder / ".openclaw/openclaw.json").write_text(json.dumps(config))

    def environment(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OPENCLAW_")}
        return {**kept, "HOME": str(self.folder), "NO_COLOR": "1", "TERM": "xterm-256color",
                "PEERS": str(PEERS)}

    def run(self, *arguments, timeout=PATIENCE):
        """One run of the openclaw command line; the finished process."""
        return subprocess.run([NODE, OPENCLAW, *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, check=False,
                              env=self.environment())

    def node(self, script, *arguments, timeout=PATIENCE):
        """One run of a script of ours under the same node; the finished process."""
        return subprocess.run([NODE, script, *arguments], capture_output=True, text=True,
                              timeout=timeout, check=False, env=self.environment())


def remote(port, token):
    """The configuration of a client whose gateway runs at this port."""
    return {"gateway": {"mode": "remote",
                        "remote": {"url": f"ws://127.0.0.1:{port}", "token": token}}}
