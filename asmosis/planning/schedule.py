"""When waves go: each in the next opening of its maintenance windows, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from asmosis.parameters import WaveSettings, Windows
from asmosis.planning.load import Load
from asmosis.planning.plan import Plan, PlannedWave
from asmosis.windows import Calendar, zone_named

_MOST_OPENINGS = 60  # that one wave may take


@dataclass(frozen=True)
class Dates:
    """The openings (UTC) that a wave is expected to use; none for a wave that has begun, or that never fits.

    `short` is how many of its minutes find no opening.
    """

    spans: tuple[tuple[datetime, datetime], ...] = ()
    short: float = 0


def schedule(plan: Plan, loads: Sequence[Load], today: date) -> tuple[Dates, ...]:
    """When each wave of a plan goes, if it is started as soon as it may; `today` counts where the plan names no day.

    A wave uses an opening for itself; one without windows has a day for itself.
    """
    found = []
    earliest = plan.first or today
    free: datetime | None = None
    for wave, load in zip(plan.waves, loads, strict=True):
        if wave.begun or not load.units:
            found.append(Dates())
            continue
        windows = windows_of(plan, wave)
        start = datetime.combine(max(earliest, wave.not_before or earliest), time(), zone_named(windows.zone))
        start = max(start, free) if free else start
        spans = tuple(_spans(windows.for_prepare, start, load.minutes))
        found.append(Dates(spans, load.minutes - sum((end - begin).total_seconds() for begin, end in spans) / 60))
        if spans:
            closes = windows.for_prepare.closes(spans[-1][0])
            free = closes or _next_day(spans[-1][1], windows)
    return tuple(found)


def windows_of(plan: Plan, wave: PlannedWave) -> Windows:
    """The maintenance windows of a wave: its own, or those of all."""
    settings: WaveSettings = wave if "windows" in wave.model_fields_set else plan.defaults
    return settings.windows


def _spans(calendar: Calendar, start: datetime, minutes: float) -> Iterator[tuple[datetime, datetime]]:
    left = timedelta(minutes=minutes)
    for _ in range(_MOST_OPENINGS):
        begin = calendar.next_opening(start)
        if begin is None:
            return
        closes = calendar.closes(begin)
        end = begin + left if closes is None else min(begin + left, closes)
        yield begin, end
        left -= end - begin
        if left <= timedelta() or closes is None:
            return
        start = closes


def _next_day(moment: datetime, windows: Windows) -> datetime:
    zone = zone_named(windows.zone)
    return datetime.combine(moment.astimezone(zone).date() + timedelta(days=1), time(), zone)
