"""Memory of the idle gateway and of idle connections, and the time from exec to healthy."""

import os
import shutil
import signal
import statistics
import subprocess
import time

from . import goals
from .servers import Failed, http_get


def memory_kib(pid):
    """(resident, anonymous) KiB from /proc/<pid>/smaps_rollup."""
    fields = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            parts = line.split()
            if len(parts) == 3 and parts[2] == "kB":
                fields[parts[0].rstrip(":")] = int(parts[1])
    return fields["Rss"], fields["Anonymous"]


def measure_memory(make_spine, load, options, say):
    spine = make_spine("memory")
    spine.start()
    try:
        time.sleep(1.0)
        resident, anonymous = memory_kib(spine.pid)
        holder = load.hold_idle(spine, options.idle_connections, 20)
        try:
            time.sleep(1.0)
            _, with_connections = memory_kib(spine.pid)
        finally:
            holder.terminate()
            holder.communicate()
    finally:
        spine.stop()
    per_connection = (with_connections - anonymous) / options.idle_connections
    say(f"memory: {anonymous / 1024:.1f} MB anonymous, {per_connection:.1f} KiB per idle connection")
    megabytes = anonymous * 1024 / 1e6
    return {
        "resident_mb": resident * 1024 / 1e6,
        "anonymous_mb": megabytes,
        "anonymous_verdict": goals.at_most(megabytes, goals.IDLE_ANONYMOUS_MB),
        "idle_connections": options.idle_connections,
        "per_connection_kib": per_connection,
        "per_connection_verdict": goals.at_most(per_connection, goals.IDLE_CONNECTION_KIB),
    }


def time_start(spine):
    """(ms to /health 200 and healthy, ms to /ready 200) from exec; the gateway runs afterwards."""
    began = time.perf_counter()
    spine.spawn()
    healthy = None
    while True:
        answer = http_get(spine.port, "/health" if healthy is None else "/ready")
        now = (time.perf_counter() - began) * 1000
        if answer is not None and answer[0] == 200:
            if healthy is not None:
                return healthy, now
            if '"healthy"' in answer[1]:
                healthy = now
                continue
        if spine.process.poll() is not None or now > 120_000:
            raise Failed(f"The gateway did not become healthy: {spine.log_tail()}")
        time.sleep(0.0005)


def wait_caught_up(spine, seconds=300.0):
    """Until the follower has indexed and folded everything: then a snapshot of the end is written
    by an orderly stop."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = http_get(spine.port, "/metrics")
        values = {}
        if answer is not None:
            for line in answer[1].splitlines():
                name, _, value = line.rpartition(" ")
                values[name] = value
        head = values.get("spine_journal_head_seq")
        if head is not None and head == values.get("spine_follower_applied_seq", head):
            return
        time.sleep(0.05)
    raise Failed("The follower did not catch up.")


def fill(fill_binary, state_dir, events):
    command = [fill_binary, "--state-dir", state_dir, "--events", str(events)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"spine-bench-fill: {done.stderr.strip()}")


def timed_starts(spine, repeats, stop_signal):
    healthy, ready = [], []
    for _ in range(repeats):
        first, second = time_start(spine)
        healthy.append(first)
        ready.append(second)
        spine.stop(stop_signal)
    return {"healthy_ms": statistics.median(healthy), "healthy_ms_max": max(healthy),
            "ready_ms": statistics.median(ready)}


def measure_start(make_spine, fill_binary, options, say):
    rows = []
    for events in [0] + options.events:
        if events == 0:
            spines = [make_spine(f"start-empty-{i}") for i in range(options.repeats)]
            one = [timed_starts(spine, 1, signal.SIGTERM) for spine in spines]
            row = {"healthy_ms": statistics.median(r["healthy_ms"] for r in one),
                   "healthy_ms_max": max(r["healthy_ms_max"] for r in one),
                   "ready_ms": statistics.median(r["ready_ms"] for r in one)}
            rows.append(verdict(row, "new state directory", 0, goals.HEALTHY_EMPTY_MS))
            again = timed_starts(spines[0], options.repeats, signal.SIGTERM)
            rows.append(verdict(again, "empty journal", 0, goals.HEALTHY_EMPTY_MS))
        else:
            spine = make_spine(f"start-{events}")
            say(f"writing a journal of {events:,} events")
            fill(fill_binary, spine.state_dir, events)
            time_start(spine)
            wait_caught_up(spine)
            spine.stop()
            row = timed_starts(spine, options.repeats, signal.SIGTERM)
            rows.append(verdict(row, "snapshot, orderly stop before", events, goals.HEALTHY_FULL_MS))
            row = timed_starts(spine, options.repeats, signal.SIGKILL)
            rows.append(verdict(row, "snapshot, kill -9 before", events, goals.HEALTHY_FULL_MS))
            shutil.rmtree(spine.directory, ignore_errors=True)
        for row in rows[-2:]:
            say(f"start, {row['what']}, {row['events']:,} events: {row['healthy_ms']:.1f} ms")
    return rows


def verdict(row, what, events, goal):
    row.update(what=what, events=events, goal_ms=goal,
               verdict=goals.at_most(row["healthy_ms"], goal))
    return row


def memory_table(memory):
    return "\n".join([
        "| what | figure | goal |", "|---|---|---|",
        f"| anonymous memory, idle | {memory['anonymous_mb']:.1f} MB | "
        f"<= {goals.IDLE_ANONYMOUS_MB:g} MB {memory['anonymous_verdict']} |",
        f"| resident memory, idle | {memory['resident_mb']:.1f} MB | |",
        f"| anonymous memory per idle connection (of {memory['idle_connections']}) | "
        f"{memory['per_connection_kib']:.1f} KiB | "
        f"<= {goals.IDLE_CONNECTION_KIB:g} KiB {memory['per_connection_verdict']} |"])


def start_table(rows):
    lines = ["| start | events in the journal | exec to /health 200 | slowest | exec to /ready 200 "
             "| goal |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['what']} | {row['events']:,} | {row['healthy_ms']:.1f} ms | "
                     f"{row['healthy_ms_max']:.1f} ms | {row['ready_ms']:.1f} ms | "
                     f"<= {row['goal_ms']:g} ms {row['verdict']} |")
    return "\n".join(lines)


def disk_of(path):
    """Filesystem type and device of a directory, for the head of the report."""
    best = ("", "?", "?")
    real = os.path.realpath(path)
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            device, mount, kind = line.split()[:3]
            if (real + "/").startswith(mount.rstrip("/") + "/") and len(mount) > len(best[0]):
                best = (mount, kind, device)
    return f"{best[1]} on {best[2]}"


