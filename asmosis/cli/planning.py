"""The verb about waves: proposed from estates, and kept up with what people and runs have done since."""

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from asmosis.cli.output import DONE, NO, say, write_json
from asmosis.cli.sources import Source, not_understood, source_of
from asmosis.errors import Unreachable, UsageError
from asmosis.facts import read_facts
from asmosis.planning.files import PLAN_FILE, plan_schema, read_plan, written
from asmosis.planning.happened import NOTHING, Happened, happened
from asmosis.planning.plan import Limits, Plan
from asmosis.planning.propose import STANDING, Proposal, propose
from asmosis.planning.survey import Survey, survey
from asmosis.planning.weights import counted
from asmosis.readiness import PROFILES
from asmosis.readiness.waivers import apply, read_waivers
from asmosis.runs import Runs
from asmosis.yaml_files import did_you_mean

_PICTURES = (".html", ".md", ".json")


@dataclass(frozen=True)
class Asked:
    """Whose estates, by which rules, and where the plan goes; what is empty comes from the plan that is updated."""

    sources: Sequence[Path] = ()
    subscriptions: Sequence[str] = ()
    asm_url: str = ""
    facts: Sequence[Path] = ()
    waivers: Path | None = None
    update: Path | None = None
    to: Path | None = None
    out: Sequence[Path] = ()
    name: str = ""
    profile: str = ""
    first: str = ""
    limits: Sequence[str] = ()
    include_blocked: bool = False
    as_json: bool = False


def plan(asked: Asked) -> int:
    """Propose a plan, or bring one up to date; `NO` if something classic was not understood."""
    for path in (*asked.out, *((asked.to,) if asked.to else ())):
        _refuse_unwritable(path, asked)
    old = asked.update.read_text(encoding="utf-8", errors="replace") if asked.update else ""
    base = _with_options(read_plan(asked.update) if asked.update else Plan(), asked)
    waivers = read_waivers(asked.waivers) if asked.waivers else ()
    told = [read_facts(path) for path in asked.facts]
    surveys: list[Survey] = []
    complaints: list[str] = []
    for position, source in enumerate(_sources(asked, base)):
        reading = source.read()
        facts = source.facts(reading.estate, told[position] if position < len(told) else None)
        found = survey(reading.whole(), base, facts)
        judged = apply(found.findings, waivers, datetime.now(UTC).date())
        surveys.append(replace(found, findings=judged.findings))
        complaints += not_understood(reading)
    base = _of_subscriptions(base, surveys)
    known = _happened(base) if base.waves else NOTHING
    try:
        proposal = propose(surveys, base, known)
    except UsageError as error:
        raise _at_its_line(error, asked.update, old) from None
    for line in (*complaints, *proposal.notes):
        say(line)
    _write(proposal, old, asked)
    return NO if complaints else DONE


def schema() -> int:
    """Print the JSON schema of plan files."""
    sys.stdout.write(plan_schema())
    return DONE


def _write(proposal: Proposal, old: str, asked: Asked) -> None:
    # Drawing costs a second that nobody else need wait for.
    from asmosis.reports.plan_webpage import plan_webpage  # noqa: PLC0415 - see above
    from asmosis.reports.plans import plan_page, plan_record  # noqa: PLC0415 - see above

    text = written(proposal, old)
    target = asked.to or asked.update
    if target and text != old:
        _replace(target, text)
    for path in asked.out:
        if path.suffix == ".html":
            _replace(path, plan_webpage(proposal))
        elif path.suffix == ".md":
            _replace(path, plan_page(proposal))
        else:
            _replace(path, json.dumps(plan_record(proposal), indent=1) + "\n")
    if asked.as_json:
        write_json(plan_record(proposal))
    elif target is None:
        sys.stdout.write(text)
    else:
        units = sum(len(wave.units) for wave in proposal.plan.waves)
        out = len(proposal.plan.left_out)
        waves = counted(len(proposal.plan.waves), "wave")
        say(f"{target}: {waves} with {counted(units, 'unit')}, {out} left out")


def _sources(asked: Asked, base: Plan) -> tuple[Source, ...]:
    """One source per subscription; documents do not say whose they are, so they go with the subscriptions in turn."""
    known = asked.subscriptions or _subscriptions_of(base)
    if not asked.sources or len(known) < 2:  # noqa: PLR2004 - documents of one subscription may come in several folders
        return tuple(source_of(asked.sources, each, asked.asm_url) for each in (known or ("",)))
    if len(asked.sources) != len(known):
        problem = f"{len(asked.sources)} folders for {len(known)} subscriptions"
        raise UsageError("--from", problem, "Give one --from per --subscription, in the same order.")
    return tuple(source_of([path], each, asked.asm_url) for path, each in zip(asked.sources, known, strict=True))


