"""How runs look: a table for people, JSON for programs; and who and which units are meant."""

import getpass
import os
import uuid
from collections.abc import Sequence
from typing import Any

from asmosis.cli.output import width, write_json, write_table
from asmosis.errors import UsageError
from asmosis.runs import Run
from asmosis.units import Unit

ANY_SUBSCRIPTION = str(uuid.UUID(int=0))
"""Stands for the subscription of a unit that was named without one."""

_ROOM_FOR_LINKS = 140  # columns of a terminal


def show(runs: Sequence[Run], *, as_json: bool) -> None:
    """Print runs."""
    if as_json:
        write_json({"runs": [_shown(run) for run in runs]})
        return
    columns = ("Flow", "Unit", "Wave", "State", "Since", "Where to look")
    rows = [(run.flow, run.unit, run.wave, _state(run), moment(run.since), run.link) for run in runs]
    # Folded into a few letters per line, an address helps nobody; the server's UI finds runs by their tags too.
    shown = len(columns) - (width() < _ROOM_FOR_LINKS)
    write_table(columns[:shown], [row[:shown] for row in rows])


def moment(stamp: str) -> str:
    """A moment of ISO 8601, in UTC, to the second."""
    return f"{stamp[:10]} {stamp[11:19]}Z" if stamp else ""


def _state(run: Run) -> str:
    if run.waiting:
        return f"{run.state} (waiting for approval)"
    return f"{run.state} ({run.message})" if run.parked else run.state


def _shown(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "name": run.name,
        "flow": run.flow,
        "subscription": run.subscription,
        "unit": run.unit or None,
        "wave": run.wave or None,
        "state": run.state,
        "type": run.type,
        "since": run.since,
        "waiting_for_approval": run.waiting,
        "message": run.message,
        "link": run.link,
    }


def user() -> str:
    """Who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def units_of(texts: Sequence[str], subscription: str) -> tuple[Unit, ...]:
    """Units by name.

    Raises:
        UsageError: one is none, or they are of several subscriptions.
    """
    units = tuple(dict.fromkeys(Unit.parse(text, subscription) for text in texts))
    subscriptions = sorted({unit.subscription for unit in units})
    if len(subscriptions) > 1:
        problem = f"the units are of several subscriptions ({', '.join(subscriptions)})"
        raise UsageError("units", problem, "Name those of one subscription at a time.")
    return units
