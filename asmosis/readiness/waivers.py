"""Waivers: findings that somebody accepts, with a name, a reason and a last day."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from asmosis.readiness import RULES
from asmosis.readiness.rule import Acceptance, Finding
from asmosis.units import KINDS
from asmosis.yaml_files import FileFormat, Problem, did_you_mean, to_json_schema

_PLACES = (*KINDS, "subscription")
_FOLDED = {place.casefold() for place in _PLACES}
_GLOB = re.compile(r"[*?\[]")
_LARGEST = 4 * 1024 * 1024  # bytes


def _day(text: Any) -> Any:
    """Days as people write them; pydantic by itself takes a bare number for seconds since 1970."""
    if isinstance(text, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("not a day as YYYY-MM-DD")
    return text


def _rule(text: str) -> str:
    if text not in RULES:
        raise ValueError("there is no such rule")
    return text


def _place(text: str) -> str:
    kind, slash, _ = text.partition("/")
    if not _GLOB.search(kind) and (kind.casefold() not in _FOLDED or not slash):
        raise ValueError("not KIND/NAME")
    return text


_Said = Annotated[str, Field(min_length=1, pattern=r"\S")]


EXAMPLE = """\
waivers:
  - rule: vm-ext-xml
    unit: virtualNetwork/contoso-*
    who: ada@contoso.com
    why: the debuggers go with the old build servers
    until: 2026-12-31
  - rule: vm-disk-account-unknown
    resource: contoso-web/*
    who: ada@contoso.com
    why: the account belongs to the archive team, who know
    until: 2026-10-31
"""
"""A file of waivers, for the documentation."""


class Waiver(BaseModel):
    """One acceptance of the findings of a rule, in the units and about the resources that both patterns match.

    Patterns are those of a shell (`*`, `?`, `[...]`) and compare without case, as the platform's names do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rule: Annotated[str, AfterValidator(_rule)]
    """Id of the rule, from the catalogue."""
    unit: Annotated[str, AfterValidator(_place)] = "*"
    """Which units, as KIND/NAME; `subscription/*` is what belongs to no unit."""
    resource: _Said = "*"
    """Which resources, as findings name them; machines are SERVICE/MACHINE."""
    who: _Said
    """Who takes the responsibility."""
    why: _Said
    """Why that is right."""
    until: Annotated[date, BeforeValidator(_day)]
    """The last day on which the waiver holds."""

    @model_validator(mode="after")
    def _says_where(self) -> "Waiver":
        if not self.model_fields_set & {"unit", "resource"}:
            raise ValueError("neither unit nor resource says where it holds")
        return self

    def matches(self, finding: Finding) -> bool:
        """Whether the waiver is about this finding, whatever the day."""
        return (
            finding.rule == self.rule
            and fnmatchcase(finding.unit.casefold(), self.unit.casefold())
            and fnmatchcase(finding.resource.casefold(), self.resource.casefold())
        )


class WaiverFile(BaseModel):
    """A file of waivers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    waivers: tuple[Waiver, ...]
    """The waivers; where several match a finding, the first that still holds counts."""


@dataclass(frozen=True)
class Unused:
    """A waiver that matches no finding; `hint` names a unit that it may have meant, else it is empty."""

    waiver: Waiver
    hint: str


@dataclass(frozen=True)
class Judged:
    """The findings as they are after waivers: as many as before, in their order.

    `expired` are waivers that match findings but no longer hold, so that these count again.
    """

    findings: tuple[Finding, ...]
    expired: tuple[Waiver, ...]
    unused: tuple[Unused, ...]


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file.

    Raises:
        UsageError: names the file and the line of the first mistake.
    """
    return _FORMAT.read(path).waivers


def parse_waivers(content: bytes, place: str) -> tuple[Waiver, ...]:
    """Like `read_waivers`, for content that is already in memory; `place` is how to call it."""
    return _FORMAT.parse(content, place).waivers


def apply(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> Judged:
    """Mark what is accepted today; an accepted finding stays where it is and no longer blocks."""
    by_rule: defaultdict[str, list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        by_rule[waiver.rule].append(waiver)
    matched: set[Waiver] = set()
    units: defaultdict[str, dict[str, None]] = defaultdict(dict)
    judged = []
    for finding in findings:
        about = [waiver for waiver in by_rule.get(finding.rule, ()) if waiver.matches(finding)]
        matched.update(about)
        units[finding.rule][finding.unit] = None
        holding = next((waiver for waiver in about if waiver.until >= today), None)
        judged.append(replace(finding, waiver=_acceptance(holding)) if holding else finding)
    return Judged(
        findings=tuple(judged),
        expired=tuple(waiver for waiver in waivers if waiver in matched and waiver.until < today),
        unused=tuple(
            Unused(waiver, did_you_mean(waiver.unit, units[waiver.rule])) for waiver in waivers if waiver not in matched
        ),
    )


def _acceptance(waiver: Waiver) -> Acceptance:
    return Acceptance(waiver.who, waiver.why, waiver.until.isoformat())


def _in_words(problem: Problem) -> tuple[str, str] | None:
    """The mistakes that are a waiver's own, as problem and remedy."""
    if problem["type"] not in ("value_error", "string_too_short", "string_pattern_mismatch"):
        return None
    position, field = problem["loc"][1] + 1, problem["loc"][2] if len(problem["loc"]) > 2 else ""  # noqa: PLR2004 -- waivers, position, field
    said = str(problem["input"])
    if field == "rule":
        remedy = did_you_mean(said, RULES) or "`asmosis rules` lists the rules."
        return f"waivers.{position}: there is no rule {said!r}", remedy
    if field == "unit":
        kinds = ", ".join(_PLACES)
        remedy = did_you_mean(said.partition("/")[0], _PLACES) or f"Write KIND/NAME; kinds: {kinds}."
        return f"waivers.{position}: {said!r} is not a unit", remedy
    if field == "until":
        return f"waivers.{position}: until {said!r} is not a day", "Write it as YYYY-MM-DD."
    if field:
        return f"waivers.{position}: {field!r} is empty", f"Write {field}: and its value."
    return f"waivers.{position}: it holds everywhere", "Write unit: or resource: and a pattern; '*' is all."


_FORMAT = FileFormat("file of waivers", WaiverFile, _LARGEST, in_words=_in_words)

if __name__ == "__main__":
    sys.stdout.write(to_json_schema(WaiverFile))
