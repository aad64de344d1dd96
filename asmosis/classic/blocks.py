"""Reads the elements that make up most of a document by their markup, which repeats exactly while the texts differ.

A block is such an element. Its markup is what is left of it when plain texts between a `>` and a `<` are taken out.
lxml and the reader read a markup once (`program_of`); from then on equal markup needs neither, only its texts. That
gives what lxml would, because

* no markup has comments, CDATA or instructions, so that each of its `<` begins a tag, and what is taken out can only
  be character data: within a tag it would leave that tag open at the next `<`, which lxml refuses;
* a plain text has only characters that XML allows and leaves as they are, and no reference; what is not plain stays
  in the markup, where lxml reads it;
* a well-formed element stands in the well-formed rest of its document exactly where an empty element in its place
  would; lxml and the reader judge the rest, and the reader has to come by every such place once, so that none of them
  is in a comment or in an element that nothing claims. Where a namespace is declared below the root, a document is
  not taken apart, because its names would mean something else.

A block whose values are refused stays in its document: there is one place that words errors.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from asmosis.classic.program import Program, program_of
from asmosis.classic.reader import Run
from asmosis.classic.xml import LARGEST_DOCUMENT, ClassicModel

_ROOT = re.compile(r"\s*(?:<\?xml [^<>]*\?>\s*)?(<([A-Za-z]+)(?:\s[^<>]*)?(?<!/)>)")
_TEXT = re.compile(">([^<>&\x00-\x20\ufffe\uffff][^<>&\x00-\x08\x0b-\x1f\ufffe\uffff]*)<")
_ASCII_TEXT = re.compile(">([^<>&\x00-\x20][^<>&\x00-\x08\x0b-\x1f]*)<")  # the same, a tenth faster
_PLACE = "__"  # begins the names of the elements that stand for blocks
_BLANKS = " \t\n"
_LONGEST = 1024 * 1024  # characters of a block and what is before it; lxml gives up at a text of ten times that
_WORTH_A_PROGRAM = 6  # blocks of one markup; to make a program takes as long as to read ten blocks or so
_MOST_MARKUPS = 4096

_Markup = tuple[str, ...]


@dataclass(slots=True)
class Parts:
    """A document without its blocks, whose runs are by the names of the elements that stand for them."""

    rest: str
    runs: dict[str, Run] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """Those in the blocks; nine of ten stand in block after block, and are in memory once."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Blocks of one name in documents with one start tag, from which the blocks have their namespaces."""

    name: str
    model: type[ClassicModel]
    root: str


_programs: dict[_Kind, dict[_Markup, Program | int | None]] = {}


def root_of(text: str) -> str:
    """The name of a document's root, without reading it; empty where that is not plain to see."""
    found = _ROOT.match(text)
    return found[2] if found else ""


def apart(text: str, kinds: Mapping[str, type[ClassicModel]]) -> Parts | None:
    """A document without its blocks of these kinds (element name → model); none where it is to be read as a whole."""
    found = _ROOT.match(text)
    if found is None or len(text) > LARGEST_DOCUMENT:
        return None
    root, parts = found[1], Parts(text)
    for name, model in kinds.items():
        _take_out(parts, _Kind(name, model, root))
    rest = parts.rest
    # Elements that are called like ours would be taken for them.
    is_ours = rest.count(f"<{_PLACE}") == len(parts.runs)
    return parts if parts.runs and is_ours and rest.count("xmlns") == root.count("xmlns") else None


def _take_out(parts: Parts, kind: _Kind) -> None:
    """Put an empty element in the place of every run of blocks that can be read so."""
    end = f"</{kind.name}>"
    *pieces, last = parts.rest.split(end)
    # Blocks that do not begin as the first one does are left, and so is what only seems to be the beginning of one.
    start = next((start for start in (f"<{kind.name}>", f"<{kind.name} ") if pieces and start in pieces[0]), None)
    if start is None:
        return
    known = _markups(kind)
    once = parts.texts.setdefault
    split = (_ASCII_TEXT if parts.rest.isascii() else _TEXT).split
    rest: list[str] = []
    run: Run | None = None
    for piece in pieces:
        begin = piece.find(start)
        block = _read(split(piece[begin:]), known, kind, once) if begin >= 0 and len(piece) <= _LONGEST else None
        if block is None:
            rest += (piece, end)
            run = None
            continue
        between = piece[:begin]
        if run is None or between.strip(_BLANKS):
            place = f"{_PLACE}{len(parts.runs)}"
            run = parts.runs[place] = Run(kind.name)
            rest.append(f"{between}<{place}/>")
        model, unread = block
        run.unread += [(len(run.models), path) for path in unread]
        run.models.append(model)
    parts.rest = "".join((*rest, last))


def _markups(kind: _Kind) -> dict[_Markup, Program | int | None]:
    """What is known of the markups of a kind: a program, that there is none, or how often one was seen."""
    if sum(map(len, _programs.values())) > _MOST_MARKUPS:
        _programs.clear()
    return _programs.setdefault(kind, {})


def _read(
    pieces: Sequence[str],
    known: dict[_Markup, Program | int | None],
    kind: _Kind,
    once: Callable[[str, str], str],
) -> tuple[ClassicModel, tuple[str, ...]] | None:
    """The model of a block, given as its markup and texts in turns, and the paths in it that nothing claims."""
    markup = tuple(pieces[::2])
    program = known.get(markup, 0)
    if isinstance(program, int):
        seen = program + 1
        program = program_of(kind.model, kind.name, kind.root, markup) if seen > _WORTH_A_PROGRAM else seen
        known[markup] = program
    if not isinstance(program, Program):
        return None
    texts = pieces[1::2]
    try:
        return program.make(list(map(once, texts, texts))), program.unread
    except (ValueError, KeyError):
        return None
