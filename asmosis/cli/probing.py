"""The verb `probe`: whether public endpoints answer, while it lasts."""

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from asmosis.cli.output import DONE, NO, printable, say, write_json, write_line, write_table
from asmosis.cli.sources import planes_of, taken
from asmosis.errors import UsageError
from asmosis.probe import (
    NameRoutes,
    Pace,
    Prober,
    Routes,
    Span,
    Target,
    Targets,
    Timeline,
    parse_target,
    routes_of,
    targets_of,
)
from asmosis.reports.downtime import downtime_json, downtime_words, gap_words
from asmosis.units import Unit

if TYPE_CHECKING:
    from rich.table import Table

_DRAW = 0.5  # seconds between two pictures
_MOST_LINES = 40  # of a picture


@dataclass(frozen=True)
class Asked:
    """What to probe and how: `seconds` of None is until somebody ends it."""

    what: Sequence[str]
    subscription: str = ""
    asm_url: str = ""
    pace: Pace = field(default_factory=Pace)
    seconds: float | None = None
    out: Path | None = None
    as_json: bool = False


def probe(asked: Asked) -> int:
    """Connect until the time is over, and show what was seen; `NO` if an endpoint did not answer at some moment.

    Raises:
        UsageError: it is not clear what to probe, or the file cannot be made.
    """
    targets, routes = _wanted(asked)
    for each in targets.unprobed:
        say(f"not probed: {each.endpoint}: {each.why}")
    if not targets.targets:
        raise UsageError(" ".join(asked.what), "it has no public endpoint that can be probed", "Name another.")
    watched = sys.stderr.isatty()
    turned = None if watched else _tell
    prober = Prober(" ".join(asked.what), targets, routes, asked.pace, file=asked.out, turned=turned)
    with _until_interrupted() as ended:
        try:
            prober.start()
        except OSError as error:
            raise UsageError(str(asked.out), error.strerror or "it cannot be made", "Name a new file.") from None
        try:
            _watch(prober, ended, asked.seconds, drawn=watched)
        finally:
            timeline = prober.stop()
    if asked.as_json:
        write_json(downtime_json(timeline))
    else:
        _show(timeline)
    return NO if timeline.lost or timeline.silent else DONE


def _wanted(asked: Asked) -> tuple[Targets, Routes]:
    units = [text for text in asked.what if "/" in text]
    if not units:
        return Targets(tuple(dict.fromkeys(map(parse_target, asked.what)))), NameRoutes()
    if len(units) != len(asked.what):
        # The addresses of an emulated unit are not this machine's: one probe cannot reach both.
        raise UsageError("probe", "units and hosts are both named", "Probe them one after the other.")
    planes = planes_of(asked.subscription, asked.asm_url)
    estate = taken(planes).estate
    found = Targets()
    for text in units:
        unit = Unit.parse(text, planes.subscription)
        if unit.subscription != planes.subscription:
            raise UsageError(text, f"the planes are those of {planes.subscription}", "Name units of one subscription.")
        found = found.and_those(targets_of(unit, estate, planes))
    return found, routes_of(planes)


@contextmanager
def _until_interrupted() -> Iterator[threading.Event]:
    """Yields what is set when somebody asks this process to end: a probe ends with what it has seen."""
    ended = threading.Event()
    before = {kind: signal.signal(kind, lambda *_: ended.set()) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _watch(prober: Prober, ended: threading.Event, seconds: float | None, *, drawn: bool) -> None:
    """Wait until it is over; on a terminal with a picture of how it stands."""
    end = None if seconds is None else time.monotonic() + seconds
    if not drawn:
        ended.wait(seconds)
        return
    # Verbs that draw nothing must not wait for these.
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.live import Live  # noqa: PLC0415 - see above

    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while not ended.is_set() and (end is None or time.monotonic() < end):
            live.update(_picture(prober.timeline()), refresh=True)
            ended.wait(_DRAW if end is None else min(_DRAW, max(0.0, end - time.monotonic())))


def _picture(timeline: Timeline) -> "Table":
    from rich import box  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415 - see above

    table = Table(*_COLUMNS, box=box.SIMPLE_HEAD, pad_edge=False)
    rows = sorted(_rows(timeline), key=lambda row: row[2] == "up")
    for row in rows[:_MOST_LINES]:
        table.add_row(*map(printable, row))
    if len(rows) > _MOST_LINES:
        table.caption = f"and {len(rows) - _MOST_LINES} more; Ctrl-C ends"
    else:
        table.caption = f"{timeline.attempts} attempts, {timeline.lost} lost; Ctrl-C ends"
    return table


def _show(timeline: Timeline) -> None:
    write_table(_COLUMNS, _rows(timeline), ("Attempts", "Lost"))
    write_line(downtime_words(timeline))


_COLUMNS = ("Endpoint", "Way", "Now", "Since", "Attempts", "Lost", "Failures", "Longest gap", "Connecting")


def _rows(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    for seen in timeline.endpoints:
        longest = seen.longest_gap
        name, gap = seen.endpoint, gap_words(longest) if longest else ""
        for track in seen.tracks:
            last = track.spans[-1] if track.spans else None
            yield (
                name,
                str(track.target),
                "" if last is None else "up" if last.up else "down",
                f"{datetime.fromtimestamp(last.since, UTC):%H:%M:%S}Z" if last else "",
                str(track.attempts),
                str(track.lost),
                ", ".join(f"{number} {kind}" for kind, number in track.failures.most_common()),
                gap,
                f"{track.latency.p50 * 1000:.1f} ms" if track.latency else "",
            )
            name = gap = ""


def _tell(target: Target, ended: Span | None, began: Span) -> None:
    """One line for each change; the first answer is none."""
    if ended is None and began.up:
        return
    at = datetime.fromtimestamp(began.since, UTC)
    why = f" ({next(iter(began.failures), '')})" if not began.up else f" at {began.address}"
    say(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}Z {target}: {'up' if began.up else 'down'}{why}")
