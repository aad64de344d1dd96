"""An assessment on a terminal: the figures first, then what stops most, then the units that need work."""

from collections.abc import Iterator
from itertools import groupby

from asmosis.cli.output import write_line, write_table
from asmosis.readiness import Finding, Severity
from asmosis.reports.assessment import Answer, AssessedUnit, Assessment, accepted, blocked_first, standing
from asmosis.units import KINDS

_MOST_UNITS = 25  # what an operator reads in a minute


def show(assessed: Assessment, *, everything: bool) -> None:
    """Print an assessment; `everything` is each unit with each of its findings, notes too."""
    for finding in assessed.general:
        write_line(f"{standing(finding)}: {finding.message} {finding.remedy} ({finding.rule})")
    if len(assessed.units) > 1:
        _figures(assessed)
        _reasons(assessed, everything=everything)
    _units(assessed, everything=everything)
    for line in _asides(assessed):
        write_line(line)
    for part, why in assessed.unknown.items() if everything else ():
        write_line(f"not known: {part}: {why}")
    answers = assessed.answers()
    waived = f" ({answers[Answer.WAIVED]} by waiver)" if answers[Answer.WAIVED] else ""
    write_line(
        f"{len(assessed.units) - answers[Answer.BLOCKED]} of {len(assessed.units)} units of subscription"
        f" {assessed.subscription} are ready{waived} by the rules of {assessed.profile}."
    )


def _figures(assessed: Assessment) -> None:
    figures = ("Units", "Ready", "Waived", "Blocked", "Machines", "can go", "blocked")
    kinds = [kind for kind in KINDS if assessed.answers(kind)]
    rows = []
    for kind in (*kinds, ""):
        units, machines = assessed.answers(kind), assessed.machines(kind)
        can_go = machines.total() - machines[Answer.BLOCKED]
        counts = (
            units.total(),
            *(units[answer] for answer in Answer),
            machines.total(),
            can_go,
            machines[Answer.BLOCKED],
        )
        rows.append((kind or "all", *map(_figure, counts)))
    write_table(("Kind", *figures), rows, figures)


def _reasons(assessed: Assessment, *, everything: bool) -> None:
    rows = [
        (
            reason.standing,
            reason.rule,
            _figure(reason.units),
            _figure(reason.machines),
            reason.title,
        )
        for reason in assessed.reasons
        if everything or reason.standing != Severity.INFORMATION
    ]
    if rows:
        write_table(("Reasons", "Rule", "Units", "Machines", "What it is"), rows, ("Units", "Machines"))


def _units(assessed: Assessment, *, everything: bool) -> None:
    units = blocked_first(assessed.units)
    shown = units if everything else units[:_MOST_UNITS]
    rows = [row for unit in shown for row in (_in_full(unit) if everything else _in_short(unit))]
    if rows:
        write_table(("Unit", "Answer", "Rule", "Resource", "Reason"), rows)
    if len(shown) < len(units):
        hidden = sum(unit.answer is Answer.BLOCKED for unit in units[len(shown) :])
        write_line(
            f"Not shown: {_figure(len(units) - len(shown))} units, {_figure(hidden)} of them blocked."
            " --all prints them, --out readiness.html keeps them."
        )


def _in_full(unit: AssessedUnit) -> Iterator[tuple[str, ...]]:
    yield unit.unit.short, unit.answer.value, "", "", ""
    for finding in unit.findings:
        yield "", standing(finding), finding.rule, finding.resource, _told(finding)


def _in_short(unit: AssessedUnit) -> Iterator[tuple[str, ...]]:
    """What stops the unit, or would: one row per rule, so that a hundred machines with one fault are one reason."""
    name, answer = unit.unit.short, unit.answer.value
    stops = [finding for finding in unit.findings if finding.severity is Severity.BLOCKER]
    for rule, found in groupby(stops, lambda finding: finding.rule):
        first, *others = found
        more = f" and {_figure(len(others))} more" if others else ""
        yield name, answer, rule, first.resource + more, _told(first)
        name = answer = ""
    if not stops:
        yield name, answer, "", "", ""


def _told(finding: Finding) -> str:
    return " ".join(filter(None, (finding.message, accepted(finding))))


def _asides(assessed: Assessment) -> Iterator[str]:
    if assessed.unjudged:
        needs = sorted({need.partition("/")[0] for rule in assessed.unjudged for need in rule.needs})
        yield (
            f"{_figure(len(assessed.unjudged))} rules were not judged, because nobody told them: {', '.join(needs)}."
            " Give --facts FILE; a live subscription tells most of them by itself."
        )
    for waiver in assessed.expired:
        about = _about(waiver.unit, waiver.resource)
        yield f"over since {waiver.until}: the waiver of {waiver.rule} for {about}; what it accepted counts again."
    for unused in assessed.unused:
        waiver = unused.waiver
        about = _about(waiver.unit, waiver.resource)
        yield f"of no use: the waiver of {waiver.rule} for {about} accepts nothing. {unused.hint}"


def _about(unit: str, resource: str) -> str:
    return unit if resource == "*" else f"{unit}, {resource}"


def _figure(number: int) -> str:
    return f"{number:,}".replace(",", " ")
