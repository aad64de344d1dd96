"""Rules, routes, and what security groups and route tables are bound to."""

from collections.abc import Iterable
from ipaddress import IPv4Network

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, requests, shapes, xml
from emulator.asm.call import Call, Held, Route, stored
from emulator.asm.deployed import Deployed
from emulator.errors import PlatformError
from emulator.platform import documents

_NETWORKING = "services/networking"
_RULE = {
    "Type": ("Inbound", "Outbound"),
    "Action": ("Allow", "Deny"),
    "Protocol": ("TCP", "UDP", "*"),
}
_RULE_TEXTS = ("SourceAddressPrefix", "SourcePortRange", "DestinationAddressPrefix", "DestinationPortRange")
_HOPS = ("VPNGateway", "VNETLocal", "Internet", "VirtualAppliance", "Null")
_HIGHEST_PRIORITY = 4096


def set_rule(call: Call) -> Response:
    """A rule, new or in place of the one of its name."""
    body = changes.body(call, "Rule")
    group = xml.read(locks.found(call, "networkSecurityGroup", call.names["name"]).document)
    changes.required(body, *_RULE_TEXTS)
    priority = changes.integer(body, "Priority", 100, _HIGHEST_PRIORITY)
    if priority is None:
        raise changes.bad("The Rule needs a Priority.")
    values = {"Name": changes.name(call.names["rule"])}
    for tag, allowed in _RULE.items():
        found = next((each for each in allowed if each.lower() == xml.text(body, tag).lower()), None)
        if found is None:
            raise changes.bad(f"The {tag} of a rule must be one of: {', '.join(allowed)}.")
        values[tag] = found
    values |= {"Priority": str(priority), **{tag: xml.text(body, tag) for tag in _RULE_TEXTS}, "State": "Active"}
    rules = _container(group, "Rules")
    for each in xml.findall(rules, "Rule"):
        same = xml.text(each, "Name").lower() == call.names["rule"].lower()
        if xml.text(each, "IsDefault") == "true":
            if same:
                raise changes.bad("A default rule cannot be changed.")
        elif same:
            rules.remove(each)
        elif (xml.text(each, "Priority"), xml.text(each, "Type")) == (str(priority), values["Type"]):
            raise changes.bad(f"The rule {xml.text(each, 'Name')} has the priority {priority} already.")
    made = rules.makeelement(f"{{{xml.NAMESPACE}}}Rule")
    # The default rules come last (recorded).
    rules.insert(sum(xml.text(each, "IsDefault") != "true" for each in rules), made)
    for tag, value in values.items():
        shapes.put(made, tag, value)
    return _kept(call, group)


def delete_rule(call: Call) -> Response:
    """A rule of one's own; the default ones stay."""
    group = xml.read(locks.found(call, "networkSecurityGroup", call.names["name"]).document)
    rules = _container(group, "Rules")
    for each in xml.findall(rules, "Rule"):
        if xml.text(each, "Name").lower() == call.names["rule"].lower() and xml.text(each, "IsDefault") != "true":
            rules.remove(each)
            return _kept(call, group)
    raise PlatformError(404, "ResourceNotFound", f"The rule {call.names['rule']} does not exist.")


def set_route(call: Call) -> Response:
    """A route, new or in place of the one of its name."""
    body = changes.body(call, "Route")
    table = xml.read(locks.found(call, "routeTable", call.names["name"]).document)
    [prefix] = changes.required(body, "AddressPrefix")
    try:
        IPv4Network(prefix)
    except ValueError:
        raise changes.bad(f"The address prefix {prefix!r} is not valid.") from None
    hop, address = xml.text(body, "NextHopType/Type"), xml.text(body, "NextHopType/IpAddress")
    found = next((each for each in _HOPS if each.lower() == hop.lower()), None)
    if found is None:
        raise changes.bad(f"The Type of the next hop must be one of: {', '.join(_HOPS)}.")
    if (found == "VirtualAppliance") != bool(address):
        raise changes.bad("A VirtualAppliance, and only that, needs an IpAddress.")
    routes = _container(table, "RouteList")
    for each in xml.findall(routes, "Route"):
        if xml.text(each, "Name").lower() == call.names["route"].lower():
            routes.remove(each)
    made = shapes.insert(routes, "Route")
    shapes.put(made, "Name", changes.name(call.names["route"]))
    shapes.put(made, "AddressPrefix", prefix)
    next_hop = shapes.insert(made, "NextHopType")
    shapes.put(next_hop, "Type", found)
    shapes.put(next_hop, "IpAddress", address or None)
    return _kept(call, table)


