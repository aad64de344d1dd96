"""`POST …/migration?comp=validate|prepare|commit|abort` for the six kinds of units."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from emulator import operations
from emulator.asm import locks, xml
from emulator.asm.call import Call, Route, accepted, answer
from emulator.errors import PlatformError
from emulator.operations import Operation
from emulator.platform import lifecycle, registration, units, validate
from emulator.platform.units import Unit
from emulator.platform.validate import Message
from emulator.store import ClassicRow
from emulator.transform import Destination

VERBS = ("validate", "prepare", "commit", "abort")


@dataclass(frozen=True)
class _Kind:
    """How the platform speaks of one kind of unit; `words` and `missing` are formatted with the path names."""

    kind: str
    path: str
    resource_type: str
    words: str
    missing: str
    missing_status: int
    evidence: str

    @property
    def named(self) -> str:
        """The path parameter that names the resource asked for."""
        return "deployment" if self.kind == "hostedService" else "name"


_NETWORK_MISSING = (
    "Virtual network '{name}' not found. Either it does not exist or it is an Azure Resource Manager resource,"
    " which cannot be used with Cloud Services."
)
_KINDS = (
    _Kind(
        kind="hostedService",
        path="services/hostedservices/{service}/deployments/{deployment}",
        resource_type="Deployment",
        words="Deployment {deployment} in HostedService {service}",
        missing="The deployment name '{deployment}' does not exist.",
        missing_status=404,
        evidence="a missing deployment is recorded, an existing one documented by the SDK",
    ),
    _Kind(
        kind="virtualNetwork",
        path="services/networking/virtualnetwork/{name}",
        resource_type="VirtualNetwork",
        words="Virtual Network {name}",
        missing=_NETWORK_MISSING,
        missing_status=400,
        evidence="recorded but for a commit that succeeds",
    ),
    _Kind(
        kind="storageAccount",
        path="services/storageservices/{name}",
        resource_type="Storage",
        words="Storage account {name}",
        missing="The storage account '{name}' was not found.",
        missing_status=404,
        evidence="a missing account is recorded, an existing one documented by the SDK",
    ),
    _Kind(
        kind="networkSecurityGroup",
        path="services/networking/networksecuritygroups/{name}",
        resource_type="NetworkSecurityGroup",
        words="Network security group {name}",
        missing="The network security group {name} does not exist.",
        missing_status=404,
        evidence="recorded but for commit; the answer for a missing one is assumed",
    ),
    _Kind(
        kind="routeTable",
        path="services/networking/routetables/{name}",
        resource_type="RouteTable",
        words="Route table {name}",
        missing="The route table {name} does not exist.",
        missing_status=404,
        evidence="recorded but for commit; the answer for a missing one is assumed",
    ),
    _Kind(
        kind="reservedIp",
        path="services/networking/reservedips/{name}",
        resource_type="ReservedIP",
        words="Reserved IP {name}",
        missing="The reserved IP {name} does not exist.",
        missing_status=404,
        evidence="recorded but for commit; the answer for a missing one is assumed",
    ),
)


def routes() -> list[Route]:
    """One row per kind; the verb is in the query."""
    return [
        Route("POST", f"{kind.path}/migration", _handler(kind), "recorded", kind.evidence, kind.kind) for kind in _KINDS
    ]


def _handler(kind: _Kind) -> Callable[[Call], Response]:
    def handler(call: Call) -> Response:
        verb = call.query.get("comp", "").lower()
        if verb not in VERBS:
            raise PlatformError(
                400,
                "BadRequest",
                f"The value of the query parameter comp must be one of: {', '.join(VERBS)}.",
            )
        call.note.verb = verb
        registration.require(call.store, call.subscription)
        return _validate(call, kind) if verb == "validate" else _change(call, kind, verb)

    return handler


def _validate(call: Call, kind: _Kind) -> Response:
    """Always 200; an unknown resource is a message, not an HTTP error (recorded)."""
    row = _row(call, kind)
    if row is None:
        messages = [Message(kind.resource_type, call.names[kind.named], kind.missing.format(**call.names))]
    else:
        unit = _unit(call, kind, row)
        call.note.unit, call.note.before = unit.id, lifecycle.state(call.store, unit)
        refusal = _belongs_to_network(row)
        messages = [Message(kind.resource_type, row.name, refusal)] if refusal else validate.validate(call.store, unit)
        if kind.kind == "hostedService" and not refusal:
            _destination(call, required=False)
    return answer(xml.node("ValidationMessages", [_message(message) for message in messages]))


def _change(call: Call, kind: _Kind, verb: str) -> Response:
    row = _row(call, kind)
    if row is None:
        code = "BadRequest" if kind.missing_status == 400 else "ResourceNotFound"  # noqa: PLR2004 -- HTTP status
        raise PlatformError(kind.missing_status, code, kind.missing.format(**call.names))
    unit = _unit(call, kind, row)
    before = lifecycle.state(call.store, unit)
    call.note.unit, call.note.before, call.note.after = unit.id, before, before
    if refusal := _belongs_to_network(row):
        raise PlatformError(400, "BadRequest", refusal)
    words = kind.words.format(service=row.parent, deployment=row.name, name=row.name)
    step = lifecycle.step(verb, before, words, lifecycle.running(call.store, unit))
    destination = (
        _destination(call, required=step.during is not None)
        if (kind.kind, verb) == ("hostedService", "prepare")
        else Destination()
    )
    now = call.clock.timestamp()
    if step.during == "Preparing":
        locks.refuse_changing(call, [found.deployment for found in units.deployed(call.store, unit)])
    if step.during:
        lifecycle.begin(call.store, unit, step.during, call.request_id, destination)
        call.note.after, call.note.effect = step.during, True
    operations.accept(
        call.store,
        Operation(
            id=call.request_id,
            subscription=call.subscription,
            verb=verb,
            unit=unit.id,
            accepted=now,
            due=now + operations.latency(call.store, verb) if step.during else now,
            status="InProgress" if step.during else "Succeeded",
            http_status=None if step.during else 200,
            plan=call.plan,
        ),
    )
    return accepted()


def _row(call: Call, kind: _Kind) -> ClassicRow | None:
    """The classic resource that the path names."""
    if kind.kind == "hostedService":
        return call.store.classic_get(call.subscription, "deployment", call.names["deployment"], call.names["service"])
    return call.store.classic_get(call.subscription, kind.kind, call.names["name"])


def _unit(call: Call, kind: _Kind, row: ClassicRow) -> Unit:
    return Unit(call.subscription, kind.kind, row.parent if kind.kind == "hostedService" else row.name)


def _belongs_to_network(row: ClassicRow) -> str:
    if row.kind != "deployment" or not row.owner:
        return ""
    return (
        f"Deployment {row.name} in HostedService {row.parent} belongs to Virtual Network {row.owner}."
        f" Migrate Virtual Network {row.owner} to migrate this HostedService {row.parent}."
    )


def _destination(call: Call, *, required: bool) -> Destination:
    """The `DeploymentNetworkResource` of the body; judged only after the deployment was found (recorded)."""
    if not call.body.strip() and not required:
        return Destination()
    body = xml.parse(call.body) if call.body.strip() else None
    mode = xml.text(body, "DestinationVirtualNetwork") if body is not None else ""
    group, network, subnet = (
        xml.text(body, tag) if body is not None else ""
        for tag in ("ResourceGroupName", "VirtualNetworkName", "SubNetName")
    )
    if mode == "New":
        return Destination("New", group, network, subnet)
    if mode == "Default":
        raise PlatformError(400, "BadRequest", "Default VNet destination option not implemented.")
    if mode != "Existing":
        raise PlatformError(
            400,
            "BadRequest",
            "DestinationVirtualNetwork must be set to one of the following values: Default, New, or Existing.",
        )
    if not network:
        raise PlatformError(400, "BadRequest", "The virtual network name cannot be null or empty.")
    if not subnet:
        raise PlatformError(400, "BadRequest", "The Subnet Name cannot be null or empty.")
    _existing_subnet(call, group, network, subnet)
    return Destination("Existing", group, network, subnet)


def _existing_subnet(call: Call, group: str, network: str, subnet: str) -> None:
    """The wording for a subnet that is not there is assumed."""
    network_id = (
        f"/subscriptions/{call.subscription}/resourceGroups/{group}/providers/Microsoft.Network"
        f"/virtualNetworks/{network}"
    )
    row = call.store.arm_get(network_id)
    subnets = row.body["properties"].get("subnets", []) if row else []
    if subnet.lower() not in [str(each["name"]).lower() for each in subnets]:
        raise PlatformError(400, "BadRequest", f"The subnet with ID '{network_id}/subnets/{subnet}' does not exist.")


def _message(message: Message) -> bytes:
    return xml.node(
        "ValidationMessage",
        [
            xml.node("ResourceType", message.resource_type),
            xml.node("ResourceName", message.resource_name),
            xml.node("Category", message.category),
            xml.node("Message", message.text),
            xml.node("VirtualMachine", message.virtual_machine),
        ],
    )
