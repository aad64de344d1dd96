"""Resource Manager, through Microsoft's own management libraries."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from azure.core.credentials import TokenCredential
from azure.core.rest import HttpRequest

from asmosis.azure.holdings import Holdings
from asmosis.azure.management import Management, bodies
from asmosis.azure.reading import Reader
from asmosis.azure.together import together
from asmosis.errors import UnreadableDocument
from asmosis.facts import MIGRATION_PROVIDER

# By namespace, for requests that go to a resource whatever its type.
_API_VERSIONS = {
    "microsoft.compute": "2024-07-01",
    "microsoft.keyvault": "2023-07-01",
    "microsoft.network": "2024-05-01",
    "microsoft.storage": "2023-05-01",
}


class ArmClient:
    """Resources of one subscription as ARM's JSON.

    Every method raises `ControlPlaneError` when the answer is no, `Unreachable` when there is none, and
    `UnreadableDocument` when it makes no sense.
    """

    def __init__(self, subscription: str, credential: TokenCredential, *, url: str, backoff: float = 0.8) -> None:
        """Connect to nothing yet; `backoff` (seconds) scales the pauses before a read is asked again."""
        self.subscription, self.url = subscription, url
        self._asking = (url, subscription, credential)
        self._azure = Management(subscription, credential, url, backoff)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._azure.close()

    def groups(self) -> tuple[dict[str, Any], ...]:
        """Every resource group."""
        with self._azure.translated():
            return bodies(self._azure.resource.resource_groups.list())

    def listed(self, groups: Collection[str]) -> tuple[dict[str, Any], ...]:
        """What stands in the groups, without properties; a group that is not there holds nothing."""
        reader = Reader(self._azure)
        found = reader.listed(groups)
        reader.refuse()
        return tuple(body for held in found.values() for body in held)

    def resources(self, groups: Collection[str]) -> tuple[dict[str, Any], ...]:
        """As `holdings`, for those whom a missing resource would mislead.

        Raises:
            Forbidden: something in the groups may not be read.
        """
        reader = Reader(self._azure)
        found = reader.read(groups)
        reader.refuse()
        return found.resources

    def of_types(self, groups: Collection[str], types: Collection[str]) -> tuple[dict[str, Any], ...]:
        """What the groups hold of some types, with its properties; what may not be read is left out."""
        return tuple(Reader(self._azure).of_types(groups, types))

    def holdings(self, groups: Collection[str], expected: Collection[tuple[str, str]] | None = None) -> Holdings:
        """Every resource in the groups that may be read, with its properties, in the order of its id.

        `expected` are the types that should be there, each with its group. ARM's index of a group lags behind what has
        just been made, so that these are asked for whatever it tells, and others where it tells of them; without
        `expected`, all are.

        Machines carry their instance view. Their extensions come both as ARM nests them (ids only) and as resources
        of their own, for which each machine that has any is asked once. All else costs reads per type and per group,
        not per resource.
        """
        return Reader(self._azure).read(groups, expected)

    def usages(self, location: str) -> dict[str, tuple[dict[str, Any], ...]]:
        """Quota figures of a region (`West US` or `westus`) by resource provider."""
        region = location.replace(" ", "").lower()
        with self._azure.translated():
            return {
                "Microsoft.Compute": bodies(self._azure.compute.usage.list(region)),
                "Microsoft.Network": bodies(self._azure.network.usages.list(region)),
                "Microsoft.Storage": bodies(self._azure.storage.usages.list_by_location(region)),
            }

    def read(self, path: str, api_version: str, filter: str = "") -> tuple[dict[str, Any], ...]:
        """The items of a list that none of the libraries knows; `path` is relative to the subscription.

        Who asks for it at the same time as others gets one answer with them.
        """
        return together((self._asking, path, api_version, filter), lambda: self._read(path, api_version, filter))

    def _read(self, path: str, api_version: str, filter: str) -> tuple[dict[str, Any], ...]:
        query = urlencode({"api-version": api_version} | ({"$filter": filter} if filter else {}))
        found: list[dict[str, Any]] = []
        url = f"/subscriptions/{self.subscription}/{path}?{query}"
        while url:
            with self._azure.translated():
                answer = self._azure.resource.send_request(HttpRequest("GET", url))
                answer.raise_for_status()
                body = answer.json()
                found.extend(dict(item) for item in body["value"])
                url = body.get("nextLink") or ""
            if url and not url.startswith(f"{self.url}/"):
                raise UnreadableDocument(self.url, "the list goes on at another address")
        return tuple(found)

    def retag(self, identifier: str, tags: Mapping[str, str]) -> dict[str, str]:
        """Replace the tags of a resource; answers them as they are then. The only write there is to a resource."""
        version = _API_VERSIONS[identifier.split("/")[6].casefold()]
        with self._azure.translated():
            done = self._azure.resource.resources.begin_update_by_id(
                identifier, {"tags": dict(tags)}, api_version=version, polling_interval=2
            )
            return dict(done.result().as_dict().get("tags") or {})

    def registered(self, provider: str = MIGRATION_PROVIDER) -> bool:
        """Whether the subscription is registered for the migration."""
        with self._azure.translated():
            answer = self._azure.resource.providers.get(provider).as_dict()
        return str(answer.get("registrationState", "")).casefold() == "registered"

    def register(self, provider: str = MIGRATION_PROVIDER) -> None:
        """Ask for the registration; it takes minutes to become true (`registered`)."""
        with self._azure.translated():
            self._azure.resource.providers.register(provider)

    def put(self, id: str, api_version: str, body: dict[str, Any]) -> None:
        """Write a resource that none of the libraries knows, such as a role; done when it is answered."""
        request = HttpRequest("PUT", f"{id}?{urlencode({'api-version': api_version})}", json=body)
        with self._azure.translated():
            self._azure.resource.send_request(request).raise_for_status()
