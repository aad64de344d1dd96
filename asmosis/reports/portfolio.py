"""All units of a wave or of everything: how they stand, what they lost, how long it took, and what that says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import pandas as pd

from asmosis.units import Outcome, State

_GOOD = frozenset(outcome.value for outcome in Outcome if outcome.good)
_BAD = frozenset(outcome.value for outcome in Outcome if not outcome.good) | {
    "Failed",
    "Crashed",
    "Cancelled",
    "TimedOut",
}
_COLUMNS = {
    "subscription": "str",
    "unit": "str",
    "kind": "str",
    "wave": "str",
    "state": "str",
    "since": "str",
    "locked": "bool",
    "locked_days": "float64",
    "machines": "Int64",
    "resources": "Int64",
    "differs": "Int64",
    "losses": "Int64",
    "downtime_seconds": "float64",
    "connections": "Int64",
    "connections_lost": "Int64",
    "prepare_seconds": "float64",
    "prepare_at_least": "float64",
    "prepare_at_most": "float64",
    "commit_seconds": "float64",
    "commit_at_least": "float64",
    "commit_at_most": "float64",
    "approval_seconds": "float64",
    "approvers": "str",
    "evidence_complete": "boolean",
    "evidence": "str",
    "words": "str",
}


class UnitRun(Protocol):
    """The newest run of a unit, as far as a portfolio needs it; `since` is ISO 8601."""

    @property
    def unit(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def subscription(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def wave(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def state(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def since(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def message(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def link(self) -> str: ...  # noqa: D102 -- the class says it
    @property
    def holds_lock(self) -> bool: ...  # noqa: D102 -- the class says it


@dataclass(frozen=True)
class Kept:
    """What is kept about a unit: the summary of its bundle, the bundle's digest, and whether it is complete."""

    summary: Mapping[str, Any]
    digest: str
    complete: bool


@dataclass(frozen=True)
class Row:
    """A unit; times are seconds, what nobody knows is None."""

    subscription: str
    unit: str
    kind: str
    wave: str
    state: str
    since: str
    locked: bool
    locked_days: float | None
    machines: int | None
    resources: int | None
    differs: int | None
    losses: int | None
    downtime_seconds: float | None
    connections: int | None
    connections_lost: int | None
    prepare_seconds: float | None
    prepare_at_least: float | None
    prepare_at_most: float | None
    commit_seconds: float | None
    commit_at_least: float | None
    commit_at_most: float | None
    approval_seconds: float | None
    approvers: str
    evidence_complete: bool | None
    evidence: str
    words: str
    link: str = ""

    @property
    def shade(self) -> str:
        """`ready` for a good end, `blocked` for a bad one, `waived` for what still goes on or waits."""
        if self.state in _GOOD:
            return "ready"
        return "blocked" if self.state in _BAD else "waived"

    @property
    def over(self) -> bool:
        """Whether nothing goes on with it."""
        return self.state in _GOOD or self.state in _BAD


def rows(
    kept: Iterable[Kept], runs: Iterable[UnitRun], locked: Mapping[str, float | None], wave: str = ""
) -> tuple[Row, ...]:
    """A row per unit that has a run or evidence, in their order by name.

    Args:
        kept: what is kept about units.
        runs: the newest run of each unit.
        locked: the units (`str(unit)`, folded) that runs hold locked, and for how many days if that is known.
        wave: only those of this wave; empty for all.
    """
    found: dict[str, Kept | None] = {}
    newest: dict[str, UnitRun] = {}
    for each in kept:
        found[str(each.summary["unit"]).casefold()] = each
    for run in runs:
        newest[f"{run.subscription}/{run.unit}".casefold()] = run
    made = [_row(name, found.get(name), newest.get(name), locked) for name in sorted({*found, *newest})]
    return tuple(row for row in made if not wave or row.wave == wave)


def frame(all_rows: Sequence[Row]) -> pd.DataFrame:
    """The rows as a table whose columns have the same names and types whatever it holds."""
    return pd.DataFrame([asdict(row) for row in all_rows], columns=list(_COLUMNS)).astype(_COLUMNS)


def record(all_rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as plain values for JSON."""
    return [asdict(row) for row in all_rows]


def _row(name: str, kept: Kept | None, run: UnitRun | None, locked: Mapping[str, float | None]) -> Row:
    summary = kept.summary if kept else {}
    whole = f"{run.subscription}/{run.unit}" if run else name
    subscription, _, short = str(summary.get("unit", whole)).partition("/")
    seconds, estimated = summary.get("seconds", {}), summary.get("estimated", {})
    down = summary.get("downtime") or {}
    state = run.state if run else summary.get("outcome") or State.CLASSIC.value
    return Row(
        subscription=subscription,
        unit=short,
        kind=short.partition("/")[0],
        wave=(run.wave if run else "") or str(summary.get("wave") or ""),
        state=state,
        since=run.since if run else str(summary.get("began") or ""),
        locked=name in locked,
        locked_days=locked.get(name),
        machines=summary.get("machines"),
        resources=summary.get("resources"),
        differs=summary.get("real"),
        losses=summary.get("losses"),
        downtime_seconds=down.get("seconds"),
        connections=down.get("attempts"),
        connections_lost=down.get("lost"),
        prepare_seconds=seconds.get("prepare"),
        prepare_at_least=(estimated.get("prepare") or (None, None))[0],
        prepare_at_most=(estimated.get("prepare") or (None, None))[1],
        commit_seconds=seconds.get("commit"),
        commit_at_least=(estimated.get("commit") or (None, None))[0],
        commit_at_most=(estimated.get("commit") or (None, None))[1],
        approval_seconds=summary.get("waited", {}).get("approval"),
        approvers=", ".join(dict.fromkeys(summary.get("approvers", ()))),
        evidence_complete=kept.complete if kept else None,
        evidence=kept.digest if kept else "",
        words=str(run.message if run else summary.get("words") or ""),
        link=run.link if run else "",
    )
