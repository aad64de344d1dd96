"""Writes that the real service answers before they are done: headers to poll, and the status documents (recorded).

The work is done with the answer; what may still be to come is the operation's end, `latency.write` seconds later.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from emulator import operations
from emulator.arm import actions, refusals, views, writes
from emulator.arm.call import Call, answer, empty
from emulator.arm.paths import Target, resolve
from emulator.arm.types import ResourceType
from emulator.store import ArmRow

LATENCY = "write"
"""The verb whose latency these operations take."""

_SETTLED_AT_ONCE = ("Microsoft.Network/loadBalancers", "Microsoft.Network/networkInterfaces")
_QUICK = ("Microsoft.Network/publicIPAddresses", "Microsoft.Network/virtualNetworks")
_ACCOUNTS = "Microsoft.Storage/storageAccounts"


@dataclass(frozen=True)
class _Manner:
    """How writes of a type are answered; `retry_after` is in seconds, 0 for none."""

    retry_after: int
    still_going: bool


def put(call: Call) -> Response:
    """PUT, answered as the real provider of the type does."""
    target = resolve(call.group_id, call.names["rest"])
    before = call.store.arm_get(target.resource_id)
    made = writes.put(call)
    if target.type.name == _ACCOUNTS:
        return made if before else _storage(call, target)
    manner = _manner(target.type)
    if manner is None:
        return made
    shown = made
    if manner.still_going:
        state = "Updating" if before or target.type.is_network else "Creating"
        shown = answer(_with_state(call, target, state), made.status_code)
    return _polled(call, shown, target, manner.retry_after, location=False)


def delete(call: Call) -> Response:
    """DELETE: 202 for what takes its time."""
    target = resolve(call.group_id, call.names["rest"])
    row = call.store.arm_get(target.resource_id)
    done = writes.delete(call)
    manner = _manner(target.type)
    if row is None or manner is None or done.status_code == 204:  # noqa: PLR2004 -- nothing was there
        return done
    return _polled(call, empty(202), target, 10 if target.type.is_network else 0, location=True, row=row)


def set_power(call: Call) -> Response:
    """Start, restart, power off or deallocate: 202 with both headers."""
    actions.set_power(call)
    target = resolve(call.group_id, f"Microsoft.Compute/virtualMachines/{call.names['machine']}")
    return _polled(call, empty(202), target, 0, location=True)


def status(call: Call) -> Response:
    """How an operation goes."""
    due = _due(call)
    if due > call.clock.timestamp():
        going = answer({"status": "InProgress"})
        if call.names["namespace"].lower() == "microsoft.network":
            going.headers["retry-after"] = "10"
        return going
    return answer({"status": "Succeeded"})


def result(call: Call) -> Response:
    """202 until it is done; then the resource that was made, or 204."""
    due = _due(call)
    if due > call.clock.timestamp():
        return _later(call, empty(202))
    rows = call.store.execute("SELECT resource FROM arm_operation WHERE id = ?", (_number(call),))
    row = call.store.arm_get(rows[0]["resource"]) if rows[0]["resource"] else None
    return answer(views.one(call.store, row)) if row else empty(204)


def _manner(type_: ResourceType) -> _Manner | None:
    if type_.name in _SETTLED_AT_ONCE:
        return _Manner(0, still_going=False)
    if type_.is_network:
        return _Manner(3 if type_.name in _QUICK else 10, still_going=True)
    if type_.name.startswith("Microsoft.Compute/virtualMachines"):
        return _Manner(0, still_going=True)
    return None


def _storage(call: Call, target: Target) -> Response:
    number = _keep(call, target.resource_id)
    made = empty(202)
    made.headers["location"] = _url(call, target, call.store.arm_get(target.resource_id), "asyncoperations", number)
    made.headers["retry-after"] = "17"
    return made


def _polled(
    call: Call, shown: Response, target: Target, retry_after: int, *, location: bool, row: ArmRow | None = None
) -> Response:
    number = _keep(call, "")
    where = row or call.store.arm_get(target.resource_id)
    shown.headers["azure-asyncoperation"] = _url(call, target, where, "operations", number)
    if location:
        shown.headers["location"] = _url(call, target, where, "operationResults", number)
    if retry_after:
        shown.headers["retry-after"] = str(retry_after)
    return shown


def _with_state(call: Call, target: Target, state: str) -> dict[str, Any]:
    row = call.store.arm_get(target.resource_id)
    body = views.one(call.store, row) if row else {}
    if target.collection:
        parts = body["properties"][target.collection]
        body = next(part for part in parts if part["name"].lower() == target.part.lower())
    return {**body, "properties": {**body["properties"], "provisioningState": state}}


def _keep(call: Call, resource: str) -> str:
    """Note an operation; answers its number."""
    number = uuid.uuid4().hex
    due = call.clock.timestamp() + operations.latency(call.store, LATENCY)
    call.store.execute(
        "INSERT INTO arm_operation (id, subscription, due, resource) VALUES (?, ?, ?, ?)",
        (number, call.subscription.lower(), due, resource),
    )
    return number


def _url(call: Call, target: Target, row: ArmRow | None, what: str, number: str) -> str:
    place = f"providers/{target.type.namespace}/locations/{row.location if row else 'westus'}"
    return call.link(f"/subscriptions/{call.subscription}/{place}/{what}/{uuid.UUID(number)}")


def _later(call: Call, shown: Response) -> Response:
    shown.headers["location"] = call.url
    return shown


def _number(call: Call) -> str:
    return call.names["operation"].replace("-", "").lower()


def _due(call: Call) -> float:
    rows = call.store.execute(
        "SELECT due FROM arm_operation WHERE id = ? AND subscription = ?", (_number(call), call.subscription.lower())
    )
    if not rows:
        raise refusals.operation_not_found(call.names["operation"])
    return float(rows[0]["due"])
