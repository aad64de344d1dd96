"""Whether a unit's bundle is what was kept: every digest is computed again."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

from asmosis.check.evidence import comparison_of
from asmosis.errors import UnreadableDocument
from asmosis.evidence.manifest import SIGNED, Manifest
from asmosis.evidence.parts import COMPARISON, DECISIONS, SHOWN, VERDICT
from asmosis.evidence.store import EvidenceStore
from asmosis.shapes import understood
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
        try:
            with understood(str(unit)):
                found += [*_unlike(store, versions), *_not_as_shown(store, versions), *_unsigned(store, versions)]
        except UnreadableDocument as error:
            found.append(str(error))
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


def _unlike(store: EvidenceStore, versions: Sequence[Manifest]) -> Iterator[str]:
    """Versions that tell of another comparison than the one in them."""
    for manifest in versions:
        verdict, compared = manifest.part(VERDICT), manifest.part(COMPARISON)
        if verdict and compared:
            told = json.loads(store.read(manifest, verdict))
            pairs = [(pair["resource"], pair["found"] or "") for pair in told["pairs"]]
            again = comparison_of(manifest.unit, pairs, told["differences"], told["unread"], told["losses"])
            if again != store.read(manifest, compared):
                yield f"version {manifest.version}: its verdict is not what the check found"


def _not_as_shown(store: EvidenceStore, versions: Sequence[Manifest]) -> Iterator[str]:
    """Versions in which people were to sign something else than what is beside it.

    The chain holds all but the last version in place; what was shown has to be in that one still.
    """
    asked: set[str] = set()
    for manifest in versions:
        part = manifest.part(SIGNED)
        if part is None or (part.sha256 in asked and (manifest is not versions[-1] or manifest.run != part.run)):
            continue
        # Once a unit is committed, another comparison stands in the place of the one that was shown.
        aside = {COMPARISON} if part.sha256 in asked else set()
        asked.add(part.sha256)
        signed = json.loads(store.read(manifest, part))["parts"]
        beside = {each.name: {"sha256": each.sha256, "partial": each.partial} for each in manifest.parts}
        others = {name: beside.get(name) for name in SHOWN & (beside.keys() | signed.keys()) - aside}
        for name in sorted(name for name, other in others.items() if other != signed.get(name)):
            yield f"version {manifest.version}, {name}: it is not what was to be signed"


def _unsigned(store: EvidenceStore, versions: Sequence[Manifest]) -> Iterator[str]:
    """Votes for what no version up to theirs holds."""
    shown: set[str] = set()
    told: set[str] = set()
    for manifest in versions:
        shown.add(manifest.signed)
        decisions = manifest.part(DECISIONS)
        if decisions is None or decisions.sha256 in told:
            continue
        told.add(decisions.sha256)
        for row in json.loads(store.read(manifest, decisions)):
            if not any(digest.startswith(row["signed"]) for digest in shown):
                words = f"{row['approver']} decided to {row['decision']}"
                yield f"version {manifest.version}: {words} on evidence {row['signed']}, which is not kept"
