"""What the platform refuses to migrate and what it warns of; all reasons at once.

Texts are the platform's own where it published them; the wordings marked *assumed* have no source.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lxml.etree import _Element

from emulator import operations
from emulator.asm import xml
from emulator.platform.units import Deployed, Unit, deployed, users
from emulator.store import Store

SETTLED_DEPLOYMENTS = ("Running", "Suspended")
SETTLED_INSTANCES = ("ReadyRole", "StoppedVM", "StoppedDeallocated")

# Extensions without a Resource Manager counterpart: dropped with a warning (sources disagree, assumed).
_XML_EXTENSIONS = {
    ("Microsoft.Compute", "BGInfo", "1"),
    ("Microsoft.VisualStudio.WindowsAzure.DevTest", "WebDeployForVSDevTest", "1"),
    ("Microsoft.VisualStudio.WindowsAzure.RemoteDebug", "RemoteDebugVS2012", "1"),
    ("Microsoft.VisualStudio.WindowsAzure.RemoteDebug", "RemoteDebugVS2013", "1"),
    ("Microsoft.VisualStudio.Azure.RemoteDebug", "VSRemoteDebugger", "1"),
}
_BACKUP_EXTENSIONS = ("VMSnapshot", "VMSnapshotLinux")


@dataclass(frozen=True)
class Message:
    """One validation message as it goes over the wire."""

    resource_type: str
    resource_name: str
    text: str
    category: Literal["Error", "Warning", "Information"] = "Error"
    virtual_machine: str | None = None


@dataclass(frozen=True)
class _Vm:
    """A role with its instance and the names that messages are worded with."""

    service: str
    deployment: str
    in_network: bool
    role: _Element
    instance: _Element | None

    @property
    def name(self) -> str:
        return xml.text(self.role, "RoleName")

    def message(self, text: str, category: Literal["Error", "Warning", "Information"] = "Error") -> Message:
        return Message("VirtualMachine", self.name, text, category, self.name)


def validate(store: Store, unit: Unit) -> list[Message]:
    """Every reason against migrating the unit and every warning, in the order of its services."""
    if unit.kind in ("virtualNetwork", "hostedService"):
        found = deployed(store, unit)
        slots = Counter(each.service.name for each in found)
        messages = [message for each in found for message in _deployment(each, slots[each.service.name])]
        return [*_updates(store, unit, found), *messages]
    if unit.kind == "storageAccount":
        return []
    return [*_network_resource(store, unit)]


def blockers(messages: Iterable[Message]) -> list[Message]:
    """The messages that make prepare fail."""
    return [message for message in messages if message.category == "Error"]


def _updates(store: Store, unit: Unit, found: Iterable[Deployed]) -> Iterator[Message]:
    for each in found:
        if operations.changing(store, unit.subscription, f"hostedService/{each.service.name}"):
            yield Message(
                "Deployment",
                each.deployment.name,
                f"One or more VMs in Deployment {each.deployment.name} in HostedService {each.service.name} is"
                " undergoing an update operation. It can't be migrated until the previous operation completes"
                " successfully. Retry after sometime.",
            )


def _deployment(found: Deployed, slots: int) -> Iterator[Message]:
    element = found.element
    service, deployment = found.service.name, found.deployment.name
    roles = xml.findall(element, "RoleList/Role")
    status = xml.text(element, "Status")

    def message(text: str) -> Message:
        return Message("Deployment", deployment, text)

    if slots > 1:
        yield message(
            "The deployment cannot be migrated because the deployment's cloud service has two occupied slots."
            " Migration of cloud services is only supported for deployments that are the only deployment in their"
            " cloud service. Delete the other deployment in the cloud service to proceed with the migration of this"
            " deployment."
        )
    if status not in SETTLED_DEPLOYMENTS:
        yield message(
            f"Deployment {deployment} in HostedService {service} is in intermediate state: {status}."
            " Migration not allowed."
        )
    if any(xml.text(role, "RoleType") != "PersistentVMRole" for role in roles):
        yield message(
            f"Migration is not supported for Deployment {deployment} in HostedService {service} because it is a"
            " PaaS deployment (Web/Worker)."
        )
        return
    sets = {xml.text(role, "AvailabilitySetName") for role in roles}
    if len(sets - {""}) > 1:
        yield message(
            f"Migration is not supported for Deployment {deployment} in HostedService {service} because it has"
            " multiple Availability Sets."
        )
    if "" in sets and len(sets) > 1:
        yield message(
            f"Migration is not supported for Deployment {deployment} in HostedService {service} because it has VMs"
            " that are not part of the Availability Set even though the HostedService contains one."
        )
    instances = {xml.text(each, "RoleName"): each for each in xml.findall(element, "RoleInstanceList/RoleInstance")}
    for role in roles:
        vm = _Vm(
            service=service,
            deployment=deployment,
            in_network=bool(xml.text(element, "VirtualNetworkName")),
            role=role,
            instance=instances.get(xml.text(role, "RoleName")),
        )
        for rule in (_state, _endpoint_acl, _subnets, _boot_diagnostics, _backup, _agent, _extensions):
            yield from rule(vm)


def _state(vm: _Vm) -> Iterator[Message]:
    status = xml.text(vm.instance, "InstanceStatus") if vm.instance is not None else ""
    if vm.instance is not None and status not in SETTLED_INSTANCES:
        yield vm.message(
            f"Migration is not allowed for HostedService {vm.service} because it has VM {vm.name} in State: {status}."
            " Migration is allowed only when the VM is in one of the following states - Running, Stopped,"
            " Stopped Deallocated."
        )


def _endpoint_acl(vm: _Vm) -> Iterator[Message]:
    """Assumed wording: the platform's text for endpoint ACLs is not published."""
    for endpoint in xml.findall(vm.role, "ConfigurationSets/ConfigurationSet/InputEndpoints/InputEndpoint"):
        if xml.findall(endpoint, "EndpointAcl/Rules/Rule"):
            yield vm.message(
                f"Migration is not supported for Deployment {vm.deployment} in HostedService {vm.service} because"
                f" endpoint {xml.text(endpoint, 'Name')} of VM {vm.name} has access control rules."
            )


