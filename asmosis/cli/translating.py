"""Verbs about the ARM side: what one unit becomes, and where every classic field goes."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asmosis.arm.template import parameterized
from asmosis.arm.template import template as template_of
from asmosis.check.expected import expected_section
from asmosis.cli.destinations import destination_of
from asmosis.cli.output import DONE, NO, say, write_json, write_table
from asmosis.cli.sources import source_of
from asmosis.errors import UsageError
from asmosis.translate import Names, Proposal, propose
from asmosis.translate.fates import Field
from asmosis.translate.fates import fates as fates_of
from asmosis.translate.fates.page import fates_page
from asmosis.translate.names import NamesFile
from asmosis.translate.naming import read_names, usual_names_file
from asmosis.units import Unit
from asmosis.yaml_files import to_json_schema


@dataclass(frozen=True)
class Asked:
    """What is asked of a template: the unit, where it goes, how things are called, what may be chosen later.

    `parameters_out` implies `parameters`.
    """

    unit: str
    network: str = ""
    names: Path | None = None
    parameters: bool = False
    parameters_out: Path | None = None
    as_line: bool = False


def template(sources: Sequence[Path], subscription: str, asm_url: str, asked: Asked) -> int:
    """Print the deployment template of a unit; `NO` if something classic is not understood."""
    source = source_of(sources, subscription, asm_url)
    wanted = Unit.parse(asked.unit, source.subscription)
    destination = destination_of(wanted, asked.network)
    names = read_names(asked.names) if asked.names else Names()
    reading = source.read()
    proposal = propose(reading.whole(), wanted, destination, names)
    write_json(_exported(proposal, asked), pretty=not asked.as_line)
    for path in reading.unread:
        say(f"not understood: {path}")
    for loss in proposal.losses:
        say(f"lost: {loss.subject} {loss.field}: {loss.why} {loss.remedy}")
    for key in proposal.unused:
        say(f"names: the unit has no {key}")
    group, *others = proposal.groups
    say(f"deploys into the resource group {group}" + (f"; needs also {', '.join(others)}" if others else ""))
    return DONE if reading.understood else NO


def names(*, as_schema: bool, as_json: bool) -> int:
    """Print the usual patterns as a names file to start from, or the schema of such files."""
    if as_json:
        write_json(NamesFile.model_json_schema() if as_schema else NamesFile().model_dump())
    else:
        sys.stdout.write(to_json_schema(NamesFile) if as_schema else usual_names_file())
    return DONE


def fates(*, as_page: bool, as_json: bool) -> int:
    """List where every field of the classic models goes, or why it goes nowhere."""
    if as_page and as_json:
        raise UsageError("--markdown", "the page is no JSON", "Leave --json out.")
    if as_page:
        sys.stdout.write(fates_page() + "\n" + expected_section())
    elif as_json:
        write_json({"fates": [_as_json(field) for field in fates_of()]})
    else:
        columns = ("Model", "Element", "Fate", "Where it goes, or why not")
        write_table(
            columns, [(field.model.__name__, field.element, field.fate.way, _told(field)) for field in fates_of()]
        )
    return DONE


def _exported(proposal: Proposal, asked: Asked) -> dict[str, Any]:
    if not asked.parameters and not asked.parameters_out:
        return template_of(proposal.resources, proposal.groups[0])
    exported = parameterized(proposal.resources, proposal.groups[0])
    if asked.parameters_out:
        try:
            asked.parameters_out.write_text(json.dumps(exported.parameters, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            problem = error.strerror or str(error)
            raise UsageError(str(asked.parameters_out), problem, "Name a file that can be written.") from error
    for name in exported.required:
        say(f"to be given: {name}")
    return exported.template


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
