"""Each rule on estates that it must find something in, and on near misses that it must not.

A case in `readiness/*.yaml` tells only what matters to it; `estate_of` adds what every real estate has.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from asmosis.classic.estate import Estate
from asmosis.collect import collect
from asmosis.errors import CatalogueError, UnknownUnit, UsageError
from asmosis.readiness import PROFILES, RULES, Finding, Rule, Severity, assess
from asmosis.readiness import rules as rules_package
from asmosis.readiness.catalogue import rules_page
from asmosis.readiness.rule import some
from asmosis.readiness.subjects import subjects
from asmosis.units import Unit

HERE = Path(__file__).parent
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
FILES = sorted((HERE / "readiness").glob("*.yaml"))
CASES: dict[str, dict[str, list[dict[str, Any]]]] = {
    rule: cases for file in FILES for rule, cases in yaml.safe_load(file.read_text()).items()
}


def estate_of(case: dict[str, Any]) -> Estate:
    told = dict(case.get("estate", {}))
    services = [_service(one) for one in told.pop("services", [])]
    networks = [_network(one) for one in told.pop("networks", [])]
    whole = {"subscription": SUBSCRIPTION, "hosted_services": services, "virtual_networks": networks, **told}
    return Estate.model_validate(whole)


def _service(told: dict[str, Any]) -> dict[str, Any]:
    rest = {"name": "web"} | told
    network, machines = rest.pop("network", None), rest.pop("machines", [{}])
    built = [_machine({"name": f"vm{number}"} | machine, network) for number, machine in enumerate(machines, start=1)]
    deployment = {
        "name": f"{rest['name']}-d",
        "slot": "Production",
        "status": "Running",
        "virtual_network": network,
        "roles": [role for role, _ in built],
        "instances": [instance for _, instance in built if instance],
        "virtual_ips": [{"address": "40.1.2.3", "name": "vip", "reserved": True, "reserved_ip": "kept"}],
    } | rest.pop("deployment", {})
    return {"location": "West US", "deployments": [deployment, *rest.pop("others", [])]} | rest


def _machine(told: dict[str, Any], network: str | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    name = told["name"]
    configuration = {
        "configuration_set_type": "NetworkConfiguration",
        "subnets": ["apps"] if network else [],
        "input_endpoints": [{"name": "ssh", "port": 50022, "local_port": 22, "protocol": "tcp", "vip": "40.1.2.3"}],
    } | told.get("network", {})
    role = {
        "type": "PersistentVMRole",
        "name": name,
        "role_type": "PersistentVMRole",
        "configuration_sets": [configuration],
        "os_disk": {
            "name": f"{name}-os",
            "media_link": f"https://acct.blob.core.windows.net/vhds/{name}.vhd",
            "os": "Linux",
        },
        "size": "Small",
    } | told.get("role", {})
    instance = {
        "role_name": name,
        "name": name,
        "status": "ReadyRole",
        "agent": {"status": "Ready"},
    }
    return role, None if told.get("instance", {}) is None else instance | told.get("instance", {})


def _network(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "net",
        "location": "West US",
        "address_prefixes": ["10.0.0.0/16"],
        "subnets": [{"name": "apps", "address_prefix": "10.0.1.0/24"}],
    } | told


def units_of(case: dict[str, Any]) -> list[Unit] | None:
    return [Unit.parse(text, SUBSCRIPTION) for text in case["units"]] if "units" in case else None


def told(kind: str) -> list[Any]:
    return [
        pytest.param(rule, case, id=f"{rule}: {case['when']}") for rule, cases in CASES.items() for case in cases[kind]
    ]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("rule_id", "case"), told("fires"))
def test_a_rule_finds_exactly_this(rule_id: str, case: dict[str, Any], profile: str) -> None:
    rule = RULES[rule_id]
    expected = [
        Finding(
            rule=rule_id,
            severity=rule.severities[profile],
            unit=find["unit"],
            resource=find["resource"],
            message=find["message"],
            remedy=rule.remedy,
            noticed=rule.noticed,
            evidence=find["evidence"],
        )
        for find in case["finds"]
        if profile in rule.severities
    ]
    found = assess(estate_of(case), profile, units_of(case))
    assert [finding for finding in found if finding.rule == rule_id] == expected


@pytest.mark.parametrize(("rule_id", "case"), told("silent"))
def test_a_rule_lets_a_near_miss_pass(rule_id: str, case: dict[str, Any]) -> None:
    estate, units = estate_of(case), units_of(case)
    asked = [subject for subject in subjects(estate, units) if type(subject) in RULES[rule_id].over]
    assert asked, "nothing in the case is of a kind that the rule judges"
    found = [finding for profile in PROFILES for finding in assess(estate, profile, units)]
    assert [finding for finding in found if finding.rule == rule_id] == []


def test_every_rule_has_a_firing_and_a_silent_case() -> None:
    complete = {rule for rule, cases in CASES.items() if cases.get("fires") and cases.get("silent")}
    assert set(RULES) == complete


def test_every_file_of_rules_is_collected_and_holds_nothing_that_is_not() -> None:
    on_disk = {path.stem for path in Path(rules_package.__path__[0]).glob("*.py")} - {"__init__"}
    assert {rule.judge.__module__.rpartition(".")[2] for rule in RULES.values()} == on_disk


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_every_rule_keeps_the_house_rules(rule: Rule) -> None:
    assert rule.remedy.endswith(".")
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.source.startswith("https://github.com/")
    assert rule.severities
    assert set(rule.severities) <= set(PROFILES)
    assert rule.judge.__doc__


def test_two_rules_of_one_id_are_refused() -> None:
    from types import ModuleType  # noqa: PLC0415 -- only this test makes a module

    twins = [ModuleType("one"), ModuleType("two")]
    for module in twins:
        vars(module)["twin"] = Rule("twin", {}, "", "", "", "never", (), lambda _subject: iter(()))
    with pytest.raises(CatalogueError, match="two defines twin a second time"):
        collect(Rule, lambda rule: rule.id, *twins)


def test_a_rule_that_breaks_is_a_blocker_naming_itself_and_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_subject: object) -> Iterator[Any]:
        yield from ()
        raise ZeroDivisionError("no such thing")

    estate = estate_of({"estate": {"services": [{"network": "net"}], "networks": [{}]}})
    before = assess(estate)
    broken = Rule(
        "vm-broken", RULES["vm-no-subnet"].severities, "", "", "", "never", RULES["vm-no-subnet"].over, breaks
    )
    monkeypatch.setitem(RULES, "vm-broken", broken)
    after = assess(estate)
    [finding] = [finding for finding in after if finding.rule == "vm-broken"]
    assert finding.severity is Severity.BLOCKER
    assert finding.blocks
    assert (finding.unit, finding.message) == (
        "virtualNetwork/net",
        "The rule vm-broken could not judge this: ZeroDivisionError: no such thing",
    )
    assert tuple(finding for finding in after if finding.rule != "vm-broken") == before


def test_findings_come_by_unit_then_gravest_first_then_by_rule() -> None:
    estate = estate_of(
        {
            "estate": {
                "services": [
                    {"name": "alone", "affinity_group": "ag", "deployment": {"status": "Deploying"}},
                    {"name": "inside", "network": "net", "deployment": {"status": "Deploying", "locked": True}},
                ],
                "networks": [{"address_prefixes": ["10.0.0.1/16"]}],
                "storage_accounts": [{"name": "acct", "account_type": "Standard_LRS"}],
            }
        }
    )
    found = assess(estate)
    assert list(dict.fromkeys(finding.unit for finding in found)) == [
        "virtualNetwork/net",
        "hostedService/alone",
        "storageAccount/acct",
    ]
    ranks = [(finding.unit, list(Severity).index(finding.severity), finding.rule) for finding in found]
    by_unit = {unit: [rank for rank in ranks if rank[0] == unit] for unit, _, _ in ranks}
    assert all(inner == sorted(inner) for inner in by_unit.values())
    assert {finding.severity for finding in found} == set(Severity)
    assert assess(estate) == found


def test_only_the_units_that_were_asked_for_are_judged() -> None:
    estate = estate_of({"estate": {"services": [{"name": "one"}, {"name": "two"}]}})
    found = assess(estate, units=[Unit(SUBSCRIPTION, "hostedService", "TWO")])
    assert {finding.unit for finding in found} == {"hostedService/two"}


@pytest.mark.parametrize("kind", ["hostedService", "networkSecurityGroup", "routeTable", "reservedIp"])
def test_a_unit_that_is_not_there_is_refused(kind: str) -> None:
    with pytest.raises(UnknownUnit, match="nowhere"):
        assess(estate_of({}), units=[Unit(SUBSCRIPTION, kind, "nowhere")])


@pytest.mark.parametrize(
    ("number", "shown"), [(1, "n1"), (5, "n1, n2, n3, n4, n5"), (6, "n1, n2, n3, n4, n5 and 1 more")]
)
def test_messages_spell_out_a_few_names(number: int, shown: str) -> None:
    assert some(f"n{position}" for position in range(1, number + 1)) == shown


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"profile 'seed-2015'.*seed-2016, platform-2023"):
        assess(estate_of({}), "seed-2015")


def test_the_documented_catalogue_is_current() -> None:
    assert (HERE.parent / "docs" / "rules.md").read_text() == rules_page()
    assert all(f"[`{rule}`]" in rules_page() for rule in RULES)
