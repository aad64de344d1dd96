"""Whether a unit's bundle is what was kept: every digest is computed again."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

from asmosis.check.evidence import signed_of
from asmosis.errors import UnreadableDocument
from asmosis.evidence.manifest import Manifest
from asmosis.evidence.parts import DECISIONS, SIGNED, VERDICT
from asmosis.evidence.store import EvidenceStore
from asmosis.units import Unit


def problems(store: EvidenceStore, unit: Unit) -> tuple[str, ...]:
    """What is wrong with the versions of a unit's bundle; nothing for one that is whole.

    Raises:
        Unreachable: the evidence cannot be read.
    """
    try:
        versions = store.versions(unit)
    except UnreadableDocument as error:
        return (str(error),)
    found = [*_broken_links(versions), *_broken_parts(store, versions)]
    if not found:
        found += [*_unsigned(store, versions), *_unlike(store, versions)]
    return tuple(found)


def _broken_links(versions: Sequence[Manifest]) -> Iterator[str]:
    for manifest, number in zip(versions, range(1, len(versions) + 1), strict=True):
        if manifest.version != number:
            yield f"version {number} is missing or there twice"
            return
    if versions and versions[0].former:
        yield "version 1 names a former one"
    for former, manifest in pairwise(versions):
        if manifest.former != former.digest:
            yield f"version {manifest.version} does not go on from version {former.version}: its digest is another"


def _broken_parts(store: EvidenceStore, versions: Sequence[Manifest]) -> Iterator[str]:
    seen: set[str] = set()
    for manifest in versions:
        for part in manifest.parts:
            if part.sha256 in seen:
                continue
            seen.add(part.sha256)
            try:
                data = store.read(manifest, part)
            except UnreadableDocument as error:
                yield f"version {manifest.version}, {part.name}: {error}"
            else:
                if len(data) != part.size:
                    yield f"version {manifest.version}, {part.name}: it has {len(data)} bytes, not {part.size}"


def _unsigned(store: EvidenceStore, versions: Sequence[Manifest]) -> Iterator[str]:
    """Votes for what no version up to theirs holds."""
    shown: set[str] = set()
    told: set[str] = set()
    for manifest in versions:
        if part := manifest.part(SIGNED):
            shown.add(part.sha256)
        decisions = manifest.part(DECISIONS)
        if decisions is None or decisions.sha256 in told:
            continue
        told.add(decisions.sha256)
        for row in json.loads(store.read(manifest, decisions)):
            if not any(digest.startswith(row["signed"]) for digest in shown):
                words = f"{row['approver']} decided to {row['decision']}"
                yield f"version {manifest.version}: {words} on evidence {row['signed']}, which is not kept"


def _unlike(store: EvidenceStore, versions: Sequence[Manifest]) -> Iterator[str]:
    """Versions whose comparison is not the one that was signed."""
    for manifest in versions:
        verdict, signed = manifest.part(VERDICT), manifest.part(SIGNED)
        if verdict and signed:
            told = json.loads(store.read(manifest, verdict))
            pairs = [(pair["resource"], pair["found"] or "") for pair in told["pairs"]]
            again = signed_of(manifest.unit, pairs, told["differences"], told["unread"], told["losses"])
            if again != store.read(manifest, signed):
                yield f"version {manifest.version}: what was signed is not what the check found"
