"""What was promised against what is there, property by property."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asmosis.arm.resource import body
from asmosis.azure.holdings import Unread
from asmosis.check.compare import Identities, Mismatch, mismatches
from asmosis.check.expected import BESIDE, Severity, expectation, unmade
from asmosis.check.identity import identities
from asmosis.check.pairing import Thing, pair, things
from asmosis.check.standing import standing
from asmosis.shapes import understood
from asmosis.translate import Loss, Promise
from asmosis.units import Unit

__all__ = ["Difference", "Pair", "Severity", "Verdict", "check"]

_GRAVEST_FIRST: tuple[Severity, ...] = ("real", "expected", "informative")
_NOBODY = "Nobody promised it."


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
    severity: Severity
    why: str


@dataclass(frozen=True)
class Pair:
    """A promised resource and the one that was found for it, as wire JSON; `resource` is TYPE/NAME as promised."""

    resource: str
    promised: Mapping[str, Any]
    found: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """How a promise was kept; the gravest differences come first, those of one severity in the promise's order.

    `unread` is what might be there but may not be read, `unchecked` the promised resources (TYPE/NAME) among it; no
    difference tells of those.
    """

    unit: Unit
    pairs: tuple[Pair, ...]
    differences: tuple[Difference, ...]
    losses: tuple[Loss, ...]
    unread: tuple[Unread, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether something could not be looked at, so that nobody knows whether the promise is kept."""
        return bool(self.unread)

    @property
    def clean(self) -> bool:
        """Whether everything was looked at and nothing differs that should not."""
        return not self.partial and not self.told("real")

    def told(self, severity: Severity) -> tuple[Difference, ...]:
        """The differences of one severity."""
        return tuple(difference for difference in self.differences if difference.severity == severity)


def check(promised: Promise, found: Sequence[Mapping[str, Any]], unread: Sequence[Unread] = ()) -> Verdict:
    """Compare a promise with the ARM bodies of its groups, and with what of them may not be read.

    Resources are paired by what the platform keeps (machine, label, address, membership), never by a name that the
    platform chooses. Names, ids and enum values compare without case; so the spelling of ids does not matter, nor does
    the order of what was found.

    Raises:
        UnreadableDocument: a body has no id of a resource in a group, or is of another shape than its type has.
    """
    with understood(f"what ARM holds of {promised.unit.short}"):
        return _verdict(promised, found, unread)


def _verdict(promised: Promise, found: Sequence[Mapping[str, Any]], unread: Sequence[Unread]) -> Verdict:
    left = [Thing.of(body(resource), generated=resource.generated) for resource in promised.resources]
    right = sorted(things(found), key=lambda thing: thing.id.casefold())
    pairs, lacking, surplus = pair(left, right)
    hidden = [one for one in lacking if _is_hidden(one, unread)]
    missing = [one for one in lacking if one not in hidden]
    same = identities(pairs, hidden)
    without = unmade(missing, pairs)
    differences = [
        *(
            _difference(one, other, mismatch, without)
            for one, other in pairs
            for mismatch in _compared(one, other, same)
        ),
        *(_missing(one, without.get(one.short, "")) for one in missing),
        *_surplus(surplus, {one.type for one in left}, {other.id.casefold() for _, other in pairs}),
    ]
    return Verdict(
        promised.unit,
        tuple(Pair(one.short, one.body, other.body) for one, other in pairs),
        tuple(sorted(differences, key=lambda difference: _GRAVEST_FIRST.index(difference.severity))),
        promised.losses,
        tuple(unread),
        tuple(one.short for one in hidden),
    )


def _is_hidden(one: Thing, unread: Sequence[Unread]) -> bool:
    names = () if one.generated else one.place.names
    return any(each.hides(one.type, one.place.group, names) for each in unread)


def _surplus(surplus: Sequence[Thing], promised: Collection[str], answering: Collection[str]) -> Iterator[Difference]:
    """What nobody promised is grave where it could be the unit's: of a promised type, or within a promised resource."""
    for other in surplus:
        within = other.id.casefold().rsplit("/", 2)[0] in answering
        if other.type in promised or within:
            yield Difference(other.short, "", None, other.id, "real", _NOBODY)
        else:
            yield Difference(other.short, "", None, other.id, "informative", BESIDE)


def _compared(one: Thing, other: Thing, same: Identities) -> Iterator[Mismatch]:
    yield from standing(one, other)
    yield from mismatches(one.body, other.body, replace(same, made=one.generated, type=one.type))


def _difference(one: Thing, other: Thing, mismatch: Mismatch, without: Mapping[str, str]) -> Difference:
    usual = _NOBODY if mismatch.promised is None else "It is not as promised."
    severity, why = expectation(one, other, mismatch, without) or ("real", usual)
    return Difference(one.short, mismatch.path, mismatch.promised, mismatch.found, severity, why)


def _missing(one: Thing, why: str) -> Difference:
    severity: Severity = "expected" if why else "real"
    return Difference(one.short, "", one.id, None, severity, why or "It was promised, but it is not there.")
