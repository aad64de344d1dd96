"""What a check found, with one spelling: it changes exactly when what a person sees of it would change."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from asmosis.check import Verdict
from asmosis.redaction import redacted, redacted_at


def comparison(verdict: Verdict) -> bytes:
    """The pairs, differences and losses of a verdict, with one spelling and without secrets."""
    return comparison_of(
        str(verdict.unit),
        [(pair.resource, str(pair.found.get("id", ""))) for pair in verdict.pairs],
        plain_differences(verdict),
        [redacted(str(each)) for each in verdict.unread],
        [asdict(redacted(loss)) for loss in verdict.losses],
    )


def comparison_of(
    unit: str,
    pairs: Iterable[tuple[str, str]],
    differences: Iterable[Mapping[str, Any]],
    unread: Sequence[str],
    losses: Iterable[Mapping[str, Any]],
) -> bytes:
    """The same from plain values, as they are kept; pairs are resources with the ids found for them."""
    seen: dict[str, Any] = {
        "unit": unit,
        "pairs": [(resource, id.casefold()) for resource, id in pairs],
        "differences": [[item[name] for name in _TOLD] for item in differences],
        "unread": unread,
        "losses": [(loss["subject"], loss["field"]) for loss in losses],
    }
    return json.dumps(seen, sort_keys=True, default=str).encode()


_TOLD = ("resource", "path", "promised", "found", "severity")


def plain_differences(verdict: Verdict) -> list[dict[str, Any]]:
    """The differences as plain values that may be shown and kept: without secrets."""
    return [
        {
            **asdict(redacted(item)),
            "promised": redacted_at(item.path, item.promised),
            "found": redacted_at(item.path, item.found),
        }
        for item in verdict.differences
    ]
