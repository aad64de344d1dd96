"""Reads classic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prefect import task
from prefect.context import TaskRunContext

from asmosis.aftermath import Task, aftermath
from asmosis.azure.facts import gather_attached
from asmosis.azure.inventory import snapshot, whole_snapshot
from asmosis.azure.planes import Planes
from asmosis.classic.estate import Estate
from asmosis.errors import UnknownUnit
from asmosis.evidence.rollback import RollbackKit, rollback_kit
from asmosis.evidence.snapshot import documents_of
from asmosis.facts import Facts
from asmosis.probe import Targets, classic_targets
from asmosis.readiness import Finding, assess
from asmosis.readiness.estimates import Estimate, estimate
from asmosis.readiness.waivers import apply, parse_waivers
from asmosis.redaction import redacted
from asmosis.steps import Steps
from asmosis.translate import Names, Promise, promise
from asmosis.units import Destination, State, Unit
from tasks import ASKING_FIRST

UNTOUCHED = (State.CLASSIC, State.PREPARE_FAILED, State.ABSENT)
"""Where a unit stands of which ARM holds nothing."""


@dataclass(frozen=True)
class Survey:
    """What one reading of classic says about a unit.

    `began_as` is where the unit stood then; `promised` is None for a unit that was committed already, and so is all
    that follows from it. `documents` are those that concern the unit, by file name, and `facts` what else ends with
    its classic side. None of it holds a secret.
    """

    began_as: State
    promised: Promise | None
    findings: tuple[Finding, ...]
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    time: Estimate | None = None
    kit: RollbackKit | None = None
    todo: tuple[Task, ...] = ()
    facts: Facts = field(default_factory=Facts)
    endpoints: Targets = field(default_factory=Targets)


@task(task_run_name="read the classic side", **ASKING_FIRST)
def read_estate(planes: Planes) -> Estate:
    """The subscription as classic shows it now."""
    with planes.asm() as asm:
        return snapshot(asm)


@task(task_run_name="look for the units", **ASKING_FIRST)
def look_for(units: Sequence[Unit], planes: Planes) -> tuple[Estate, tuple[str, ...]]:
    """The subscription, and why units cannot migrate by themselves: there is none, or it belongs to another.

    A unit that was committed already is no stranger.
    """
    with planes.asm() as asm, planes.arm() as arm:
        estate = snapshot(asm)
        reasons = []
        for unit in units:
            try:
                estate.unit(unit)
            except UnknownUnit as reason:
                if Steps(unit, asm, arm, [Names().group(unit.name)]).settled() is not State.COMMITTED:
                    reasons.append(str(reason))
    return estate, tuple(reasons)


def survey(unit: Unit, planes: Planes, destination: Destination, state: State, waivers: str = "") -> Survey:
    """What ARM will hold once the unit is there, what will be lost, and what our rules say; `waivers` is their file.

    This is evidence and must outlive the classic side, so it is kept for the run: made anew as long as nothing has
    happened to the unit, and as it was from then on, after an approval or a crash as well.
    """
    return _survey.with_options(refresh_cache=state in UNTOUCHED)(unit, planes, destination, state, waivers)


def _once_per_run(context: TaskRunContext, _parameters: dict[str, object]) -> str:
    return f"survey-{context.task_run.flow_run_id}"


@task(
    task_run_name="survey {unit.short}",
    **{name: value for name, value in ASKING_FIRST.items() if name != "cache_policy"},
    cache_key_fn=_once_per_run,
    persist_result=True,
)
def _survey(unit: Unit, planes: Planes, destination: Destination, state: State, waivers: str) -> Survey:
    accepted = parse_waivers(waivers.encode(), "waivers") if waivers else ()
    with planes.asm() as asm:
        taken = whole_snapshot(asm, unit=unit)
    estate = taken.estate
    try:
        promised = promise(estate, unit, destination)
    except UnknownUnit:
        if state is not State.COMMITTED:
            raise
        return Survey(state, None, ())
    findings = assess(estate, units=[unit], destination=destination)
    after = aftermath(estate, promised, gather_attached(planes, estate))
    return Survey(
        state,
        redacted(promised),
        redacted(apply(findings, accepted, datetime.now(UTC).date()).findings),
        documents_of(promised.unit, estate, taken.documents),
        estimate(estate, promised.unit),
        redacted(rollback_kit(estate, promised.unit)),
        redacted(after.tasks),
        redacted(after.facts),
        classic_targets(estate, promised.unit),
    )
