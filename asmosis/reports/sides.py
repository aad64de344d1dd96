"""Classic and ARM side by side, and how a unit's run ended."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asmosis.check import Difference, Pair, Verdict
from asmosis.reports.markdown import code, count, link, page, paragraph, table, text
from asmosis.translate import Loss
from asmosis.units import Outcome, Unit

CLASSIC = {
    "microsoft.compute/availabilitysets": "availability set",
    "microsoft.compute/virtualmachines": "virtual machine",
    "microsoft.compute/virtualmachines/extensions": "extension",
    "microsoft.keyvault/vaults": "certificates of the cloud service",
    "microsoft.network/connections": "connection of the gateway",
    "microsoft.network/loadbalancers": "endpoints",
    "microsoft.network/localnetworkgateways": "local network site",
    "microsoft.network/networkinterfaces": "network interface",
    "microsoft.network/networksecuritygroups": "network security group",
    "microsoft.network/publicipaddresses": "virtual, reserved or instance IP",
    "microsoft.network/routetables": "route table",
    "microsoft.network/virtualnetworkgateways": "gateway",
    "microsoft.network/virtualnetworks": "virtual network",
    "microsoft.storage/storageaccounts": "storage account",
}
"""What of classic a type of ARM resources comes from, in the words of the classic portal."""


def side_by_side_page(verdict: Verdict) -> str:
    """What became what, what differs from the promise (real differences first), and what is lost."""
    return page(
        f"# Classic and ARM side by side: {text(verdict.unit.short)}",
        f"**{_judgement(verdict)}**",
        _bullets("What may not be read", _unread(verdict), len(verdict.unread)),
        "## What differs" if verdict.differences else "",
        _differences_table(verdict.differences),
        "## What is lost" if verdict.losses else "",
        _losses_table(verdict.losses),
        "## What became what" if verdict.pairs else "",
        _pairs_table(verdict.pairs),
    )


def question_page(verdict: Verdict, artifact: str, most: int = 12) -> str:
    """What stands in the approval form: the judgement, at most `most` real differences and losses, and where all is."""
    differences = [
        f"{text(item.resource)} {code(item.path)}: promised {_value(item.promised) or 'nothing'}, "
        f"found {_value(item.found) or 'nothing'}"
        for item in verdict.told("real")
    ]
    losses = [f"{text(loss.subject)} {code(loss.field)}: {text(loss.why)}" for loss in verdict.losses]
    return page(
        f"**{_judgement(verdict)}**",
        _bullets("What may not be read", _unread(verdict), most),
        _bullets("What differs", differences, most),
        _bullets("What is lost", losses, most),
        f"Both sides, property by property: artifact {code(artifact)} of this run.",
    )


def outcome_page(unit: Unit, outcome: Outcome, words: str, verdict: Verdict | None = None, evidence: str = "") -> str:
    """How the run ended and why; with a verdict, how the ARM side was found, and what to do about losses.

    `evidence` is the address of all that is kept about it.
    """
    real = verdict.told("real") if verdict else ()
    return page(
        f"# {text(outcome.value)}: {text(unit.short)}",
        paragraph(words),
        _judgement(verdict) if verdict else "",
        _bullets("What may not be read", _unread(verdict), len(verdict.unread)) if verdict else "",
        "## What differs" if real else "",
        _differences_table(real),
        "## Still to do by hand" if verdict and verdict.losses and outcome is not Outcome.ABORTED else "",
        _losses_table(verdict.losses) if verdict and outcome is not Outcome.ABORTED else "",
        link("The evidence", evidence),
    )


def _bullets(title: str, lines: Sequence[str], most: int) -> str:
    if not lines:
        return ""
    shown = [f"- {line}" for line in lines[:most]]
    more = [f"- … and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([f"**{title}**", "", *shown, *more])


def _unread(verdict: Verdict) -> list[str]:
    return [text(str(each)) for each in verdict.unread]


def _judgement(verdict: Verdict) -> str:
    real, expected = len(verdict.told("real")), len(verdict.told("expected"))
    found = f"{count(len(verdict.pairs), 'promised resource is', 'promised resources are')} in ARM"
    known = f", beside {count(expected, 'difference that was', 'differences that were')} expected" if expected else ""
    lost = f" {count(len(verdict.losses), 'setting is', 'settings are')} lost." if verdict.losses else ""
    if verdict.clean:
        return f"The promise is kept: {found} and nothing differs that should not{known}.{lost}"
    differ = f"{count(real, 'thing differs', 'things differ')}{known}"
    if verdict.partial:
        unseen = count(len(verdict.unchecked), "promised resource", "promised resources")
        return (
            f"Nobody knows whether the promise is kept, because not everything may be read: {found}, {unseen} may be"
            f" there unseen, and {differ}.{lost}"
        )
    return f"The promise is not kept: {found}, but {differ}.{lost}"


def _differences_table(differences: Sequence[Difference]) -> str:
    if not differences:
        return ""
    return table(
        ("", "Resource", "Property", "Promised", "Found", "Why"),
        (
            (
                "**differs**" if difference.severity == "real" else difference.severity,
                text(difference.resource),
                code(difference.path) or "the whole resource",
                _value(difference.promised),
                _value(difference.found),
                text(difference.why),
            )
            for difference in sorted(differences, key=lambda difference: difference.severity != "real")
        ),
    )


def _losses_table(losses: Iterable[Loss]) -> str:
    rows = [(text(loss.subject), code(loss.field), text(loss.why), text(loss.remedy)) for loss in losses]
    return table(("Classic", "Setting", "Why it is lost", "Remedy"), rows) if rows else ""


def _pairs_table(pairs: Sequence[Pair]) -> str:
    if not pairs:
        return ""
    return table(
        ("Classic", "ARM type", "Promised", "Found as", "In resource group"),
        (
            (
                CLASSIC.get(_type(pair).casefold(), ""),
                code(_type(pair)),
                text(_name(pair.promised)),
                text(_name(pair.found)),
                text(_group(pair.found)),
            )
            for pair in sorted(pairs, key=lambda pair: _type(pair).casefold())
        ),
    )


def _type(pair: Pair) -> str:
    return str(pair.promised.get("type") or pair.found.get("type") or "")


def _name(body: Mapping[str, Any]) -> str:
    return str(body.get("name") or "")


def _group(body: Mapping[str, Any]) -> str:
    """The group of a wire id; ARM spells the words around it in several ways (recorded)."""
    steps = str(body.get("id") or "").split("/")
    lower = [step.casefold() for step in steps]
    return steps[lower.index("resourcegroups") + 1] if "resourcegroups" in lower[:-1] else ""


def _value(value: Any) -> str:
    if value is None:
        return ""
    return code(value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str))
