"""The steps of a unit; each asks the platform before it acts."""

from prefect import task

from asmosis.azure.planes import Planes
from asmosis.classic.subscription import ValidationMessage
from asmosis.steps import Step, Steps
from asmosis.translate import Names
from asmosis.units import Destination, State, Unit, Verb
from tasks import ASKING_FIRST


@task(task_run_name="ask where {unit.short} stands", **ASKING_FIRST)
def ask(unit: Unit, planes: Planes) -> State:
    """The state of the unit as the platform tells it, once nothing moves any more."""
    with planes.asm() as asm, planes.arm() as arm:
        return Steps(unit, asm, arm, [Names().group(unit.name)]).settled()


@task(task_run_name="validate {unit.short}", **ASKING_FIRST)
def validate(unit: Unit, planes: Planes, destination: Destination) -> tuple[ValidationMessage, ...]:
    """What the platform's own validate says."""
    with planes.asm() as asm:
        return asm.validate(unit, destination)


@task(task_run_name="{verb} {unit.short}", **ASKING_FIRST)
def take(verb: Verb, unit: Unit, planes: Planes, destination: Destination) -> Step:
    """One step, unless the platform says it is taken; so a resumed run repeats nothing."""
    with planes.asm() as asm, planes.arm() as arm:
        return Steps(unit, asm, arm, [Names().group(unit.name)]).take(verb, destination)
