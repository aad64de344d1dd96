"""Maintenance windows: when a step may start, in the local time of the people who are asked to watch it.

A window is written `DAYS FROM-TO`, for example `mon-fri 22:00-04:00`; `TO` before `FROM` is on the next day. A window
belongs to the day on which it opens: `fri 22:00-04:00` is open on Saturday at 03:00, and a Friday off closes it.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from asmosis.errors import UsageError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_DAYS = {"daily": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_HORIZON = 800  # days looked ahead; two years of days off are no window
_WINDOW = re.compile(r"(.*?)\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")
_MIDNIGHT = "24:00"
_EXAMPLE = "Write DAYS FROM-TO, for example mon-fri 22:00-04:00."
_EXTRA_EXAMPLE = "Write DATE FROM-TO, for example 2027-01-02 10:00-14:00."
_OFF_EXAMPLE = "Write YYYY-MM-DD, or two of them with .. between."


@dataclass(frozen=True)
class Window:
    """A span of local time on some days; Monday is 0."""

    days: frozenset[int]
    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read `DAYS FROM-TO`; days are `mon`, `mon-fri`, `sat,sun`, `daily`, `weekdays` or `weekends`.

        Raises:
            UsageError: it is none, or opens and closes at the same minute.
        """
        days, start, end = _parts(text, _EXAMPLE)
        return cls(frozenset(_days(text, days.replace(" ", ""))), start, end)


@dataclass(frozen=True)
class Extra:
    """A window on one date, besides the regular ones; a day off does not close it."""

    day: date
    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> "Extra":
        """Read `DATE FROM-TO`.

        Raises:
            UsageError: it is none.
        """
        day, start, end = _parts(text, _EXTRA_EXAMPLE)
        return cls(_date(text, day, _EXTRA_EXAMPLE), start, end)


@dataclass(frozen=True)
class DaysOff:
    """Dates on which no regular window opens; both ends belong to it."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> "DaysOff":
        """Read `DATE` or `DATE..DATE`.

        Raises:
            UsageError: it is none, or ends before it begins.
        """
        first, dots, last = text.strip().partition("..")
        begin = _date(text, first, _OFF_EXAMPLE)
        end = _date(text, last, _OFF_EXAMPLE) if dots else begin
        if end < begin:
            raise UsageError(f"days off {text!r}", "they end before they begin", "Exchange the two dates.")
        return cls(begin, end)


@dataclass(frozen=True)
class Calendar:
    """When steps of one sort may start; one without any window is always open."""

    windows: tuple[Window, ...] = ()
    zone: str = "UTC"
    off: tuple[DaysOff, ...] = ()
    extra: tuple[Extra, ...] = ()
    place: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a time zone that nobody keeps.

        Raises:
            UsageError: no such IANA time zone.
        """
        object.__setattr__(self, "place", zone_named(self.zone))

    @property
    def always(self) -> bool:
        """Whether nothing is limited."""
        return not self.windows and not self.extra

    def open_at(self, instant: datetime) -> bool:
        """Whether a step may start at `instant` (aware); a window's last minute is the one before `TO`."""
        return self.always or self.closes(instant) is not None

    def closes(self, instant: datetime) -> datetime | None:
        """When the window that is open at `instant` closes (UTC), the latest of several; None if none is open."""
        # A window that opened yesterday may still be open; one from midnight to midnight as well.
        today = instant.astimezone(self.place).date()
        spans = [*self._extras(), *self._opened_on(today - _DAY), *self._opened_on(today)]
        return max((end for start, end in spans if start <= instant < end), default=None)

    def next_opening(self, instant: datetime) -> datetime | None:
        """The first moment from `instant` on at which a window is open (UTC); None if none opens in two years."""
        if self.open_at(instant):
            return instant.astimezone(UTC)
        starts = [start for start, _ in self._extras() if start > instant]
        day = instant.astimezone(self.place).date() - _DAY
        for _ in range(_HORIZON if self.windows else 0):
            if regular := [start for start, _ in self._opened_on(day) if start > instant]:
                starts += regular
                break
            day += _DAY
        return min(starts, default=None)

    def _extras(self) -> list[tuple[datetime, datetime]]:
        return [self._span(extra.day, extra.start, extra.end) for extra in self.extra]

    def _opened_on(self, day: date) -> list[tuple[datetime, datetime]]:
        if any(off.first <= day <= off.last for off in self.off):
            return []
        return [self._span(day, each.start, each.end) for each in self.windows if day.weekday() in each.days]

    def _span(self, day: date, start: time, end: time) -> tuple[datetime, datetime]:
        last = day if end > start else day + _DAY
        return self._moment(day, start), self._moment(last, end)

    def _moment(self, day: date, at: time) -> datetime:
        # Twice in a year a local time is missing or comes twice: the missing one is taken an hour later by the clock,
        # of two the first.
        return datetime.combine(day, at, self.place).astimezone(UTC)


def zone_named(name: str) -> ZoneInfo:
    """An IANA time zone.

    Raises:
        UsageError: no such zone; says which one may have been meant.
    """
    if name not in _zones():
        remedy = _did_you_mean(name, _zones()) or "Write an IANA name, for example Europe/Berlin."
        raise UsageError(f"zone {name!r}", "no such time zone", remedy)
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _days(text: str, words: str) -> Iterator[int]:
    for word in words.lower().split(","):
        if word in _ALL_DAYS:
            yield from _ALL_DAYS[word]
            continue
        first, dash, last = word.partition("-")
        begin = _day(text, first)
        end = _day(text, last) if dash else begin
        # `fri-mon` goes over the weekend.
        yield from ((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _day(text: str, word: str) -> int:
    short = word[:3]
    if short in _DAYS and (word == short or _LONG_DAYS[_DAYS.index(short)] == word):
        return _DAYS.index(short)
    known = (*_DAYS, *_LONG_DAYS, *_ALL_DAYS)
    problem = f"{word!r} is no day" if word else "a day is missing"
    raise UsageError(f"window {text!r}", problem, _did_you_mean(word, known) or _EXAMPLE)


def _parts(text: str, example: str) -> tuple[str, time, time]:
    """What stands before the times, and the times."""
    found = _WINDOW.fullmatch(text.strip())
    if not found:
        raise UsageError(f"window {text!r}", "it has no FROM-TO", example)
    before, first, last = found.groups()
    start, end = _time(text, first, example), _time(text, last, example)
    # 24:00 is the next day's beginning, and closes what opened at 00:00.
    if first == _MIDNIGHT or (start == end and last != _MIDNIGHT):
        raise UsageError(f"window {text!r}", "it closes when it opens", "For a whole day write 00:00-24:00.")
    return before, start, end


def _time(text: str, word: str, example: str) -> time:
    hour, _, minute = word.partition(":")
    if word == _MIDNIGHT:
        return time(0, 0)
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise UsageError(f"window {text!r}", f"{word} is no time of day", example) from None


def _date(text: str, word: str, example: str) -> date:
    try:
        return date.fromisoformat(word.strip())
    except ValueError:
        raise UsageError(f"date {text!r}", f"{word.strip()!r} is no date", example) from None


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""
