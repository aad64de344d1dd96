"""One unit: validate, prepare, check, ask, then commit or abort."""

from prefect import flow
from prefect.client.schemas.objects import State as RunState

from asmosis.errors import OperationFailed
from asmosis.parameters import MigrateParameters
from asmosis.units import Outcome, State, Verb
from blocks.azure import load_planes
from flows.approval import decide
from flows.outcome import ended
from tasks.checks import check_unit
from tasks.inventory import make_promise
from tasks.migration import ask, take
from tasks.readiness import judge


@flow(name="migrate", flow_run_name="migrate {migration.unit}")
def migrate(migration: MigrateParameters) -> RunState[None]:
    """Leave the unit either fully in ARM or fully classic; never in between."""
    unit, destination = migration.id, migration.destination
    planes = load_planes(migration.planes, migration.subscription)

    before = ask(unit, planes)
    promised = make_promise(unit, planes, destination, before)
    if promised is None:
        return ended(unit, Outcome.COMMITTED, "Classic no longer has it, and ARM does: an earlier run committed it.")
    if before in (State.CLASSIC, State.PREPARE_FAILED, State.ABSENT):
        blockers = judge(unit, planes, destination, before)
        if blockers:
            return ended(unit, Outcome.BLOCKED, blockers)
    if before is State.COMMITTED:
        return ended(unit, Outcome.COMMITTED, "The commit had gone through.", check_unit(promised, planes))

    try:
        take(Verb.PREPARE, unit, planes, destination)
    except OperationFailed as failure:
        take(Verb.ABORT, unit, planes, destination)
        return ended(unit, Outcome.PREPARE_FAILED, str(failure))
    verdict = check_unit(promised, planes)

    decision = decide(verdict, migration.approval)
    if decision.decision == "abort":
        take(Verb.ABORT, unit, planes, destination)
        return ended(unit, Outcome.ABORTED, decision.words, verdict)
    take(Verb.COMMIT, unit, planes, destination)
    return ended(unit, Outcome.COMMITTED, decision.words, check_unit(promised, planes))
