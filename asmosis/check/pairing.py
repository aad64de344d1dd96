"""Which found resource answers which promise: by evidence that the platform keeps, never by generated names."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from asmosis.arm.resource import ResourceId, parse_id

Token = tuple[str, ...]

AVAILABILITY_SET = "microsoft.compute/availabilitysets"
EXTENSION = "microsoft.compute/virtualmachines/extensions"
CONNECTION = "microsoft.network/connections"
GATEWAY = "microsoft.network/virtualnetworkgateways"
LOAD_BALANCER = "microsoft.network/loadbalancers"
NETWORK_INTERFACE = "microsoft.network/networkinterfaces"
PUBLIC_IP_ADDRESS = "microsoft.network/publicipaddresses"
VAULT = "microsoft.keyvault/vaults"
VIRTUAL_MACHINE = "microsoft.compute/virtualmachines"
VIRTUAL_NETWORK = "microsoft.network/virtualnetworks"

# Steps of the id of a resource, counting the empty one before the first slash.
_STEPS = 9


@dataclass(frozen=True, eq=False)
class Thing:
    """One resource of either side."""

    id: str
    place: ResourceId
    body: Mapping[str, Any]
    generated: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any], *, generated: bool = False) -> "Thing":
        """A body and what its id says.

        Raises:
            UnreadableDocument: the body has no id of a resource in a group.
        """
        identifier = str(body.get("id", ""))
        return cls(identifier, parse_id(identifier), body, generated)

    @cached_property
    def type(self) -> str:
        """The full type in lower case."""
        return self.place.full_type.casefold()

    @property
    def name(self) -> str:
        """The last name."""
        return self.place.name

    @property
    def short(self) -> str:
        """Type and names, for people."""
        return self.place.short

    @property
    def properties(self) -> Mapping[str, Any]:
        """The body's properties."""
        return self.body.get("properties") or {}

    def same_name(self, other: "Thing") -> bool:
        """Whether both have one name; an extension is named within its machine."""
        return self.name.casefold() == other.name.casefold()


def things(bodies: Sequence[Mapping[str, Any]]) -> list[Thing]:
    """The found resources, each once; extensions also come inside their machine (recorded)."""
    found = {thing.id.casefold(): thing for thing in map(Thing.of, bodies)}
    for body in bodies:
        for inner in body.get("resources") or ():
            if isinstance(inner, Mapping) and inner.get("properties"):
                extension = Thing.of(inner)
                found.setdefault(extension.id.casefold(), extension)
    return list(found.values())


def pair(
    promised: Sequence[Thing], found: Sequence[Thing]
) -> tuple[list[tuple[Thing, Thing]], list[Thing], list[Thing]]:
    """Pairs in the promise's order, then what is missing, then what nobody promised."""
    left, right = _Evidence(promised), _Evidence(found)
    index: dict[Token, list[int]] = defaultdict(list)
    tokens = [right.tokens(thing) for thing in found]
    for position, weights in enumerate(tokens):
        for token in weights:
            index[token].append(position)
    scores: list[tuple[int, int, int]] = []
    for position, thing in enumerate(promised):
        score: Counter[int] = Counter()
        for token, weight in left.tokens(thing).items():
            for candidate in index.get(token, ()):
                score[candidate] += weight
        scores.extend((-total, position, candidate) for candidate, total in score.items())
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, one, other in sorted(scores):
        if one not in partner and other not in taken:
            partner[one] = other
            taken.add(other)
    _pair_last(promised, found, partner, taken)
    return (
        [(promised[one], found[partner[one]]) for one in sorted(partner)],
        [thing for position, thing in enumerate(promised) if position not in partner],
        [thing for position, thing in enumerate(found) if position not in taken],
    )


def _pair_last(promised: Sequence[Thing], found: Sequence[Thing], partner: dict[int, int], taken: set[int]) -> None:
    """The last of a type answers the last promise of that type, if the platform chose its name."""
    for kind in {thing.type for thing in promised}:
        ones = [at for at, thing in enumerate(promised) if thing.type == kind and at not in partner]
        others = [at for at, thing in enumerate(found) if thing.type == kind and at not in taken]
        if len(ones) == len(others) == 1 and promised[ones[0]].generated:
            partner[ones[0]] = others[0]
            taken.add(others[0])


