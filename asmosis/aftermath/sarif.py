"""A scan as SARIF 2.1.0, the format in which code hosts take findings (standard of OASIS)."""

from typing import Any
from urllib.parse import quote

from asmosis.aftermath.scan import Hit, Scan
from asmosis.aftermath.signs import RULES

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ADVISORY = frozenset({"moved-name"})  # rules that may well find nothing wrong


def sarif(scanned: Scan) -> dict[str, Any]:
    """The log of one run; the same scan gives the same log."""
    rules = list(RULES)
    driver = {
        "name": "asmosis scan",
        "rules": [{"id": rule, "shortDescription": {"text": title}} for rule, title in RULES.items()],
    }
    notifications = [
        {"level": "error", "message": {"text": f"{file}: {why}"}} for file, why in sorted(scanned.unread.items())
    ]
    invocation = {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}
    results = [_result(hit, rules.index(hit.sign.rule)) for hit in scanned.hits]
    run = {"tool": {"driver": driver}, "invocations": [invocation], "columnKind": "unicodeCodePoints"}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run | {"results": results}]}


def _result(hit: Hit, rule: int) -> dict[str, Any]:
    sign = hit.sign
    region = {"startLine": hit.line, "startColumn": sign.column, "snippet": {"text": sign.found}}
    place = {"artifactLocation": {"uri": quote(hit.file)}, "region": region}
    return {
        "ruleId": sign.rule,
        "ruleIndex": rule,
        "level": "note" if sign.rule in _ADVISORY else "warning",
        "message": {"text": f"{sign.found}: {sign.advice}"},
        "locations": [{"physicalLocation": place}],
    }
