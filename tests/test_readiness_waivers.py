"""Waivers: what they accept, until when, and where a mistake in their file is said to be."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from asmosis.errors import UsageError
from asmosis.readiness.rule import Acceptance, Finding, Noticed, Severity
from asmosis.readiness.waivers import EXAMPLE, Judged, Waiver, apply, parse_waivers, read_waivers

TODAY = date(2026, 6, 30)
BLOCKER = Finding(
    rule="vm-ext-xml",
    severity=Severity.BLOCKER,
    unit="virtualNetwork/Contoso-vnet",
    resource="web/vm1",
    message="VM vm1 has an old debugger.",
    remedy="Uninstall it.",
    noticed="validate",
    evidence="Role[vm1]",
)
ACCEPTED = Acceptance("ada", "it goes with the build servers", "2026-06-30")


def waiver(**told: str) -> Waiver:
    whole = {"rule": "vm-ext-xml", "who": "ada", "why": "it goes with the build servers", "until": "2026-06-30"}
    return Waiver.model_validate(whole | (told if {"unit", "resource"} & set(told) else {"unit": "*"} | told))


def verdict(finding: Finding, *waivers: Waiver) -> Judged:
    return apply([finding], waivers, TODAY)


def file_with(**changes: str | None) -> str:
    told = {"rule": "vm-ext-xml", "unit": "virtualNetwork/net", "who": "ada", "why": "old", "until": "2026-12-31"}
    lines = [f"{name}: {value}" for name, value in (told | changes).items() if value is not None]
    return "waivers:\n  - " + "\n    ".join(lines) + "\n"


def problem_in(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_waivers(text.encode(), "w.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"unit": "*"}, id="every unit"),
        pytest.param({"unit": "virtualNetwork/contoso-vnet"}, id="the unit, spelled in another way"),
        pytest.param({"unit": "virtualnetwork/contoso-*"}, id="a pattern of units"),
        pytest.param({"resource": "WEB/*"}, id="a pattern of resources"),
        pytest.param({"unit": "*/contoso-vnet", "resource": "web/vm?"}, id="both patterns"),
    ],
)
def test_what_a_waiver_matches_is_accepted_and_stays_visible(told: dict[str, str]) -> None:
    judged = verdict(BLOCKER, waiver(**told))
    assert judged == Judged((replace(BLOCKER, waiver=ACCEPTED),), (), ())
    assert BLOCKER.blocks
    assert not judged.findings[0].blocks


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"rule": "vm-asr"}, id="another rule"),
        pytest.param({"unit": "virtualNetwork/contoso"}, id="another unit"),
        pytest.param({"unit": "*", "resource": "web/vm"}, id="another resource"),
        pytest.param({"unit": "hostedService/*"}, id="another kind"),
    ],
)
def test_a_waiver_about_something_else_is_reported_as_unused(told: dict[str, str]) -> None:
    judged = verdict(BLOCKER, waiver(**told))
    assert (judged.findings, judged.expired) == ((BLOCKER,), ())
    assert [each.waiver for each in judged.unused] == [waiver(**told)]


def test_an_unused_waiver_says_which_unit_of_its_rule_it_may_have_meant() -> None:
    close, far = waiver(unit="virtualNetwork/Contoso-vnt"), waiver(unit="reservedIp/x")
    judged = verdict(BLOCKER, close, far)
    assert [each.hint for each in judged.unused] == ["Did you mean 'virtualNetwork/Contoso-vnet'?", ""]


@pytest.mark.parametrize(("until", "accepted"), [("2026-06-30", True), ("2026-06-29", False), ("2027-01-01", True)])
def test_a_waiver_holds_to_the_end_of_its_last_day(until: str, *, accepted: bool) -> None:
    used = waiver(until=until)
    judged = verdict(BLOCKER, used)
    assert judged.findings[0].blocks is not accepted
    assert judged.expired == (() if accepted else (used,))
    assert judged.unused == ()


def test_the_first_waiver_that_still_holds_counts_and_the_expired_one_is_named() -> None:
    over, holds, later = waiver(until="2026-01-01"), waiver(who="bob", until="2026-07-01"), waiver(until="2026-08-01")
    judged = verdict(BLOCKER, over, holds, later)
    assert judged.findings[0].waiver == Acceptance("bob", "it goes with the build servers", "2026-07-01")
    assert (judged.expired, judged.unused) == ((over,), ())


@pytest.mark.parametrize(
    ("severity", "noticed", "refused"),
    [
        (Severity.BLOCKER, "validate", True),
        (Severity.BLOCKER, "prepare", True),
        (Severity.BLOCKER, "never", False),
        (Severity.WARNING, "validate", False),
    ],
)
def test_what_the_platform_refuses_it_refuses_in_spite_of_a_waiver(
    severity: Severity, noticed: Noticed, *, refused: bool
) -> None:
    finding = replace(BLOCKER, severity=severity, noticed=noticed)
    assert not finding.still_refused_by_platform
    assert verdict(finding, waiver()).findings[0].still_refused_by_platform is refused


def test_findings_keep_their_number_and_order() -> None:
    others = [replace(BLOCKER, rule="vm-asr"), BLOCKER, replace(BLOCKER, unit="hostedService/x"), BLOCKER]
    judged = apply(others, [waiver(unit="virtualNetwork/*")], TODAY)
    assert [replace(finding, waiver=None) for finding in judged.findings] == others
    assert [finding.waiver is not None for finding in judged.findings] == [False, True, False, True]


def test_an_accepted_finding_is_plain_data() -> None:
    shown = asdict(verdict(BLOCKER, waiver()).findings[0])
    assert shown["waiver"] == {"who": "ada", "why": "it goes with the build servers", "until": "2026-06-30"}


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text(file_with() + file_with(rule="vm-asr", unit=None, resource="web/*").removeprefix("waivers:\n"))
    first, second = read_waivers(file)
    assert (first.rule, first.unit, first.resource) == ("vm-ext-xml", "virtualNetwork/net", "*")
    assert (first.who, first.why, first.until) == ("ada", "old", date(2026, 12, 31))
    assert (second.rule, second.unit, second.resource) == ("vm-asr", "*", "web/*")


def test_the_example_of_the_documentation_is_a_file_of_waivers() -> None:
    first, second = parse_waivers(EXAMPLE.encode(), "example")
    assert (first.unit, second.resource) == ("virtualNetwork/contoso-*", "contoso-web/*")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            file_with(rule="vm-ext-xm"),
            "w.yaml:2: waivers.1: there is no rule 'vm-ext-xm'. Did you mean 'vm-ext-xml'?",
            id="a typo in a rule",
        ),
        pytest.param(
            file_with(rule="everything"),
            "w.yaml:2: waivers.1: there is no rule 'everything'. `asmosis rules` lists the rules.",
            id="no rule at all",
        ),
        pytest.param(
            file_with(unit="virtalNetwork/net"),
            "w.yaml:3: waivers.1: 'virtalNetwork/net' is not a unit. Did you mean 'virtualNetwork'?",
            id="a typo in a kind",
        ),
        pytest.param(
            file_with(unit="net"), "w.yaml:3: waivers.1: 'net' is not a unit. Write KIND/NAME; kinds: ", id="no kind"
        ),
        pytest.param(
            file_with(unit="virtualNetwork"), "w.yaml:3: waivers.1: 'virtualNetwork' is not a unit.", id="only a kind"
        ),
        pytest.param(
            file_with(unit=None),
            "w.yaml:2: waivers.1: it holds everywhere. Write unit: or resource: and a pattern; '*' is all.",
            id="neither unit nor resource",
        ),
        pytest.param(file_with(who=None), "w.yaml:2: 'waivers.1.who' is missing. Write who: and its value.", id="who"),
        pytest.param(file_with(why=None), "w.yaml:2: 'waivers.1.why' is missing. Write why: and its value.", id="why"),
        pytest.param(file_with(until=None), "w.yaml:2: 'waivers.1.until' is missing. Write until: ", id="until"),
        pytest.param(
            file_with(why="' '"), "w.yaml:5: waivers.1: 'why' is empty. Write why: and its value.", id="blank"
        ),
        pytest.param(file_with(who="''"), "w.yaml:4: waivers.1: 'who' is empty. Write who: and its value.", id="empty"),
        pytest.param(
            file_with(until="1735689600"),
            "w.yaml:6: waivers.1: until '1735689600' is not a day. Write it as YYYY-MM-DD.",
            id="seconds for a day",
        ),
        pytest.param(
            file_with(until="2026-02-30"), "w.yaml:6: waivers.1.until: Input should be a valid date", id="no such day"
        ),
        pytest.param(
            file_with(unti="x"), "w.yaml:7: unknown key 'waivers.1.unti'. Did you mean 'until'?", id="a typo in a key"
        ),
        pytest.param("waivers: [a]", "w.yaml:1: waivers.1: Input should be a valid dictionary", id="no mapping"),
        pytest.param("- rule: vm-asr", "w.yaml:1: not a file of waivers. Give it the keys waivers.", id="only a list"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_remedy(text: str, said: str) -> None:
    problem = problem_in(text)
    assert problem.startswith(said)
    assert "\n" not in problem
