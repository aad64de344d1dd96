"""Whatever the emulator is told to get wrong, the check names, through the real client: every property of every kind."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from asmosis.arm.resource import Resource, body
from asmosis.azure.arm import ArmClient
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.check import Difference, Verdict, check
from asmosis.translate import TRANSLATIONS, Promise, groups_of, promise
from asmosis.units import Unit
from tests.emulator.conftest import NEW, Client
from tests.emulator.test_arm_product_template import PREPARABLE
from tests.emulator.test_check_of_prepared import same_part
from tests.test_check import changed, label, leaves, spoken

Step = str | int
Said = tuple[str, str, str]
"""Resource, path and severity of a difference."""

NETWORK = "virtualNetwork/contoso-vnet"
MADE_AS_SEEN_FIT = ("Microsoft.Compute/availabilitySets", "Microsoft.Network/virtualNetworks")


@dataclass(frozen=True)
class Case:
    """One property told wrong, and what the check has to say."""

    unit: str
    wrong: dict[str, Any]
    said: Said


@dataclass(frozen=True)
class Side:
    """The sample estate, all of it prepared, and what the units are promised to become."""

    client: Client
    arm: ArmClient
    promises: dict[str, Promise]
    groups: dict[str, tuple[str, ...]]

    def prepare_again(self, unit: str, *wrongs: dict[str, Any]) -> None:
        self.client.done(unit, "abort")
        if wrongs:
            self.client.fault({"verb": "prepare", "unit": unit}, {"wrong": wrongs})
        self.client.done(unit, "prepare", NEW if unit.startswith("hostedService/") else None)

    def checked(self, units: Sequence[str]) -> dict[str, Verdict]:
        """One reading of all groups, and every promise against it."""
        found = self.arm.resources([group for unit in units for group in self.groups[unit]])
        return {unit: check(self.promises[unit], self._of(unit, found)) for unit in units}

    def _of(self, unit: str, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        groups = {group.casefold() for group in self.groups[unit]}
        return [each for each in found if each["id"].split("/")[4].casefold() in groups]


@pytest.fixture(scope="module")
def side(emulator: str) -> Iterator[Side]:
    client = Client(emulator, str(uuid4()))
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    planes = Planes(client.subscription, client.base, client.base, StaticToken(SecretStr("any")))
    with planes.asm() as asm:
        estate = snapshot(asm)
    units = {short: Unit.parse(short, client.subscription) for short in PREPARABLE}
    for short in PREPARABLE:
        client.done(short, "prepare", NEW if short.startswith("hostedService/") else None)
    with planes.arm() as arm:
        yield Side(
            client,
            arm,
            {short: promise(estate, unit) for short, unit in units.items()},
            {short: groups_of(estate, unit) for short, unit in units.items()},
        )


def said(difference: Difference) -> Said:
    return difference.resource, difference.path, difference.severity


def wrong_of(found: dict[str, Any], **what: Any) -> dict[str, Any]:
    """How the emulator is told which resource comes out wrong."""
    steps = found["id"].split("/")
    return {"type": found["type"], "name": "/".join(steps[8::2]), "group": steps[4], **what}


def cases_of(unit: str, resource: Resource, found: dict[str, Any]) -> Iterator[Case]:
    """Every single promised property of a resource, told wrong."""
    plain = body(resource)
    for path, value in leaves(plain):
        if value == [] or path == ("name",) or (path[-1] == "name" and resource.generated):
            continue
        free = resource.generated and resource.type in MADE_AS_SEEN_FIT and path[0] == "properties"
        severity = "expected" if free or path[-1] == "platformFaultDomainCount" else "real"
        wrong = wrong_of(found, path=there(plain, found, path), value=changed(value))
        yield Case(unit, wrong, (label(plain), spoken(plain, path), severity))


def there(promised: Any, found: Any, path: Sequence[Step]) -> list[Step]:
    """A promised path as it goes in a found body, where lists have orders of their own."""
    way: list[Step] = []
    for step in path:
        here = same_part(found, promised[step], step) if isinstance(step, int) else step
        assert here is not None, (path, promised)
        way.append(here)
        promised, found = promised[step], found[here]
    return way


def rounds(by_resource: Sequence[list[Case]]) -> Iterator[list[Case]]:
    """All cases, of each resource at most one at a time; neighbours begin elsewhere, so that no two are of one path."""
    longest = max(map(len, by_resource))
    turned = [
        each[number % len(each) :] + each[: number % len(each)] for number, each in enumerate(by_resource) if each
    ]
    for turn in range(longest):
        yield [each[turn] for each in turned if turn < len(each)]


@pytest.mark.slow
def test_every_property_that_comes_out_wrong_is_named_and_nothing_else(side: Side) -> None:
    usual = side.checked(PREPARABLE)
    assert all(verdict.clean for verdict in usual.values())
    by_resource: list[list[Case]] = []
    for unit, verdict in usual.items():
        answers = {pair.resource: pair.found for pair in verdict.pairs}
        for resource in side.promises[unit].resources:
            found = answers[label(body(resource))]
            by_resource.append(list(cases_of(unit, resource, dict(found))))
    assert {case.wrong["type"] for cases in by_resource for case in cases} == set(TRANSLATIONS)
    told = 0
    for cases in rounds(by_resource):
        units = list(dict.fromkeys(case.unit for case in cases))
        for unit in units:
            side.prepare_again(unit, *(case.wrong for case in cases if case.unit == unit))
        for unit, verdict in side.checked(units).items():
            before = {said(each) for each in usual[unit].differences}
            assert {said(each) for each in verdict.differences} - before == {
                case.said for case in cases if case.unit == unit
            }
        told += len(cases)
    assert told == sum(map(len, by_resource)) > 500
    for unit in PREPARABLE:
        side.prepare_again(unit)
    assert side.checked(PREPARABLE) == usual


MACHINE, EXTENSION = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/extensions"
INTERFACE, ADDRESS = "Microsoft.Network/networkInterfaces", "Microsoft.Network/publicIPAddresses"
BALANCER, GUARD = "Microsoft.Network/loadBalancers", "Microsoft.Network/networkSecurityGroups"
NETWORKS, ROUTES = "Microsoft.Network/virtualNetworks", "Microsoft.Network/routeTables"
WEB1, WEB2 = "Microsoft.Compute/virtualMachines/web1", "Microsoft.Compute/virtualMachines/web2"
NIC1, NIC2 = "Microsoft.Network/networkInterfaces/web1-nic", "Microsoft.Network/networkInterfaces/web2-nic"
CONFIGURATION = "properties.ipConfigurations.0.properties"
OPEN = {"name": "open", "properties": {"priority": 4000, "access": "Allow", "direction": "Inbound", "protocol": "*"}}
ELSEWHERE = {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/elsewhere"}


@pytest.mark.parametrize(
    ("type", "name", "how", "expected"),
    [
        # members that are taken for one another
        pytest.param(
            MACHINE,
            "web1",
            {"do": "swap", "path": "properties.networkProfile", "other": "web2"},
            {
                (WEB1, "networkProfile.networkInterfaces[web1-nic]"),
                (WEB2, "networkProfile.networkInterfaces[web2-nic]"),
            },
            id="interfaces on each other's machine",
        ),
        pytest.param(
            MACHINE,
            "web1",
            {"do": "swap", "path": "properties.availabilitySet", "other": "app1"},
            {(WEB1, "availabilitySet"), (f"{MACHINE}/app1", "availabilitySet")},
            id="machines in each other's availability set",
        ),
        pytest.param(
            MACHINE,
            "web1",
            {"do": "swap", "path": "properties.storageProfile.osDisk.vhd.uri", "other": "web2"},
            {(WEB1, "storageProfile.osDisk.vhd.uri"), (WEB2, "storageProfile.osDisk.vhd.uri")},
            id="each other's system disk",
        ),
        pytest.param(
            INTERFACE,
            "web1-nic",
            {"do": "swap", "path": f"{CONFIGURATION}.privateIPAddress", "other": "web2-nic"},
            {(nic, "ipConfigurations[ipconfig1].privateIPAddress") for nic in (NIC1, NIC2)},
            id="each other's address",
        ),
        pytest.param(
            INTERFACE,
            "web1-nic",
            {"do": "swap", "path": f"{CONFIGURATION}.loadBalancerInboundNatRules", "other": "web2-nic"},
            {
                (nic, f"ipConfigurations[ipconfig1].loadBalancerInboundNatRules[{name}-Remote-Desktop]")
                for nic, name in ((NIC1, "web1"), (NIC2, "web2"))
            },
            id="each other's endpoints",
        ),
        pytest.param(
            ADDRESS,
            "contoso-web-ip",
            {"do": "swap", "path": "properties.dnsSettings", "other": "contoso-app-vip"},
            {
                (f"{ADDRESS}/{name}", f"dnsSettings.{part}")
                for name in ("contoso-web-ip", "contoso-app-vip")
                for part in ("domainNameLabel", "fqdn")
            },
            id="each other's name in DNS",
        ),
        # parts that are gone or too many
        pytest.param(
            BALANCER,
            "contoso-web-lb",
            {"do": "drop", "path": "properties.probes.0"},
            {(f"{BALANCER}/contoso-web-lb", "probes[web-http]")},
            id="a probe is gone",
        ),
        pytest.param(
            BALANCER,
            "contoso-web-lb",
            {"do": "drop", "path": "properties.inboundNatRules.0"},
            {(f"{BALANCER}/contoso-web-lb", "inboundNatRules[web1-Remote-Desktop]")},
            id="an endpoint is gone",
        ),
        pytest.param(
            ROUTES,
            "contoso-app-routes",
            {"do": "drop", "path": "properties.routes.0"},
            {(f"{ROUTES}/contoso-app-routes", "routes[via-firewall]")},
            id="a route is gone",
        ),
        pytest.param(
            NETWORKS,
            "contoso-vnet",
            {"do": "drop", "path": "properties.subnets.0.properties.networkSecurityGroup"},
            {(f"{NETWORKS}/contoso-vnet", "subnets[web].networkSecurityGroup")},
            id="a subnet is unguarded",
        ),
        pytest.param(
            GUARD,
            "contoso-web-nsg",
            {"do": "add", "path": "properties.securityRules", "value": OPEN},
            {(f"{GUARD}/contoso-web-nsg", "securityRules[open]")},
            id="a rule too many",
        ),
        pytest.param(
            NETWORKS,
            "contoso-vnet",
            {
                "do": "add",
                "path": "properties.virtualNetworkPeerings",
                "value": {"name": "away", "properties": {"remoteVirtualNetwork": ELSEWHERE}},
            },
            {(f"{NETWORKS}/contoso-vnet", "virtualNetworkPeerings[away]")},
            id="a peering too many",
        ),
        # properties that nobody promised
        pytest.param(
            MACHINE, "web1", {"path": "properties.priority", "value": "Spot"}, {(WEB1, "priority")}, id="a spot machine"
        ),
        pytest.param(MACHINE, "web1", {"path": "zones", "value": ["1"]}, {(WEB1, "zones")}, id="a zone"),
        pytest.param(
            INTERFACE,
            "web1-nic",
            {"path": "properties.enableIPForwarding", "value": True},
            {(NIC1, "enableIPForwarding")},
            id="forwarding is on",
        ),
        pytest.param(
            MACHINE,
            "web1",
            {"path": "properties.provisioningState", "value": "Failed"},
            {(WEB1, "provisioningState")},
            id="a resource that is there and did not succeed",
        ),
        pytest.param(
            MACHINE,
            "web1",
            {"path": "properties.instanceView.statuses.1.code", "value": "PowerState/deallocated"},
            {(WEB1, "instanceView.statuses")},
            id="a machine that stands still",
        ),
        pytest.param(
            ADDRESS,
            "contoso-web-ip",
            {"path": "properties.dnsSettings.fqdn", "value": "another.cloudapp.net"},
            {(f"{ADDRESS}/contoso-web-ip", "dnsSettings.fqdn")},
            id="a name in DNS that nobody knows",
        ),
        # whole resources
        pytest.param(
            BALANCER, "app-ilb", {"do": "missing"}, {(f"{BALANCER}/app-ilb", "")}, id="an internal balancer is missing"
        ),
        pytest.param(
            MACHINE,
            "web1",
            {"do": "missing"},
            {(WEB1, ""), (f"{WEB1}/extensions/CustomScriptExtension", "")},
            id="a machine is missing, and its extension with it",
        ),
        pytest.param(INTERFACE, "web1-nic", {"do": "missing"}, {(NIC1, "")}, id="an interface is missing"),
        pytest.param(
            EXTENSION,
            "web1/CustomScriptExtension",
            {"do": "missing"},
            {(f"{WEB1}/extensions/CustomScriptExtension", "")},
            id="an extension is missing",
        ),
        pytest.param(
            EXTENSION,
            "web1/CustomScriptExtension",
            {"do": "extra", "other": "web1/Another"},
            {(f"{WEB1}/extensions/Another", "")},
            id="an extension too many",
        ),
        pytest.param(
            MACHINE, "web1", {"do": "extra", "other": "web3"}, {(f"{MACHINE}/web3", "")}, id="a machine too many"
        ),
        pytest.param(
            GUARD, "contoso-web-nsg", {"do": "extra", "other": "open"}, {(f"{GUARD}/open", "")}, id="a guard too many"
        ),
    ],
)
def test_what_is_swapped_dropped_added_missing_or_too_many_is_named(
    side: Side, type: str, name: str, how: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    side.prepare_again(NETWORK, {"type": type, "name": name, **how})
    verdict = side.checked([NETWORK])[NETWORK]
    side.prepare_again(NETWORK)
    assert {said(each) for each in verdict.differences} == {(resource, path, "real") for resource, path in expected}
    assert not verdict.clean


def test_tags_only_inform(side: Side) -> None:
    side.prepare_again(NETWORK, {"type": MACHINE, "name": "web1", "path": "tags", "value": {"by": "a policy"}})
    verdict = side.checked([NETWORK])[NETWORK]
    side.prepare_again(NETWORK)
    assert [said(each) for each in verdict.differences] == [(WEB1, "tags.by", "informative")]
    assert verdict.clean


def test_what_was_prepared_right_can_be_spoiled_by_the_commit(client: Client) -> None:
    planes = Planes(client.subscription, client.base, client.base, StaticToken(SecretStr("any")))
    unit = Unit.parse(NETWORK, client.subscription)
    with planes.asm() as asm, planes.arm() as arm:
        estate = snapshot(asm)
        promised, groups = promise(estate, unit), groups_of(estate, unit)
        client.done(NETWORK, "prepare")
        assert check(promised, arm.resources(groups)).clean
        swapped = {"type": MACHINE, "name": "web1", "do": "swap", "path": "properties.networkProfile", "other": "web2"}
        missing = {"type": BALANCER, "name": "app-ilb", "do": "missing"}
        client.fault({"verb": "commit"}, {"wrong": [swapped, missing]})
        client.done(NETWORK, "commit")
        seen = check(promised, arm.resources(groups))
    assert {each.resource for each in seen.told("real")} == {WEB1, WEB2, f"{BALANCER}/app-ilb"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"type": MACHINE, "name": "nobody", "do": "missing"}, "nothing makes"),
        ({"type": MACHINE, "name": "web1", "do": "drop", "path": "properties.nothing"}, "nothing is there"),
        ({"type": MACHINE, "name": "web1", "path": "name.too.deep", "value": 1}, "the path leads nowhere"),
    ],
)
@pytest.mark.parametrize("verb", ["prepare", "commit"])
def test_a_wrong_result_that_cannot_be_made_fails_the_operation(
    client: Client, verb: str, wrong: dict[str, Any], why: str
) -> None:
    if verb == "commit":
        client.done(NETWORK, "prepare")
    client.fault({"verb": verb}, {"wrong": wrong})
    ended = client.operation(client.migrate(NETWORK, verb))
    assert (ended.one("Status"), ended.one("Code")) == ("Failed", "FaultDoesNotFit")
    assert why in ended.one("Message")


@pytest.mark.parametrize(
    "incomplete", [{}, {"do": "drop"}, {"do": "extra"}, {"do": "swap", "path": "properties"}, {"do": "melt"}]
)
def test_a_wrong_result_that_does_not_say_what_is_refused(client: Client, incomplete: dict[str, Any]) -> None:
    script = {"then": {"wrong": {"type": MACHINE, "name": "web1", **incomplete}}}
    assert client.send("POST", "/_control/faults", json.dumps(script)).status == 400
