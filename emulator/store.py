"""The state of the emulated platform: one SQLite file in WAL mode, synced on every commit.

Handlers run one at a time on one event loop, so one connection serves all.
A second process on the same file is refused.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from emulator.pointers import Pointer, pointers

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscription (id TEXT PRIMARY KEY, loaded TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS classic (
    number INTEGER PRIMARY KEY,
    subscription TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL COLLATE NOCASE,
    owner TEXT NOT NULL COLLATE NOCASE,
    document BLOB NOT NULL,
    unit TEXT,
    migration_state TEXT,
    UNIQUE (subscription, kind, parent, name)
);
CREATE INDEX IF NOT EXISTS classic_by_owner ON classic (subscription, kind, owner, number);
CREATE INDEX IF NOT EXISTS classic_by_unit ON classic (subscription, unit) WHERE unit IS NOT NULL;
CREATE TABLE IF NOT EXISTS arm (
    key TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    subscription TEXT NOT NULL COLLATE NOCASE,
    type TEXT NOT NULL COLLATE NOCASE,
    resource_group TEXT NOT NULL COLLATE NOCASE,
    location TEXT NOT NULL,
    unit TEXT,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS arm_by_type ON arm (subscription, type, key);
CREATE INDEX IF NOT EXISTS arm_by_group ON arm (subscription, resource_group, key);
CREATE INDEX IF NOT EXISTS arm_by_unit ON arm (subscription, unit) WHERE unit IS NOT NULL;
CREATE TABLE IF NOT EXISTS arm_pointer (
    target TEXT NOT NULL,
    referrer TEXT NOT NULL,
    position INTEGER NOT NULL,
    field TEXT NOT NULL,
    source TEXT NOT NULL,
    pointed TEXT NOT NULL,
    PRIMARY KEY (target, referrer, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS arm_pointer_by_referrer ON arm_pointer (referrer);
CREATE TRIGGER IF NOT EXISTS arm_pointer_gone AFTER DELETE ON arm BEGIN
    DELETE FROM arm_pointer WHERE referrer = old.key;
END;
CREATE TABLE IF NOT EXISTS unit (
    subscription TEXT NOT NULL,
    id TEXT NOT NULL COLLATE NOCASE,
    state TEXT NOT NULL,
    destination TEXT NOT NULL,
    operation TEXT,
    PRIMARY KEY (subscription, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operation (
    id TEXT PRIMARY KEY,
    subscription TEXT NOT NULL,
    verb TEXT NOT NULL,
    unit TEXT NOT NULL,
    accepted REAL NOT NULL,
    due REAL NOT NULL,
    status TEXT NOT NULL,
    http_status INTEGER,
    error_code TEXT,
    error_message TEXT,
    plan TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS operation_in_progress ON operation (due) WHERE status = 'InProgress';
CREATE TABLE IF NOT EXISTS arm_operation (
    id TEXT PRIMARY KEY, subscription TEXT NOT NULL, due REAL NOT NULL, resource TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quota (
    subscription TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    maximum INTEGER NOT NULL,
    PRIMARY KEY (subscription, region, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, script TEXT NOT NULL, remaining INTEGER, seen INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);
"""


