"""A version of a unit's bundle, with its parts read when they are asked for."""

import json
from dataclasses import dataclass
from typing import Any

from asmosis.errors import UnknownUnit
from asmosis.evidence.manifest import Manifest
from asmosis.evidence.store import EvidenceStore
from asmosis.shapes import understood
from asmosis.units import Unit


@dataclass(frozen=True)
class Bundle:
    """A manifest and where its parts lie."""

    store: EvidenceStore
    manifest: Manifest

    @property
    def unit(self) -> Unit:
        """Whose it is."""
        return Unit.parse(self.manifest.unit)

    def bytes_of(self, name: str) -> bytes | None:
        """A part; None if there is none of that name."""
        part = self.manifest.part(name)
        return self.store.read(self.manifest, part) if part else None

    def json(self, name: str, otherwise: Any = None) -> Any:
        """The values of a JSON part, or what to say where there is none.

        Raises:
            UnreadableDocument: it holds none.
        """
        data = self.bytes_of(name)
        with understood(f"{self.manifest.unit} {name}"):
            return otherwise if data is None else json.loads(data)

    def names(self, prefix: str) -> tuple[str, ...]:
        """The parts whose names begin so."""
        return tuple(part.name for part in self.manifest.parts if part.name.startswith(prefix))

    @classmethod
    def latest(cls, store: EvidenceStore, unit: Unit) -> "Bundle":
        """The newest version of a unit's bundle.

        Raises:
            UnknownUnit: nothing is kept about it.
        """
        manifest = store.latest(unit)
        if manifest is None:
            problem = f"nothing is kept about it in {store.url}"
            raise UnknownUnit(unit.short, problem, "Migrate it first, or say where its evidence is (--evidence).")
        return cls(store, manifest)
