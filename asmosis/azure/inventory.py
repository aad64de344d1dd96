"""Everything that classic has in a subscription, read in one go."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from asmosis.azure.asm import COMPUTE, MANAGEMENT, NETWORK, STORAGE, AsmClient, named, read_list
from asmosis.azure.belonging import belonging
from asmosis.classic.compute import Certificate, HostedService
from asmosis.classic.documents import Document, read_document
from asmosis.classic.estate import Estate, key
from asmosis.classic.network import (
    Gateway,
    GatewayConnection,
    NetworkSecurityGroup,
    ReservedIp,
    RouteTable,
    VirtualNetworkSite,
)
from asmosis.classic.storage import Disk, OsImage, StorageService, VmImage
from asmosis.classic.subscription import AffinityGroup
from asmosis.classic.xml import ClassicModel
from asmosis.errors import NotFound, UnreadableDocument
from asmosis.units import Unit

Model = TypeVar("Model", bound=ClassicModel)
Progress = Callable[[int, int], None]
"""Called with (documents read, documents known of so far)."""


@dataclass(frozen=True)
class RawDocument:
    """An answer as it came, for the archive; it may hold whatever the subscription's owners put into settings."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Snapshot:
    """A subscription as classic tells it, and all that was not understood.

    `unread` names elements that no model claims (their resources are in the estate all the same); `unreadable` names
    documents that could not be read, whose resources are therefore **not** in the estate.
    """

    estate: Estate = field(repr=False)
    unread: tuple[str, ...]
    unreadable: tuple[str, ...]
    documents: tuple[RawDocument, ...] = field(repr=False)


def snapshot(asm: AsmClient, *, unit: Unit | None = None, threads: int = 8, progress: Progress | None = None) -> Estate:
    """The estate, whole; of a unit only, as far as what it has to do with is known beforehand.

    Raises:
        UnreadableDocument: something in it cannot be read; names everything that cannot.
    """
    return whole_snapshot(asm, unit=unit, threads=threads, progress=progress).estate


def whole_snapshot(
    asm: AsmClient, *, unit: Unit | None = None, threads: int = 8, progress: Progress | None = None
) -> Snapshot:
    """Like `snapshot`, with the documents that tell of the estate."""
    taken = take_snapshot(asm, unit=unit, threads=threads, progress=progress)
    if taken.unreadable:
        raise UnreadableDocument(f"subscription {asm.subscription}", "; ".join(taken.unreadable))
    return taken


def take_snapshot(
    asm: AsmClient, *, unit: Unit | None = None, threads: int = 8, progress: Progress | None = None
) -> Snapshot:
    """The estate as far as it can be read, with everything else named; `threads` bounds the reads at one time."""
    with ThreadPoolExecutor(threads, thread_name_prefix="snapshot") as pool:
        reader = _Reader(asm, pool, progress)
        estate = _estate(reader, unit)
    return Snapshot(
        estate, tuple(sorted(reader.unread)), tuple(sorted(reader.unreadable)), tuple(reader.documents.values())
    )


def _estate(reader: "_Reader", unit: Unit | None) -> Estate:
    of = reader.lists(_LISTS)
    service_names = [service.name for service in _of(HostedService, of["hosted_services"])]
    if unit:
        service_names = _concerned(unit, service_names, _of(Disk, of["disks"]))
    if unit and unit.kind == "virtualNetwork":
        services = _services_of_network(reader, unit.name, service_names)
    else:
        services = reader.each(_SERVICE, COMPUTE, service_names, HostedService)
    networks = _of(VirtualNetworkSite, of["virtual_networks"])
    with_gateway = [network.name for network in networks if network.gateway]
    deployed = [
        name
        for name, [service] in services.items()
        if service.deployments and (unit is None or _may_belong(unit, service))
    ]
    certificates = reader.each("services/hostedservices/{}/certificates", COMPUTE, deployed, Certificate)
    gateways = reader.each("services/networking/{}/gateway", NETWORK, with_gateway, Gateway)
    connections = reader.each("services/networking/{}/gateway/connections", NETWORK, list(gateways), GatewayConnection)
    groups = reader.each(
        "services/networking/networksecuritygroups/{}?detaillevel=Full",
        NETWORK,
        [group.name for group in _of(NetworkSecurityGroup, of["network_security_groups"])],
        NetworkSecurityGroup,
    )
    tables = reader.each(
        "services/networking/routetables/{}?detailLevel=Full",
        NETWORK,
        [table.name for table in _of(RouteTable, of["route_tables"])],
        RouteTable,
    )
    return Estate(
        subscription=reader.asm.subscription,
        hosted_services=_firsts(services),
        virtual_networks=networks,
        network_security_groups=_firsts(groups),
        route_tables=_firsts(tables),
        reserved_ips=_of(ReservedIp, of["reserved_ips"]),
        storage_accounts=_of(StorageService, of["storage_accounts"]),
        disks=_of(Disk, of["disks"]),
        os_images=tuple(image for image in _of(OsImage, of["os_images"]) if image.category == "User"),
        vm_images=tuple(image for image in _of(VmImage, of["vm_images"]) if image.category == "User"),
        affinity_groups=_of(AffinityGroup, of["affinity_groups"]),
        gateways={name: gateway for name, [gateway] in gateways.items()},
        connections=connections,
        certificates={name: tuple(item.thumbprint for item in held) for name, held in certificates.items() if held},
    )


