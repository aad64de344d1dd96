"""Estates to begin with: by name, made up by numbers, or from a folder of real documents."""

import json
from typing import Any

from emulator import quotas
from emulator.errors import PlatformError
from emulator.platform import documents, registration
from emulator.seeds import contoso, storage
from emulator.seeds.folder import folder
from emulator.seeds.model import Estate
from emulator.seeds.synthetic import Synthetic, synthetic
from emulator.store import Store

__all__ = ["NAMES", "SUBSCRIPTION_PATTERN", "Estate", "Synthetic", "folder", "load", "loaded", "named", "synthetic"]

SUBSCRIPTION_PATTERN = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
NAMES = ("contoso",)
_TABLES = ("classic", "arm", "unit", "operation", "arm_operation", "quota")
_NO_LIMIT = 1_000_000


def named(name: str, subscription: str | None = None) -> Estate:
    """A sample estate.

    Raises:
        PlatformError: 404 when there is none of that name.
    """
    if name != "contoso":
        raise PlatformError(404, "NotFound", f"There is no estate {name}; there is: {', '.join(NAMES)}.")
    return contoso.contoso(subscription)


def load(store: Store, estate: Estate, *, registered: bool = True) -> dict[str, Any]:
    """Make the estate's subscription anew, registered for migration or not; answers what was loaded into it."""
    where = estate.subscription.lower()
    with store.transaction():
        for table in _TABLES:
            store.execute(f"DELETE FROM {table} WHERE subscription = ?", (where,))  # noqa: S608 -- names of ours
        registration.begin(store, where, registered=registered)
        if estate.unlimited:
            quotas.set_limit(store, where, quotas.ANY, quotas.ANY, _NO_LIMIT)
        for each in estate.documents:
            documents.put(store, where, each.xml, name=each.name, parent=each.parent)
        for row in store.classic_list(where, "storageAccount"):
            if store.classic_get(where, "storageKeys", row.name) is None:
                documents.put(store, where, storage.fresh_keys(), name=row.name)
        counts = store.execute(
            "SELECT kind, count(*) AS number FROM classic WHERE subscription = ? GROUP BY kind ORDER BY kind",
            (where,),
        )
        summary = {
            "subscription": where,
            "estate": estate.name,
            "loaded": {row["kind"]: row["number"] for row in counts},
            "notes": list(estate.notes),
        }
        store.execute("INSERT OR REPLACE INTO subscription (id, loaded) VALUES (?, ?)", (where, json.dumps(summary)))
    return summary


def loaded(store: Store) -> list[dict[str, Any]]:
    """What was loaded into each subscription there is."""
    return [json.loads(row["loaded"]) for row in store.execute("SELECT loaded FROM subscription ORDER BY id")]
