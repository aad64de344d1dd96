"""Quotas of Resource Manager: what prepare runs into, because classic resources never counted for them.

Each unit is judged alone. `arm-quota-together` adds up the units of a request in their order, and names the one at
which a quota that suffices for each of them alone runs out.
"""

from collections.abc import Callable, Iterator

from asmosis.readiness import sources, texts
from asmosis.readiness.demand import STATIC_ADDRESSES, Place
from asmosis.readiness.rule import Hit, Rule, Severity, rule
from asmosis.readiness.subjects import Whole

_REMEDY = "Have the quota raised by a support request before the window; if prepare has failed already, abort first."
_COUNTED = {
    "availabilitySets",
    "virtualMachines",
    "VirtualNetworks",
    "NetworkInterfaces",
    "LoadBalancers",
    "PublicIPAddresses",
    STATIC_ADDRESSES,
    "NetworkSecurityGroups",
    "RouteTables",
    "StorageAccounts",
}


def _quota(id: str, what: str, counts: Callable[[str], bool], *, seed_2016: Severity | None = Severity.BLOCKER) -> Rule:
    """The rule about the quotas whose names `counts` picks out."""

    @rule(
        id,
        seed_2016=seed_2016,
        platform_2023=Severity.BLOCKER,
        title=f"ARM has no quota left for the unit's {what}",
        remedy=_REMEDY,
        source=sources.PLANNING,
        noticed="prepare",
        text=texts.QUOTA,
        needs=("usages",),
    )
    def insufficient(whole: Whole) -> Iterator[Hit]:
        """One hit per region and quota that does not suffice for the unit alone; unknown quotas are let pass."""
        for place, needed in whole.demand.quotas.items():
            usage = whole.facts.usage_of(*place) if counts(place.name) else None
            if usage and usage.current + needed > usage.limit:
                message = texts.QUOTA.format(resource=usage.name, limit=usage.limit, needed=needed)
                yield Hit(whole.unit.name, message, f"{_evidence(place)}: {usage.current} of {usage.limit} in use")

    return insufficient


cores = _quota("arm-quota-cores", "cores", lambda name: name not in _COUNTED)
interfaces = _quota("arm-quota-nics", "network interfaces", "NetworkInterfaces".__eq__)
balancers = _quota("arm-quota-loadbalancers", "load balancers", "LoadBalancers".__eq__)
addresses = _quota("arm-quota-publicips", "public addresses", "PublicIPAddresses".__eq__)
static_addresses = _quota("arm-quota-static-publicips", "static public addresses", STATIC_ADDRESSES.__eq__)
security_groups = _quota("arm-quota-nsgs", "network security groups", "NetworkSecurityGroups".__eq__)
route_tables = _quota("arm-quota-routetables", "route tables", "RouteTables".__eq__)
availability_sets = _quota("arm-quota-availabilitysets", "availability sets", "availabilitySets".__eq__, seed_2016=None)
machines = _quota("arm-quota-machines", "virtual machines", "virtualMachines".__eq__, seed_2016=None)
networks = _quota("arm-quota-vnets", "virtual networks", "VirtualNetworks".__eq__, seed_2016=None)
accounts = _quota("arm-quota-storageaccounts", "storage accounts", "StorageAccounts".__eq__, seed_2016=None)


@rule(
    "arm-quota-together",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="A quota suffices for the unit alone, but not after the units before it",
    remedy="Have the quota raised before the unit's turn comes, or leave units out.",
    source=sources.PLANNING,
    noticed="prepare",
    needs=("usages",),
)
def runs_out_here(whole: Whole) -> Iterator[Hit]:
    """One hit per region and quota, at the first unit of the request that finds too little of it."""
    for place, needed in whole.demand.quotas.items():
        usage, before = whole.facts.usage_of(*place), whole.before.quotas[place]
        left = usage.limit - usage.current if usage else 0
        if usage and before <= left < before + needed and needed <= left:
            yield Hit(
                whole.unit.name,
                f"The quota for {usage.name} in {place.region} runs out at this unit: of {usage.limit},"
                f" {usage.current} are in use and the units before it need {before}; it needs {needed}.",
                _evidence(place),
            )


def _evidence(place: Place) -> str:
    return f"facts: usages[{place.region}/{place.name}]"
