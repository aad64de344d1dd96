"""A plan as one web page: the calendar, what goes after what, and every unit; it asks nobody for anything."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup

from asmosis.planning.files import duration
from asmosis.planning.load import Load
from asmosis.planning.plan import Limits
from asmosis.planning.propose import Proposal
from asmosis.planning.schedule import Dates, schedule, windows_of
from asmosis.reports.plan_graph import HEIGHT, WIDTH, graph
from asmosis.reports.plans import spoken, standing, weight_of
from asmosis.reports.web import ENVIRONMENT, asset, digest, figure
from asmosis.windows import zone_named

_MOST_DAYS = 120  # columns of the calendar


def plan_webpage(proposal: Proposal, today: date | None = None) -> str:
    """The page; what has no date of its own is reckoned from `today`."""
    plan = proposal.plan
    style, script = asset("assessment.css") + asset("plan.css"), asset("plan.js")
    dates = schedule(plan, proposal.loads, today or datetime.now(UTC).date())
    days = _days(proposal, dates)
    return ENVIRONMENT.get_template("plan.html.j2").render(
        plan=plan,
        notes=proposal.notes,
        figures=list(_figures(proposal, days)),
        days=days,
        waves=list(_waves(proposal, dates, days)),
        units=list(_units(proposal)),
        graph=graph(plan, proposal.weights, proposal.links),
        box=(WIDTH, HEIGHT),
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=digest(style),
        script=Markup(script),  # noqa: S704 -- our own file
        script_hash=digest(script),
    )


def _figures(proposal: Proposal, days: list[date]) -> Iterator[tuple[str, int | str, str]]:
    plan, loads = proposal.plan, proposal.loads
    units = sum(len(wave.units) for wave in plan.waves)
    yield "Waves", len(plan.waves), f"{sum(wave.begun for wave in plan.waves)} begun"
    yield "Units", units, f"{len(plan.left_out)} left out"
    yield "Machines", sum(load.machines for load in loads), f"{figure(sum(load.cores for load in loads))} cores"
    yield "Work", duration(sum(load.minutes for load in loads)), "all waves, without waits for approvals"
    if days:
        yield "Last day", f"{days[-1]:%d %b %Y}", f"from {days[0]:%d %b %Y}, if each wave starts when it may"


def _days(proposal: Proposal, dates: tuple[Dates, ...]) -> list[date]:
    """Every day on which something goes on; days without anything are no columns."""
    found = {
        day
        for wave, when in zip(proposal.plan.waves, dates, strict=True)
        for begin, _ in when.spans
        for day in [begin.astimezone(zone_named(windows_of(proposal.plan, wave).zone)).date()]
    }
    return sorted(found)[:_MOST_DAYS]


def _waves(proposal: Proposal, dates: tuple[Dates, ...], days: list[date]) -> Iterator[dict[str, Any]]:
    plan = proposal.plan
    for wave, load, when in zip(plan.waves, proposal.loads, dates, strict=True):
        zone = zone_named(windows_of(plan, wave).zone)
        begins = [begin.astimezone(zone).date() for begin, _ in when.spans]
        yield {
            "name": wave.name,
            "state": standing(wave),
            "begun": wave.begun,
            "note": wave.note,
            "zone": windows_of(plan, wave).zone,
            "times": list(spoken(proposal, wave, when)),
            "short": when.short > 1,
            "days": [days.index(begin) for begin in begins if begin in days],
            "bars": list(_bars(load, plan.limits)),
            "takes": duration(load.minutes),
        }


def _bars(load: Load, limits: Limits) -> Iterator[tuple[str, int, int, float]]:
    for label, value, limit in (
        ("units", load.units, limits.units),
        ("machines", load.machines, limits.machines),
        ("cores", load.cores, limits.cores),
        ("writes/h", round(load.writes_per_hour), limits.writes_per_hour),
    ):
        yield label, value, limit, min(value / limit, 1)


def _units(proposal: Proposal) -> Iterator[dict[str, Any]]:
    weights = weight_of(proposal)
    for wave in proposal.plan.waves:
        for planned in wave.units:
            weight = weights.get(planned.unit)
            yield {
                "unit": planned.unit,
                "wave": wave.name,
                "state": planned.state or "",
                "told": weight.told if weight else "",
                "takes": "\N{EN DASH}".join(dict.fromkeys(map(duration, weight.spread))) if weight else "",
                "after": planned.after,
                "note": planned.note,
            }
