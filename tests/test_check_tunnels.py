"""A tunnel to a site that stood for another network, once both networks are in ARM."""

from typing import Any

import pytest

from asmosis.arm.resource import body
from asmosis.check import Verdict, check
from tests.promising import LOOKOUT, promised

FAR = "/subscriptions/s/resourceGroups/far-Migrated/providers/Microsoft.Network/virtualNetworkGateways/far"


def verdict(kind: str, *, with_site: bool = False) -> Verdict:
    """The lookout as promised, but one of its tunnels is of another kind and leads to a gateway."""
    one = promised(LOOKOUT)
    found: list[dict[str, Any]] = []
    for plain in map(body, one.resources):
        if plain["name"] == "lookout-harbour":
            del plain["properties"]["localNetworkGateway2"]
            plain["properties"] |= {"connectionType": kind, "virtualNetworkGateway2": {"id": FAR}}
        if with_site or plain["name"] != "harbour":
            found.append(plain)
    return check(one, found)


def test_a_connection_of_two_networks_instead_of_a_tunnel_to_a_site_was_expected() -> None:
    seen = verdict("Vnet2Vnet")
    assert seen.clean
    assert {(item.resource.rpartition("/")[2], item.path) for item in seen.differences} == {
        ("lookout-harbour", "connectionType"),
        ("lookout-harbour", "localNetworkGateway2"),
        ("lookout-harbour", "virtualNetworkGateway2"),
        ("harbour", ""),
    }


@pytest.mark.parametrize("kind", ["ExpressRoute", "VPNClient"])
def test_any_other_kind_is_a_real_difference_and_so_is_the_missing_site(kind: str) -> None:
    real = {
        (item.resource.rpartition("/")[2], item.path) for item in verdict(kind).differences if item.severity == "real"
    }
    assert {("lookout-harbour", "connectionType"), ("harbour", "")} <= real
