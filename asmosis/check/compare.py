"""Two bodies of wire JSON, property by property, as ARM itself compares: without case, and through references."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from asmosis.check.wire import cuts_off, is_default, is_told_by_arm
from asmosis.shapes import url_parts

Side = Literal["promised", "found"]
Parts = Sequence[Mapping[str, Any]]

# Lists whose elements get their names from the platform.
_GENERATED_NAMES = frozenset(
    {
        "ipConfigurations",
        "frontendIPConfigurations",
        "backendAddressPools",
        "probes",
        "loadBalancingRules",
        "inboundNatRules",
    }
)
_IN_ORDER = frozenset({"dnsServers"})
_LOCATIONS = frozenset({"location", "primaryLocation", "secondaryLocation"})
_ADDRESSES_OF_BLOBS = frozenset({"uri", "storageUri", "blob", "file", "queue", "table"})
_EXACT = frozenset({"requestPath", "settings"})
# Of these, nought is one among others and not the same as nothing.
_PLACES = frozenset({"lun"})


@dataclass(frozen=True)
class Mismatch:
    """A path where two bodies differ; None stands for absent."""

    path: str
    promised: Any
    found: Any


@dataclass(frozen=True)
class Identities:
    """Which ids mean one thing, in lower case; filled while the pairs are found, constant afterwards.

    `made` says that the resource at hand, of a `type`, is the platform's own, so that all names in it are. `hidden`
    are promised resources that may not be read: whatever is of their type and unknown may be one of them.
    """

    found: dict[str, str]
    promised: dict[str, str]
    made: bool = False
    type: str = ""
    hidden: frozenset[str] = frozenset()
    hidden_types: frozenset[str] = frozenset()

    def of(self, identifier: str, side: Side) -> str:
        """What an id stands for, in the promise's terms."""
        own = identifier.casefold()
        if side == "found" and own in self.found:
            return self.promised.get(self.found[own], self.found[own])
        if self.hidden_types and self._may_be_hidden(own, side):
            return "hidden/" + "/".join(own.split("/")[6:8])
        return self.promised.get(own, own)

    def _may_be_hidden(self, own: str, side: Side) -> bool:
        steps = own.split("/")
        if side == "promised":
            return "/".join(steps[:9]) in self.hidden
        return "/".join(steps[6:8]) in self.hidden_types


def mismatches(promised: Mapping[str, Any], found: Mapping[str, Any], same: Identities) -> Iterator[Mismatch]:
    """Where a found body is not as promised. What ARM alone tells, and its defaults, are no mismatch."""
    yield from _objects(_content(promised), _content(found), "", same)


def pair_parts(
    promised: Parts, found: Parts, listed: str, same: Identities
) -> list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Elements of two lists side by side: equal ones first, then the most alike; None for a missing partner."""
    found = sorted(found, key=lambda part: _label(part).casefold())
    left = [fingerprint(part, listed, same, side="promised") for part in promised]
    right = [fingerprint(part, listed, same, side="found") for part in found]
    partner = _equal(promised, found, left, right)
    _alike(left, right, partner, by_platform=same.made or listed in _GENERATED_NAMES)
    taken = set(partner.values())
    return [
        *((part, found[partner[at]] if at in partner else None) for at, part in enumerate(promised)),
        *((None, part) for at, part in enumerate(found) if at not in taken),
    ]


def fingerprint(part: Any, listed: str, same: Identities, *, side: Side) -> frozenset[Hashable]:
    """The facts of an element that can be compared, without names that the platform chooses."""
    if not isinstance(part, dict):
        return frozenset({_normal("", part)})
    facts = _facts(part, (), same, side)
    return frozenset(fact for fact in facts if fact[0] != ("name",) or listed not in _GENERATED_NAMES)


def _content(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in body.items() if key not in ("id", "name", "type")}


def _objects(promised: Mapping[str, Any], found: Mapping[str, Any], path: str, same: Identities) -> Iterator[Mismatch]:
    if path and "name" not in promised and "name" not in found:
        yield from _references(promised.get("id"), found.get("id"), path, same)
    for key, value in promised.items():
        if key != "id":
            yield from _values(key, value, found.get(key), _below(path, key), same)
    for key, value in sorted(found.items()):
        below = _below(path, key)
        if key not in promised and not is_told_by_arm(key, below, same.type) and not is_default(key, value):
            yield from _values(key, None, value, below, same)


def _references(promised: str | None, found: str | None, path: str, same: Identities) -> Iterator[Mismatch]:
    if promised is None and found is None:
        return
    if promised is None or found is None or same.of(promised, "promised") != same.of(found, "found"):
        shown = _short(found)
        if promised and found and shown.casefold() == _short(promised).casefold():
            shown = _short(same.of(found, "found"))  # it has the name, but stands for another
        yield Mismatch(path, _short(promised), shown)


def _values(key: str, promised: Any, found: Any, path: str, same: Identities) -> Iterator[Mismatch]:
    if _empty(promised) and _empty(found) and key not in _PLACES and not (promised is None and cuts_off(key, found)):
        return
    told = is_told_by_arm(key, path, same.type)
    if _absent(found) and (told or is_default(key, promised)):
        return
    if key == "settings":
        yield from _exactly(promised, found, path)
    elif key == "statuses":
        yield from _power(promised, found, path)
    elif _is_list(promised) or _is_list(found):
        yield from _lists(key, promised or [], found or [], path, same)
    elif all(side is None or isinstance(side, dict) for side in (promised, found)):
        if told:
            found = {name: value for name, value in (found or {}).items() if name in promised}
        yield from _objects(promised or {}, found or {}, path, same)
    elif promised is None or found is None or _normal(key, promised) != _normal(key, found):
        yield Mismatch(path, promised, found)


def _lists(key: str, promised: Any, found: Any, path: str, same: Identities) -> Iterator[Mismatch]:
    if not any(isinstance(item, dict) for item in (*promised, *found)):
        order: Any = list if key in _IN_ORDER else sorted
        if order(_normal(key, item) for item in promised) != order(_normal(key, item) for item in found):
            yield Mismatch(path, list(promised) or None, list(found) or None)
        return
    for left, right in pair_parts(promised, found, key, same):
        here = f"{path}[{_label(right if left is None else left)}]"
        if left is None or right is None:
            yield Mismatch(here, _shown(left), _shown(right))
        else:
            ignored = "name" if key in _GENERATED_NAMES else ""
            yield from _objects(_without(left, ignored), _without(right, ignored), here, same)


def _power(promised: Any, found: Any, path: str) -> Iterator[Mismatch]:
    """Of all statuses only whether a machine runs can be promised; ARM tells it where it was asked."""
    before, after = (
        [str(status.get("code")) for status in side or () if str(status.get("code")).startswith("PowerState/")]
        for side in (promised, found)
    )
    if before and after and before != after:
        yield Mismatch(path, before[0], after[0])


def _equal(promised: Parts, found: Parts, left: Sequence[Hashable], right: Sequence[Hashable]) -> dict[int, int]:
    """Equal elements; among several the one of the same name, so that reports stay readable."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for at, facts in enumerate(right):
        waiting[facts].append(at)
    partner: dict[int, int] = {}
    for by_name in (True, False):
        for at, facts in enumerate(left):
            if at in partner:
                continue
            for candidate in waiting[facts]:
                if not by_name or _label(promised[at]).casefold() == _label(found[candidate]).casefold():
                    partner[at] = candidate
                    waiting[facts].remove(candidate)
                    break
    return partner


