"""Single findings of the check: what nobody promised, what is equal in other words, what a difference says."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from asmosis.arm.resource import body
from asmosis.check import Difference, check
from asmosis.classic.documents import read_document
from asmosis.classic.estate import Estate
from asmosis.errors import UnreadableDocument
from asmosis.translate import Promise, promise
from asmosis.units import Unit

DOCUMENTS = Path(__file__).parent / "promised" / "documents"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
FAILED = {"code": "ProvisioningState/failed/1", "level": "Error"}
Step = str | int
Body = dict[str, Any]


@cache
def promised(unit: str) -> Promise:
    documents = [read_document(path.read_bytes(), path.name) for path in sorted(DOCUMENTS.glob("*.xml"))]
    return promise(Estate.of_documents(SUBSCRIPTION, documents), Unit.parse(unit, SUBSCRIPTION))


def found(unit: str) -> list[Body]:
    return [body(resource) for resource in promised(unit).resources]


def real(unit: str, bodies: list[Body]) -> list[Difference]:
    return [item for item in check(promised(unit), bodies).differences if item.severity == "real"]


def at(value: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def label(item: Body) -> str:
    return str(item["id"]).partition("/providers/")[2]


@pytest.mark.parametrize(
    ("kind", "path", "value", "seen"),
    [
        pytest.param(
            "networkInterfaces/press2-nic",
            ("networkSecurityGroup",),
            {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/any"},
            "networkSecurityGroup",
            id="a guard on an interface",
        ),
        pytest.param(
            "networkInterfaces/press2-nic", ("enableIPForwarding",), True, "enableIPForwarding", id="forwarding"
        ),
        pytest.param("virtualMachines/press2", ("licenseType",), "Windows_Server", "licenseType", id="a licence"),
        pytest.param(
            "virtualMachines/press2",
            ("storageProfile", "dataDisks"),
            [{"lun": 3, "name": "more", "createOption": "Attach"}],
            "storageProfile.dataDisks[more]",
            id="a disk",
        ),
        pytest.param(
            "publicIPAddresses/barrels-vip", ("idleTimeoutInMinutes",), 30, "idleTimeoutInMinutes", id="a timeout"
        ),
        pytest.param(
            "loadBalancers/barrels-lb",
            ("probes",),
            [{"name": "p", "properties": {"protocol": "Tcp", "port": 1}}],
            "probes[p]",
            id="a probe",
        ),
        pytest.param(
            "networkSecurityGroups/machine-guard",
            ("securityRules",),
            [{"name": "open", "properties": {"priority": 100, "access": "Allow"}}],
            "securityRules[open]",
            id="a rule that opens a port",
        ),
    ],
)
def test_what_nobody_promised_inside_a_resource_is_a_real_difference(
    kind: str, path: tuple[str, ...], value: Any, seen: str
) -> None:
    bodies = found("virtualNetwork/vineyard")
    [target] = [item for item in bodies if item["id"].endswith(kind)]
    at(target["properties"], path[:-1])[path[-1]] = value
    assert [(item.resource, item.path) for item in real("virtualNetwork/vineyard", bodies)] == [(label(target), seen)]


def test_a_dropped_rule_and_an_unrelated_new_one_are_two_differences() -> None:
    bodies = found("virtualNetwork/vineyard")
    [guard] = [item for item in bodies if item["name"] == "front-guard"]
    guard["properties"]["securityRules"][0] = {
        "name": "open-all",
        "properties": {"direction": "Outbound", "priority": 4000, "access": "Allow", "protocol": "Udp"},
    }
    seen = [(item.path, item.promised is None, item.found is None) for item in real("virtualNetwork/vineyard", bodies)]
    assert seen == [("securityRules[web-in]", False, True), ("securityRules[open-all]", True, False)]


def test_equal_probes_are_interchangeable() -> None:
    bodies = found("virtualNetwork/vineyard")
    [balancer] = [item for item in bodies if item["name"] == "press-lb"]
    probes, rules = balancer["properties"]["probes"], balancer["properties"]["loadBalancingRules"]
    twin = copy.deepcopy(promised("virtualNetwork/vineyard"))
    assert real("virtualNetwork/vineyard", bodies) == []
    rules[0]["properties"]["probe"], rules[1]["properties"]["probe"] = (
        rules[1]["properties"]["probe"],
        rules[0]["properties"]["probe"],
    )
    assert [item.path for item in real("virtualNetwork/vineyard", bodies)] == [
        "loadBalancingRules[web].probe",
        "loadBalancingRules[talk].probe",
    ]
    equal = tuple(_with_equal_probes(resource) for resource in twin.resources)
    probes[1]["properties"] = copy.deepcopy(probes[0]["properties"])
    assert check(Promise(twin.unit, equal, ()), bodies).clean


def _with_equal_probes(resource: Any) -> Any:
    if resource.name != "press-lb":
        return resource
    first, second = resource.properties.probes
    probes = (first, second.model_copy(update={"properties": first.properties}))
    return resource.model_copy(update={"properties": resource.properties.model_copy(update={"probes": probes})})


def test_extensions_are_found_inside_their_machines_too() -> None:
    bodies = found("virtualNetwork/vineyard")
    inner = [item for item in bodies if item["type"].endswith("/extensions")]
    outer = [item for item in bodies if item not in inner]
    for item in outer:
        if item["name"] == "press1":
            item["resources"] = inner
    assert check(promised("virtualNetwork/vineyard"), outer).differences == ()


def test_a_body_without_an_id_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="names no resource"):
        check(promised("routeTable/spare-routes"), [{"name": "x"}])


@pytest.mark.parametrize(
    ("name", "path", "value", "differs"),
    [
        pytest.param("press1", ("hardwareProfile", "vmSize"), "STANDARD_a3", False, id="sizes without case"),
        pytest.param("press1", ("storageProfile", "osDisk", "caching"), "readwrite", False, id="enums without case"),
        pytest.param(
            "press1",
            ("storageProfile", "osDisk", "vhd", "uri"),
            "https://VineyardDisks.blob.core.windows.net/vhds/press1.vhd",
            False,
            id="hosts without case",
        ),
        pytest.param(
            "press1",
            ("storageProfile", "osDisk", "vhd", "uri"),
            "https://vineyarddisks.blob.core.windows.net/vhds/Press1.vhd",
            True,
            id="blobs with case",
        ),
        pytest.param(
            "press1",
            ("diagnosticsProfile", "bootDiagnostics", "storageUri"),
            "https://vineyarddisks.blob.core.windows.net",
            False,
            id="a slash at the end says nothing",
        ),
        pytest.param("press-lb", ("probes", 0, "properties", "requestPath"), "/Alive", True, id="paths with case"),
        pytest.param("Script", ("settings", "command"), "echo", True, id="settings with case"),
        pytest.param("Script", ("settings", "log"), 1, True, id="settings with their types"),
        pytest.param("Script", ("settings", "more"), False, True, id="settings that nobody promised"),
        pytest.param(
            "vineyard", ("dhcpOptions", "dnsServers"), ["10.20.1.4", "10.20.2.4"], True, id="name servers in order"
        ),
        pytest.param(
            "vineyard",
            ("addressSpace", "addressPrefixes"),
            ["10.21.0.0/16", "10.20.0.0/16"],
            False,
            id="ranges in any order",
        ),
    ],
)
def test_values_compare_as_arm_compares_them(name: str, path: tuple[Step, ...], value: Any, *, differs: bool) -> None:
    bodies = found("virtualNetwork/vineyard")
    [target] = [item for item in bodies if item["name"] == name]
    at(target["properties"], path[:-1])[path[-1]] = value
    assert bool(real("virtualNetwork/vineyard", bodies)) is differs


DISK = "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Compute/disks/scratch"


def test_a_further_resource_is_only_told_where_nothing_of_the_unit_is_of_its_type() -> None:
    group = body(promised("virtualNetwork/vineyard").resources[0])["id"].split("/")[4]
    disk = {"id": DISK.format(group=group), "name": "scratch", "type": "Microsoft.Compute/disks", "properties": {}}
    verdict = check(promised("virtualNetwork/vineyard"), [*found("virtualNetwork/vineyard"), disk])
    [told] = verdict.differences
    assert (told.resource, told.promised, told.found) == ("Microsoft.Compute/disks/scratch", None, disk["id"])
    assert told.severity == "informative"
    assert verdict.clean


def test_what_is_within_a_promised_resource_is_never_only_told() -> None:
    bodies = found("storageAccount/vineyarddisks")
    within = {"id": f"{bodies[0]['id']}/encryptionScopes/odd", "name": "odd", "properties": {}}
    [seen] = real("storageAccount/vineyarddisks", [*bodies, within])
    assert seen.resource == "Microsoft.Storage/storageAccounts/vineyarddisks/encryptionScopes/odd"


@pytest.mark.parametrize("unit", ["virtualNetwork/vineyard", "virtualNetwork/lookout", "hostedService/Tasting"])
def test_the_order_of_what_is_found_changes_nothing(unit: str) -> None:
    bodies = found(unit)
    for number, item in enumerate(bodies):
        item["location"] = f"elsewhere-{number}"
        item["properties"] |= {"zebra": number + 1, "apple": number + 1, "pears": [{"name": "b"}, {"name": "a"}]}
    bodies.append({**bodies[0], "id": bodies[0]["id"] + "-more"})
    bodies.append({**bodies[-1], "id": bodies[0]["id"] + "-another"})
    usual = check(promised(unit), copy.deepcopy(bodies)).differences
    assert len(usual) > len(bodies)
    assert check(promised(unit), _turned_round(bodies)).differences == usual


def _turned_round(value: Any) -> Any:
    """All members and all elements in the opposite order, but for name servers, whose order means something."""
    if isinstance(value, dict):
        turned = reversed(value.items())
        return {key: inner if key == "dnsServers" else _turned_round(inner) for key, inner in turned}
    return [_turned_round(inner) for inner in reversed(value)] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("unit", "key", "value", "differs"),
    [
        ("storageAccount/vineyarddisks", "networkAcls", {"defaultAction": "Allow", "bypass": "AzureServices"}, False),
        ("storageAccount/vineyarddisks", "networkAcls", {"defaultAction": "Deny", "bypass": "None"}, True),
        ("storageAccount/vineyarddisks", "publicNetworkAccess", "Enabled", False),
        ("storageAccount/vineyarddisks", "publicNetworkAccess", "Disabled", True),
        ("storageAccount/vineyarddisks", "allowSharedKeyAccess", True, False),
        ("storageAccount/vineyarddisks", "allowSharedKeyAccess", False, True),
        ("storageAccount/vineyarddisks", "allowBlobPublicAccess", False, True),
        ("storageAccount/vineyarddisks", "supportsHttpsTrafficOnly", False, False),
        ("storageAccount/vineyarddisks", "supportsHttpsTrafficOnly", True, True),
        ("reservedIp/spare-address", "ddosSettings", {"protectionMode": "VirtualNetworkInherited"}, False),
        ("reservedIp/spare-address", "ddosSettings", {"protectionMode": "Enabled"}, True),
        ("reservedIp/spare-address", "provisioningState", "Succeeded", False),
        ("reservedIp/spare-address", "provisioningState", "Updating", True),
    ],
)
def test_what_arm_takes_by_itself_is_told_from_what_cuts_off(unit: str, key: str, value: Any, *, differs: bool) -> None:
    bodies = found(unit)
    bodies[0]["properties"][key] = value
    assert bool(real(unit, bodies)) is differs


@pytest.mark.parametrize(
    ("name", "path", "value", "severity"),
    [
        ("Tasting-vip", ("dnsSettings", "fqdn"), "tasting.cloudapp.net", ""),
        ("Tasting-vip", ("dnsSettings", "fqdn"), "tasting.westeurope.cloudapp.azure.com", "informative"),
        ("Tasting-vip", ("dnsSettings", "fqdn"), "sipping.cloudapp.net", "real"),
        ("VNet-Tasting", ("provisioningState",), "Failed", "real"),
        ("VNet-Tasting", ("virtualNetworkPeerings",), [{"name": "away", "properties": {"peeringState": "On"}}], "real"),
        ("VNet-Tasting", ("subnets", 0, "properties", "addressPrefix"), "10.9.0.0/24", "expected"),
        ("VNet-Tasting", ("subnets", 0, "properties", "defaultOutboundAccess"), False, "expected"),
        ("Tasting-as", ("provisioningState",), "Failed", "real"),
        ("Tasting-as", ("platformUpdateDomainCount",), 9, "expected"),
        ("glass1", ("instanceView",), {"disks": [{"name": "d", "statuses": [{"code": "ProvisioningState/ok"}]}]}, ""),
        ("glass1", ("instanceView",), {"statuses": [{"code": "ProvisioningState/failed/Odd"}]}, "informative"),
        ("glass1", ("instanceView",), {"extensions": [{"name": "e", "statuses": [FAILED]}]}, "informative"),
    ],
)
def test_what_only_arm_tells_counts_as_much_as_it_means(
    name: str, path: tuple[Step, ...], value: Any, severity: str
) -> None:
    bodies = found("hostedService/Tasting")
    [target] = [item["properties"] for item in bodies if item["name"] == name]
    at(target, path[:-1])[path[-1]] = value
    seen = check(promised("hostedService/Tasting"), bodies).differences
    assert [each.severity for each in seen] == ([severity] if severity else [])


def test_a_resource_under_the_name_of_another_is_shown_as_what_it_stands_for() -> None:
    bodies = found("virtualNetwork/vineyard")
    one, other = (item["properties"] for item in bodies if item["name"] in ("press2-nic", "barrel1-nic"))
    one["ipConfigurations"], other["ipConfigurations"] = other["ipConfigurations"], one["ipConfigurations"]
    seen = [item for item in real("virtualNetwork/vineyard", bodies) if item.path.startswith("networkProfile")]
    assert {(item.promised.rpartition("/")[2], item.found.rpartition("/")[2]) for item in seen} == {
        ("press2-nic", "barrel1-nic"),
        ("barrel1-nic", "press2-nic"),
    }
