"""Wakes waves: started by the server whenever a unit's run has ended, and now and then in case an event was lost."""

from prefect import flow

from tasks.runs import due, migrations_of, publish_wave, server, through, waiting_waves


@flow(name="advance", flow_run_name="advance waves")
def advance() -> int:
    """Refresh the page of every waiting wave and resume those that can go on; answers how many."""
    woken = 0
    for run, wave in waiting_waves():
        progress = migrations_of(wave, run.id)
        publish_wave(wave, progress)
        if due(wave, progress) or all(through(runs) for runs in progress.values()):
            server().resume(run)
            woken += 1
    return woken
