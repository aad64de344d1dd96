"""Differences that say nothing: what the platform is free to choose, and what classic could not tell."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from asmosis.arm.resource import parse_id
from asmosis.check.compare import Mismatch
from asmosis.check.pairing import AVAILABILITY_SET, CONNECTION, VIRTUAL_NETWORK, Thing
from asmosis.check.standing import FQDN, is_same_host

Severity = Literal["real", "expected", "informative"]
"""What a difference asks for.

Of a `real` one, that somebody looks before the unit is committed; an `expected` one is otherwise than promised, as the
platform may choose; an `informative` one is something that nobody promised anything about.
"""

_DOMAIN = "It answers to the same label in another domain; whoever uses the old name has to know."
_DYNAMIC = "A dynamic address; nobody could promise it."
_DOMAINS = "The platform chooses the number of domains."
_DIRECT = "The other network has migrated too, so the platform connects both gateways directly."
_GROUP = "The platform chooses the group."
_NAME = "The platform chooses this name."
_PROTECTED = "A newer platform protects every vault so."
_SEEN_FIT = "The platform makes this resource as it sees fit."
_UNMADE = "The platform makes a set only where it needs one."

# Property → why it may be there although nobody promised it.
_UNPROMISED: Mapping[str, str] = {
    "privateIPAddress": _DYNAMIC,
    "ipAddress": _DYNAMIC,
    "location": "Classic does not tell where it stands.",
    "tags": "Tags come from policies or people; the migration sets none.",
    "osProfile": "Certificates move to a vault; classic does not tell where in it they lie.",
    "tenantId": "Classic does not know the tenant.",
    "vaultUri": "The platform chooses the name of the vault.",
    "accessPolicies": "Access to a vault is granted after the migration.",
    "enableSoftDelete": _PROTECTED,
    "softDeleteRetentionInDays": _PROTECTED,
    "routingWeight": "Classic does not tell the weight of a connection.",
    "diskSizeGB": "Classic does not tell the size of the disk.",
    "instanceView": "A part of the machine tells that it has failed; it may have done so before.",
}
# Type → what of it the platform chooses, where it makes the resource.
_MADE = {AVAILABILITY_SET: ("platform",), VIRTUAL_NETWORK: ("addressSpace", "subnets")}

BESIDE = "It stands beside what the unit became; nothing of the unit is of this type."
"""Why a resource that nobody promised is only told."""

_HEAD = (
    "After prepare, the check compares every promised property with what ARM answers, and finds resources by what they"
    " are, not by names that the platform chooses. All of these differences are shown and none is a reason to stop:"
    " *expected* is what was promised and is otherwise, *informative* what nobody promised anything about."
)

EXPECTED: tuple[tuple[str, Severity, str], ...] = (
    ("The name of a resource that the platform makes", "expected", _NAME),
    ("The resource group", "expected", _GROUP),
    ("A set or a network that the platform makes: its domains, its ranges and subnets", "expected", _SEEN_FIT),
    ("A set that the platform makes: missing as a whole", "expected", _UNMADE),
    ("`platformFaultDomainCount` other than promised", "expected", _DOMAINS),
    ("The domain of a cloud service's name", "informative", _DOMAIN),
    ("A connection between two networks, and its local network gateway", "expected", _DIRECT),
    *((f"`{name}` that nobody promised", "informative", why) for name, why in _UNPROMISED.items()),
    ("A further resource in the unit's groups, of a type that is not promised", "informative", BESIDE),
)
"""What may be otherwise than promised, in the words of the documentation, and why."""


def expected_section() -> str:
    """What may be otherwise than promised, as a section of the page of fates."""
    lines = [
        "## Expected differences",
        "",
        _HEAD,
        "",
        "| Difference | Severity | Why it is no reason to stop |",
        "| --- | --- | --- |",
        *(f"| {what} | {severity} | {why} |" for what, severity, why in EXPECTED),
    ]
    return "\n".join(lines) + "\n"


def unmade(missing: Sequence[Thing], pairs: Sequence[tuple[Thing, Thing]]) -> dict[str, str]:
    """Of what is missing, by type and name: why that was to be expected."""
    sets = {one.short: _UNMADE for one in missing if one.generated and one.type == AVAILABILITY_SET}
    replaced = {
        parse_id(far["id"]).short: _DIRECT
        for one, other in pairs
        if _is_direct(one, other) and (far := one.properties.get("localNetworkGateway2"))
    }
    return {one.short: why for one in missing if (why := (sets | replaced).get(one.short))}


def expectation(
    promised: Thing, found: Thing, mismatch: Mismatch, without: Mapping[str, str]
) -> tuple[Severity, str] | None:
    """How grave a mismatch is that is no reason to stop, and why; none for any other.

    `without` tells what is expected to be missing.
    """
    path = mismatch.path
    tunnel = path in ("connectionType", "localNetworkGateway2", "virtualNetworkGateway2")
    reasons: tuple[tuple[bool, Severity, str], ...] = (
        (path == "name" and promised.generated, "expected", _NAME),
        (path == "resourceGroup", "expected", _GROUP),
        (path == "platformFaultDomainCount", "expected", _DOMAINS),
        (tunnel and _is_direct(promised, found), "expected", _DIRECT),
        (
            path == "availabilitySet" and mismatch.found is None and mismatch.promised in without,
            "expected",
            _UNMADE,
        ),
        (path == FQDN and is_same_host(mismatch.promised, mismatch.found), "informative", _DOMAIN),
        (mismatch.promised is None, "informative", _free(path)),
        (promised.generated and path.startswith(_MADE.get(promised.type, ())), "expected", _SEEN_FIT),
    )
    return next(((severity, why) for holds, severity, why in reasons if holds and why), None)


def _free(path: str) -> str:
    return _UNPROMISED.get(path.rpartition(".")[2]) or _UNPROMISED.get(path.partition(".")[0], "")


def _is_direct(promised: Thing, found: Thing) -> bool:
    """Whether a tunnel to a site has become a connection of two networks (documented by Microsoft: VPN)."""
    return promised.type == CONNECTION and (_kind(promised), _kind(found)) == ("ipsec", "vnet2vnet")


def _kind(thing: Thing) -> Any:
    return str(thing.properties.get("connectionType", "")).casefold()
