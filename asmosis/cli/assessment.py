"""Verbs about a subscription as it is: taken down as documents, judged by the rules, and the rules themselves."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from asmosis import collector
from asmosis.azure.facts import gather_facts
from asmosis.classic.archive import file_name
from asmosis.cli.destinations import destination
from asmosis.cli.output import DONE, NO, say, write_json, write_line, write_table
from asmosis.cli.report_files import report_files
from asmosis.cli.sources import not_understood, planes_of, source_of, taken
from asmosis.cli.verdicts import show
from asmosis.errors import UsageError
from asmosis.facts import FACTS_FILE, read_facts
from asmosis.readiness import PROFILES, RULES, remarks_by, unjudged
from asmosis.readiness import assess as judge
from asmosis.readiness.catalogue import rules_page
from asmosis.readiness.rule import PLATFORM_2023
from asmosis.readiness.waivers import apply, read_waivers
from asmosis.reports.assessment import assessment, with_losses
from asmosis.reports.record import record
from asmosis.units import Unit
from asmosis.yaml_files import to_yaml


@dataclass(frozen=True)
class Asked:
    """What to judge, by what, and where to keep the answer."""

    units: Sequence[str] = ()
    profile: str = PLATFORM_2023
    waivers: Path | None = None
    facts: Path | None = None
    network: str = ""
    out: Sequence[Path] = ()
    everything: bool = False
    as_json: bool = False


@collector.paused()
def assess(sources: Sequence[Path], subscription: str, asm_url: str, asked: Asked) -> int:
    """Judge a live subscription, or the one that documents describe; `NO` if a unit is blocked."""
    # What is wrong with the question is said before any work.
    remarks = remarks_by(asked.profile)
    files = report_files(asked.out)
    waivers = read_waivers(asked.waivers) if asked.waivers else ()
    joins = destination(asked.network)
    told = read_facts(asked.facts) if asked.facts else None
    source = source_of(sources, subscription, asm_url)
    wanted = [Unit.parse(text, source.subscription) for text in asked.units]
    reading = source.read(remarks)
    estate = reading.estate
    # A network that only deployments name can be judged; what nobody names is a slip of the caller's.
    wanted = [
        unit if unit.kind == "virtualNetwork" and estate.services_of(unit) else estate.unit(unit) for unit in wanted
    ]
    facts = source.facts(estate, told)
    findings = judge(estate, asked.profile, wanted or None, facts=facts, destination=joins, remarks=remarks)
    judged = apply(findings, waivers, datetime.now(UTC).date())
    assessed = replace(
        assessment(estate, asked.profile, judged.findings, wanted, facts.history or ()),
        unjudged=unjudged(facts, asked.profile),
        unknown=facts.unknown,
        expired=judged.expired,
        unused=judged.unused,
        unread=reading.unread,
        unreadable=reading.unreadable,
    )
    if any(file.tells_losses for file in files):
        assessed = with_losses(assessed, estate, joins)
    for file in files:
        file.write(assessed)
        say(f"kept in {file.path}")
    for line in not_understood(reading):
        say(line)
    if asked.as_json:
        write_json(record(assessed))
    else:
        show(assessed, everything=asked.everything)
    return NO if assessed.blocked or not reading.understood else DONE


def archive(folder: Path, subscription: str, asm_url: str, *, as_json: bool) -> int:
    """Write every document of a live subscription into an empty folder; `NO` if some of it was not understood."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(str(folder), "it is there and not an empty folder", "Name a new folder.")
    planes = planes_of(subscription, asm_url)
    found = taken(planes)
    facts = gather_facts(planes, found.estate)
    # What owners put into settings may be secret: readable by nobody else.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    contents = {file_name(document.path): document.content for document in found.documents}
    for name, content in (contents | {FACTS_FILE: to_yaml(facts).encode()}).items():
        with os.fdopen(os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
    for path in (*found.unread, *found.unreadable):
        say(f"not understood: {path}")
    units = [unit.short for unit in found.estate.units]
    if as_json:
        problems = {"unread": list(found.unread), "unreadable": list(found.unreadable)}
        kept = {"folder": str(folder), "documents": list(contents), "facts": FACTS_FILE}
        write_json(kept | {"units": units} | problems)
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
        fields = ("id", "title", "remedy", "source", "noticed", "text", "needs", "assumed")
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
