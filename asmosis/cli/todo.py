"""The verb `todo`: what is left for people."""

import sys
from dataclasses import asdict

from asmosis.cli.moved import Asked, moved
from asmosis.cli.output import DONE, NO, write_json
from asmosis.reports.todo import todo_page


def show_todo(asked: Asked, *, as_json: bool) -> int:
    """Print what is to be done for each unit after its commit; `NO` if something classic was not understood."""
    found = moved(asked)
    if as_json:
        units = [{"unit": each.unit.short, "tasks": [asdict(task) for task in each.tasks]} for each in found.units]
        write_json({"units": units})
    else:
        sys.stdout.write("\n".join(todo_page(each.unit, each.tasks) for each in found.units))
    return DONE if found.reading.understood else NO
