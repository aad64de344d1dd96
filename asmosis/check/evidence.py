"""The digest that an approval signs: it changes exactly when what the person saw would change."""

import hashlib
import json
from typing import Any

from asmosis.check import Verdict


def digest(verdict: Verdict) -> str:
    """SHA-256, in hex, over the pairs, differences and losses of a verdict."""
    seen: dict[str, Any] = {
        "unit": str(verdict.unit),
        "pairs": [(pair.resource, str(pair.found.get("id", "")).casefold()) for pair in verdict.pairs],
        "differences": [
            (item.resource, item.path, item.promised, item.found, item.severity) for item in verdict.differences
        ],
        "losses": [(loss.subject, loss.field) for loss in verdict.losses],
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()
