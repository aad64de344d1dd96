"""When each endpoint was up and when it was down: rows that survive a restart, by the emulator's clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from emulator.dataplane.endpoints import Endpoint, Key
from emulator.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS dataplane_interval (
    number INTEGER PRIMARY KEY,
    subscription TEXT NOT NULL,
    service TEXT NOT NULL,
    vm TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    protocol TEXT NOT NULL,
    address TEXT NOT NULL,
    port INTEGER NOT NULL,
    local_port INTEGER NOT NULL,
    listener TEXT,
    note TEXT NOT NULL,
    state TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL
)
"""
State = Literal["up", "down", "gone", "unknown"]


@dataclass(frozen=True)
class Sight:
    """An endpoint as it is right now; `listener` is where it listens, while it does."""

    endpoint: Endpoint
    state: State
    listener: str | None
    note: str


class History:
    """The intervals of all endpoints; the last one of each is open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute(_SCHEMA)
        self._now: dict[Key, tuple[int, Sight]] = {}
        self._recover()

    def note(self, subscription: str, sights: Iterable[Sight], at: float) -> None:
        """Begin a new interval for each endpoint that is not as it was; one that is no longer there is gone."""
        found = {each.endpoint.key: each for each in sights}
        with self._store.transaction():
            for key, (_, last) in list(self._now.items()):
                if key[0] == subscription and key not in found and last.state != "gone":
                    self._begin(Sight(last.endpoint, "gone", None, ""), at)
            for sight in found.values():
                self._begin(sight, at)

    def end(self, at: float) -> None:
        """The emulator ends, and with it everything that is up."""
        with self._store.transaction():
            for _, last in list(self._now.values()):
                if last.state == "up":
                    self._begin(Sight(last.endpoint, "down", None, "the emulator was stopped"), at)

    def report(self, subscription: str | None = None) -> list[dict[str, Any]]:
        """Per machine its endpoints with their intervals."""
        rows = self._store.execute(
            "SELECT * FROM dataplane_interval WHERE ?1 IS NULL OR subscription = ?1 ORDER BY number", (subscription,)
        )
        machines: dict[tuple[str, str, str], dict[str, Any]] = {}
        for row in rows:
            key = _endpoint(row).key
            machine = machines.setdefault(
                key[:3],
                {"subscription": row["subscription"], "service": row["service"], "vm": row["vm"], "endpoints": {}},
            )
            endpoint = machine["endpoints"].setdefault(key[3], {"intervals": []})
            endpoint["intervals"].append(
                {
                    "state": row["state"],
                    "from": _moment(row["since"]),
                    "to": _moment(row["until"]),
                    "address": row["address"] or None,
                    "listener": row["listener"],
                    "note": row["note"],
                }
            )
            endpoint |= {
                "name": row["endpoint"],
                "protocol": row["protocol"],
                "address": row["address"] or None,
                "port": row["port"],
                "local_port": row["local_port"],
                "listener": row["listener"],
                "state": row["state"],
                "note": row["note"],
                "intervals": endpoint["intervals"],
            }
            machine["endpoints"][key[3]] = endpoint
        return [{**machine, "endpoints": list(machine["endpoints"].values())} for machine in machines.values()]

    def _begin(self, sight: Sight, at: float) -> None:
        end = sight.endpoint
        number, last = self._now.get(end.key, (0, None))
        if last is not None and _shown(last) == _shown(sight):
            self._now[end.key] = number, sight
            return
        self._store.execute("UPDATE dataplane_interval SET until = ? WHERE number = ?", (at, number))
        rows = self._store.execute(
            "INSERT INTO dataplane_interval (subscription, service, vm, endpoint, protocol, address, port, local_port,"
            " listener, note, state, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
            (end.subscription, end.service, end.vm, end.name, end.protocol, end.address, end.port, end.local_port,
             sight.listener, sight.note, sight.state, at),
        )  # fmt: skip
        self._now[end.key] = int(rows[0]["number"]), sight

    def _recover(self) -> None:
        """What was up when the process was killed: nobody knows until when."""
        rows = self._store.execute("SELECT * FROM dataplane_interval WHERE until IS NULL ORDER BY number")
        for row in rows:
            self._now[_endpoint(row).key] = row["number"], Sight(_endpoint(row), row["state"], row["listener"], "")
        last = self._store.execute("SELECT max(max(since), max(coalesce(until, 0))) AS at FROM dataplane_interval")
        with self._store.transaction():
            for _, sight in list(self._now.values()):
                if sight.state == "up":
                    self._begin(
                        Sight(sight.endpoint, "unknown", None, "the emulator was killed after this"), last[0]["at"]
                    )


def _shown(sight: Sight) -> tuple[object, ...]:
    end = sight.endpoint
    return sight.state, sight.listener, sight.note, end.protocol, end.address, end.port, end.local_port


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        row["subscription"],
        row["service"],
        row["vm"],
        row["endpoint"],
        row["protocol"],
        row["address"],
        row["port"],
        row["local_port"],
        row["state"] == "up",
    )


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
