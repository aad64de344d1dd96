"""Both clients against the running emulator, over a socket and signed in by managed identity."""

import json
import logging
import os
import re
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from asmosis.azure import belonging
from asmosis.azure.arm import ArmClient
from asmosis.azure.asm import AsmClient
from asmosis.azure.inventory import snapshot, take_snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import ManagedIdentity, StaticToken
from asmosis.azure.state import state_of
from asmosis.errors import AuthenticationFailed, Forbidden, NotFound, OperationFailed, Unreachable
from asmosis.readiness import RULES, assess
from asmosis.translate import promise
from asmosis.units import KINDS, Destination, State, Unit, Verb
from tasks.inventory import _survey
from tests.rule_cases import pattern_of

UNITS = {
    "virtualNetwork": ("contoso-vnet", ["contoso-vnet-Migrated", "contoso-web-Migrated", "contoso-app-Migrated"]),
    "hostedService": ("contoso-batch", ["contoso-batch-Migrated"]),
    "networkSecurityGroup": ("contoso-spare-nsg", ["contoso-spare-nsg-Migrated"]),
    "routeTable": ("contoso-spare-routes", ["contoso-spare-routes-Migrated"]),
    "reservedIp": ("contoso-spare-ip", ["contoso-spare-ip-Migrated"]),
    "storageAccount": ("contosologs", ["contosologs-Migrated"]),
}
Control = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "serve", "--port", "0", "--auth", "token"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"EMULATOR_IDENTITY_HEADER": "known"},
    )
    with process:
        try:
            assert process.stdout
            ready, _, url = process.stdout.readline().strip().partition(" ")
            assert ready == "ready"
            yield url
        finally:
            process.terminate()


@pytest.fixture
def control(emulator: str) -> Control:
    def asked(url: str, body: bytes | None, headers: dict[str, str]) -> Any:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            return json.load(answer)

    identity = f"{emulator}/msi/token?api-version=2019-08-01&resource=control"
    token = asked(identity, None, {"X-IDENTITY-HEADER": "known"})["access_token"]

    def post(path: str, body: dict[str, Any]) -> Any:
        return asked(f"{emulator}/_control/{path}", json.dumps(body).encode(), {"Authorization": f"Bearer {token}"})

    return post


