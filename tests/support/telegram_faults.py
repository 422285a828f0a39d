"""What goes wrong on purpose between a bot and its platform: one call at a time, for a while, or by a seed."""

import dataclasses
import random

# How a call goes wrong. TAKEN were acted upon by the platform before it went wrong.
KINDS = {
    "flood": "429 with retry_after=seconds, for the method and chat it was asked for, until they are over",
    "status": "an error with code (500) and description",
    "page": "404 with a page, as of a server between; not acted upon",
    "late": "acted upon and answered once the faults are cleared",
    "hang": "the call is never answered, nor acted upon; the connection stays open",
    "drop_before": "the connection ends; the call was not acted upon",
    "hang_after": "acted upon and never answered; the connection stays open",
    "drop_after": "acted upon; the connection ends before the answer",
    "slow": "acted upon, and answered as usual seconds later",
    "half": "acted upon; the connection ends in the middle of the answer",
    "garbage": "acted upon; the answer is not JSON",
    "huge": "acted upon; the answer is size bytes (64 MiB) long",
    "wrong": "acted upon; the answer is JSON of a wrong shape: body, or {\"ok\": true}",
}
TAKEN = {"slow", "hang_after", "drop_after", "half", "garbage", "huge", "wrong"}
CHAOS = ("flood", "status", "drop_before", "drop_after", "half", "garbage", "wrong")


@dataclasses.dataclass
class Fault:
    """One thing that goes wrong. `method` and `chat` None: any; `times` None: until it is cleared."""
    kind: str
    method: str = None
    chat: int = None
    times: int = 1
    seconds: int = 1
    code: int = 500
    description: str = "Internal Server Error"
    size: int = 64 << 20
    body: object = dataclasses.field(default_factory=lambda: {"ok": True})

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")

    @property
    def taken(self):
        return self.kind in TAKEN

    def fits(self, method, chat):
        return (self.method is None or self.method.lower() == method.lower()) and \
            (self.chat is None or str(self.chat) == str(chat))


class Faults:
    """Which calls go wrong. The caller holds the lock of the bot."""

    def __init__(self):
        self.planned = []
        self.mix = None  # (random.Random, rate, kinds, methods)
        self.met = 0
        self.cleared = 0  # how often

    def add(self, kind, **options):
        self.planned.append(Fault(kind, **options))

    def chaos(self, seed, rate, kinds=CHAOS, methods=None):
        """From here on each call goes wrong with the probability `rate`, by a seed; `methods` None: any."""
        names = None if methods is None else {name.lower() for name in methods}
        self.mix = (random.Random(seed), rate, list(kinds), names)

    def clear(self):
        self.planned.clear()
        self.cleared += 1
        self.mix = None

    def next(self, method, chat):
        """What goes wrong with this call; None: nothing."""
        for fault in self.planned:
            if fault.fits(method, chat):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.planned.remove(fault)
                self.met += 1
                return fault
        if self.mix is None:
            return None
        source, rate, kinds, methods = self.mix
        if (methods is not None and method.lower() not in methods) or source.random() >= rate:
            return None
        self.met += 1
        return Fault(source.choice(kinds), method=method, chat=chat)