def _subnets(vm: _Vm) -> Iterator[Message]:
    """Assumed wordings: Microsoft lists both configurations as unsupported without the platform's text."""
    paths = (
        "SubnetNames/SubnetName",
        "NetworkInterfaces/NetworkInterface/IPConfigurations/IPConfiguration/SubnetName",
    )
    found = [
        each.text or "" for path in paths for each in xml.findall(vm.role, f"ConfigurationSets/ConfigurationSet/{path}")
    ]
    primary = xml.findall(vm.role, "ConfigurationSets/ConfigurationSet/SubnetNames/SubnetName")
    if len(set(found)) > 1:
        yield vm.message(
            f"VM {vm.name} in HostedService {vm.service} has multiple subnets associated with it, which is not"
            " supported for Migration."
        )
    if vm.in_network and not primary:
        yield vm.message(
            f"VM {vm.name} in HostedService {vm.service} belongs to a Virtual Network but has no subnet associated"
            " with it, which is not supported for Migration."
        )


def _boot_diagnostics(vm: _Vm) -> Iterator[Message]:
    """Assumed wording."""
    disks = [
        *xml.findall(vm.role, "OSVirtualHardDisk/IOType"),
        *xml.findall(vm.role, "DataVirtualHardDisks/DataVirtualHardDisk/IOType"),
    ]
    premium = any(each.text in ("Provisioned", "Premium_LRS") for each in disks)
    if premium and xml.text(vm.role, "DebugSettings/BootDiagnosticsEnabled") == "true":
        yield vm.message(
            f"VM {vm.name} in HostedService {vm.service} has Boot Diagnostics enabled with Premium storage, which is"
            " not supported for Migration. Disable Boot Diagnostics and retry migration."
        )


def _backup(vm: _Vm) -> Iterator[Message]:
    if any(xml.text(each, "Name") in _BACKUP_EXTENSIONS for each in _references(vm)):
        yield vm.message(
            f"VM {vm.name} in HostedService {vm.service} contains Extension VMSnapshot/VMSnapshotLinux, which is"
            " currently not supported for Migration. Uninstall it from the VM and add it back using Azure Resource"
            " Manager after the Migration is Complete"
        )


