"""Address ranges around the addresses that documents show."""

from collections.abc import Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

_SUBNET = 24
_SPACE = 16
_SMALLEST = 29


def cover(subnets: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A range for every subnet that holds its addresses and no other subnet's."""
    taken: list[IPv4Network] = []
    prefixes = {}
    for name in sorted(subnets, key=lambda each: not subnets[each]):
        found = _around(_known(subnets[name]), taken)
        taken.append(found)
        prefixes[name] = str(found)
    return prefixes


def covering(prefixes: Sequence[str]) -> str:
    """The smallest range, but at least a /16, that holds all of them."""
    networks = [IPv4Network(each, strict=False) for each in prefixes]
    found = networks[0] if networks[0].prefixlen <= _SPACE else networks[0].supernet(new_prefix=_SPACE)
    while not all(each.subnet_of(found) for each in networks):
        found = found.supernet()
    return str(found)


def spare(taken: Sequence[str], addresses: Sequence[str]) -> str:
    """A range beside those taken, around the addresses if they leave room."""
    return str(_around(_known(addresses), [IPv4Network(each, strict=False) for each in taken]))


def _known(addresses: Sequence[str]) -> list[IPv4Address]:
    found = []
    for each in addresses:
        try:
            found.append(IPv4Address(each))
        except (AddressValueError, NetmaskValueError):
            continue
    return found


def _around(addresses: list[IPv4Address], taken: list[IPv4Network]) -> IPv4Network:
    if addresses:
        widest = IPv4Network((addresses[0], _SUBNET), strict=False)
        while not all(each in widest for each in addresses):
            widest = widest.supernet()
        for length in range(widest.prefixlen, _SMALLEST + 1):
            narrowed = IPv4Network((addresses[0], length), strict=False)
            if all(each in narrowed for each in addresses) and not any(narrowed.overlaps(each) for each in taken):
                return narrowed
    first = taken[0].network_address if taken else IPv4Address("10.0.0.0")
    candidate = IPv4Network((first, _SUBNET), strict=False)
    while any(candidate.overlaps(each) for each in taken):
        candidate = IPv4Network((candidate.network_address + candidate.num_addresses, _SUBNET))
    return candidate
