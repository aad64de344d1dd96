"""Verbs about runs: started, followed, shown, decided."""

import getpass
import os
import re
import shlex
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asmosis import errors
from asmosis.cli.output import DONE, FAR_SIDE_FAILED, NO, code_of, say, write_json, write_table
from asmosis.errors import UsageError
from asmosis.parameters import AbortParameters, ApprovalPolicy, MigrateParameters, WaveParameters
from asmosis.runs import Decision, Run, Runs, newest
from asmosis.units import Destination, DestinationMode, Unit
from asmosis.wave_files import read_wave, wave_of

_ERROR_IN_MESSAGE = re.compile(r"exception: (\w+)")
_ANY_SUBSCRIPTION = str(uuid.UUID(int=0))


@dataclass(frozen=True)
class Manner:
    """How a verb treats the runs it starts: whether it leaves them alone, and in which shape it shows them."""

    detach: bool
    as_json: bool


@dataclass(frozen=True)
class Request:
    """What a caller may say about a migration; what is empty is left to the flow, or to the wave file."""

    planes: str
    approval: str
    name: str
    network: str

    @property
    def said(self) -> dict[str, Any]:
        """The parameters of the flow among them."""
        return {key: value for key, value in (("planes", self.planes), ("approval", self.approval)) if value}


def run(units: Sequence[str], wave: Path | None, subscription: str, request: Request, manner: Manner) -> int:
    """Start what a wave file describes, the migration of one unit, or a wave of several."""
    if wave:
        return _run_wave(_wave_in(wave, units, subscription, request), manner)
    if not units:
        raise UsageError("run", "no unit is named", "Name units as KIND/NAME, or a wave file with --wave.")
    chosen = _units(units, subscription)
    if len(chosen) > 1 or request.name:
        return _run_wave(_wave_of(chosen, request), manner)
    unit = chosen[0]
    parameters = MigrateParameters(
        subscription=unit.subscription,
        unit=unit.short,
        destination=_destination(unit, request.network),
        **(request.said | {"approval": _approval(request.approval)}),
    )
    runs = Runs.from_environment(os.environ)
    for other in runs.find(unit.subscription, unit=unit.short):
        if not other.ended:
            say(f"note: an earlier run of {unit.short} is {other.state}: {other.link}")
    return _follow(runs, (runs.migrate(parameters),), manner)


def abort(units: Sequence[str], subscription: str, *, planes: str, reason: str, manner: Manner) -> int:
    """Bring prepared units back to classic."""
    said = {"planes": planes} if planes else {}
    chosen = _units(units, subscription)
    runs = Runs.from_environment(os.environ)
    started = [
        runs.abort(AbortParameters(subscription=unit.subscription, unit=unit.short, reason=reason, **said))
        for unit in chosen
    ]
    return _follow(runs, started, manner)


def status(subscription: str, *, wave: str, unit: str, everything: bool, as_json: bool) -> int:
    """Show the newest run of each unit and wave, or all of them."""
    wanted = Unit.parse(unit, subscription or _ANY_SUBSCRIPTION) if unit else None
    if wanted and wanted.subscription != _ANY_SUBSCRIPTION:
        subscription = wanted.subscription
    runs = Runs.from_environment(os.environ)
    found = runs.find(subscription.lower(), wave, wanted.short if wanted else "")
    _show(found if everything else newest(found), as_json=as_json)
    return DONE


def decide(
    units: Sequence[str], subscription: str, decision: Decision, *, approver: str, reason: str, as_json: bool
) -> int:
    """Answer the approval of each unit; nothing is answered unless all of them wait for it."""
    runs = Runs.from_environment(os.environ)
    waiting = {text: _waiting(runs, text, subscription) for text in units}
    if not all(waiting.values()):
        return NO
    chosen = list({run.id: run for found in waiting.values() for run in found}.values())
    for run in chosen:
        runs.decide(run, decision, approver or _user(), reason)
        say(f"{run.unit}: {decision}, said {approver or _user()}")
    _show([runs.read(run) for run in chosen], as_json=as_json)
    return DONE


def _units(texts: Sequence[str], subscription: str) -> tuple[Unit, ...]:
    units = tuple(dict.fromkeys(Unit.parse(text, subscription) for text in texts))
    subscriptions = sorted({unit.subscription for unit in units})
    if len(subscriptions) > 1:
        problem = f"the units are of several subscriptions ({', '.join(subscriptions)})"
        raise UsageError("units", problem, "Name those of one subscription at a time.")
    return units


def _wave_in(file: Path, units: Sequence[str], subscription: str, request: Request) -> WaveParameters:
    if units or request.name or request.network:
        problem = "a wave file says itself which units go under which name"
        raise UsageError("--wave", problem, "Leave units, --name and --network out.")
    wave = read_wave(file, subscription)
    if subscription and subscription.lower() != wave.subscription.lower():
        problem = f"it is for subscription {wave.subscription}, asked for is {subscription}"
        raise UsageError(str(file), problem, "Leave --subscription out, or correct the file.")
    return wave_of(wave.model_dump() | request.said, str(file))


