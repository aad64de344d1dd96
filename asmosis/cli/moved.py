"""What verbs about the time after a commit need to know first: which units, what they were, and where they went.

Units that classic no longer has are as their evidence keeps them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asmosis.aftermath import Aftermath, Move, aftermath
from asmosis.arm.resource import parse_id
from asmosis.azure.planes import Planes
from asmosis.check import Pair, check
from asmosis.classic.estate import Estate, key
from asmosis.cli.destinations import destination_of
from asmosis.cli.kept import Kept, kept_of
from asmosis.cli.output import say
from asmosis.cli.sources import UNNAMED, Reading, Source, not_understood, planes_of, source_of
from asmosis.errors import UnknownUnit, UsageError
from asmosis.facts import Facts, read_facts
from asmosis.planning.files import waves_in
from asmosis.translate import Promise, groups_in, promise
from asmosis.units import Destination, Unit
from asmosis.wave_files import read_wave


@dataclass(frozen=True)
class Asked:
    """Which units, what describes them as they were before the commit, and whether to ask ARM what it made of them.

    No units are all units of the estate.
    """

    units: Sequence[str] = ()
    wave: str = ""
    sources: Sequence[Path] = ()
    subscription: str = ""
    asm_url: str = ""
    network: str = ""
    facts: Path | None = None
    found: bool = False


@dataclass(frozen=True)
class Moved:
    """What was asked for; `unknown` tells of parts of the facts why nobody told them."""

    reading: Reading
    planes: Planes | None
    units: tuple[Aftermath, ...]
    unknown: Mapping[str, str]

    @property
    def estate(self) -> Estate:
        """The classic side before the commit."""
        return self.reading.estate

    @property
    def moves(self) -> tuple[Move, ...]:
        """The moves of all units."""
        return tuple(move for unit in self.units for move in unit.moves)


def moved(asked: Asked) -> Moved:
    """Read what there was, promise what it becomes, and ask ARM if that is wanted; tells on stderr what is amiss.

    Raises:
        UsageError: a unit is unknown, or there is nobody to ask.
    """
    told = read_facts(asked.facts) if asked.facts else None
    source = source_of(asked.sources, asked.subscription, asked.asm_url)
    wanted = _wanted(asked, source.subscription)
    planes = source.planes or (planes_of(asked.subscription, asked.asm_url) if asked.found else None)
    reading = source.read()
    for line in not_understood(reading):
        say(line)
    if source.subscription == UNNAMED:
        say("the documents do not say whose they are: give --subscription for ids that can be used")
    now = Kept(reading.estate, told or source.facts(reading.estate))
    known = [
        (_told(unit, now, source, told), unit, destination)
        for unit, destination in (wanted or dict.fromkeys(now.estate.units, Destination())).items()
    ]
    promises = [(before, promise(before.estate, unit, destination)) for before, unit, destination in known]
    found = _found([each for _, each in promises], planes) if asked.found and planes else {}
    units = tuple(aftermath(before.estate, each, before.facts, found.get(each.unit)) for before, each in promises)
    return Moved(reading, planes, units, now.facts.unknown)


def _told(unit: Unit, now: Kept, source: Source, told: Facts | None) -> Kept:
    """Classic if it has the unit, else its evidence; archived documents have to have it."""
    try:
        now.estate.unit(unit)
    except UnknownUnit as unknown:
        kept = kept_of(unit) if source.planes else None
        if kept is not None:
            return Kept(kept.estate, told or kept.facts)
        if source.planes is None:
            raise
        remedy = "If it is committed, name documents archived before (--from), or where its evidence is"
        words = f"{unknown.remedy} {remedy} (ASMOSIS_EVIDENCE)."
        raise UnknownUnit(unit.short, unknown.problem, words) from None
    return now


def _wanted(asked: Asked, subscription: str) -> dict[Unit, Destination]:
    if asked.wave and asked.units:
        raise UsageError("--wave", "a wave says itself which units are in it", "Leave the units out.")
    if not asked.wave:
        units = [Unit.parse(text, subscription) for text in asked.units]
        return {unit: destination_of(unit, asked.network) for unit in units}
    place, hash_, name = asked.wave.partition("#")
    waves = waves_in(Path(place), name) if hash_ else (read_wave(Path(place), subscription),)
    return {
        Unit.parse(text, wave.subscription): wave.destinations.get(text, Destination())
        for wave in waves
        if key(wave.subscription) == key(subscription)
        for text in wave.units
    }


def _found(promises: Sequence[Promise], planes: Planes) -> Mapping[Unit, tuple[Pair, ...]]:
    """By unit what the check found for its promises; every group is read once."""
    groups = {key(group) for each in promises for group in groups_in(each)}
    with planes.arm() as arm:
        bodies = arm.resources(groups)
    by_group: dict[str, list[dict[str, Any]]] = {}
    for body in bodies:
        by_group.setdefault(key(parse_id(str(body["id"])).group), []).append(body)
    return {
        each.unit: check(each, [body for group in groups_in(each) for body in by_group.get(key(group), ())]).pairs
        for each in promises
    }
