"""What was promised against what is there, property by property."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Literal

from asmosis.arm.resource import body
from asmosis.check.compare import Identities, Mismatch, mismatches
from asmosis.check.expected import expectation
from asmosis.check.identity import identities
from asmosis.check.pairing import AVAILABILITY_SET, Thing, pair, things
from asmosis.translate import Loss, Promise
from asmosis.units import Unit

__all__ = ["Difference", "Pair", "Verdict", "check"]


@dataclass(frozen=True)
class Difference:
    """One property that is not as promised; an empty path means the whole resource.

    `promised` is None for something that nobody promised, `found` for something that is missing. Ids are shown
    without subscription and group.
    """

    resource: str
    path: str
    promised: Any
    found: Any
    severity: Literal["real", "expected"]
    why: str


@dataclass(frozen=True)
class Pair:
    """A promised resource and the one that was found for it, as wire JSON; `resource` is TYPE/NAME as promised."""

    resource: str
    promised: Mapping[str, Any]
    found: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """How a promise was kept; real differences come first, each kind in the promise's order."""

    unit: Unit
    pairs: tuple[Pair, ...]
    differences: tuple[Difference, ...]
    losses: tuple[Loss, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing differs that should not."""
        return all(difference.severity != "real" for difference in self.differences)


def check(promised: Promise, found: Sequence[Mapping[str, Any]]) -> Verdict:
    """Compare a promise with the ARM bodies of its groups.

    Resources are paired by what the platform keeps (machine, label, address, membership), never by a name that the
    platform chooses. Names, ids and enum values compare without case; so the spelling of ids does not matter.

    Raises:
        UnreadableDocument: a body has no id of a resource in a group.
    """
    left = [Thing.of(body(resource), generated=resource.generated) for resource in promised.resources]
    right = things(found)
    pairs, missing, surplus = pair(left, right)
    same = identities(pairs)
    unmade = {one.short for one in missing if one.generated and one.type == AVAILABILITY_SET}
    differences = [
        *(_difference(one, mismatch, unmade) for one, other in pairs for mismatch in _compared(one, other, same)),
        *(_missing(one, unmade) for one in missing),
        *(Difference(other.short, "", None, other.id, "real", _NOBODY) for other in surplus),
    ]
    return Verdict(
        promised.unit,
        tuple(Pair(one.short, one.body, other.body) for one, other in pairs),
        tuple(sorted(differences, key=lambda difference: difference.severity != "real")),
        promised.losses,
    )


_NOBODY = "Nobody promised it."
_UNMADE = "The platform makes a set only where it needs one."


def _compared(one: Thing, other: Thing, same: Identities) -> Iterator[Mismatch]:
    if not one.same_name(other):
        yield Mismatch("name", one.name, other.name)
    if one.place.group.casefold() != other.place.group.casefold():
        yield Mismatch("resourceGroup", one.place.group, other.place.group)
    yield from mismatches(one.body, other.body, replace(same, made=one.generated))


def _difference(one: Thing, mismatch: Mismatch, unmade: AbstractSet[str]) -> Difference:
    why = expectation(one, mismatch)
    if mismatch.path == "availabilitySet" and mismatch.found is None and mismatch.promised in unmade:
        why = _UNMADE
    return Difference(
        one.short,
        mismatch.path,
        mismatch.promised,
        mismatch.found,
        "expected" if why else "real",
        why or (_NOBODY if mismatch.promised is None else "It is not as promised."),
    )


def _missing(one: Thing, unmade: AbstractSet[str]) -> Difference:
    if one.short in unmade:
        return Difference(one.short, "", one.id, None, "expected", _UNMADE)
    return Difference(one.short, "", one.id, None, "real", "It was promised, but it is not there.")
