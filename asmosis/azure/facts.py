"""What classic documents do not tell, asked of Resource Manager.

The number of requests grows with regions and providers, not with resources (lists come in pages). Nothing here fails:
a part that may not or cannot be asked stays none, with the reason in `unknown`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from asmosis.arm.resource import arm_location
from asmosis.arm.sizes import SIZES, arm_size
from asmosis.azure.attachments import injected_services, peerings, role_assignments, watches
from asmosis.azure.clouds import cloud_at
from asmosis.azure.planes import Planes
from asmosis.classic.estate import Estate
from asmosis.errors import AuthenticationFailed, ControlPlaneError, Unreachable, UnreadableDocument
from asmosis.facts import MIGRATION_PROVIDER, ArmNetwork, ArmSubnet, Facts, ResourceGroup, Size, StorageName, Usage

if TYPE_CHECKING:
    from asmosis.azure.arm import ArmClient

Part = TypeVar("Part")

# Lists of ARM, relative to the subscription, with the api-version that they are asked in.
_PROVIDERS = ("providers", "2021-04-01")
_GROUPS = ("resourcegroups", "2021-04-01")
_NETWORKS = ("providers/Microsoft.Network/virtualNetworks", "2023-09-01")
_ACCOUNTS = ("providers/Microsoft.Storage/storageAccounts", "2023-01-01")
_SKUS = ("providers/Microsoft.Compute/skus", "2021-07-01")
_USAGES = {"Microsoft.Compute": "2023-09-01", "Microsoft.Network": "2023-09-01", "Microsoft.Storage": "2023-01-01"}
_AGENTS = ("providers/Microsoft.Security/autoProvisioningSettings", "2017-08-01-preview")
_ALERTS = ("providers/Microsoft.Insights/alertRules", "2016-03-01")
_AUTOSCALE = ("providers/Microsoft.Insights/autoscaleSettings", "2022-10-01")
ATTACHED = ("role_assignments", "alert_rules", "autoscale_settings")
"""Parts of the facts about what ends with the classic resource that it hangs on."""

_BY_HAND = {
    "circuits": "no API lists which classic networks a circuit serves",
    "blobs": "asking costs a request per disk, and access to the storage accounts",
    "replication_caches": "no API tells which accounts Site Recovery uses",
    "injected_services/application-gateway": "classic gateways are in no list of ARM",
    "injected_services/batch": "asking costs a request per Batch account",
    "injected_services/dynamics-lifecycle-services": "no API lists them",
    "injected_services/other": "nobody knows what else there may be",
    "states": "classic tells where a unit stands, but not since when",
}
"""Parts that are not asked; whoever knows them writes them into the facts file."""


def gather_facts(planes: Planes, estate: Estate) -> Facts:
    """Everything that Resource Manager tells about the subscription of an estate that was read from the same planes."""
    if cloud_at(planes.asm_url) != cloud_at(planes.arm_url):
        why = (
            f"{planes.arm_url} does not belong to {planes.asm_url}; name both planes (ASMOSIS_ASM_URL, ASMOSIS_ARM_URL)"
        )
        return Facts(co_administrator=True, unknown={"resource manager": why} | _BY_HAND)
    with planes.arm() as arm:
        return _Gathering(arm, estate).facts()


def gather_attached(planes: Planes, estate: Estate) -> Facts:
    """Of all that only what hangs on classic resources and ends with them: roles, alert rules, autoscale settings."""
    if cloud_at(planes.asm_url) != cloud_at(planes.arm_url):
        return Facts(unknown=dict.fromkeys(ATTACHED, f"{planes.arm_url} does not belong to {planes.asm_url}"))
    with planes.arm() as arm:
        return _Gathering(arm, estate).only_attached()


def regions_of(estate: Estate) -> tuple[str, ...]:
    """The regions of an estate as ARM spells them, in the order of their names."""
    named = {estate.location_of(service) for service in estate.hosted_services}
    named |= {estate.location_of(network) for network in estate.virtual_networks}
    named |= {estate.location_of(account) for account in estate.storage_accounts}
    named |= {group.location or "" for group in estate.network_security_groups}
    named |= {table.location or "" for table in estate.route_tables}
    named |= {address.location or "" for address in estate.reserved_ips}
    return tuple(sorted({region for name in named if (region := arm_location(name))}))


class _Provider(NamedTuple):
    """A resource provider and where it has anything."""

    namespace: str
    state: str
    regions: tuple[str, ...]


class _Gathering:
    """Asks one thing after the other; stops asking once there is nobody to ask."""

    def __init__(self, arm: "ArmClient", estate: Estate) -> None:
        self._arm, self._estate = arm, estate
        self._regions = regions_of(estate)
        self._unknown: dict[str, str] = {}
        self._nobody = ""

    def facts(self) -> Facts:
        providers = self._ask("providers", lambda: tuple(map(_provider, self._arm.read(*_PROVIDERS))))
        registered = None
        if providers is not None:
            registered = {each.namespace.casefold() for each in providers if each.state.casefold() == "registered"}
        networks = self._ask("networks", lambda: self._arm.read(*_NETWORKS))
        return Facts(
            as_of=datetime.now(UTC),
            usages=self._usages(),
            providers=None if providers is None else {each.namespace: each.state for each in providers},
            migration_regions=self._migration_regions(providers),
            sizes=self._sizes(),
            resource_groups=self._ask("resource_groups", lambda: tuple(map(_group, self._arm.read(*_GROUPS)))),
            networks=None if networks is None else self._ask("networks", lambda: tuple(map(_network, networks))),
            storage_accounts=self._ask("storage_accounts", lambda: tuple(map(_account, self._arm.read(*_ACCOUNTS)))),
            # Classic has just told the estate, so it lets the caller in.
            co_administrator=True,
            agent_policies=self._of("agent_policies", registered, _AGENTS, _switched_on),
            peerings=None if networks is None else self._ask("peerings", lambda: peerings(networks)),
            injected_services=self._ask("injected_services", lambda: injected_services(self._arm, registered)),
            **self._attached(registered),
            # Written last: everything above adds to it.
            unknown=self._unknown | _BY_HAND,
        )

    def only_attached(self) -> Facts:
        attached = self._attached(None)
        return Facts(as_of=datetime.now(UTC), **attached, unknown=self._unknown)

    def _attached(self, registered: set[str] | None) -> dict[str, Any]:
        return {
            "role_assignments": self._ask("role_assignments", lambda: role_assignments(self._arm)),
            "alert_rules": self._of("alert_rules", registered, _ALERTS, watches),
            "autoscale_settings": self._of("autoscale_settings", registered, _AUTOSCALE, watches),
        }

    def _ask(self, part: str, question: Callable[[], Part]) -> Part | None:
        """The answer; none, with the reason, if there is none or nobody understands it."""
        if self._nobody:
            self._unknown[part] = self._nobody
            return None
        try:
            return question()
        except (ControlPlaneError, Unreachable, UnreadableDocument) as error:
            self._unknown[part] = str(error)
            if isinstance(error, (Unreachable, AuthenticationFailed)):
                self._nobody = f"not asked, because of {part}"
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self._unknown[part] = f"the answer has another shape ({type(error).__name__}: {error})"
        return None

    def _of(
        self,
        part: str,
        registered: set[str] | None,
        listing: tuple[str, str],
        read: Callable[[Iterable[dict[str, Any]]], tuple[Part, ...]],
    ) -> tuple[Part, ...] | None:
        """What a provider lists; nothing, and nobody asked, where the provider is not registered."""
        if registered is not None and listing[0].split("/")[1].casefold() not in registered:
            return ()
        return self._ask(part, lambda: read(self._arm.read(*listing)))

    def _usages(self) -> tuple[Usage, ...] | None:
        asked = {
            f"usages/{region}/{provider}": partial(self._usages_in, region, provider)
            for region in self._regions
            for provider in _USAGES
        }
        return self._all(asked)

    def _usages_in(self, region: str, provider: str) -> list[Usage]:
        lines = self._arm.read(f"providers/{provider}/locations/{region}/usages", _USAGES[provider])
        return [_usage(region, body) for body in lines]

    def _sizes(self) -> tuple[Size, ...] | None:
        """The sizes of the classic time, and whatever the estate has; a region offers hundreds more."""
        roles = (
            role for service in self._estate.hosted_services for each in service.deployments for role in each.roles
        )
        wanted = SIZES.keys() | {arm_size(role.size).casefold() for role in roles if role.size}
        return self._all({f"sizes/{region}": partial(self._sizes_in, region, wanted) for region in self._regions})

    def _sizes_in(self, region: str, wanted: Collection[str]) -> list[Size]:
        offered = self._arm.read(*_SKUS, f"location eq '{region}'")
        machines = (body for body in offered if body["resourceType"] == "virtualMachines")
        return [_size(region, body) for body in machines if str(body["name"]).casefold() in wanted]

    def _all(self, questions: Mapping[str, Callable[[], list[Part]]]) -> tuple[Part, ...] | None:
        """The answers to all questions together, as far as there are any; none if there is not one."""
        answers = [answer for part, question in questions.items() if (answer := self._ask(part, question)) is not None]
        return tuple(item for answer in answers for item in answer) if answers or not questions else None

    def _migration_regions(self, providers: Iterable[_Provider] | None) -> tuple[str, ...] | None:
        """Where the migration's provider says that it is."""
        if providers is None:
            self._unknown["migration_regions"] = "not known, because of providers"
            return None
        named = (each.regions for each in providers if each.namespace.casefold() == MIGRATION_PROVIDER.casefold())
        regions = next(named, ())
        if not regions:
            self._unknown["migration_regions"] = "the provider of the migration names no regions"
        return regions or None


