"""Which network each cloud service was in when it was last read: classic tells that of each service only by itself.

A unit is a network with all its services. Whoever reads one unit after the other of a subscription would read all
services for each of them; so what was read is remembered for a while, by this process, and a network's own services are
read anew. A service that changes networks meanwhile is noticed by what ARM then holds: the check finds more, or less,
than was promised.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from asmosis.classic.estate import key

REMEMBERED = 120.0  # seconds


@dataclass
class Belonging:
    """The services of one subscription."""

    _turn: Lock = field(default_factory=Lock, repr=False)
    _known: dict[str, tuple[float, str | None]] = field(default_factory=dict)

    @contextmanager
    def learning(self, services: Iterable[str]) -> Iterator[list[str]]:
        """The services of which nobody knows, while others wait for what is learned of them."""
        with self._turn:
            old = time.monotonic() - REMEMBERED
            yield [name for name in services if self._known.get(key(name), (old, None))[0] <= old]

    def learn(self, networks: Iterable[tuple[str, str | None]]) -> None:
        """Remember of each service which network it is in, if any."""
        now = time.monotonic()
        self._known.update({key(service): (now, network and key(network)) for service, network in networks})

    def of(self, network: str, services: Iterable[str]) -> list[str]:
        """Those of the services that are in the network, as far as is known."""
        return [name for name in services if self._known.get(key(name), (0.0, None))[1] == key(network)]


_subscriptions: dict[tuple[str, str], Belonging] = {}
_making = Lock()


def belonging(plane: str, subscription: str) -> Belonging:
    """What this process knows of the services of a subscription at a classic plane."""
    with _making:
        return _subscriptions.setdefault((plane.rstrip("/"), subscription.lower()), Belonging())
