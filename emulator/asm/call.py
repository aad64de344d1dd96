"""One request to the classic plane as a handler sees it, and the answers it can give."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from starlette.responses import Response

from emulator.asm import xml
from emulator.clock import Clock
from emulator.faults import Plan
from emulator.journal import Note
from emulator.store import ClassicRow, Store

Evidence = Literal["recorded", "documented", "assumed"]


@dataclass(frozen=True)
class Call:
    """A request: `names` are the decoded path parameters, `query` has lower-case keys."""

    store: Store
    clock: Clock
    subscription: str
    request_id: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    note: Note = field(default_factory=Note)
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True)
class Held:
    """A classic resource that a write changes or needs; `refusal` is what is said instead while it migrates."""

    row: ClassicRow
    refusal: str = ""


@dataclass(frozen=True)
class Route:
    """One row of the classic plane's table; `evidence` says why we believe that it answers so.

    A row with a `unit_kind` is a migration call; its verb is in the query. Every other row that is not a GET
    says with `holds` what it changes: while any of that migrates, the request does not come to its handler.
    """

    method: str
    path: str
    handler: Callable[[Call], Response]
    evidence: Evidence
    note: str = ""
    unit_kind: str = ""
    holds: Callable[[Call], Iterable[Held]] | None = None


def answer(root: bytes) -> Response:
    """200 with a document; `root` is an element without namespace declarations."""
    return stored(xml.document(root))


def stored(document: bytes, status: int = 200) -> Response:
    """A document as it is kept."""
    return Response(document, status, headers={"content-type": "application/xml; charset=utf-8"})


def accepted() -> Response:
    """202 without a body: the request id is the id of the operation."""
    return Response(status_code=202)
