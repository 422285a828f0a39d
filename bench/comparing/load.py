"""Runs the load generator and reads what it found."""

import json
import os
import subprocess

from .servers import Failed, NotThere


class Load:
    """spine-load, the same client for every server."""

    def __init__(self, binary, options):
        self.binary = binary
        self.options = options
        if not os.access(binary, os.X_OK):
            raise NotThere(f"{binary} is not built (configure with SPINE_BENCH=ON)")

    def run(self, server, connections, depth, mode=None, extra=()):
        """The generator's report as a dict."""
        command = [self.binary, mode or server.mode, "--json", "--port", str(server.port),
                   "--connections", str(connections), "--depth", str(depth),
                   "--seconds", str(self.options.seconds), "--warm", str(self.options.warm),
                   "--bytes", "256", "--server-pid", str(server.pid),
                   "--threads", str(self.options.load_threads), *server.load_arguments(), *extra]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise Failed(f"spine-load {mode or server.mode} {connections}x{depth}: "
                         f"{done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)

    def hold_idle(self, server, connections, seconds):
        """Opens idle connections; returns the process once all of them are ready."""
        command = [self.binary, "idle", "--port", str(server.port), "--connections",
                   str(connections), "--hold", str(seconds), *server.load_arguments()]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        if '"ready":true' not in line:
            raise Failed(f"spine-load idle: {process.communicate()[1].strip() or line.strip()}")
        return process
