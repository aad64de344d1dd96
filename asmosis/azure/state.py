"""Where a unit stands, asked of both planes."""

import re
from collections.abc import Collection

from asmosis.azure.arm import ArmClient
from asmosis.azure.asm import AsmClient
from asmosis.units import State, Unit

# What of a unit its ARM side cannot be without. It keeps its name (of a reserved IP assumed), but for a cloud service,
# which ARM does not have: there it is the machines, whose names classic no longer tells.
_LANDED_AS = {
    "virtualNetwork": "Microsoft.Network/virtualNetworks",
    "hostedService": "Microsoft.Compute/virtualMachines",
    "networkSecurityGroup": "Microsoft.Network/networkSecurityGroups",
    "routeTable": "Microsoft.Network/routeTables",
    "reservedIp": "Microsoft.Network/publicIPAddresses",
    "storageAccount": "Microsoft.Storage/storageAccounts",
}


def state_of(unit: Unit, asm: AsmClient, arm: ArmClient, groups: Collection[str]) -> State:
    """Where the unit stands.

    Args:
        unit: what to look for.
        asm: asked first; what classic knows is as classic says.
        arm: asked only when classic does not know the unit.
        groups: the resource groups that the platform makes for the unit.

    Returns:
        `COMMITTED` only if classic does not know the unit and one of the groups holds it, `ABSENT` if neither does.
    """
    state = asm.state(unit)
    if state is not State.ABSENT:
        return state
    wanted = _LANDED_AS[unit.kind].casefold()
    for resource in arm.listed(groups):
        if resource["type"].casefold() == wanted and (
            unit.kind == "hostedService" or _plain(resource["name"]) == _plain(unit.name)
        ):
            return State.COMMITTED
    return State.ABSENT


def _plain(name: str) -> str:
    """A name without what ARM does not allow in names (classic ones may hold spaces and quotes)."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
