"""Folders of scripts and templates, line by line; nothing is changed, and nothing is held that is not reported."""

import codecs
import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from asmosis.aftermath.moves import Move
from asmosis.aftermath.signs import Sign, Signs

LEFT_OUT = frozenset({".git", ".hg", ".svn", "node_modules"})
"""Folders that hold copies, not scripts."""

_PIECE = 256 * 1024  # characters; of a longer line, pieces are looked at one by one
_OVERLAP = 4 * 1024  # characters; the longest sign is shorter
_BEGINNING = 8 * 1024  # bytes by which text is told from anything else
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Hit:
    """A sign of classic at a line (from 1) of a file."""

    file: str
    line: int
    sign: Sign


@dataclass(frozen=True)
class Scan:
    """What was found, by file in the order of their names and by line; `unread` is file → why it could not be read."""

    hits: tuple[Hit, ...]
    files: int
    binary: int
    unread: dict[str, str]


def scan(places: Sequence[Path], moves: Iterable[Move] = ()) -> Scan:
    """Look through files and folders; links are followed, but every file is looked at once."""
    signs = Signs(moves)
    hits: list[Hit] = []
    unread: dict[str, str] = {}
    texts = binaries = 0
    for path in _files(places, unread):
        try:
            with path.open("rb") as file:
                found = _hits(path, file, signs)
        except OSError as error:
            unread[str(path)] = error.strerror or str(error)
            continue
        if found is None:
            binaries += 1
        else:
            texts += 1
            hits += found
    return Scan(tuple(hits), texts, binaries, unread)


def _files(places: Iterable[Path], unread: dict[str, str]) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    waiting = [*places][::-1]
    while waiting:
        path = waiting.pop()
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            if stat.S_ISDIR(status.st_mode):
                inside = sorted(os.scandir(path), key=lambda entry: entry.name, reverse=True)
                waiting += [path / entry.name for entry in inside if entry.name not in LEFT_OUT]
            elif stat.S_ISREG(status.st_mode):
                yield path
        except OSError as error:
            unread[str(path)] = error.strerror or str(error)


def _hits(path: Path, file: BinaryIO, signs: Signs) -> list[Hit] | None:
    """What a file holds; none for one that is no text."""
    encoding = _encoding(file)
    if encoding is None:
        return None
    hits: list[Hit] = []
    names: list[Hit] = []
    with io.TextIOWrapper(file, encoding, errors="replace") as text:
        for piece in _pieces(text):
            hits += _own(path, piece, signs.in_line(piece.text))
            names += _own(path, piece, signs.names_in(piece.text))
    if not hits:
        return hits
    # Names mean little by themselves; in a file that uses classic they are what its commands are about.
    told = {(hit.line, short) for hit in hits for short in hit.sign.resources}
    names = [hit for hit in names if not all((hit.line, short) in told for short in hit.sign.resources)]
    return sorted([*hits, *names], key=lambda hit: (hit.line, hit.sign.column))


def _encoding(file: BinaryIO) -> str | None:
    beginning = file.read(_BEGINNING)
    file.seek(0)
    marked = next((encoding for mark, encoding in _MARKS if beginning.startswith(mark)), None)
    return marked or (None if b"\0" in beginning else "utf-8")


@dataclass(frozen=True)
class _Piece:
    """A line, or the part of an overlong one from an offset on; signs after `mine` are the next part's."""

    line: int
    offset: int
    text: str
    mine: int


def _pieces(text: TextIO) -> Iterator[_Piece]:
    line, offset, carried = 1, 0, ""
    while read := text.readline(_PIECE):
        piece = carried + read
        if read.endswith("\n") or len(read) < _PIECE:
            yield _Piece(line, offset, piece, len(piece))
            line, offset, carried = line + 1, 0, ""
        else:
            mine = len(piece) - _OVERLAP
            yield _Piece(line, offset, piece, mine)
            offset, carried = offset + mine, piece[mine:]
    if carried:
        yield _Piece(line, offset, carried, len(carried))


def _own(path: Path, piece: _Piece, signs: Iterable[Sign]) -> list[Hit]:
    return [
        Hit(str(path), piece.line, replace(sign, column=piece.offset + sign.column))
        for sign in signs
        if sign.column <= piece.mine
    ]
