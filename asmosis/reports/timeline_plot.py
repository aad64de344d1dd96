"""When a unit was prepared, waited, committed, and when its endpoints answered: one picture over one time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from asmosis.evidence.history import History, Span, steps_of
from asmosis.probe import Seen, Timeline
from asmosis.reports.downtime import gap_words

_MOST_LANES = 12
_WAIT_SHARE = 0.35  # of the busy time that a single wait may take of the picture: people take days
_LEAST = 0.5  # percent of the width, so that nothing vanishes
_TICK_ROOM = 9  # percent between two times
_WORDS = {"approval": "waits for approval", "window": "waits for its window", "slot": "waits for its turn"}
_Times = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """A stretch of a lane, in percent of the width."""

    x: float
    width: float
    shade: str
    words: str


@dataclass(frozen=True)
class Lane:
    """A row of the picture and what it says in words."""

    label: str
    words: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Plot:
    """The picture; ticks are (percent, time), `stretched` tells that waits are drawn shorter than they were."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    stretched: bool
    hidden: int


def timeline_plot(histories: Sequence[History], probes: Iterable[Timeline]) -> Plot | None:
    """The picture of a unit's runs and probes; None if nothing ever happened."""
    probes = [timeline for timeline in probes if timeline.tracks]
    steps = [span for span in steps_of(histories) if span.until]
    waits = [span for history in histories for span in history.waits if span.until]
    busy = [*map(_times, steps), *((timeline.began, timeline.ended) for timeline in probes)]
    if not busy:
        return None
    scale = _Scale(busy, [_times(span) for span in waits])
    seen = _by_endpoint(probes)
    shown = sorted(seen, key=lambda name: -_longest(seen[name]))[:_MOST_LANES]
    lanes = [
        Lane(
            "The run",
            "; ".join(_told(span) for span in sorted([*steps, *waits], key=_times)),
            tuple(
                scale.bar(*_times(span), "wait" if span in waits else "step", _told(span))
                for span in sorted([*waits, *steps], key=_times)
            ),
        ),
        *(_endpoint(name, seen[name], scale) for name in shown),
    ]
    return Plot(tuple(lanes), tuple(scale.ticks([*steps, *waits])), scale.stretched, len(seen) - len(shown))


class _Scale:
    """Time as percent of the width; stretches in which the run only waits take a bounded part."""

    def __init__(self, busy: Sequence[_Times], waits: Sequence[_Times]) -> None:
        moments = sorted({moment for times in (*busy, *waits) for moment in times})
        inner = [(since, until) for since, until in pairwise(moments)]
        idle = {
            (since, until) for since, until in inner if not any(begin < until and since < end for begin, end in busy)
        }
        total = sum(until - since for since, until in inner if (since, until) not in idle) or 1.0
        self.stretched = any(until - since > total * _WAIT_SHARE for since, until in idle)
        self._at = {moments[0]: 0.0}
        place = 0.0
        for since, until in inner:
            length = until - since
            place += min(length, total * _WAIT_SHARE) if (since, until) in idle else length
            self._at[until] = place
        self._moments, self._whole = moments, place or 1.0

    def percent(self, moment: float) -> float:
        """Where a moment lies; between two known ones in proportion."""
        for since, until in pairwise(self._moments):
            if since <= moment <= until:
                part = (moment - since) / (until - since)
                return 100 * (self._at[since] + part * (self._at[until] - self._at[since])) / self._whole
        return 0.0 if moment < self._moments[0] else 100.0

    def bar(self, since: float, until: float, shade: str, words: str) -> Bar:
        """A stretch of time."""
        begin, end = self.percent(since), self.percent(until)
        return Bar(round(min(begin, 100 - _LEAST), 3), round(max(end - begin, _LEAST), 3), shade, words)

    def ticks(self, spans: Iterable[Span]) -> Iterator[tuple[float, str]]:
        """The times at which something began or ended, as far apart as they can be read."""
        last = -100.0
        days = {_day(moment) for moment in self._moments}
        for moment in sorted({moment for span in spans for moment in _times(span)}):
            place = self.percent(moment)
            if place - last >= _TICK_ROOM and place <= 100 - _TICK_ROOM:
                yield round(place, 3), _clock(moment, with_day=len(days) > 1)
                last = place


def _endpoint(name: str, seen: Sequence[tuple[Timeline, Seen]], scale: _Scale) -> Lane:
    bars: list[Bar] = []
    words: list[str] = []
    for timeline, each in seen:
        shade = "up" if each.answered else "silent"
        bars.append(scale.bar(timeline.began, timeline.ended, shade, "answers" if each.answered else "never answered"))
        for gap in each.gaps:
            told = f"no answer for {gap_words(gap)}"
            bars.append(scale.bar(gap.first, gap.after if gap.after is not None else timeline.ended, "down", told))
            words.append(f"{told} from {_clock(gap.first)}")
    answered = any(each.answered for _, each in seen)
    return Lane(name, "; ".join(words) or ("always answered" if answered else "never answered"), tuple(bars))


def _longest(seen: Sequence[tuple[Timeline, Seen]]) -> float:
    return max((gap.seconds for _, each in seen for gap in each.gaps), default=0.0)


def _by_endpoint(probes: Iterable[Timeline]) -> Mapping[str, list[tuple[Timeline, Seen]]]:
    found: dict[str, list[tuple[Timeline, Seen]]] = {}
    for timeline in sorted(probes, key=lambda timeline: timeline.began):
        for seen in timeline.endpoints:
            found.setdefault(seen.endpoint.casefold(), []).append((timeline, seen))
    return found


def _told(span: Span) -> str:
    since, until = _times(span)
    what = _WORDS.get(span.what, f"{span.what} failed" if span.failed else span.what)
    return f"{what}: {duration(until - since)} from {_clock(since)}"


def duration(seconds: float) -> str:
    """A time in the unit that says most."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"  # noqa: PLR2004 - tenths say little from here on


def _times(span: Span) -> _Times:
    return datetime.fromisoformat(span.since).timestamp(), datetime.fromisoformat(span.until).timestamp()


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _clock(moment: float, *, with_day: bool = False) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):{'%d %b %H:%M' if with_day else '%H:%M:%S'}}Z"
