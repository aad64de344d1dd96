"""Where a verb's estate comes from: archived documents, or a live subscription."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asmosis.azure.inventory import Snapshot, take_snapshot
from asmosis.azure.planes import Planes
from asmosis.classic.estate import Estate
from asmosis.cli.documents import estate_of
from asmosis.cli.output import say
from asmosis.errors import UnreadableDocument, UsageError

_UNNAMED = "00000000-0000-0000-0000-000000000000"  # documents do not say whose they are
_PROGRESS_PAUSE = 2.0  # seconds


@dataclass(frozen=True)
class Source:
    """Documents of a subscription, or the planes that it lives on; nothing is read yet."""

    subscription: str
    documents: tuple[Path, ...] = ()
    planes: Planes | None = None

    def read(self) -> tuple[Estate, tuple[str, ...]]:
        """The estate, and the places of what no model claims.

        Raises:
            UnreadableDocument: something cannot be read, so it is not in the estate, which would mislead.
        """
        if self.planes is None:
            return estate_of(self.documents, self.subscription)
        found = taken(self.planes)
        if found.unreadable:
            raise UnreadableDocument(f"subscription {self.subscription}", "; ".join(found.unreadable))
        return found.estate, found.unread


def source_of(documents: Sequence[Path], subscription: str, asm_url: str) -> Source:
    """The documents if any are named, else the live subscription.

    Raises:
        UsageError: both are named, or there is no subscription to ask.
    """
    if documents and asm_url:
        raise UsageError("--from", "documents and a live plane are both named", "Give --from or --asm-url.")
    if documents:
        return Source(subscription or _UNNAMED, tuple(documents))
    planes = planes_of(subscription, asm_url)
    return Source(planes.subscription, planes=planes)


def planes_of(subscription: str, asm_url: str) -> Planes:
    """The planes that options and environment name; options stand."""
    planes = Planes.from_environment(os.environ, subscription)
    return replace(planes, asm_url=asm_url) if asm_url else planes


def taken(planes: Planes) -> Snapshot:
    """A live subscription as it is now; tells its progress on stderr."""
    said = time.monotonic()

    def tell(done: int, known: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _PROGRESS_PAUSE:
            said = time.monotonic()
            say(f"read {done} of {known} documents so far")

    with planes.asm() as asm:
        return take_snapshot(asm, progress=tell)
