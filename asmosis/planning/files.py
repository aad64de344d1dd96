"""Plan files: read with the line of every mistake, written for people, with their comments kept."""

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from asmosis.errors import UsageError
from asmosis.parameters import WaveParameters, WaveSettings
from asmosis.planning.comments import OWN, kept
from asmosis.planning.consistency import PROBLEM
from asmosis.planning.plan import Plan, PlannedUnit, PlannedWave, UnitState
from asmosis.planning.propose import Proposal
from asmosis.planning.weights import counted
from asmosis.wave_files import wave_of
from asmosis.yaml_files import FileFormat, Problem, did_you_mean, to_json_schema

LARGEST_PLAN = 32 * 1024 * 1024  # bytes; fifty thousand units need under a tenth
_WIDTH = 120
_HEADER = """\
{own} {waves} in the order in which they go, {units} in them; made by asmosis plan.
{own} Edit it: move units from wave to wave, reorder and rename waves that have not begun, give them windows and dates.
{own} `asmosis plan --update THIS_FILE` keeps all that, and renews what begins with {own}; comments of your own stay.
"""


def _in_words(problem: Problem) -> tuple[str, str] | None:
    if problem["type"] == PROBLEM:
        return problem["ctx"]["problem"], problem["ctx"]["remedy"]
    return None


PLAN_FILE: FileFormat[Plan] = FileFormat("plan", Plan, LARGEST_PLAN, "Split the plan.", in_words=_in_words)


