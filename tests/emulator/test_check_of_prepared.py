"""Every promise against what prepare makes of it: all of it is there, and nothing of it can go missing unseen."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
import requests
from pydantic import SecretStr

from asmosis.arm.resource import body
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.check import Verdict, check
from asmosis.translate import Promise, groups_of, promise
from asmosis.units import Destination, DestinationMode, Unit
from tests.emulator.conftest import DESTINATION, NEW, Client
from tests.emulator.test_arm_product_template import PREPARABLE
from tests.test_check import at, changed

Step = str | int
Body = dict[str, Any]
Prepared = tuple[Promise, list[Body]]

LAN = Destination(DestinationMode.EXISTING, "lan", "hall", "tables")
EXISTING = "hostedService/contoso-batch into lan/hall/tables"
CASES = (*PREPARABLE, EXISTING)
# Without them ARM takes the same by itself, or fills them in by itself: nothing is lost when an answer leaves them out.
SAME_WITHOUT = {
    ("idleTimeoutInMinutes", 4),
    ("primary", True),
    ("primary", False),
    ("loadDistribution", "Default"),
    ("privateIPAllocationMethod", "Dynamic"),
    ("enableIPForwarding", False),
    ("enableFloatingIP", False),
    ("autoUpgradeMinorVersion", False),
    ("name", "Basic"),
}
TOLD = {"internalDomainNameSuffix", "code", "blob", "file", "queue", "table", "primaryLocation", "secondaryLocation"}


@pytest.fixture(scope="module")
def prepared(emulator: str) -> dict[str, Prepared]:
    """By case: the promise, and everything in the groups after prepare."""
    client = Client(emulator, str(uuid4()))
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    planes = Planes(client.subscription, client.base, client.base, StaticToken(SecretStr("any")))
    with planes.asm() as asm:
        estate = snapshot(asm)
    found: dict[str, Prepared] = {}
    with planes.arm() as arm:
        make_lan(client)
        for case in CASES:
            short, _, joined = case.partition(" into ")
            unit, destination = Unit.parse(short, client.subscription), LAN if joined else Destination()
            names = {"group": LAN.resource_group, "network": LAN.virtual_network, "subnet": LAN.subnet}
            request = DESTINATION.format(mode="Existing", **names) if joined else NEW
            client.done(short, "prepare", request if short.startswith("hostedService/") else None)
            bodies = list(arm.resources(groups_of(estate, unit)))
            found[case] = (promise(estate, unit, destination), bodies)
            client.done(short, "abort")
    return found


def make_lan(client: Client) -> None:
    group = f"/subscriptions/{client.subscription}/resourceGroups/{LAN.resource_group}"
    network = f"{group}/providers/Microsoft.Network/virtualNetworks/{LAN.virtual_network}"
    subnet = {"name": LAN.subnet, "properties": {"addressPrefix": "10.77.1.0/24"}}
    space = {"addressPrefixes": ["10.77.0.0/16"]}
    for path, sent in (
        (group, {"location": "westus"}),
        (network, {"location": "westus", "properties": {"addressSpace": space, "subnets": [subnet]}}),
    ):
        made = requests.put(client.base + path, params={"api-version": "2025-05-01"}, json=sent, timeout=30)
        assert made.status_code < 300, made.text


def leaves(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """Every single value of a body, without what only says which one it is."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("id", "name", "type") or (key == "id" and path and "name" not in value):
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for position, inner in enumerate(value):
            yield from leaves(inner, (*path, position))
    elif value not in ([], None):
        yield path, value


def place_in(found: Any, promised: Any, path: tuple[Step, ...]) -> tuple[Any, Step] | None:
    """What holds a promised leaf in a found body, and where in it; none if it is not there."""
    for number, step in enumerate(path):
        last = number == len(path) - 1
        if isinstance(step, int):
            here = same_part(found, promised[step], step)
            if here is None:
                return None
            found, promised = found[here], promised[step]
        elif not isinstance(found, dict) or step not in found:
            return None
        elif last:
            return found, step
        else:
            found, promised = found[step], promised[step]
    return None


