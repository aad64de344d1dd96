"""Verbs about a subscription as it is: taken down as documents, judged by the rules, and the rules themselves."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from asmosis.azure.inventory import RawDocument
from asmosis.classic.estate import Estate
from asmosis.cli.output import DONE, NO, say, write_json, write_line, write_table
from asmosis.cli.sources import planes_of, source_of, taken
from asmosis.errors import UsageError
from asmosis.readiness import PROFILES, RULES, Finding, Severity
from asmosis.readiness import assess as judge
from asmosis.readiness.catalogue import rules_page
from asmosis.units import KINDS, Unit


@dataclass(frozen=True)
class Verdict:
    """A unit and what the rules found in it."""

    unit: str
    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing found stops the unit."""
        return not any(finding.severity is Severity.BLOCKER for finding in self.findings)


def assess(
    sources: Sequence[Path], subscription: str, asm_url: str, *, units: Sequence[str], profile: str, as_json: bool
) -> int:
    """Judge a live subscription, or the one that documents describe; `NO` if a unit is blocked."""
    source = source_of(sources, subscription, asm_url)
    wanted = [Unit.parse(text, source.subscription) for text in units]
    estate, unread = source.read()
    # A network that only deployments name can be judged; what nobody names is a slip of the caller's.
    wanted = [
        unit if unit.kind == "virtualNetwork" and estate.services_of(unit) else estate.unit(unit) for unit in wanted
    ]
    findings = judge(estate, profile, wanted or None)
    verdicts = _by_unit(estate, findings, wanted)
    for path in unread:
        say(f"not understood: {path}")
    if as_json:
        write_json(_as_json(estate.subscription, profile, verdicts, findings, unread))
    else:
        _show(estate.subscription, profile, verdicts, findings)
    blocked = any(finding.severity is Severity.BLOCKER for finding in findings)
    return NO if blocked or unread else DONE


def archive(folder: Path, subscription: str, asm_url: str, *, as_json: bool) -> int:
    """Write every document of a live subscription into an empty folder; `NO` if some of it was not understood."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(str(folder), "it is there and not an empty folder", "Name a new folder.")
    found = taken(planes_of(subscription, asm_url))
    # What owners put into settings may be secret: readable by nobody else.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for document in found.documents:
        with os.fdopen(os.open(folder / _file_name(document), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(document.content)
    for path in (*found.unread, *found.unreadable):
        say(f"not understood: {path}")
    units = [unit.short for unit in found.estate.units]
    if as_json:
        problems = {"unread": list(found.unread), "unreadable": list(found.unreadable)}
        names = [_file_name(document) for document in found.documents]
        write_json({"folder": str(folder), "documents": names, "units": units, **problems})
    else:
        write_line(f"{len(found.documents)} documents with {len(units)} units in {folder}")
    return NO if found.unread or found.unreadable else DONE


def rules(profile: str, *, as_page: bool, as_json: bool) -> int:
    """List the rules of a profile, or of all profiles; the page is always of all."""
    if as_page and (profile or as_json):
        raise UsageError("--markdown", "the page is whole and no JSON", "Leave --profile and --json out.")
    if as_page:
        sys.stdout.write(rules_page())
        return DONE
    if profile and profile not in PROFILES:
        problem = "there is no such profile"
        raise UsageError(f"--profile {profile!r}", problem, f"Profiles: {', '.join(PROFILES)}.")
    chosen = [rule for rule in RULES.values() if not profile or profile in rule.severities]
    if as_json:
        fields = ("id", "title", "remedy", "source", "noticed")
        listed = [
            {name: getattr(rule, name) for name in fields} | {"severities": dict(rule.severities)} for rule in chosen
        ]
        write_json({"rules": listed})
    else:
        rows = [
            (rule.id, ", ".join(f"{name}: {severity}" for name, severity in rule.severities.items()), rule.title)
            for rule in chosen
        ]
        write_table(("Rule", "Severity", "What it looks for"), rows)
    return DONE


def _file_name(document: RawDocument) -> str:
    """A list sorts before its members, so that reading the folder in order lets the details stand."""
    path = document.path.partition("?")[0]
    return "__".join(quote(unquote(step), safe=" ") for step in path.split("/")) + ".xml"


def _by_unit(estate: Estate, findings: Sequence[Finding], wanted: Sequence[Unit]) -> tuple[Verdict, ...]:
    """Every unit asked for, and those that only a finding names: a network that is not there, for one."""
    spelled = {unit.short.casefold(): unit.short for unit in estate.units}
    names = {unit.short.casefold(): unit.short for unit in wanted} or spelled
    found: dict[str, tuple[str, list[Finding]]] = {key: (spelled.get(key, names[key]), []) for key in names}
    for finding in findings:
        if finding.unit.partition("/")[0] in KINDS:
            found.setdefault(finding.unit.casefold(), (finding.unit, []))[1].append(finding)
    return tuple(Verdict(name, tuple(its_findings)) for name, its_findings in found.values())


def _of_no_unit(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.unit.partition("/")[0] not in KINDS)


def _as_json(
    subscription: str,
    profile: str,
    verdicts: Sequence[Verdict],
    findings: Sequence[Finding],
    unread: Sequence[str],
) -> dict[str, Any]:
    return {
        "subscription": subscription,
        "profile": profile,
        "findings": [asdict(finding) for finding in _of_no_unit(findings)],
        "units": [
            {
                "unit": verdict.unit,
                "ready": verdict.ready,
                "findings": [asdict(finding) for finding in verdict.findings],
            }
            for verdict in verdicts
        ],
        "unread": list(unread),
    }


def _show(subscription: str, profile: str, verdicts: Sequence[Verdict], findings: Sequence[Finding]) -> None:
    for finding in _of_no_unit(findings):
        write_line(f"{finding.severity}: {finding.message} {finding.remedy} ({finding.rule})")
    rows = []
    for verdict in verdicts:
        reasons = [finding for finding in verdict.findings if finding.severity is not Severity.INFORMATION]
        rows.append((verdict.unit, "ready" if verdict.ready else "blocked", "", "", ""))
        rows.extend(("", finding.severity, finding.rule, finding.resource, finding.message) for finding in reasons)
    if rows:
        write_table(("Unit", "Answer", "Rule", "Resource", "Reason"), rows)
    ready = sum(verdict.ready for verdict in verdicts)
    write_line(f"{ready} of {len(verdicts)} units of subscription {subscription} are ready by the rules of {profile}.")
