"""The ARM network that was chosen for a cloud service outside any network."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.facts import ArmNetwork, place_of
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import PlacedSlot
from asmosis.units import DestinationMode


@rule(
    "svc-dest-vnet-missing",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The chosen ARM network or subnet is not there",
    remedy="Correct the names of the group, the network and the subnet, or choose a new network.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="call",
    needs=("networks",),
)
def destination_is_not_there(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment outside any network; a new network needs no names."""
    if not _goes_to_an_existing_network(slot):
        return
    wanted, network = slot.index.destination, _chosen(slot)
    subnets = [subnet.name for subnet in network.subnets] if network else []
    if network is None:
        what = f"There is no virtual network {wanted.virtual_network} in resource group {wanted.resource_group}."
    elif key(wanted.subnet) not in map(key, subnets):
        what = f"{wanted.virtual_network} has no subnet {wanted.subnet}, but {some(subnets) or 'none at all'}."
    else:
        return
    yield Hit(slot.service.name, what, f"facts: networks[{wanted.virtual_network}]")


@rule(
    "svc-dest-subnet-region",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The chosen ARM network is in another region",
    remedy="Choose a network in the region of the cloud service, or a new one.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="prepare",
    text=texts.SUBNET_ELSEWHERE,
    needs=("networks",),
)
def destination_is_elsewhere(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment outside any network; silent where nobody knows the region of the service."""
    network = _chosen(slot) if _goes_to_an_existing_network(slot) else None
    here = slot.location
    if network is None or not here or place_of(network.region) == place_of(here):
        return
    yield Hit(
        slot.service.name,
        texts.SUBNET_ELSEWHERE.format(
            subnet=(
                f"/subscriptions/{slot.estate.subscription}/resourceGroups/{network.resource_group}/providers"
                f"/Microsoft.Network/virtualNetworks/{network.name}/subnets/{slot.index.destination.subnet}"
            ),
            deployment=slot.deployment.name,
            service=slot.service.name,
            there=network.region,
            here=here,
        ),
        f"facts: networks[{network.name}]/region",
    )


def _goes_to_an_existing_network(slot: PlacedSlot) -> bool:
    existing = slot.index.destination.mode is DestinationMode.EXISTING
    return existing and not slot.deployment.virtual_network and bool(slot.machines)


def _chosen(slot: PlacedSlot) -> ArmNetwork | None:
    wanted = slot.index.destination
    names = (key(wanted.resource_group), key(wanted.virtual_network))
    known = slot.facts.networks or ()
    return next((network for network in known if (key(network.resource_group), key(network.name)) == names), None)
