"""Documents of our own in every shape that was recorded: what they are read as, judged as, and become."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from asmosis.arm.template import parameterized
from asmosis.classic.documents import LISTS, READABLE, Document, read_document
from asmosis.classic.estate import Estate
from asmosis.readiness import PROFILES, assess
from asmosis.translate import propose
from asmosis.units import Unit
from tests.promising import SUBSCRIPTION, file_name

DOCUMENTS = Path(__file__).parent / "documents"
GOLDENS = DOCUMENTS / "goldens"
NAMES = sorted(path.stem for path in DOCUMENTS.glob("*.xml"))
# Never answered alone, only in lists.
ONLY_LISTED = {"Connection", "Location", "VMImage", "ValidationMessage", "VirtualNetworkSite"}
Golden = Callable[[Path, Any], None]


@cache
def read(name: str) -> Document:
    # Without the folder, so that goldens do not depend on where this file is.
    return read_document((DOCUMENTS / f"{name}.xml").read_bytes(), f"{name}.xml")


@cache
def estate() -> Estate:
    return Estate.of_documents(SUBSCRIPTION, [read(name) for name in NAMES])


UNITS = [unit.short for unit in estate().units]


def test_every_recorded_root_has_a_document() -> None:
    assert {*READABLE, *LISTS} - {read(name).root for name in NAMES} == ONLY_LISTED


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_read_as_ever(name: str, golden: Golden) -> None:
    document = read(name)
    models = [model.dump() for model in document.models]
    golden(GOLDENS / f"{name}.json", {"root": document.root, "models": models, "unread": list(document.unread)})


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_document_is_overlooked(name: str) -> None:
    assert read(name).unread == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_estate_is_judged_as_ever(profile: str, golden: Golden) -> None:
    found = [(item.unit, item.rule, item.severity, item.resource, item.evidence) for item in assess(estate(), profile)]
    golden(GOLDENS / f"findings-{profile}.json", found)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_becomes_the_same_template_as_ever(unit: str, golden: Golden) -> None:
    proposal = propose(estate(), Unit.parse(unit, SUBSCRIPTION))
    exported = parameterized(proposal.resources, proposal.groups[0])
    losses = [f"{loss.subject} {loss.field}" for loss in proposal.losses]
    golden(GOLDENS / f"template-{file_name(unit)}.json", {"losses": losses, "template": exported.template})


def test_every_golden_belongs_to_something() -> None:
    kept = {f"findings-{profile}" for profile in PROFILES} | {f"template-{file_name(unit)}" for unit in UNITS}
    assert {path.stem for path in GOLDENS.glob("*.json")} == {*NAMES, *kept}
