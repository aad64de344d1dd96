"""Microsoft.Network: the VPN or ExpressRoute gateway of a network, its local sites and its connections."""

from collections.abc import Iterator
from typing import Any

from lxml.etree import _Element

from emulator.transform import addresses, bodies, names
from emulator.transform.model import ArmResource
from emulator.transform.reading import findall, text, texts

_SKU = {"Default": "Basic"}
_ROUTE_BASED = {"DynamicRouting": "RouteBased", "StaticRouting": "PolicyBased"}


def gateway(
    group: str, location: str, network: ArmResource, site: _Element, classic: _Element
) -> Iterator[ArmResource]:
    """Public address, gateway, then a local gateway and a connection for each site of `site`, the network.

    Properties and address are kept (documented). Shared keys are not in the documents.
    """
    network_name = network.body["name"]
    gateway_name = names.gateway(network_name)
    id_ = bodies.resource_id(group, "Microsoft.Network/virtualNetworkGateways", gateway_name)
    address = addresses.dynamic_address(
        group, location, names.public_address(gateway_name), text(classic, "VIPAddress")
    )
    yield address
    yield bodies.network_resource(id_, location, _properties(group, id_, network, address, site, classic))
    for local in findall(site, "Gateway/Sites/LocalNetworkSite"):
        kinds = texts(local, "Connections/Connection/Type")
        if "Dedicated" in kinds:
            yield _connection(group, location, id_, network_name, local, "ExpressRoute")
        elif text(local, "VpnGatewayAddress"):
            other = _local_gateway(group, location, local)
            yield other
            yield _connection(group, location, id_, network_name, local, "IPsec", other.id)


def _properties(
    group: str, id_: str, network: ArmResource, address: ArmResource, site: _Element, classic: _Element
) -> dict[str, Any]:
    kind, size = text(classic, "GatewayType", "DynamicRouting"), text(classic, "GatewaySize", "Default")
    sku = _SKU.get(size, size)
    properties: dict[str, Any] = {
        "ipConfigurations": [
            bodies.part(
                id_,
                "ipConfigurations",
                names.DEFAULT,
                {
                    "privateIPAllocationMethod": "Dynamic",
                    "publicIPAddress": bodies.reference(address.id),
                    "subnet": bodies.reference(bodies.part_id(network.id, "subnets", names.GATEWAY_SUBNET)),
                },
            )
        ],
        "sku": {"name": sku, "tier": sku, "capacity": 2},
        "gatewayType": "ExpressRoute" if kind == "DedicatedCircuit" else "Vpn",
        "vpnType": _ROUTE_BASED.get(kind, "RouteBased"),
        "enableBgp": False,
        "activeActive": False,
    }
    if default_sites := texts(classic, "DefaultSites/string"):
        local = bodies.resource_id(group, "Microsoft.Network/localNetworkGateways", names.kept(default_sites[0]))
        properties["gatewayDefaultSite"] = bodies.reference(local)
    if pool := texts(site, "Gateway/VPNClientAddressPool/AddressPrefixes/AddressPrefix"):
        properties["vpnClientConfiguration"] = {
            "vpnClientAddressPool": {"addressPrefixes": pool},
            "vpnClientProtocols": [],
            "vpnClientRootCertificates": [],
            "vpnClientRevokedCertificates": [],
        }
    return properties


def _local_gateway(group: str, location: str, local: _Element) -> ArmResource:
    return bodies.network_resource(
        bodies.resource_id(group, "Microsoft.Network/localNetworkGateways", names.kept(text(local, "Name"))),
        location,
        {
            "localNetworkAddressSpace": {"addressPrefixes": texts(local, "AddressSpace/AddressPrefixes/AddressPrefix")},
            "gatewayIpAddress": text(local, "VpnGatewayAddress"),
        },
    )


def _connection(
    group: str, location: str, gateway_id: str, network_name: str, local: _Element, kind: str, other: str = ""
) -> ArmResource:
    name = names.connection(network_name, text(local, "Name"))
    far_end = {"localNetworkGateway2": bodies.reference(other)} if other else {}
    return bodies.network_resource(
        bodies.resource_id(group, "Microsoft.Network/connections", name),
        location,
        {
            "virtualNetworkGateway1": bodies.reference(gateway_id),
            **far_end,
            "connectionType": kind,
            "routingWeight": 10,
            "enableBgp": False,
            "connectionStatus": "Unknown",
            "ingressBytesTransferred": 0,
            "egressBytesTransferred": 0,
        },
    )
