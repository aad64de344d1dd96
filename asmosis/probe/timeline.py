"""What a probe saw: per way to an endpoint, spans in which it answered or did not; per endpoint, the gaps."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from asmosis.probe.gaps import Gap, gaps_of
from asmosis.probe.span import Span
from asmosis.probe.target import Target, Unprobed


@dataclass(frozen=True)
class Latency:
    """How long connecting took, in seconds: medians and tails are right to 5 %, `most` exactly."""

    p50: float
    p95: float
    p99: float
    most: float


@dataclass(frozen=True)
class Track:
    """What was seen of one way.

    `skipped` attempts were not made, because this process had no socket left: they say nothing. `unseen` is the
    longest time between two attempts, in seconds; much more than the pace means that nobody looked.
    """

    target: Target
    spans: tuple[Span, ...] = ()
    skipped: int = 0
    unseen: float = 0.0
    latency: Latency | None = None

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return sum(span.attempts for span in self.spans)

    @property
    def failures(self) -> Counter[str]:
        """How often that failed, by kind."""
        return _counted(self.spans)

    @property
    def answered(self) -> bool:
        """Whether it ever answered."""
        return any(span.up for span in self.spans)

    @property
    def answers(self) -> bool:
        """Whether the last attempt was answered."""
        return bool(self.spans) and self.spans[-1].up

    @property
    def first_failure(self) -> float | None:
        """When an attempt first failed."""
        return next((span.since for span in self.spans if not span.up), None)

    @property
    def last_failure(self) -> float | None:
        """When an attempt last failed."""
        return next((span.until for span in reversed(self.spans) if not span.up), None)

    @property
    def lost(self) -> int:
        """Attempts that failed after it had answered; what never answered lost nothing."""
        first = next((place for place, span in enumerate(self.spans) if span.up), len(self.spans))
        return _counted(self.spans[first:]).total()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that its host stood for, in order, each as often as it came."""
        found: list[str] = []
        for span in self.spans:
            if span.address and (not found or found[-1] != span.address):
                found.append(span.address)
        return tuple(found)


@dataclass(frozen=True)
class Seen:
    """What was seen of one endpoint over all ways to it: it is up while any of them answers."""

    endpoint: str
    tracks: tuple[Track, ...]

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The times in which no way answered, in order; none for an endpoint that never did."""
        return gaps_of(span for track in self.tracks for span in track.spans)

    @property
    def longest_gap(self) -> Gap | None:
        """The longest one."""
        return max(self.gaps, key=lambda gap: gap.seconds, default=None)

    @property
    def answered(self) -> bool:
        """Whether any way ever answered."""
        return any(track.answered for track in self.tracks)

    @property
    def answers(self) -> bool:
        """Whether a way answers at the end."""
        return any(track.answers for track in self.tracks)


@dataclass(frozen=True)
class Timeline:
    """A probe from beginning to end; one that is not `complete` was killed, and holds what it had seen until then.

    `about` is what was going on meanwhile. `clock_step` is by how many seconds the wall clock was set meanwhile. Where
    nobody could look at all, there are no tracks, it is not complete, and the last of `unprobed` says why.
    """

    about: str
    began: float
    ended: float
    rate: float
    tracks: tuple[Track, ...]
    unprobed: tuple[Unprobed, ...] = ()
    complete: bool = True
    clock_step: float = 0.0

    @cached_property
    def endpoints(self) -> tuple[Seen, ...]:
        """Every endpoint with its ways, in the order in which they were named."""
        ways: dict[str, list[Track]] = {}
        names: dict[str, str] = {}
        for track in self.tracks:
            key = track.target.endpoint.casefold()
            names.setdefault(key, track.target.endpoint)
            ways.setdefault(key, []).append(track)
        return tuple(Seen(names[key], tuple(tracks)) for key, tracks in ways.items())

    @property
    def attempts(self) -> int:
        """Attempts at all ways."""
        return sum(track.attempts for track in self.tracks)

    @property
    def lost(self) -> int:
        """Attempts that failed at ways which had answered."""
        return sum(track.lost for track in self.tracks)

    @property
    def longest_gap(self) -> tuple[Seen, Gap] | None:
        """The longest time in which an endpoint did not answer at all, and whose it is."""
        found = [(seen, gap) for seen in self.endpoints if (gap := seen.longest_gap)]
        return max(found, key=lambda each: each[1].seconds, default=None)

    @property
    def ends_well(self) -> bool:
        """Whether every endpoint that had answered answers at the end, and somebody looked until then."""
        return self.complete and all(seen.answers for seen in self.endpoints if seen.answered)

    @property
    def lacks(self) -> str:
        """Why it does not tell for every endpoint how long it was interrupted; empty if it does."""
        if self.unprobed and not (self.tracks or self.complete):
            return f"nobody looked, {self.unprobed[-1].why.rstrip('.')}"
        if not self.complete:
            return "the probe was killed"
        silent = len(self.silent)
        return f"{silent} of {len(self.endpoints)} endpoints never answered" if silent else ""

    @property
    def silent(self) -> tuple[Seen, ...]:
        """Endpoints that never answered: nobody can tell whether they were interrupted."""
        return tuple(seen for seen in self.endpoints if not seen.answered)


def _counted(spans: Iterable[Span]) -> Counter[str]:
    found: Counter[str] = Counter()
    for span in spans:
        found.update(span.failures)
    return found