def delete_route(call: Call) -> Response:
    """A route of a table."""
    table = xml.read(locks.found(call, "routeTable", call.names["name"]).document)
    routes = _container(table, "RouteList")
    for each in xml.findall(routes, "Route"):
        if xml.text(each, "Name").lower() == call.names["route"].lower():
            routes.remove(each)
            return _kept(call, table)
    raise PlatformError(404, "ResourceNotFound", f"The route {call.names['route']} does not exist.")


def bind_group_to_subnet(call: Call) -> Response:
    """A subnet has one security group at most."""
    name = _group(call, changes.body(call, "NetworkSecurityGroup"), "Name")
    return _bind_subnet(call, "NetworkSecurityGroup", name)


def bind_table_to_subnet(call: Call) -> Response:
    """A subnet has one route table at most; another one takes the place of the first."""
    [name] = changes.required(changes.body(call, "RouteTableAssociation"), "RouteTableName")
    return _bind_subnet(call, "RouteTableName", locks.found(call, "routeTable", name).name)


def release_group_of_subnet(call: Call) -> Response:
    """The security group that is named must be the bound one."""
    _, subnet = _subnet(call)
    if xml.text(subnet, "NetworkSecurityGroup").lower() != call.names["name"].lower():
        raise _not_bound(call)
    return _bind_subnet(call, "NetworkSecurityGroup", None)


def release_table_of_subnet(call: Call) -> Response:
    """The subnet goes back to the system's routes."""
    _, subnet = _subnet(call)
    if not xml.text(subnet, "RouteTableName"):
        raise PlatformError(
            404,
            "ResourceNotFound",
            f"The virtual network name {call.names['network']} and subnet {call.names['subnet']} does not have any"
            " Route Table associated.",
        )
    return _bind_subnet(call, "RouteTableName", None)


def group_of_machine(call: Call) -> Response:
    """The security group of a VM or of one of its additional network cards."""
    name = xml.text(_place(call, Deployed.named(call)), "NetworkSecurityGroup")
    if not name:
        raise _not_bound(call)
    element = xml.read(locks.found(call, "networkSecurityGroup", name).document)
    if call.query.get("detaillevel", "").lower() != "full":
        xml.drop(element, "Rules")
    return stored(xml.canonical(element))


def bind_group_to_machine(call: Call) -> Response:
    """A VM, or one of its additional network cards, gets a security group."""
    name = _group(call, changes.body(call, "NetworkSecurityGroup"), "Name")
    deployed = Deployed.named(call)
    shapes.put(_place(call, deployed), "NetworkSecurityGroup", name)
    return deployed.keep(call)


def release_group_of_machine(call: Call) -> Response:
    """The security group that is named must be the bound one."""
    deployed = Deployed.named(call)
    place = _place(call, deployed)
    if xml.text(place, "NetworkSecurityGroup").lower() != call.names["name"].lower():
        raise _not_bound(call)
    shapes.put(place, "NetworkSecurityGroup", None)
    return deployed.keep(call)


def set_forwarding(call: Call) -> Response:
    """Whether a VM, or one of its additional network cards, forwards packets."""
    state = xml.text(changes.body(call, "IPForwarding"), "State")
    if state not in ("Enabled", "Disabled"):
        raise changes.bad("The State of IP forwarding must be one of: Enabled, Disabled.")
    deployed = Deployed.named(call)
    shapes.put(_place(call, deployed), "IPForwarding", state if state == "Enabled" else None)
    return deployed.keep(call)


def _group(call: Call, body: _Element, tag: str) -> str:
    [name] = changes.required(body, tag)
    return locks.found(call, "networkSecurityGroup", name).name


