"""When two ids mean one thing, although the platform chose other names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from asmosis.check.compare import Identities, fingerprint, pair_parts
from asmosis.check.pairing import Thing

# In this order: balancing rules refer to what stands before them, interfaces to all of it.
_PARTS = (
    "subnets",
    "frontendIPConfigurations",
    "backendAddressPools",
    "probes",
    "loadBalancingRules",
    "inboundNatRules",
    "ipConfigurations",
)


def identities(pairs: Sequence[tuple[Thing, Thing]], hidden: Sequence[Thing] = ()) -> Identities:
    """Found ids → promised ids, for paired resources and for their named parts.

    Of `hidden` resources nobody knows the found id: whatever is not paired and of their type may be one of them.
    """
    same = Identities(
        {other.id.casefold(): one.id.casefold() for one, other in pairs},
        {},
        hidden=frozenset(one.id.casefold() for one in hidden),
        hidden_types=frozenset(one.type for one in hidden),
    )
    for one, other in pairs:
        for listed in _PARTS:
            promised, found = one.properties.get(listed) or [], other.properties.get(listed) or []
            if not promised or not found:
                continue
            here, there = f"{one.id}/{listed}".casefold(), f"{other.id}/{listed}".casefold()
            if listed == "probes":
                _merge_equals(promised, here, same)
            for left, right in pair_parts(promised, found, listed, replace(same, made=one.generated)):
                if left and right:
                    same.found[f"{there}/{_name(right)}"] = f"{here}/{_name(left)}"
    return same


def _merge_equals(probes: Sequence[Mapping[str, Any]], here: str, same: Identities) -> None:
    """Probes that ask the same are one: a rule may refer to any of them."""
    first: dict[Any, str] = {}
    for probe in probes:
        own = f"{here}/{_name(probe)}"
        same.promised[own] = first.setdefault(fingerprint(probe, "probes", same, side="promised"), own)


def _name(part: Mapping[str, Any]) -> str:
    return str(part.get("name", "")).casefold()