def _alike(
    left: Sequence[frozenset[Hashable]],
    right: Sequence[frozenset[Hashable]],
    partner: dict[int, int],
    *,
    by_platform: bool,
) -> None:
    """Pair what is left by the number of equal facts; the very last two of a list are a pair in any case."""
    taken = set(partner.values())
    ones = [at for at in range(len(left)) if at not in partner]
    others = [at for at in range(len(right)) if at not in taken]
    scores = [(-len(left[one] & right[other]), one, other) for one in ones for other in others]
    for score, one, other in sorted(scores):
        enough = by_platform or -2 * score >= len(left[one])
        if score and enough and one not in partner and other not in taken:
            partner[one] = other
            taken.add(other)
    ones = [at for at in ones if at not in partner]
    others = [at for at in others if at not in taken]
    if len(ones) == len(others) == 1 and (by_platform or len(left[ones[0]]) == 1):
        partner[ones[0]] = others[0]


def _facts(
    value: Any, path: tuple[str, ...], same: Identities, side: Side
) -> Iterator[tuple[tuple[str, ...], Hashable]]:
    key = path[-1] if path else ""
    switched_off = value is False and is_default(key, value=True)
    if not isinstance(value, dict) and _empty(value) and not switched_off:
        return
    if path and key != "id" and (is_told_by_arm(key) or is_default(key, value)):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            # The id of a named part is its own; any other is a reference.
            if name != "id" or "name" not in value:
                yield from _facts(inner, (*path, name), same, side)
    elif _is_list(value):
        for inner in value:
            yield from _facts(inner, path, same, side)
    else:
        yield path, same.of(str(value), side) if key == "id" else _normal(key, value)


def _exactly(promised: Any, found: Any, path: str) -> Iterator[Mismatch]:
    """Free JSON of an extension: every case and every type matters."""
    if isinstance(promised, dict) and isinstance(found, dict):
        for key in [*promised, *(key for key in found if key not in promised)]:
            yield from _exactly(promised.get(key), found.get(key), _below(path, key))
    elif promised != found or isinstance(promised, bool) is not isinstance(found, bool):
        yield Mismatch(path, promised, found)


def _normal(key: str, value: Any) -> Hashable:
    text = str(value)
    if key in _LOCATIONS:
        return "".join(text.split()).casefold()
    if key in _ADDRESSES_OF_BLOBS:
        address = url_parts(text)
        return f"{address.netloc.casefold()}/{address.path.strip('/')}"
    return text if key in _EXACT else text.casefold()


def _without(part: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return {name: value for name, value in part.items() if name != key and not (name == "id" and "name" in part)}


def _below(path: str, key: str) -> str:
    """Paths leave out `properties` and the `id` of a reference: they are where everything is."""
    if key in ("properties", "id"):
        return path
    return f"{path}.{key}" if path else key


def _label(part: Any) -> str:
    if not isinstance(part, dict):
        return str(part)
    for key in ("name", "lun", "code", "protocol"):
        if key in part:
            return str(part[key])
    return str(part.get("id", "")).rpartition("/")[2]


def _shown(part: Mapping[str, Any] | None) -> Any:
    if part is not None and set(part) <= {"id", "properties"} and "id" in part:
        return _short(part["id"])
    return part


def _short(value: Any) -> Any:
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        return value.partition("/providers/")[2] or value
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _empty(value: Any) -> bool:
    """Absent, empty and switched off are one in ARM."""
    if isinstance(value, dict):
        return all(_empty(inner) for inner in value.values())
    return _absent(value) or value is False or value == 0


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)