def _bind_subnet(call: Call, tag: str, name: str | None) -> Response:
    site, subnet = _subnet(call)
    shapes.put(subnet, tag, name)
    return changes.later(call, lambda: documents.put(call.store, call.subscription, xml.canonical(site)))


def _subnet(call: Call) -> tuple[_Element, _Element]:
    site = xml.read(locks.found(call, "virtualNetwork", call.names["network"]).document)
    for each in xml.findall(site, "Subnets/Subnet"):
        if xml.text(each, "Name").lower() == call.names["subnet"].lower():
            return site, each
    raise PlatformError(
        404,
        "ResourceNotFound",
        f"The subnet {call.names['subnet']} does not exist in virtual network {call.names['network']}.",
    )


def _place(call: Call, deployed: Deployed) -> _Element:
    """The network settings of the VM, or of the network card that the path names."""
    role = deployed.role(call.names["role"])
    found = requests.network_set(role)
    if found is None:
        raise changes.bad(f"The role {call.names['role']} has no network settings.")
    if "nic" not in call.names:
        return found
    for each in xml.findall(found, "NetworkInterfaces/NetworkInterface"):
        if xml.text(each, "Name").lower() == call.names["nic"].lower():
            return each
    raise PlatformError(404, "ResourceNotFound", f"The network interface {call.names['nic']} does not exist.")


def _kept(call: Call, element: _Element) -> Response:
    document = xml.canonical(element)
    return changes.later(call, lambda: documents.put(call.store, call.subscription, document))


def _container(element: _Element, tag: str) -> _Element:
    found = xml.find(element, tag)
    return shapes.insert(element, tag) if found is None else found


def _not_bound(call: Call) -> PlatformError:
    where = call.names.get("subnet") or call.names["role"]
    return PlatformError(404, "ResourceNotFound", f"{where} does not have that Network Security Group associated.")


def _held_by_binding(call: Call) -> Iterable[Held]:
    """The network; the group or table is only read."""
    return [Held(locks.found(call, "virtualNetwork", call.names["network"]))]


_RULES = f"{_NETWORKING}/networksecuritygroups/{{name}}/rules/{{rule}}"
_ROUTES = f"{_NETWORKING}/routetables/{{name}}/routes/{{route}}"
_SUBNET = f"{_NETWORKING}/virtualnetwork/{{network}}/subnets/{{subnet}}"
_ROLE = "services/hostedservices/{service}/deployments/{deployment}/roles/{role}"
_HELD_GROUP, _HELD_TABLE = locks.named("networkSecurityGroup"), locks.named("routeTable")


def _of_machine(place: str) -> tuple[Route, ...]:
    groups = f"{place}/networksecuritygroups"
    return (
        Route("GET", groups, group_of_machine, "documented"),
        Route("POST", groups, bind_group_to_machine, "documented", holds=locks.machine),
        Route("DELETE", f"{groups}/{{name}}", release_group_of_machine, "documented", holds=locks.machine),
        Route("POST", f"{place}/ipforwarding", set_forwarding, "documented", holds=locks.machine),
    )


ROUTES = (
    Route("PUT", _RULES, set_rule, "recorded", holds=_HELD_GROUP),
    Route("DELETE", _RULES, delete_rule, "recorded", holds=_HELD_GROUP),
    Route("PUT", _ROUTES, set_route, "recorded", holds=_HELD_TABLE),
    Route("DELETE", _ROUTES, delete_route, "recorded", holds=_HELD_TABLE),
    Route("POST", f"{_SUBNET}/networksecuritygroups", bind_group_to_subnet, "recorded", holds=_held_by_binding),
    Route(
        "DELETE",
        f"{_SUBNET}/networksecuritygroups/{{name}}",
        release_group_of_subnet,
        "recorded",
        holds=_held_by_binding,
    ),
    Route("POST", f"{_SUBNET}/routetables", bind_table_to_subnet, "recorded", holds=_held_by_binding),
    Route("DELETE", f"{_SUBNET}/routetables", release_table_of_subnet, "recorded", holds=_held_by_binding),
    *_of_machine(_ROLE),
    *_of_machine(f"{_ROLE}/networkinterfaces/{{nic}}"),
)
