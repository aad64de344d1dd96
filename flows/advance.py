"""Looks after what waits: started by the server whenever a unit's run has ended or waits, and now and then besides."""

from prefect import flow

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


@flow(name="advance", flow_run_name="advance waves")
def advance(thorough: bool = False) -> int:  # noqa: FBT001, FBT002 - a parameter of the run, given by name
    """Refresh the page of every waiting wave and resume those that can go on; answers how many.

    A thorough run also asks anew what nobody answered in time, and tells by an event of locks that are held for long.
    """
    drop_queued("advance")
    woken = 0
    going = False
    for run, wave in waiting_waves():
        progress = migrations_of(wave, run.id)
        going = going or at_work(progress)
        publish_wave(wave, progress)
        if due(wave, progress) or finished(wave, progress):
            server().resume(run)
            woken += 1
    if going:
        look_soon()
    if thorough:
        ask_again_what_nobody_answered()
        alarm_old_locks()
    return woken
