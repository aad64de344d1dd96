"""Keeps what is seen of one way while it is seen: one span at a time, so nothing grows while nothing changes."""

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from asmosis.probe.span import Span
from asmosis.probe.target import Target
from asmosis.probe.timeline import Latency, Track

_STEP = math.log(1.05)
_DIGITS = 3  # of a second; what is written and what is kept are the same


@dataclass(slots=True, eq=False)
class Attempt:
    """One try; `failure` is None until it has ended, and empty when it was answered."""

    began: float
    address: str
    failure: str | None = None


class Tracking:
    """What was seen of one way so far.

    Attempts end out of order; they are counted in the order in which they began, so that one which waited for an
    answer in vain does not come after a later one that had one.
    """

    def __init__(self, target: Target, turned: Callable[[Span | None, Span], None]) -> None:
        """Tell `turned` about the end of a span, if there was one, and the beginning of the next."""
        self.target = target
        self._turned = turned
        self._going: deque[Attempt] = deque()
        self._spans: list[Span] = []
        self._open: _Open | None = None
        self._latencies = _Latencies()
        self._skipped = 0
        self._unseen = 0.0
        self._last: float | None = None

    @property
    def up(self) -> bool:
        """Whether it answers, as far as is known."""
        return self._open is not None and self._open.up

    def begin(self, now: float, address: str) -> Attempt:
        """An attempt leaves."""
        if self._last is not None:
            self._unseen = max(self._unseen, now - self._last)
        self._last = now
        attempt = Attempt(now, address)
        self._going.append(attempt)
        return attempt

    def end(self, attempt: Attempt, failure: str, seconds: float) -> None:
        """It came back after so many seconds; an empty failure is an answer."""
        attempt.failure = failure
        if not failure:
            self._latencies.add(seconds)
        self._count_ended()

    def skip(self, attempt: Attempt | None = None) -> None:
        """An attempt was not made, or came to nothing through no fault of the far side."""
        self._skipped += 1
        if attempt is not None:
            self._going.remove(attempt)
            self._count_ended()

    def track(self) -> Track:
        """What was seen so far, as a value."""
        spans = (*self._spans, *([self._open.span()] if self._open else ()))
        unseen = round(self._unseen, _DIGITS)
        return Track(self.target, spans, self._skipped, unseen, self._latencies.latency())

    def _count_ended(self) -> None:
        while self._going and self._going[0].failure is not None:
            self._count(self._going.popleft())

    def _count(self, attempt: Attempt) -> None:
        failure = attempt.failure or ""
        now = self._open
        if now is None or now.up == bool(failure) or now.address != attempt.address:
            ended = now.span() if now else None
            if ended:
                self._spans.append(ended)
            began = round(attempt.began, _DIGITS)
            now = self._open = _Open(not failure, attempt.address, began, began)
            now.count(began, failure)
            self._turned(ended, now.span())
        else:
            now.count(round(attempt.began, _DIGITS), failure)


@dataclass(slots=True)
class _Open:
    up: bool
    address: str
    since: float
    until: float
    attempts: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    def count(self, at: float, failure: str) -> None:
        self.until = at
        self.attempts += 1
        if failure:
            self.failures[failure] += 1

    def span(self) -> Span:
        return Span(self.up, self.address, self.since, self.until, self.attempts, dict(self.failures))


class _Latencies:
    """Counts by classes that are 5 % wide: a few hundred of them cover microseconds to minutes."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._most = 0.0

    def add(self, seconds: float) -> None:
        self._most = max(self._most, seconds)
        self._counts[round(math.log(max(seconds, 1e-6)) / _STEP)] += 1

    def latency(self) -> Latency | None:
        if not self._counts:
            return None
        p50, p95, p99 = (self._quantile(share) for share in (0.5, 0.95, 0.99))
        return Latency(p50, p95, p99, round(self._most, 6))

    def _quantile(self, share: float) -> float:
        wanted = math.ceil(share * self._counts.total())
        passed = 0
        for place in sorted(self._counts):
            passed += self._counts[place]
            if passed >= wanted:
                break
        return round(min(math.exp(place * _STEP), self._most), 6)
