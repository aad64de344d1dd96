"""Where every classic resource of a unit went."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from asmosis.aftermath.classic_ids import ClassicIds, group_of_network, group_of_service, group_of_storage, path_of
from asmosis.arm import compute, network, storage
from asmosis.arm.resource import Resource, body, parse_id
from asmosis.check import Pair
from asmosis.classic.compute import HostedService
from asmosis.classic.estate import Estate, key
from asmosis.translate import Names, Promise

Certainty = Literal["found", "promised", "assumed", "missing"]
"""How an id is known: read from ARM, kept by a documented rule, named by an assumed pattern, or not there after all."""

_NAMES = Names()
_GONE = "classic disk objects end with the migration; the blob stays at {}"


@dataclass(frozen=True)
class Successor:
    """An ARM resource, or a resource group, that stands for a classic one."""

    id: str
    certainty: Certainty

    @property
    def name(self) -> str:
        """The last name of the id."""
        return self.id.rpartition("/")[2]

    @property
    def group(self) -> str:
        """The resource group."""
        return self.id.split("/")[4]


@dataclass(frozen=True)
class Move:
    """A classic resource and what stands for it now.

    The first of `successors` is the resource itself, or for a cloud service its resource group; the others came out
    of it. None is left of what only a `note` tells about. `ids` and `paths` are all ways in which it was called;
    paths are those of ASM, relative to the subscription. `within` is the cloud service or account around it, and
    `unit` the KIND/NAME that it migrates with.
    """

    kind: str
    name: str
    within: str = ""
    ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    successors: tuple[Successor, ...] = ()
    note: str = ""
    unit: str = ""

    @property
    def successor(self) -> Successor | None:
        """What stands for the resource itself."""
        return self.successors[0] if self.successors else None

    @property
    def short(self) -> str:
        """Kind and name for people."""
        return f"{self.kind}/{self.within}/{self.name}" if self.within else f"{self.kind}/{self.name}"


def found_ids(pairs: Iterable[Pair]) -> dict[str, str]:
    """Promised id without case → the id that was found for it."""
    return {key(str(pair.promised["id"])): str(pair.found["id"]) for pair in pairs}


def moves(
    estate: Estate, promised: Promise, found: Mapping[str, str] | None = None, told: Iterable[str] = ()
) -> tuple[Move, ...]:
    """Every classic resource of a unit, in the estate's order: services before machines, accounts before disks.

    Args:
        estate: as it was before the commit.
        promised: what the unit was to become.
        found: `found_ids` of the check; without it, ids are as promised.
        told: classic ids that are known otherwise, such as scopes of roles.
    """
    mapping = _Mapping(estate, promised, found, ClassicIds.of(promised.unit.subscription, told))
    return tuple(replace(move, unit=promised.unit.short) for move in mapping.of_unit())


class _Mapping:
    def __init__(self, estate: Estate, promised: Promise, found: Mapping[str, str] | None, ids: ClassicIds) -> None:
        self.estate, self.promised, self.found, self.ids = estate, promised, found, ids
        self._by_id = {key(resource.id): resource for resource in promised.resources}
        self._of_type: dict[tuple[str, str], list[Resource]] = {}
        for resource in promised.resources:
            self._of_type.setdefault((key(parse_id(resource.id).group), resource.type), []).append(resource)
        self._groups: dict[str, str] = {}
        for one, other in (found or {}).items():
            self._groups.setdefault(parse_id(one).group, other.partition("/providers/")[0])

    def of_unit(self) -> Iterator[Move]:
        unit = self.promised.unit
        if unit.kind == "virtualNetwork":
            yield self._network(unit.name)
        for service in self.estate.services_of(unit) if unit.kind in ("virtualNetwork", "hostedService") else ():
            yield from self._of_service(service)
        yield from self._clones()
        yield from self._addresses()
        if unit.kind == "storageAccount":
            yield from self._of_account(unit.name)

    def _network(self, name: str) -> Move:
        others = self._made(name, network.VIRTUAL_NETWORK_GATEWAYS, network.CONNECTIONS)
        return Move(
            "virtualNetwork",
            name,
            ids=(self.ids.resource("virtualNetwork", name, group_of_network()),),
            paths=(path_of("services/networking/virtualnetwork/{}", name), path_of("services/networking/{}", name)),
            successors=self._successors([*self._named(name, network.VIRTUAL_NETWORKS, name), *others]),
        )

    def _of_service(self, service: HostedService) -> Iterator[Move]:
        deployment = service.deployment
        shown_in = group_of_service(service.name, service.extended_properties)
        id = self.ids.resource("hostedService", service.name, shown_in)
        path = path_of("services/hostedservices/{}", service.name)
        if deployment is None:
            yield Move("hostedService", service.name, "", (id,), (path,), note="nothing is in its production slot")
            return
        kinds = (network.PUBLIC_IP_ADDRESSES, network.LOAD_BALANCERS, compute.AVAILABILITY_SETS, storage.VAULTS)
        parts = self._successors(self._made(service.name, *kinds))
        yield Move(
            "hostedService",
            service.name,
            ids=(id,),
            paths=(path, f"{path}{path_of('/deployments/{}', deployment.name)}", f"{path}/deploymentslots/production"),
            successors=(self._group(service.name), *parts),
        )
        for role in deployment.roles:
            if not role.is_virtual_machine:
                continue
            resources = self._named(service.name, compute.VIRTUAL_MACHINES, role.name)
            interfaces = [found for resource in resources for found in self._interfaces(resource)]
            yield Move(
                "virtualMachine",
                role.name,
                service.name,
                ids=(
                    self.ids.resource("virtualMachine", role.name, shown_in),
                    f"{id}/slots/production/roles/{role.name}",
                ),
                paths=(f"{path}{path_of('/deployments/{}/roles/{}', deployment.name, role.name)}",),
                successors=self._successors([*resources, *interfaces]),
            )

    def _clones(self) -> Iterator[Move]:
        group = self.promised.unit.name
        kinds = (
            ("networkSecurityGroup", network.NETWORK_SECURITY_GROUPS, self.estate.network_security_groups),
            ("routeTable", network.ROUTE_TABLES, self.estate.route_tables),
        )
        for kind, type, classic in kinds:
            for item in classic:
                if resources := self._named(group, type, item.name):
                    # Of one that several networks use, each gets a copy of its own, and the classic one stays.
                    alone = self.promised.unit.kind == kind
                    note = "" if alone else "a copy goes with the unit; the classic one stays while others use it"
                    yield self._simple(kind, item.name, resources, note)

    def _addresses(self) -> Iterator[Move]:
        unit = self.promised.unit
        services = {key(service.name) for service in self.estate.services_of(unit)}
        for address in self.estate.reserved_ips:
            alone = unit.kind == "reservedIp" and key(unit.name) == key(address.name)
            if alone or key(address.service_name or "") in services:
                owner = address.name if alone else address.service_name or ""
                yield self._simple(
                    "reservedIp", address.name, self._named(owner, network.PUBLIC_IP_ADDRESSES, address.name)
                )

    def _of_account(self, name: str) -> Iterator[Move]:
        account = self.estate.storage_account(name)
        if account is None:
            return
        group = group_of_storage(self.estate.location_of(account), account.extended_properties)
        id = self.ids.resource("storageAccount", name, group)
        yield Move(
            "storageAccount",
            name,
            ids=(id,),
            paths=(path_of("services/storageservices/{}", name),),
            successors=self._successors(self._named(name, storage.STORAGE_ACCOUNTS, name)),
        )
        for disk in self.estate.disks_in(name):
            yield Move(
                "disk",
                disk.name,
                name,
                ids=(f"{id}/disks/{disk.name}",),
                paths=(path_of("services/disks/{}", disk.name),),
                note=_GONE.format(disk.media_link),
            )

    def _simple(self, kind: str, name: str, resources: Sequence[Resource], note: str = "") -> Move:
        plural = {"networkSecurityGroup": "networksecuritygroups", "routeTable": "routetables"}.get(kind, "reservedips")
        return Move(
            kind,
            name,
            ids=(self.ids.resource(kind, name, group_of_network()),),
            paths=(path_of(f"services/networking/{plural}/{{}}", name),),
            successors=self._successors(resources),
            note=note,
        )

    def _made(self, owner: str, *types: str) -> list[Resource]:
        """What the group of a classic resource holds, by type, in the promise's order."""
        group = key(_NAMES.group(owner))
        return [resource for type in types for resource in self._of_type.get((group, type), ())]

    def _named(self, owner: str, type: str, name: str) -> list[Resource]:
        wanted = key(_NAMES.kept(name))
        return [resource for resource in self._made(owner, type) if key(resource.name) == wanted]

    def _interfaces(self, machine: Resource) -> Iterator[Resource]:
        references = body(machine)["properties"].get("networkProfile", {}).get("networkInterfaces", ())
        yield from (self._by_id[key(each["id"])] for each in references if key(each["id"]) in self._by_id)

    def _group(self, owner: str) -> Successor:
        """The group as ARM spells it, where a resource in it was found."""
        name = _NAMES.group(owner)
        if found := self._groups.get(key(name)):
            return Successor(found, "found")
        id = f"/subscriptions/{self.promised.unit.subscription}/resourceGroups/{name}"
        return Successor(id, "promised" if self.found is None else "missing")

    def _successors(self, resources: Iterable[Resource]) -> tuple[Successor, ...]:
        return tuple(self._successor(resource) for resource in resources)

    def _successor(self, resource: Resource) -> Successor:
        if self.found is None:
            return Successor(resource.id, "assumed" if resource.generated else "promised")
        found = self.found.get(key(resource.id))
        return Successor(found, "found") if found else Successor(resource.id, "missing")
