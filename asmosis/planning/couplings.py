"""Networks that reach each other through VPN gateways, and so belong in one wave.

A classic network knows the far end of a tunnel as a local network site, also where the far end is another classic
network. The platform makes such a pair of sites into one connection between the two networks once both have migrated;
what the sites told beyond the networks' own prefixes, as for transit, is lost then (documented by Microsoft: VPN).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from asmosis.classic.estate import Estate, key
from asmosis.classic.network import LocalNetworkSite, VirtualNetworkSite
from asmosis.planning.links import Link
from asmosis.readiness.subjects import readable
from asmosis.units import Unit


@dataclass(frozen=True)
class _Place:
    """A network, where its gateway listens, and what lies behind it."""

    unit: Unit
    network: VirtualNetworkSite
    address: str
    space: tuple[IPv4Network, ...]


def couplings(estates: Sequence[Estate]) -> Iterator[Link]:
    """The networks that a site of another one stands for; those of several subscriptions see each other."""
    places = [place for estate in estates for place in _places(estate)]
    by_address = {place.address: place for place in places if place.address}
    by_prefix: defaultdict[IPv4Network, list[_Place]] = defaultdict(list)
    for place in places:
        for prefix in place.space:
            by_prefix[prefix].append(place)
    for place in places:
        for site in place.network.gateway.sites if place.network.gateway else ():
            prefixes = [parsed for prefix in site.address_prefixes if (parsed := readable(prefix))]
            other = by_address.get(site.gateway_address or "") or _by_prefixes(site, prefixes, by_prefix)
            if other is not None and other.unit != place.unit:
                yield Link(place.unit, other.unit, _why(site, prefixes, other), together=True)


def _places(estate: Estate) -> Iterator[_Place]:
    gateways = {key(name): gateway for name, gateway in estate.gateways.items()}
    for network in estate.virtual_networks:
        gateway = gateways.get(key(network.name))
        space = tuple(parsed for prefix in network.address_prefixes if (parsed := readable(prefix)))
        unit = Unit(estate.subscription, "virtualNetwork", network.name)
        yield _Place(unit, network, (gateway.address if gateway else None) or "", space)


def _by_prefixes(
    site: LocalNetworkSite, prefixes: Sequence[IPv4Network], by_prefix: dict[IPv4Network, list[_Place]]
) -> _Place | None:
    """The one network that all prefixes of a site lie in, if its gateway's address is not known to be another."""
    found: _Place | None = None
    for prefix in prefixes:
        # From the prefix itself to ever wider ones: at most 33 look-ups, however many networks there are.
        wider = (prefix.supernet(new_prefix=length) for length in range(prefix.prefixlen, -1, -1))
        holders = [place for each in wider for place in by_prefix.get(each, ())]
        if len(holders) != 1 or found not in (None, holders[0]):
            return None
        found = holders[0]
    if found is None or (site.gateway_address and found.address):
        return None
    return found


def _why(site: LocalNetworkSite, prefixes: Sequence[IPv4Network], other: _Place) -> str:
    beyond = [str(prefix) for prefix in prefixes if not any(prefix.subnet_of(own) for own in other.space)]
    if beyond:
        return f"its site {site.name} reaches {', '.join(beyond)} by transit through {other.network.name}"
    return f"its site {site.name} stands for {other.network.name}"
