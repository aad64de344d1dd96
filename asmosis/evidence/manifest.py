"""A bundle's table of contents: each part by the SHA-256 of its bytes, and the bundle by that of the table."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from asmosis.errors import UnreadableDocument
from asmosis.redaction import redacted
from asmosis.shapes import understood

FORMAT = 1

JSON, JSON_LINES, ZIP = "application/json", "application/jsonl", "application/zip"

SIGNED = "signed"
"""The part by whose digest people decide: it names by their digests all parts that they were shown."""


@dataclass(frozen=True)
class Content:
    """A part before it is kept; `partial` says what it does not tell, if it does not tell all."""

    data: bytes = field(repr=False)
    media: str
    partial: str = ""

    @cached_property
    def sha256(self) -> str:
        """The address of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Part:
    """A part of a bundle; `run` is the flow run that made it."""

    name: str
    sha256: str
    size: int
    media: str
    run: str
    partial: str = ""


@dataclass(frozen=True)
class Manifest:
    """A version of a unit's bundle; `former` is the digest of the one before it, empty for the first.

    `missing` are parts that should be there, and why they are not; `made` is ISO 8601.
    """

    unit: str
    run: str
    version: int
    former: str
    made: str
    parts: tuple[Part, ...]
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and every part tells all; what is not must be looked at by a person."""
        return not self.missing and not any(part.partial for part in self.parts)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is missing or partial, and why."""
        partial = (f"{part.name} is partial: {part.partial}" for part in self.parts if part.partial)
        return (*(f"{name} is missing: {why}" for name, why in self.missing.items()), *partial)

    @cached_property
    def data(self) -> bytes:
        """The manifest as it is kept."""
        return canonical({"format": FORMAT, **asdict(self)})

    @cached_property
    def digest(self) -> str:
        """What the whole bundle is known by: SHA-256 of the manifest, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def signed(self) -> str:
        """The digest that an approval signs, in hex; empty as long as nobody is to be asked."""
        part = self.part(SIGNED)
        return part.sha256 if part else ""

    def part(self, name: str) -> Part | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)

    @classmethod
    def parse(cls, data: bytes, place: str) -> "Manifest":
        """Read a manifest.

        Raises:
            UnreadableDocument: it is none of this format.
        """
        with understood(place):
            told = json.loads(data)
            format = told.pop("format")
        if format != FORMAT:
            raise UnreadableDocument(place, f"it is a manifest of format {format!r:.40}, not {FORMAT}")
        with understood(place, msgspec.ValidationError):
            return msgspec.convert(told, cls)


def canonical(value: Any) -> bytes:
    """JSON with one spelling: keys sorted, no blanks."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return text.encode("utf-8", errors="backslashreplace")


def json_content(value: Any, partial: str = "") -> Content:
    """A part of JSON values, without the secrets in them."""
    return Content(canonical(redacted(value)), JSON, redacted(partial))
