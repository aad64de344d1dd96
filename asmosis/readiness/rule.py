"""What a rule is, what it finds, and the vintages of the platform that a rule belongs to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeVar, get_args, get_type_hints

_SHOWN = 5  # names that a message spells out

Subject = TypeVar("Subject")
Noticed = Literal["validate", "prepare", "commit", "never", "call"]

SEED_2016 = "seed-2016"
PLATFORM_2023 = "platform-2023"
PROFILES: dict[str, str] = {
    SEED_2016: "what the platform refused when the migration was first offered (May 2016)",
    PLATFORM_2023: "what the platform refuses since gateways, detached resources and more were let in (2020 to 2023)",
}
"""Vintage of the platform → what it stands for; a rule has a severity per vintage, or is no rule there."""


class Severity(StrEnum):
    """How bad a finding is: it stops the unit, it costs something, or it is worth knowing."""

    BLOCKER = "blocker"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True)
class Hit:
    """What a rule yields: a resource, what is the matter with it, and the element that shows it."""

    resource: str
    message: str
    evidence: str


@dataclass(frozen=True)
class Acceptance:
    """Who takes the responsibility for a finding, why, and the last day on which that holds (ISO date)."""

    who: str
    why: str
    until: str


@dataclass(frozen=True)
class Finding:
    """A hit in its unit, with what its rule says about it.

    `unit` is KIND/NAME (`subscription/ID` for what belongs to no unit); `message` is the platform's own text where the
    platform has one; `noticed` is when the platform itself would find out; `evidence` is the element in the ASM
    documents, `A[NAME]` being the A of that name; `waiver` is there once somebody has accepted the finding.
    """

    rule: str
    severity: Severity
    unit: str
    resource: str
    message: str
    remedy: str
    noticed: Noticed
    evidence: str
    waiver: Acceptance | None = None

    @property
    def blocks(self) -> bool:
        """Whether the unit cannot migrate before it is mended, or before somebody has accepted it."""
        return self.severity is Severity.BLOCKER and self.waiver is None

    @property
    def still_refused_by_platform(self) -> bool:
        """Whether a blocker is accepted that the platform itself will not accept."""
        return self.severity is Severity.BLOCKER and self.waiver is not None and self.noticed != "never"


@dataclass(frozen=True)
class Rule:
    """A judgement about one type of subject (`over`), with a severity in each profile that knows it.

    `text` is the platform's own message with its gaps as `{name}`, empty where none is published; `needs` are the
    fields of `Facts` without which the rule cannot judge; `given` is the field of the subject (a dotted path) without
    which the rule has nothing to say, so that most subjects are spared the question; `assumed` says that no source
    tells of the platform's refusal, which then follows from what ARM accepts.
    """

    id: str
    severities: Mapping[str, Severity]
    title: str
    remedy: str
    source: str
    noticed: Noticed
    over: tuple[type, ...]
    judge: Callable[[Any], Iterator[Hit]]
    text: str = ""
    needs: tuple[str, ...] = ()
    given: str = ""
    assumed: bool = False


@dataclass(frozen=True)
class Unjudged:
    """A rule that could not judge, for want of these parts of the facts."""

    rule: str
    title: str
    needs: tuple[str, ...]


def rule(  # noqa: PLR0913 -- what a rule tells of itself, each by name
    id: str,
    *,
    seed_2016: Severity | None,
    platform_2023: Severity | None,
    title: str,
    remedy: str,
    source: str,
    noticed: Noticed,
    text: str = "",
    needs: tuple[str, ...] = (),
    given: str = "",
    assumed: bool = False,
) -> Callable[[Callable[[Subject], Iterator[Hit]]], Rule]:
    """Make a rule of a generator; the type of its one argument says which subjects it judges."""
    by_profile = {SEED_2016: seed_2016, PLATFORM_2023: platform_2023}
    severities = {profile: severity for profile, severity in by_profile.items() if severity}

    def decorate(judge: Callable[[Subject], Iterator[Hit]]) -> Rule:
        hints = get_type_hints(judge)
        [subject] = [hint for argument, hint in hints.items() if argument != "return"]
        over = get_args(subject) or (subject,)
        return Rule(id, severities, title, remedy, source, noticed, over, judge, text, needs, given, assumed)

    return decorate


def some(names: Iterable[str]) -> str:
    """The first few names and how many more there are."""
    known = list(names)
    more = len(known) - _SHOWN
    return ", ".join(known[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
