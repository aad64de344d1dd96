"""A unit's life on the platform: which verb is accepted in which state, and what an ended operation does.

    none -prepare-> Preparing -> Prepared -commit-> Committing -> (gone from classic)
                        |            |                  `-> CommitFailed -commit-> ...
                        v            `-abort-> Aborting -> none
                   PrepareFailed -prepare-> ... | -abort-> ...

Once commit was ever sent, abort is refused (documented). The states and their names are documented for the .NET
client; what each failed state accepts is assumed.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from emulator import quotas
from emulator.errors import PlatformError
from emulator.faults import Failure
from emulator.operations import Operation
from emulator.platform import units
from emulator.platform.units import Unit
from emulator.platform.validate import blockers, validate
from emulator.store import ClassicRow, Store
from emulator.transform import ArmResource, Destination, names, transform
from emulator.wrongs import Wrong, distorted

NONE = "None"

_log = logging.getLogger(__name__)

# (verb, state) -> the state while the operation runs.
_ACCEPTED = {
    ("prepare", NONE): "Preparing",
    ("prepare", "PrepareFailed"): "Preparing",
    ("commit", "Prepared"): "Committing",
    ("commit", "CommitFailed"): "Committing",
    ("abort", "Prepared"): "Aborting",
    ("abort", "PrepareFailed"): "Aborting",
    ("abort", "AbortFailed"): "Aborting",
}
_FAILED = {"prepare": "PrepareFailed", "commit": "CommitFailed", "abort": "AbortFailed"}


@dataclass(frozen=True)
class Step:
    """What a verb does to a unit now; no `during` means that it is done already and only repeated."""

    before: str
    during: str | None


def state(store: Store, unit: Unit) -> str:
    """The migration state, `None` (the platform's word) for a unit that nobody has touched."""
    rows = store.execute("SELECT state FROM unit WHERE subscription = ? AND id = ?", (unit.subscription, unit.id))
    return str(rows[0]["state"]) if rows else NONE


def step(verb: str, before: str, unit_words: str, running: str | None) -> Step:
    """Decide about a verb.

    Raises:
        PlatformError: 409 while another operation runs, 400 for a verb that the state does not take.
    """
    during = _ACCEPTED.get((verb, before))
    if during or (verb, before) == ("prepare", "Prepared"):
        return Step(before, during)
    if before in ("Preparing", "Committing", "Aborting"):
        raise PlatformError(409, "ConflictError", _conflict(before, unit_words, running))
    if before == "CommitFailed":
        raise PlatformError(400, "BadRequest", _in_process(unit_words, "committed"))
    if before == "AbortFailed":
        raise PlatformError(400, "BadRequest", _in_process(unit_words, "aborted"))
    raise PlatformError(400, "BadRequest", f"{unit_words} has not been prepared for Migration.")


def begin(store: Store, unit: Unit, during: str, operation: str, destination: Destination) -> None:
    """Lock the unit: the state shows from now on, and survives until the operation ends."""
    store.execute(
        "INSERT INTO unit (subscription, id, state, destination, operation) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (subscription, id) DO UPDATE SET state = excluded.state, operation = excluded.operation,"
        " destination = CASE excluded.state WHEN 'Preparing' THEN excluded.destination ELSE destination END",
        (unit.subscription, unit.id, during, json.dumps(asdict(destination)), operation),
    )
    _show(store, unit, during)


def running(store: Store, unit: Unit) -> str | None:
    """The operation that last changed the unit's state."""
    rows = store.execute("SELECT operation FROM unit WHERE subscription = ? AND id = ?", (unit.subscription, unit.id))
    return str(rows[0]["operation"]) if rows else None


def exclusive_access(operation: str | None) -> str:
    """What is said to who comes while another operation runs (recorded)."""
    return (
        f"Windows Azure is currently performing an operation with x-ms-requestid {operation} on this deployment that"
        " requires exclusive access."
    )


def complete(store: Store, operation: Operation) -> Failure | None:
    """Do what the operation was accepted for; the answer says how it failed instead."""
    unit = Unit.parse(operation.subscription, operation.unit)
    effect = {"prepare": _prepare, "commit": _commit, "abort": _abort}.get(operation.verb)
    if effect is None:
        return operation.plan.failure
    failure = operation.plan.failure
    if failure:
        if failure.service and unit.kind == "virtualNetwork":
            try:
                _partly(store, unit, operation, failure.service)
            except PlatformError as refusal:
                _show(store, unit, _FAILED[operation.verb])
                return _failure(refusal)
        else:
            _show(store, unit, _FAILED[operation.verb])
        return failure
    return effect(store, unit, operation)


def _prepare(store: Store, unit: Unit, operation: Operation) -> Failure | None:
    found = blockers(validate(store, unit))
    if found:
        # Nothing was locked on the other side yet, so the unit is as it was (assumed).
        _forget(store, unit)
        return Failure(code="BadRequest", message=" ".join(message.text for message in found))
    try:
        resources = transform(
            units.classic_unit(store, unit, _destination(store, unit)),
            lambda resource_id: row.body if (row := store.arm_get(resource_id)) else None,
        )
        quotas.require(store, unit.subscription, resources)
        resources = distorted(resources, operation.plan.wrong)
    except PlatformError as refusal:
        _show(store, unit, "PrepareFailed")
        return _failure(refusal)
    except Exception:  # noqa: BLE001 -- an operation ends as failed, or it would be tried again on every request
        _log.exception("prepare of %s could not transform the unit", unit.id)
        _show(store, unit, "PrepareFailed")
        return Failure(http_status=500)
    for resource in resources:
        _create(store, unit, resource)
    _show(store, unit, "Prepared")
    return None


def _failure(refusal: PlatformError) -> Failure:
    return Failure(code=refusal.code, message=refusal.message, http_status=refusal.status)


def _commit(store: Store, unit: Unit, operation: Operation) -> Failure | None:
    if operation.plan.wrong:
        try:
            _spoil(store, unit, operation.plan.wrong)
        except PlatformError as refusal:
            _show(store, unit, "CommitFailed")
            return _failure(refusal)
    for row in units.members(store, unit):
        store.classic_delete(unit.subscription, row.kind, row.name, row.parent)
    store.execute("UPDATE arm SET unit = NULL WHERE subscription = ? AND unit = ?", (unit.subscription, unit.id))
    _forget(store, unit)
    return None


def _abort(store: Store, unit: Unit, _operation: Operation) -> Failure | None:
    store.execute("DELETE FROM arm WHERE subscription = ? AND unit = ?", (unit.subscription, unit.id))
    _forget(store, unit)
    return None


def _partly(store: Store, unit: Unit, operation: Operation, failing: str) -> None:
    """Take the step for every cloud service of a network but one; they go one after the other (documented)."""
    others = [found for found in units.deployed(store, unit) if found.service.name.lower() != failing.lower()]
    if operation.verb == "prepare":
        made = transform(units.classic_unit(store, unit, Destination()), lambda _: None)
        for resource in distorted(made, operation.plan.wrong):
            if f"/resourcegroups/{names.group(failing)}".lower() not in resource.id.lower():
                _create(store, unit, resource)
    if operation.verb == "commit":
        for found in others:
            for row in units.of_service(store, unit, found):
                store.classic_delete(unit.subscription, row.kind, row.name, row.parent)
            store.execute(
                "UPDATE arm SET unit = NULL WHERE subscription = ? AND unit = ? AND resource_group = ?",
                (unit.subscription, unit.id, names.group(found.service.name)),
            )
    _show(store, unit, _FAILED[operation.verb])
    for found in others if operation.verb == "prepare" else ():
        _mark_row(store, unit, found.deployment, "Prepared")


def _create(store: Store, unit: Unit, resource: ArmResource) -> None:
    """A resource that exists already (a group that another unit made) stays as it is and is not locked."""
    if store.arm_get(resource.id) is None:
        store.arm_put(resource.id, resource.body, unit.id)


def _spoil(store: Store, unit: Unit, wrongs: Sequence[Wrong]) -> None:
    """What prepare made right is wrong from now on."""
    rows = store.execute(
        "SELECT key FROM arm WHERE subscription = ? AND unit = ? ORDER BY key", (unit.subscription, unit.id)
    )
    before = [ArmResource(row.id, row.body) for each in rows if (row := store.arm_get(each["key"]))]
    after = distorted(before, wrongs)
    for gone in {resource.id for resource in before} - {resource.id for resource in after}:
        store.arm_delete(gone)
    for resource in after:
        store.arm_put(resource.id, resource.body, unit.id)


def _show(store: Store, unit: Unit, shown: str) -> None:
    store.execute("UPDATE unit SET state = ? WHERE subscription = ? AND id = ?", (shown, unit.subscription, unit.id))
    for row in units.members(store, unit):
        _mark_row(store, unit, row, shown)


def _forget(store: Store, unit: Unit) -> None:
    store.execute("DELETE FROM unit WHERE subscription = ? AND id = ?", (unit.subscription, unit.id))
    store.execute(
        "UPDATE classic SET unit = NULL, migration_state = NULL WHERE subscription = ? AND unit = ?",
        (unit.subscription, unit.id),
    )


def _mark_row(store: Store, unit: Unit, row: ClassicRow, shown: str) -> None:
    store.execute(
        "UPDATE classic SET unit = ?, migration_state = ?"
        " WHERE subscription = ? AND kind = ? AND parent = ? AND name = ?",
        (unit.id, shown, unit.subscription, row.kind, row.parent, row.name),
    )


def _destination(store: Store, unit: Unit) -> Destination:
    rows = store.execute("SELECT destination FROM unit WHERE subscription = ? AND id = ?", (unit.subscription, unit.id))
    return Destination(**json.loads(rows[0]["destination"]))


def _conflict(before: str, unit_words: str, operation: str | None) -> str:
    if before == "Preparing":
        return exclusive_access(operation)
    return _in_process(unit_words, {"Committing": "committed", "Aborting": "aborted"}[before])


def _in_process(unit_words: str, what: str) -> str:
    return (
        f"Migration of {unit_words} is in the process of being {what} and cannot be changed until it completes"
        " successfully."
    )