def _agent(vm: _Vm) -> Iterator[Message]:
    """A warning by now: what blocks is that the extensions do not report (2016 the agent alone did)."""
    migratable = [each for each in _references(vm) if not _is_xml(each)]
    if not migratable or not _reports(vm):
        return
    if vm.instance is not None and xml.text(vm.instance, "GuestAgentStatus/Status") != "Ready":
        yield vm.message(
            f"VM Agent for VM {vm.name} in HostedService {vm.service} is reporting the overall agent status as Not"
            " Ready. Hence, the VM may not be migrated, if it has a migratable extension. Ensure that the VM Agent is"
            " reporting overall agent status as Ready. Refer to https://aka.ms/classiciaasmigrationfaqs.",
            "Warning",
        )


def _extensions(vm: _Vm) -> Iterator[Message]:
    prefix = f"VM {vm.name} in HostedService {vm.service} contains Extension"
    for reference in _references(vm):
        name = xml.text(reference, "Name")
        if _is_xml(reference):
            yield vm.message(
                f"{prefix} {name} which is not supported in Azure Resource Manager. It is recommended to uninstall it"
                " from the VM before continuing with migration.",
                "Warning",
            )
        elif _reports(vm) and name not in _BACKUP_EXTENSIONS:
            status = _handler_status(vm, f"{xml.text(reference, 'Publisher')}.{name}")
            if status is None:
                yield vm.message(
                    f"{prefix} {name} whose Status is not being reported from the VM. Hence, this VM cannot be"
                    " migrated. Ensure that the Extension status is being reported or uninstall the extension from"
                    " the VM and retry migration."
                )
            elif status != "Ready":
                yield vm.message(
                    f"{prefix} {name} reporting Handler Status: {status}. Hence, the VM cannot be migrated. Ensure"
                    f" that the Extension handler status being reported is {status} or uninstall it from the VM and"
                    " retry migration."
                )


def _references(vm: _Vm) -> list[_Element]:
    return xml.findall(vm.role, "ResourceExtensionReferences/ResourceExtensionReference")


def _is_xml(reference: _Element) -> bool:
    publisher, name, version = (xml.text(reference, tag) for tag in ("Publisher", "Name", "Version"))
    return (publisher, name, version.partition(".")[0]) in _XML_EXTENSIONS


def _reports(vm: _Vm) -> bool:
    """A deallocated VM reports nothing and is exempt."""
    return vm.instance is not None and xml.text(vm.instance, "InstanceStatus") != "StoppedDeallocated"


def _handler_status(vm: _Vm, handler: str) -> str | None:
    assert vm.instance is not None  # noqa: S101 -- _reports() said so
    for status in xml.findall(vm.instance, "ResourceExtensionStatusList/ResourceExtensionStatus"):
        if xml.text(status, "HandlerName").lower() == handler.lower():
            return xml.text(status, "Status")
    return None


def _network_resource(store: Store, unit: Unit) -> Iterator[Message]:
    """Alone only what is bound to nothing can migrate (documented by Microsoft); the wordings are assumed."""
    if unit.kind == "reservedIp":
        row = store.classic_get(unit.subscription, "reservedIp", unit.name)
        if row and row.owner:
            yield Message(
                "ReservedIP",
                unit.name,
                f"Reserved IP {unit.name} is in use by HostedService {row.owner}."
                f" Migrate HostedService {row.owner} to migrate this Reserved IP.",
            )
        return
    type_, words = {
        "networkSecurityGroup": ("NetworkSecurityGroup", "Network security group"),
        "routeTable": ("RouteTable", "Route table"),
    }[unit.kind]
    for row in users(store, unit.subscription, unit.kind, unit.name):
        where = (
            f"Virtual Network {row.name}"
            if row.kind == "virtualNetwork"
            else f"Deployment {row.name} in HostedService {row.parent}"
        )
        yield Message(type_, unit.name, f"{words} {unit.name} is associated with {where}. Migrate that to migrate it.")
