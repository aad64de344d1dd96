"""Connects to public endpoints at a fixed rate, in a thread of its own, while something else goes on."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from asmosis.errors import UsageError
from asmosis.probe.recording import Recording
from asmosis.probe.rounds import Beat, Rounds
from asmosis.probe.routes import Routes
from asmosis.probe.span import Span
from asmosis.probe.target import Target, Targets
from asmosis.probe.timeline import Timeline

_ALIVE = 1.0  # seconds between signs of life in the file
_LOOK = 0.05  # seconds between two looks of somebody who waits

_log = logging.getLogger(__name__)

Turned = Callable[[Target, Span | None, Span], None]
"""Told, in the probe's own thread, of a way that began to answer or ceased to."""


@dataclass(frozen=True)
class Pace:
    """How often and how patiently: attempts per second and way, seconds for one, sockets at one time.

    An attempt that takes less than a second is one packet: the system sends a second one after that.
    """

    rate: float = 5.0
    timeout: float = 0.9
    at_once: int = 1000

    def __post_init__(self) -> None:
        """Refuse what would be no measurement, or an attack.

        Raises:
            UsageError: a figure is out of range.
        """
        for name, least, most in (("rate", 0.01, 100.0), ("timeout", 0.05, 60.0), ("at_once", 1, 100_000)):
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"probe {name}", f"{getattr(self, name):g}", f"It may be {least:g} to {most:g}.")


class Prober:
    """A probe; use it in a `with`, or call `stop` at the end."""

    def __init__(
        self,
        about: str,
        targets: Targets,
        routes: Routes,
        pace: Pace | None = None,
        *,
        file: Path | None = None,
        turned: Turned | None = None,
    ) -> None:
        """Connect to nothing yet; `file` gets the timeline while it happens."""
        self._routes, self._pace = routes, pace or Pace()
        self._file, self._turned = file, turned
        self._targets = targets
        self._thread = threading.Thread(target=self._run, name=f"probe {about}", daemon=True)
        self._started: Future[None] = Future()
        self._timeline = Timeline(about, time.time(), time.time(), self._pace.rate, (), targets.unprobed)
        # Set in the thread, before `_started` is.
        self._loop: asyncio.AbstractEventLoop
        self._enough: asyncio.Event
        self._rounds: Rounds
        self._recording: Recording | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self._clock_step = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; returns when every host was looked for once.

        Raises:
            Unreachable: nobody tells where the hosts are.
            OSError: the file cannot be made.
        """
        self._thread.start()
        self._started.result()

    def stop(self) -> Timeline:
        """End, and answer what was seen; the same again if it has ended."""
        if self._thread.is_alive():
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._enough.set)
            self._thread.join()
        return self._timeline

    def add(self, targets: Targets) -> None:
        """Probe these too, unless they are probed already; returns at once."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._add, targets)

    def timeline(self) -> Timeline:
        """What was seen so far."""
        answer: Future[Timeline] = Future()
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: answer.set_result(self._now()))
        while self._thread.is_alive():
            with suppress(TimeoutError):
                return answer.result(_ALIVE)
        return self._timeline

    def wait(self, reached: Callable[[Timeline], bool], seconds: float) -> bool:
        """Wait until what was seen is enough, or for so long; answers whether it was enough."""
        end = time.monotonic() + seconds
        while not (enough := reached(self.timeline())) and time.monotonic() < end:
            time.sleep(_LOOK)
        return enough

    def _run(self) -> None:
        try:
            asyncio.run(self._probe())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the thread must be told
            if self._started.done():
                _log.exception("the probe of %s ended early", self._timeline.about)
            else:
                self._started.set_exception(error)
        finally:
            if self._recording:
                self._recording.close()

    async def _probe(self) -> None:
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        offset = time.time() - self._loop.time()
        beat = Beat(1 / self._pace.rate, self._pace.timeout, self._pace.at_once)
        self._rounds = Rounds(self._routes, beat, offset, self._note)
        self._timeline = replace(self._timeline, began=round(self._rounds.now, 3))
        await self._rounds.begin(self._rounds.enlist(self._targets.targets))
        # Not before: where nobody can look there is nothing to write. And nothing has been tried yet.
        if self._file:
            self._recording = Recording.at(self._file, self._timeline)
            self._recording.targets(self._targets.targets)
        self._started.set_result(None)
        while not self._enough.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), _ALIVE)
            # What left within the last moments has not come back yet.
            self._record(lambda file: file.alive(self._rounds.now - self._pace.timeout))
        await self._rounds.end()
        self._clock_step = round(time.time() - self._loop.time() - offset, 3)
        self._timeline = self._now()
        self._record(lambda file: file.end(self._timeline))

    def _now(self) -> Timeline:
        return replace(
            self._timeline,
            ended=round(self._rounds.now, 3),
            tracks=self._rounds.tracks(),
            unprobed=self._targets.unprobed,
            clock_step=self._clock_step,
        )

    def _add(self, targets: Targets) -> None:
        whole = self._targets.and_those(targets)
        fresh = whole.targets[len(self._targets.targets) :]
        self._targets = whole
        if fresh:
            self._record(lambda file: file.targets(fresh))
            joining = self._loop.create_task(self._rounds.begin(self._rounds.enlist(fresh)))
            self._joining.add(joining)
            joining.add_done_callback(self._joined)

    def _joined(self, joining: asyncio.Task[None]) -> None:
        self._joining.discard(joining)
        if not joining.cancelled() and (error := joining.exception()):
            _log.warning("the probe of %s cannot find what joined it: %s", self._timeline.about, error)

    def _note(self, number: int, ended: Span | None, began: Span) -> None:
        self._record(lambda file: file.turn(number, ended, began))
        if self._turned:
            self._turned(self._targets.targets[number], ended, began)

    def _record(self, write: Callable[[Recording], None]) -> None:
        if self._recording is None:
            return
        try:
            write(self._recording)
        except OSError as error:
            # A full disk must not end the probe, and even less what is probed.
            _log.warning("%s cannot be written any more: %s", self._file, error)
            self._recording.close()
            self._recording = None
