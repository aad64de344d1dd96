"""Resource Manager, through Microsoft's own management libraries."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

from asmosis.azure.refusals import one_line, refusal
from asmosis.errors import AuthenticationFailed, NotFound, Unreachable, UnreadableDocument

PLANE = "ARM"
MIGRATION_PROVIDER = "Microsoft.ClassicInfrastructureMigrate"
_NETWORK = "microsoft.network/virtualnetworks"
_MACHINE = "microsoft.compute/virtualmachines"


class _Listing(NamedTuple):
    """The calls that list one type of resource; `everywhere` is empty where ARM only lists by group."""

    client: str
    operations: str
    everywhere: str
    in_group: str


_LISTINGS = (
    _Listing("_compute", "virtual_machines", "list_all", "list"),
    _Listing("_compute", "availability_sets", "list_by_subscription", "list"),
    _Listing("_compute", "disks", "list", "list_by_resource_group"),
    _Listing("_network", "virtual_networks", "list_all", "list"),
    _Listing("_network", "network_interfaces", "list_all", "list"),
    _Listing("_network", "public_ip_addresses", "list_all", "list"),
    _Listing("_network", "load_balancers", "list_all", "list"),
    _Listing("_network", "network_security_groups", "list_all", "list"),
    _Listing("_network", "route_tables", "list_all", "list"),
    _Listing("_storage", "storage_accounts", "list", "list_by_resource_group"),
)
_BESIDE_A_NETWORK = (
    _Listing("_network", "virtual_network_gateways", "", "list"),
    _Listing("_network", "local_network_gateways", "", "list"),
    _Listing("_network", "virtual_network_gateway_connections", "", "list"),
)
# Types that have no listing above, and the api-version to read one of them with.
_READ_ONE_BY_ONE = {"microsoft.keyvault/vaults": "2023-07-01"}


class ArmClient:
    """Resources of one subscription as ARM's JSON.

    Every method raises `ControlPlaneError` when the answer is no, `Unreachable` when there is none, and
    `UnreadableDocument` when it makes no sense.
    """

    def __init__(self, subscription: str, credential: TokenCredential, *, url: str, backoff: float = 0.8) -> None:
        """Connect to nothing yet; `backoff` (seconds) scales the pauses before a read is asked again."""
        self.subscription, self.url = subscription, url
        self._credential = credential
        self._options: dict[str, Any] = {
            "base_url": url,
            "connection_timeout": 10,
            "read_timeout": 60,
            "retry_backoff_factor": backoff,
            # The libraries refuse to send a token over plain http; `Planes` lets it through to loopback only.
            "per_retry_policies": [_AllowHttp()] if urlsplit(url).scheme == "http" else [],
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        for name in ("_compute", "_network", "_storage", "_resource"):
            if name in vars(self):
                vars(self)[name].close()

    def groups(self) -> tuple[dict[str, Any], ...]:
        """Every resource group."""
        with self._translated():
            return _bodies(self._resource.resource_groups.list())

    def listed(self, groups: Collection[str]) -> tuple[dict[str, Any], ...]:
        """What stands in the groups, without properties; a group that is not there holds nothing."""
        return tuple(body for bodies in self._by_group(groups).values() for body in bodies)

    def resources(self, groups: Collection[str]) -> tuple[dict[str, Any], ...]:
        """Every resource in the groups, with its properties, in the order of its id.

        Machines carry their instance view. Their extensions come both as ARM nests them (ids only) and as resources
        of their own, for which each machine that has any is asked once. All else costs reads per type and per group,
        not per resource.
        """
        listed = self._by_group(groups)
        if not listed:
            return ()
        # The providers are asked whatever the groups list: that index follows new resources with a delay.
        found = list(self._of_all_types(list(listed)))
        networks = {_group(body) for body in found if body["type"].casefold() == _NETWORK}
        found += self._in_groups(_BESIDE_A_NETWORK, [group for group in listed if group in networks])
        if machines := [body for body in found if body["type"].casefold() == _MACHINE]:
            self._add_instance_views(machines)
            found += self._extensions(machines)
        seen = {body["id"].casefold() for body in found}
        strangers = [body for bodies in listed.values() for body in bodies if body["id"].casefold() not in seen]
        return tuple(sorted([*found, *map(self._in_full, strangers)], key=lambda body: str(body["id"]).casefold()))

    def usages(self, location: str) -> dict[str, tuple[dict[str, Any], ...]]:
        """Quota figures of a region (`West US` or `westus`) by resource provider."""
        region = location.replace(" ", "").lower()
        with self._translated():
            return {
                "Microsoft.Compute": _bodies(self._compute.usage.list(region)),
                "Microsoft.Network": _bodies(self._network.usages.list(region)),
                "Microsoft.Storage": _bodies(self._storage.usages.list_by_location(region)),
            }

    def registered(self, provider: str = MIGRATION_PROVIDER) -> bool:
        """Whether the subscription is registered for the migration."""
        with self._translated():
            answer = self._resource.providers.get(provider).as_dict()
        return str(answer.get("registrationState", "")).casefold() == "registered"

    def register(self, provider: str = MIGRATION_PROVIDER) -> None:
        """Ask for the registration; it takes minutes to become true (`registered`)."""
        with self._translated():
            self._resource.providers.register(provider)

    @cached_property
    def _compute(self) -> Any:
        return ComputeManagementClient(self._credential, self.subscription, **self._options)

    @cached_property
    def _network(self) -> Any:
        return NetworkManagementClient(self._credential, self.subscription, **self._options)

    @cached_property
    def _storage(self) -> Any:
        return StorageManagementClient(self._credential, self.subscription, **self._options)

    @cached_property
    def _resource(self) -> Any:
        return ResourceManagementClient(self._credential, self.subscription, **self._options)

    def _by_group(self, groups: Iterable[str]) -> dict[str, tuple[dict[str, Any], ...]]:
        """What each group that is there lists, by its name without case."""
        found = {}
        for group in dict.fromkeys(name.casefold() for name in groups):
            try:
                with self._translated():
                    found[group] = _bodies(self._resource.resources.list_by_resource_group(group))
            except NotFound:
                continue
        return found

    def _of_all_types(self, groups: Collection[str]) -> Iterator[dict[str, Any]]:
        if len(groups) == 1:  # as many reads as for the subscription, and small answers
            yield from self._in_groups(_LISTINGS, groups)
            return
        for listing in _LISTINGS:
            with self._translated():
                bodies = _bodies(getattr(self._calls(listing), listing.everywhere)())
            yield from (body for body in bodies if _group(body) in groups)

    def _in_groups(self, listings: Iterable[_Listing], groups: Collection[str]) -> Iterator[dict[str, Any]]:
        for listing in listings:
            for group in groups:
                with self._translated():
                    bodies = _bodies(getattr(self._calls(listing), listing.in_group)(group))
                yield from bodies

    def _calls(self, listing: _Listing) -> Any:
        return getattr(getattr(self, listing.client), listing.operations)

    def _add_instance_views(self, machines: Iterable[dict[str, Any]]) -> None:
        # Documented by Microsoft: `statusOnly` is how the whole subscription tells its run-time status in one list.
        with self._translated():
            told = _bodies(self._compute.virtual_machines.list_all(status_only="true"))
        views = {body["id"].casefold(): body.get("properties", {}).get("instanceView") for body in told}
        for machine in machines:
            view = views.get(machine["id"].casefold())
            if view is None:  # the list lags behind machines that have just been made
                with self._translated():
                    answer = self._compute.virtual_machines.instance_view(_group(machine), machine["name"])
                    view = answer.as_dict()
            machine.setdefault("properties", {})["instanceView"] = view

    def _extensions(self, machines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for machine in machines:
            if not machine.get("resources"):
                continue
            with self._translated():
                answer = self._compute.virtual_machine_extensions.list(_group(machine), machine["name"]).as_dict()
            yield from answer.get("value", ())

    def _in_full(self, listed: dict[str, Any]) -> dict[str, Any]:
        version = _READ_ONE_BY_ONE.get(listed["type"].casefold())
        if version is None:
            return listed
        with self._translated():
            return dict(self._resource.resources.get_by_id(listed["id"], api_version=version).as_dict())

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The libraries' exceptions as ours."""
        try:
            yield
        except HttpResponseError as error:
            if isinstance(error, DecodeError) and (error.status_code or 0) < HTTPStatus.BAD_REQUEST:
                raise UnreadableDocument(self.url, one_line(str(error.message))) from None
            raise _refused(error) from None
        except (ServiceRequestError, ServiceResponseError) as error:
            raise Unreachable(PLANE, self.url, one_line(str(error.message))) from None
        except AzureError as error:
            raise UnreadableDocument(self.url, one_line(str(error.message))) from None
        except (ValueError, TypeError, AttributeError) as error:
            # What the libraries let through when an answer is not JSON, or JSON of another shape.
            raise UnreadableDocument(self.url, one_line(f"{type(error).__name__}: {error}")) from error


class _AllowHttp(SansIOHTTPPolicy[Any, Any]):
    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.context.options.setdefault("enforce_https", False)


def _refused(error: HttpResponseError) -> Exception:
    said = error.error
    code = (said.code if said else None) or str(error.reason or type(error).__name__).replace(" ", "")
    message = (said.message if said else None) or str(error.message)
    if error.status_code is None and isinstance(error, ClientAuthenticationError):
        return AuthenticationFailed("sign-in", 401, code, one_line(message))
    headers = getattr(error.response, "headers", {})
    return refusal(PLANE, error.status_code or 0, code, message, headers.get("x-ms-request-id", ""))


def _bodies(page: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    return tuple(item.as_dict() for item in page)


def _group(body: dict[str, Any]) -> str:
    """The resource group in a resource's id, without case."""
    return str(body["id"]).split("/")[4].casefold()
