"""Promised against found."""

from prefect import task

from asmosis.azure.planes import Planes
from asmosis.check import Verdict, check
from asmosis.redaction import redacted
from asmosis.translate import Promise, groups_in, types_in
from tasks import ASKING_FIRST


@task(task_run_name="check {promised.unit.short}", **ASKING_FIRST)
def check_unit(promised: Promise, planes: Planes) -> Verdict:
    """The ARM side beside what was promised, property by property; secrets are neither compared nor shown."""
    with planes.arm() as arm:
        found = arm.holdings(groups_in(promised), types_in(promised))
    return check(redacted(promised), redacted(found.resources), found.unread)