def _provider(body: dict[str, Any]) -> _Provider:
    regions = (str(name) for kind in body.get("resourceTypes") or () for name in kind.get("locations") or ())
    return _Provider(body["namespace"], str(body["registrationState"]), tuple(dict.fromkeys(regions)))


def _usage(region: str, body: dict[str, Any]) -> Usage:
    # Network tells its figures with a decimal point (recorded).
    return Usage(region=region, name=body["name"]["value"], limit=int(body["limit"]), current=int(body["currentValue"]))


def _size(region: str, body: dict[str, Any]) -> Size:
    capabilities = {item["name"]: item["value"] for item in body.get("capabilities") or ()}
    whole = [item for item in body.get("restrictions") or () if item.get("type", "Location") == "Location"]
    return Size(
        region=region,
        name=body["name"],
        family=body.get("family") or "",
        cores=int(capabilities.get("vCPUs", 0)),
        restriction=", ".join(str(item.get("reasonCode", "restricted")) for item in whole),
    )


def _group(body: dict[str, Any]) -> ResourceGroup:
    return ResourceGroup(name=body["name"], region=body["location"])


def _network(body: dict[str, Any]) -> ArmNetwork:
    properties = body["properties"]
    return ArmNetwork(
        resource_group=_group_in(body),
        name=body["name"],
        region=body["location"],
        prefixes=tuple((properties.get("addressSpace") or {}).get("addressPrefixes") or ()),
        subnets=tuple(_subnets(properties)),
    )


def _subnets(properties: dict[str, Any]) -> Iterator[ArmSubnet]:
    for subnet in properties.get("subnets") or ():
        own = subnet["properties"]
        prefixes = own.get("addressPrefixes") or (own["addressPrefix"],)
        yield from (ArmSubnet(name=subnet["name"], prefix=prefix) for prefix in prefixes)


def _account(body: dict[str, Any]) -> StorageName:
    return StorageName(resource_group=_group_in(body), name=body["name"])


def _group_in(body: dict[str, Any]) -> str:
    return str(body["id"]).split("/")[4]


def _switched_on(bodies: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Security Center's switches by which it installs its agents by itself."""
    return tuple(
        f"autoProvisioningSettings/{body['name']}"
        for body in bodies
        if str(body["properties"].get("autoProvision", "")).casefold() == "on"
    )
