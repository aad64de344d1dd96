"""Connections of VPN gateways: their shared keys, and those of one gateway."""

from typing import Any

from starlette.responses import Response

from emulator.arm import paging, reads, refusals, views, writes
from emulator.arm.call import Call, answer
from emulator.arm.paths import resolve
from emulator.store import ArmRow

_TYPE = "Microsoft.Network/connections"


def of_gateway(call: Call) -> Response:
    """The connections that begin or end at a gateway."""
    gateway = reads.held(
        call, resolve(call.group_id, f"Microsoft.Network/virtualNetworkGateways/{call.names['gateway']}")
    )
    rows = [
        row
        for row in call.store.arm_list(call.subscription, type=_TYPE)
        if any(_end(row, end) == gateway.id.lower() for end in ("virtualNetworkGateway1", "virtualNetworkGateway2"))
    ]
    return answer(paging.page(call, rows, lambda row: row.id, lambda shown: views.many(call.store, shown)))


def shared_key(call: Call) -> Response:
    """The shared key; empty until it is set."""
    return answer({"value": _row(call).body["properties"].get("sharedKey", "")})


def set_shared_key(call: Call) -> Response:
    """Replace the shared key."""
    row = _row(call)
    writes.require_unlocked(row)
    value = call.document().get("value")
    if not isinstance(value, str):
        raise refusals.invalid_content("value has to be a text")
    call.store.arm_put(row.id, {**row.body, "properties": {**row.body["properties"], "sharedKey": value}})
    call.note.verb, call.note.unit, call.note.effect = "sharedkey", row.id, True
    call.note.before = call.note.after = "Succeeded"
    return answer({"value": value})


def _row(call: Call) -> ArmRow:
    return reads.held(call, resolve(call.group_id, f"{_TYPE}/{call.names['connection']}"))


def _end(row: ArmRow, name: str) -> str:
    end: Any = row.body["properties"].get(name)
    return str(end.get("id", "")).lower() if isinstance(end, dict) else ""
