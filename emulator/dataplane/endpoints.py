"""Which public endpoints the machines of a subscription have, read from whichever plane owns them now.

While a unit is prepared both planes show it, and the classic side stands for it: the other one is locked until commit.
Names are those that prepare gives, so that an endpoint stays the same one when it changes sides.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml.etree import _Element

from emulator.asm import xml
from emulator.platform.downtime import as_it_is_now
from emulator.store import ArmRow, Store
from emulator.transform import names

_BALANCERS = "Microsoft.Network/loadBalancers"
_INTERFACES = "Microsoft.Network/networkInterfaces"
_MACHINES = "Microsoft.Compute/virtualMachines"
_ADDRESSES = "Microsoft.Network/publicIPAddresses"
# Documents whose endpoints are known: each change of one would have all of its subscription read again.
_REMEMBERED = 4096
TYPES = (_BALANCERS, _INTERFACES, _MACHINES, _ADDRESSES)

Key = tuple[str, str, str, str]
Front = tuple[str, str, str, int]
# Service, name, protocol, id of the public address, its port, the machine's port.
_Rule = tuple[str, str, str, str, int, int]


@dataclass(frozen=True)
class Endpoint:
    """One public endpoint of one machine; a load-balanced set is one endpoint at each of its members.

    `address` is public, and empty while the platform gives none; `host` is the name that leads to it, if one does.
    `protocol` is `tcp` or `udp`.
    """

    subscription: str
    service: str
    vm: str
    name: str
    protocol: str
    address: str
    port: int
    local_port: int
    running: bool
    host: str = ""

    @property
    def key(self) -> Key:
        """What makes it the same endpoint over time: subscription, service, machine, name."""
        return self.subscription, self.service.lower(), names.kept(self.vm).lower(), self.name.lower()

    @property
    def front(self) -> Front:
        """Where it is reached: subscription, public address, protocol, port."""
        return self.subscription, self.address, self.protocol, self.port


def endpoints(store: Store, subscription: str) -> list[Endpoint]:
    """Every public endpoint of the subscription, classic ones first."""
    return [*_classic(store, subscription), *_resource_manager(store, subscription)]


def _classic(store: Store, subscription: str) -> Iterator[Endpoint]:
    for row in store.classic_list(subscription, "deployment"):
        yield from _of_deployment(subscription, row.parent, as_it_is_now(store, subscription, row))


@lru_cache(maxsize=_REMEMBERED)
def _of_deployment(subscription: str, service: str, document: bytes) -> tuple[Endpoint, ...]:
    deployment = xml.read(document)
    roles = xml.findall(deployment, "RoleList/Role")
    return tuple(endpoint for role in roles for endpoint in _of_role(subscription, service, deployment, role))


def _of_role(subscription: str, service: str, deployment: _Element, role: _Element) -> Iterator[Endpoint]:
    machine = xml.text(role, "RoleName")
    instance = next(
        (
            each
            for each in xml.findall(deployment, "RoleInstanceList/RoleInstance")
            if xml.text(each, "RoleName") == machine
        ),
        None,
    )
    running = instance is not None and xml.text(instance, "PowerState") == "Started"
    network = "ConfigurationSets/ConfigurationSet"
    local_ports: dict[tuple[str, int], None] = {}
    # A service's name leads to its first virtual IP (documented for one, assumed for more).
    host, first = xml.text(deployment, "Url").partition("://")[2].strip("/"), _virtual_ip(deployment, "")
    for each in xml.findall(role, f"{network}/InputEndpoints/InputEndpoint"):
        if xml.text(each, "LoadBalancerName"):
            continue  # Internal: nobody reaches it from outside.
        port = int(xml.text(each, "Port") or 0)
        address = xml.text(each, "Vip") or _virtual_ip(deployment, xml.text(each, "VirtualIPName"))
        found = Endpoint(
            subscription,
            service,
            machine,
            _name(machine, each),
            "udp" if xml.text(each, "Protocol").lower() == "udp" else "tcp",
            address,
            port,
            int(xml.text(each, "LocalPort") or port),
            running,
            host if address == first else "",
        )
        local_ports[found.protocol, found.local_port] = None
        yield found
    declared = xml.findall(role, f"{network}/PublicIPs/PublicIP")
    current = xml.findall(instance, "PublicIPs/PublicIP") if instance is not None else []
    for place, each in enumerate(declared):
        address = xml.text(current[place], "Address") if place < len(current) else ""
        own = names.instance_address(machine, xml.text(each, "Name"))
        for protocol, port in local_ports:
            yield Endpoint(subscription, service, machine, f"{own}-{port}", protocol, address, port, port, running)


def _name(machine: str, endpoint: _Element) -> str:
    if set_name := xml.text(endpoint, "LoadBalancedEndpointSetName"):
        return names.child(set_name)
    return names.inbound_nat_rule(machine, xml.text(endpoint, "Name") or xml.text(endpoint, "Port"))


def _virtual_ip(deployment: _Element, name: str) -> str:
    found = xml.findall(deployment, "VirtualIPs/VirtualIP")
    wanted = [each for each in found if xml.text(each, "Name") == name] or found
    return xml.text(wanted[0], "Address") if wanted else ""


@dataclass(frozen=True)
class _Machine:
    name: str
    running: bool
    interfaces: tuple[str, ...]


def _resource_manager(store: Store, subscription: str) -> Iterator[Endpoint]:
    """What no migration holds: migrated and committed, or made there."""
    rows = {type_: [r for r in store.arm_list(subscription, type=type_) if r.unit is None] for type_ in TYPES}
    addresses = {row.id.lower(): _public(_body(row)["properties"]) for row in rows[_ADDRESSES]}
    configurations = {
        row.id.lower(): [each["properties"] for each in _body(row)["properties"].get("ipConfigurations", [])]
        for row in rows[_INTERFACES]
    }
    rules = _public_rules(rows[_BALANCERS])
    for machine in map(_machine, rows[_MACHINES]):
        own = [each for interface in machine.interfaces for each in configurations.get(interface, ())]
        found = [
            _endpoint(subscription, machine, rule, addresses)
            for each in own
            for target in _targets(each)
            for rule in rules.get(target, ())
        ]
        yield from found
        ports = dict.fromkeys((each.protocol, each.local_port) for each in found)
        for each in own:
            public = str((each.get("publicIPAddress") or {}).get("id", "")).lower()
            for protocol, port in ports if public in addresses else ():
                name = f"{public.rpartition('/')[2]}-{port}"
                rule = (found[0].service, name, protocol, public, port, port)
                yield _endpoint(subscription, machine, rule, addresses)


def _body(row: ArmRow) -> dict[str, Any]:
    """What a resource says, only to be read."""
    return _parsed(row.document)


_parsed: Callable[[str], dict[str, Any]] = lru_cache(maxsize=4 * _REMEMBERED)(json.loads)


def _public(properties: dict[str, Any]) -> tuple[str, str]:
    """An address and the name that leads to it."""
    return str(properties.get("ipAddress") or ""), str((properties.get("dnsSettings") or {}).get("fqdn") or "")


def _endpoint(subscription: str, machine: _Machine, rule: _Rule, addresses: dict[str, tuple[str, str]]) -> Endpoint:
    service, name, protocol, public, port, local_port = rule
    address, host = addresses.get(public, ("", ""))
    return Endpoint(
        subscription,
        service,
        machine.name,
        name,
        protocol,
        address,
        port,
        local_port,
        machine.running,
        host,
    )


def _public_rules(balancers: list[ArmRow]) -> dict[str, list[_Rule]]:
    """By the id that an interface refers to (a pool or a NAT rule), the rules behind public frontends."""
    found: dict[str, list[_Rule]] = {}
    for row in balancers:
        properties = _body(row)["properties"]
        service = row.id.rpartition("/")[2].removesuffix(names.load_balancer(""))
        fronts = {
            each["id"].lower(): str((each["properties"].get("publicIPAddress") or {}).get("id", "")).lower()
            for each in properties.get("frontendIPConfigurations", [])
        }
        for rule in (*properties.get("inboundNatRules", []), *properties.get("loadBalancingRules", [])):
            inner = rule["properties"]
            target = str((inner.get("backendAddressPool") or rule)["id"]).lower()
            public = fronts.get(str((inner.get("frontendIPConfiguration") or {}).get("id", "")).lower(), "")
            if public:
                protocol = "udp" if str(inner.get("protocol", "")).lower() == "udp" else "tcp"
                ports = int(inner.get("frontendPort", 0)), int(inner.get("backendPort", 0))
                found.setdefault(target, []).append((service, rule["name"], protocol, public, *ports))
    return found


def _targets(configuration: dict[str, Any]) -> list[str]:
    fields = ("loadBalancerInboundNatRules", "loadBalancerBackendAddressPools")
    return [str(each["id"]).lower() for field in fields for each in configuration.get(field) or []]


def _machine(row: ArmRow) -> _Machine:
    statuses = _body(row).get("_instanceView", {}).get("statuses", [])
    interfaces = (_body(row)["properties"].get("networkProfile") or {}).get("networkInterfaces") or []
    return _Machine(
        row.id.rpartition("/")[2],
        any(each["code"] == "PowerState/running" for each in statuses),
        tuple(str(each["id"]).lower() for each in interfaces),
    )
