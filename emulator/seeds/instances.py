"""Role instances, elements in the recorded order."""

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.model import CREATED, Nic, Service, Vm


def instance(wanted: Service, vm: Vm) -> bytes:
    """The instance of a VM; a deallocated one says hardly more than that (recorded)."""
    head = [node("RoleName", vm.name), node("InstanceName", vm.name)]
    if vm.deallocated:
        status = [node("InstanceStatus", "StoppedDeallocated"), node("PowerState", "Stopped")]
        return node("RoleInstance", [*head, *status])
    balancer = wanted.load_balancer
    endpoints = [
        node(
            "InstanceEndpoint",
            [
                node("Name", each.name),
                node("Vip", balancer.address if balancer and each.load_balancer else wanted.vip),
                node("PublicPort", each.public),
                node("LocalPort", each.local),
                node("Protocol", each.protocol),
                node("IdleTimeoutInMinutes", each.idle_timeout),
            ],
        )
        for each in vm.endpoints
    ]
    reported = [
        handler_status(f"{each.publisher}.{each.name}", each.version, each.status)
        for each in vm.extensions
        if each.status
    ]
    return node(
        "RoleInstance",
        [
            *head,
            node("InstanceStatus", "ReadyRole"),
            node("InstanceUpgradeDomain", 0),
            node("InstanceFaultDomain", 0),
            node("InstanceSize", vm.size),
            node("InstanceStateDetails", ""),
            node("IpAddress", vm.address),
            node("InstanceEndpoints", endpoints or None),
            node("PowerState", "Started"),
            node("HostName", vm.name),
            agent(vm.agent, vm.name),
            node("ResourceExtensionStatusList", reported or None),
            node("NetworkInterfaces", [_nic(position, each) for position, each in enumerate(vm.nics)] or None),
            node("PublicIPs", [_public_ip(*vm.public_ip)] if vm.public_ip else None),
        ],
    )


def worker_instance(name: str, index: int) -> bytes:
    """The instance of a web or worker role."""
    return node(
        "RoleInstance",
        [
            node("RoleName", name),
            node("InstanceName", f"{name}_IN_0"),
            node("InstanceStatus", "ReadyRole"),
            node("InstanceUpgradeDomain", 0),
            node("InstanceFaultDomain", 0),
            node("InstanceSize", "Small"),
            node("InstanceStateDetails", ""),
            node("IpAddress", f"10.79.60.{10 + index}"),
            node("PowerState", "Started"),
        ],
    )


def agent(status: str, name: str) -> bytes:
    """What the guest agent of a VM says of itself."""
    ready = status == "Ready"
    message = (
        "GuestAgent is running and accepting new configurations." if ready else f"Status not available for role {name}."
    )
    return node(
        "GuestAgentStatus",
        [
            node("ProtocolVersion", "1.0"),
            node("Timestamp", CREATED),
            node("GuestAgentVersion", "2.7.1198.735" if ready else "Unknown"),
            node("Status", status),
            _formatted(message),
        ],
    )


def handler_status(handler: str, version: str, status: str) -> bytes:
    """What an extension says of itself through the agent."""
    return node(
        "ResourceExtensionStatus",
        [
            node("HandlerName", handler),
            node("Version", version),
            node("Status", status),
            _formatted(f"Plugin (name: {handler}, version: {version}) is {status}."),
        ],
    )


def _nic(position: int, wanted: Nic) -> bytes:
    address = [node("SubnetName", wanted.subnet), node("Address", wanted.address)]
    content = [
        node("Name", wanted.name),
        node("MacAddress", f"000D3A30B6{position:02X}"),
        node("IPConfigurations", [node("IPConfiguration", address)]),
    ]
    return node("NetworkInterface", content)


def _public_ip(name: str, address: str) -> bytes:
    return node("PublicIP", [node("Name", name), node("Address", address), node("DomainNameLabel", "", xml.NIL)])


def _formatted(message: str) -> bytes:
    return node("FormattedMessage", [node("Language", "en-US"), node("Message", message)])
