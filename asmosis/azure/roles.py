"""Azure roles with just the actions that asmosis asks Resource Manager for, by what somebody is to do with it.

No role narrows the classic plane: it lets in service administrators, co-administrators and management certificates,
each for everything in the subscription (documented by Microsoft). A migration writes nothing to Resource Manager; what
appears there is written by the platform. So its role only reads.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_FACTS = (
    "Microsoft.AAD/domainServices/read",
    "Microsoft.ApiManagement/service/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Compute/locations/usages/read",
    "Microsoft.Compute/skus/read",
    "Microsoft.HDInsight/clusters/read",
    "Microsoft.Insights/alertRules/read",
    "Microsoft.Insights/autoscaleSettings/read",
    "Microsoft.Network/locations/usages/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Security/autoProvisioningSettings/read",
    "Microsoft.Storage/checkNameAvailability/read",
    "Microsoft.Storage/locations/usages/read",
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Web/hostingEnvironments/read",
)
_HOLDINGS = (
    "Microsoft.Authorization/locks/read",
    "Microsoft.Compute/availabilitySets/read",
    "Microsoft.Compute/disks/read",
    "Microsoft.Compute/virtualMachines/extensions/read",
    "Microsoft.Compute/virtualMachines/instanceView/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.Network/connections/read",
    "Microsoft.Network/loadBalancers/read",
    "Microsoft.Network/localNetworkGateways/read",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/publicIPAddresses/read",
    "Microsoft.Network/routeTables/read",
    "Microsoft.Network/virtualNetworkGateways/read",
    "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    "Microsoft.Resources/subscriptions/resources/read",
)
# Types that stand by themselves: the write check takes the first one that a unit has.
_TAGGED = (
    "Microsoft.Compute/availabilitySets/write",
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.Network/connections/write",
    "Microsoft.Network/loadBalancers/write",
    "Microsoft.Network/localNetworkGateways/write",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/routeTables/write",
    "Microsoft.Network/virtualNetworkGateways/write",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.Storage/storageAccounts/write",
)


class Purpose(StrEnum):
    """What a role is for."""

    ASSESS = "assess"
    MIGRATE = "migrate"
    ACCESS = "access"
    WRITE_CHECK = "write-check"


@dataclass(frozen=True)
class Role:
    """A role by its actions, in the order of their names; `description` is what Azure's portal shows."""

    name: str
    description: str
    actions: tuple[str, ...]


_READING = tuple(sorted({*_FACTS, *_HOLDINGS}))
ROLES: dict[Purpose, Role] = {
    Purpose.ASSESS: Role("asmosis assess", "Reads what classic documents do not tell: quotas, sizes, roles.", _FACTS),
    Purpose.MIGRATE: Role(
        "asmosis migrate",
        "The same, and reads what a migration made, to check and verify it. Writes nothing.",
        _READING,
    ),
    Purpose.ACCESS: Role(
        "asmosis access",
        "asmosis access apply: gives roles anew. Whoever has this can give any role to anybody.",
        tuple(sorted({*_READING, "Microsoft.Authorization/roleAssignments/write"})),
    ),
    Purpose.WRITE_CHECK: Role(
        "asmosis write check",
        "asmosis verify --write-check: writes a tag to one resource and takes it off again.",
        tuple(sorted({*_READING, *_TAGGED})),
    ),
}


def definition(purpose: Purpose, subscription: str) -> dict[str, Any]:
    """A role as `az role definition create --role-definition` takes it; it can be given in this subscription only."""
    role = ROLES[purpose]
    return {
        "Name": role.name,
        "IsCustom": True,
        "Description": role.description,
        "Actions": list(role.actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{subscription}"],
    }
