"""What may not be read (403) is named, hides only what it can hide, and is never taken for a kept promise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from asmosis.azure.arm import ArmClient
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.check import Verdict, check
from asmosis.check.evidence import comparison
from asmosis.errors import Forbidden
from asmosis.translate import Promise, groups_of, promise, types_in
from asmosis.units import Unit
from tests.emulator.conftest import Client

REFUSED = {"status": 403, "code": "AuthorizationFailed", "message": "The client 'ada' may not read this."}
NETWORK, CERTIFICATES = "virtualNetwork/contoso-vnet", "virtualNetwork/contoso-certs-vnet"


@dataclass(frozen=True)
class Prepared:
    """A unit after prepare, and what it is promised to be."""

    client: Client
    arm: ArmClient
    promised: Promise
    groups: tuple[str, ...]

    def refuse(self, path: str) -> None:
        self.client.fault({"plane": "arm", "method": "GET", "path": f"(?i){path}"}, REFUSED, times=None)

    def check(self) -> Verdict:
        found = self.arm.holdings(self.groups, types_in(self.promised))
        return check(self.promised, found.resources, found.unread)

    def of_type(self, type: str, group: str = "") -> set[str]:
        """Promised resources of a type, perhaps of one group only."""
        ids = (each.id for each in self.promised.resources if each.type == type)
        return {id_.partition("/providers/")[2] for id_ in ids if group.casefold() in id_.casefold()}


@pytest.fixture
def prepared(client: Client, request: pytest.FixtureRequest) -> Iterator[Prepared]:
    name = getattr(request, "param", NETWORK)
    planes = Planes(client.subscription, client.base, client.base, StaticToken(SecretStr("any")))
    unit = Unit.parse(name, client.subscription)
    with planes.asm() as asm:
        estate = snapshot(asm)
    client.done(name, "prepare")
    with planes.arm() as arm:
        yield Prepared(client, arm, promise(estate, unit), groups_of(estate, unit))
    client.send("DELETE", "/_control/faults")


@pytest.mark.parametrize(
    "type",
    [
        "Microsoft.Compute/availabilitySets",
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/routeTables",
        "Microsoft.Network/virtualNetworks",
    ],
)
def test_a_type_that_may_not_be_read_is_named_and_is_no_difference(prepared: Prepared, type: str) -> None:
    prepared.refuse(rf"/providers/{type}(\?|$)")
    verdict = prepared.check()
    hidden = prepared.of_type(type)
    if type.endswith("virtualMachines"):  # nobody can be asked about the extensions of machines that nobody sees
        hidden |= prepared.of_type(f"{type}/extensions")
    assert verdict.partial
    assert not verdict.clean
    assert {each.type for each in verdict.unread} == {type}
    assert {each.group for each in verdict.unread} == {
        group.casefold() for of_type, group in types_in(prepared.promised) if of_type == type
    }
    assert set(verdict.unchecked) == hidden
    assert verdict.differences == ()
    assert len(verdict.pairs) == len(prepared.promised.resources) - len(hidden)
    assert "403 AuthorizationFailed: The client 'ada' may not read this." in str(verdict.unread[0])


def test_what_is_promised_is_found_although_the_index_of_its_group_does_not_tell_of_it_yet(prepared: Prepared) -> None:
    empty = {"status": 200, "body": '{"value": []}', "content_type": "application/json"}
    prepared.client.fault({"plane": "arm", "method": "GET", "path": r"(?i)/resources(\?|$)"}, empty, times=None)
    verdict = prepared.check()
    assert verdict.differences == ()
    assert not verdict.partial
    assert len(verdict.pairs) == len(prepared.promised.resources)


def test_what_nobody_promised_is_found_by_the_index_of_its_group(prepared: Prepared) -> None:
    kind, group = "Microsoft.Network/routeTables", prepared.groups[1]
    assert (kind, group) not in types_in(prepared.promised)
    id_ = f"/subscriptions/{prepared.client.subscription}/resourceGroups/{group}/providers/{kind}/stranger"
    prepared.arm.put(id_, "2024-05-01", {"location": "westus"})
    [difference] = prepared.check().differences
    assert difference.resource.endswith("/stranger")


@pytest.mark.parametrize("prepared", ["virtualNetwork/contoso-vpn-vnet"], indirect=True)
def test_a_gateway_is_looked_for_although_its_network_may_not_be_read(prepared: Prepared) -> None:
    prepared.refuse(r"/providers/Microsoft.Network/virtualNetworks(\?|$)")
    verdict = prepared.check()
    assert set(verdict.unchecked) == prepared.of_type("Microsoft.Network/virtualNetworks")
    assert not verdict.told("real")
    assert "Microsoft.Network/virtualNetworkGateways" in {pair.found["type"] for pair in verdict.pairs}


def test_a_group_that_may_not_be_read_hides_only_what_is_in_it(prepared: Prepared) -> None:
    prepared.refuse(r"/resourceGroups/contoso-web-Migrated/|^/subscriptions/[^/]+/(providers/|resources)")
    verdict = prepared.check()
    assert [(each.type, each.group) for each in verdict.unread] == [("", "contoso-web-migrated")]
    assert len(verdict.unchecked) == 9
    assert verdict.differences == ()
    assert {pair.found["id"].split("/")[4] for pair in verdict.pairs} == {
        "contoso-vnet-Migrated",
        "contoso-app-Migrated",
    }


def test_who_may_read_the_groups_but_not_the_subscription_sees_everything(prepared: Prepared) -> None:
    prepared.refuse(r"^/subscriptions/[^/]+/providers/")
    verdict = prepared.check()
    assert verdict.clean
    assert len(verdict.pairs) == len(prepared.promised.resources)
    [machine] = [pair for pair in verdict.pairs if pair.resource.endswith("virtualMachines/web1")]
    assert machine.found["properties"]["instanceView"]["statuses"]


def test_the_extensions_of_one_machine_may_be_hidden(prepared: Prepared) -> None:
    prepared.refuse(r"/virtualMachines/web1/extensions")
    verdict = prepared.check()
    extensions = "Microsoft.Compute/virtualMachines/extensions"
    assert [(each.type, each.group, each.names) for each in verdict.unread] == [
        (extensions, "contoso-web-migrated", ("web1",))
    ]
    assert verdict.partial
    assert not verdict.told("real")


def test_whether_machines_run_may_be_hidden(prepared: Prepared) -> None:
    prepared.refuse(r"statusOnly=true|/web[12]/instanceView")
    verdict = prepared.check()
    assert [(each.type, each.names) for each in verdict.unread] == [
        ("Microsoft.Compute/virtualMachines/instanceView", ("web1", "web2"))
    ]
    assert (verdict.differences, verdict.unchecked, verdict.clean) == ((), (), False)


@pytest.mark.parametrize("prepared", [CERTIFICATES], indirect=True)
def test_a_vault_may_be_hidden_although_its_group_lists_it(prepared: Prepared) -> None:
    prepared.refuse(r"/vaults/")
    verdict = prepared.check()
    assert [(each.type, each.names) for each in verdict.unread] == [
        ("Microsoft.KeyVault/vaults", ("KV-contoso-certs",))
    ]
    assert set(verdict.unchecked) == prepared.of_type("Microsoft.KeyVault/vaults")
    assert not verdict.told("real")


def test_what_can_be_read_is_still_compared(prepared: Prepared) -> None:
    prepared.client.done(NETWORK, "abort")
    wrong: list[dict[str, Any]] = [
        {"type": "Microsoft.Compute/virtualMachines", "name": "web1", "path": "location", "value": "elsewhere"},
        {"type": "Microsoft.Network/loadBalancers", "name": "app-ilb", "do": "missing"},
    ]
    prepared.client.fault({"verb": "prepare"}, {"wrong": wrong})
    prepared.client.done(NETWORK, "prepare")
    prepared.refuse(r"/networkInterfaces(\?|$)")
    verdict = prepared.check()
    assert [(each.resource, each.path) for each in verdict.told("real")] == [
        ("Microsoft.Compute/virtualMachines/web1", "location"),
        ("Microsoft.Network/loadBalancers/app-ilb", ""),
    ]
    assert verdict.partial


def test_nothing_at_all_may_be_read(prepared: Prepared) -> None:
    prepared.refuse("/subscriptions/")
    verdict = prepared.check()
    assert {(each.type, each.group) for each in verdict.unread} == {("", group.casefold()) for group in prepared.groups}
    assert (verdict.pairs, verdict.differences) == ((), ())
    assert len(verdict.unchecked) == len(prepared.promised.resources)
    assert not verdict.clean


def test_an_approval_for_a_partial_look_does_not_stand_for_a_whole_one(prepared: Prepared) -> None:
    whole = comparison(prepared.check())
    assert comparison(prepared.check()) == whole
    prepared.refuse(r"statusOnly=true|/web1/instanceView")
    assert comparison(prepared.check()) != whole


def test_those_whom_a_missing_resource_would_mislead_are_refused(prepared: Prepared) -> None:
    prepared.refuse(r"/routeTables(\?|$)")
    with pytest.raises(Forbidden, match="may not read this"):
        prepared.arm.resources(prepared.groups)
