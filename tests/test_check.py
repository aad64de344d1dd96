"""What was promised against what is found: every promised property is caught, and nothing else cries wolf."""

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from asmosis.arm.resource import body
from asmosis.azure.holdings import Unread
from asmosis.check import Difference, check
from asmosis.translate import Promise
from tests import promising

UNITS = (
    "virtualNetwork/vineyard",
    "virtualNetwork/lookout",
    "virtualNetwork/Group cellar-group cellar",
    "hostedService/Tasting",
    "networkSecurityGroup/spare-guard",
    "routeTable/spare-routes",
    "reservedIp/spare-address",
    "storageAccount/vineyarddisks",
)
# Lists of parts that get their names from the platform, as ARM calls them.
NAMED_BY_PLATFORM = {
    "ipConfigurations",
    "frontendIPConfigurations",
    "backendAddressPools",
    "probes",
    "loadBalancingRules",
    "inboundNatRules",
}
Step = str | int
Body = dict[str, Any]


@cache
def promised(unit: str) -> Promise:
    return promising.promised(unit)


def found(unit: str) -> list[Body]:
    """The resources exactly as promised."""
    return [body(resource) for resource in promised(unit).resources]


def found_under_other_names(unit: str) -> list[Body]:
    """As promised, but every name that the platform chooses belongs to another resource or part of its kind."""
    renamed: dict[str, str] = {}
    for kind in {resource.type for resource in promised(unit).resources if resource.generated}:
        ones = [item for item in promised(unit).resources if item.generated and item.type == kind]
        for one, other in zip(ones, [*ones[1:], ones[0]], strict=True):
            renamed[one.id] = other.name if len(ones) > 1 else f"any-{one.name}"

    def other_id(text: str) -> str:
        steps = text.split("/")
        if (top := "/".join(steps[:9])) in renamed:
            steps[8] = renamed[top]
        if len(steps) > 10 and (steps[9] in NAMED_BY_PLATFORM or top in renamed):
            steps[10] = f"any-{steps[10]}"
        return "/".join(steps)

    def renamed_in(value: Any, listed: str, *, made: bool) -> Any:
        if isinstance(value, list):
            return [renamed_in(item, listed, made=made) for item in value]
        if isinstance(value, dict):
            inner = {key: renamed_in(item, key, made=made) for key, item in value.items()}
            if "name" in inner and (listed in NAMED_BY_PLATFORM or (made and listed == "subnets")):
                inner["name"] = f"any-{inner['name']}"
            return inner
        return other_id(value) if isinstance(value, str) and value.startswith("/subscriptions/") else value

    return [
        renamed_in(item, "", made=item["id"] in renamed) | {"name": renamed.get(item["id"], item["name"])}
        for item in reversed(found(unit))
    ]


def found_as_arm_answers(unit: str) -> list[Body]:
    """As promised, with everything that ARM adds on its own, and ids in ARM's own capitals."""
    bodies = [dict(answered(item)) for item in found(unit)]
    for item in bodies:
        ADDED.get(item["type"].rpartition("/")[2], dict)(item["properties"])
        item["location"] = "West Europe" if item["location"] == "westeurope" else "North Europe"
        if "sku" in item:
            item["sku"]["tier"] = "Standard"
    return bodies


def answered(value: Any) -> Any:
    if isinstance(value, list):
        return [answered(item) for item in value]
    if isinstance(value, dict):
        inner = {key: answered(item) for key, item in value.items()}
        if "blob" in inner:
            inner["web"] = "https://x.z6.web.core.windows.net/"
        if "name" in inner and "properties" in inner:
            inner["etag"] = 'W/"1"'
            inner["properties"] |= {"provisioningState": "Succeeded", "resourceGuid": "0f0f0f0f"}
        return inner
    if isinstance(value, str) and value.startswith("/subscriptions/"):
        head, _, tail = value.partition("/resourceGroups/")
        group, _, rest = tail.partition("/")
        return f"{head}/resourceGroups/{group.upper()}/{rest}"
    return value


def add_to_security_group(properties: Body) -> None:
    properties["defaultSecurityRules"] = [{"name": "AllowVnetInBound", "properties": {"priority": 65000}}]
    properties["subnets"] = [{"id": "/subscriptions/s/some/subnet"}]


