"""What people have to do after a commit, as a page to tick off."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from asmosis.aftermath import TITLES, Task
from asmosis.reports.markdown import code, count, page, text
from asmosis.units import Unit

_MOST = 200  # tasks of one topic; a page is for people
_MOST_COMMANDS = 50  # of one task
_ALL = "(`asmosis todo --json` has all)"


def todo_page(unit: Unit, todo: Sequence[Task]) -> str:
    """A section per topic, with a box per task, why it is there, and the commands for it."""
    sections = [
        f"## {TITLES[topic]}\n\n" + "\n".join(_boxes(list(found)))
        for topic, found in groupby(todo, lambda task: task.topic)
    ]
    return page(f"# After the commit of {text(unit.short)}: {count(len(todo), 'task')}", *sections)


def _boxes(found: Sequence[Task]) -> Iterator[str]:
    for task in found[:_MOST]:
        yield f"- [ ] **{text(task.subject)}**: {text(_sentence(task.what))} {text(_sentence(task.why))}"
        yield from (f"  - {code(command)}" for command in task.commands[:_MOST_COMMANDS])
        if len(task.commands) > _MOST_COMMANDS:
            yield f"  - … and {len(task.commands) - _MOST_COMMANDS} more {_ALL}"
    if len(found) > _MOST:
        yield f"- … and {len(found) - _MOST} more {_ALL}"


def _sentence(words: str) -> str:
    ended = words if words.endswith((".", "!", "?")) else f"{words}."
    return ended[:1].upper() + ended[1:]
