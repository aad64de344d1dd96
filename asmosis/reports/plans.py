"""A plan for people who read pages, and for programs."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from asmosis.planning.files import duration
from asmosis.planning.plan import PlannedUnit, PlannedWave, same
from asmosis.planning.propose import Proposal
from asmosis.planning.schedule import Dates, schedule, windows_of
from asmosis.planning.weights import Weight
from asmosis.reports.markdown import code, count, page, table, text
from asmosis.windows import zone_named

_LARGEST_FILE = 700_000  # bytes; Prefect keeps artifacts of about a megabyte


def plan_page(proposal: Proposal, today: date | None = None) -> str:
    """Waves with what they carry and when they may go, units that are left out, and what ties units together."""
    plan = proposal.plan
    units = sum(len(wave.units) for wave in plan.waves)
    dates = schedule(plan, proposal.loads, today or datetime.now(UTC).date())
    waves = (
        [
            code(wave.name),
            text(standing(wave)),
            str(len(wave.units)),
            str(load.machines),
            str(load.cores),
            f"{load.writes} ({load.writes_per_hour:.0f}/h)",
            text(duration(load.minutes)),
            text("; ".join(spoken(proposal, wave, when))),
        ]
        for wave, load, when in zip(plan.waves, proposal.loads, dates, strict=True)
    )
    headers = ("Wave", "State", "Units", "Machines", "Cores", "ARM writes", "Takes", "May go (first day, if started)")
    return page(
        f"# Plan {text(plan.name)}",
        f"**{count(len(plan.waves), 'wave')}, {count(units, 'unit')} in them, {len(plan.left_out)} left out.**",
        table(headers, waves),
        "\n".join(f"* {text(note)}" for note in proposal.notes),
        "## Units" if units else "",
        table(("Wave", "Unit", "State", "What it is", "Goes after"), _units(proposal)) if units else "",
        "## Left out" if plan.left_out else "",
        table(("Unit", "Why"), ([code(entry.unit), text(" ".join(entry.why))] for entry in plan.left_out))
        if plan.left_out
        else "",
    )


def file_page(content: str) -> str:
    """A plan file as a page, to be copied from; a very large one only says how it is got."""
    if len(content.encode()) > _LARGEST_FILE:
        return page("The plan is too large to be shown here; `asmosis plan --to plan.yaml` writes it.")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", content)), default=0))
    return f"{fence}yaml\n{content}{fence}\n"


def plan_record(proposal: Proposal) -> dict[str, Any]:
    """A plan as plain data, with the figures of its waves and units and every link."""
    plan = proposal.plan
    # What a wave does not say itself comes from the plan's defaults, so nothing is filled in there.
    said = plan.model_dump(mode="json", include={"waves", "defaults"}, exclude_unset=True)
    dumped = plan.model_dump(mode="json") | {"defaults": {}, "waves": []} | said
    for wave, told, load in zip(plan.waves, dumped["waves"], proposal.loads, strict=True):
        told["begun"] = wave.begun
        told["load"] = asdict(load) | {"writes_per_hour": load.writes_per_hour}
    weights = {plan.text(unit): asdict(weight) for unit, weight in proposal.weights.items()}
    for weight in weights.values():
        del weight["unit"]
    links = [
        {"first": plan.text(link.first), "then": plan.text(link.then), "why": link.why, "together": link.together}
        for link in proposal.links
    ]
    return {"plan": dumped, "units": weights, "links": links, "notes": list(proposal.notes)}


def standing(wave: PlannedWave) -> str:
    """How a wave stands: `planned`, or how many of its units are where."""
    if not wave.begun:
        return "planned"
    states = Counter(str(planned.state or "due") for planned in wave.units)
    return ", ".join(f"{number} {state}" for state, number in states.most_common())


def spoken(proposal: Proposal, wave: PlannedWave, dates: Dates) -> Iterator[str]:
    """The times of a wave in its own zone, and whether they are too short."""
    zone = zone_named(windows_of(proposal.plan, wave).zone)
    for begin, end in dates.spans:
        start, stop = begin.astimezone(zone), end.astimezone(zone)
        yield f"{start:%a %Y-%m-%d %H:%M}\N{EN DASH}{stop:%H:%M}"
    if dates.short > 1:
        yield f"{duration(dates.short)} find no window"


def weight_of(proposal: Proposal) -> dict[str, Weight]:
    """Unit, as the plan writes it → its figures."""
    plan = proposal.plan
    weights = {same(unit): weight for unit, weight in proposal.weights.items()}
    units = [planned.unit for wave in plan.waves for planned in wave.units] + [entry.unit for entry in plan.left_out]
    return {unit: weight for unit in units if (weight := weights.get(plan.identity(unit)))}


def _units(proposal: Proposal) -> Iterator[list[str]]:
    weights = weight_of(proposal)
    for wave in proposal.plan.waves:
        for planned in wave.units:
            yield [code(wave.name), code(planned.unit), text(planned.state or ""), *_told(planned, weights)]


def _told(planned: PlannedUnit, weights: dict[str, Weight]) -> tuple[str, str]:
    weight = weights.get(planned.unit)
    return text(weight.told if weight else ""), ", ".join(map(code, planned.after))
