"""The verb `abort`: units, a wave, or everything that is prepared, back to classic."""

import os
from collections.abc import Sequence

from asmosis.cli.following import Manner, follow
from asmosis.cli.output import DONE, say
from asmosis.cli.shown import units_of
from asmosis.cli.sources import planes_of, taken
from asmosis.errors import UnreadableDocument, UsageError
from asmosis.ledger import states_of
from asmosis.parameters import AbortParameters
from asmosis.runs import Runs, newest
from asmosis.units import Outcome, State, Unit

_ABORTABLE = (State.PREPARING, State.PREPARED, State.PREPARE_FAILED, State.ABORT_FAILED)
_OVER = {Outcome.COMMITTED, Outcome.INCOMPLETE, Outcome.ABORTED, Outcome.REHEARSED, Outcome.READY, Outcome.BLOCKED}


def abort(units: Sequence[str], subscription: str, *, planes: str, reason: str, manner: Manner) -> int:
    """Bring prepared units back to classic."""
    return _abort(Runs.from_environment(os.environ), units_of(units, subscription), planes, reason, manner)


def abort_wave(name: str, subscription: str, *, planes: str, reason: str, manner: Manner) -> int:
    """Stop a wave, and bring back every unit of it that was begun and is not committed."""
    runs = Runs.from_environment(os.environ)
    found = runs.find(subscription.lower(), name)
    of_wave = [run for run in found if run.flow == "wave"]
    if not of_wave:
        raise UsageError(f"wave {name!r}", "there is no such wave", "asmosis status shows those that there are.")
    if len({run.subscription for run in of_wave}) > 1:
        raise UsageError(f"wave {name!r}", "waves of this name are in several subscriptions", "Give --subscription.")
    why = reason or f"Wave {name} is aborted."
    for run in of_wave:
        if not run.ended:
            runs.cancel(run, why)
            say(f"wave {name}: cancelled")
    members = [run for run in newest(found) if run.flow == "migrate" and run.state not in _OVER]
    units = [Unit.parse(run.unit, run.subscription) for run in members]
    if not units:
        say(f"wave {name}: no unit of it is prepared.")
        return DONE
    return _abort(runs, units, planes, why, manner)


def abort_all(subscription: str, asm_url: str, *, planes: str, reason: str, manner: Manner) -> int:
    """Bring back every unit of a subscription that the platform says is prepared, whoever prepared it."""
    found = taken(planes_of(subscription, asm_url))
    if found.unreadable:
        raise UnreadableDocument(f"subscription {subscription}", "; ".join(found.unreadable))
    units = [unit for unit, state in states_of(found.estate).items() if state in _ABORTABLE]
    if not units:
        say(f"subscription {subscription}: nothing is prepared.")
        return DONE
    return _abort(Runs.from_environment(os.environ), units, planes, reason, manner)


def _abort(runs: Runs, units: Sequence[Unit], planes: str, reason: str, manner: Manner) -> int:
    said = {"planes": planes} if planes else {}
    started = [
        runs.abort(AbortParameters(subscription=unit.subscription, unit=unit.short, reason=reason, **said))
        for unit in units
    ]
    return follow(runs, started, manner)
