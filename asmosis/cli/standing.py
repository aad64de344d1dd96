"""The verb `status`: where units stand, who is asked, and who holds which lock."""

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from asmosis.cli.following import bar, told, units_in
from asmosis.cli.output import DONE, NO, say, write_json, write_table
from asmosis.cli.shown import ANY_SUBSCRIPTION, moment, show
from asmosis.cli.sources import planes_of, taken
from asmosis.errors import UnreadableDocument
from asmosis.ledger import Lock, locks, states_of
from asmosis.runs import Run, Runs, newest
from asmosis.units import Unit

_LOOK_PAUSE = 5.0  # seconds


def status(subscription: str, *, wave: str, unit: str, everything: bool, as_json: bool) -> int:
    """Show the newest run of each unit and wave, or all of them."""
    show(_chosen(subscription, wave, unit, everything=everything), as_json=as_json)
    return DONE


def watch(
    subscription: str, *, wave: str, unit: str, as_json: bool, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Tell each change until nothing goes on by itself any more; then show the newest run of each unit and wave."""
    found = _chosen(subscription, wave, unit, everything=False)
    seen: dict[str, Run] = {}
    with bar(len(units_in(found))) as tell:
        while True:
            for run in reversed(found):
                if seen.get(run.id) != run:
                    seen[run.id] = run
                    say(f"{datetime.now(UTC):%H:%M:%S}Z {told(run)}")
            tell(sum(run.ended for run in found if run.unit))
            if all(_rests(run, found) for run in found):
                break
            sleep(_LOOK_PAUSE)
            found = _chosen(subscription, wave, unit, everything=False)
    show(found, as_json=as_json)
    return DONE


def show_locks(subscription: str, asm_url: str, *, as_json: bool) -> int:
    """Show every unit that is locked, since when and by which run; exit 1 if one of them is a concern."""
    planes = planes_of(subscription, asm_url)
    found = taken(planes)
    if found.unreadable:
        # A lock may hide behind what cannot be read.
        raise UnreadableDocument(f"subscription {planes.subscription}", "; ".join(found.unreadable))
    runs = Runs.from_environment(os.environ)
    held = locks(states_of(found.estate), runs.find(planes.subscription), runs.prepared())
    now = datetime.now(UTC)
    if as_json:
        write_json({"locks": [_lock(lock, now) for lock in held]})
    else:
        columns = ("Unit", "State", "Since", "Age", "Held by", "Concern")
        write_table(columns, [_row(lock, now) for lock in held])
    return NO if any(lock.concern(now) for lock in held) else DONE


def _chosen(subscription: str, wave: str, unit: str, *, everything: bool) -> tuple[Run, ...]:
    wanted = Unit.parse(unit, subscription or ANY_SUBSCRIPTION) if unit else None
    if wanted and wanted.subscription != ANY_SUBSCRIPTION:
        subscription = wanted.subscription
    runs = Runs.from_environment(os.environ)
    found = runs.find(subscription.lower(), wave, wanted.short if wanted else "")
    return found if everything else newest(found)


def _rests(run: Run, found: Sequence[Run]) -> bool:
    """Whether a run waits for a person or its window, or has ended; a wave that waits for nobody is about to go on."""
    members = [
        other for other in found if other.unit and (other.subscription, other.wave) == (run.subscription, run.wave)
    ]
    asked = run.suspended and any(other.waiting or other.parked for other in members)
    return run.ended or run.waiting or run.parked or asked


def _row(lock: Lock, now: datetime) -> tuple[str, ...]:
    age = lock.age(now)
    since = moment(lock.since.isoformat()) if lock.since else "unknown"
    holder = f"{lock.holder.state}, {lock.holder.link}" if lock.holder else "nobody"
    return (lock.unit.short, lock.state, since, _span(age) if age else "", holder, lock.concern(now))


def _lock(lock: Lock, now: datetime) -> dict[str, Any]:
    age = lock.age(now)
    return {
        "unit": str(lock.unit),
        "state": lock.state,
        "since": lock.since.isoformat() if lock.since else None,
        "age_seconds": round(age.total_seconds()) if age else None,
        "run": lock.holder.id if lock.holder else None,
        "run_state": lock.holder.state if lock.holder else None,
        "concern": lock.concern(now) or None,
    }


def _span(span: timedelta) -> str:
    hours, seconds = divmod(int(span.total_seconds()), 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h {seconds // 60} min"  # noqa: PLR2004 - a day
