"""What only ARM tells of a resource and nobody can promise in its body: where it is, how it is, how it is reached."""

from collections.abc import Iterator, Mapping
from typing import Any

from asmosis.check.compare import Mismatch
from asmosis.check.pairing import Thing

FQDN = "dnsSettings.fqdn"
_DOMAIN = "cloudapp.net"
_IN_ORDER = "Succeeded"
_FAILED = "ProvisioningState/failed"


def standing(promised: Thing, found: Thing) -> Iterator[Mismatch]:
    """Where a found resource stands otherwise than the one that was promised, or not well."""
    if not promised.same_name(found):
        yield Mismatch("name", promised.name, found.name)
    if promised.place.group.casefold() != found.place.group.casefold():
        yield Mismatch("resourceGroup", promised.place.group, found.place.group)
    state = found.properties.get("provisioningState", _IN_ORDER)
    if str(state).casefold() != _IN_ORDER.casefold():
        yield Mismatch("provisioningState", _IN_ORDER, state)
    yield from _renamed(promised.properties, found.properties)
    yield from _failed(found.properties.get("instanceView"), "instanceView")


def is_same_host(one: Any, other: Any) -> bool:
    """Whether two names differ in their domains at most."""
    first, second = (str(name).casefold().partition(".")[0] for name in (one, other))
    return first == second


def _renamed(promised: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Mismatch]:
    """A cloud service keeps its name and the domain (documented by Microsoft)."""
    label = (promised.get("dnsSettings") or {}).get("domainNameLabel")
    name = (found.get("dnsSettings") or {}).get("fqdn")
    if label and name and str(name).casefold() != (kept := f"{label}.{_DOMAIN}".casefold()):
        yield Mismatch(FQDN, kept, name)


def _failed(value: Any, path: str) -> Iterator[Mismatch]:
    """Parts of a machine that say that they have failed; states that come and go are none of it."""
    if isinstance(value, Mapping):
        if str(value.get("code", "")).casefold().startswith(_FAILED.casefold()):
            yield Mismatch(path, None, value["code"])
        for key, inner in value.items():
            yield from _failed(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            named = isinstance(inner, Mapping) and inner.get("name")
            yield from _failed(inner, f"{path}[{named}]" if named else path)
