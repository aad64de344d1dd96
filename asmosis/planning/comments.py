"""Keeps what people wrote beside the lines of a file that is written anew.

A comment belongs to what follows it (or stands left of it), wherever that is in the new file. Comments that begin with
`#:` are the writer's own, and are not kept.
"""

from collections.abc import Hashable, Iterator, Mapping

OWN = "#:"
"""What begins a comment that the writer renews."""
END = "the end of the file"

Anchors = Mapping[int, Hashable]
"""Line number, from 1 → what stands there, by a name that it keeps."""


def kept(old: str, old_anchors: Anchors, new: str, new_anchors: Anchors) -> str:
    """`new` with the comments of `old`; those whose subject is gone stand at the end."""
    above: dict[Hashable, list[str]] = {}
    beside: dict[Hashable, str] = {}
    waiting: list[str] = []
    for number, line in enumerate(old.splitlines(), start=1):
        content, comment = _split(line)
        if not content.strip():
            waiting += [comment] if comment else []
            continue
        # A line without a name of its own goes on with what stands above it.
        anchor = old_anchors.get(number, END)
        if waiting:
            above.setdefault(anchor, []).extend(waiting)
            waiting = []
        if comment:
            beside[anchor] = comment
    above.setdefault(END, []).extend(waiting)
    return "".join(f"{line}\n" for line in _woven(new, new_anchors, above, beside))


def _woven(new: str, anchors: Anchors, above: dict[Hashable, list[str]], beside: dict[Hashable, str]) -> Iterator[str]:
    for number, line in enumerate(new.splitlines(), start=1):
        anchor = anchors.get(number)
        indent = line[: len(line) - len(line.lstrip())]
        yield from (f"{indent}{comment}" for comment in above.pop(anchor, ()) if anchor is not None)
        mine = beside.pop(anchor, "") if anchor is not None else ""
        if not mine:
            yield line
            continue
        at = _comment_at(line)
        content, told = line[:at].rstrip(), line[at:]
        yield f"{content}  {mine}" + (f"  {told}" if told else "")
    gone = [comment for anchor, comments in above.items() if anchor != END for comment in comments]
    yield from (*gone, *beside.values(), *above.get(END, ()))


def _split(line: str) -> tuple[str, str]:
    """A line's content, and the comment that a person put behind it."""
    at = _comment_at(line)
    comment = line[at:].partition(OWN)[0].rstrip() if not line[at:].startswith(OWN) else ""
    return line[:at], comment


def _comment_at(line: str) -> int:
    """Where the comment of a line begins; its length if there is none."""
    quote = ""
    for position, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and (not position or line[position - 1] in " [{,:"):
            quote = character
        elif character == "#" and (not position or line[position - 1].isspace()):
            return position
    return len(line)
