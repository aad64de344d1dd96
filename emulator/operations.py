"""Accepted long operations: rows with a due time and no timers, so a restart or a turned clock loses none."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from emulator.faults import Failure, Plan
from emulator.store import Store


@dataclass(frozen=True)
class Operation:
    """One accepted operation; its id is the request id of the 202, 32 hex digits."""

    id: str
    subscription: str
    verb: str
    unit: str
    accepted: float
    due: float
    status: str
    plan: Plan
    http_status: int | None = None
    error_code: str | None = None
    error_message: str | None = None


def accept(store: Store, operation: Operation) -> None:
    """Keep an operation that was just accepted or, for a repeat, is done already."""
    store.execute(
        "INSERT INTO operation (id, subscription, verb, unit, accepted, due, status, http_status, plan)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            operation.id,
            operation.subscription,
            operation.verb,
            operation.unit,
            operation.accepted,
            operation.due,
            operation.status,
            operation.http_status,
            operation.plan.model_dump_json(),
        ),
    )


def get(store: Store, subscription: str, operation: str) -> Operation | None:
    """An operation by its id, with or without dashes."""
    try:
        bare = UUID(operation).hex
    except ValueError:
        return None
    rows = store.execute("SELECT * FROM operation WHERE id = ? AND subscription = ?", (bare, subscription))
    return _operation(rows[0]) if rows else None


def settle(store: Store, now: float, complete: Callable[[Operation], Failure | None]) -> None:
    """End every operation that is due, each with its effect in one transaction."""
    rows = store.execute(
        "SELECT * FROM operation WHERE status = 'InProgress' AND due <= ? ORDER BY due, accepted, rowid",
        (now,),
    )
    for row in rows:
        operation = _operation(row)
        with store.transaction():
            failure = complete(operation)
            store.execute(
                "UPDATE operation SET status = ?, http_status = ?, error_code = ?, error_message = ? WHERE id = ?",
                (
                    "Failed" if failure else "Succeeded",
                    failure.http_status if failure else 200,
                    failure.code if failure else None,
                    failure.message if failure else None,
                    operation.id,
                ),
            )


def changing(store: Store, subscription: str, unit: str) -> str | None:
    """The ordinary write that is at work on something, if any."""
    rows = store.execute(
        "SELECT id FROM operation WHERE status = 'InProgress' AND verb = 'write' AND subscription = ?"
        " AND unit = ? COLLATE NOCASE",
        (subscription, unit),
    )
    return str(rows[0]["id"]) if rows else None


def next_due(store: Store) -> float | None:
    """When the next operation ends, if any is running."""
    rows = store.execute("SELECT min(due) AS due FROM operation WHERE status = 'InProgress'")
    return None if rows[0]["due"] is None else float(rows[0]["due"])


def latency(store: Store, verb: str) -> float:
    """Seconds that an operation of this verb takes."""
    return float(store.setting(f"latency.{verb}", "0"))


def set_latency(store: Store, verb: str, seconds: float) -> None:
    """Choose how long operations of this verb take from now on."""
    store.set_setting(f"latency.{verb}", repr(seconds))


def _operation(row: object) -> Operation:
    fields = dict(row)  # type: ignore[call-overload]  # sqlite3.Row is a mapping that no protocol names
    return Operation(**(fields | {"plan": Plan.model_validate_json(fields["plan"])}))
