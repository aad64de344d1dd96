"""What one unit has to do with another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TypeVar

from asmosis.errors import UsageError
from asmosis.units import Unit

Node = TypeVar("Node")


@dataclass(frozen=True)
class Link:
    """`then` goes after `first` has been committed, or the two go `together` in one wave.

    `why` goes on from the name of `then`, or from that of `first` where the two go together. `mends` is the readiness
    rule whose blocker is none once `first` has gone.
    """

    first: Unit
    then: Unit
    why: str
    together: bool = False
    mends: str = ""


def refuse_cycles(links: Iterable[Link], name: Callable[[Unit], str]) -> None:
    """Raise if units wait for each other.

    Raises:
        UsageError: spells the cycle out, with the reason of each step.
    """
    orders = {(link.first, link.then): link for link in links if not link.together}
    before: dict[Unit, list[Unit]] = {}
    for first, then in orders:
        before.setdefault(then, []).append(first)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        cycle: list[Unit] = error.args[1]  # each goes before the next one, and the last is the first again
        steps = [orders[first, then] for first, then in pairwise(cycle)]
        told = "; ".join(f"{name(step.then)} goes after {name(step.first)}: {step.why}" for step in steps)
        remedy = "Take one of these orders out; those of your own are in rules.after and rules.destinations."
        raise UsageError("plan", f"units wait for each other ({told})", remedy) from None


def groups(units: Iterable[Unit], links: Iterable[Link]) -> list[tuple[Unit, ...]]:
    """Units that can only go in one wave, in the order of `units`; a unit that is free is a group of its own.

    Two units share a wave if each, over any number of links, must not go later than the other.
    """
    ordered = tuple(units)
    known = set(ordered)
    later: dict[Unit, list[Unit]] = {unit: [] for unit in ordered}
    for link in links:
        if link.first in known and link.then in known:
            later[link.first].append(link.then)
            if link.together:
                later[link.then].append(link.first)
    rank = {unit: position for position, unit in enumerate(ordered)}
    found = [tuple(sorted(component, key=rank.__getitem__)) for component in _components(later)]
    return sorted(found, key=lambda component: rank[component[0]])


def _components(later: Mapping[Node, Iterable[Node]]) -> Iterator[list[Node]]:
    """Strongly connected components (Tarjan); without recursion, since a chain may be as long as an estate."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    for root in later:
        if root in index:
            continue
        path = [(root, iter(later[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    yield _pop_until(node, stack, on_stack)
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                path.append((following, iter(later[following])))
            elif following in on_stack:
                low[node] = min(low[node], index[following])


def _pop_until(node: Node, stack: list[Node], on_stack: set[Node]) -> list[Node]:
    component = []
    while True:
        top = stack.pop()
        on_stack.discard(top)
        component.append(top)
        if top == node:
            return component