class _Evidence:
    """Who belongs to which machine, on one side, read off the references between the bodies."""

    def __init__(self, side: Sequence[Thing]) -> None:
        self.machines: dict[str, set[str]] = defaultdict(set)
        self.primary: set[str] = set()
        self.addresses: dict[str, set[Token]] = defaultdict(set)
        by_type: dict[str, list[Thing]] = defaultdict(list)
        for thing in side:
            by_type[thing.type].append(thing)
        for thing in by_type[VIRTUAL_MACHINE]:
            self._read_machine(thing)
        for thing in by_type[PUBLIC_IP_ADDRESS]:
            self._read_address(thing)
        for thing in by_type[NETWORK_INTERFACE]:
            self._read_interface(thing)
        for thing in by_type[LOAD_BALANCER]:
            self._read_balancer(thing)
        for thing in by_type[GATEWAY]:
            self._read_gateway(thing)
        for thing in by_type[CONNECTION]:
            self._read_connection(thing)
        for thing in by_type[VAULT]:
            # One per cloud service, in the group that is named after it.
            self.addresses[thing.id.casefold()].add(("group", thing.place.group.casefold()))

    def tokens(self, thing: Thing) -> dict[Token, int]:
        """What identifies a resource, and how much each fact weighs."""
        kind, own = thing.type, thing.id.casefold()
        found: dict[Token, int] = {}
        if not thing.generated:
            found[kind, "name", *(name.casefold() for name in thing.place.names)] = 8
        if kind == EXTENSION:
            what = (str(thing.properties.get(field, "")).casefold() for field in ("publisher", "type"))
            found[kind, "what", thing.place.names[0].casefold(), *what] = 8
        if kind == NETWORK_INTERFACE:
            role = "primary" if own in self.primary else "further"
            found.update(((kind, role, machine), 3) for machine in self.machines[own])
        found.update(((kind, "machine", machine), 1) for machine in self.machines[own])
        found.update(((kind, *address), 4) for address in self.addresses[own])
        return found

    def _read_machine(self, thing: Thing) -> None:
        name = thing.name.casefold()
        for reference in (thing.properties.get("networkProfile") or {}).get("networkInterfaces") or ():
            interface = str(reference.get("id", "")).casefold()
            self.machines[interface].add(name)
            if (reference.get("properties") or {}).get("primary", True):
                self.primary.add(interface)
        for referred in _ids(thing.properties.get("availabilitySet")):
            self.machines[referred].add(name)

    def _read_address(self, thing: Thing) -> None:
        own, properties = thing.id.casefold(), thing.properties
        if address := properties.get("ipAddress"):
            self.addresses[own].add(("address", str(address)))
        if label := (properties.get("dnsSettings") or {}).get("domainNameLabel"):
            self.addresses[own].add(("label", str(label).casefold()))
        for referred in _ids(properties.get("ipConfiguration")):
            self.machines[own] |= self.machines[_top(referred)]

    def _read_interface(self, thing: Thing) -> None:
        own, properties = thing.id.casefold(), thing.properties
        self.machines[own].update(machine.rpartition("/")[2] for machine in _ids(properties.get("virtualMachine")))
        for configuration in properties.get("ipConfigurations") or ():
            inner = configuration.get("properties") or {}
            if address := inner.get("privateIPAddress"):
                self.addresses[own].add(("address", str(address)))
            for key in ("publicIPAddress", "loadBalancerBackendAddressPools", "loadBalancerInboundNatRules", "subnet"):
                for referred in _ids(inner.get(key)):
                    self.machines[_top(referred)] |= self.machines[own]

    def _read_balancer(self, thing: Thing) -> None:
        own = thing.id.casefold()
        for frontend in thing.properties.get("frontendIPConfigurations") or ():
            inner = frontend.get("properties") or {}
            if address := inner.get("privateIPAddress"):
                self.addresses[own].add(("address", str(address)))
            for referred in _ids(inner.get("publicIPAddress")):
                self.addresses[own] |= self.addresses[referred]
                self.machines[referred] |= self.machines[own]

    def _read_gateway(self, thing: Thing) -> None:
        for configuration in thing.properties.get("ipConfigurations") or ():
            inner = configuration.get("properties") or {}
            for referred in _ids(inner.get("publicIPAddress")):
                self.addresses[thing.id.casefold()] |= self.addresses[referred]
            for referred in _ids(inner.get("subnet")):
                self.addresses[thing.id.casefold()].add(("network", _top(referred).rpartition("/")[2]))

    def _read_connection(self, thing: Thing) -> None:
        for key in ("localNetworkGateway2", "virtualNetworkGateway2", "peer"):
            for referred in _ids(thing.properties.get(key)):
                self.addresses[thing.id.casefold()].add((key, referred.rpartition("/")[2]))


def _ids(value: Any) -> Iterator[str]:
    for reference in value if isinstance(value, Sequence) else (value,):
        if isinstance(reference, Mapping) and reference.get("id"):
            yield str(reference["id"]).casefold()


def _top(identifier: str) -> str:
    """The id of the resource that an id leads into."""
    return "/".join(identifier.split("/")[:_STEPS])
