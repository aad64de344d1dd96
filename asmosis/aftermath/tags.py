"""Labels, descriptions and notes of classic resources, as tags of what stands for them.

ARM has no place for them; nothing makes tags of them by itself (documented by Microsoft: known issues).
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asmosis.aftermath.moves import Move
from asmosis.classic.compute import ExtendedProperty
from asmosis.classic.estate import Estate, key
from asmosis.redaction import redacted_at
from asmosis.translate.losses import PORTAL_NOTES

PREFIX = "asm:"
_LONGEST_NAME, _LONGEST_VALUE = 128, 256  # a storage account's; other names may have 512 (documented by Microsoft)
_NOT_IN_NAMES = re.compile(r"[<>%&\\?/\x00-\x1f]")


@dataclass(frozen=True)
class TagPlan:
    """Tags to set on one resource or group; `cut` are those whose text is longer than a tag may be."""

    subject: str
    id: str
    tags: Mapping[str, str]
    cut: tuple[str, ...] = ()

    @property
    def az(self) -> str:
        """The command that sets them and leaves all others."""
        words = ("az", "tag", "update", "--operation", "Merge", "--resource-id", self.id, "--tags")
        return shlex.join((*words, *(f"{name}={value}" for name, value in self.tags.items())))


def tag_plans(estate: Estate, moves: Iterable[Move]) -> tuple[TagPlan, ...]:
    """A plan per moved resource that has anything to keep, in the order of the moves."""
    return tuple(plan for move in moves if (plan := _plan(move, tuple(_texts(estate, move)))))


def _plan(move: Move, texts: Sequence[tuple[str, str]]) -> TagPlan | None:
    if not texts or move.successor is None:
        return None
    tags = {f"{PREFIX}{_NOT_IN_NAMES.sub('-', name)}"[:_LONGEST_NAME]: value[:_LONGEST_VALUE] for name, value in texts}
    cut = tuple(name for name, value in texts if len(value) > _LONGEST_VALUE)
    return TagPlan(move.short, move.successor.id, tags, cut)


def _texts(estate: Estate, move: Move) -> Iterator[tuple[str, str]]:
    """Names of tags without prefix, and their values; a label that only repeats the name tells nothing."""
    for name, value in _all_texts(estate, move):
        text = " ".join((value or "").split())
        if text and not (name.endswith("label") and key(text) == key(move.name)):
            # Everybody who may read a resource may read its tags.
            yield name, redacted_at(name, text)


def _all_texts(estate: Estate, move: Move) -> Iterator[tuple[str, str | None]]:
    if move.kind == "hostedService":
        service = estate.service(move.name)
        yield "label", service.label
        yield "description", service.description
        yield from _notes(service.extended_properties)
        if service.deployment:
            yield "deployment-label", service.deployment.label
            yield from _notes(service.deployment.extended_properties)
    elif move.kind == "virtualNetwork" and (network := estate.network(move.name)):
        yield "label", network.label
    elif move.kind == "networkSecurityGroup" and (group := estate.network_security_group(move.name)):
        yield "label", group.label
    elif move.kind == "routeTable" and (table := estate.route_table(move.name)):
        yield "label", table.label
    elif move.kind == "reservedIp" and (address := estate.reserved_ip(move.name)):
        yield "label", address.label
    elif move.kind == "storageAccount" and (account := estate.storage_account(move.name)):
        yield "label", account.label
        yield "description", account.description
        yield from _notes(account.extended_properties)


def _notes(properties: Iterable[ExtendedProperty]) -> Iterator[tuple[str, str]]:
    yield from ((note.name, note.value) for note in properties if note.name not in PORTAL_NOTES)
