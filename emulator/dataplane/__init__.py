"""The data plane: public endpoints of running machines as real listeners on loopback."""

import asyncio
import contextlib
import logging
import resource
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from emulator.clock import Clock
from emulator.dataplane.endpoints import TYPES, Endpoint, endpoints
from emulator.dataplane.history import History, Sight
from emulator.dataplane.listeners import Listeners
from emulator.store import Store

__all__ = ["MOST", "DataPlane", "Mode"]


class Mode(StrEnum):
    """Whether the public endpoints of running machines listen on loopback; auto leaves out large estates."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


MOST = 128
"""With `auto`, a subscription with more listeners than this opens none."""
_FILES = 65536
# What a change takes away or brings, mostly. A subscription is looked at again once as many changes could have made it
# small enough: to count the endpoints of a large one costs more than all else that a step of a migration does.
_OF_A_CHANGE = 8
# Documents of this size have more endpoints than that, and reading them would take long.
_MOST_BYTES = 4 * 1024 * 1024

_log = logging.getLogger(__name__)

# Which subscriptions a transaction has touched; rolled back with it. A REPLACE fires the insert trigger alone.
_TOUCHED = "CREATE TEMP TABLE dataplane_touched (subscription TEXT PRIMARY KEY) WITHOUT ROWID"
_TRIGGER = (
    "CREATE TEMP TRIGGER dataplane_{table}_{event} AFTER {event} ON main.{table} WHEN {row}.{column} IN ({values})"
    " BEGIN INSERT OR IGNORE INTO dataplane_touched VALUES (lower({row}.subscription)); END"
)


class DataPlane:
    """Follows the store: after every transaction exactly the endpoints of running machines listen.

    With `auto`, none of a large subscription do; one that becomes small is noticed some changes later.
    """

    def __init__(self, store: Store, clock: Clock, mode: Mode) -> None:
        self._store = store
        self._clock = clock
        self._mode = mode
        self._history = History(store)
        self._listeners = Listeners()
        self._closed: dict[str, str] = {}
        self._large: dict[str, int] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._room = _room(mode)
        self._alarm: asyncio.TimerHandle | None = None
        self._woken: asyncio.Task[None] | None = None
        store.execute(_TOUCHED)
        store.execute("INSERT INTO dataplane_touched SELECT id FROM subscription")
        for table, column, values in (("classic", "kind", ("deployment",)), ("arm", "type", TYPES)):
            for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
                quoted = ", ".join(f"'{value}'" for value in values)
                store.execute(_TRIGGER.format(table=table, event=event, row=row, column=column, values=quoted))

    async def follow(self) -> None:
        """Open and close what the last transaction changed."""
        touched = self._store.execute("DELETE FROM dataplane_touched RETURNING subscription")
        for row in touched:
            try:
                await self._show(str(row["subscription"]))
            except Exception:  # noqa: BLE001 -- the work is done and on disk: its caller must be told so
                _log.exception("the data plane could not follow subscription %s", row["subscription"])

    def wake(self, seconds: float, what: Callable[[], Awaitable[None]]) -> None:
        """Do something in a while, unless something else is wanted until then."""
        if self._alarm:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(max(0.0, seconds), self._wake, what)

    def report(self, subscription: str | None = None) -> dict[str, Any]:
        """Every machine with its endpoints, where they listen, and since when they are up or down.

        `names` is what a name server would say of the services' names; one that leads nowhere is left out.
        """
        return {
            "mode": self._mode,
            "only_127_0_0_1": self._listeners.only_local,
            "not_opened": dict(self._closed),
            "names": {
                name: address
                for known, names in self._names.items()
                if subscription in (None, known)
                for name, address in names.items()
            },
            "machines": self._history.report(subscription),
        }

    def close(self) -> None:
        """Stop listening; to be called before the store is closed."""
        if self._alarm:
            self._alarm.cancel()
        self._history.end(self._clock.timestamp())
        self._listeners.close()

    def _wake(self, what: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await what()

        self._woken = asyncio.get_running_loop().create_task(run())

    async def _show(self, subscription: str) -> None:
        found = self._fitting(subscription)
        self._names[subscription] = {each.host: each.address for each in found if each.host and each.address}
        await self._listeners.show(subscription, found)
        self._history.note(subscription, (self._sight(each) for each in found), self._clock.timestamp())

    def _fitting(self, subscription: str) -> list[Endpoint]:
        """The endpoints of a subscription; none when they are too many to open."""
        if (changes := self._large.pop(subscription, 0)) > 1:
            self._large[subscription] = changes - 1
            return []
        self._closed.pop(subscription, None)
        small = self._mode is Mode.ON or self._documents(subscription) <= _MOST_BYTES
        found = endpoints(self._store, subscription) if small else []
        fronts = {each.front for each in found}
        if self._mode is Mode.AUTO:
            self._large[subscription] = (len(fronts) if small else 2 * MOST) // _OF_A_CHANGE - MOST // _OF_A_CHANGE
        others = sum(1 for each in self._listeners.opened if each[0] != subscription)
        if not small or (self._mode is Mode.AUTO and len(fronts) > MOST):
            self._closed[subscription] = f"more than {MOST} endpoints; serve with --dataplane on opens them"
        elif others + len(fronts) > self._room:
            self._closed[subscription] = f"this process may have only so many files open: {self._room} listeners"
        return [] if subscription in self._closed else found

    def _documents(self, subscription: str) -> int:
        """How many bytes would have to be read to know the endpoints."""
        rows = self._store.execute(
            "SELECT (SELECT coalesce(sum(length(document)), 0) FROM classic"
            " WHERE subscription = ?1 AND kind = 'deployment')"
            " + (SELECT coalesce(sum(length(body)), 0) FROM arm WHERE subscription = ?1) AS bytes",
            (subscription,),
        )
        return int(rows[0]["bytes"])

    def _sight(self, endpoint: Endpoint) -> Sight:
        listener = self._listeners.opened.get(endpoint.front) if endpoint.running else None
        if listener:
            return Sight(endpoint, "up", listener.place, listener.note)
        failed = self._listeners.failed.get(endpoint.front, "") if endpoint.running else ""
        return Sight(endpoint, "down", None, failed)


def _room(mode: Mode) -> int:
    """How many listeners leave enough files for everything else; each may need a second one for its address."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if mode is Mode.ON:
        wanted = _FILES if most == resource.RLIM_INFINITY else min(most, _FILES)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(files, wanted), most))
            files = max(files, wanted)
    return (_FILES if files == resource.RLIM_INFINITY else files) // 4
