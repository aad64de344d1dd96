"""What a seed does: blows at the machinery while units are on their way, and faults of the platform at single units."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from tests.chaos.world import World
from tests.stage import Stage

STEP = ("validate", "prepare", "commit")
FAULTS: Sequence[tuple[str, Sequence[str], Mapping[str, Any]]] = (
    ("overloaded", STEP, {"status": 503, "code": "ServerBusy", "message": "The server is busy."}),
    ("proxy's page", STEP, {"status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"}),
    ("throttled", STEP, {"status": 429, "code": "TooManyRequests", "headers": {"Retry-After": "2"}}),
    ("conflict", ("prepare", "commit"), {"status": 409, "code": "ConflictError", "message": "Another operation."}),
    ("slow", STEP, {"delay": 6}),
    ("hangs", ("prepare",), {"hang": True}),
    ("cut", STEP, {"cut": True}),
    ("answer lost", ("prepare", "commit"), {"lose_reply": True}),
    ("fails", ("prepare", "commit"), {"operation": {"code": "InternalError", "message": "The fabric stumbled."}}),
    ("quota", ("prepare",), {"quota": {"resource": "cores", "current": 10, "needed": 4}}),
    ("refused", ("prepare",), {"status": 400, "code": "BadRequest", "message": "Not tonight."}),
    ("platform dies", ("prepare", "commit"), {"crash": "after"}),
)
"""Of single units: what it is called, which steps it meets, and how it is told to the emulator."""
PLATFORM_DIES_AT_MOST = 2
HOUR = 3600
AWHILE = 90
"""What the server reckons with a clock that is ahead, it still does once the clock is right: for as long as that."""


def disturb(
    stage: Stage, units: Sequence[str], share: float, chance: random.Random, *, slow: bool = True
) -> dict[str, str]:
    """Script faults for a share of the units; answers what each will meet, as VERB: FAULT."""
    met: dict[str, str] = {}
    for unit in units:
        if chance.random() > share:
            continue
        name, verbs, then = chance.choice([fault for fault in FAULTS if slow or fault[0] not in ("hangs", "slow")])
        if "crash" in then and sum(each.endswith(name) for each in met.values()) >= PLATFORM_DIES_AT_MOST:
            continue
        verb = chance.choice(verbs)
        stage.disturb(unit, {"verb": verb}, then)
        met[unit] = f"{verb}: {name}"
    return met


@dataclass(frozen=True)
class Blow:
    """Something that happens to a part `after` seconds of peace, and for how many seconds it `lasts`."""

    after: float
    part: str
    how: str
    lasts: float = 0.0

    def __str__(self) -> str:
        return f"{self.part} {self.how}" + (f" {self.lasts:.0f} s" if self.lasts else "")


def drawn(world: World, chance: random.Random, number: int, peace: float, longest: float) -> list[Blow]:
    """As many blows, no kind twice before each came; `peace` and `longest` bound their seconds."""
    kinds = [(part, how) for part, hows in _KINDS.items() for how in hows if _there(world, part)]
    drawn: list[Blow] = []
    while len(drawn) < number:
        for part, how in chance.sample(kinds, min(len(kinds), number - len(drawn))):
            lasts = 0.0 if how in _AT_ONCE else round(chance.uniform(2.0, longest), 1)
            hit = chance.choice(world.workers) if part == "worker" else part
            drawn.append(Blow(round(chance.uniform(1.0, peace), 1), hit, how, lasts))
    return drawn


class Blows(threading.Thread):
    """Strikes one blow after the other until all have been struck or it is told to stop; then everything is healed."""

    def __init__(self, world: World, blows: Sequence[Blow], tell: Callable[[str], None]) -> None:
        super().__init__(name="blows", daemon=True)
        self.struck: list[str] = []
        self.error: BaseException | None = None
        self._world, self._blows, self._tell = world, blows, tell
        self._over = threading.Event()

    def stop(self) -> None:
        """End what lasts, and wait until everything is whole again."""
        self._over.set()
        self.join()
        if self.error:
            raise self.error

    def run(self) -> None:
        try:
            for blow in self._blows:
                if self._over.wait(blow.after):
                    break
                self._tell(str(blow))
                self.struck.append(str(blow))
                _strike(self._world, blow)
                self._over.wait(blow.lasts)
                self._world.heal()
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self.error = error
        finally:
            self._world.heal()


_AT_ONCE = ("killed", "asked to end", "reset", "an hour ahead for good")
_PROCESS = ("killed", "asked to end", "frozen", "gone")
_KINDS: Mapping[str, Sequence[str]] = {
    "worker": _PROCESS,
    "server": _PROCESS,
    "emulator": _PROCESS,
    "services": _PROCESS,
    "postgres": (*_PROCESS, "restarted"),
    "redis": _PROCESS,
    "everything": ("killed", "asked to end", "gone"),
    "wire to the server": ("reset", "cut", "silent"),
    "wire to the platform": ("reset", "cut", "silent"),
    "platform": ("throttles", "fails"),
    "disk": ("full",),
    "clock of the platform": ("an hour ahead for good",),
    "clock of the workers": ("an hour ahead", "an hour behind"),
    "clock of the server": ("ahead", "behind"),
    "clock of everything": ("ahead", "behind"),
}
_CLOCKS = {"workers": ("worker",), "server": ("server", "postgres", "redis"), "everything": ()}


def _there(world: World, part: str) -> bool:
    if part.startswith("clock") and part != "clock of the platform":
        return world.clocks is not None
    if part == "disk":
        # Only one that is there for this: CHAOS_HOME on a small file system of its own.
        return world.place.home.parent.is_mount() and "CHAOS_HOME" in os.environ
    return part not in ("services", "postgres", "redis") or part in world.parts


def _strike(world: World, blow: Blow) -> None:
    if blow.part.startswith("wire"):
        wire = world.to_server if blow.part.endswith("server") else world.to_platform
        wire.silence() if blow.how == "silent" else wire.cut()
    elif blow.part == "clock of the platform":
        _control(world, "POST", "clock", {"advance": HOUR})
    elif blow.part.startswith("clock"):
        by = HOUR if blow.how.startswith("an hour") else AWHILE
        world.turn(by if blow.how.endswith("ahead") else -by, *_CLOCKS[blow.part.rpartition(" ")[2]])
    elif blow.part == "disk":
        world.fill()
    elif blow.part == "platform":
        refused = {"throttles": {"status": 429, "code": "TooManyRequests", "headers": {"Retry-After": "3"}}}
        failing = {"status": 500, "code": "InternalError", "message": "The server encountered an internal error."}
        for plane in ("asm", "arm"):
            then = refused.get(blow.how, failing)
            _control(world, "POST", "faults", {"when": {"plane": plane}, "then": then, "times": int(blow.lasts * 4)})
    else:
        _strike_processes(world, blow)


def _strike_processes(world: World, blow: Blow) -> None:
    if blow.how == "gone":
        # Whoever would start it again does not for a while.
        world.signal("keeper", signal.SIGSTOP)
    number = {
        "killed": signal.SIGKILL,
        "gone": signal.SIGKILL,
        "asked to end": signal.SIGTERM,
        "restarted": signal.SIGINT,
        "frozen": signal.SIGSTOP,
    }[blow.how]
    for part in _parts(world, blow.part):
        world.signal(part, number)


def _parts(world: World, part: str) -> Iterator[str]:
    yield from world.parts if part == "everything" else (part,)


def _control(world: World, method: str, what: str, body: Mapping[str, Any]) -> None:
    url = f"{world.place.emulator_url}/_control/{what}"
    for _ in range(60):
        try:
            requests.request(method, url, json=body, timeout=10).raise_for_status()
        except requests.RequestException:
            time.sleep(0.5)
        else:
            return
