"""What a fate is, and the reasons that many fields share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

STATE = "Tells how the resource is doing now; ARM tells its own state."
MIGRATING = "The state of the migration itself; the run asks the platform for it."
GUID = "Classic's own identifier; ARM gives another."
TIME = "Classic's own book-keeping; ARM has no such times for what is migrated."
LABEL = "ARM has no labels; they do not become tags."
DESCRIPTION = "ARM has no descriptions."
AFFINITY = "ARM has no affinity groups; the group is only followed to its location."
CLOUD_SERVICE_ONLY = "Concerns web and worker roles, which this migration refuses."
OFFER = "What the region offers, not what is used."
KEPT = "Kept by the platform; promised and compared, but never set."


class Way(StrEnum):
    """What becomes of a field."""

    MOVES = "moves"
    DECIDES = "decides"
    PARTS = "parts"
    LOST = "lost"
    LEFT = "left"


MEANINGS: Mapping[Way, str] = {
    Way.MOVES: "the value, or what follows from it, is a property of an ARM resource",
    Way.DECIDES: "steers what becomes of something else, and is no property itself",
    Way.PARTS: "holds parts, whose own table says where they go",
    Way.LOST: "ARM has no place for it; every case is reported before the approval",
    Way.LEFT: "stays behind, for the reason given, and is not reported",
}
"""What each word means to an operator."""


@dataclass(frozen=True)
class Fate:
    """What becomes of one field.

    `destinations` are pairs of resource type and property; paths leave out the `properties` steps of the wire.
    """

    way: Way
    why: str = ""
    destinations: tuple[tuple[str, str], ...] = ()


def moves(resource_type: str, *properties: str, why: str = "") -> Fate:
    """A fate in properties of one type of resources."""
    return Fate(Way.MOVES, why, tuple((resource_type, path) for path in properties))


def also(first: Fate, *others: Fate, why: str = "") -> Fate:
    """A fate in several types of resources."""
    pairs = (*first.destinations, *(pair for other in others for pair in other.destinations))
    return Fate(Way.MOVES, why or first.why, pairs)


def each(way: Way, why: str, *names: str) -> dict[str, Fate]:
    """One fate of several fields."""
    return dict.fromkeys(names, Fate(way, why))


def one(way: Way, why: str) -> Fate:
    """A fate in no property."""
    return Fate(way, why)
