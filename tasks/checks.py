"""Promised against found."""

from prefect import task

from asmosis.azure.planes import Planes
from asmosis.check import Verdict, check
from asmosis.check.verification import Verification, verify
from asmosis.redaction import redacted
from asmosis.translate import Promise, groups_in
from tasks import ASKING_FIRST


@task(task_run_name="check {promised.unit.short}", **ASKING_FIRST)
def check_unit(promised: Promise, planes: Planes) -> Verdict:
    """The ARM side beside what was promised, property by property; secrets are neither compared nor shown."""
    with planes.arm() as arm:
        found = arm.holdings(groups_in(promised))
    return check(redacted(promised), redacted(found.resources), found.unread)


@task(task_run_name="verify {promised.unit.short}", **ASKING_FIRST)
def verify_unit(promised: Promise, planes: Planes) -> Verification:
    """Whether classic has let go of a committed unit, and ARM has all of it, in order and unlocked."""
    with planes.asm() as asm, planes.arm() as arm:
        return verify(promised.unit, asm, arm, promised)
