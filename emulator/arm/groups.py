"""Resource groups, and above them the subscriptions and tenants of the emulated directory."""

import re
from typing import Any

from starlette.responses import Response

from emulator.arm import paging, reads, refusals, writes
from emulator.arm.call import Call, answer, empty
from emulator.arm.regions import REGIONS
from emulator.arm.shapes import require_group_shape
from emulator.arm.types import GROUP
from emulator.store import Store
from emulator.transform import bodies

TENANT = bodies.stable_guid("tenant", "emulator")
"""The one directory."""


def tenants(call: Call) -> Response:
    """The one directory that every subscription is in."""
    del call
    return answer({"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT}]})


def subscriptions(call: Call) -> Response:
    """Every subscription that a seed has made."""
    rows = call.store.execute("SELECT id FROM subscription ORDER BY id")
    return answer({"value": [_subscription(row["id"]) for row in rows]})


def subscription(call: Call) -> Response:
    """One subscription."""
    return answer(_subscription(call.subscription))


def locations(call: Call) -> Response:
    """The regions of a subscription."""
    named = {bodies.normal_location(shown): shown for shown in REGIONS}
    prefix = f"/subscriptions/{call.subscription}/locations"
    return answer(
        {"value": [{"id": f"{prefix}/{name}", "name": name, "displayName": shown} for name, shown in named.items()]}
    )


def is_known(store: Store, subscription: str) -> bool:
    """Whether a seed has made the subscription."""
    return bool(store.execute("SELECT 1 FROM subscription WHERE id = ? COLLATE NOCASE", (subscription,)))


def groups(call: Call) -> Response:
    """The groups of a subscription."""
    rows = call.store.arm_list(call.subscription, type=GROUP)
    return answer(paging.page(call, rows, lambda row: row.id, lambda shown: [row.body for row in shown]))


def group(call: Call) -> Response:
    """One group."""
    return answer(reads.require_group(call).body)


def group_exists(call: Call) -> Response:
    """204 or 404, without a body."""
    return empty(204 if call.store.arm_get(call.group_id) else 404)


def put_group(call: Call) -> Response:
    """Make a group, or replace its tags."""
    before = call.store.arm_get(call.group_id)
    writes.require_unlocked(before)
    document = call.document()
    require_group_shape(document)
    location = bodies.normal_location(str(document.get("location") or ""))
    if not location:
        raise refusals.location_required()
    if before and before.location != location:
        raise refusals.group_location_changed(before.body["name"], before.location)
    name = before.body["name"] if before else call.names["group"]
    if wrong := "".join(sorted(set(re.findall(r"[^\w.()-]", name)))):
        raise refusals.invalid_group_name(name, wrong)
    made = bodies.group(call.subscription, name, location)
    _keep(call, {**made.body, "tags": document.get("tags") or {}}, existed=before is not None)
    return answer(reads.require_group(call).body, 200 if before else 201)


def patch_group(call: Call) -> Response:
    """Replace a group's tags."""
    before = reads.require_group(call)
    writes.require_unlocked(before)
    document = call.document()
    require_group_shape(document)
    _keep(call, {**before.body, "tags": document.get("tags") or {}}, existed=True)
    return answer(reads.require_group(call).body)


def delete_group(call: Call) -> Response:
    """Delete a group with all that is in it; refused while a migration holds any of it."""
    reads.require_group(call)
    rows = call.store.arm_list(call.subscription, group=call.names["group"])
    for row in rows:
        writes.require_unlocked(row)
    for row in rows:
        call.store.arm_delete(row.id)
    call.note.verb, call.note.unit, call.note.effect = "delete", call.group_id, True
    call.note.before = "Succeeded"
    return empty(200)


def _keep(call: Call, body: dict[str, Any], *, existed: bool) -> None:
    call.store.arm_put(body["id"], body)
    call.note.verb, call.note.unit, call.note.effect = call.method.lower(), body["id"], True
    call.note.before, call.note.after = "Succeeded" if existed else None, "Succeeded"


def _subscription(id_: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{id_}",
        "subscriptionId": id_,
        "tenantId": TENANT,
        "displayName": id_,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }
