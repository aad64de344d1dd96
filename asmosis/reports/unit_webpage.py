"""A unit's evidence as one web page, for who owns the unit: what became of it, in a minute; it asks nobody."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from jinja2 import TemplateError
from markupsafe import Markup

from asmosis.aftermath import TITLES
from asmosis.evidence import Bundle, Manifest
from asmosis.evidence.history import HISTORY, History, histories, steps_of
from asmosis.evidence.parts import DECISIONS, FINDINGS, FOUND, PROBE, TODO, VALIDATION, VERDICT
from asmosis.evidence.promised import PROMISE
from asmosis.evidence.rollback import ROLLBACK_KIT
from asmosis.evidence.summary import SUMMARY
from asmosis.probe.recording import timeline_of
from asmosis.reports.downtime import downtime_words
from asmosis.reports.properties import compared
from asmosis.reports.sides import CLASSIC
from asmosis.reports.timeline_plot import duration, timeline_plot
from asmosis.reports.verdicts import downtime_figure, loses, sentence, shade
from asmosis.reports.web import ENVIRONMENT, asset, digest, embedded, plain
from asmosis.shapes import understood

_MANY = 6  # from as many on, what says the same is folded


def unit_page(bundle: Bundle, versions: Sequence[Manifest] = ()) -> str:
    """The page of a bundle; `versions` are those that it goes on from, and itself.

    Raises:
        UnreadableDocument: a part is not what was kept, or of another shape than its name says.
        Unreachable: the parts cannot be read.
    """
    with understood(str(bundle.unit), msgspec.MsgspecError, TemplateError):
        return _page(bundle, versions)


def _page(bundle: Bundle, versions: Sequence[Manifest]) -> str:
    style, script = asset("assessment.css") + asset("unit.css"), asset("unit.js")
    summary: dict[str, Any] = bundle.json(SUMMARY, {})
    verdict: dict[str, Any] = bundle.json(VERDICT, {})
    differences: list[dict[str, Any]] = verdict.get("differences", [])
    runs = histories(bundle.bytes_of(name) or b"" for name in bundle.names(HISTORY))
    probes = {name: timeline_of((bundle.bytes_of(name) or b"").decode()) for name in bundle.names(PROBE)}
    probes = dict(sorted(probes.items(), key=lambda item: item[1].began))
    promised = bundle.json(PROMISE, {})
    pairs = list(_pairs(bundle, verdict, promised))
    return ENVIRONMENT.get_template("unit.html.j2").render(
        unit=bundle.unit,
        manifest=bundle.manifest,
        versions=versions,
        location=bundle.store.location(bundle.unit),
        summary=summary,
        sentence=sentence(summary, bundle.manifest),
        shade=shade(summary, bundle.manifest),
        figures=list(_figures(summary)),
        plot=timeline_plot(runs, probes.values()),
        probes={name.removeprefix(PROBE).partition(".")[0]: downtime_words(each) for name, each in probes.items()},
        steps=list(_steps(runs, summary)),
        real=[item for item in differences if item["severity"] == "real"],
        others=[item for item in differences if item["severity"] != "real"],
        unread=verdict.get("unread", []),
        losses=_grouped(verdict.get("losses") or promised.get("losses", []), "field", "remedy"),
        decisions=bundle.json(DECISIONS, []),
        findings=_grouped(bundle.json(FINDINGS, []), "rule", "remedy"),
        validation=bundle.json(VALIDATION),
        todo=bundle.json(TODO, []),
        titles=TITLES,
        loses=loses(summary),
        kit=bundle.json(ROLLBACK_KIT),
        pairs=pairs,
        types=sorted({pair["type"] for pair in pairs}),
        value=_value,
        data=_data(pairs),
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=digest(style),
        script=Markup(script),  # noqa: S704 -- our own file
        script_hash=digest(script),
    )


def _figures(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Label, figure, what it means, shade."""
    if summary.get("resources") is not None:
        real = summary["real"]
        yield (
            "Differs",
            str(real),
            f"in {summary['resources']} resources that were compared",
            "blocked" if real else "ready",
        )
    elif summary.get("blockers") is not None:
        blockers = summary["blockers"]
        yield "Blockers", str(blockers), "found by our own rules", "blocked" if blockers else "ready"
        yield "Warnings", str(summary["warnings"]), "that block nothing", ""
    if summary.get("losses") is not None:
        words = "settings that ARM has no place for"
        yield "Lost" if loses(summary) else "Would be lost", str(summary["losses"]), words, ""
    if summary.get("downtime") or summary.get("resources") is not None:
        number, words, bad = downtime_figure(summary)
        yield "Downtime", number, words, "blocked" if bad else "ready" if summary.get("downtime") else ""
    seconds, estimated = summary.get("seconds", {}), summary.get("estimated", {})
    for step in ("prepare", "commit", "abort"):
        if (took := seconds.get(step)) is not None:
            low, high = estimated.get(step, (None, None))
            expected = f"estimated {duration(low)} to {duration(high)}" if low is not None else ""
            yield f"{step.capitalize()} took", duration(took), expected, ""
    if waited := summary.get("waited", {}).get("approval"):
        yield "Waited for approval", duration(waited), "without holding a process", ""


