"""Each rule on estates that it must find something in, and on near misses that it must not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asmosis.collect import collect
from asmosis.errors import CatalogueError, UnknownUnit, UsageError
from asmosis.facts import Facts
from asmosis.readiness import PROFILES, RULES, Finding, Rule, Severity, assess, texts, unjudged
from asmosis.readiness import rules as rules_package
from asmosis.readiness.behaviours import BEHAVIOURS, Behaviour
from asmosis.readiness.catalogue import rules_page
from asmosis.readiness.remarks import BY_THEMSELVES
from asmosis.readiness.rule import some
from asmosis.readiness.subjects import Service, by_themselves, subjects
from asmosis.units import Unit
from tests.rule_cases import CASES, SUBSCRIPTION, destination_of, estate_of, facts_of, findings_of, pattern_of, units_of

HERE = Path(__file__).parent


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
    found = [finding for finding in findings_of(case, profile) if finding.rule == rule_id]
    assert found == expected
    assert all(re.fullmatch(pattern_of(rule.text), finding.message) for finding in found if rule.text)


@pytest.mark.parametrize(("rule_id", "case"), told("silent"))
def test_a_rule_lets_a_near_miss_pass(rule_id: str, case: dict[str, Any]) -> None:
    asked = tuple(subjects(estate_of(case), units_of(case), facts_of(case), destination_of(case)))
    rule = RULES[rule_id]
    alone = (each for subject in asked if type(subject) is Service for each in by_themselves(subject.service))
    assert any(type(subject) in rule.over for subject in (*asked, *alone)), "nothing that the rule judges"
    assert all(map(facts_of(case).tells, rule.needs)), "the rule does not judge"
    found = [finding for profile in PROFILES for finding in findings_of(case, profile)]
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


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_needs_parts_of_the_facts_that_there_are(rule: Rule) -> None:
    assert {need.partition("/")[0] for need in rule.needs} <= set(Facts.model_fields) - {"unknown"}


def test_rules_that_judge_something_by_itself_judge_nothing_else_and_need_no_facts() -> None:
    alone = [rule for rule in RULES.values() if set(rule.over) & set(BY_THEMSELVES)]
    assert len(alone) > 30
    assert [rule.id for rule in alone if len(rule.over) > 1 or rule.needs] == []


def test_every_text_of_the_platform_belongs_to_a_rule() -> None:
    known = {text for name, text in vars(texts).items() if name.isupper()}
    assert known == {rule.text for rule in RULES.values() if rule.text}


def test_a_rule_without_its_facts_does_not_judge_and_is_listed_with_what_it_misses() -> None:
    case = next(case for case in CASES["sto-prepared-too-long"]["fires"])
    told = facts_of(case)
    [missed] = [
        each for each in unjudged(told.model_copy(update={"states": None})) if each.rule.startswith("sto-prepared")
    ]
    assert (missed.rule, missed.needs) == ("sto-prepared-too-long", ("states",))
    assert missed.title == RULES[missed.rule].title
    for part in ("states", "as_of"):
        without = told.model_copy(update={part: None})
        found = assess(estate_of(case), facts=without)
        assert "sto-prepared-too-long" not in {finding.rule for finding in found}
    assert "sto-prepared-too-long" not in {each.rule for each in unjudged(told)}


def test_unjudged_are_the_rules_of_the_profile_that_need_facts() -> None:
    for profile in PROFILES:
        needy = {rule.id for rule in RULES.values() if rule.needs and profile in rule.severities}
        assert {each.rule for each in unjudged(Facts(), profile)} == needy
    with pytest.raises(UsageError, match="seed-2015"):
        unjudged(Facts(), "seed-2015")


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.id)
def test_a_behaviour_is_no_rule_and_says_where_it_is_obeyed(behaviour: Behaviour) -> None:
    assert behaviour.id not in RULES
    assert not behaviour.where or (HERE.parent / behaviour.where).is_file()
    assert behaviour.source.startswith("https://github.com/")


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
