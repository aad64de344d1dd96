"""One unit: validate, prepare, check, ask, then commit or abort; or only as far as its mode says."""

from datetime import UTC, datetime

from prefect import flow, runtime
from prefect.client.schemas.objects import State as RunState

from asmosis.approval_policies import agreed
from asmosis.azure.planes import Planes
from asmosis.errors import ControlPlaneError, OperationFailed
from asmosis.parameters import MigrateParameters, Mode
from asmosis.probe import Targets
from asmosis.runs import unit_tags
from asmosis.translate import Promise
from asmosis.units import Outcome, State, Unit, Verb
from asmosis.version import VERSION
from blocks.azure import load_planes
from flows.approval import decide, said_before
from flows.outcome import brought_back, ended
from flows.waiting import outlasting, wait_for_slot, wait_for_window
from tasks.checks import check_unit
from tasks.endings import noted_ending
from tasks.evidence import keep_before
from tasks.inventory import UNTOUCHED, Survey, survey
from tasks.limits import NoSlotFree, check_room, pause_before_asking_again, room_to_prepare
from tasks.migration import ask, take
from tasks.probe import endpoints_in_arm, probing
from tasks.readiness import judge
from tasks.runs import look_soon, make_findable, server
from tasks.timings import keep_timing


@flow(name="migrate", version=VERSION, flow_run_name="migrate {migration.unit}")
@outlasting()
def migrate(migration: MigrateParameters) -> RunState[None]:
    """Leave the unit fully in ARM, fully classic or, where that was asked for, prepared; never in between."""
    unit, destination = migration.id, migration.destination
    make_findable(unit_tags(unit, migration.wave))
    if migration.wave:
        look_soon()
    planes = load_planes(migration.planes, migration.subscription)
    agreed(server(), migration)  # What cannot be decided in the end is not begun.
    if ending := noted_ending():
        return brought_back(unit, planes, ending.outcome, ending.words)

    before = ask(unit, planes)
    if before in UNTOUCHED and runtime.flow_run.run_count > 1:
        # It was judged when it first came here; judging it again and again while it waits its turn helps nobody.
        _wait_for_turn(migration)
    found = survey(unit, planes, destination, before, migration.waivers)
    if before not in UNTOUCHED:
        keep_before(unit, found)
    promised = found.promised
    if promised is None:
        return ended(unit, Outcome.COMMITTED, "Classic no longer has it, and ARM does: an earlier run committed it.")
    if end := _end_before_prepare(migration, planes, before, found):
        return end
    if before is State.COMMITTED:
        words = f"{said_before(migration)} The commit had gone through.".lstrip()
        return ended(unit, Outcome.COMMITTED, words, check_unit(promised, planes))
    try:
        _prepare(promised, found.endpoints, planes, migration, before)
    except ControlPlaneError as failure:
        return _not_prepared(unit, planes, before, failure)
    return _after_prepare(migration, planes, promised)


def _end_before_prepare(
    migration: MigrateParameters, planes: Planes, before: State, found: Survey
) -> RunState[None] | None:
    """The end of a run that may not or need not lock anything."""
    unit, mode = migration.id, migration.mode
    if before in UNTOUCHED and (blockers := judge(unit, planes, migration.destination, found) or _closed(migration)):
        return ended(unit, Outcome.BLOCKED, blockers)
    if mode is Mode.ASSESS and before is not State.COMMITTED:
        words = "Nothing blocks it" if before in UNTOUCHED else f"It is {before} already"
        return ended(unit, Outcome.READY, f"{words}; nothing was done.")
    if mode is Mode.DRY_RUN and found.began_as not in (*UNTOUCHED, State.COMMITTED):
        return ended(unit, Outcome.BLOCKED, f"It was {found.began_as} before; a dry run would abort what others began.")
    return None


def _prepare(
    promised: Promise, endpoints: Targets, planes: Planes, migration: MigrateParameters, before: State
) -> None:
    """Prepare as soon as a window is open and the subscription bears one more; what is prepared waits for neither."""
    unit, destination = promised.unit, migration.destination
    if before not in UNTOUCHED:
        take(Verb.PREPARE, unit, planes, destination)
        return
    wait_for_window(migration.windows.for_prepare, Verb.PREPARE)
    try:
        with (
            room_to_prepare(unit.subscription, len(promised.resources)),
            probing(Verb.PREPARE, promised, endpoints, planes, migration.probe),
        ):
            step = take(Verb.PREPARE, unit, planes, destination)
    except NoSlotFree as busy:
        wait_for_slot(pause_before_asking_again(unit.subscription), f"{busy}; the run asks again.")
    keep_timing(step, promised, planes)


def _not_prepared(unit: Unit, planes: Planes, before: State, failure: ControlPlaneError) -> RunState[None]:
    """The end of a run whose prepare the platform did not take, or took and failed."""
    if isinstance(failure, OperationFailed):
        return brought_back(unit, planes, Outcome.PREPARE_FAILED, str(failure))
    if failure.final and not before.locked:
        # Validate had nothing to say against it, but prepare looks again.
        return ended(unit, Outcome.BLOCKED, str(failure))
    raise failure


def _wait_for_turn(migration: MigrateParameters) -> None:
    """Return if the unit's window is open and there is room; else the run waits without a process."""
    subscription = migration.id.subscription
    wait_for_window(migration.windows.for_prepare, Verb.PREPARE)
    try:
        check_room(subscription)
    except NoSlotFree as busy:
        wait_for_slot(pause_before_asking_again(subscription), f"{busy}; the run asks again.")


def _after_prepare(migration: MigrateParameters, planes: Planes, promised: Promise) -> RunState[None]:
    """Check, and then what the mode says."""
    unit, mode = migration.id, migration.mode
    verdict = check_unit(promised, planes)
    if mode is Mode.DRY_RUN:
        return brought_back(unit, planes, Outcome.REHEARSED, "Prepared, checked and brought back.", verdict)
    if mode is Mode.PREPARE_ONLY:
        return ended(unit, Outcome.PREPARED, "Prepared and locked, as asked for.", verdict)
    decision, words = decide(verdict, migration)
    if decision == "abort":
        return brought_back(unit, planes, Outcome.ABORTED, words, verdict)
    wait_for_window(migration.windows.for_commit, Verb.COMMIT)
    endpoints = endpoints_in_arm(promised, planes) if migration.probe.on else Targets()
    with probing(Verb.COMMIT, promised, endpoints, planes, migration.probe):
        step = take(Verb.COMMIT, unit, planes, migration.destination)
    keep_timing(step, promised, planes)
    return ended(unit, Outcome.COMMITTED, words, check_unit(promised, planes))


def _closed(migration: MigrateParameters) -> str:
    """Why no window will ever open again; a unit that may be prepared but never committed would stay locked."""
    now, windows = datetime.now(UTC), migration.windows
    steps = {Verb.PREPARE: windows.for_prepare} if migration.mode is not Mode.ASSESS else {}
    if migration.mode is Mode.FULL:
        steps[Verb.COMMIT] = windows.for_commit
    never = [verb for verb, calendar in steps.items() if calendar.next_opening(now) is None]
    return f"No window for {' and '.join(never)} opens in the next two years." if never else ""
