"""Reads classic."""

from prefect import task
from prefect.context import TaskRunContext

from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.classic.estate import Estate
from asmosis.errors import UnknownUnit
from asmosis.translate import Promise, promise
from asmosis.units import Destination, State, Unit
from tasks import ASKING_FIRST


@task(task_run_name="read the classic side", **ASKING_FIRST)
def read_estate(planes: Planes) -> Estate:
    """The subscription as classic shows it now."""
    with planes.asm() as asm:
        return snapshot(asm)


def _once_per_run(context: TaskRunContext, _parameters: dict[str, object]) -> str:
    return f"promise-{context.task_run.flow_run_id}"


# The promise is evidence: made before prepare, it must outlive the classic side, so it is kept for the run and
# not made again when the run goes on after its approval or a crash.
@task(
    task_run_name="promise {unit.short}",
    **{name: value for name, value in ASKING_FIRST.items() if name != "cache_policy"},
    cache_key_fn=_once_per_run,
    persist_result=True,
)
def make_promise(unit: Unit, planes: Planes, destination: Destination, state: State) -> Promise | None:
    """What ARM will hold once the unit is there, and what will be lost.

    None for a unit that is committed already: what classic had is no longer known.
    """
    with planes.asm() as asm:
        estate = snapshot(asm)
    try:
        return promise(estate, unit, destination)
    except UnknownUnit:
        if state is State.COMMITTED:
            return None
        raise