def same_part(found: list[Any], part: Any, position: int) -> int | None:
    for key in ("name", "lun", "id", "code"):
        if key in part:
            wanted = str(part[key]).casefold().rpartition("/")[2]
            ids = (str(each.get(key, "")).casefold().rpartition("/")[2] for each in found)
            return next((number for number, text in enumerate(ids) if text == wanted), None)
    return position if position < len(found) else None


@pytest.mark.parametrize("case", CASES)
def test_prepare_keeps_every_promise(prepared: dict[str, Prepared], case: str) -> None:
    promised, bodies = prepared[case]
    verdict = check(promised, bodies)
    assert [item for item in verdict.differences if item.severity == "real"] == []
    assert len(verdict.pairs) == len(promised.resources) > 0


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_promised_is_there_and_is_missed_when_it_is_not(prepared: dict[str, Prepared], case: str) -> None:
    promised, bodies = prepared[case]
    usual = check(promised, bodies)
    answers = {pair.resource: pair.found for pair in usual.pairs}
    tried, unseen = 0, set()
    for resource in promised.resources:
        plain = body(resource)
        answer = answers[plain["id"].partition("/providers/")[2]]
        others = list(without(bodies, answer))
        for path, value in leaves(plain):
            assert place_in(answer, plain, path), (plain["id"], path)
            lacking = copy.deepcopy(answer)
            held = place_in(lacking, plain, path)
            assert held
            del held[0][held[1]]
            tried += 1
            if new_differences(usual, check(promised, [*others, lacking])) == 0:
                unseen.add((str(path[-1]), value if isinstance(value, bool | int | str) else str(value)))
    assert tried
    assert {(key, value) for key, value in unseen if key not in TOLD} <= SAME_WITHOUT


def test_whatever_arm_answers_is_found_when_it_is_wrong_unless_only_arm_can_know_it(
    prepared: dict[str, Prepared],
) -> None:
    tried: set[str] = set()
    silent = set()
    for promised, bodies in prepared.values():
        usual = check(promised, bodies)
        for body_ in bodies:
            for path, value in leaves(body_):
                steps = [step for step in path if isinstance(step, str)]
                pattern = ".".join((body_["type"].partition("/")[2], *steps))
                if pattern in tried or path[0] == "resources":  # extensions come by themselves as well
                    continue
                tried.add(pattern)
                wrong = copy.deepcopy(body_)
                place = at(wrong, path[:-1])
                place[path[-1]] = changed(value)
                others = [each for each in bodies if each is not body_]
                if new_differences(usual, check(promised, [*others, wrong])) == 0:
                    silent.add(pattern)
    assert len(tried) > 200
    assert {each for each in silent if not NOT_PROMISED.search(each)} == set()


# Versions, states and times; what others refer to it, whose own references are compared; and what follows from where
# it runs. A platform that gets these wrong has lied about itself, not broken its promise.
NOT_PROMISED = re.compile(
    r"\.(etag|resourceGuid|vmId|macAddress|creationTime|statusOf\w+|connectionStatus|\w+BytesTransferred|capacity)$"
    r"|\.instanceView\.|\.defaultSecurityRules\."
    r"|\.(backendIPConfigurations?|ipConfigurations?|loadBalancingRules|inboundNatRules|subnets|virtualMachines?)\.id$"
    r"|\.secondaryEndpoints\.|\.internalDomainNameSuffix$|^networkInterfaces\.properties\.primary$"
    r"|\.\w+\.properties\.provisioningState$"  # of parts
)


def without(bodies: list[Body], answer: Mapping[str, Any]) -> Iterator[Body]:
    """All bodies but one; an extension is also told inside its machine."""
    for each in bodies:
        inner = [part for part in each.get("resources") or () if part["id"].casefold() != answer["id"].casefold()]
        if each["id"].casefold() != answer["id"].casefold():
            yield {**each, "resources": inner} if each.get("resources") else each


def new_differences(usual: Verdict, verdict: Verdict) -> int:
    return len(set(map(repr, verdict.differences)) - set(map(repr, usual.differences)))
