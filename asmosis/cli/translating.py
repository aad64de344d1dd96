"""Verbs about the ARM side: what one unit becomes, and where every classic field goes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asmosis.arm.template import template as template_of
from asmosis.cli.output import DONE, NO, say, write_json, write_table
from asmosis.cli.sources import source_of
from asmosis.errors import UsageError
from asmosis.translate import groups_in, groups_of, promise
from asmosis.translate.fates import Field
from asmosis.translate.fates import fates as fates_of
from asmosis.translate.fates.page import fates_page
from asmosis.units import Unit


def template(sources: Sequence[Path], subscription: str, asm_url: str, *, unit: str, as_line: bool) -> int:
    """Print the deployment template of a unit; `NO` if something classic is not understood."""
    source = source_of(sources, subscription, asm_url)
    wanted = Unit.parse(unit, source.subscription)
    estate, unread = source.read()
    promised = promise(estate, wanted)
    group = groups_of(estate, wanted)[0]
    write_json(template_of(promised.resources, group), pretty=not as_line)
    for path in unread:
        say(f"not understood: {path}")
    for loss in promised.losses:
        say(f"lost: {loss.subject} {loss.field}: {loss.why} {loss.remedy}")
    others = [name for name in groups_in(promised) if name.casefold() != group.casefold()]
    say(f"deploys into the resource group {group}" + (f"; needs also {', '.join(others)}" if others else ""))
    return NO if unread else DONE


def fates(*, as_page: bool, as_json: bool) -> int:
    """List where every field of the classic models goes, or why it goes nowhere."""
    if as_page and as_json:
        raise UsageError("--markdown", "the page is no JSON", "Leave --json out.")
    if as_page:
        sys.stdout.write(fates_page())
    elif as_json:
        write_json({"fates": [_as_json(field) for field in fates_of()]})
    else:
        columns = ("Model", "Element", "Fate", "Where it goes, or why not")
        write_table(
            columns, [(field.model.__name__, field.element, field.fate.way, _told(field)) for field in fates_of()]
        )
    return DONE


def _as_json(field: Field) -> dict[str, Any]:
    return {
        "model": field.model.__name__,
        "field": field.name,
        "element": field.element,
        "fate": field.fate.way,
        "destinations": [{"type": kind, "property": path} for kind, path in field.fate.destinations],
        "why": field.fate.why,
    }


def _told(field: Field) -> str:
    goes = ", ".join(f"{kind.rpartition('/')[2]} {path}" for kind, path in field.fate.destinations)
    return ". ".join(filter(None, (goes, field.fate.why)))
