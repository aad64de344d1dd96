"""A cloud service becomes a group full of machines, interfaces, balancers and addresses."""

from collections.abc import Iterator

from emulator.transform import addresses, balancing, compute, interfaces, vault
from emulator.transform.model import ArmResource
from emulator.transform.placement import Placement


def cloud_service(placement: Placement) -> Iterator[ArmResource]:
    """Everything in the service's own group, what is referred to before what refers."""
    if not placement.roles:
        return
    virtual_ips = addresses.virtual_ips(placement)
    balancers = balancing.balancers(placement, virtual_ips)
    in_use = {
        reference["id"]
        for balancer in balancers
        for frontend in balancer.frontends
        if (reference := frontend.properties.get("publicIPAddress"))
    }
    for _, address in virtual_ips:
        # A virtual IP without endpoints is not carried over (documented); a reserved one is (assumed).
        if address.id in in_use or address.body["properties"]["publicIPAllocationMethod"] == "Static":
            yield address
    yield from compute.availability_sets(placement)
    for balancer in balancers:
        yield balancing.load_balancer(placement.location, balancer)
    yield from vault.vaults(placement)
    newcomers = placement.network.free_addresses()
    for role in placement.roles:
        yield from interfaces.network_interfaces(placement, role, balancers, next(newcomers, ""))
    secrets, vault_id = vault.secret_urls(placement), vault.vault_id(placement)
    for role in placement.roles:
        yield compute.virtual_machine(placement, role, secrets, vault_id)
        yield from compute.extensions(placement, role)
