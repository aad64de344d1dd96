"""Reads everything that resource groups hold."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from asmosis.azure.holdings import Holdings, Unread
from asmosis.azure.management import Management, bodies
from asmosis.errors import Forbidden, NotFound

Answer = TypeVar("Answer")

_NETWORK = "microsoft.network/virtualnetworks"
_MACHINE = "microsoft.compute/virtualmachines"
_EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions"
_STATUS = "Microsoft.Compute/virtualMachines/instanceView"
_INDEX = "Microsoft.Resources/subscriptions/resourceGroups/resources"


class _Listing(NamedTuple):
    """The calls that list one type of resource; `everywhere` is empty where ARM only lists by group."""

    type: str
    client: str
    operations: str
    everywhere: str
    in_group: str


_LISTINGS = (
    _Listing("Microsoft.Compute/virtualMachines", "compute", "virtual_machines", "list_all", "list"),
    _Listing("Microsoft.Compute/availabilitySets", "compute", "availability_sets", "list_by_subscription", "list"),
    _Listing("Microsoft.Compute/disks", "compute", "disks", "list", "list_by_resource_group"),
    _Listing("Microsoft.Network/virtualNetworks", "network", "virtual_networks", "list_all", "list"),
    _Listing("Microsoft.Network/networkInterfaces", "network", "network_interfaces", "list_all", "list"),
    _Listing("Microsoft.Network/publicIPAddresses", "network", "public_ip_addresses", "list_all", "list"),
    _Listing("Microsoft.Network/loadBalancers", "network", "load_balancers", "list_all", "list"),
    _Listing("Microsoft.Network/networkSecurityGroups", "network", "network_security_groups", "list_all", "list"),
    _Listing("Microsoft.Network/routeTables", "network", "route_tables", "list_all", "list"),
    _Listing("Microsoft.Storage/storageAccounts", "storage", "storage_accounts", "list", "list_by_resource_group"),
)
_BESIDE_A_NETWORK = (
    _Listing("Microsoft.Network/virtualNetworkGateways", "network", "virtual_network_gateways", "", "list"),
    _Listing("Microsoft.Network/localNetworkGateways", "network", "local_network_gateways", "", "list"),
    _Listing("Microsoft.Network/connections", "network", "virtual_network_gateway_connections", "", "list"),
)
# Groups up to which each is asked for itself: more requests, but what they cost does not grow with the subscription.
_FEW_GROUPS = 5
_FEW_MACHINES = 5
# Types that have no listing above, and the api-version to read one of them with.
_READ_ONE_BY_ONE = {"microsoft.keyvault/vaults": "2023-07-01"}


class Reader:
    """Reads groups once; what may not be read is noted, anything else that goes wrong is raised."""

    def __init__(self, azure: Management) -> None:
        self._azure = azure
        self._unread: dict[tuple[str, str], Unread] = {}
        self._refusal: Forbidden | None = None

    def listed(self, groups: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """By the name of each group, without case, what it lists: no properties; a group that is not there is none."""
        wanted = list(dict.fromkeys(name.casefold() for name in groups))
        if len(wanted) > _FEW_GROUPS:
            try:
                with self._azure.translated():
                    everything = bodies(self._azure.resource.resources.list())
            except Forbidden:  # in the subscription; in these groups it may be allowed
                pass
            else:
                by_group: dict[str, list[dict[str, Any]]] = {group: [] for group in wanted}
                for body in everything:
                    by_group.get(group_of(body), []).append(body)
                return by_group
        found = {}
        for group in wanted:

            def index(group: str = group) -> list[dict[str, Any]]:
                return list(bodies(self._azure.resource.resources.list_by_resource_group(group)))

            try:
                found[group] = self._asked(index, _INDEX, group) or []
            except NotFound:
                continue
        return found

    def read(self, groups: Collection[str], expected: Collection[tuple[str, str]] | None = None) -> Holdings:
        """Everything in the groups; see `ArmClient.holdings`."""
        listed = self.listed(groups)
        if not listed:
            return Holdings(())
        # The providers are asked for what has to be there, for the index of a group follows new resources with a delay.
        by_type = self._worth_asking(listed, expected)
        found = [body for each in _LISTINGS for body in self._of_types(by_type[each.type.casefold()], (each,))]
        networks = {group_of(body) for body in found if body["type"].casefold() == _NETWORK}
        networks |= {group for type, group in self._unread if type.casefold() == _NETWORK}
        for each in _BESIDE_A_NETWORK:
            found += self._in_groups((each,), [group for group in by_type[each.type.casefold()] if group in networks])
        if machines := [body for body in found if body["type"].casefold() == _MACHINE]:
            self._add_instance_views(machines)
            found += self._extensions(machines)
        seen = {body["id"].casefold() for body in found}
        strangers = [body for held in listed.values() for body in held if body["id"].casefold() not in seen]
        found += [body for each in strangers if not self._is_hidden(each) and (body := self._in_full(each))]
        return Holdings(tuple(sorted(found, key=lambda body: str(body["id"]).casefold())), self._told())

    def _worth_asking(
        self, listed: Mapping[str, Sequence[dict[str, Any]]], expected: Collection[tuple[str, str]] | None
    ) -> dict[str, list[str]]:
        """By type, without case, the groups that may hold one: there should be, or the index tells of it."""
        told = {(body["type"].casefold(), group) for group, bodies in listed.items() for body in bodies}
        told |= {(type.casefold(), group.casefold()) for type, group in expected or ()}
        silent = {group for type, group in self._unread if type == _INDEX}
        types = [listing.type.casefold() for listing in (*_LISTINGS, *_BESIDE_A_NETWORK)]
        return {
            type: [group for group in listed if expected is None or group in silent or (type, group) in told]
            for type in types
        }

    def of_types(self, groups: Iterable[str], types: Collection[str]) -> Iterator[dict[str, Any]]:
        """What the groups hold of these types, of which the providers know a listing; a read for each type."""
        wanted = [listing for listing in _LISTINGS if listing.type in types]
        return self._of_types(list(dict.fromkeys(name.casefold() for name in groups)), wanted)

    def refuse(self) -> None:
        """Raise the first refusal, if there was one.

        Raises:
            Forbidden: something may not be read.
        """
        if self._refusal:
            raise self._refusal

    def _asked(self, question: Callable[[], Answer], type: str, group: str, name: str = "") -> Answer | None:
        """The answer; none, and noted, if it may not be had."""
        try:
            with self._azure.translated():
                return question()
        except Forbidden as refusal:
            self._refusal = self._refusal or refusal
            place = (type, group)
            before = self._unread[place].names if place in self._unread else ()
            names = (*before, name) if name else ()
            self._unread[place] = Unread(type, group, names, f"{refusal.status} {refusal.code}: {refusal.message}")
            return None

    def _told(self) -> tuple[Unread, ...]:
        """What could not be read, by group; a group of which nothing could be read is told once."""
        told = []
        for group in sorted({group for _, group in self._unread}):
            here = [each for (_, of), each in sorted(self._unread.items()) if of == group]
            types = {each.type for each in here if not each.names}
            if types >= {_INDEX, *(listing.type for listing in _LISTINGS)}:
                here = [Unread("", group, (), here[0].why)]
            told += here
        return tuple(told)

    def _of_types(self, groups: Collection[str], listings: Iterable[_Listing]) -> Iterator[dict[str, Any]]:
        for listing in listings:
            if len(groups) <= _FEW_GROUPS:
                yield from self._in_groups((listing,), groups)
                continue
            try:
                with self._azure.translated():
                    everywhere = bodies(getattr(self._calls(listing), listing.everywhere)())
            except Forbidden:  # in the subscription; in these groups it may be allowed
                yield from self._in_groups((listing,), groups)
                continue
            yield from (body for body in everywhere if group_of(body) in groups)

    def _in_groups(self, listings: Iterable[_Listing], groups: Collection[str]) -> Iterator[dict[str, Any]]:
        for listing in listings:
            for group in groups:

                def of_group(listing: _Listing = listing, group: str = group) -> tuple[dict[str, Any], ...]:
                    return bodies(getattr(self._calls(listing), listing.in_group)(group))

                try:
                    yield from self._asked(of_group, listing.type, group) or ()
                except NotFound:  # a group that may not be listed, or is gone meanwhile
                    continue

    def _calls(self, listing: _Listing) -> Any:
        return getattr(getattr(self._azure, listing.client), listing.operations)

    def _add_instance_views(self, machines: Iterable[dict[str, Any]]) -> None:
        calls = self._azure.compute.virtual_machines
        told: tuple[dict[str, Any], ...] = ()
        machines = tuple(machines)
        if len(machines) > _FEW_MACHINES:
            # Documented by Microsoft: `statusOnly` is how a whole subscription tells its run-time status in one list.
            try:
                with self._azure.translated():
                    told = bodies(calls.list_all(status_only="true"))
            except Forbidden:  # in the subscription; of these machines it may be allowed
                told = ()
        views = {body["id"].casefold(): body.get("properties", {}).get("instanceView") for body in told}
        for machine in machines:
            view = views.get(machine["id"].casefold())
            if view is None:  # the list lags behind machines that have just been made
                group, name = group_of(machine), str(machine["name"])

                def one(group: str = group, name: str = name) -> dict[str, Any]:
                    return dict(calls.instance_view(group, name).as_dict())

                view = self._asked(one, _STATUS, group, name)
            machine.setdefault("properties", {})["instanceView"] = view

    def _extensions(self, machines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for machine in machines:
            if not machine.get("resources"):
                continue
            group, name = group_of(machine), str(machine["name"])

            def of_machine(group: str = group, name: str = name) -> dict[str, Any]:
                return dict(self._azure.compute.virtual_machine_extensions.list(group, name).as_dict())

            answer = self._asked(of_machine, _EXTENSIONS, group, name)
            yield from (answer or {}).get("value", ())

    def _is_hidden(self, listed: dict[str, Any]) -> bool:
        """Whether the index tells of a resource whose properties may not be read; its name in it has its parents'."""
        names = str(listed["name"]).split("/")
        return any(each.hides(listed["type"], group_of(listed), names) for each in self._unread.values())

    def _in_full(self, listed: dict[str, Any]) -> dict[str, Any] | None:
        version = _READ_ONE_BY_ONE.get(listed["type"].casefold())
        if version is None:
            return listed

        def whole() -> dict[str, Any]:
            return dict(self._azure.resource.resources.get_by_id(listed["id"], api_version=version).as_dict())

        return self._asked(whole, listed["type"], group_of(listed), str(listed["name"]))


def group_of(body: dict[str, Any]) -> str:
    """The resource group in a resource's id, without case."""
    return str(body["id"]).split("/")[4].casefold()
