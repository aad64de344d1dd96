"""The times in which an endpoint did not answer, out of the spans of all ways to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from asmosis.probe.span import Span


@dataclass(frozen=True)
class Gap:
    """A time without an answer; moments are attempts.

    `before` is the last answer before it and `after` the first one after it, if there were any; `first` and `last` are
    the failures between. The interruption began and ended somewhere between an answer and a failure.
    """

    first: float
    last: float
    before: float | None = None
    after: float | None = None

    @property
    def seconds(self) -> float:
        """How long it was most likely: from and to the middle between answer and failure."""
        return (self.at_least + self.at_most) / 2

    @property
    def at_least(self) -> float:
        """From the first failure to the last."""
        return self.last - self.first

    @property
    def at_most(self) -> float:
        """From the last answer before to the first one after; as seen, where there was none."""
        begin = self.first if self.before is None else self.before
        return (self.last if self.after is None else self.after) - begin

    @property
    def error(self) -> float:
        """By how many seconds it may have been shorter or longer."""
        return (self.at_most - self.at_least) / 2

    @property
    def over(self) -> bool:
        """Whether it answered again."""
        return self.after is not None


def gaps_of(spans: Iterable[Span]) -> tuple[Gap, ...]:
    """The times in which none of the ways that the spans are of answered, though one of them had before."""
    spans = list(spans)
    answers = _joined([(span.since, span.until) for span in spans if span.up])
    failures = [span for span in spans if not span.up]
    found = [_between(failures, before[1], after[0]) for before, after in pairwise(answers)]
    if answers:
        found.append(_after(failures, answers[-1][1]))
    return tuple(gap for gap in found if gap is not None)


def _joined(times: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Times that overlap, as one."""
    joined: list[tuple[float, float]] = []
    for since, until in sorted(times):
        if joined and since <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], until)
        else:
            joined.append((since, until))
    return joined


def _between(failures: Sequence[Span], before: float, after: float) -> Gap | None:
    """The gap between two answers; a way that had failed all along says nothing about it."""
    begun = [span for span in failures if before < span.since < after]
    if not begun:
        return None
    first = min(span.since for span in begun)
    last = max((span.until for span in begun if span.until < after), default=first)
    return Gap(first, max(first, last), before, after)


def _after(failures: Sequence[Span], before: float) -> Gap | None:
    begun = [span for span in failures if span.since > before]
    if not begun:
        return None
    return Gap(min(span.since for span in begun), max(span.until for span in begun), before)
