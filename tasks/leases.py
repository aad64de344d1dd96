"""Slots of Prefect's global concurrency limits, held by leases; one thread of the process renews them all.

Prefect's own `concurrency` starts a thread with a client of its own for each slot, renews it at once, and sends events.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from asmosis.errors import AsmosisError
from asmosis.limits import acquire, release, renew
from tasks.runs import server

LEASE = 60.0  # seconds after which a holder that was killed has lost its slot; a living one renews it
RENEWED = LEASE / 3

_log = logging.getLogger(__name__)


@contextmanager
def slot(name: str) -> Iterator[bool]:
    """Hold a slot of a limit; false if it has none to give.

    Raises:
        NotFound: there is no such limit.
        Unreachable, ServerFault: the server is away; if it gave a slot all the same, it takes that back by itself.
    """
    lease = acquire(server(), name, LEASE)
    if not lease:
        yield False
        return
    _renewal.begin(lease)
    try:
        # What is done meanwhile goes on whether or not the server keeps the slot.
        yield True
    finally:
        _renewal.end(lease)
        try:
            release(server(), lease)
        except AsmosisError as error:
            # It takes the slot back by itself once the lease has run out.
            _log.warning("a slot of %s is not given back: %s", name, error)


class _Renewal:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def begin(self, lease: str) -> None:
        with self._changed:
            self._due[lease] = time.monotonic() + RENEWED
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_renewing, name="leases", daemon=True)
                self._thread.start()

    def end(self, lease: str) -> None:
        with self._changed:
            self._due.pop(lease, None)

    def _keep_renewing(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                due = [lease for lease, at in self._due.items() if at <= now]
                if not due:
                    # Whoever begins later is due later, so nobody has to wake this thread.
                    self._changed.wait(max(0.1, min(self._due.values(), default=now + RENEWED) - now))
                    continue
                self._due.update(dict.fromkeys(due, now + RENEWED))
            for lease in due:
                try:
                    renew(server(), lease, LEASE)
                except AsmosisError as error:
                    _log.warning("a lease is not renewed: %s", error)


_renewal = _Renewal()
