"""What goes after what, laid out: a column per wave, units that have to do with each other near each other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asmosis.planning.links import Link
from asmosis.planning.plan import Plan, PlannedUnit, same
from asmosis.planning.weights import Weight
from asmosis.units import Unit

WIDTH, HEIGHT = 190, 22
"""Pixels of a unit's box."""
_STEP_X, _STEP_Y, _TOP = 260, 30, 34
_MOST_IN_WAVE = 40
_MOST_LINES = 1500
_SWEEPS = 6
_LONGEST_LABEL = 24
SHORT_KINDS = {
    "virtualNetwork": "VNet",
    "hostedService": "service",
    "storageAccount": "storage",
    "networkSecurityGroup": "NSG",
    "routeTable": "routes",
    "reservedIp": "IP",
}


@dataclass(frozen=True)
class Box:
    """A unit in the picture."""

    unit: str
    kind: str
    label: str
    told: str
    x: int
    y: int
    shade: str


@dataclass(frozen=True)
class Line:
    """A link in the picture; `path` is an SVG path."""

    first: str
    then: str
    why: str
    path: str
    together: bool


@dataclass(frozen=True)
class Column:
    """A wave in the picture; `more` is how many of its units are not drawn."""

    name: str
    x: int
    more: int
    more_y: int


@dataclass(frozen=True)
class Graph:
    """The picture; `hidden` is how many links are not drawn."""

    columns: tuple[Column, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    hidden: int


def graph(plan: Plan, weights: Mapping[Unit, Weight], links: Sequence[Link]) -> Graph:
    """The units of a plan and what ties them; units without any tie are drawn while there is room."""
    tied = _ties(plan, links)
    columns = [_drawn(plan, wave.units, tied) for wave in plan.waves]
    _untangle(columns, tied, plan)
    told = {same(unit): weight for unit, weight in weights.items()}
    at = {
        plan.identity(planned.unit): (_STEP_X * position, _TOP + _STEP_Y * row)
        for position, column in enumerate(columns)
        for row, planned in enumerate(column)
    }
    texts = {plan.identity(planned.unit): planned.unit for column in columns for planned in column}
    shown = [link for link in links if same(link.first) in at and same(link.then) in at]
    lines = tuple(
        Line(texts[same(link.first)], texts[same(link.then)], link.why, _path(at, link), link.together)
        for link in shown[:_MOST_LINES]
    )
    boxes = tuple(
        _box(planned, *at[plan.identity(planned.unit)], told.get(plan.identity(planned.unit)), plan)
        for column in columns
        for planned in column
    )
    rows = max((len(column) + 1 for column in columns), default=1)
    return Graph(
        columns=tuple(
            Column(wave.name, _STEP_X * position, len(wave.units) - len(column), _TOP + _STEP_Y * len(column))
            for position, (wave, column) in enumerate(zip(plan.waves, columns, strict=True))
        ),
        boxes=boxes,
        lines=lines,
        width=_STEP_X * (len(columns) - 1) + WIDTH + 40 if columns else 0,
        height=_TOP + _STEP_Y * rows,
        hidden=sum(map(len, tied.values())) // 2 - len(lines),
    )


def _ties(plan: Plan, links: Sequence[Link]) -> dict[Unit, list[Unit]]:
    placed = plan.placed()
    ties: defaultdict[Unit, list[Unit]] = defaultdict(list)
    for link in links:
        first, then = same(link.first), same(link.then)
        if first in placed and then in placed:
            ties[first].append(then)
            ties[then].append(first)
    return dict(ties)


def _drawn(plan: Plan, units: Sequence[PlannedUnit], tied: Mapping[Unit, object]) -> list[PlannedUnit]:
    first = sorted(units, key=lambda planned: plan.identity(planned.unit) not in tied)
    return first[:_MOST_IN_WAVE]


def _untangle(columns: list[list[PlannedUnit]], tied: Mapping[Unit, Sequence[Unit]], plan: Plan) -> None:
    """Move every unit towards the middle of what it is tied to, from left to right and back."""
    identity = {planned.unit: plan.identity(planned.unit) for column in columns for planned in column}
    row = {identity[planned.unit]: float(at) for column in columns for at, planned in enumerate(column)}

    def middle(planned: PlannedUnit) -> float:
        around = [row[other] for other in tied.get(identity[planned.unit], ()) if other in row]
        return sum(around) / len(around) if around else row[identity[planned.unit]]

    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            column.sort(key=middle)
            row.update({identity[planned.unit]: float(at) for at, planned in enumerate(column)})


def _path(at: Mapping[Unit, tuple[int, int]], link: Link) -> str:
    (x1, y1), (x2, y2) = at[same(link.first)], at[same(link.then)]
    y1, y2 = y1 + HEIGHT // 2, y2 + HEIGHT // 2
    if x1 == x2:
        bulge = 12 + min(abs(y2 - y1) // 6, 40)
        right = x1 + WIDTH
        return f"M{right} {y1}C{right + bulge} {y1} {right + bulge} {y2} {right} {y2}"
    if x1 > x2:
        x1, y1, x2, y2 = x2, y2, x1, y1
    begin, half = x1 + WIDTH, (x2 - x1 - WIDTH) // 2
    return f"M{begin} {y1}C{begin + half} {y1} {x2 - half} {y2} {x2} {y2}"


def _box(planned: PlannedUnit, x: int, y: int, weight: Weight | None, plan: Plan) -> Box:
    unit = plan.unit(planned.unit)
    label = unit.name if len(unit.name) <= _LONGEST_LABEL else unit.name[: _LONGEST_LABEL - 1] + "…"
    told = ", ".join(_words(planned, weight))
    return Box(planned.unit, SHORT_KINDS[unit.kind], label, told, x, y, _shade(planned, weight))


def _words(planned: PlannedUnit, weight: Weight | None) -> Iterator[str]:
    if planned.state:
        yield planned.state
    if weight and weight.told:
        yield weight.told


def _shade(planned: PlannedUnit, weight: Weight | None) -> str:
    if planned.state:
        return "done" if planned.state in ("Committed", "Aborted") else "held"
    return "production" if weight and weight.production else "plain"
