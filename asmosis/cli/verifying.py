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
from asmosis.translate import Promise, promise
from asmosis.units import Destination, Unit


@dataclass(frozen=True)
class Asked:
    """What to verify; `documents` are what an archive still knows of the classic side."""

    units: Sequence[str]
    subscription: str = ""
    asm_url: str = ""
    documents: Sequence[Path] = ()
    network: str = ""
    write: bool = False
    as_json: bool = False


def verify_units(asked: Asked) -> int:
    """Look at both sides of every unit; `NO` if anything is lacking.

    Raises:
        UsageError: a unit is none, or the archive does not have it.
    """
    units = units_of(asked.units, asked.subscription)
    planes = planes_of(units[0].subscription, asked.asm_url)
    promises = _promises(units, asked)
    with planes.asm() as asm, planes.arm() as arm:
        found = [verify(unit, asm, arm, promises.get(unit), write=asked.write) for unit in units]
    if asked.as_json:
        write_json({"units": [_json(each) for each in found]})
    else:
        _show(found)
    return DONE if all(each.good for each in found) else NO


def _promises(units: Sequence[Unit], asked: Asked) -> dict[Unit, Promise]:
    if not asked.documents:
        return {}
    estate = Source(units[0].subscription, tuple(asked.documents)).read().whole()
    network = destination(asked.network)
    return {unit: promise(estate, unit, network if unit.row.destination else Destination()) for unit in units}


def _show(found: Sequence[Verification]) -> None:
    for each in found:
        for note in each.notes:
            say(f"{each.unit.short}: {note}")
    write_table(
        ("Unit", "State", "ARM resources", "Lacks"),
        [(each.unit.short, each.state, str(each.resources), _sum(each)) for each in found],
    )
    if lacks := [(each.unit.short, lack.what, lack.why) for each in found for lack in each.lacks]:
        write_table(("Unit", "What", "Why"), lacks)


def _sum(found: Verification) -> str:
    return str(len(found.lacks)) if found.lacks else "nothing"


def _json(found: Verification) -> dict[str, Any]:
    return {
        "unit": str(found.unit),
        "state": found.state,
        "good": found.good,
        "resource_groups": list(found.groups),
        "resources": found.resources,
        "compared_with_promise": found.verdict is not None,
        "lacks": [{"what": lack.what, "why": lack.why} for lack in found.lacks],
        "notes": list(found.notes),
    }
