"""Usage against quota per provider and region."""

from typing import Any

from starlette.responses import Response

from emulator import quotas
from emulator.arm.call import Call, answer


def compute(call: Call) -> Response:
    """Machines, their cores by family and together, and availability sets."""
    return answer({"value": _usages(call, "Microsoft.Compute")})


def network(call: Call) -> Response:
    """Network resources, each line with an id of its own (recorded); static addresses count twice."""
    prefix = f"/subscriptions/{call.subscription}/providers/Microsoft.Network/locations/{call.names['location']}/usages"
    lines = _usages(call, "Microsoft.Network")
    return answer({"value": [{**line, "id": f"{prefix}/{line['name']['value']}"} for line in lines]})


def storage(call: Call) -> Response:
    """Storage accounts."""
    return answer({"value": _usages(call, "Microsoft.Storage")})


def _usages(call: Call, provider: str) -> list[dict[str, Any]]:
    return [
        {
            "unit": "Count",
            "currentValue": usage.used,
            "limit": usage.limit,
            "name": {"value": usage.quota.name, "localizedValue": usage.quota.text},
        }
        for usage in quotas.usages(call.store, call.subscription, call.names["location"], provider)
    ]
