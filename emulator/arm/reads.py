"""Getting and listing resources of any type in the table."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import Response

from emulator.arm import paging, refusals, views
from emulator.arm.call import Call, answer, empty
from emulator.arm.paths import Target, resolve
from emulator.arm.types import TYPES, find
from emulator.errors import NotEmulatedError, PlatformError
from emulator.store import ArmRow

_MACHINE = "Microsoft.Compute/virtualMachines"
_TERM = re.compile(r"\s*(resourceType|resourceGroup|name|location)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)


def show(call: Call) -> Response:
    """GET below a group: a resource, a part of one, or a list of either."""
    target = resolve(call.group_id, call.names["rest"])
    if target.collection:
        return _parts(call, target)
    if not target.resource_id:
        return _list_in_group(call, target)
    row = held(call, target)
    return answer(views.one(call.store, row, call.query.get("$expand", "")))


def exists(call: Call) -> Response:
    """HEAD of a resource."""
    target = resolve(call.group_id, call.names["rest"])
    return empty(204 if call.store.arm_get(target.resource_id) else 404)


def held(call: Call, target: Target) -> ArmRow:
    """The row of a resource.

    Raises:
        PlatformError: 404, which tells a missing group from a missing resource.
    """
    row = call.store.arm_get(target.resource_id)
    if row is None:
        require_group(call)
        raise refusals.resource_not_found(target.name, call.names["group"])
    return row


def require_group(call: Call) -> ArmRow:
    """The row of the group in the path.

    Raises:
        PlatformError: 404.
    """
    row = call.store.arm_get(call.group_id)
    if row is None:
        raise refusals.group_not_found(call.names["group"])
    return row


def list_in_subscription(call: Call) -> Response:
    """GET of all resources of a type; some types can only be listed by group (measured)."""
    type_ = find([call.names["namespace"], call.names["type"]])
    if type_ is None or not type_.everywhere:
        raise NotEmulatedError(f"listing {call.names['namespace']}/{call.names['type']} in a subscription")
    rows = call.store.arm_after(call.subscription, paging.after(call), type=type_.name)
    if type_.name == _MACHINE and call.query.get("statusonly", "").lower() == "true":
        return answer(paging.page(call, rows, lambda row: row.id, lambda shown: list(map(views.status_only, shown))))
    return _page_of_one_type(call, rows)


def machines_in_location(call: Call) -> Response:
    """GET of the virtual machines of a region."""
    rows = call.store.arm_list(call.subscription, type=_MACHINE)
    wanted = call.names["location"].lower()
    return _page_of_one_type(call, [row for row in rows if row.location == wanted])


def machine_instance_view(call: Call) -> Response:
    """GET of a machine's instance view alone."""
    row = held(call, resolve(call.group_id, f"Microsoft.Compute/virtualMachines/{call.names['machine']}"))
    return answer(views.instance_view(row))


def list_mixed(call: Call) -> Response:
    """GET of the resources of a subscription or of a group, whatever their type."""
    group = call.names.get("group")
    if group is not None:
        require_group(call)
    wanted = _filter(call.query.get("$filter", ""))
    rows = call.store.arm_after(call.subscription, paging.after(call), group=group)
    found = (row for row in rows if _is_tracked(row) and wanted(row))
    return answer(paging.page(call, found, lambda row: row.id, lambda shown: [views.summary(row) for row in shown]))


def _is_tracked(row: ArmRow) -> bool:
    known = TYPES.get(row.type.lower())
    return known is not None and known.tracked


def _filter(expression: str) -> Callable[[ArmRow], bool]:
    """`resourceType eq '...' and name eq '...'` and the like."""
    terms = []
    for part in re.split(r"\s+and\s+", expression) if expression.strip() else []:
        term = _TERM.fullmatch(part)
        if term is None:
            raise refusals.invalid_filter(expression)
        terms.append((term[1].lower(), term[2].lower()))

    def matches(row: ArmRow) -> bool:
        values = {
            "resourcetype": row.type,
            "resourcegroup": row.group,
            "name": str(row.body.get("name", "")),
            "location": row.location,
        }
        return all(values[name].lower() == value for name, value in terms)

    return matches


def _list_in_group(call: Call, target: Target) -> Response:
    require_group(call)
    rows: Iterable[ArmRow] = call.store.arm_after(
        call.subscription, paging.after(call), type=target.type.name, group=call.names["group"]
    )
    if target.parent_id:
        if call.store.arm_get(target.parent_id) is None:
            parent = resolve(call.group_id, target.parent_id.removeprefix(f"{call.group_id}/providers/"))
            raise refusals.parent_not_found(parent.name)
        prefix = f"{target.parent_id}/".lower()
        rows = (row for row in rows if row.id.lower().startswith(prefix))
    return _page_of_one_type(call, rows)


def _page_of_one_type(call: Call, rows: Iterable[ArmRow]) -> Response:
    def show_all(shown: list[ArmRow]) -> list[dict[str, Any]]:
        return views.many(call.store, shown, call.query.get("$expand", ""))

    return answer(paging.page(call, rows, lambda row: row.id, show_all))


def _parts(call: Call, target: Target) -> Response:
    body = views.one(call.store, held(call, target))
    parts: list[dict[str, Any]] = body["properties"].get(target.collection, [])
    if not target.part:
        return answer({"value": parts})
    return answer(part_named(parts, target))


def part_named(parts: list[dict[str, Any]], target: Target) -> dict[str, Any]:
    """The part that the target means.

    Raises:
        PlatformError: 404 NotFound, as the network provider says it for parts.
    """
    for part in parts:
        if part["name"].lower() == target.part.lower():
            return part
    missing: PlatformError = refusals.part_not_found(target.part_id)
    raise missing
