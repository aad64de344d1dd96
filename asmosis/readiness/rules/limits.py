"""What Resource Manager offers: sizes, regions, and how much it takes in an hour."""

from collections.abc import Iterator

from asmosis.arm.sizes import arm_size
from asmosis.classic.estate import key
from asmosis.facts import place_of
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import PlacedSlot, Whole

_WRITES_PER_HOUR = 1200  # documented


@rule(
    "arm-write-throttle",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="Preparing the unit takes more writes than ARM accepts in an hour",
    remedy="Ask Microsoft for a higher limit, and let nothing else write to the subscription meanwhile.",
    source=sources.PLANNING,
    noticed="never",
)
def more_writes_than_an_hour_takes(whole: Whole) -> Iterator[Hit]:
    """One hit per unit; the number of writes is ours: every resource and group, and a deployment per service."""
    limit = whole.facts.writes_per_hour or _WRITES_PER_HOUR
    # The sum over everything is worth its time only where it could be too much.
    if _most(whole) > limit and whole.demand.writes > limit:
        yield Hit(
            whole.unit.name,
            f"Prepare makes about {whole.demand.writes} writes to ARM, which accepts {limit} in an hour.",
            f"HostedService/Deployment/RoleList: {whole.demand.machines} virtual machines",
        )


@rule(
    "vm-size-unmapped",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="ARM does not offer the machine's size in its region",
    remedy="Resize the machine in classic first.",
    source=sources.FIELD_TOOLSET,
    noticed="prepare",
    needs=("sizes",),
    assumed=True,
)
def size_is_not_offered(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per machine; regions whose sizes nobody told are let pass."""
    region = place_of(slot.location)
    for machine in slot.members if region in slot.facts.regions_with_sizes else ():
        size = arm_size(machine.role.size or "")
        offered = slot.facts.size_by_name.get((region, size.casefold()))
        if offered is None or offered.restriction:
            why = f": {offered.restriction}" if offered else ""
            yield Hit(
                machine.name,
                f"Size {size or 'that nobody told'} is not offered in {region}{why}.",
                machine.at("RoleSize"),
            )


@rule(
    "sub-region-unsupported",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The platform does not migrate in the region of the deployment",
    remedy="Wait until the region is enabled, or deploy again in another one.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="validate",
    text=texts.REGION,
    needs=("migration_regions",),
)
def region_is_not_enabled(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment whose region is known and not among the allowed ones."""
    region, allowed = slot.location, slot.facts.migration_regions or ()
    if region and place_of(region) not in map(place_of, allowed):
        message = texts.REGION.format(
            deployment=slot.deployment.name,
            service=slot.service.name,
            region=region,
            regions=", ".join(allowed),
        )
        yield Hit(slot.service.name, message, f"HostedService[{slot.service.name}]/HostedServiceProperties/Location")


def _most(whole: Whole) -> int:
    """More writes than the unit can need, quickly counted."""
    estate, site = whole.estate, whole.index.networks.get(key(whole.unit.name))
    sites = site.gateway.sites if site and site.gateway else ()
    most = 10 + 3 * len(sites) + len(estate.network_security_groups) + len(estate.route_tables)
    for service in whole.services:
        for deployment in service.deployments:
            # The service's group, deployment, vault, public balancer and first address; a set for every machine.
            most += 5 + len(deployment.load_balancers) + len(deployment.virtual_ips) + 3 * len(deployment.roles)
            for role in deployment.roles:
                most += len(role.extensions)
                for configuration in role.configuration_sets:
                    most += len(configuration.network_interfaces) + len(configuration.public_ips)
    return most