@dataclass(frozen=True)
class ArmRow:
    """One Resource Manager resource; `unit` names the unit whose migration locks it."""

    id: str
    type: str
    group: str
    location: str
    unit: str | None
    document: str = field(repr=False)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The resource as JSON; parsed when it is asked for, because most rows of a long list are never shown."""
        found: dict[str, Any] = json.loads(self.document)
        return found


@dataclass(frozen=True)
class ClassicRow:
    """One classic resource; `document` is its canonical XML without the migration state.

    `parent` is the hosted service of a deployment; `owner` what it belongs to in another way: the network of
    a deployment, the hosted service that a disk or a reserved IP is attached to.
    """

    kind: str
    parent: str
    name: str
    owner: str
    document: bytes
    unit: str | None
    migration_state: str | None


class Store:
    """The only way to the database file; without a path the file is temporary and goes with `close`."""

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="emulator-") if path is None else None
        self.path = Path(self._temporary.name) / "emulator.sqlite" if self._temporary else Path(path or "")
        self._connection = sqlite3.connect(self.path, timeout=1.0, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        # Two servers on one file would settle each other's operations, so the first one keeps the lock.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)
        self._depth = 0

    def close(self) -> None:
        """Release the file; a temporary one is removed."""
        self._connection.close()
        if self._temporary:
            self._temporary.cleanup()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and on disk when it returns; an inner one is a part of the outer one."""
        if self._depth:
            yield
            return
        self._connection.execute("BEGIN")
        self._depth = 1
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        else:
            self._connection.execute("COMMIT")
        finally:
            self._depth = 0

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """What is written inside is seen inside and gone afterwards."""
        self._connection.execute("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK TO rehearsal")
            self._connection.execute("RELEASE rehearsal")

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of one statement; values only ever through parameters."""
        return self._connection.execute(statement, parameters).fetchall()

    def setting(self, name: str, default: str) -> str:
        """A value that survives restarts."""
        rows = self.execute("SELECT value FROM setting WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else default

    def set_setting(self, name: str, value: str) -> None:
        """Keep a value over restarts."""
        self.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))

    def classic_put(
        self, subscription: str, kind: str, name: str, document: bytes, *, parent: str = "", owner: str = ""
    ) -> None:
        """Write a classic document; one that is there already keeps its place in the lists."""
        self.execute(
            "INSERT INTO classic (subscription, kind, parent, name, owner, document) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (subscription, kind, parent, name)"
            " DO UPDATE SET document = excluded.document, owner = excluded.owner",
            (subscription, kind, parent, name, owner, document),
        )

    def classic_get(self, subscription: str, kind: str, name: str, parent: str = "") -> ClassicRow | None:
        """One classic resource; names are compared without case."""
        rows = self.execute(
            "SELECT * FROM classic WHERE subscription = ? AND kind = ? AND parent = ? AND name = ?",
            (subscription, kind, parent, name),
        )
        return _classic_row(rows[0]) if rows else None

    def classic_list(
        self, subscription: str, kind: str, *, parent: str | None = None, owner: str | None = None
    ) -> list[ClassicRow]:
        """Classic resources of one kind in the order they were made."""
        narrowing = {"parent": parent, "owner": owner}
        rows = self._narrowed(
            "SELECT * FROM classic WHERE subscription = ? AND kind = ?", (subscription, kind), narrowing, "number"
        )
        return [_classic_row(row) for row in rows]

    def classic_delete(self, subscription: str, kind: str, name: str, parent: str = "") -> None:
        """Remove a classic resource, if it is there."""
        self.execute(
            "DELETE FROM classic WHERE subscription = ? AND kind = ? AND parent = ? AND name = ?",
            (subscription, kind, parent, name),
        )

    def arm_put(self, resource_id: str, body: dict[str, Any], unit: str | None = None) -> None:
        """Write a Resource Manager resource whole; `unit` locks it."""
        subscription, group, type_ = _parts(resource_id)
        self.execute(
            "INSERT OR REPLACE INTO arm (key, id, subscription, type, resource_group, location, unit, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                resource_id.lower(),
                resource_id,
                subscription,
                type_,
                group,
                str(body.get("location", "")),
                unit,
                json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            ),
        )

        self.execute("DELETE FROM arm_pointer WHERE referrer = ?", (resource_id.lower(),))
        self._connection.executemany(
            "INSERT INTO arm_pointer (target, referrer, position, field, source, pointed) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (found.target.lower(), resource_id.lower(), position, found.field, found.source, found.target)
                for position, found in enumerate(pointers(body))
            ],
        )

    def arm_pointers(self, resource_id: str, types: Sequence[str]) -> list[Pointer]:
        """Pointers at a resource or at its parts that resources of these types hold."""
        target = resource_id.lower()
        # `0` follows `/`, so a range of targets does what a prefix would.
        rows = self.execute(
            "SELECT source, field, pointed FROM arm_pointer JOIN arm ON arm.key = referrer"
            " WHERE (target = ? OR (target > ? AND target < ?)) AND arm.type IN (SELECT value FROM json_each(?))"
            " ORDER BY referrer, position",
            (target, f"{target}/", f"{target}0", json.dumps(types)),
        )
        return [Pointer(row["source"], row["field"], row["pointed"]) for row in rows]

    def arm_get(self, resource_id: str) -> ArmRow | None:
        """One resource by its id in any case."""
        rows = self.execute("SELECT * FROM arm WHERE key = ?", (resource_id.lower(),))
        return _arm_row(rows[0]) if rows else None

    def arm_list(self, subscription: str, *, type: str | None = None, group: str | None = None) -> list[ArmRow]:
        """Resources of a subscription ordered by id; `type` and `group` narrow it, in any case."""
        narrowing = {"type": type, "resource_group": group}
        rows = self._narrowed("SELECT * FROM arm WHERE subscription = ?", (subscription,), narrowing, "key")
        return [_arm_row(row) for row in rows]

    def arm_after(
        self, subscription: str, key: str, *, type: str | None = None, group: str | None = None
    ) -> Iterator[ArmRow]:
        """As `arm_list`, but only what follows an id in lower case, and read no further than it is asked for."""
        wanted = {column: value for column, value in (("type", type), ("resource_group", group)) if value is not None}
        conditions = "".join(f" AND {column} = ?" for column in wanted)
        rows = self._connection.execute(
            f"SELECT * FROM arm WHERE subscription = ? AND key > ?{conditions} ORDER BY key",  # noqa: S608 -- ours
            (subscription, key, *wanted.values()),
        )
        return map(_arm_row, rows)

    def arm_delete(self, resource_id: str) -> bool:
        """Remove a resource; false when there is none."""
        return bool(self.execute("DELETE FROM arm WHERE key = ? RETURNING key", (resource_id.lower(),)))

    def _narrowed(
        self, statement: str, parameters: tuple[str, ...], narrowing: dict[str, str | None], order: str
    ) -> list[sqlite3.Row]:
        """Only the conditions that are wanted, so that each way of asking can use its index."""
        wanted = {column: value for column, value in narrowing.items() if value is not None}
        conditions = "".join(f" AND {column} = ?" for column in wanted)
        return self.execute(f"{statement}{conditions} ORDER BY {order}", (*parameters, *wanted.values()))


def _classic_row(row: sqlite3.Row) -> ClassicRow:
    return ClassicRow(
        row["kind"],
        row["parent"],
        row["name"],
        row["owner"],
        row["document"],
        row["unit"],
        row["migration_state"],
    )


def _arm_row(row: sqlite3.Row) -> ArmRow:
    return ArmRow(row["id"], row["type"], row["resource_group"], row["location"], row["unit"], row["body"])


def _parts(resource_id: str) -> tuple[str, str, str]:
    """Subscription, resource group and type that an id spells."""
    segments = resource_id.strip("/").split("/")
    pairs = dict(zip((name.lower() for name in segments[0:4:2]), segments[1:4:2], strict=False))
    if "subscriptions" not in pairs or "resourcegroups" not in pairs:
        msg = f"not the id of a resource in a group: {resource_id}"
        raise ValueError(msg)
    if len(segments) == 4:  # noqa: PLR2004 -- /subscriptions/S/resourceGroups/G
        return pairs["subscriptions"], pairs["resourcegroups"], "Microsoft.Resources/resourceGroups"
    namespace, rest = segments[5], segments[6:]
    return pairs["subscriptions"], pairs["resourcegroups"], "/".join([namespace, *rest[0::2]])
