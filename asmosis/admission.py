"""What speaks against a wave before anything of it starts."""

import itertools
from collections.abc import Iterable, Iterator

from asmosis.parameters import WaveParameters
from asmosis.runs import Run


def objections(wave: WaveParameters, runs: Iterable[Run], itself: str = "") -> Iterator[str]:
    """Why a wave may not start beside the runs that there are; nothing if it may.

    Args:
        wave: what is asked for.
        runs: those of the same subscription, newest first.
        itself: the wave's own run, once it has one; of two that started together only the later one has to go.
    """
    wanted = {unit.short.casefold(): unit for unit in wave.ids}
    namesake = True
    others = itertools.dropwhile(lambda run: run.id != itself, runs) if itself else iter(runs)
    for run in others:
        if run.flow != "wave" or run.id == itself:
            continue
        theirs = _units_of(run)
        if run.wave == wave.name:
            # Only the newest wave of a name says what the name stands for; what of it is left may go again.
            if namesake and theirs and (new := [wanted[name].short for name in wanted if name not in theirs]):
                yield f"a wave named {wave.name} had other units, without {_some(new)}; choose another name"
            elif namesake and not run.ended:
                yield f"wave {wave.name} is still going on: {run.link}"
            namesake = False
        elif not run.ended and (shared := [wanted[name].short for name in theirs if name in wanted]):
            yield f"{_some(shared)} {'is' if len(shared) == 1 else 'are'} in wave {run.wave} as well, which goes on"


def _units_of(run: Run) -> dict[str, str]:
    asked = run.parameters.get("wave")
    units = asked.get("units") if isinstance(asked, dict) else None
    return {str(unit).casefold(): str(unit) for unit in units or ()}


def _some(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
