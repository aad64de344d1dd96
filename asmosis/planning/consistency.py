"""What a plan file must not say; each problem with the place in the file that it is about."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from asmosis.errors import UsageError
from asmosis.units import Unit
from asmosis.yaml_files import did_you_mean

if TYPE_CHECKING:
    from asmosis.planning.plan import Plan

PROBLEM = "plan"
"""The type of the errors here; they carry `problem` and `remedy`."""
_At = tuple[str | int, ...]


def refuse_contradictions(plan: "Plan") -> None:
    """Raise if a plan contradicts itself.

    Raises:
        ValidationError: every problem, with its path in the plan.
    """
    problems = [
        InitErrorDetails(
            type=PydanticCustomError(PROBLEM, "{problem}. {remedy}", {"problem": problem, "remedy": remedy}),
            loc=at,
            input="",
        )
        for at, problem, remedy in _problems(plan)
    ]
    if problems:
        raise ValidationError.from_exception_data("plan", problems)


def _problems(plan: "Plan") -> Iterator[tuple[_At, str, str]]:
    unreadable = list(_unreadable(plan))
    yield from unreadable
    if unreadable:
        return
    yield from _repeated(plan)
    yield from _out_of_order(plan)
    yield from _overlapping(plan)


def _unreadable(plan: "Plan") -> Iterator[tuple[_At, str, str]]:
    texts: list[tuple[_At, str]] = []
    for position, wave in enumerate(plan.waves):
        for number, planned in enumerate(wave.units):
            texts.append((("waves", position, "units", number), planned.unit))
            texts += [(("waves", position, "units", number, "after"), first) for first in planned.after]
    texts += [(("left_out", position, "unit"), entry.unit) for position, entry in enumerate(plan.left_out)]
    texts += [(("rules", "pin", unit), unit) for unit in plan.rules.pin]
    texts += [(("rules", "destinations", unit), unit) for unit in plan.rules.destinations]
    for unit, firsts in plan.rules.after.items():
        texts += [(("rules", "after", unit), text) for text in (unit, *firsts)]
    for position, units in enumerate(plan.rules.together):
        texts += [(("rules", "together", position), unit) for unit in units]
    for at, text in texts:
        try:
            plan.unit(text)
        except UsageError as error:
            yield at, f"{text!r} is no unit ({error.problem})", error.remedy


def _repeated(plan: "Plan") -> Iterator[tuple[_At, str, str]]:
    stands: dict[Unit, str] = {}
    names: set[str] = set()
    for position, wave in enumerate(plan.waves):
        if wave.name in names:
            yield ("waves", position, "name"), f"there are two waves {wave.name}", "Give one of them another name."
        names.add(wave.name)
        for number, planned in enumerate(wave.units):
            unit = plan.identity(planned.unit)
            if unit in stands:
                at = ("waves", position, "units", number)
                problem = f"{planned.unit} stands in {stands[unit]} already"
                yield at, problem, "A unit goes in one wave; keep one of the two."
            stands.setdefault(unit, wave.name)
    for position, entry in enumerate(plan.left_out):
        if plan.identity(entry.unit) in stands:
            problem = f"{entry.unit} is left out, and stands in {stands[plan.identity(entry.unit)]}"
            yield ("left_out", position), problem, "Keep one of the two."
        if entry.was and entry.was not in names:
            remedy = did_you_mean(entry.was, names) or "Take the key out."
            yield ("left_out", position, "was"), f"there is no wave {entry.was}", remedy


def _out_of_order(plan: "Plan") -> Iterator[tuple[_At, str, str]]:
    placed = plan.placed()
    for position, wave in enumerate(plan.waves):
        inside: dict[Unit, list[Unit]] = {}
        for number, planned in enumerate(wave.units):
            unit = plan.identity(planned.unit)
            for text in planned.after:
                first = plan.identity(text)
                at: _At = ("waves", position, "units", number)
                if first not in placed:
                    yield at, f"{planned.unit} goes after {text}, which stands in no wave", "Plan it as well."
                elif placed[first] > position and not (planned.state or wave.begun):
                    name = plan.waves[placed[first]].name
                    yield (
                        at,
                        f"{planned.unit} goes after {text}, which stands in {name}",
                        f"Move it to {name} or later.",
                    )
                elif placed[first] == position:
                    inside.setdefault(unit, []).append(first)
        try:
            TopologicalSorter(inside).prepare()
        except CycleError as error:
            circle = " after ".join(plan.text(unit) for unit in reversed(error.args[1]))
            yield ("waves", position), f"units wait for each other: {circle}", "Take one of the orders out."


def _overlapping(plan: "Plan") -> Iterator[tuple[_At, str, str]]:
    """A wave may not start before the one ahead of it in its subscription does."""
    latest: dict[str, Any] = {}
    for position, wave in enumerate(plan.waves):
        subscriptions = {plan.unit(planned.unit).subscription for planned in wave.units}
        for subscription in sorted(subscriptions):
            ahead = latest.get(subscription)
            if wave.not_before and ahead and wave.not_before < ahead.not_before:
                problem = f"{wave.name} is for {wave.not_before}, before {ahead.name} on {ahead.not_before}"
                yield ("waves", position, "not_before"), problem, "Exchange the dates or the waves."
                break
        if wave.not_before:
            latest.update(dict.fromkeys(subscriptions, wave))