def _wave_of(units: Sequence[Unit], request: Request) -> WaveParameters:
    if request.network:
        raise UsageError("--network", "a wave takes no destination network", "Run the cloud service on its own.")
    values = {
        "name": request.name or f"wave-{datetime.now(UTC):%Y%m%d-%H%M%S}",
        "subscription": units[0].subscription,
        "units": [unit.short for unit in units],
    }
    return wave_of(values | request.said, "run")


def _approval(text: str) -> ApprovalPolicy:
    try:
        return ApprovalPolicy(text or ApprovalPolicy.MANUAL)
    except ValueError:
        raise UsageError(f"--approval {text!r}", "no such policy", f"Policies: {', '.join(ApprovalPolicy)}.") from None


def _destination(unit: Unit, network: str) -> Destination:
    if not network:
        return Destination()
    if not unit.row.destination:
        problem = f"a unit of kind {unit.kind} takes no destination network"
        raise UsageError("--network", problem, "Leave the option out.")
    group, name, subnet, *rest = [*network.split("/"), "", ""]
    if any(rest) or not (group and name and subnet):
        raise UsageError(f"--network {network!r}", "it is not GROUP/NETWORK/SUBNET", "Give all three names.")
    return Destination(DestinationMode.EXISTING, group, name, subnet)


def _run_wave(wave: WaveParameters, manner: Manner) -> int:
    runs = Runs.from_environment(os.environ)
    return _follow(runs, (runs.wave(wave),), manner)


def _follow(runs: Runs, started: Sequence[Run], manner: Manner) -> int:
    """Tell how the runs go on until they wait for a person or have ended, then show them."""
    for run in started:
        say(f"{_subject(run)}: started, {run.link}")
    known = {run.id: run for run in started}
    if not manner.detach:
        for first in started:
            for run in runs.watch(first):
                known[run.id] = run
                message = f": {run.message}" if run.message else ""
                say(f"{_subject(run)}: {run.state}{message}")
    _show(list(known.values()), as_json=manner.as_json)
    waiting = [run.unit for run in known.values() if run.waiting]
    if waiting:
        names = " ".join(shlex.quote(name) for name in waiting)
        say(f"Waiting for approval; look at the runs, then: asmosis approve {names}")
    return DONE if manner.detach else max(_code_of(run) for run in known.values())


def _subject(run: Run) -> str:
    return run.unit or f"wave {run.wave}"


def _code_of(run: Run) -> int:
    """A final state with a name of its own is an answer of the flow; one without is a run that broke."""
    if not run.ended or run.type == "COMPLETED":
        return DONE
    if run.type != "FAILED":
        return FAR_SIDE_FAILED
    if run.state != "Failed":
        return NO
    # Prefect's message names the class of the error that ended the run.
    named = _ERROR_IN_MESSAGE.search(run.message)
    kind = getattr(errors, named[1], None) if named else None
    return code_of(kind) if isinstance(kind, type) else FAR_SIDE_FAILED


def _waiting(runs: Runs, text: str, subscription: str) -> tuple[Run, ...]:
    """The runs of a unit that wait for approval; says on stderr why there is none."""
    unit = Unit.parse(text, subscription or _ANY_SUBSCRIPTION)
    known = "" if unit.subscription == _ANY_SUBSCRIPTION else unit.subscription
    found = tuple(run for run in runs.find(known, unit=unit.short, waiting=True) if run.waiting)
    if not found:
        latest = newest(runs.find(known, unit=unit.short))
        state = f"its newest run is {latest[0].state}, {latest[0].link}" if latest else "it has no run"
        say(f"asmosis: {unit.short}: no run waits for an approval; {state}.")
    if len({run.subscription for run in found}) > 1:
        problem = "units of this name wait in several subscriptions"
        raise UsageError(unit.short, problem, "Use SUBSCRIPTION/KIND/NAME.")
    return found


def _show(runs: Sequence[Run], *, as_json: bool) -> None:
    if as_json:
        write_json({"runs": [_shown(run) for run in runs]})
        return
    columns = ("Flow", "Unit", "Wave", "State", "Since", "Where to look")
    rows = [(run.flow, run.unit, run.wave, _state(run), _moment(run.since), run.link) for run in runs]
    write_table(columns, rows)


def _moment(stamp: str) -> str:
    return f"{stamp[:10]} {stamp[11:19]}Z" if stamp else ""


def _state(run: Run) -> str:
    return f"{run.state} (waiting for approval)" if run.waiting else run.state


def _shown(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "name": run.name,
        "flow": run.flow,
        "subscription": run.subscription,
        "unit": run.unit or None,
        "wave": run.wave or None,
        "state": run.state,
        "type": run.type,
        "since": run.since,
        "waiting_for_approval": run.waiting,
        "message": run.message,
        "link": run.link,
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"
