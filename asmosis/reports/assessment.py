"""An assessment as its readers want it: each unit with its size, its findings and its losses, and what stops most."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from asmosis.classic.estate import Estate
from asmosis.facts import StepDuration
from asmosis.readiness import RULES, Finding, Severity, Unjudged
from asmosis.readiness.estimates import Estimate, estimate
from asmosis.readiness.waivers import Unused, Waiver
from asmosis.reports.sizes import Size, sizes
from asmosis.translate import Loss, promise
from asmosis.units import KINDS, Destination, Unit

_NEW_NETWORK = Destination()


class Answer(StrEnum):
    """Whether a unit can go: as it is, because somebody accepted what stops it, or not before it is mended."""

    READY = "ready"
    WAIVED = "waived"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class AssessedUnit:
    """A unit and what the rules found in it, gravest first.

    `losses` are of the units that can go, and only once `with_losses` looked for them.
    """

    unit: Unit
    size: Size
    findings: tuple[Finding, ...]
    estimate: Estimate
    losses: tuple[Loss, ...] = ()

    @cached_property
    def answer(self) -> Answer:
        """Whether the unit can go."""
        if any(finding.blocks for finding in self.findings):
            return Answer.BLOCKED
        return Answer.WAIVED if any(map(_standing_waived, self.findings)) else Answer.READY

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What stops the unit."""
        return tuple(finding for finding in self.findings if finding.blocks)

    def counted(self, severity: Severity) -> int:
        """How many findings of a severity stand."""
        return sum(finding.severity is severity and finding.waiver is None for finding in self.findings)


@dataclass(frozen=True)
class Reason:
    """A rule that found something: in how many units, and how many machines go or stay with those."""

    standing: str
    rule: str
    title: str
    units: int
    machines: int
    findings: int


@dataclass(frozen=True)
class Assessment:
    """Everything that was asked about a subscription; `general` belongs to no unit.

    `unknown` tells why facts are missing that rules need. `unread` are places that no model claims, `unreadable`
    documents whose resources are not in the estate. Waivers are `expired` if they would have accepted something,
    `unused` if there is nothing that they accept.
    """

    subscription: str
    profile: str
    units: tuple[AssessedUnit, ...]
    general: tuple[Finding, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    expired: tuple[Waiver, ...] = ()
    unused: tuple[Unused, ...] = ()
    unread: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the general ones first."""
        return (*self.general, *(finding for unit in self.units for finding in unit.findings))

    @property
    def blocked(self) -> bool:
        """Whether anything is in the way of any unit."""
        return any(finding.blocks for finding in self.findings)

    def answers(self, kind: str = "") -> Counter[Answer]:
        """How many units, of one kind or of all, can go and how many cannot."""
        return Counter(unit.answer for unit in self.units if kind in ("", unit.unit.kind))

    def machines(self, kind: str = "") -> Counter[Answer]:
        """How many machines can go and how many cannot."""
        found: Counter[Answer] = Counter()
        for unit in self.units:
            if kind in ("", unit.unit.kind):
                found[unit.answer] += len(unit.size.machines)
        return found

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """What was found, by rule: gravest first, then by the number of units, then of machines."""
        hit: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for finding in self.findings:
            hit[standing(finding), finding.rule][finding.unit] += 1
        machines = {unit.unit.short: len(unit.size.machines) for unit in self.units}
        reasons = [
            Reason(
                stands,
                rule,
                RULES[rule].title,
                len(units),
                sum(machines.get(unit, 0) for unit in units),
                units.total(),
            )
            for (stands, rule), units in hit.items()
        ]
        return tuple(
            sorted(reasons, key=lambda each: (STANDINGS.index(each.standing), -each.units, -each.machines, each.rule))
        )


TABLES = ("units", "reasons", "findings", "losses", "unjudged")
"""The tables that an assessment can be kept as."""
WAIVED = "waived"
STANDINGS = (Severity.BLOCKER.value, WAIVED, Severity.WARNING.value, Severity.INFORMATION.value)
"""How much a finding counts, gravest first."""


def standing(finding: Finding) -> str:
    """The finding's severity, or that somebody accepted it."""
    return WAIVED if finding.waiver is not None else finding.severity.value


def accepted(finding: Finding) -> str:
    """Who accepted a finding until when and why, and whether the platform will care; nothing if nobody did."""
    if finding.waiver is None:
        return ""
    refused = " The platform will still refuse it." if finding.still_refused_by_platform else ""
    return f"Accepted by {finding.waiver.who} until {finding.waiver.until}: {finding.waiver.why}.{refused}"


def assessment(
    estate: Estate,
    profile: str,
    findings: Sequence[Finding],
    units: Sequence[Unit] = (),
    history: Sequence[StepDuration] = (),
) -> Assessment:
    """Findings by unit: of those asked for, else of all; and of those that only a finding names.

    A network that only a deployment names, for one, is in no list of the platform's. `history` are measured durations
    for the estimates.
    """
    spelled = {unit.short.casefold(): unit for unit in estate.units}
    asked = {unit.short.casefold(): unit for unit in units} or spelled
    of_unit: dict[str, list[Finding]] = {key: [] for key in asked}
    named = {key: spelled.get(key, unit) for key, unit in asked.items()}
    general: list[Finding] = []
    for finding in findings:
        kind, _, name = finding.unit.partition("/")
        if kind not in KINDS:
            general.append(finding)
            continue
        key = finding.unit.casefold()
        named.setdefault(key, Unit(estate.subscription, kind, name))
        of_unit.setdefault(key, []).append(finding)
    units = tuple(named.values())
    assessed = (
        AssessedUnit(unit, size, tuple(found), estimate(estate, unit, history))
        for unit, size, found in zip(units, sizes(estate, units), of_unit.values(), strict=True)
    )
    return Assessment(estate.subscription, profile, tuple(assessed), tuple(general))


def with_losses(assessed: Assessment, estate: Estate, destination: Destination = _NEW_NETWORK) -> Assessment:
    """The same with what each unit that can go will lose; translates those units, which takes its time."""
    units = (
        unit if unit.answer is Answer.BLOCKED else replace(unit, losses=_losses(estate, unit.unit, destination))
        for unit in assessed.units
    )
    return replace(assessed, units=tuple(units))


def blocked_first(units: Iterable[AssessedUnit]) -> list[AssessedUnit]:
    """What needs work before what does not; otherwise as they were."""
    return sorted(units, key=lambda unit: _WORK_FIRST.index(unit.answer))


def _losses(estate: Estate, unit: Unit, destination: Destination) -> tuple[Loss, ...]:
    try:
        return promise(estate, unit, destination).losses
    except Exception as error:  # noqa: BLE001 -- one unit that breaks the translation must not cost the others' report
        why = f"The translation of this unit failed, so its losses are unknown: {type(error).__name__}: {error}"
        return (Loss(unit.short, "", why, "Report this as a fault of asmosis."),)


def _standing_waived(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKER and finding.waiver is not None


_WORK_FIRST = (Answer.BLOCKED, Answer.WAIVED, Answer.READY)
