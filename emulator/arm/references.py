"""References between resources: who points at what, and the fields that show it at the other end.

Bodies are stored with references forward only; the way back is worked out when a resource is read, so that it cannot
be wrong. The pairs of fields are recorded.
"""

from collections.abc import Iterable
from typing import Any

from emulator.pointers import Pointer
from emulator.store import Store

_ONE, _MANY = False, True

# (collection of the source, field that points) -> (field at the target, whether it is a list)
_BACK = {
    ("virtualmachines", "networkInterfaces"): ("virtualMachine", _ONE),
    ("virtualmachines", "availabilitySet"): ("virtualMachines", _MANY),
    ("ipconfigurations", "publicIPAddress"): ("ipConfiguration", _ONE),
    ("frontendipconfigurations", "publicIPAddress"): ("ipConfiguration", _ONE),
    ("ipconfigurations", "subnet"): ("ipConfigurations", _MANY),
    ("frontendipconfigurations", "subnet"): ("ipConfigurations", _MANY),
    ("ipconfigurations", "loadBalancerBackendAddressPools"): ("backendIPConfigurations", _MANY),
    ("ipconfigurations", "loadBalancerInboundNatRules"): ("backendIPConfiguration", _ONE),
    ("loadbalancingrules", "frontendIPConfiguration"): ("loadBalancingRules", _MANY),
    ("loadbalancingrules", "backendAddressPool"): ("loadBalancingRules", _MANY),
    ("loadbalancingrules", "probe"): ("loadBalancingRules", _MANY),
    ("inboundnatrules", "frontendIPConfiguration"): ("inboundNatRules", _MANY),
    ("networkinterfaces", "networkSecurityGroup"): ("networkInterfaces", _MANY),
    ("subnets", "networkSecurityGroup"): ("subnets", _MANY),
    ("subnets", "routeTable"): ("subnets", _MANY),
}

# Which types can hold a reference to a type; the balancer's own parts refer to each other.
_REFERRERS = {
    "Microsoft.Compute/availabilitySets": ("Microsoft.Compute/virtualMachines",),
    "Microsoft.Network/loadBalancers": ("Microsoft.Network/networkInterfaces", "Microsoft.Network/loadBalancers"),
    "Microsoft.Network/localNetworkGateways": ("Microsoft.Network/connections",),
    "Microsoft.Network/networkInterfaces": ("Microsoft.Compute/virtualMachines",),
    "Microsoft.Network/networkSecurityGroups": (
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/virtualNetworks",
    ),
    "Microsoft.Network/publicIPAddresses": (
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/virtualNetworkGateways",
    ),
    "Microsoft.Network/routeTables": ("Microsoft.Network/virtualNetworks",),
    "Microsoft.Network/virtualNetworkGateways": ("Microsoft.Network/connections",),
    "Microsoft.Network/virtualNetworks": (
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/virtualNetworkGateways",
    ),
}

BACK_FIELDS = frozenset(field for field, _ in _BACK.values())


def pointing_at(store: Store, type_: str, resource_id: str) -> list[Pointer]:
    """Pointers at a resource of a type or at its parts, by the id of who points and then in the order of its body."""
    return store.arm_pointers(resource_id, _REFERRERS.get(type_, ()))


def back_references(found: Iterable[Pointer]) -> dict[str, dict[str, Any]]:
    """The fields that show at each target who points at it, by the target's id in lower case."""
    back: dict[str, dict[str, Any]] = {}
    for pointer in found:
        collection = pointer.source.split("/")[-2].lower()
        field, is_list = _BACK.get((collection, pointer.field), ("", _ONE))
        if not field:
            continue
        fields = back.setdefault(pointer.target.lower(), {})
        if is_list:
            fields.setdefault(field, []).append({"id": pointer.source})
        else:
            fields[field] = {"id": pointer.source}
    return back


def decorated(value: Any, back: dict[str, dict[str, Any]]) -> Any:
    """A body, its parts included, with those fields."""
    if not back:
        return value
    if isinstance(value, list):
        return [decorated(item, back) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: decorated(inner, back) for name, inner in value.items()}
    fields = back.get(str(value.get("id", "")).lower())
    if fields and isinstance(made.get("properties"), dict):
        made["properties"] = {**made["properties"], **fields}
    return made
