"""Reads of Microsoft's classic network: sites, security groups, route tables, reserved IPs, gateways."""

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import xml
from emulator.asm.call import Call, Route, answer, stored
from emulator.asm.network_configuration import network_configuration
from emulator.errors import NotEmulatedError, PlatformError
from emulator.platform.addressing import range_of, taken_in
from emulator.store import ClassicRow

_OFFERED = 5
_NETWORK = "services/networking/virtualnetwork/{network}"


def virtual_networks(call: Call) -> Response:
    """Every site; there is no read of a single one."""
    rows = call.store.classic_list(call.subscription, "virtualNetwork")
    return answer(xml.node("VirtualNetworkSites", [xml.embed(_with_state(row, "VirtualNetworkSite")) for row in rows]))


def media(call: Call) -> Response:
    """The network configuration file: text/plain with a byte order mark (recorded)."""
    return Response(network_configuration(call.store, call.subscription), headers={"content-type": "text/plain"})


def network_security_groups(call: Call) -> Response:
    """Every security group, without rules."""
    rows = call.store.classic_list(call.subscription, "networkSecurityGroup")
    return answer(xml.node("NetworkSecurityGroups", [xml.embed(_brief(row, "Rules")) for row in rows]))


def network_security_group(call: Call) -> Response:
    """One security group; its rules only with `detaillevel=Full`."""
    row = _row(call, "networkSecurityGroup", "The network security group {name} does not exist.")
    return stored(_with_state(row, "NetworkSecurityGroup") if _full(call) else _brief(row, "Rules"))


def route_tables(call: Call) -> Response:
    """Every route table, without routes."""
    rows = call.store.classic_list(call.subscription, "routeTable")
    return answer(xml.node("RouteTables", [xml.embed(_brief(row, "RouteList")) for row in rows]))


def route_table(call: Call) -> Response:
    """One route table; with `detailLevel=Full` its routes, `<RouteList/>` when there is none."""
    row = _row(call, "routeTable", "The route table {name} does not exist.")
    if not _full(call):
        return stored(_brief(row, "RouteList"))
    document = row.document
    if b"<RouteList" not in document:
        document = xml.add_last(document, "RouteTable", xml.node("RouteList", []))
    return stored(xml.add_last(document, "RouteTable", xml.node("MigrationState", row.migration_state)))


def route_table_of_subnet(call: Call) -> Response:
    """Which route table a subnet uses."""
    found = xml.text(_subnet(call), "RouteTableName")
    if not found:
        raise _not_associated(call, "Route Table")
    return answer(xml.node("RouteTableAssociation", [xml.node("RouteTableName", found)]))


def security_group_of_subnet(call: Call) -> Response:
    """Which security group a subnet uses."""
    name = xml.text(_subnet(call), "NetworkSecurityGroup")
    row = call.store.classic_get(call.subscription, "networkSecurityGroup", name) if name else None
    if row is None:
        raise _not_associated(call, "Network Security Group")
    return stored(_with_state(row, "NetworkSecurityGroup") if _full(call) else _brief(row, "Rules"))


def reserved_ips(call: Call) -> Response:
    """Every reserved IP."""
    rows = call.store.classic_list(call.subscription, "reservedIp")
    return answer(xml.node("ReservedIPs", [xml.embed(_with_state(row, "ReservedIP")) for row in rows]))


def reserved_ip(call: Call) -> Response:
    """One reserved IP."""
    return stored(_with_state(_row(call, "reservedIp", "The reserved IP {name} does not exist."), "ReservedIP"))


def gateway(call: Call) -> Response:
    """The VPN gateway of a network; one without answers the state NotProvisioned (assumed)."""
    row = call.store.classic_get(call.subscription, "gateway", _network(call).name)
    if row:
        return stored(row.document)
    return answer(xml.node("Gateway", [xml.node("State", "NotProvisioned"), xml.node("DefaultSites", [])]))


def connections(call: Call) -> Response:
    """The connections of a network's gateway."""
    row = call.store.classic_get(call.subscription, "gatewayConnections", _network(call).name)
    return stored(row.document) if row else answer(xml.node("Connections", []))