def _steps(runs: Sequence[History], summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    estimated = summary.get("estimated", {})
    for span in steps_of(runs):
        took = summary.get("seconds", {}).get(span.what)
        low, high = estimated.get(span.what, (None, None))
        yield {
            "what": f"{span.what} failed" if span.failed else span.what,
            "since": span.since[:19].replace("T", " "),
            "took": duration(took) if took is not None else "",
            "estimated": f"{duration(low)} to {duration(high)}" if low is not None else "",
            "operations": span.operations,
        }


def _pairs(bundle: Bundle, verdict: Mapping[str, Any], promised: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What became what, gravest first: each promised resource with its properties beside what was found."""
    bodies = {str(body["id"]).casefold(): body for body in promised.get("resources", [])}
    found = {str(body.get("id", "")).casefold(): body for body in bundle.json(FOUND, [])}
    differing: dict[str, list[dict[str, Any]]] = {}
    for item in verdict.get("differences", []):
        differing.setdefault(item["resource"], []).append(item)
    rows = []
    for pair in verdict.get("pairs", []):
        body = bodies.get(str(pair["promised"]).casefold(), {})
        other = found.get(str(pair["found"]).casefold(), {})
        mismatches = differing.get(pair["resource"], [])
        type, name = _named(pair["resource"])
        rows.append(
            {
                "type": type,
                "classic": CLASSIC.get(type.casefold(), ""),
                "name": name,
                "found": _named(str(pair["found"]).partition("/providers/")[2])[1] or str(other.get("name") or ""),
                "group": _group(str(pair["found"])),
                "real": sum(item["severity"] == "real" for item in mismatches),
                "other": sum(item["severity"] != "real" for item in mismatches),
                "id": str(pair["found"]),
                "properties": compared(body, mismatches),
            }
        )
    yield from sorted(rows, key=lambda row: (-row["real"], *(row[by].casefold() for by in ("type", "group", "name"))))


def _grouped(items: Sequence[Mapping[str, Any]], *by: str) -> list[list[Mapping[str, Any]]]:
    """Items that say the same together, if they are many; those of a few come first, each by itself."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for item in items:
        groups.setdefault(tuple(str(item[name]) for name in by), []).append(item)
    few = [[item] for group in groups.values() if len(group) < _MANY for item in group]
    return few + [group for group in groups.values() if len(group) >= _MANY]


def _named(resource: str) -> tuple[str, str]:
    """Type and name of `NAMESPACE/TYPE/NAME/TYPE/NAME`; what is within another is named after both."""
    namespace, *rest = resource.split("/")
    return "/".join([namespace, *rest[::2]]), "/".join(rest[1::2])


def _group(id: str) -> str:
    steps = id.split("/")
    lower = [step.casefold() for step in steps]
    return steps[lower.index("resourcegroups") + 1] if "resourcegroups" in lower[:-1] else ""


def _value(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _data(pairs: Sequence[Mapping[str, Any]]) -> Markup:
    """The properties, drawn when somebody looks; every text is kept once, for machines are much alike."""
    texts: dict[str, int] = {}

    def kept(value: Any) -> int:
        return texts.setdefault(plain(_value(value)), len(texts))

    drawn = [
        [
            kept(pair["id"]),
            [[kept(row.path), kept(row.promised), kept(row.found), row.standing, kept(row.why)] for row in rows],
        ]
        for pair in pairs
        for rows in [pair["properties"]]
    ]
    return embedded({"texts": list(texts), "pairs": drawn})
