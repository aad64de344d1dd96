"""The verb `verify`: whether committed units are gone from classic, whole in ARM and manageable there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asmosis.check.verification import Verification, verify
from asmosis.cli.destinations import destination
from asmosis.cli.output import DONE, NO, say, write_json, write_table
from asmosis.cli.shown import units_of
from asmosis.cli.sources import Source, planes_of
from asmosis.errors import Unreachable
from asmosis.evidence import Bundle, EvidenceStore, evidence_url
from asmosis.evidence.promised import promise_in
from asmosis.translate import Promise, promise
from asmosis.units import Destination, Unit


@dataclass(frozen=True)
class Asked:
    """What to verify; `documents` are what an archive still knows of the classic side, instead of the evidence."""

    units: Sequence[str]
    subscription: str = ""
    asm_url: str = ""
    documents: Sequence[Path] = ()
    network: str = ""
    write: bool = False
    as_json: bool = False


@dataclass(frozen=True)
class _Known:
    """What a unit was to become, and who says so; nothing if nobody knows any more."""

    source: str
    promised: Promise | None = None
    starred: bool = False


_NOBODY = _Known("nothing")


def verify_units(asked: Asked) -> int:
    """Look at both sides of every unit; `NO` if anything is lacking.

    Raises:
        UsageError: a unit is none, or the archive does not have it.
        UnreadableDocument: the evidence of a unit is not as it was kept.
    """
    units = units_of(asked.units, asked.subscription)
    planes = planes_of(units[0].subscription, asked.asm_url)
    known = _archived(units, asked) if asked.documents else {unit: _kept(unit) for unit in units}
    with planes.asm() as asm, planes.arm() as arm:
        found = [
            (verify(unit, asm, arm, by.promised, starred=by.starred, write=asked.write), by)
            for unit, by in known.items()
        ]
    if asked.as_json:
        write_json({"units": [_json(each, by) for each, by in found]})
    else:
        _show(found)
    return DONE if all(each.good for each, _ in found) else NO


def _archived(units: Sequence[Unit], asked: Asked) -> dict[Unit, _Known]:
    estate = Source(units[0].subscription, tuple(asked.documents)).read().whole()
    network = destination(asked.network)
    return {
        unit: _Known("the archive", promise(estate, unit, network if unit.row.destination else Destination()))
        for unit in units
    }


def _kept(unit: Unit) -> _Known:
    """What the evidence of a unit still knows, if any is kept here."""
    store = EvidenceStore(evidence_url())
    try:
        manifest = store.latest(unit)
        promised = promise_in(Bundle(store, manifest)) if manifest else None
    except Unreachable as error:
        say(f"{unit.short}: {error}")
        return _NOBODY
    if manifest is None or promised is None:
        return _NOBODY
    return _Known(f"version {manifest.version} of its evidence", promised, starred=True)


def _show(found: Sequence[tuple[Verification, _Known]]) -> None:
    for each, by in found:
        for note in each.notes:
            say(f"{each.unit.short}: {note}")
        if by.promised is None:
            say(f"{each.unit.short}: nobody here knows what was promised, so only what refers to something is missed")
    write_table(
        ("Unit", "State", "ARM resources", "Compared with", "Lacks"),
        [(each.unit.short, each.state, str(each.resources), by.source, _sum(each)) for each, by in found],
    )
    if lacks := [(each.unit.short, lack.what, lack.why) for each, _ in found for lack in each.lacks]:
        write_table(("Unit", "What", "Why"), lacks)


def _sum(found: Verification) -> str:
    return str(len(found.lacks)) if found.lacks else "nothing"


def _json(found: Verification, by: _Known) -> dict[str, Any]:
    return {
        "unit": str(found.unit),
        "state": found.state,
        "good": found.good,
        "resource_groups": list(found.groups),
        "resources": found.resources,
        "compared_with_promise": found.verdict is not None,
        "promise_from": by.source if by.promised else None,
        "lacks": [{"what": lack.what, "why": lack.why} for lack in found.lacks],
        "notes": list(found.notes),
    }
