"""Documents gathered from many files: one of each thing, the fullest one wins."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.etree import _Element

from emulator.asm import xml
from emulator.seeds.model import Document

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Found:
    """A resource and the file it came from; no file means that it was filled in."""

    kind: str
    name: str
    parent: str
    element: _Element
    source: str

    @property
    def key(self) -> Key:
        """What makes two documents speak of the same thing; the platform compares names without case."""
        return self.kind, self.parent.lower(), self.name.lower()

    def document(self) -> Document:
        """The resource as it is loaded."""
        return Document(xml.canonical(self.element), self.name, self.parent)


@dataclass
class Collection:
    """Resources by kind and name, in the order they were met, with notes of what was decided."""

    notes: list[str] = field(default_factory=list)
    _found: dict[Key, Found] = field(default_factory=dict)

    def add(self, found: Found) -> None:
        """Keep a resource; of two with one name the fuller one, and of two alike the later one."""
        known = self._found.get(found.key)
        if known is None:
            self._found[found.key] = found
            return
        winner = found if _size(found.element) >= _size(known.element) else known
        self._found[found.key] = winner
        self.notes.append(f"{found.kind}/{found.name}: in {known.source} and {found.source}; {winner.source} is used")

    def fill(self, kind: str, name: str, document: bytes, why: str, parent: str = "") -> None:
        """Keep a made-up resource and say why it was needed."""
        self.replace(Found(kind, name, parent, xml.read(document), "the emulator"))
        self.notes.append(f"{kind}/{name}: filled in for {why}")

    def replace(self, found: Found) -> None:
        """Keep a resource instead of what was there."""
        self._found[found.key] = found

    def get(self, kind: str, name: str, parent: str = "") -> Found | None:
        """A resource by its name."""
        return self._found.get((kind, parent.lower(), name.lower()))

    def all(self, kind: str) -> list[Found]:
        """Every resource of a kind, in the order met."""
        return [found for found in self._found.values() if found.kind == kind]

    def __iter__(self) -> Iterator[Found]:
        return iter(list(self._found.values()))


def _size(element: _Element) -> int:
    return sum(1 for _ in element.iter())
