"""The classic plane, as the migration needs it: reading, the four verbs, and waiting for them."""

import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

from azure.core.credentials import TokenCredential
from lxml import etree

from asmosis.azure.asm_http import PLANE, AsmHttp
from asmosis.azure.refusals import one_line
from asmosis.azure.sign_in import ManagementCertificate
from asmosis.azure.together import together
from asmosis.classic.compute import Deployment
from asmosis.classic.documents import Document, read_document
from asmosis.classic.estate import key
from asmosis.classic.network import NetworkSecurityGroup, ReservedIp, RouteTable, VirtualNetworkSite
from asmosis.classic.storage import StorageService
from asmosis.classic.subscription import Operation, ValidationMessage
from asmosis.classic.xml import ClassicModel
from asmosis.errors import NotFound, OperationFailed, StillMoving, UnreadableDocument
from asmosis.units import Destination, State, Unit, Verb

COMPUTE, NETWORK, STORAGE, MANAGEMENT = "2017-01-01", "2016-07-01", "2016-03-01", "2014-10-01"
"""The `x-ms-version` of each family of resources, as Microsoft's last classic clients send it."""

_NAMESPACE = "http://schemas.microsoft.com/windowsazure"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0  # seconds between two polls; a recorded prepare takes 62 to 94
_LARGE = 4_000_000  # bytes of a list that is not worth being kept in memory for the next who asks
Model = TypeVar("Model", bound=ClassicModel)