def address_availability(call: Call) -> Response:
    """Whether an address of a network is free; when it is not, some that are."""
    if call.query.get("op", "").lower() != "checkavailability":
        raise NotEmulatedError(f"GET services/networking/{call.names['network']} without op=checkavailability")
    row, wanted = _network(call), call.query.get("address", "")
    service = f"{row.name}/check"
    ranges = [
        [str(each) for each in range_of(call.store, call.subscription, row.name, xml.text(subnet, "Name"), service)]
        for subnet in xml.findall(xml.read(row.document), "Subnets/Subnet")
    ]
    around = next((each for each in ranges if wanted in each), None)
    if around is None:
        raise PlatformError(400, "BadRequest", f"The address {wanted} is in no subnet of virtual network {row.name}.")
    taken = taken_in(call.store, call.subscription, row.name)
    free = [each for each in around if each not in taken][:_OFFERED] if wanted in taken else []
    offered = [xml.node("AvailableAddress", each) for each in free]
    content = [xml.node("IsAvailable", wanted not in taken), xml.node("AvailableAddresses", offered)]
    return answer(xml.node("AddressAvailabilityResponse", content))


def _network(call: Call) -> ClassicRow:
    row = call.store.classic_get(call.subscription, "virtualNetwork", call.names["network"])
    if row is None:
        raise PlatformError(404, "ResourceNotFound", f"The virtual network {call.names['network']} does not exist.")
    return row


def _subnet(call: Call) -> _Element:
    for each in xml.findall(xml.read(_network(call).document), "Subnets/Subnet"):
        if xml.text(each, "Name").lower() == call.names["subnet"].lower():
            return each
    raise PlatformError(
        404,
        "ResourceNotFound",
        f"The subnet {call.names['subnet']} does not exist in virtual network {call.names['network']}.",
    )


def _not_associated(call: Call, what: str) -> PlatformError:
    return PlatformError(
        404,
        "ResourceNotFound",
        f"The virtual network name {call.names['network']} and subnet {call.names['subnet']} does not have any {what}"
        " associated.",
    )


def _row(call: Call, kind: str, missing: str) -> ClassicRow:
    row = call.store.classic_get(call.subscription, kind, call.names["name"])
    if row is None:
        raise PlatformError(404, "ResourceNotFound", missing.format(name=call.names["name"]))
    return row


def _full(call: Call) -> bool:
    return call.query.get("detaillevel", "").lower() == "full"


def _brief(row: ClassicRow, detail: str) -> bytes:
    element = xml.read(row.document)
    xml.drop(element, detail)
    brief = xml.canonical(element)
    return xml.add_last(brief, brief[1 : brief.index(b" ")].decode(), xml.node("MigrationState", row.migration_state))


def _with_state(row: ClassicRow, tag: str) -> bytes:
    return xml.add_last(row.document, tag, xml.node("MigrationState", row.migration_state))


_STATE = "MigrationState as the last child is assumed"
_MISSING = "the answer for a missing one is assumed"
ROUTES = (
    Route(
        "GET",
        "services/networking/virtualnetwork",
        virtual_networks,
        "recorded",
        "MigrationState: SDK source",
    ),
    Route("GET", "services/networking/media", media, "recorded"),
    Route("GET", "services/networking/networksecuritygroups", network_security_groups, "recorded", _STATE),
    Route(
        "GET",
        "services/networking/networksecuritygroups/{name}",
        network_security_group,
        "recorded",
        _MISSING,
    ),
    Route("GET", "services/networking/routetables", route_tables, "recorded", _STATE),
    Route("GET", "services/networking/routetables/{name}", route_table, "recorded", _MISSING),
    Route("GET", f"{_NETWORK}/subnets/{{subnet}}/routetables", route_table_of_subnet, "recorded"),
    Route("GET", f"{_NETWORK}/subnets/{{subnet}}/networksecuritygroups", security_group_of_subnet, "documented"),
    Route("GET", "services/networking/reservedips", reserved_ips, "recorded", _STATE),
    Route("GET", "services/networking/reservedips/{name}", reserved_ip, "recorded", _MISSING),
    Route("GET", "services/networking/{network}/gateway", gateway, "recorded", "without a gateway: assumed"),
    Route("GET", "services/networking/{network}/gateway/connections", connections, "recorded"),
    # The last of all: its path could be any of the lists above.
    Route("GET", "services/networking/{network}", address_availability, "recorded", "a free address: assumed"),
)
