"""What a plan is made from."""

from collections.abc import Sequence

from prefect import task

from asmosis.azure.facts import gather_facts
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.planning.plan import Plan
from asmosis.planning.survey import Survey
from asmosis.planning.survey import survey as judged
from asmosis.runs import Run
from tasks import ASKING_FIRST
from tasks.runs import server


@task(task_run_name="survey {planes.subscription}", **ASKING_FIRST)
def survey(planes: Planes, plan: Plan) -> Survey:
    """A subscription as classic shows it now, what ARM and earlier runs tell beside it, and what the rules find."""
    with planes.asm() as asm:
        estate = snapshot(asm)
    facts = gather_facts(planes, estate)
    return judged(estate, plan, facts.model_copy(update={"history": server().durations(planes.asm_url) or None}))


@task(task_run_name="look at earlier runs", **ASKING_FIRST)
def runs_of(subscriptions: Sequence[str]) -> tuple[Run, ...]:
    """The runs of all units of the subscriptions, newest first in each."""
    return tuple(run for each in subscriptions for run in server().find(each))
