"""What hangs on classic resources, out of the lists that Resource Manager has."""

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from asmosis.facts import InjectedKind, InjectedService, Peering, RoleAssignment, Watch, classic_resource

if TYPE_CHECKING:
    from asmosis.azure.arm import ArmClient

_ASSIGNMENTS = ("providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
_DEFINITIONS = ("providers/Microsoft.Authorization/roleDefinitions", "2022-04-01")
# Kinds of platform services that stand in subnets, and the lists that hold them.
_INJECTED: tuple[tuple[InjectedKind, str, str], ...] = (
    ("api-management", "providers/Microsoft.ApiManagement/service", "2022-08-01"),
    ("app-service-environment", "providers/Microsoft.Web/hostingEnvironments", "2022-03-01"),
    ("hdinsight", "providers/Microsoft.HDInsight/clusters", "2021-06-01"),
    ("domain-services", "providers/Microsoft.AAD/domainServices", "2022-12-01"),
)


def role_assignments(arm: "ArmClient") -> tuple[RoleAssignment, ...]:
    """The roles on the subscription and on everything in it, by the names of the roles."""
    names = {str(body["id"]).casefold(): body["properties"]["roleName"] for body in arm.read(*_DEFINITIONS)}
    properties = (body["properties"] for body in arm.read(*_ASSIGNMENTS))
    return tuple(
        RoleAssignment(
            scope=each["scope"],
            principal=each["principalId"],
            role=names.get(each["roleDefinitionId"].casefold(), each["roleDefinitionId"]),
        )
        for each in properties
    )


def peerings(networks: Iterable[dict[str, Any]]) -> tuple[Peering, ...]:
    """Peerings of ARM's networks with classic ones; the classic side has no list of its own."""
    return tuple(
        Peering(network=resource[1], remote=body["id"])
        for body in networks
        for each in body["properties"].get("virtualNetworkPeerings") or ()
        if (resource := classic_resource(str(each["properties"].get("remoteVirtualNetwork", {}).get("id", ""))))
    )


def injected_services(arm: "ArmClient", registered: Collection[str] | None) -> tuple[InjectedService, ...]:
    """Platform services in classic networks; a provider that is not registered has none and is not asked."""
    found: dict[InjectedService, None] = {}
    for kind, path, version in _INJECTED:
        if registered is not None and path.split("/")[1].casefold() not in registered:
            continue
        for body in arm.read(path, version):
            for network in _classic_networks(body.get("properties")):
                found[InjectedService(network=network, kind=kind, name=body["name"])] = None
    return tuple(found)


def watches(bodies: Iterable[dict[str, Any]]) -> tuple[Watch, ...]:
    """Alert rules or autoscale settings that watch or steer classic resources."""
    return tuple(
        Watch(name=body["name"], resource=id)
        for body in bodies
        for id in dict.fromkeys(_texts(body["properties"]))
        if classic_resource(id)
    )


def _classic_networks(properties: Any) -> Iterator[str]:
    for text in _texts(properties):
        resource = classic_resource(text)
        if resource and resource[0] == "virtualNetwork":
            yield resource[1]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a piece of JSON: each service keeps the id of its subnet at a place of its own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
