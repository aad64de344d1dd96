"""What the evidence of a unit still knows of its classic side, for when classic has forgotten it."""

import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from asmosis.classic.estate import Estate
from asmosis.cli.output import say
from asmosis.cli.sources import Source
from asmosis.evidence import Bundle, EvidenceStore, evidence_url
from asmosis.evidence.parts import FACTS
from asmosis.evidence.snapshot import RECEIVED
from asmosis.facts import Facts, parse_facts
from asmosis.units import Unit


@dataclass(frozen=True)
class Kept:
    """The estate that a unit was part of, as far as it concerned the unit, and what hung on it."""

    estate: Estate
    facts: Facts


def kept_of(unit: Unit) -> Kept | None:
    """The newest evidence of a unit, if any is kept here; tells on stderr which.

    Raises:
        Unreachable, UnreadableDocument: it cannot be read, or is not as it was kept.
    """
    store = EvidenceStore(evidence_url())
    manifest = store.latest(unit)
    documents = Bundle(store, manifest).bytes_of(RECEIVED) if manifest else None
    if manifest is None or documents is None:
        return None
    say(f"{unit.short}: classic no longer has it; read from version {manifest.version} of its evidence")
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(documents)) as archive:
            archive.extractall(folder)
        estate = Source(unit.subscription, (Path(folder),)).read().whole()
    facts = Bundle(store, manifest).bytes_of(FACTS)
    return Kept(estate, parse_facts(facts, f"{FACTS} of {unit.short}") if facts else Facts())
