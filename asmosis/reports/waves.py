"""How a wave goes: how far it is, and apart from that how well."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from asmosis.reports.markdown import count, link, page, table, text
from asmosis.units import Outcome, Unit

_GOOD = {outcome.value for outcome in Outcome if outcome.good} | {"Cancelled"}
_MOST = 500  # units in a table; a page is kept with its wave at every change


class Progress(Protocol):
    """The run of a unit, as far as a page needs it; times are ISO 8601, `link` is an address or empty."""

    @property
    def state(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def since(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def created(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def message(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def link(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def ended(self) -> bool: ...  # noqa: D102 -- the class says it
    @property
    def waiting(self) -> bool: ...  # noqa: D102 -- the class says it
    @property
    def parked(self) -> bool: ...  # noqa: D102 -- the class says it


@dataclass(frozen=True)
class WaveStanding:
    """A wave at one moment: the run of each unit that has one, and why others never start.

    `evidence` are the addresses of what is kept about units; `expected` are the minutes, from and to, that it was
    expected to take when it began.
    """

    name: str
    mode: str
    units: Sequence[Unit]
    progress: Mapping[Unit, Progress]
    skipped: Mapping[Unit, str] = field(default_factory=dict)
    windows: str = ""
    expected: tuple[float, float] | None = None
    evidence: Mapping[Unit, str] = field(default_factory=dict)


def wave_page(standing: WaveStanding, now: datetime) -> str:
    """Progress, health, who or what is waited for since when, and each unit with its run."""
    runs = standing.progress
    total = len(standing.units)
    over = sum(run.ended for run in runs.values()) + len(standing.skipped)
    return page(
        f"# Wave {text(standing.name)}",
        f"**Progress:** {over} of {count(total, 'unit')} through. {_time(standing, now)}".rstrip(),
        f"**Health:** {_health(standing)}",
        f"Mode {text(standing.mode)}. {text(standing.windows)}".rstrip(),
        _states_table(standing),
        _waiting("Waiting for an approval", {unit: run for unit, run in runs.items() if run.waiting}, now),
        _waiting("Waiting for a window", {unit: run for unit, run in runs.items() if run.parked}, now),
        "## Skipped" if standing.skipped else "",
        _skipped_table(standing.skipped),
        "## Units" if runs else "",
        _runs_table(standing),
    )


def _health(standing: WaveStanding) -> str:
    bad = Counter(run.state for run in standing.progress.values() if run.ended and run.state not in _GOOD)
    words = [f"{number} {text(state)}" for state, number in bad.most_common()]
    if standing.skipped:
        words.append(f"{len(standing.skipped)} skipped")
    return f"attention: {', '.join(words)}." if words else "good, nothing has failed."


def _time(standing: WaveStanding, now: datetime) -> str:
    """When the rest might be through: at the pace so far or, before there is one, by its size and earlier runs."""
    if pace := _pace(standing, now):
        return pace
    begun = any(run.ended for run in standing.progress.values())
    if begun or standing.expected is None:
        return ""
    least, most = (_span(timedelta(minutes=max(1.0, minutes))) for minutes in standing.expected)
    if least.partition(" ")[2] == most.partition(" ")[2]:
        least = least.partition(" ")[0]
    span = f"about {most}" if least == most.partition(" ")[0] else f"{least} to {most}"
    return f"All of it is expected to take {span}, not counting waits for approvals and windows."


def _pace(standing: WaveStanding, now: datetime) -> str:
    """When the rest might be through at the pace so far; people's time cannot be told beforehand."""
    runs = standing.progress.values()
    over = sum(run.ended for run in runs)
    left = len(standing.units) - over - len(standing.skipped)
    asked = sum(run.waiting or run.parked for run in runs)
    if not over or not left or asked == left:
        return ""
    began = min(datetime.fromisoformat(run.created) for run in runs if run.created)
    last = max(datetime.fromisoformat(run.since) for run in runs if run.ended)
    rest = (last - began) / over * (left - asked)
    waiting = f", not counting {count(asked, 'unit')} that wait" if asked else ""
    return (
        f"At the pace so far the rest takes about {_span(max(rest, timedelta(minutes=1)))}{waiting} ({now:%H:%M} UTC)."
    )


def _states_table(standing: WaveStanding) -> str:
    states = Counter(run.state for run in standing.progress.values())
    not_started = len(standing.units) - len(standing.progress) - len(standing.skipped)
    rows = [*states.most_common(), ("Skipped", len(standing.skipped)), ("Not started", not_started)]
    return table(("State", "Units"), ((text(state), str(number)) for state, number in rows if number > 0))


def _waiting(title: str, runs: Mapping[Unit, Progress], now: datetime) -> str:
    if not runs:
        return ""
    longest_first = sorted(runs.items(), key=lambda item: item[1].since)
    rows = (
        (text(unit.short), _span(now - datetime.fromisoformat(run.since)), text(run.message), link("open", run.link))
        for unit, run in longest_first[:_MOST]
    )
    return f"## {title}\n\n" + table(("Unit", "Since", "For what", "Run"), rows)


def _skipped_table(skipped: Mapping[Unit, str]) -> str:
    if not skipped:
        return ""
    return table(("Unit", "Why"), ((text(unit.short), text(why)) for unit, why in list(skipped.items())[:_MOST]))


def _runs_table(standing: WaveStanding) -> str:
    if not standing.progress:
        return ""
    return table(
        ("Unit", "State", "Since", "Run", "Evidence", "What it says"),
        (
            (
                text(unit.short),
                text(run.state),
                text(run.since[:19].replace("T", " ")),
                link("open", run.link),
                link("open", standing.evidence.get(unit, "")),
                # Last, because it may be wider than the page.
                text(run.message, 300),
            )
            for unit, run in standing.progress.items()
        ),
    )


def _span(span: timedelta) -> str:
    minutes = max(0, round(span.total_seconds() / 60))
    if minutes < 100:  # noqa: PLR2004 - from here on hours say more
        return f"{minutes} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"  # noqa: PLR2004 - likewise days
