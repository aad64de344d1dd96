"""Looks after what waits: started by the server whenever a unit's run has ended or waits, and now and then besides."""

import time
from datetime import timedelta

from prefect import flow

from asmosis.ledger import ALARM
from tasks.runs import (
    alarm_old_locks,
    ask_again_what_nobody_answered,
    at_work,
    drop_queued,
    due,
    finished,
    look_soon,
    migrations_of,
    publish_wave,
    server,
    waiting_waves,
)

GATHERING = 2.0  # seconds; so long after an event the server starts no other run (prefect.yaml)


@flow(name="advance", flow_run_name="advance waves")
def advance(thorough: bool = False, old_after_days: float = ALARM / timedelta(days=1)) -> int:  # noqa: FBT001, FBT002 - parameters of a run are given by name
    """Refresh the page of every waiting wave and resume those that can go on; answers how many.

    A thorough run also asks anew what nobody answered in time, and tells by the event `asmosis.lock.old` of units that
    are locked for `old_after_days`; of storage accounts after twenty days, before Microsoft may commit them.
    """
    time.sleep(GATHERING)
    drop_queued("advance")
    woken = 0
    going = False
    for run, wave in waiting_waves():
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
