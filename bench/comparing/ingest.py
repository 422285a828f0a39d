"""Durable ingest side by side: every server in turn within a cell, and the tables of it."""

import statistics

from . import goals
from .servers import Failed


def measure(servers, load, options, say):
    """{cell: {server name: [report, ...]}}; the servers of a cell take turns, repeat by repeat, and
    each repeat begins with another one. Work a server puts off must be done before the next one runs."""
    results = {}
    for connections, depth in options.cells:
        cell = results.setdefault((connections, depth), {server.name: [] for server in servers})
        for repeat in range(options.repeats):
            first = repeat % len(servers)
            for server in servers[first:] + servers[:first]:
                report = load.run(server, connections, depth)
                report["settle_seconds"] = server.settle()
                cell[server.name].append(report)
                say(f"{connections}x{depth} {repeat + 1}/{options.repeats} {server.name}: "
                    f"{report['per_second']:,.0f}/s, p50 {report['p50_us']:.0f} us, "
                    f"settled after {report['settle_seconds']:.1f} s")
                if server.process.poll() is not None:
                    raise Failed(f"{server.name} ended during the measurement: {server.log_tail()}")
    return results


def median(reports, key):
    return statistics.median(report[key] for report in reports) if reports else None


def ratio(cell, of, to):
    """Median over the repeats of the paired ratio, or None."""
    if not cell.get(of) or not cell.get(to):
        return None
    return statistics.median(
        a["per_second"] / b["per_second"] for a, b in zip(cell[of], cell[to]))


def short(number):
    if number is None:
        return "-"
    return f"{number / 1000:,.1f}k" if number < 100_000 else f"{number / 1000:,.0f}k"


def figures_table(results, names):
    head = "| connections x depth | " + " | ".join(
        f"{name} msgs/s (min-max) | p50 / p99 us | server CPU us/msg" for name in names) + " |"
    lines = [head, "|---" * (1 + 3 * len(names)) + "|"]
    for (connections, depth), cell in results.items():
        row = [f"{connections}x{depth}"]
        for name in names:
            reports = cell[name]
            rates = [report["per_second"] for report in reports]
            row += [f"{short(median(reports, 'per_second'))} ({short(min(rates))}-{short(max(rates))})",
                    f"{median(reports, 'p50_us'):,.0f} / {median(reports, 'p99_us'):,.0f}",
                    f"{median(reports, 'server_cpu_us'):.2f}"]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def goal_text(goal, verdict):
    return "" if goal is None else f">= {goal:g}x {verdict}"


def ratio_rows(results):
    """One dict per cell: the ratios of Spine to the others, goals and verdicts."""
    rows = []
    for pair, cell in results.items():
        redis, nats, echo = (ratio(cell, "Spine", name) for name in ("Redis", "NATS", "echo"))
        rows.append({
            "cell": f"{pair[0]}x{pair[1]}",
            "vs_redis": redis, "redis_goal": goals.VS_REDIS.get(pair),
            "redis_verdict": goals.at_least(redis, goals.VS_REDIS.get(pair)),
            "vs_nats": nats,
            "vs_echo": echo, "echo_goal": goals.VS_ECHO.get(pair),
            "echo_verdict": goals.at_least(echo, goals.VS_ECHO.get(pair)),
        })
    return rows


def ratios_table(rows):
    lines = ["| connections x depth | vs Redis | goal | vs NATS (not fsynced) | vs echo | goal |",
             "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['cell']} | {times(row['vs_redis'])} | "
            f"{goal_text(row['redis_goal'], row['redis_verdict'])} | {times(row['vs_nats'])} | "
            f"{times(row['vs_echo'])} | {goal_text(row['echo_goal'], row['echo_verdict'])} |")
    return "\n".join(lines)
