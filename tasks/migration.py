"""The steps of a unit; each asks the platform before it acts."""

import logging

from prefect import runtime, task

from asmosis.azure.planes import Planes
from asmosis.azure.state import state_of
from asmosis.classic.subscription import ValidationMessage
from asmosis.errors import AsmosisError
from asmosis.run_history import note_operation
from asmosis.steps import Step, Steps
from asmosis.translate import Names
from asmosis.units import Destination, State, Unit, Verb
from tasks import ASKING_FIRST, asking_again
from tasks.runs import server
from tasks.witness import witnessed, witnessed_failure, witnessed_operation

_log = logging.getLogger(__name__)


@asking_again
def ask(unit: Unit, planes: Planes) -> State:
    """The state of the unit as the platform tells it, once nothing moves any more."""
    with planes.asm() as asm, planes.arm() as arm:
        return Steps(unit, asm, arm, [Names().group(unit.name)]).settled()


@task(task_run_name="look where {unit.short} stands", **ASKING_FIRST)
def look(unit: Unit, planes: Planes) -> State:
    """The state of the unit now, whether or not it moves."""
    with planes.asm() as asm, planes.arm() as arm:
        return state_of(unit, asm, arm, [Names().group(unit.name)])


@task(task_run_name="validate {unit.short}", **ASKING_FIRST)
def validate(unit: Unit, planes: Planes, destination: Destination) -> tuple[ValidationMessage, ...]:
    """What the platform's own validate says."""
    with planes.asm() as asm:
        return asm.validate(unit, destination)


def take(verb: Verb, unit: Unit, planes: Planes, destination: Destination) -> Step:
    """One step, unless the platform says it is taken; so a resumed run repeats nothing."""
    with witnessed(f"{verb} {unit.short}"):
        return _take(verb, unit, planes, destination)


@task(task_run_name="{verb} {unit.short}", **ASKING_FIRST)
def _take(verb: Verb, unit: Unit, planes: Planes, destination: Destination) -> Step:
    try:
        with planes.asm() as asm, planes.arm() as arm:
            return Steps(unit, asm, arm, [Names().group(unit.name)], accepted=_note).take(verb, destination)
    except AsmosisError:
        witnessed_failure(f"{verb} {unit.short}")
        raise


def _note(verb: Verb, operation: str) -> None:
    """Keep the operation with the run; it goes on whether or not that succeeds."""
    witnessed_operation(verb, operation)
    try:
        note_operation(server(), str(runtime.flow_run.id), verb, operation)
    except AsmosisError as error:
        _log.warning("operation %s of %s is not noted: %s", operation, verb, error)
