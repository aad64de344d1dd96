"""The journal: every write in order, with who, when and the state before and after."""

import json
from dataclasses import dataclass
from typing import Any

from emulator.store import Store


@dataclass
class Note:
    """What a handler says about its write; `effect` is true when this request began something."""

    verb: str | None = None
    unit: str | None = None
    before: str | None = None
    after: str | None = None
    effect: bool = False


def record(store: Store, entry: dict[str, Any]) -> None:
    """Append one entry."""
    store.execute("INSERT INTO journal (entry) VALUES (?)", (json.dumps(entry),))


def entries(store: Store) -> list[dict[str, Any]]:
    """All entries, oldest first, each with its `seq`."""
    rows = store.execute("SELECT seq, entry FROM journal ORDER BY seq")
    return [{"seq": row["seq"], **json.loads(row["entry"])} for row in rows]
