"""Promised against found."""

from prefect import task

from asmosis.azure.planes import Planes
from asmosis.check import Verdict, check
from asmosis.translate import Promise, groups_in
from tasks import ASKING_FIRST


@task(task_run_name="check {promised.unit.short}", **ASKING_FIRST)
def check_unit(promised: Promise, planes: Planes) -> Verdict:
    """The ARM side beside what was promised, property by property."""
    with planes.arm() as arm:
        return check(promised, arm.resources(groups_in(promised)))
