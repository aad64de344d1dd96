"""Quotas: how many of what a subscription may have in a region, what it has, what a prepare would add.

Names, texts and network limits are those of the usages APIs (recorded or documented); the limits are those of an
ordinary subscription until `POST /_control/quota` sets others. Classic resources do not count (documented).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from emulator.arm.regions import FAMILIES, cores, family
from emulator.errors import PlatformError
from emulator.store import Store
from emulator.transform import ArmResource
from emulator.transform.bodies import normal_location

ANY = "*"
"""A region or a name that stands for all."""


@dataclass(frozen=True)
class Quota:
    """One line of a provider's usages; `limit` holds unless another one was set."""

    provider: str
    name: str
    text: str
    limit: int


@dataclass(frozen=True)
class Usage:
    """A quota with what of it is in use in one region."""

    quota: Quota
    used: int
    limit: int


_FAMILY_LIMIT = 350
_OTHERS = (
    Quota("Microsoft.Compute", "availabilitySets", "Availability Sets", 2500),
    Quota("Microsoft.Compute", "cores", "Total Regional vCPUs", 350),
    Quota("Microsoft.Compute", "virtualMachines", "Virtual Machines", 25000),
    Quota("Microsoft.Network", "VirtualNetworks", "Virtual Networks", 50),
    Quota("Microsoft.Network", "StaticPublicIPAddresses", "Static Public IP Addresses", 20),
    Quota("Microsoft.Network", "NetworkSecurityGroups", "Network Security Groups", 100),
    Quota("Microsoft.Network", "PublicIPAddresses", "Public IP Addresses", 60),
    Quota("Microsoft.Network", "NetworkInterfaces", "Network Interfaces", 350),
    Quota("Microsoft.Network", "LoadBalancers", "Load Balancers", 100),
    Quota("Microsoft.Network", "RouteTables", "Route Tables", 100),
    Quota("Microsoft.Storage", "StorageAccounts", "Storage Accounts", 250),
)
_BY_NAME = {quota.name.lower(): quota for quota in _OTHERS}


def find(name: str) -> Quota | None:
    """The quota of a name in any case; a family of machine sizes is named as `standardDv2Family`."""
    if name.lower() in _BY_NAME:
        return _BY_NAME[name.lower()]
    known = next((each for each in FAMILIES if each.lower() == name.lower()), None)
    return Quota("Microsoft.Compute", known, _family_text(known), _FAMILY_LIMIT) if known else None


def usages(store: Store, subscription: str, region: str, provider: str) -> list[Usage]:
    """What the provider's usages API tells, in its order."""
    where = normal_location(region)
    used, limits = _used(store, subscription, where), _limits(store, subscription, where)
    families = [quota for each in FAMILIES if (quota := find(each))]
    return [
        Usage(quota, used[quota.name.lower()], _limit(limits, quota))
        for quota in (*_OTHERS, *families)
        if quota.provider == provider
    ]


def needed(resources: Iterable[ArmResource]) -> dict[str, Counter[str]]:
    """What the resources count for, by region and then by name of the quota in lower case."""
    found: dict[str, Counter[str]] = {}
    for resource in resources:
        body = resource.body
        region = found.setdefault(str(body.get("location", "")), Counter())
        properties = body.get("properties", {})
        size = properties.get("hardwareProfile", {}).get("vmSize", "")
        static = properties.get("publicIPAllocationMethod") == "Static"
        region += _counted(str(body["type"]), size, static=static, number=1)
    return found


def require(store: Store, subscription: str, resources: Iterable[ArmResource]) -> None:
    """Refuse `resources` that a prepare is about to make unless all quotas leave room for them.

    Call it after `transform` and before the first `arm_put`. What is there already (a group or a network that
    another unit made) is not counted again. All quotas that do not suffice are named, each in the platform's words.

    Raises:
        PlatformError: 400; the operation then ends as failed, and abort, a higher limit and prepare again help.
    """
    new = [resource for resource in resources if store.arm_get(resource.id) is None]
    refusals: list[str] = []
    for region, wanted in needed(new).items():
        used, limits = _used(store, subscription, region), _limits(store, subscription, region)
        for name, number in wanted.items():
            quota = find(name)
            if quota and used[name] + number > _limit(limits, quota):
                refusals.append(_insufficient(quota, _limit(limits, quota), number))
    if refusals:
        raise PlatformError(400, "BadRequest", " ".join(refusals))


def set_limit(store: Store, subscription: str, region: str, name: str, limit: int) -> None:
    """From now on this is the limit; `ANY` as region or name means all that have no limit of their own."""
    store.execute(
        "INSERT OR REPLACE INTO quota (subscription, region, name, maximum) VALUES (?, ?, ?, ?)",
        (subscription.lower(), normal_location(region), name.lower(), limit),
    )


def _insufficient(quota: Quota, limit: int, number: int) -> str:
    """Documented; that the resource is named as in the usages API, and "needed" without what is in use, is assumed."""
    return (
        f"The current quota for {quota.name} in Azure Resource Manager is insufficient to complete migration. "
        f"Current quota is {limit}, additional needed is {number}. File a support request to raise the quota and "
        "retry migration once the quota has been raised."
    )


def _limits(store: Store, subscription: str, region: str) -> dict[str, int]:
    """Limits that were set; one for the region counts more than one for all."""
    rows = store.execute(
        "SELECT name, maximum FROM quota WHERE subscription = ? AND region IN (?, ?) ORDER BY region",
        (subscription.lower(), region, ANY),
    )
    return {row["name"]: row["maximum"] for row in rows}


def _limit(limits: dict[str, int], quota: Quota) -> int:
    return limits.get(quota.name.lower(), limits.get(ANY, quota.limit))


def _used(store: Store, subscription: str, region: str) -> Counter[str]:
    rows = store.execute(
        "SELECT type, json_extract(body, '$.properties.hardwareProfile.vmSize') AS size,"
        " json_extract(body, '$.properties.publicIPAllocationMethod') AS allocation, count(*) AS number"
        " FROM arm WHERE subscription = ? AND location = ? GROUP BY 1, 2, 3",
        (subscription, region),
    )
    found: Counter[str] = Counter()
    for row in rows:
        static = row["allocation"] == "Static"
        found += _counted(row["type"], row["size"] or "", static=static, number=row["number"])
    return found


def _counted(type_: str, size: str, *, static: bool, number: int) -> Counter[str]:
    short = type_.partition("/")[2].lower()
    counted = Counter({short: number} if short in _BY_NAME else {})
    if short == "virtualmachines":
        counted["cores"] = counted[family(size).lower()] = number * cores(size)
    elif short == "publicipaddresses" and static:
        counted["staticpublicipaddresses"] = number
    return counted


def _family_text(name: str) -> str:
    tier, rest = ("Basic", name.removeprefix("basic")) if name.startswith("basic") else ("Standard", name[8:])
    return f"{tier} {rest.removesuffix('Family').replace('_', '-')} Family vCPUs"
