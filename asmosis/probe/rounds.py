"""The attempts of a probe: each way on its own beat, whatever became of earlier attempts."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from asmosis.errors import Unreachable
from asmosis.probe.connecting import Connecting
from asmosis.probe.routes import Routes
from asmosis.probe.span import Span
from asmosis.probe.target import Target
from asmosis.probe.timeline import Track
from asmosis.probe.tracking import Attempt, Tracking


@dataclass(frozen=True)
class Beat:
    """Seconds between two attempts at a way, seconds that one may take, and sockets at one time."""

    period: float
    timeout: float
    at_once: int


@dataclass(slots=True)
class Way:
    """A way to an endpoint, and when it is tried next."""

    tracking: Tracking
    scope: str | None
    next: float = 0.0
    timer: asyncio.TimerHandle | None = None


class Rounds:
    """All attempts; everything here runs in one event loop.

    `turned` is told the number of a way that began to answer or ceased to. `offset` is what the wall clock showed when
    the loop's clock was zero.
    """

    def __init__(
        self, routes: Routes, beat: Beat, offset: float, turned: Callable[[int, Span | None, Span], None]
    ) -> None:
        self._routes, self._beat, self._offset, self._turned = routes, beat, offset, turned
        self._loop = asyncio.get_running_loop()
        self._ways: list[Way] = []
        self._by_scope: dict[str, list[Way]] = {}
        self._looked: dict[str, float] = {}
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._going: set[Connecting] = set()
        self._ending = False
        self._all_back = asyncio.Event()

    @property
    def now(self) -> float:
        """The wall clock, as it would be had nobody set it meanwhile."""
        return self._loop.time() + self._offset

    def tracks(self) -> tuple[Track, ...]:
        """What was seen so far."""
        return tuple(way.tracking.track() for way in self._ways)

    def enlist(self, targets: Iterable[Target]) -> list[Way]:
        """Ways to these, not yet tried."""
        return [self._way(target) for target in targets]

    async def begin(self, ways: Sequence[Way]) -> None:
        """Look for the hosts of these, then try them again and again.

        Raises:
            Unreachable: nobody tells where they are.
        """
        for scope in dict.fromkeys(way.scope for way in ways):
            if scope is not None and scope not in self._looked:
                self._looked[scope] = self._loop.time()
                await asyncio.to_thread(self._routes.look, scope)
        now = self._loop.time()
        for place, way in enumerate(ways):
            # Spread over the beat, so that a thousand do not leave at once.
            way.next = now + self._beat.period * place / len(ways)
            way.timer = self._loop.call_at(way.next, self._tick, way)

    async def end(self) -> None:
        """Begin no more attempts, and wait for those under way."""
        for way in self._ways:
            if way.timer:
                way.timer.cancel()
        for look in self._looks.values():
            look.cancel()
        self._ending = True
        if self._going:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_back.wait(), 2 * self._beat.timeout)
        for connecting in list(self._going):
            connecting.give_up()

    def _way(self, target: Target) -> Way:
        number = len(self._ways)
        tracking = Tracking(target, partial(self._turned, number))
        way = Way(tracking, self._routes.scope(target.host))
        self._ways.append(way)
        if way.scope is not None:
            self._by_scope.setdefault(way.scope, []).append(way)
        return way

    def _tick(self, way: Way) -> None:
        now = self._loop.time()
        # A beat that was missed is not made up for: a burst would measure nothing.
        missed = int((now - way.next) / self._beat.period)
        way.next += self._beat.period * (1 + missed)
        way.timer = self._loop.call_at(way.next, self._tick, way)
        self._try(way)
        self._renew(way, now)

    def _try(self, way: Way) -> None:
        place = self._routes.place(way.tracking.target)
        if place is None:
            way.tracking.end(way.tracking.begin(self.now, ""), "no-address", 0.0)
        elif len(self._going) >= self._beat.at_once:
            way.tracking.skip()
        else:
            attempt = way.tracking.begin(self.now, place.address)
            connecting = Connecting(self._loop, (place.host, place.port), self._beat.timeout)
            self._going.add(connecting)
            connecting.start(partial(self._ended, way, attempt, connecting))

    def _ended(self, way: Way, attempt: Attempt, connecting: Connecting, failure: str | None, seconds: float) -> None:
        self._going.discard(connecting)
        if failure is None:
            way.tracking.skip(attempt)
        else:
            way.tracking.end(attempt, failure, seconds)
        if self._ending and not self._going:
            self._all_back.set()

    def _renew(self, way: Way, now: float) -> None:
        """Look for the host again if what is known is old; nobody waits for that."""
        scope = way.scope
        if scope is None or scope in self._looks:
            return
        if now - self._looked[scope] >= self._routes.holds_for(answering=way.tracking.up):
            self._looks[scope] = self._loop.create_task(self._look(scope))

    async def _look(self, scope: str) -> None:
        ways = self._by_scope[scope]
        before = [self._routes.place(way.tracking.target) for way in ways]
        try:
            await asyncio.to_thread(self._routes.look, scope)
        except Unreachable:
            return  # What was known stays, and connecting shows whether it is still true.
        finally:
            self._looked[scope] = self._loop.time()
            del self._looks[scope]
        for way, known in zip(ways, before, strict=False):
            # It has moved: whether it answers there is worth more than the beat.
            if self._routes.place(way.tracking.target) != known:
                self._try(way)
