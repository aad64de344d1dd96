"""What Resource Manager tells about an estate, and whether the forecast is what prepare then says; over sockets."""

import json
import logging
import os
import subprocess
import sys
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from asmosis.azure.facts import gather_facts, regions_of
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.classic.compute import HostedService
from asmosis.classic.estate import Estate
from asmosis.errors import OperationFailed
from asmosis.facts import Facts, InjectedService, Peering, RoleAssignment, Usage, Watch, parse_facts
from asmosis.readiness import assess
from asmosis.readiness.demand import demand
from asmosis.readiness.index import Index
from asmosis.translate import groups_of, promise
from asmosis.units import Destination, Unit, Verb
from asmosis.yaml_files import to_yaml

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
TOKEN = StaticToken(SecretStr("known"))
EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions"
CLASSIC = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/web/providers/Microsoft.Classic"
Control = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--dataplane", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout
            ready, _, url = process.stdout.readline().strip().partition(" ")
            assert ready == "ready"
            yield url
        finally:
            process.terminate()


@pytest.fixture
def send(emulator: str) -> Callable[[str, str, dict[str, Any]], Any]:
    def sent(method: str, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(f"{emulator}{path}", json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    return sent


@pytest.fixture
def control(send: Callable[[str, str, dict[str, Any]], Any]) -> Control:
    return lambda path, body: send("POST", f"/_control/{path}", body)


def planes_at(emulator: str, control: Control, seed: dict[str, Any]) -> Planes:
    subscription = str(uuid.uuid4())
    control("seed", {"subscription": subscription} | seed)
    return Planes(subscription, emulator, emulator, TOKEN)


@pytest.fixture
def planes(emulator: str, control: Control) -> Planes:
    return planes_at(emulator, control, {"estate": "contoso"})


def estate_at(planes: Planes) -> Estate:
    with planes.asm() as asm:
        return snapshot(asm)


def synthetic(services: int) -> dict[str, Any]:
    return {
        "synthetic": {
            "vnets": 1,
            "services_per_vnet": services,
            "vms_per_service": 3,
            "storage_accounts": services,
            "seed": 7,
        }
    }


@pytest.mark.parametrize("seed", [{"estate": "contoso"}, synthetic(4)], ids=["contoso", "synthetic"])
def test_the_demand_is_what_the_translation_promises(emulator: str, control: Control, seed: dict[str, Any]) -> None:
    estate = estate_at(planes_at(emulator, control, seed))
    index = Index(estate)
    for unit in estate.units:
        promised = promise(estate, unit)
        needed = demand(estate, unit, index)
        assert needed.types == Counter(resource.type for resource in promised.resources), unit
        # The platform makes no group for a service in which nothing migrates.
        assert needed.groups == (len(groups_of(estate, unit)) if promised.resources else 0), unit
    assert len(estate.units) > 4


def test_facts_are_gathered_and_survive_their_file(planes: Planes, control: Control) -> None:
    control("quota", {"subscription": planes.subscription, "region": "westus", "name": "cores", "limit": 77})
    facts = gather_facts(planes, estate_at(planes))
    usage = facts.usage_of("westus", "CORES")
    assert usage == Usage(region="westus", name="cores", limit=77, current=0)
    assert facts.providers
    assert facts.providers["Microsoft.ClassicInfrastructureMigrate"] == "Registered"
    assert "West US" in (facts.migration_regions or ())
    assert facts.size_by_name["westus", "standard_a3"].cores == 4
    assert (facts.resource_groups, facts.networks, facts.storage_accounts) == ((), (), ())
    assert [(each.role, each.scope) for each in facts.role_assignments or ()] == [
        ("Owner", f"/subscriptions/{planes.subscription}")
    ]
    assert facts.co_administrator
    assert facts.blobs is None
    assert "blobs" in facts.unknown
    assert parse_facts(to_yaml(facts).encode(), "facts.yaml") == facts


def test_what_arm_holds_after_a_prepare_counts(planes: Planes) -> None:
    estate = estate_at(planes)
    unit = Unit(planes.subscription, "hostedService", "contoso-batch")
    with planes.asm() as asm:
        asm.wait(asm.send(unit, Verb.PREPARE, Destination()))
    facts = gather_facts(planes, estate)
    counted = demand(estate, unit).quotas
    used = {usage.name: usage.current for usage in facts.usages or () if usage.current}
    assert used == {place.name: number for place, number in counted.items()}
    assert [group.name for group in facts.resource_groups or ()] == ["contoso-batch-Migrated"]
    [network] = facts.networks or ()
    assert (network.name, network.resource_group) == ("VNet-contoso-batch", "contoso-batch-Migrated")
    assert len(network.subnets) == 1


@pytest.mark.parametrize(
    ("name", "limit", "rule"),
    [
        ("virtualMachines", 3, "arm-quota-machines"),
        ("cores", 11, "arm-quota-cores"),
        ("standardA0_A7Family", 11, "arm-quota-cores"),
        ("NetworkInterfaces", 3, "arm-quota-nics"),
        ("LoadBalancers", 2, "arm-quota-loadbalancers"),
        ("PublicIPAddresses", 1, "arm-quota-publicips"),
        ("StaticPublicIPAddresses", 0, "arm-quota-static-publicips"),
        ("NetworkSecurityGroups", 0, "arm-quota-nsgs"),
        ("RouteTables", 0, "arm-quota-routetables"),
        ("availabilitySets", 1, "arm-quota-availabilitysets"),
        ("VirtualNetworks", 0, "arm-quota-vnets"),
    ],
)
def test_the_forecast_is_what_prepare_then_says(
    planes: Planes, control: Control, name: str, limit: int, rule: str
) -> None:
    estate = estate_at(planes)
    unit = Unit(planes.subscription, "virtualNetwork", "contoso-vnet")
    quota = {"subscription": planes.subscription, "region": "westus", "name": name}
    control("quota", quota | {"limit": limit})
    found = [
        finding
        for finding in assess(estate, units=[unit], facts=gather_facts(planes, estate))
        if finding.rule.startswith("arm-quota")
    ]
    assert [finding.rule for finding in found] == [rule]
    with planes.asm() as asm, pytest.raises(OperationFailed) as refused:
        asm.wait(asm.send(unit, Verb.PREPARE))
    assert found[0].message in str(refused.value)
    # One more is enough, for both of them.
    control("quota", quota | {"limit": limit + 1})
    with planes.asm() as asm:
        asm.wait(asm.send(unit, Verb.ABORT))
        enough = gather_facts(planes, estate)
        asm.wait(asm.send(unit, Verb.PREPARE))
    assert not [f for f in assess(estate, units=[unit], facts=enough) if f.rule.startswith("arm-quota")]


def test_the_number_of_requests_does_not_grow_with_the_estate(
    emulator: str, control: Control, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []
    for services in (1, 12):
        planes = planes_at(emulator, control, synthetic(services))
        estate = estate_at(planes)
        assert len(regions_of(estate)) == 1
        with caplog.at_level(logging.INFO, "azure.core.pipeline.policies.http_logging_policy"):
            caplog.clear()
            gather_facts(planes, estate)
        asked.append(sum("Request URL" in record.message for record in caplog.records))
    assert asked[0] == asked[1] > 8


def test_roles_on_classic_resources_are_told_and_judged(
    planes: Planes, send: Callable[[str, str, dict[str, Any]], Any]
) -> None:
    scope = f"/subscriptions/{planes.subscription}/resourceGroups/x/providers/Microsoft.ClassicCompute/domainNames/CONTOSO-batch"
    reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    send(
        "PUT",
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01",
        {"properties": {"roleDefinitionId": f"/subscriptions/{planes.subscription}{reader}", "principalId": "ada"}},
    )
    estate = estate_at(planes)
    facts = gather_facts(planes, estate)
    assert RoleAssignment(scope=scope, principal="ada", role="Reader") in (facts.role_assignments or ())
    [finding] = [finding for finding in assess(estate, facts=facts) if finding.rule == "rbac-on-classic"]
    assert (finding.unit, finding.resource) == ("hostedService/contoso-batch", "contoso-batch")


def test_an_estate_without_regions_asks_about_none(emulator: str, control: Control) -> None:
    planes = planes_at(emulator, control, {"documents": []})
    facts = gather_facts(planes, Estate(subscription=planes.subscription))
    assert (facts.usages, facts.sizes) == ((), ())


class Arm(ThreadingHTTPServer):
    """Answers each path (below the subscription, without query) with a status and a JSON body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Arm

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].partition(f"/subscriptions/{SUBSCRIPTION}/")[2]
        self.server.asked.append(path)
        status, body = self.server.answers.get(path, (200, {"value": []}))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def arm() -> Iterator[Arm]:
    with Arm() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def gathered(arm: Arm) -> Facts:
    estate = Estate(SUBSCRIPTION, hosted_services=(HostedService(name="web", location="West US"),))
    return gather_facts(Planes(SUBSCRIPTION, arm.url, arm.url, TOKEN), estate)


def refusal(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "No."}}


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AuthorizationFailed"), (404, "InvalidResourceNamespace"), (501, "NotEmulated")]
)
def test_a_part_that_may_not_be_asked_is_none_with_the_reason(arm: Arm, status: int, code: str) -> None:
    arm.answers["providers/Microsoft.Authorization/roleAssignments"] = (status, refusal(code))
    arm.answers["providers/Microsoft.Compute/skus"] = (status, refusal(code))
    facts = gathered(arm)
    assert facts.role_assignments is None
    assert facts.sizes is None
    assert code in facts.unknown["role_assignments"]
    assert code in facts.unknown["sizes/westus"]
    assert facts.resource_groups == ()


def test_of_three_providers_two_tell_their_usages(arm: Arm) -> None:
    line = {"name": {"value": "VirtualNetworks"}, "limit": 50.0, "currentValue": 5.0}
    arm.answers["providers/Microsoft.Network/locations/westus/usages"] = (200, {"value": [line]})
    arm.answers["providers/Microsoft.Storage/locations/westus/usages"] = (403, refusal("AuthorizationFailed"))
    facts = gathered(arm)
    assert facts.usages == (Usage(region="westus", name="VirtualNetworks", limit=50, current=5),)
    assert [part for part in facts.unknown if part.startswith("usages")] == ["usages/westus/Microsoft.Storage"]


@pytest.mark.parametrize(
    "body",
    [
        {"value": [{}]},
        {"value": 7},
        {"other": []},
        [],
        {"value": ["x"]},
        {"value": [{"name": 1, "id": "x", "properties": 1}]},
    ],
)
def test_answers_of_another_shape_do_no_harm(arm: Arm, body: Any) -> None:
    for path in ("providers", "resourcegroups", "providers/Microsoft.Network/virtualNetworks"):
        arm.answers[path] = (200, body)
    facts = gathered(arm)
    assert facts.providers is None
    assert facts.resource_groups is None
    assert facts.networks is None
    assert {"providers", "resource_groups", "networks"} <= set(facts.unknown)
    assert facts.storage_accounts == ()


@pytest.mark.slow
def test_nobody_is_asked_twice_who_does_not_answer() -> None:
    nowhere = Planes(SUBSCRIPTION, "http://127.0.0.1:9", "http://127.0.0.1:9", TOKEN)
    facts = gather_facts(nowhere, Estate(subscription=SUBSCRIPTION))
    assert facts.providers is None
    assert "cannot be reached" in facts.unknown["providers"]
    assert facts.unknown["networks"] == "not asked, because of providers"


def test_a_refused_sign_in_ends_the_questions(arm: Arm) -> None:
    arm.answers["providers"] = (401, refusal("InvalidAuthenticationToken"))
    facts = gathered(arm)
    assert arm.asked == ["providers"]
    assert facts.unknown["usages/westus/Microsoft.Compute"] == "not asked, because of providers"


def test_a_list_does_not_lead_to_another_host(arm: Arm) -> None:
    arm.answers["resourcegroups"] = (200, {"value": [], "nextLink": "http://127.0.0.1:9/elsewhere"})
    assert "another address" in gathered(arm).unknown["resource_groups"]


def test_an_emulated_classic_plane_is_not_matched_with_azures_own_resource_manager() -> None:
    facts = gather_facts(
        Planes(SUBSCRIPTION, "http://127.0.0.1:9", credential=TOKEN), Estate(subscription=SUBSCRIPTION)
    )
    assert facts.usages is None
    assert "does not belong to" in facts.unknown["resource manager"]


def test_what_hangs_on_classic_resources_is_found_in_the_lists_of_arm(arm: Arm) -> None:
    registered = ("Microsoft.ApiManagement", "microsoft.insights", "Microsoft.Security")
    states = [{"namespace": name, "registrationState": "Registered"} for name in registered]
    subnet = f"{CLASSIC}Network/virtualNetworks/net/subnets/apim"
    hub = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub"
    remotes = [f"{CLASSIC}Network/virtualNetworks/net", hub.replace("hub", "spoke")]
    arm.answers |= {
        "providers": (200, {"value": states}),
        "providers/Microsoft.ApiManagement/service": (
            200,
            {"value": [{"name": "api", "properties": {"virtualNetworkConfiguration": {"subnetResourceId": subnet}}}]},
        ),
        "providers/Microsoft.Network/virtualNetworks": (
            200,
            {
                "value": [
                    {
                        "id": hub,
                        "name": "hub",
                        "location": "westus",
                        "properties": {
                            "addressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
                            "subnets": [{"name": "s", "properties": {"addressPrefix": "10.9.1.0/24"}}],
                            "virtualNetworkPeerings": [
                                {"properties": {"remoteVirtualNetwork": {"id": remote}}} for remote in remotes
                            ],
                        },
                    }
                ]
            },
        ),
        "providers/Microsoft.Insights/alertRules": (
            200,
            {
                "value": [
                    {
                        "name": "busy",
                        "properties": {
                            "condition": {"dataSource": {"resourceUri": f"{CLASSIC}Compute/virtualMachines/vm1"}}
                        },
                    },
                    {"name": "of-arm", "properties": {"condition": {"dataSource": {"resourceUri": hub}}}},
                ]
            },
        ),
        "providers/Microsoft.Security/autoProvisioningSettings": (
            200,
            {
                "value": [
                    {"name": "default", "properties": {"autoProvision": "On"}},
                    {"name": "spare", "properties": {"autoProvision": "Off"}},
                ]
            },
        ),
    }
    facts = gathered(arm)
    assert facts.peerings == (Peering(network="net", remote=hub),)
    assert facts.injected_services == (InjectedService(network="net", kind="api-management", name="api"),)
    assert facts.alert_rules == (Watch(name="busy", resource=f"{CLASSIC}Compute/virtualMachines/vm1"),)
    assert facts.agent_policies == ("autoProvisioningSettings/default",)
    assert not [path for path in arm.asked if "HDInsight" in path]
    assert not facts.tells("injected_services/batch")
    assert facts.tells("injected_services/hdinsight")