def _subscriptions_of(base: Plan) -> tuple[str, ...]:
    if base.subscription:
        return (base.subscription,)
    return tuple(dict.fromkeys(base.unit(each.unit).subscription for wave in base.waves for each in wave.units))


def _with_options(base: Plan, asked: Asked) -> Plan:
    changes: dict[str, Any] = {}
    if asked.name:
        changes["name"] = asked.name
    if asked.profile:
        if asked.profile not in PROFILES:
            remedy = f"Profiles: {', '.join(PROFILES)}."
            raise UsageError(f"--profile {asked.profile!r}", "there is no such profile", remedy)
        changes["profile"] = asked.profile
    if asked.first:
        try:
            changes["first"] = date.fromisoformat(asked.first)
        except ValueError:
            raise UsageError(f"--first {asked.first!r}", "it is no date", "Write YYYY-MM-DD.") from None
    if asked.include_blocked:
        changes["include_blocked"] = True
    if asked.limits:
        changes["limits"] = base.limits.model_dump() | dict(map(_limit, asked.limits))
    return PLAN_FILE.of(base.model_dump(exclude_unset=True) | changes, "options") if changes else base


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in Limits.model_fields:
        remedy = did_you_mean(name, Limits.model_fields) or f"Limits: {', '.join(Limits.model_fields)}."
        raise UsageError(f"--limit {text}", f"there is no limit {name!r}", remedy)
    if not re.fullmatch(r"[1-9]\d{0,8}", number):
        raise UsageError(f"--limit {text}", f"{number!r} is no number above 0", f"Write {name}=NUMBER.")
    return name, int(number)


def _of_subscriptions(base: Plan, surveys: Sequence[Survey]) -> Plan:
    """A new plan is about the one subscription, or says in every unit which one it is of.

    Raises:
        UsageError: the plan is about another subscription.
    """
    strangers = [survey.estate.subscription for survey in surveys if not _is_of(base, survey.estate.subscription)]
    if strangers:
        problem = f"it is for subscription {base.subscription}, asked for is {', '.join(strangers)}"
        raise UsageError("plan", problem, "Leave --subscription out, or take the key out of the plan.")
    if base.subscription or base.waves or len(surveys) != 1:
        return base
    return base.model_copy(update={"subscription": surveys[0].estate.subscription})


def _is_of(base: Plan, subscription: str) -> bool:
    return not base.subscription or base.subscription.lower() == subscription.lower()


def _happened(base: Plan) -> Happened:
    """What the Prefect server knows; a plan can be kept up without one."""
    runs = Runs.from_environment(os.environ)
    try:
        found = [run for each in _subscriptions_of(base) for run in runs.find(each.lower())]
    except Unreachable as error:
        say(f"note: what has run is taken from the plan itself ({error})")
        return NOTHING
    return happened(found)


def _at_its_line(error: UsageError, path: Path | None, text: str) -> UsageError:
    """An error about a unit of the plan, with the line that it stands on."""
    unit = error.place.removeprefix(STANDING)
    item = re.compile(rf"\s*-\s*(\{{?\s*unit:\s*)?['\"]?{re.escape(unit)}['\"]?(\s|[,}}]|$)")
    line = next((number for number, each in enumerate(text.splitlines(), start=1) if item.match(each)), 0)
    if path is None or unit == error.place or not line:
        return error
    return UsageError(f"{path}:{line}", f"{unit}: {error.problem}", error.remedy)


def _refuse_unwritable(path: Path, asked: Asked) -> None:
    if path != asked.to and path.suffix not in _PICTURES:
        problem = f"the suffix {path.suffix!r} says no format"
        raise UsageError(f"--out {path}", problem, f"Formats: {', '.join(_PICTURES)}; the plan itself goes --to FILE.")
    if path == asked.to and (asked.update or path.exists()):
        problem = "a plan is updated where it is" if asked.update else "it is there already"
        raise UsageError(f"--to {path}", problem, "Leave --to out." if asked.update else f"Use --update {path}.")
    if not path.parent.is_dir() or path.is_dir():
        raise UsageError(str(path), "it cannot be written", "Name a file in a folder that is there.")


def _replace(path: Path, text: str) -> None:
    """Put the whole text in its place, or leave what is there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        problem = error.strerror or str(error)
        raise UsageError(str(path), problem, "Name a file in a folder that can be written.") from error
    finally:
        beside.unlink(missing_ok=True)