def _services_of_network(reader: "_Reader", network: str, names: Sequence[str]) -> dict[str, tuple[HostedService, ...]]:
    """The services of a network, and those that had to be read to know that they are of another."""
    known = belonging(reader.asm.url, reader.asm.subscription)
    with known.learning(names) as unknown:
        services = reader.each(_SERVICE, COMPUTE, unknown, HostedService)
        read = Estate(subscription=reader.asm.subscription, hosted_services=_firsts(services))
        known.learn((service.name, read.network_of(service)) for service in read.hosted_services)
    own = [name for name in known.of(network, names) if name not in services]
    found = services | reader.each(_SERVICE, COMPUTE, own, HostedService)
    return {name: found[name] for name in names if name in found}


def _may_belong(unit: Unit, service: HostedService) -> bool:
    """Whether a service that was read is no stranger to a unit, which a network's neighbours are."""
    network = service.deployment.virtual_network if service.deployment else None
    return unit.kind != "virtualNetwork" or key(network or "") == key(unit.name)


def _concerned(unit: Unit, services: list[str], disks: Iterable[Disk]) -> list[str]:
    """The cloud services that a unit has to do with; all of them where that is not known beforehand."""
    if unit.kind == "hostedService" and key(unit.name) in map(key, services):
        return [name for name in services if key(name) == key(unit.name)]
    if unit.kind == "storageAccount":
        # Whether a disk may go depends on the machine that it is attached to.
        held = Estate(subscription=unit.subscription, disks=tuple(disks)).disks_in(unit.name)
        attached = {key(disk.attached_to.hosted_service) for disk in held if disk.attached_to}
        return [name for name in services if key(name) in attached]
    return services


_SERVICE = "services/hostedservices/{}?embed-detail=true"
_LISTS: dict[str, tuple[str, str]] = {
    "hosted_services": ("services/hostedservices", COMPUTE),
    "virtual_networks": ("services/networking/virtualnetwork", NETWORK),
    "network_security_groups": ("services/networking/networksecuritygroups", NETWORK),
    "route_tables": ("services/networking/routetables", NETWORK),
    "reserved_ips": ("services/networking/reservedips", NETWORK),
    "storage_accounts": ("services/storageservices", STORAGE),
    "disks": ("services/disks", COMPUTE),
    "os_images": ("services/images", COMPUTE),
    "vm_images": ("services/vmimages", COMPUTE),
    "affinity_groups": ("affinitygroups", MANAGEMENT),
}


class _Reader:
    """Reads documents side by side and keeps what came of them; answers in the order that was asked."""

    def __init__(self, asm: AsmClient, pool: ThreadPoolExecutor, progress: Progress | None) -> None:
        self.asm, self._pool, self._progress = asm, pool, progress
        self.unread: list[str] = []
        self.unreadable: list[str] = []
        self.documents: dict[str, RawDocument] = {}
        self._known = self._done = 0
        self._lock = Lock()

    def lists(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, tuple[ClassicModel, ...]]:
        """By key, the models of the list at each (path, version); none of one that cannot be read."""
        return dict(zip(wanted, self._side_by_side(self._read_list, wanted.values()), strict=True))

    def each(self, path: str, version: str, names: Sequence[str], model: type[Model]) -> dict[str, tuple[Model, ...]]:
        """By name, the models at `path`; without names that are gone meanwhile or cannot be read."""
        answers = self._side_by_side(self._read_if_there, [(named(path, name), version) for name in names])
        found = zip(names, (_of(model, models) for models in answers), strict=True)
        return {name: models for name, models in found if models}

    def _side_by_side(
        self, read: Callable[[tuple[str, str]], tuple[ClassicModel, ...]], asked: Collection[tuple[str, str]]
    ) -> list[tuple[ClassicModel, ...]]:
        self._known += len(asked)
        for path, _ in asked:
            self.documents[path] = RawDocument(path, b"")  # holds the place: answers come in any order
        return list(self._pool.map(read, asked))

    def _read_if_there(self, wanted: tuple[str, str]) -> tuple[ClassicModel, ...]:
        try:
            return self._read(wanted)
        except NotFound:  # deleted since it was listed
            self._keep(wanted[0], b"", None, "")
            return ()

    def _read_list(self, wanted: tuple[str, str]) -> tuple[ClassicModel, ...]:
        return self._read_as(wanted, self.asm.get_list, read_list)

    def _read(self, wanted: tuple[str, str]) -> tuple[ClassicModel, ...]:
        return self._read_as(wanted, self.asm.get, read_document)

    def _read_as(
        self,
        wanted: tuple[str, str],
        get: Callable[[str, str], bytes],
        read: Callable[[bytes, str], Document],
    ) -> tuple[ClassicModel, ...]:
        path, version = wanted
        content = get(path, version)
        document, problem = None, ""
        try:
            document = read(content, path)
        except UnreadableDocument as error:
            problem = str(error)
        self._keep(path, content, document, problem)
        return document.models if document else ()

    def _keep(self, path: str, content: bytes, document: Document | None, problem: str) -> None:
        with self._lock:
            self._done += 1
            if content:
                self.documents[path] = RawDocument(path, content)
            else:
                del self.documents[path]
            if problem:
                self.unreadable.append(problem)
            if document:
                self.unread.extend(f"{path}: {leftover}" for leftover in document.unread)
            if self._progress:
                self._progress(self._done, self._known)


def _of(model: type[Model], models: Iterable[ClassicModel]) -> tuple[Model, ...]:
    return tuple(item for item in models if isinstance(item, model))


def _firsts(by_name: dict[str, tuple[Model, ...]]) -> tuple[Model, ...]:
    return tuple(models[0] for models in by_name.values())
