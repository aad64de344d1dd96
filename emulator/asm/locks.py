"""What keeps a write out: a migration of what it changes, or another change of the same cloud service.

The texts of the locks are published by Microsoft, those of the exclusive access recorded; the status is assumed.
"""

from collections.abc import Callable, Iterable

from emulator import operations
from emulator.asm.call import Call, Held
from emulator.errors import PlatformError
from emulator.platform import lifecycle, units
from emulator.store import ClassicRow, Store

NETWORK_CONFIGURATION = "networkConfiguration/"

_VM = "Management operations on VM are disallowed because migration is in progress"
_WORDS = {
    "virtualNetwork": "Virtual Network",
    "hostedService": "HostedService",
    "storageAccount": "Storage account",
    "networkSecurityGroup": "Network security group",
    "routeTable": "Route table",
    "reservedIp": "Reserved IP",
    "disk": "Disk",
    "osImage": "Image",
    "vmImage": "Image",
    "certificate": "Certificate",
    "gateway": "Gateway of Virtual Network",
}


def refuse(call: Call, held: Iterable[Held]) -> None:
    """Let a request pass only when nothing that it needs is migrating or being changed.

    Raises:
        PlatformError: 409 in the words of the resource that is not free.
    """
    for each in held:
        row = each.row
        if row.migration_state:
            raise PlatformError(409, "ConflictError", each.refusal or _refusal(row))
        refuse_changing(call, [row])


def refuse_changing(call: Call, rows: Iterable[ClassicRow]) -> None:
    """A cloud service takes one change at a time.

    Raises:
        PlatformError: 409 in the recorded words.
    """
    for row in rows:
        service = {"deployment": row.parent, "certificate": row.parent, "hostedService": row.name}.get(row.kind)
        running = service and operations.changing(call.store, call.subscription, f"hostedService/{service}")
        if running and row.kind == "hostedService":
            text = "Windows Azure is currently performing an operation on this hosted service that requires exclusive"
            raise PlatformError(409, "ConflictError", f"{text} access.")
        if running:
            raise PlatformError(409, "ConflictError", lifecycle.exclusive_access(running))


def network_configuration(call: Call) -> None:
    """There is one network configuration, and one change of it at a time."""
    if operations.changing(call.store, call.subscription, NETWORK_CONFIGURATION):
        raise PlatformError(
            409,
            "ConflictError",
            "An update to your network configuration is currently underway. Please try this operation again later.",
        )


def nothing(_call: Call) -> Iterable[Held]:
    """A write that needs nothing that could migrate."""
    return ()


def service(call: Call) -> Iterable[Held]:
    """The hosted service of the path, and its deployment when it has one."""
    row = found(call, "hostedService", call.names["service"])
    return [Held(row), *map(Held, call.store.classic_list(call.subscription, "deployment", parent=row.name))]


def deployment(call: Call) -> Iterable[Held]:
    """The deployment of the path."""
    return [Held(deployment_row(call))]


def machine(call: Call) -> Iterable[Held]:
    """The deployment of the path, for what changes a VM in it."""
    return [Held(deployment_row(call), _VM)]


def named(kind: str, name: str = "name") -> Callable[[Call], Iterable[Held]]:
    """A resource that the path names, with the networks and VMs that it is bound to."""

    def holds(call: Call) -> Iterable[Held]:
        row = found(call, kind, call.names[name])
        return [Held(row), *bound(call.store, call.subscription, row)]

    return holds


def bound(store: Store, subscription: str, row: ClassicRow) -> list[Held]:
    """Who uses a security group or route table: while they migrate it is copied, so it must not change."""
    if row.kind not in units.BINDINGS:
        return []
    return [Held(each) for each in units.users(store, subscription, row.kind, row.name)]


def found(call: Call, kind: str, name: str) -> ClassicRow:
    """A resource by its name.

    Raises:
        PlatformError: 404 when there is none.
    """
    row = call.store.classic_get(call.subscription, kind, name)
    if row is None:
        raise PlatformError(404, "ResourceNotFound", _MISSING[kind].format(name=name))
    return row


def deployment_row(call: Call) -> ClassicRow:
    """The deployment that the path names, by its name or by its slot.

    Raises:
        PlatformError: 404 when there is none.
    """
    if "slot" in call.names:
        for each in call.store.classic_list(call.subscription, "deployment", parent=call.names["service"]):
            if f"<DeploymentSlot>{call.names['slot']}<".lower().encode() in each.document.lower():
                return each
        raise PlatformError(404, "ResourceNotFound", "No deployments were found.")
    row = call.store.classic_get(call.subscription, "deployment", call.names["deployment"], call.names["service"])
    if row is None:
        missing = f"The deployment name '{call.names['deployment']}' does not exist."
        raise PlatformError(404, "ResourceNotFound", missing)
    return row


def _refusal(row: ClassicRow) -> str:
    if row.kind == "deployment":
        return (
            f"Deployment {row.name} in HostedService {row.parent} is in the process of being migrated and hence cannot"
            " be changed."
        )
    return f"{_WORDS[row.kind]} {row.name} is in the process of being migrated and hence cannot be changed"


_MISSING = {
    "hostedService": "The hosted service does not exist.",
    "storageAccount": "The storage account '{name}' was not found.",
    "affinityGroup": "The affinity group does not exist.",
    "virtualNetwork": "The virtual network {name} does not exist.",
    "networkSecurityGroup": "The network security group {name} does not exist.",
    "routeTable": "The route table {name} does not exist.",
    "reservedIp": "The reserved IP {name} does not exist.",
    "disk": "The disk with the specified name does not exist.",
    "osImage": "The image with the specified name does not exist.",
    "vmImage": "The image with the specified name does not exist.",
}