class AsmClient:
    """Classic resources of one subscription; threads may share it.

    Every method raises `ControlPlaneError` when the answer is no, `Unreachable` when there is none, and
    `UnreadableDocument` when it makes no sense.
    """

    def __init__(
        self,
        subscription: str,
        *,
        url: str,
        credential: TokenCredential | None = None,
        certificate: ManagementCertificate | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.subscription, self.url, self._sleep = subscription, url, sleep
        self._asking = (url, subscription, credential or certificate)
        self._http = AsmHttp(subscription, url, credential, certificate, sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, version: str) -> bytes:
        """The document at a path relative to the subscription, its names percent-encoded (`named`)."""
        return self._http.get(path, version)

    def get_list(self, path: str, version: str) -> bytes:
        """Likewise a list of the whole subscription; all who ask for it at one time get one answer."""
        return together((self._asking, path, version), lambda: self.get(path, version))

    def validate(self, unit: Unit, destination: Destination | None = None) -> tuple[ValidationMessage, ...]:
        """What the platform says against preparing the unit; nothing changes, nothing is locked.

        An unknown resource is no error here but a message of category `Error` (recorded).
        """
        path, body = self._request(unit, Verb.VALIDATE, destination)
        answer = self._http.post(path, unit.row.api_version, body)
        return _of(ValidationMessage, read_document(answer.content, path), path)

    def send(self, unit: Unit, verb: Verb, destination: Destination | None = None) -> str:
        """Start prepare, commit or abort, once; the id of the operation that does it."""
        path, body = self._request(unit, verb, destination)
        answer = self._http.post(path, unit.row.api_version, body)
        operation = answer.headers.get("x-ms-request-id", "")
        if not operation:
            raise UnreadableDocument(path, f"{answer.status_code} without an x-ms-request-id to ask after")
        return operation

    def operation(self, operation_id: str) -> Operation:
        """How a long operation stands."""
        path = named("operations/{}", operation_id)
        return self.one(path, COMPUTE, Operation)

    def wait(self, operation_id: str, at_most: float = float("inf")) -> None:
        """Return when the operation has succeeded.

        Raises:
            OperationFailed: it failed, in the platform's words.
            StillMoving: it has not ended after `at_most` seconds of waiting.
        """
        waited, pause = 0.0, _FIRST_PAUSE
        while (operation := self.operation(operation_id)).status == "InProgress":
            if waited + pause > at_most:
                raise StillMoving(f"operation {operation_id}", operation.status)
            self._sleep(pause)
            # A fifth of what it took until now: neither asked all the time nor noticed late.
            waited += pause
            pause = min(max(_FIRST_PAUSE, waited / 5), _LONGEST_PAUSE)
        if operation.status != "Succeeded":
            code, words = (operation.error.code, operation.error.message) if operation.error else ("", "")
            raise OperationFailed(
                PLANE,
                operation.http_status or 0,
                code or operation.status,
                one_line(words) or "(no words)",
                operation_id,
            )

    def state(self, unit: Unit) -> State:
        """Where classic says that the unit stands; `ABSENT` when classic does not know it.

        A cloud service stands where its production deployment stands, which tells it role by role; without one it
        is absent, for there is nothing to migrate.
        """
        try:
            shown = _STATES[unit.kind](self, unit.name)
            return State.overall(State.of_platform(text) for text in shown)
        except NotFound:
            return State.ABSENT
        except ValueError as error:
            raise UnreadableDocument(str(unit), f"MigrationState: {error}") from None

    def deployment(self, service: str) -> Deployment:
        """The production deployment of a cloud service.

        Raises:
            NotFound: no such service, or it has none.
        """
        return self.one(named("services/hostedservices/{}/deploymentslots/Production", service), COMPUTE, Deployment)

    def network(self, name: str) -> VirtualNetworkSite:
        """A virtual network; classic can only list them.

        Raises:
            NotFound: no such network.
        """
        path = "services/networking/virtualnetwork"
        for network in _of(VirtualNetworkSite, read_list(self.get_list(path, NETWORK), path), path):
            if key(network.name) == key(name):
                return network
        raise NotFound(PLANE, 404, "ResourceNotFound", f"The list of virtual networks has no {name!r}.")

    def one(self, path: str, version: str, model: type[Model]) -> Model:
        """The one resource of the document at a path."""
        models = _of(model, read_document(self.get(path, version), path), path)
        if len(models) != 1:
            raise UnreadableDocument(path, f"{len(models)} of {model.root} where one was expected")
        return models[0]

    def _request(self, unit: Unit, verb: Verb, destination: Destination | None) -> tuple[str, bytes | None]:
        deployment = self.deployment(unit.name).name if "{deployment}" in unit.row.path else ""
        path = unit.row.path.format(name=quote(unit.name, safe=""), deployment=quote(deployment, safe=""))
        takes_destination = unit.row.destination and verb in (Verb.VALIDATE, Verb.PREPARE)
        body = _destination_body(destination or Destination()) if takes_destination else None
        return f"{path}/migration?comp={verb}", body


def read_list(content: bytes, path: str) -> Document:
    """As `read_document`; who got an answer together with others finds it read."""
    return _read_once(content, path) if len(content) < _LARGE else read_document(content, path)


_read_once = lru_cache(maxsize=16)(read_document)  # by the very object that `together` gave to all of them


def _of(model: type[Model], document: Document, path: str) -> tuple[Model, ...]:
    if strangers := {type(item).__name__ for item in document.models if not isinstance(item, model)}:
        raise UnreadableDocument(path, f"{', '.join(sorted(strangers))} where {model.root} was expected")
    return tuple(item for item in document.models if isinstance(item, model))


def named(path: str, *names: str) -> str:
    """A path with names put into its `{}`, percent-encoded."""
    return path.format(*(quote(name, safe="") for name in names))


def _destination_body(destination: Destination) -> bytes:
    """All four elements, also where they are empty: Microsoft's clients never leave one out."""
    default_namespace: Any = {None: _NAMESPACE}
    root = etree.Element(f"{{{_NAMESPACE}}}DeploymentNetworkResource", nsmap=default_namespace)
    for name, value in (
        ("ResourceGroupName", destination.resource_group),
        ("VirtualNetworkName", destination.virtual_network),
        ("SubNetName", destination.subnet),
        ("DestinationVirtualNetwork", destination.mode.value),
    ):
        etree.SubElement(root, f"{{{_NAMESPACE}}}{name}").text = value
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", standalone=True)


def _deployment_states(asm: AsmClient, name: str) -> Iterator[str | None]:
    return (role.migration_state for role in asm.deployment(name).roles)


def _network_states(asm: AsmClient, name: str) -> Iterator[str | None]:
    yield asm.network(name).migration_state


def _states_at(
    path: str, version: str, model: type[NetworkSecurityGroup | RouteTable | ReservedIp | StorageService]
) -> Callable[[AsmClient, str], Iterator[str | None]]:
    def states(asm: AsmClient, name: str) -> Iterator[str | None]:
        yield asm.one(named(path, name), version, model).migration_state

    return states


_STATES: dict[str, Callable[[AsmClient, str], Iterator[str | None]]] = {
    "virtualNetwork": _network_states,
    "hostedService": _deployment_states,
    "networkSecurityGroup": _states_at("services/networking/networksecuritygroups/{}", NETWORK, NetworkSecurityGroup),
    "routeTable": _states_at("services/networking/routetables/{}", NETWORK, RouteTable),
    "reservedIp": _states_at("services/networking/reservedips/{}", NETWORK, ReservedIp),
    "storageAccount": _states_at("services/storageservices/{}", STORAGE, StorageService),
}
