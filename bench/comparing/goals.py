"""The goals of Spine's speed and memory, and how a figure stands to them."""

CELLS = [(1, 1), (64, 1), (64, 4), (64, 16), (1000, 16)]
ROUNDTRIP_CELLS = [(1, 1), (16, 1), (64, 1), (64, 4)]

# Ingest, as a ratio to the peer's messages per second.
VS_REDIS = {(64, 1): 1.0, (64, 4): 1.5, (64, 16): 2.0, (1000, 16): 3.0}
VS_ECHO = {(64, 16): 0.35, (1000, 16): 0.55}

IDLE_ANONYMOUS_MB = 20.0
IDLE_CONNECTION_KIB = 16.0
HEALTHY_EMPTY_MS = 50.0
HEALTHY_FULL_MS = 1000.0


def at_least(value, goal):
    if goal is None or value is None:
        return ""
    return "reached" if value >= goal else "missed"


def at_most(value, goal):
    if goal is None or value is None:
        return ""
    return "reached" if value <= goal else "missed"
