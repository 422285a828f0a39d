"""A gateway whose agents are scripted ones (scripted_agent.py), and ways to talk to them."""

import os
import pathlib
import shutil
import stat

from daemon import Daemon, wait_until

SCRIPTS = [pathlib.Path(__file__).with_name(name)
           for name in ("scripted_agent.py", "scripted_turn.py")]
PYTHON = "/usr/bin/python3"


class AgentDaemon(Daemon):
    """wires: {agent id: wire, or a dict of `spine` settings with "wire"}; the first is the default."""

    def __init__(self, wires=None, config=None, **options):
        self.wires = wires or {"main": "acp"}
        super().__init__(config={}, **options)
        self.folder.chmod(0o755)
        self.more = config or {}
        self.set_agents(self.wires)

    def workspace(self, agent="main"):
        return self.folder / ("work-" + agent)

    def set_agents(self, wires, **more):
        entries = {}
        for agent, settings in wires.items():
            settings = {"wire": settings} if isinstance(settings, str) else dict(settings)
            wire = settings.pop("wire", "acp")
            entry = settings.pop("agent", {})
            if wire == "echo":
                entries[agent] = {"spine": settings, **entry}
                continue
            place = self.workspace(agent)
            if not place.exists():
                place.mkdir()
                place.chmod(0o777)
                for script in SCRIPTS:
                    shutil.copy(script, place / script.name)
                    (place / script.name).chmod(0o644)
            driver = {"driver": wire, "command": PYTHON, "backOffMs": 20, "stopMs": 300,
                      "sandbox": {"mode": os.environ.get("SPINE_TEST_SANDBOX", "auto")}}
            # Pi's own arguments come first there; the script looks for them.
            arguments = [str(place / "scripted_agent.py"), wire]
            if wire == "pi":
                runner = place / "pi"
                runner.write_text(f'#!/bin/sh\nexec {PYTHON} {place}/scripted_agent.py pi "$@"\n')
                runner.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
                driver["command"], arguments = str(runner), []
            entries[agent] = {"workspace": str(place), **entry,
                              "spine": {**driver, "args": arguments, **settings}}
        self.configure({"gateway": {"rate_limit": {"requests_per_minute": 0}},
                        "agents": {"entries": entries}, **self.more, **more})

    def agents(self):
        with self.local_client() as client:
            return {row["id"]: row for row in client.call("agents.status", {})["agents"]}

    def processes(self):
        """Pids of everything that bears this gateway's mark, as /proc tells."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            try:
                variables = (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if state == "Z":
                continue
            if any(v.startswith(b"SPINE_AGENT_OWNER=") for v in variables) and \
                    str(self.folder).encode() in b"\0".join(variables):
                found.append(int(entry.name))
        return found

    def wait_no_processes(self):
        wait_until(lambda: not self.processes(), "no process of an agent is left")


def send(client, text, session="agent:main:main", **more):
    """chat.send; the run's id."""
    key = os.urandom(8).hex()
    answer = client.call("chat.send", {"sessionKey": session, "message": text,
                                       "idempotencyKey": key, **more})
    return answer["runId"]


def ends(client, run, timeout=None):
    """The chat event that ends the run."""
    return client.wait_event("chat", lambda p: p.get("runId") == run and
                             p.get("state") in ("final", "error", "aborted"), timeout=timeout)


def text_of(payload):
    """The words of a chat event: of an error why, not how far the answer had come."""
    message = payload.get("message") or {}
    content = message.get("content", "")
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return payload.get("errorMessage") or content


def ask(client, text, session="agent:main:main", **more):
    """Sends and waits for the end: (state, words)."""
    payload = ends(client, send(client, text, session, **more))
    return payload["state"], text_of(payload)