def add_to_machine(properties: Body) -> None:
    properties["vmId"] = "1"
    properties["storageProfile"]["osDisk"]["diskSizeGB"] = 127
    statuses = properties.get("instanceView", {"statuses": [{"code": "PowerState/running"}]})["statuses"]
    statuses = [{"code": "ProvisioningState/succeeded"}, *statuses]
    properties["instanceView"] = {"statuses": statuses, "vmAgent": {"vmAgentVersion": "2.7"}, "disks": [{"name": "d"}]}


def add_to_public_ip(properties: Body) -> None:
    properties.setdefault("ipAddress", "52.0.0.77")
    properties["publicIPAddressVersion"] = "IPv4"
    names = properties.setdefault("dnsSettings", {})
    names["fqdn"] = f"{names.get('domainNameLabel', 'x')}.westeurope.cloudapp.azure.com"


def add_to_interface(properties: Body) -> None:
    properties |= {"macAddress": "00-0D-3A-30-B6-66", "enableAcceleratedNetworking": False}
    properties["ipConfigurations"][0]["properties"].setdefault("privateIPAddress", "10.0.0.4")


def add_to_balancer(properties: Body) -> None:
    properties["outboundRules"] = []
    for part in properties["backendAddressPools"]:
        part["properties"]["backendIPConfigurations"] = [{"id": "/subscriptions/s/some/nic"}]
    for part in properties["frontendIPConfigurations"]:
        part["properties"].setdefault("privateIPAllocationMethod", "Dynamic")
        part["properties"]["loadBalancingRules"] = [{"id": "/subscriptions/s/some/rule"}]


ADDED: dict[str, Callable[[Body], object]] = {
    "networkSecurityGroups": add_to_security_group,
    "virtualMachines": add_to_machine,
    "publicIPAddresses": add_to_public_ip,
    "networkInterfaces": add_to_interface,
    "loadBalancers": add_to_balancer,
}


def real(unit: str, bodies: list[Body]) -> list[Difference]:
    return [item for item in check(promised(unit), bodies).differences if item.severity == "real"]


