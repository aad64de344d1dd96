"""Where a verb's estate comes from: archived documents, or a live subscription."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from asmosis import collector
from asmosis.azure.facts import gather_facts
from asmosis.azure.inventory import Snapshot, take_snapshot
from asmosis.azure.planes import Planes
from asmosis.classic.batches import read_documents
from asmosis.classic.documents import Document
from asmosis.classic.estate import Estate, is_ownerless
from asmosis.cli.output import say
from asmosis.cli.progress import progress
from asmosis.errors import ControlPlaneError, Unreachable, UnreadableDocument, UsageError
from asmosis.facts import FACTS_FILE, Facts, StepDuration, read_facts
from asmosis.readiness import Remarks
from asmosis.readiness.index import NO_FACTS
from asmosis.runs import Runs

UNNAMED = "00000000-0000-0000-0000-000000000000"
"""Stands for the subscription of documents, which do not say whose they are."""


@dataclass(frozen=True)
class Reading:
    """An estate as far as it could be read, and the places of all that was not understood.

    `unread` are elements that no model claims; what `unreadable` documents describe is **not** in the estate.
    """

    estate: Estate = field(repr=False)
    unread: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether everything is in the estate."""
        return not self.unread and not self.unreadable

    def whole(self) -> Estate:
        """The estate, for those whom a missing document would mislead.

        Raises:
            UnreadableDocument: names every document that cannot be read.
        """
        if self.unreadable:
            place, _, problem = "; ".join(self.unreadable).partition(": ")
            raise UnreadableDocument(place, problem)
        return self.estate


@dataclass(frozen=True)
class Source:
    """Documents of a subscription, or the planes that it lives on; nothing is read yet."""

    subscription: str
    documents: tuple[Path, ...] = ()
    planes: Planes | None = None

    def read(self, remarks: Remarks | None = None) -> Reading:
        """The estate as far as it can be read; tells its progress on stderr.

        Args:
            remarks: are asked about what documents hold while they are read.

        Raises:
            UsageError: a folder holds no document.
        """
        if self.planes is None:
            return _archived(_documents_in(self.documents), self.subscription, remarks)
        found = taken(self.planes)
        return Reading(found.estate, found.unread, found.unreadable)

    def facts(self, estate: Estate, told: Facts | None = None) -> Facts:
        """What documents do not tell: as a caller or a snapshot tells it, or as the live plane answers.

        Durations that nobody told are those that earlier runs measured, if there is a Prefect server to ask.

        Raises:
            UsageError: names the line of the first mistake in the facts file.
        """
        facts = told or self._found(estate)
        return facts if facts.history is not None else facts.model_copy(update={"history": self._measured()})

    def _found(self, estate: Estate) -> Facts:
        if self.planes is not None:
            return gather_facts(self.planes, estate)
        kept = (folder / FACTS_FILE for folder in self.documents)
        found = next((path for path in kept if path.is_file()), None)
        return read_facts(found) if found else NO_FACTS

    def _measured(self) -> tuple[StepDuration, ...] | None:
        plane = self.planes or Planes.from_environment(os.environ, self.subscription)
        try:
            return Runs.from_environment(os.environ, tries=0).durations(plane.asm_url) or None
        except (ControlPlaneError, Unreachable) as error:
            # Estimates do without; but whoever names a server should know that it was not heard.
            if os.environ.get("PREFECT_API_URL"):
                say(f"note: what earlier runs took is not known ({error})")
            return None


def source_of(documents: Sequence[Path], subscription: str, asm_url: str) -> Source:
    """The documents if any are named, else the live subscription.

    Raises:
        UsageError: both are named, or there is no subscription to ask.
    """
    if documents and asm_url:
        raise UsageError("--from", "documents and a live plane are both named", "Give --from or --asm-url.")
    if documents:
        return Source(subscription or UNNAMED, tuple(documents))
    planes = planes_of(subscription, asm_url)
    return Source(planes.subscription, planes=planes)


def planes_of(subscription: str, asm_url: str) -> Planes:
    """The planes that options and environment name; options stand."""
    planes = Planes.from_environment(os.environ, subscription)
    return replace(planes, asm_url=asm_url) if asm_url else planes


def taken(planes: Planes) -> Snapshot:
    """A live subscription as it is now; tells its progress on stderr."""
    with planes.asm() as asm, progress("documents") as tell:
        return take_snapshot(asm, progress=tell)


def not_understood(reading: Reading) -> Iterator[str]:
    """A line per element that no model claims and per document that cannot be read; what is alike stands together."""
    places: dict[str, list[str]] = {}
    for unread in reading.unread:
        place, _, element = unread.rpartition(": ")
        places.setdefault(element, []).append(place)
    for element, found in places.items():
        more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
        yield f"not understood: {found[0]}: {element}{more}"
    yield from (f"cannot be read: {problem}" for problem in reading.unreadable)


def _documents_in(sources: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        held = (
            sorted(path for path in source.iterdir() if path.suffix.lower() == ".xml") if source.is_dir() else [source]
        )
        if not held:
            raise UsageError(str(source), "the folder holds no *.xml", "Name a folder of archived ASM documents.")
        found += held
    return found


def _archived(paths: Sequence[Path], subscription: str, remarks: Remarks | None) -> Reading:
    unread: list[str] = []
    unreadable: list[str] = []

    def readable() -> Iterator[Document]:
        with progress("documents") as tell:
            for done, document in enumerate(read_documents(paths), start=1):
                if isinstance(document, UnreadableDocument):
                    unreadable.append(str(document))
                else:
                    unread.extend(f"{document.place}: {element}" for element in document.unread)
                    if is_ownerless(document):
                        unread.append(f"{document.place}: the file's name does not tell whose {document.root} this is")
                    yield document
                tell(done, len(paths))

    with collector.paused():
        documents = remarks.heard(readable()) if remarks else readable()
        estate = Estate.of_documents(subscription, documents)
    return Reading(estate, tuple(unread), tuple(unreadable))
