"""Archived ASM documents: shown as models, or taken together as an estate."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asmosis.classic.documents import Document, read_document
from asmosis.classic.estate import Estate
from asmosis.cli.output import DONE, NO, say, write_json
from asmosis.errors import UnreadableDocument, UsageError


def inspect(files: Sequence[Path], *, as_lines: bool) -> int:
    """Show every file as one JSON object; `NO` if anything in them was not understood."""
    understood = True
    for path in files:
        shown = _shown(path)
        write_json(shown, pretty=sys.stdout.isatty() and not as_lines)
        for unread in shown["unread"]:
            say(f"{path}: no model claims {unread}")
        if shown["error"]:
            say(shown["error"])
        understood = understood and not shown["unread"] and not shown["error"]
    return DONE if understood else NO


def estate_of(sources: Sequence[Path], subscription: str) -> tuple[Estate, tuple[str, ...]]:
    """The estate that files and folders of documents describe, and `FILE: PATH` of what no model claims.

    Raises:
        UsageError: there is no document.
        UnreadableDocument: names every document that cannot be read; an estate without it would mislead.
    """
    documents: list[Document] = []
    problems: list[str] = []
    for path in _documents_in(sources):
        try:
            documents.append(_read(path))
        except UnreadableDocument as error:
            problems.append(str(error))
    if problems:
        place, _, problem = "; ".join(problems).partition(": ")
        raise UnreadableDocument(place, problem)
    unread = tuple(f"{document.place}: {path}" for document in documents for path in document.unread)
    return Estate.of_documents(subscription, documents), unread


def _shown(path: Path) -> dict[str, Any]:
    shown: dict[str, Any] = {"file": str(path), "root": None, "models": [], "unread": [], "error": None}
    try:
        document = _read(path)
    except UnreadableDocument as error:
        return shown | {"error": str(error)}
    models = [model.model_dump(mode="json") for model in document.models]
    return shown | {"root": document.root, "models": models, "unread": list(document.unread)}


def _read(path: Path) -> Document:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableDocument(str(path), error.strerror or str(error)) from error
    return read_document(content, str(path))


def _documents_in(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if not source.is_dir():
            yield source
            continue
        found = sorted(path for path in source.iterdir() if path.suffix.lower() == ".xml")
        if not found:
            raise UsageError(str(source), "the folder holds no *.xml", "Name a folder of archived ASM documents.")
        yield from found