def read_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        UsageError: names the file, the line and the key of the first problem, and how many follow.
    """
    return PLAN_FILE.read(path)


def waves_in(path: Path, name: str) -> tuple[WaveParameters, ...]:
    """A wave of a plan as its runs take it, one per subscription; units that are through or gone are left out.

    Raises:
        UsageError: the file is no plan, has no such wave, nothing of the wave is left to do, or it cannot run so.
    """
    plan = read_plan(path)
    wave = next((wave for wave in plan.waves if wave.name == name), None)
    if wave is None:
        names = [wave.name for wave in plan.waves]
        remedy = did_you_mean(name, names) or f"Waves: {', '.join(names) or 'none'}."
        raise UsageError(f"{path}#{name}", "the plan has no such wave", remedy)
    found = tuple(wave_of(values, f"{path}#{name}") for values in _parameters(plan, wave))
    if not found:
        raise UsageError(f"{path}#{name}", "nothing in it is left to do", "See the states of its units.")
    return found


def plan_schema() -> str:
    """The JSON schema of plan files, for editors and for the documentation."""
    return to_json_schema(Plan)


def written(proposal: Proposal, old: str = "") -> str:
    """The text of a plan file; keeps the comments of `old`, the text that it takes the place of."""
    new = "".join(f"{line}\n" for line in _lines(proposal))
    return kept(old, _anchors(old), new, _anchors(new)) if old else new


def _parameters(plan: Plan, wave: PlannedWave) -> Iterator[dict[str, Any]]:
    said = {key: getattr(plan.defaults, key) for key in plan.defaults.model_fields_set}
    said |= {key: getattr(wave, key) for key in wave.model_fields_set & set(WaveSettings.model_fields)}
    said = {
        "prepares_at_once": plan.limits.prepares,
        "arm_writes_per_hour": plan.limits.writes_per_hour,
    } | said
    due = [planned for planned in wave.units if planned.state not in (UnitState.COMMITTED, UnitState.VANISHED)]
    for subscription in dict.fromkeys(plan.unit(planned.unit).subscription for planned in due):
        short = {
            plan.identity(planned.unit): plan.unit(planned.unit).short
            for planned in due
            if plan.unit(planned.unit).subscription == subscription
        }
        after = {
            plan.unit(planned.unit).short: firsts
            for planned in due
            if plan.identity(planned.unit) in short
            and (firsts := [short[first] for text in planned.after if (first := plan.identity(text)) in short])
        }
        destinations = {
            short[plan.identity(text)]: there
            for text, there in plan.rules.destinations.items()
            if plan.identity(text) in short
        }
        yield said | {
            "subscription": subscription,
            "name": wave.name,
            "units": list(short.values()),
            "after": after,
            "destinations": destinations,
        }


def _lines(proposal: Proposal) -> Iterator[str]:
    plan = proposal.plan
    count = sum(len(wave.units) for wave in plan.waves)
    header = _HEADER.format(own=OWN, waves=counted(len(plan.waves), "wave"), units=counted(count, "unit"))
    yield from header.splitlines()
    for key in ("name", "subscription", "profile", "first", "include_blocked"):
        value = getattr(plan, key)
        if value not in ("", None, False):
            yield from _dumped({key: value if isinstance(value, bool) else str(value)}, flow=False)
    defaults = plan.defaults.model_dump(mode="json", exclude_unset=True)
    if defaults:
        yield from (
            "",
            f"{OWN} what holds for every wave; a wave may say otherwise",
            *_dumped({"defaults": defaults}, flow=False),
        )
    yield from (
        "",
        f"{OWN} the most that one wave may hold",
        *_dumped({"limits": plan.limits.model_dump()}, flow=False),
    )
    rules = plan.rules.model_dump(mode="json")
    yield from ("", f"{OWN} patterns are over names, labels and NAME=VALUE properties", *_dumped({"rules": rules}))
    yield ""
    yield from _waves(proposal)
    if plan.left_out:
        yield from ("", f"{OWN} {counted(len(plan.left_out), 'unit')} in no wave, and why", "left_out:")
        for entry in plan.left_out:
            yield from _item(entry.model_dump(mode="json", exclude_defaults=True), "  ", flow=False)


def _waves(proposal: Proposal) -> Iterator[str]:
    plan = proposal.plan
    if not plan.waves:
        yield "waves: []"
        return
    weights = {plan.identity(plan.text(unit)): weight for unit, weight in proposal.weights.items()}
    yield "waves:"
    for wave, load in zip(plan.waves, proposal.loads, strict=True):
        own = wave.model_dump(mode="json", exclude_unset=True, exclude={"units", "begun", "name"})
        # An empty setting may be there to undo a default; an empty note is nothing.
        own = {key: value for key, value in own.items() if value or key in WaveSettings.model_fields}
        yield from _item({"name": wave.name} | ({"begun": True} if wave.begun else {}) | own, "  ", flow=False)
        if load.units:
            counts = (
                (load.units, "unit"),
                (load.machines, "machine"),
                (load.cores, "core"),
                (load.writes, "ARM write"),
            )
            told = ", ".join(counted(number, what) for number, what in counts)
            yield f"    {OWN} {told}, about {duration(load.minutes)}"
        yield "    units:" if wave.units else "    units: []"
        for planned in wave.units:
            weight = weights.get(plan.identity(planned.unit))
            told = f"  {OWN} {weight.told}" if weight and weight.told else ""
            first, *rest = _unit(planned)
            yield f"{first}{told}"
            yield from rest


def duration(minutes: float) -> str:
    """Minutes as people say them: `45 min`, `2 h 05 min`; what is shorter than one is one."""
    whole = round(minutes) or bool(minutes)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60:02} min"  # noqa: PLR2004 - an hour


def _unit(planned: PlannedUnit) -> Iterator[str]:
    values = planned.model_dump(mode="json", exclude_defaults=True)
    if set(values) == {"unit"}:
        yield from _item(planned.unit, "      ", flow=False)
    else:
        yield from _item(values, "      ")


def _item(value: Any, indent: str, *, flow: bool | None = None) -> Iterator[str]:
    for line in _dumped([value], flow=flow):
        yield f"{indent}{line}"


def _dumped(value: Any, *, flow: bool | None = None) -> Sequence[str]:
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=flow)
    return text.splitlines()


def _anchors(text: str) -> dict[int, Hashable]:
    """What stands on each line: units and waves by name, everything else by its keys."""
    values, lines = PLAN_FILE.written(text.encode(), "plan")
    found: dict[int, Hashable] = {}
    for path, line in sorted(lines.items(), key=lambda item: len(item[0])):
        if path:
            found.setdefault(line, _anchor(path, values))
    return found


def _anchor(path: tuple[str | int, ...], values: dict[str, Any]) -> Hashable:
    match path:
        case ("waves", int(wave), "units", int(unit), *rest):
            planned = values["waves"][wave]["units"][unit]
            return "unit", str(planned.get("unit") if isinstance(planned, dict) else planned).casefold(), *rest
        case ("waves", int(wave), *rest):
            return "wave", values["waves"][wave].get("name"), *rest
        case ("left_out", int(entry), *rest):
            return "unit", str(values["left_out"][entry].get("unit")).casefold(), *rest
    return path
