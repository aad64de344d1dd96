"""The resource types of the plane as data: what a path may name, how writes answer, what their parts are."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceType:
    """One type. `created` is the status of a PUT that makes one; the clients accept few (measured).

    `parts` are collections under `properties` whose elements have ids of their own; those in `writable` can be
    written alone. `in_use` is the code that refuses a DELETE while others refer to the resource, if any does.
    """

    name: str
    created: int = 201
    parts: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    in_use: str = ""
    everywhere: bool = True
    tracked: bool = True

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.name.partition("/")[0]

    @property
    def is_network(self) -> bool:
        """Whether bodies carry an etag and a guid (recorded)."""
        return self.namespace == "Microsoft.Network"


_TYPES = (
    ResourceType("Microsoft.Compute/availabilitySets", created=200, in_use="OperationNotAllowed"),
    ResourceType("Microsoft.Compute/disks", created=200),
    ResourceType("Microsoft.Compute/virtualMachines"),
    ResourceType("Microsoft.Compute/virtualMachines/extensions", everywhere=False),
    ResourceType("Microsoft.Insights/alertRules"),
    ResourceType("Microsoft.Insights/autoscaleSettings"),
    ResourceType("Microsoft.KeyVault/vaults"),
    ResourceType("Microsoft.KeyVault/vaults/secrets", everywhere=False, tracked=False),
    ResourceType("Microsoft.Network/connections", everywhere=False),
    ResourceType(
        "Microsoft.Network/loadBalancers",
        parts=(
            "frontendIPConfigurations",
            "backendAddressPools",
            "loadBalancingRules",
            "probes",
            "inboundNatRules",
            "outboundNatRules",
            "inboundNatPools",
        ),
        writable=("inboundNatRules", "backendAddressPools"),
        in_use="InUseLoadBalancerCannotBeDeleted",
    ),
    ResourceType(
        "Microsoft.Network/localNetworkGateways",
        everywhere=False,
        in_use="LocalNetworkGatewayCannotBeDeletedSinceItIsInUse",
    ),
    ResourceType("Microsoft.Network/networkInterfaces", parts=("ipConfigurations",), in_use="NicInUse"),
    ResourceType(
        "Microsoft.Network/networkSecurityGroups",
        parts=("securityRules", "defaultSecurityRules"),
        writable=("securityRules",),
        in_use="InUseNetworkSecurityGroupCannotBeDeleted",
    ),
    ResourceType("Microsoft.Network/publicIPAddresses", in_use="PublicIPAddressCannotBeDeleted"),
    ResourceType(
        "Microsoft.Network/routeTables",
        parts=("routes",),
        writable=("routes",),
        in_use="InUseRouteTableCannotBeDeleted",
    ),
    ResourceType(
        "Microsoft.Network/virtualNetworkGateways",
        parts=("ipConfigurations",),
        everywhere=False,
        in_use="VirtualNetworkGatewayCannotBeDeleted",
    ),
    ResourceType(
        "Microsoft.Network/virtualNetworks",
        parts=("subnets",),
        writable=("subnets",),
        in_use="InUseSubnetCannotBeDeleted",
    ),
    ResourceType("Microsoft.Storage/storageAccounts", created=200),
)

TYPES = {type_.name.lower(): type_ for type_ in _TYPES}
"""Every emulated type by its name in lower case."""

GROUP = "Microsoft.Resources/resourceGroups"


def find(segments: Iterable[str]) -> ResourceType | None:
    """The type that namespace and type names spell, in any case."""
    return TYPES.get("/".join(segments).lower())
