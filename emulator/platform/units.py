"""Migration units: what exists under a name, what belongs to it, and the documents that are transformed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml.etree import _Element

from emulator.asm import xml
from emulator.platform import documents
from emulator.store import ClassicRow, Store
from emulator.transform import ClassicService, ClassicUnit, Destination

KINDS = (
    "virtualNetwork",
    "hostedService",
    "storageAccount",
    "networkSecurityGroup",
    "routeTable",
    "reservedIp",
)

# Kind -> the element that refers to one of that kind, in subnets and in the network settings of roles.
BINDINGS = {"networkSecurityGroup": "NetworkSecurityGroup", "routeTable": "RouteTableName"}


@dataclass(frozen=True)
class Unit:
    """A unit in the subscription; `name` as the classic plane spells it."""

    subscription: str
    kind: str
    name: str

    @property
    def id(self) -> str:
        """`KIND/NAME`."""
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, subscription: str, unit_id: str) -> "Unit":
        """The unit that an id names."""
        kind, _, name = unit_id.partition("/")
        return cls(subscription, kind, name)


@dataclass(frozen=True)
class Deployed:
    """A cloud service with its deployment."""

    service: ClassicRow
    deployment: ClassicRow

    @property
    def element(self) -> _Element:
        """The deployment, parsed."""
        return xml.read(self.deployment.document)


def deployed(store: Store, unit: Unit) -> list[Deployed]:
    """The services that migrate with the unit, in the order they were made."""
    if unit.kind == "virtualNetwork":
        rows = store.classic_list(unit.subscription, "deployment", owner=unit.name)
    elif unit.kind == "hostedService":
        rows = store.classic_list(unit.subscription, "deployment", parent=unit.name)
    else:
        rows = []
    found = []
    for row in rows:
        service = store.classic_get(unit.subscription, "hostedService", row.parent)
        if service:
            found.append(Deployed(service, row))
    return found


def members(store: Store, unit: Unit) -> list[ClassicRow]:
    """Classic resources that are locked while the unit migrates and gone when it is committed.

    Security groups and route tables bound in a network are cloned and stay (documented by Microsoft, deep dive).
    """
    if unit.kind in ("virtualNetwork", "hostedService"):
        return [*_of_compute(store, unit)]
    if unit.kind == "storageAccount":
        return [*_of_storage(store, unit)]
    return [*_present(store, unit.subscription, [(unit.kind, unit.name)])]


def of_service(store: Store, unit: Unit, found: Deployed) -> Iterable[ClassicRow]:
    """Classic resources that go where a cloud service goes."""
    yield found.service
    yield found.deployment
    yield from store.classic_list(unit.subscription, "certificate", parent=found.service.name)
    yield from store.classic_list(unit.subscription, "disk", owner=found.service.name)
    yield from store.classic_list(unit.subscription, "reservedIp", owner=found.service.name)


def classic_unit(store: Store, unit: Unit, destination: Destination) -> ClassicUnit:
    """Everything of the unit as the transformation wants it."""
    services = deployed(store, unit)
    elements = [found.element for found in services]
    main = documents.load(store, unit.subscription, unit.kind, unit.name)
    network = main if unit.kind == "virtualNetwork" else None
    sources = [*elements, *([network] if network is not None else [])]
    keys = documents.load(store, unit.subscription, "storageKeys", unit.name)
    return ClassicUnit(
        subscription=unit.subscription,
        kind=unit.kind,  # type: ignore[arg-type]  # one of KINDS, as the routes name them
        name=unit.name,
        location=location(store, unit.subscription, main),
        services=tuple(_classic_service(store, unit.subscription, found) for found in services),
        network=network,
        gateway=documents.load(store, unit.subscription, "gateway", unit.name) if network is not None else None,
        network_security_groups=_named(
            store, unit, "networkSecurityGroup", lambda: _bound(sources, BINDINGS["networkSecurityGroup"])
        ),
        route_tables=_named(store, unit, "routeTable", lambda: _bound(sources, BINDINGS["routeTable"])),
        reserved_ips=_named(store, unit, "reservedIp", lambda: _bound(elements, "ReservedIPName")),
        storage_account=main if unit.kind == "storageAccount" else None,
        storage_keys=(xml.text(keys, "Primary"), xml.text(keys, "Secondary")) if keys is not None else ("", ""),
        destination=destination,
    )


def users(store: Store, subscription: str, kind: str, name: str) -> list[ClassicRow]:
    """Networks whose subnets, and deployments whose VMs, a security group or route table is bound to."""
    tag = f"{{{xml.NAMESPACE}}}{BINDINGS[kind]}"
    return [
        row
        for owner in ("virtualNetwork", "deployment")
        for row in store.classic_list(subscription, owner)
        if any((each.text or "").lower() == name.lower() for each in xml.read(row.document).iter(tag))
    ]


def location(store: Store, subscription: str, element: _Element | None) -> str:
    """Where a classic resource is: its own location, or that of its affinity group."""
    if element is None:
        return ""
    for path in ("Location", "HostedServiceProperties/Location", "StorageServiceProperties/Location"):
        if found := xml.text(element, path):
            return found
    for path in (
        "AffinityGroup",
        "HostedServiceProperties/AffinityGroup",
        "StorageServiceProperties/AffinityGroup",
    ):
        if group := xml.text(element, path):
            return location(store, subscription, documents.load(store, subscription, "affinityGroup", group))
    return ""


def _of_compute(store: Store, unit: Unit) -> Iterable[ClassicRow]:
    if unit.kind == "virtualNetwork":
        yield from _present(
            store,
            unit.subscription,
            [("virtualNetwork", unit.name), ("gateway", unit.name), ("gatewayConnections", unit.name)],
        )
    for found in deployed(store, unit):
        yield from of_service(store, unit, found)


def _of_storage(store: Store, unit: Unit) -> Iterable[ClassicRow]:
    yield from _present(store, unit.subscription, [("storageAccount", unit.name), ("storageKeys", unit.name)])
    host = f"://{unit.name}.blob.".lower().encode()
    for kind in ("disk", "osImage", "vmImage"):
        for row in store.classic_list(unit.subscription, kind):
            if host in row.document.lower():
                yield row


def _present(store: Store, subscription: str, wanted: Iterable[tuple[str, str]]) -> Iterable[ClassicRow]:
    for kind, name in wanted:
        if row := store.classic_get(subscription, kind, name):
            yield row


def _classic_service(store: Store, subscription: str, found: Deployed) -> ClassicService:
    return ClassicService(
        name=found.service.name,
        hosted_service=xml.read(found.service.document),
        deployment=found.element,
        certificates=tuple(
            row.name for row in store.classic_list(subscription, "certificate", parent=found.service.name)
        ),
    )


def _bound(elements: Iterable[_Element], tag: str) -> list[str]:
    """Names of what subnets, interfaces and addresses refer to, each once, in document order."""
    names = (each.text for element in elements for each in element.iter(f"{{{xml.NAMESPACE}}}{tag}") if each.text)
    return list(dict.fromkeys(names))


def _named(store: Store, unit: Unit, kind: str, bound: Callable[[], list[str]]) -> dict[str, _Element]:
    names = [unit.name] if unit.kind == kind else bound()
    found = {name: documents.load(store, unit.subscription, kind, name) for name in names}
    return {name: element for name, element in found.items() if element is not None}
