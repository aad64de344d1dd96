"""One seed: an estate, a wave over it, people who answer, blows and faults; then a look at what has become of it."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from asmosis.approvals import Decision
from asmosis.parameters import ApprovalPolicy, Approvers, Probe
from asmosis.runs import Run
from tests.chaos.blows import HOUR, Blow, Blows, disturb, drawn
from tests.chaos.invariants import problems_of_runs, problems_of_unit, problems_of_waves
from tests.chaos.looking import Before, look, taken_slots, unfinished
from tests.chaos.world import World
from tests.stage import Stage, answered

APPROVERS = ("ada", "grace", "linus")
_PAUSE = 1.0  # seconds between looks; they cost the server as much as a unit's own requests
CAP = 1200.0  # seconds after the last blow in which everything has to have ended, however slow the machine


@dataclass(frozen=True)
class Measure:
    """How much happens in a seed; times in seconds.

    A network is a unit with a cloud service, an account a unit of its own. `peace` and `longest` bound the seconds
    before and of a blow. After the last one everything has to end, and not to stand still for `patience` before that.
    """

    networks: int
    accounts: int
    blows: int
    peace: float
    longest: float
    takes: Mapping[str, float]
    patience: float
    slow: bool = True
    disturbed: float = 0.4

    @property
    def units(self) -> int:
        return self.networks + self.accounts


LONG = Measure(30, 10, 5, 10, 12, {"prepare": 2, "commit": 2, "abort": 1}, 200)
SHORT = Measure(4, 1, 2, 4, 4, {"prepare": 0.5, "commit": 0.5, "abort": 0.5}, 150, slow=False, disturbed=0.3)


@dataclass
class Result:
    """What a seed came to, as one line of JSON; `seconds` from the first unit's start, `recovered` after the last blow."""

    seed: int
    profile: str
    units: int = 0
    blows: list[str] = field(default_factory=list)
    met: dict[str, str] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    steps: int = 0
    seconds: float = 0.0
    recovered: float = 0.0
    problems: list[str] = field(default_factory=list)
    subscription: str = ""
    at: str = ""

    @property
    def line(self) -> dict[str, Any]:
        return asdict(self)


def play(
    world: World, seed: int, measure: Measure, tell: Callable[[str], None], wanted: Sequence[Blow] | None = None
) -> Result:
    """Play a seed, with its own blows or those wanted; what is wrong in the end is among the result's problems."""
    chance = random.Random(seed)
    world.wait_until_whole()
    estate = {"vnets": measure.networks, "storage_accounts": measure.accounts, "seed": seed % 1000}
    stage = Stage(world.place, {"synthetic": estate})
    stage.control("POST", "latency", measure.takes)
    result = Result(seed, world.place.profile, len(stage.units), subscription=stage.subscription)
    result.at = datetime.now(UTC).isoformat(timespec="seconds")
    before = Before.of(stage)
    result.met = disturb(stage, stage.units, measure.disturbed, chance, slow=measure.slow)
    struck = drawn(world, chance, measure.blows, measure.peace, measure.longest) if wanted is None else wanted
    blows = Blows(world, struck, tell)
    _start(stage, chance)
    began = time.monotonic()
    blows.start()
    try:
        while blows.is_alive() and not _look(stage, seed)[0]:
            time.sleep(_PAUSE)
    finally:
        blows.stop()
        answered(lambda: stage.control("DELETE", "faults"))
    healed = moved = time.monotonic()
    over, former = _look(stage, seed)
    while not over and time.monotonic() < min(moved + measure.patience, healed + CAP):
        time.sleep(_PAUSE)
        over, now = _look(stage, seed)
        if now != former:
            former, moved = now, time.monotonic()
    result.blows, result.seconds = blows.struck, round(time.monotonic() - began, 1)
    result.recovered = round(time.monotonic() - healed, 1)
    _judge(world, stage, before, result)
    return result


def _start(stage: Stage, chance: random.Random) -> None:
    """One wave of everything: in two of three, people decide about each unit, else only where the check is not clean."""
    units = chance.sample(stage.units, len(stage.units))
    people = Approvers(names=list(APPROVERS), needed=chance.choice((1, 2)))
    who = chance.choice(
        ({"approvers": people}, {"approvers": people}, {"approval": ApprovalPolicy.AUTOMATIC_WHEN_CLEAN})
    )
    probed = Probe(on=chance.random() < 0.3, rate=1, grace_seconds=2)
    stage.wave("chaos", units, probe=probed, prepares_at_once=20, **who)


def _look(stage: Stage, seed: int) -> tuple[bool, str]:
    """Whether everything has ended, and how it stands; every form that waits is answered, as people do.

    Each has made up their mind about a unit beforehand.
    """
    runs = stage.found()
    for run in runs:
        if run.waiting:
            _answer(stage, seed, run)
    began = any(run.flow == "wave" for run in runs)
    return began and all(run.ended for run in runs), str([(run.id, run.state, run.since) for run in runs])


def _answer(stage: Stage, seed: int, run: Run) -> None:
    # The same whenever and by whom it is asked; only who answers changes, for nobody counts twice.
    mind = random.Random(f"{seed}/{run.unit}").random()
    decision: Decision = "commit" if mind < 0.8 else "abort"
    who = random.Random(f"{seed}/{run.unit}/{run.since}")
    if decision == "commit" and who.random() < 0.1:
        decision = "recheck"
    # The server may be away; whether the answer got there is seen when it is back.
    with suppress(requests.RequestException):
        stage.answer(run, decision, who.choice(APPROVERS), "both sides were looked at")


def _judge(world: World, stage: Stage, before: Before, result: Result) -> None:
    skew = timedelta(seconds=2 * HOUR if any("clock" in blow for blow in result.blows) else 5)
    seen = look(stage, before, result.met)
    result.ends = dict(Counter(each.runs[0].state if each.runs else "never began" for each in seen))
    result.runs = sum(len(each.runs) for each in seen)
    result.steps = sum(bool(entry["effect"]) for each in seen for entry in each.journal if entry["verb"])
    for each in seen:
        result.problems += [f"{each.unit}: {words}" for words in problems_of_unit(each, skew)]
    result.problems += problems_of_waves(stage.found())
    world.wait_until_whole()
    result.problems += problems_of_runs(unfinished(stage), world.alive(), taken_slots(stage))
