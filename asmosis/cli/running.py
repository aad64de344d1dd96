"""The verb `run`: units and waves, started and followed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asmosis.admission import objections
from asmosis.cli.destinations import destination_of
from asmosis.cli.following import Manner, follow
from asmosis.cli.output import say
from asmosis.cli.shown import units_of, user
from asmosis.errors import UsageError
from asmosis.parameters import ApprovalPolicy, MigrateParameters, Mode, WaveParameters
from asmosis.planning.files import waves_in
from asmosis.readiness.waivers import read_waivers
from asmosis.runs import Runs
from asmosis.units import Unit
from asmosis.wave_files import read_wave, wave_of


@dataclass(frozen=True)
class Request:
    """What a caller may say about a migration; what is empty is left to the flow, or to the wave file."""

    planes: str
    approval: str
    mode: str
    name: str
    network: str
    waivers: Path | None = None

    @property
    def said(self) -> dict[str, Any]:
        """The parameters of the flow among them."""
        said = {"planes": self.planes, "approval": self.approval, "mode": self.mode}
        if self.waivers:
            # A mistake in it is told now, with its line.
            read_waivers(self.waivers)
            said["waivers"] = self.waivers.read_text(encoding="utf-8")
        return {key: value for key, value in said.items() if value}


def run(units: Sequence[str], wave: Path | None, subscription: str, request: Request, manner: Manner) -> int:
    """Start what a wave file describes, the migration of one unit, or a wave of several."""
    if wave:
        return _run_waves(_waves_in(wave, units, subscription, request), manner)
    if not units:
        raise UsageError("run", "no unit is named", "Name units as KIND/NAME, or a wave file with --wave.")
    chosen = units_of(units, subscription)
    if len(chosen) > 1 or request.name:
        return _run_waves((_wave_of(chosen, request),), manner)
    unit = chosen[0]
    parameters = MigrateParameters(
        subscription=unit.subscription,
        unit=unit.short,
        destination=destination_of(unit, request.network),
        requested_by=user(),
        **_checked(request),
    )
    runs = Runs.from_environment(os.environ)
    for other in runs.find(unit.subscription, unit=unit.short):
        if not other.ended:
            say(f"note: an earlier run of {unit.short} is {other.state}: {other.link}")
    return follow(runs, (runs.migrate(parameters),), manner)


def _waves_in(file: Path, units: Sequence[str], subscription: str, request: Request) -> tuple[WaveParameters, ...]:
    """What a wave file describes, or a wave of a plan; the latter may be of several subscriptions."""
    if units or request.name or request.network:
        problem = "a wave file says itself which units go under which name"
        raise UsageError("--wave", problem, "Leave units, --name and --network out.")
    place, hash_, name = str(file).partition("#")
    waves = waves_in(Path(place), name) if hash_ else (read_wave(file, subscription),)
    chosen = [wave for wave in waves if not subscription or subscription.lower() == wave.subscription.lower()]
    if not chosen:
        problem = f"it is for subscription {waves[0].subscription}, asked for is {subscription}"
        raise UsageError(str(file), problem, "Leave --subscription out, or correct the file.")
    return tuple(wave_of(wave.model_dump() | request.said, str(file)) for wave in chosen)


def _wave_of(units: Sequence[Unit], request: Request) -> WaveParameters:
    if request.network:
        raise UsageError("--network", "a wave takes no destination network", "Run the cloud service on its own.")
    values = {
        "name": request.name or f"wave-{datetime.now(UTC):%Y%m%d-%H%M%S}",
        "subscription": units[0].subscription,
        "units": [unit.short for unit in units],
    }
    return wave_of(values | request.said, "run")


def _checked(request: Request) -> dict[str, Any]:
    """What was said about one unit; a wave's values are checked with their file."""
    for option, value, known in (("approval", request.approval, ApprovalPolicy), ("mode", request.mode, Mode)):
        if value and value not in set(known):
            raise UsageError(f"--{option} {value!r}", f"no such {_CALLED[option]}", f"There are: {', '.join(known)}.")
    return request.said


_CALLED = {"approval": "policy", "mode": "mode"}


def _run_waves(waves: Sequence[WaveParameters], manner: Manner) -> int:
    runs = Runs.from_environment(os.environ)
    for wave in waves:
        for why in objections(wave, runs.find(wave.subscription)):
            raise UsageError(f"wave {wave.name}", why, "Nothing was started.")
    asked = [wave.model_copy(update={"requested_by": wave.requested_by or user()}) for wave in waves]
    return follow(runs, [runs.wave(wave) for wave in asked], manner)
