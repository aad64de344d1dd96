"""How the units of a wave stand."""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from asmosis.reports.markdown import page, table, text
from asmosis.units import Unit


class Progress(Protocol):
    """The run of a unit, as far as a page needs it; `since` is ISO 8601, `link` an address or empty."""

    @property
    def state(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def since(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def message(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def link(self) -> str: ...  # noqa: D102 -- the class says it


def wave_page(name: str, progress: Mapping[Unit, Progress]) -> str:
    """A wave: how many units stand where, and each unit with its run."""
    states = Counter(run.state for run in progress.values())
    counted = ", ".join(f"{number} {text(state)}" for state, number in states.most_common())
    return page(
        f"# Wave {text(name)}",
        f"**{counted or 'No unit has started'}.**",
        _runs_table(progress),
    )


def _runs_table(progress: Mapping[Unit, Progress]) -> str:
    if not progress:
        return ""
    return table(
        ("Unit", "State", "Since", "What it says", "Run"),
        (
            (
                text(unit.short),
                text(run.state),
                text(run.since[:19].replace("T", " ")),
                text(run.message),
                f"[open](<{run.link}>)" if run.link.startswith(("http://", "https://")) else "",
            )
            for unit, run in progress.items()
        ),
    )