def leaves(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """Every single value of a body, without what names it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            naming = key in ("id", "name", "type") and (not path or ("name" in value and key != "type"))
            kept = key == "name" and len(path) > 1 and path[-2] not in NAMED_BY_PLATFORM
            if not naming or kept:
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for position, inner in enumerate(value):
            yield from leaves(inner, (*path, position))
    else:
        yield path, value


def at(body: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def changed(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 7000  # ARM refuses two rules on one port, so no port may become another's
        case list():
            return [*value, "10.99.0.0"]
        case _:
            return f"{value}-other"


def spoken(body: Any, path: tuple[Step, ...]) -> str:
    """A path as differences show it: parts by name, no `properties`, no `id`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            part = body[step]
            if "code" in part:
                break
            told = next((part[key] for key in ("name", "lun", "protocol") if key in part), None)
            text += f"[{str(part.get('id', '')).rpartition('/')[2] if told is None else told}]"
        elif step not in ("properties", "id"):
            text += f".{step}"
        body = body[step]
    return text.removeprefix(".")


def label(body: Body) -> str:
    return str(body["id"]).partition("/providers/")[2]


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_as_promised_is_clean(unit: str) -> None:
    verdict = check(promised(unit), found(unit))
    assert verdict.differences == ()
    assert len(verdict.pairs) == len(promised(unit).resources)
    assert verdict.clean


@pytest.mark.parametrize("unit", UNITS)
def test_names_that_the_platform_chooses_make_no_real_difference(unit: str) -> None:
    verdict = check(promised(unit), found_under_other_names(unit))
    assert verdict.clean
    assert {item.path for item in verdict.differences} <= {"name", "subnets[default].name"}
    generated = [resource for resource in promised(unit).resources if resource.generated]
    assert len([item for item in verdict.differences if item.path == "name"]) == len(generated)


@pytest.mark.parametrize("unit", UNITS)
def test_what_arm_adds_on_its_own_makes_no_real_difference(unit: str) -> None:
    assert real(unit, found_as_arm_answers(unit)) == []


@pytest.mark.parametrize("variant", [found, found_under_other_names, found_as_arm_answers])
@pytest.mark.parametrize("unit", UNITS)
def test_every_changed_property_is_exactly_one_difference(unit: str, variant: Any) -> None:
    made = {"Microsoft.Compute/availabilitySets", "Microsoft.Network/virtualNetworks"}
    checked = 0
    unchanged = variant(unit)
    answers = {pair.resource: pair.found for pair in check(promised(unit), unchanged).pairs}
    for wanted in promised(unit).resources:
        plain = body(wanted)
        position = next(number for number, item in enumerate(unchanged) if item is answers[label(plain)])
        for path, value in leaves(plain):
            if path[-1] == "name" and wanted.generated:
                continue
            bodies = [*unchanged[:position], copy.deepcopy(unchanged[position]), *unchanged[position + 1 :]]
            target = bodies[position]
            place = _same_place(plain, target, path)
            assert isinstance(at(target, place[:-1]), dict)
            at(target, place[:-1])[place[-1]] = changed(value)
            seen = [item for item in check(promised(unit), bodies).differences if not _noise(item, variant)]
            expected = wanted.generated and wanted.type in made and path[0] == "properties"
            expected = expected or path[-1] == "platformFaultDomainCount"
            assert [(item.resource, item.path, item.severity) for item in seen] == [
                (label(plain), spoken(plain, path), "expected" if expected else "real")
            ], (path, value, seen)
            checked += 1
    assert checked > 2


def _same_place(plain: Any, target: Any, path: tuple[Step, ...]) -> tuple[Step, ...]:
    """The path in a found body; of its lists only that of statuses is longer."""
    place: list[Step] = []
    for step in path:
        longer = isinstance(step, int) and len(target) > len(plain)
        place.append(target.index(plain[step]) if longer else step)
        plain, target = plain[step], target[place[-1]]
    return tuple(place)


def _noise(item: Difference, variant: Any) -> bool:
    """What the variant itself brings, which is expected and not under test here."""
    if variant is found_under_other_names:
        return item.path in ("name", "subnets[default].name")
    return variant is found_as_arm_answers and item.severity == "informative"


@pytest.mark.parametrize("unit", UNITS)
def test_every_missing_property_is_a_difference_unless_arm_takes_the_same_by_itself(unit: str) -> None:
    silent: list[tuple[Step, Any]] = []
    unchanged = found(unit)
    for position, plain in enumerate(unchanged):
        for path, _ in leaves(plain):
            bodies = [copy.deepcopy(item) if item is plain else item for item in unchanged]
            del at(bodies[position], path[:-1])[path[-1]]
            if check(promised(unit), bodies).differences == ():
                silent.append((path[-1], at(plain, path)))
    for key, value in silent:
        assert not value or key in READ_ONLY or (key, value) in DEFAULTS, (key, value)


READ_ONLY = {
    "internalDomainNameSuffix",
    "code",
    "blob",
    "file",
    "queue",
    "table",
    "primaryLocation",
    "secondaryLocation",
}
DEFAULTS = {
    ("idleTimeoutInMinutes", 4),
    ("primary", True),
    ("name", "Basic"),
    ("loadDistribution", "Default"),
    ("privateIPAllocationMethod", "Dynamic"),
}


def containers(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """Every object and list of a body."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(inner, dict | list):
                yield (*path, step), inner
                yield from containers(inner, (*path, step))


@pytest.mark.parametrize("unit", UNITS)
def test_every_object_list_or_part_that_is_missing_is_a_difference_of_its_resource(unit: str) -> None:
    unchanged = found(unit)
    checked, silent = 0, []
    for position, plain in enumerate(unchanged):
        for path, value in containers(plain):
            bodies = [copy.deepcopy(item) if item is plain else item for item in unchanged]
            del at(bodies[position], path[:-1])[path[-1]]
            seen = check(promised(unit), bodies).differences
            assert {item.resource for item in seen} <= {label(plain)}
            checked += 1
            if not seen:
                silent.append((path, value))
    assert checked
    assert [(path, value) for path, value in silent if not _said_anyway(path, value)] == []


def _said_anyway(path: tuple[Step, ...], value: Any) -> bool:
    """What says nothing, what ARM takes anyway, or what only ARM tells."""
    told = {"statuses", "instanceView", "primaryEndpoints", "secondaryEndpoints"}
    leaf = {key: inner for key, inner in leaves(value) if inner not in ([], False)}
    if path == ("properties", "sku"):  # of a gateway
        leaf.pop(("tier",), None)
    taken = (key and not isinstance(inner, list) and (key[-1], inner) in DEFAULTS for key, inner in leaf.items())
    return bool(told & set(path)) or all(taken)


@pytest.mark.parametrize("unit", UNITS)
def test_every_resource_that_is_missing_is_a_real_difference(unit: str) -> None:
    for position, resource in enumerate(promised(unit).resources):
        bodies = found(unit)
        gone = bodies.pop(position)
        seen = [item for item in real(unit, bodies) if item.path == ""]
        made_set = resource.generated and resource.type == "Microsoft.Compute/availabilitySets"
        expected = [] if made_set else [(label(gone), gone["id"], None)]
        assert [(item.resource, item.promised, item.found) for item in seen] == expected


@pytest.mark.parametrize("unit", UNITS)
def test_every_resource_that_nobody_promised_is_a_real_difference(unit: str) -> None:
    for item in found(unit):
        surplus = {**item, "id": item["id"] + "-surplus", "name": item["name"] + "-surplus"}
        [seen] = [one for one in real(unit, [*found(unit), surplus]) if one.path == ""]
        assert (seen.resource, seen.promised, seen.found) == (label(surplus), None, surplus["id"])


def test_a_set_that_the_platform_did_not_make_is_expected_on_its_machines_too() -> None:
    bodies = [item for item in found("hostedService/Tasting") if "availabilitySets" not in item["type"]]
    for item in bodies:
        item["properties"].pop("availabilitySet", None)
    verdict = check(promised("hostedService/Tasting"), bodies)
    assert verdict.clean
    assert len(verdict.differences) == 3


def test_a_machine_that_stands_still_after_the_migration_is_a_real_difference() -> None:
    bodies = found_as_arm_answers("virtualNetwork/vineyard")
    [target] = [item for item in bodies if item["name"] == "press1"]
    target["properties"]["instanceView"]["statuses"][-1]["code"] = "PowerState/deallocated"
    [seen] = real("virtualNetwork/vineyard", bodies)
    assert (seen.path, seen.promised, seen.found) == (
        "instanceView.statuses",
        "PowerState/running",
        "PowerState/deallocated",
    )


def test_real_differences_come_first() -> None:
    bodies = found_under_other_names("hostedService/Tasting")
    bodies[0]["location"] = "elsewhere"
    severities = [item.severity for item in check(promised("hostedService/Tasting"), bodies).differences]
    assert severities[0] == "real"
    assert set(severities[1:]) == {"expected"}


def test_interfaces_without_addresses_are_told_apart_by_their_place_in_the_machine() -> None:
    bodies = found_under_other_names("virtualNetwork/vineyard")
    for item in bodies:
        for part in item["properties"].get("ipConfigurations", ()):
            part["properties"].pop("privateIPAddress", None)
    assert {item.path for item in real("virtualNetwork/vineyard", bodies)} == {
        "ipConfigurations[ipconfig1].privateIPAddress"
    }


@pytest.mark.parametrize("type", ["networkInterfaces", "publicIPAddresses", "loadBalancers", "availabilitySets"])
def test_references_to_what_may_not_be_read_are_no_differences_whatever_it_is_called(type: str) -> None:
    unit = "virtualNetwork/vineyard"
    bodies = [item for item in found_under_other_names(unit) if not item["type"].endswith(f"/{type}")]
    namespace = "Microsoft.Compute" if type == "availabilitySets" else "Microsoft.Network"
    groups = {resource.id.split("/")[4] for resource in promised(unit).resources}
    unread = [Unread(f"{namespace}/{type}", group, (), "403") for group in sorted(groups)]
    verdict = check(promised(unit), bodies, unread)
    assert verdict.told("real") == ()
    assert verdict.partial
    assert {name.split("/")[1] for name in verdict.unchecked} == {type}
    assert not check(promised(unit), bodies).clean
    [machine] = [item for item in bodies if item["name"] == "press1"]
    del machine["properties"]["networkProfile"]
    assert check(promised(unit), bodies, unread).told("real")
