"""Archived ASM documents, shown as models."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asmosis.classic.documents import Document, read_document
from asmosis.cli.output import DONE, NO, say, write_json
from asmosis.errors import UnreadableDocument


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


def _shown(path: Path) -> dict[str, Any]:
    shown: dict[str, Any] = {"file": str(path), "root": None, "models": [], "unread": [], "error": None}
    try:
        document = _read(path)
    except UnreadableDocument as error:
        return shown | {"error": str(error)}
    models = [model.dump() for model in document.models]
    return shown | {"root": document.root, "models": models, "unread": list(document.unread)}


def _read(path: Path) -> Document:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableDocument(str(path), error.strerror or str(error)) from error
    return read_document(content, str(path))
