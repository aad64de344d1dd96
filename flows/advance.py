"""Looks after what waits: started by the server whenever a unit's run has ended or waits, and now and then besides."""

import time
from collections.abc import Iterator
from datetime import timedelta

from prefect import flow

from asmosis.ledger import ALARM
from asmosis.parameters import WaveParameters
from asmosis.runs import Run
from asmosis.version import VERSION
from tasks.runs import (
    alarm_old_locks,
    another_looks,
    ask_again_what_nobody_answered,
    at_work,
    drop_queued,
    due,
    finished,
    look_soon,
    migrations_of,
    nothing_goes_on,
    publish_wave,
    server,
    waiting_waves,
)

GATHERING = 5.0  # seconds; so long after an event the server starts no other run (prefect.yaml)
_PER_UNIT = 0.02  # seconds more for each unit of the largest wave, for that is what a look costs
_LONGEST = 30.0  # seconds


@flow(name="advance", version=VERSION, flow_run_name="advance waves")
def advance(thorough: bool = False, old_after_days: float = ALARM / timedelta(days=1)) -> int:  # noqa: FBT001, FBT002 - parameters of a run are given by name
    """Refresh the page of every waiting wave and resume those that can go on; answers how many.

    A thorough run also asks anew what nobody answered in time, and tells by the event `asmosis.lock.old` of units that
    are locked for `old_after_days`; of storage accounts after twenty days, before Microsoft may commit them.

    Args:
        thorough: Also ask anew what nobody answered in time, and tell of old locks.
        old_after_days: How long a unit is locked until it is told of; storage accounts are after twenty days.
    """
    drop_queued("advance")
    woken = 0
    going = False
    for run, wave in _gathered(alone=thorough):
        progress = migrations_of(wave, run.id)
        going = going or at_work(progress)
        publish_wave(run, wave, progress)
        if due(wave, progress) or finished(wave, progress):
            server().resume(run)
            woken += 1
    if going:
        look_soon()
    if thorough:
        ask_again_what_nobody_answered()
        alarm_old_locks(timedelta(days=old_after_days))
    return woken


def _gathered(*, alone: bool) -> Iterator[tuple[Run, WaveParameters]]:
    """The waves to look at: at once those of which nothing goes on, the others when more may have been heard of them.

    None, unless it has to look `alone`, if another run is about to look at all of them.
    """
    waiting = waiting_waves()
    pause = min(max([GATHERING, *(_PER_UNIT * len(wave.units) for _, wave in waiting)]), _LONGEST)
    # Of what ends within these seconds the server tells nobody else, so only who looks after them can look instead.
    if not alone and another_looks("advance", pause - GATHERING):
        return
    until = time.monotonic() + pause
    seen = set()
    while (left := until - time.monotonic()) > 0:
        for run, wave in waiting:
            if (run.id, run.since) not in seen and nothing_goes_on(wave):
                seen.add((run.id, run.since))
                yield run, wave
        time.sleep(max(0.0, min(left, 1.0)))
    # One that went on meanwhile and waits again is another.
    yield from (each for each in waiting_waves() if (each[0].id, each[0].since) not in seen)
