"""How a run is going to end, noted before the unit is brought back.

An aborted unit looks like one that was never prepared. A run that was killed after its abort and goes on must not
prepare it again.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from prefect.input import read_flow_run_input

from asmosis.errors import Conflict
from asmosis.prefect_rest import PrefectServer
from asmosis.units import Outcome

_KEY = "asmosis-ending"


@dataclass(frozen=True)
class Ending:
    """An outcome and why."""

    outcome: Outcome
    words: str


def note_ending(server: PrefectServer, run_id: str, outcome: Outcome, words: str) -> None:
    """Keep with a run that it ends this way, should it come back; a note that it has stands.

    A busy server may keep the note and say all the same that it did not: sent again, it is there already.
    """
    noted = {"key": _KEY, "value": json.dumps({"outcome": outcome.value, "words": words})}
    with suppress(Conflict):
        server.call("POST", f"/flow_runs/{run_id}/input", noted)


def noted_ending() -> Ending | None:
    """How the run was going to end before it was interrupted."""
    # Typed for both colours; in a synchronous flow it answers the value itself.
    noted = cast("dict[str, str] | None", read_flow_run_input(_KEY))
    return Ending(Outcome(noted["outcome"]), noted["words"]) if noted else None
