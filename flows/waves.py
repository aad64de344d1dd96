"""Many units: one migrate run each, storage accounts last."""

from uuid import uuid4

from prefect import flow, runtime
from prefect.client.schemas.objects import State as RunState
from prefect.flow_runs import suspend_flow_run
from prefect.states import Completed, Failed

from asmosis.parameters import WaveParameters
from asmosis.units import Outcome
from asmosis.waves import counted
from tasks.runs import due, migrations_of, publish_wave, start_migration, through


@flow(name="wave", flow_run_name="wave {wave.name}")
def wave(wave: WaveParameters) -> RunState[None]:
    """Start what is due, then let go: the run holds no process while its units go their way.

    `advance` resumes it whenever a unit's run has ended.
    """
    run_id = str(runtime.flow_run.id)
    progress = migrations_of(wave, run_id)
    for unit in due(wave, progress):
        earlier = progress.get(unit, [])
        progress[unit] = [start_migration(wave, unit, run_id, len(earlier)), *earlier]
    publish_wave(wave, progress)

    if not all(through(runs) for runs in progress.values()):
        # A key is good for one suspension only, so every pass has its own.
        suspend_flow_run(key=str(uuid4()))
    states = [runs[0].state for runs in progress.values()]
    if all(state in (Outcome.COMMITTED, Outcome.ABORTED) for state in states):
        return Completed(message=counted(states))
    return Failed(name="Attention", message=counted(states))