@pytest.fixture
def planes(emulator: str, control: Control, monkeypatch: pytest.MonkeyPatch) -> Planes:
    """A contoso of its own for each test."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "known")
    subscription = str(uuid.uuid4())
    control("seed", {"estate": "contoso", "subscription": subscription})
    return Planes(subscription, emulator, emulator, ManagedIdentity())


@pytest.fixture
def asm(planes: Planes) -> Iterator[AsmClient]:
    with planes.asm() as client:
        yield client


@pytest.fixture
def arm(planes: Planes) -> Iterator[ArmClient]:
    with planes.arm() as client:
        yield client


def take(asm: AsmClient, unit: Unit, verb: Verb) -> None:
    asm.wait(asm.send(unit, verb))


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_of_each_kind_goes_there_and_back_and_there_for_good(
    planes: Planes, asm: AsmClient, arm: ArmClient, kind: str
) -> None:
    name, groups = UNITS[kind]
    unit = Unit(planes.subscription, kind, name)
    assert asm.validate(unit) == ()
    states = [state_of(unit, asm, arm, groups)]
    for verb in (Verb.PREPARE, Verb.ABORT, Verb.PREPARE, Verb.COMMIT):
        take(asm, unit, verb)
        states.append(state_of(unit, asm, arm, groups))
    assert states == [State.CLASSIC, State.PREPARED, State.CLASSIC, State.PREPARED, State.COMMITTED]
    assert asm.state(unit) is State.ABSENT
    assert state_of(unit, asm, arm, ["contoso-elsewhere"]) is State.ABSENT


def test_validate_tells_every_blocker_in_the_platforms_words(planes: Planes, asm: AsmClient) -> None:
    [message] = asm.validate(Unit(planes.subscription, "hostedService", "contoso-multi"))
    assert message.category == "Error"
    assert "because it has multiple Availability Sets" in message.message


def test_the_rules_say_of_every_unit_word_for_word_what_the_platform_says(planes: Planes, asm: AsmClient) -> None:
    told = {rule.text for rule in RULES.values() if rule.text and rule.noticed == "validate"}
    published = [pattern_of(text) for text in told]
    estate = snapshot(asm)
    asked = [unit for unit in estate.units if unit.kind != "hostedService" or estate.service(unit.name).deployment]
    said = {}
    for unit in [*asked, Unit(planes.subscription, "virtualNetwork", "nobody")]:
        ours = {each.message for each in assess(estate, units=[unit]) if RULES[each.rule].text in told}
        theirs = {each.message for each in asm.validate(unit)}
        known = {text for text in theirs if any(re.fullmatch(pattern, text) for pattern in published)}
        said[unit.short] = len(ours)
        assert ours == known, unit.short
    # Not a comparison of nothing with nothing.
    assert sum(map(bool, said.values())) >= 6


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_knows_is_absent_and_cannot_be_moved(
    planes: Planes, asm: AsmClient, arm: ArmClient, kind: str
) -> None:
    unit = Unit(planes.subscription, kind, "nobody")
    assert state_of(unit, asm, arm, ["nobody-Migrated"]) is State.ABSENT
    with pytest.raises(NotFound):
        asm.send(unit, Verb.PREPARE)


def test_a_group_that_holds_somebody_else_says_nothing_of_a_unit(
    planes: Planes, asm: AsmClient, arm: ArmClient
) -> None:
    name, groups = UNITS["networkSecurityGroup"]
    take(asm, Unit(planes.subscription, "networkSecurityGroup", name), Verb.PREPARE)
    for kind, other in (("networkSecurityGroup", "nobody"), ("routeTable", name), ("hostedService", name)):
        assert state_of(Unit(planes.subscription, kind, other), asm, arm, groups) is State.ABSENT


def test_a_blocked_unit_fails_to_prepare_and_says_why(planes: Planes, asm: AsmClient) -> None:
    with pytest.raises(OperationFailed, match="multiple Availability Sets"):
        take(asm, Unit(planes.subscription, "hostedService", "contoso-multi"), Verb.PREPARE)


def test_a_moving_unit_says_so(planes: Planes, asm: AsmClient, control: Control) -> None:
    unit = Unit(planes.subscription, "virtualNetwork", "contoso-vnet")
    control("latency", {"prepare": 3600, "abort": 3600})
    operation = asm.send(unit, Verb.PREPARE)
    assert asm.state(unit) is State.PREPARING
    assert asm.operation(operation).status == "InProgress"
    control("clock", {"advance": 3601})
    control("latency", {"prepare": 0, "abort": 0})
    asm.wait(operation)
    assert asm.state(unit) is State.PREPARED


def test_resources_come_whole_from_every_group_however_it_is_spelt(
    planes: Planes, asm: AsmClient, arm: ArmClient
) -> None:
    take(asm, Unit(planes.subscription, "virtualNetwork", "contoso-vnet"), Verb.PREPARE)
    take(asm, Unit(planes.subscription, "hostedService", "contoso-batch"), Verb.PREPARE)
    groups = UNITS["virtualNetwork"][1]
    found = arm.resources([group.upper() for group in groups] + ["contoso-elsewhere"])
    assert arm.resources([*groups, *reversed(groups)]) == found
    by_type: dict[str, list[dict[str, Any]]] = {}
    for body in found:
        by_type.setdefault(body["type"], []).append(body)
    assert {kind: len(bodies) for kind, bodies in by_type.items()} == {
        "Microsoft.Compute/availabilitySets": 2,
        "Microsoft.Compute/virtualMachines": 4,
        "Microsoft.Compute/virtualMachines/extensions": 4,
        "Microsoft.Network/loadBalancers": 3,
        "Microsoft.Network/networkInterfaces": 4,
        "Microsoft.Network/networkSecurityGroups": 1,
        "Microsoft.Network/publicIPAddresses": 2,
        "Microsoft.Network/routeTables": 1,
        "Microsoft.Network/virtualNetworks": 1,
    }
    assert all(body["properties"] for body in found)
    assert [body["id"] for body in found] == sorted((body["id"] for body in found), key=str.casefold)
    for machine in by_type["Microsoft.Compute/virtualMachines"]:
        codes = {status["code"] for status in machine["properties"]["instanceView"]["statuses"]}
        assert "PowerState/running" in codes
    assert sorted(body["id"] for body in found) == sorted(
        body["id"] for group in groups for body in arm.resources([group])
    )


def test_a_group_is_read_by_type_and_not_by_resource(
    planes: Planes, asm: AsmClient, arm: ArmClient, caplog: pytest.LogCaptureFixture
) -> None:
    groups = UNITS["virtualNetwork"][1]
    take(asm, Unit(planes.subscription, "virtualNetwork", "contoso-vnet"), Verb.PREPARE)
    take(asm, Unit(planes.subscription, "storageAccount", "contosologs"), Verb.PREPARE)
    caplog.set_level(logging.INFO, "azure.core.pipeline.policies.http_logging_policy")

    def reads(of: list[str]) -> list[str]:
        caplog.clear()
        arm.resources(of)
        told = map(logging.LogRecord.getMessage, caplog.records)
        # Once each: on a busy machine, the client asks again what was not answered in time.
        asked = dict.fromkeys(text.partition("\n")[0] for text in told if text.startswith("Request URL"))
        return [text.split("/providers/")[-1].split("?")[0] for text in asked if "/msi/token" not in text]

    assert len(reads(["contosologs-Migrated"])) == 1 + 10
    assert reads(["contoso-elsewhere"]) == reads(["contoso-elsewhere"])[:1]

    def without_machines(of: list[str]) -> int:
        return len([path for path in reads(of) if "/virtualMachines/" not in path])

    # Few groups are asked one by one, so that a unit costs the same in a large subscription as in a small one.
    assert len(groups) == 3
    assert without_machines(groups) == 3 * (1 + 10) + 3
    many = [*groups, "contoso-elsewhere", "contoso-nowhere", "contoso-never"]
    assert without_machines(many) == 1 + 10 + 3


def test_a_snapshot_is_the_whole_estate_and_everything_in_it_is_read(planes: Planes, asm: AsmClient) -> None:
    told: list[tuple[int, int]] = []
    taken = take_snapshot(asm, progress=lambda done, known: told.append((done, known)))
    estate = taken.estate
    assert (taken.unread, taken.unreadable) == ((), ())
    assert told[-1] == (len(taken.documents), len(taken.documents))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert {(kind, name) for kind, (name, _) in UNITS.items()} <= {(unit.kind, unit.name) for unit in estate.units}
    assert estate.subscription == planes.subscription
    assert [service.name for service in estate.services_of(estate.units[0])] == ["contoso-web", "contoso-app"]
    web = estate.service("contoso-web").deployment
    assert web is not None
    assert all(web.instance_of(role) for role in web.roles)
    group = estate.network_security_group("contoso-spare-nsg")
    assert group is not None
    assert group.rules
    table = estate.route_table("contoso-app-routes")
    assert table is not None
    assert table.routes
    assert estate.disks
    assert estate.affinity_groups


def test_what_is_read_for_one_unit_says_the_same_of_it_as_the_whole_estate(asm: AsmClient) -> None:
    whole = snapshot(asm)
    kinds = ("virtualNetwork", "hostedService", "storageAccount", "routeTable")
    for unit in (unit for unit in whole.units if unit.kind in kinds):
        part = snapshot(asm, unit=unit)
        assert promise(part, unit) == promise(whole, unit)
        own = [finding for finding in assess(part, units=[unit]) if finding.unit == unit.short]
        assert own == [finding for finding in assess(whole, units=[unit]) if finding.unit == unit.short]
        if unit.kind == "hostedService":
            assert [service.name for service in part.hosted_services] == [unit.name]


def test_the_services_of_a_network_are_read_anew_and_the_others_once(
    planes: Planes, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"vnets": 6, "services_per_vnet": 2, "vms_per_service": 1, "storage_accounts": 1}
    subscription = str(uuid.uuid4())
    control("seed", {"synthetic": wanted, "subscription": subscription})

    def services_read(network: str) -> list[str]:
        unit = Unit(subscription, "virtualNetwork", network)
        with Planes(subscription, planes.asm_url, planes.arm_url, ManagedIdentity()).asm() as client:
            taken = take_snapshot(client, unit=unit)
        assert len(taken.estate.services_of(taken.estate.unit(unit))) == 2
        paths = [document.path for document in taken.documents if "embed-detail" in document.path]
        return sorted(path.split("/")[-1].split("?")[0] for path in paths)

    assert len(services_read("syn0-vnet-0001")) == 12
    assert services_read("syn0-vnet-0001") == ["syn0-vnet-0001-svc-000", "syn0-vnet-0001-svc-001"]
    assert services_read("syn0-vnet-0004") == ["syn0-vnet-0004-svc-000", "syn0-vnet-0004-svc-001"]
    monkeypatch.setattr(belonging, "REMEMBERED", 0.0)
    assert len(services_read("syn0-vnet-0004")) == 12


def test_what_somebody_accepts_blocks_no_run(planes: Planes, asm: AsmClient) -> None:
    mixed = Unit(planes.subscription, "hostedService", "contoso-mixed")
    found = _survey.fn(mixed, planes, Destination(), State.CLASSIC, "")
    [rule] = {finding.rule for finding in found.findings if finding.blocks}
    accepted = f"waivers:\n- {{rule: {rule}, unit: {mixed.short}, who: ada, why: seen, until: 2999-01-01}}\n"
    again = _survey.fn(mixed, planes, Destination(), State.CLASSIC, accepted)
    assert not [finding for finding in again.findings if finding.blocks]
    assert [finding.rule for finding in again.findings] == [finding.rule for finding in found.findings]
    assert again.promised == promise(snapshot(asm), mixed)


def test_one_thread_reads_the_same_estate_as_many(asm: AsmClient) -> None:
    assert snapshot(asm, threads=1) == snapshot(asm, threads=8)


def test_registration_is_asked_for_and_seen(planes: Planes, arm: ArmClient, control: Control) -> None:
    assert arm.registered()
    control("seed", {"estate": "contoso", "subscription": planes.subscription, "registered": False})
    assert not arm.registered()
    arm.register()
    assert arm.registered()


def test_quota_figures_are_told_by_provider(arm: ArmClient) -> None:
    usages = arm.usages("West US")
    assert set(usages) == {"Microsoft.Compute", "Microsoft.Network", "Microsoft.Storage"}
    for figures in usages.values():
        assert figures
        assert all({"currentValue", "limit", "name"} <= set(figure) for figure in figures)
    assert usages == arm.usages("westus")


def test_a_token_of_nobody_is_refused_on_both_planes(planes: Planes) -> None:
    stranger = Planes(planes.subscription, planes.asm_url, planes.arm_url, StaticToken(SecretStr("made-up")))
    with stranger.asm() as asm, pytest.raises(AuthenticationFailed):
        snapshot(asm)
    with stranger.arm() as arm, pytest.raises(AuthenticationFailed):
        arm.groups()


def test_an_identity_nobody_knows_is_refused_on_both_planes(planes: Planes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "unknown")
    with planes.asm() as asm, pytest.raises(AuthenticationFailed, match="sign-in"):
        snapshot(asm)
    with planes.arm() as arm, pytest.raises(AuthenticationFailed, match="sign-in"):
        arm.groups()


def test_a_subscription_nobody_seeded_is_no_empty_estate(planes: Planes) -> None:
    other = Planes(str(uuid.uuid4()), planes.asm_url, planes.arm_url, planes.credential)
    with other.asm() as asm, pytest.raises((Forbidden, NotFound)):
        snapshot(asm)


def test_a_lost_reply_is_told_and_the_state_shows_what_happened(
    planes: Planes, asm: AsmClient, control: Control
) -> None:
    unit = Unit(planes.subscription, "reservedIp", "contoso-spare-ip")
    control("faults", {"when": {"subscription": planes.subscription, "verb": "prepare"}, "then": {"cut": True}})
    with pytest.raises(Unreachable) as caught:
        asm.send(unit, Verb.PREPARE)
    assert caught.value.worth_retrying
    assert asm.state(unit) in (State.CLASSIC, State.PREPARED)


def test_a_destination_is_taken(planes: Planes, asm: AsmClient, arm: ArmClient) -> None:
    unit = Unit(planes.subscription, "hostedService", "contoso-batch")
    assert asm.validate(unit, Destination()) == ()
    asm.wait(asm.send(unit, Verb.PREPARE, Destination()))
    types = {body["type"] for body in arm.resources(["contoso-batch-Migrated"])}
    assert "Microsoft.Network/virtualNetworks" in types
