"""Many units: one migrate run each, in their order, within what the subscription and the wave bear."""

from prefect import flow, runtime
from prefect.client.schemas.objects import State as RunState
from prefect.states import Completed, Failed

from asmosis.admission import objections
from asmosis.approval_policies import agreed
from asmosis.parameters import WaveParameters
from asmosis.planning.expected import expected_minutes
from asmosis.planning.plan import Limits
from asmosis.runs import wave_tags
from asmosis.units import Outcome
from asmosis.version import VERSION
from asmosis.waves import counted
from blocks.azure import load_planes
from flows.waiting import outlasting, wait_for_others
from tasks.inventory import look_for
from tasks.limits import set_limits, take_back_lost_slots
from tasks.runs import (
    due,
    finished,
    look_soon,
    make_findable,
    migrations_of,
    publish_wave,
    server,
    skipped,
    start_migration,
)


@flow(name="wave", version=VERSION, flow_run_name="wave {wave.name}")
@outlasting()
def wave(wave: WaveParameters) -> RunState[None]:
    """Start what is due, then let go: the run holds no process while its units go their way.

    `advance` resumes it whenever a unit's run has ended.
    """
    make_findable(wave_tags(wave))
    run_id = str(runtime.flow_run.id)
    progress = migrations_of(wave, run_id)
    if not progress and (refusals := _refusals(wave, run_id)):
        return Failed(name="Refused", message=refusals)
    for unit in due(wave, progress):
        earlier = progress.get(unit, [])
        progress[unit] = [start_migration(wave, unit, run_id, len(earlier)), *earlier]
    publish_wave(server().read(run_id), wave, progress)

    if not finished(wave, progress):
        # Its units have asked for a look when they began, at a time that may be over by now.
        look_soon()
        wait_for_others()
    take_back_lost_slots(wave.subscription)
    states = [runs[0].state for runs in progress.values()] + ["Skipped"] * len(skipped(wave, progress))
    if all(state in {outcome for outcome in Outcome if outcome.good} for state in states):
        return Completed(message=counted(states))
    return Failed(name="Attention", message=counted(states))


def _refusals(wave: WaveParameters, run_id: str) -> str:
    """Why nothing of the wave may start; else the limits are as the wave says, and the run knows how long it takes."""
    if reasons := list(objections(wave, server().find(wave.subscription), run_id)):
        return "; ".join(reasons)
    agreed(server(), wave)  # A policy that nobody made would stop each unit after it was prepared.
    planes = load_planes(wave.planes, wave.subscription)
    estate, strangers = look_for(wave.ids, planes)
    if not strangers:
        prepares, writes = set_limits(wave.subscription, wave.prepares_at_once, wave.arm_writes_per_hour)
        limits = Limits(prepares=max(1, prepares), writes_per_hour=max(1, writes))
        server().expect(run_id, *expected_minutes(estate, wave, limits, server().durations(planes.asm_url)))
    return "; ".join(strangers)
