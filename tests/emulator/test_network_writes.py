"""Writes of classic networking, as Microsoft's own network tests make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

KINDS = {
    "reservedips": "ReservedIP",
    "networksecuritygroups": "NetworkSecurityGroup",
    "routetables": "RouteTable",
}
MEDIA = "services/networking/media"


@pytest.mark.parametrize(("path", "root"), KINDS.items())
def test_a_resource_is_made_migrated_and_deleted(client: Client, path: str, root: str) -> None:
    body = f'<{root} xmlns="http://schemas.microsoft.com/windowsazure"><Name>fresh</Name><Location>West US</Location></{root}>'
    made = client.operation(client.asm("POST", f"services/networking/{path}", body))
    assert made.one("Status") == "Succeeded"
    assert "fresh" in client.asm("GET", f"services/networking/{path}").all("Name")
    assert client.asm("POST", f"services/networking/{path}", body).status == 409
    kind = {"reservedips": "reservedIp", "networksecuritygroups": "networkSecurityGroup", "routetables": "routeTable"}[
        path
    ]
    client.done(f"{kind}/fresh", "prepare")
    assert client.asm("DELETE", f"services/networking/{path}/fresh").status == 409
    client.done(f"{kind}/fresh", "abort")
    assert client.asm("DELETE", f"services/networking/{path}/fresh").status == 202
    assert client.asm("GET", f"services/networking/{path}/fresh").status == 404


@pytest.mark.parametrize(
    "path", ["reservedips/contoso-web-ip", "networksecuritygroups/contoso-web-nsg", "routetables/contoso-app-routes"]
)
def test_what_is_in_use_is_not_deleted(client: Client, path: str) -> None:
    refused = client.asm("DELETE", f"services/networking/{path}")
    assert (refused.status, refused.one("Code")) == (400, "BadRequest")
    assert client.asm("GET", f"services/networking/{path}").status == 200


def test_the_configuration_written_back_changes_nothing(client: Client) -> None:
    before = client.asm("GET", "services/networking/virtualnetwork").body
    assert client.asm("PUT", MEDIA, client.asm("GET", MEDIA).body).status == 202
    assert client.asm("GET", "services/networking/virtualnetwork").body == before


def test_a_network_is_added_changed_and_removed_by_the_configuration(client: Client) -> None:
    before = client.asm("GET", "services/networking/virtualnetwork").body
    old = client.asm("GET", MEDIA).text
    extra = (
        '<VirtualNetworkSite name="extra" Location="East US"><AddressSpace><AddressPrefix>10.5.0.0/16</AddressPrefix>'
        "</AddressSpace></VirtualNetworkSite></VirtualNetworkSites>"
    )
    client.asm("PUT", MEDIA, old.replace("</VirtualNetworkSites>", extra))
    networks = client.asm("GET", "services/networking/virtualnetwork")
    assert "extra" in networks.all("Name")
    client.asm("PUT", MEDIA, old.replace("10.1.1.0/24", "10.1.1.0/25"))
    networks = client.asm("GET", "services/networking/virtualnetwork")
    assert "extra" not in networks.all("Name")
    # A changed site keeps its identity and what is bound to its subnets.
    assert networks.body == before.replace(b"10.1.1.0/24", b"10.1.1.0/25")


def test_a_network_in_use_is_not_removed_and_a_locked_one_not_changed(client: Client) -> None:
    old = client.asm("GET", MEDIA).text
    empty = old[: old.index("<VirtualNetworkSites>")] + old[old.index("</VirtualNetworkSites>") :].replace(
        "</VirtualNetworkSites>", ""
    )
    assert client.asm("PUT", MEDIA, empty).status == 400
    client.done("virtualNetwork/contoso-vnet", "prepare")
    refused = client.asm("PUT", MEDIA, old.replace("10.1.1.0/24", "10.1.1.0/25"))
    assert (refused.status, refused.one("Message")) == (
        409,
        "Virtual Network contoso-vnet is in the process of being migrated and hence cannot be changed",
    )
    assert client.asm("PUT", MEDIA, old).status == 202
