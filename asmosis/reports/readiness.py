"""What the rules and the platform's own validate say, before any lock."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from asmosis.classic.subscription import ValidationMessage
from asmosis.readiness import RULES, Finding, Severity
from asmosis.reports.assessment import STANDINGS, WAIVED, accepted, standing
from asmosis.reports.markdown import code, count, page, table, text
from asmosis.units import Unit

NOTICED = {
    "validate": "validate notices",
    "prepare": "only prepare notices",
    "commit": "only commit notices",
    "never": "never notices",
    "call": "refuses the call",
}
"""When the platform itself would find out, in words."""


def findings_page(unit: Unit, findings: Sequence[Finding], messages: Sequence[ValidationMessage]) -> str:
    """One unit: our findings, gravest first, and the platform's messages with the rules that say the same."""
    errors = sum(message.category == "Error" for message in messages)
    blockers = sum(finding.blocks for finding in findings)
    return page(
        f"# Findings: {text(unit.short)}",
        f"**{'Blocked.' if blockers or errors else 'Nothing stops this unit.'}** {_counted(findings)};"
        f" the platform's validate names {count(errors, 'error')}.",
        "## What asmosis found" if findings else "",
        _findings_table(findings),
        "## What the platform's validate says" if messages else "",
        _messages_table(messages, findings),
    )


def readiness_page(units: Sequence[Unit], findings: Sequence[Finding]) -> str:
    """A subscription: which units can go, what blocks the others, and how often each rule found something."""
    by_unit: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_unit[finding.unit].append(finding)
    names = list(dict.fromkeys([*(unit.short for unit in units), *by_unit]))
    blocked = {finding.unit for finding in findings if finding.blocks}
    return page(
        "# Readiness",
        f"**{len(names) - len(blocked)} ready, {len(blocked)} blocked.** {_counted(findings)}.",
        _more(units),
        "## Units" if names else "",
        _units_table(sorted(names, key=lambda name: name not in blocked), by_unit),
        "## Reasons" if findings else "",
        _reasons_table(findings),
        "## Findings" if findings else "",
        _findings_table(sorted(findings, key=_gravity), with_unit=True),
    )


def _counted(findings: Sequence[Finding]) -> str:
    number = Counter(standing(finding) for finding in findings)
    waived = f", {number[WAIVED]} accepted" if number[WAIVED] else ""
    return (
        f"{count(number[Severity.BLOCKER], 'blocker')}, {count(number[Severity.WARNING], 'warning')},"
        f" {count(number[Severity.INFORMATION], 'note')}{waived}"
    )


def _more(units: Sequence[Unit]) -> str:
    if not units:
        return ""
    command = f"asmosis assess --subscription {units[0].subscription} --out readiness.html"
    return f"Charts, search and everything about each unit in one file: {code(command)}"


def _findings_table(findings: Sequence[Finding], *, with_unit: bool = False) -> str:
    if not findings:
        return ""
    return table(
        ("Severity", "Rule", *(("Unit",) if with_unit else ()), "Resource", "What is the matter", "Remedy", "Platform"),
        (
            (
                standing(finding),
                code(finding.rule),
                *((text(finding.unit),) if with_unit else ()),
                text(finding.resource),
                text(f"{finding.message} {accepted(finding)}"),
                text(finding.remedy),
                NOTICED[finding.noticed],
            )
            for finding in sorted(findings, key=_gravity)
        ),
    )


def _messages_table(messages: Sequence[ValidationMessage], findings: Sequence[Finding]) -> str:
    if not messages:
        return ""
    ours: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for finding in findings:
        ours[_gist(finding.message)][code(finding.rule)] = None
    return table(
        ("Category", "Resource", "VM", "Message", "Our rule"),
        (
            (
                text(message.category),
                text(f"{message.resource_type}/{message.resource_name}"),
                text(message.virtual_machine or ""),
                text(message.message),
                ", ".join(ours[_gist(message.message)]),
            )
            for message in messages
        ),
    )


def _units_table(names: Sequence[str], by_unit: dict[str, list[Finding]]) -> str:
    if not names:
        return ""
    return table(
        ("Unit", "Ready", "Blockers", "Warnings", "First reason"),
        (
            (
                text(name),
                "no" if blockers else "yes",
                str(len(blockers)),
                str(sum(standing(finding) == Severity.WARNING for finding in by_unit[name])),
                text(blockers[0].message) if blockers else "",
            )
            for name in names
            for blockers in [[finding for finding in by_unit[name] if finding.blocks]]
        ),
    )


def _reasons_table(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    units: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for finding in findings:
        units[standing(finding), finding.rule].add(finding.unit)
    most_first = sorted(units.items(), key=lambda item: (STANDINGS.index(item[0][0]), -len(item[1]), item[0][1]))
    return table(
        ("Severity", "Rule", "Units", "What it is"),
        ((stands, code(rule), str(len(found)), text(RULES[rule].title)) for (stands, rule), found in most_first),
    )


def _gravity(finding: Finding) -> int:
    return STANDINGS.index(standing(finding))


def _gist(message: str) -> str:
    return " ".join(message.split()).casefold()
