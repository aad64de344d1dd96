"""Endpoint sets, internal load balancers and the power of VMs."""

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, requests, shapes, xml
from emulator.asm.call import Call, Route
from emulator.asm.deployed import Deployed
from emulator.errors import PlatformError
from emulator.platform import fabric
from emulator.platform.addressing import Addresses

_DEPLOYMENT = "services/hostedservices/{service}/deployments/{deployment}"


def update_endpoint_set(call: Call) -> Response:
    """Change a load-balanced set in every VM that is in it."""
    if call.query.get("comp", "").lower() != "updatelbset":
        raise PlatformError(501, "NotEmulated", "The emulator changes deployments only with comp=UpdateLbSet.")
    deployed = Deployed.named(call)
    body = changes.body(call, "LoadBalancedEndpointList")
    for wanted in xml.findall(body, "InputEndpoint"):
        [name] = changes.required(wanted, "LoadBalancedEndpointSetName")
        members = [
            each
            for role in deployed.roles
            for each in requests.endpoints(role)
            if xml.text(each, "LoadBalancedEndpointSetName").lower() == name.lower()
        ]
        if not members:
            raise changes.bad(f"The load-balanced endpoint set {name} does not exist.")
        for member in members:
            _change_member(member, wanted)
    return deployed.keep(call)


def add_load_balancer(call: Call) -> Response:
    """The internal load balancer of a deployment; there can be one (recorded)."""
    deployed = Deployed.named(call)
    body = changes.body(call, "LoadBalancer")
    [name] = changes.required(body, "Name")
    container = deployed.balancers
    if len(container):
        there = xml.text(container[0], "Name")
        raise changes.bad(
            f"LoadBalancer already exists: {there}. Only one internal load balancer allowed per deployment."
        )
    balancer = shapes.insert(container, "LoadBalancer")
    shapes.put(balancer, "Name", changes.name(name))
    _set_balancer(call, deployed, balancer, body)
    return deployed.keep(call)


def update_load_balancer(call: Call) -> Response:
    """Subnet and address of the internal load balancer."""
    deployed = Deployed.named(call)
    balancer = deployed.balancer(call.names["balancer"])
    body = changes.body(call, "LoadBalancer")
    _set_balancer(call, deployed, balancer, body)
    return deployed.keep(call)


def delete_load_balancer(call: Call) -> Response:
    """Only an internal load balancer that no endpoint uses goes (assumed)."""
    deployed = Deployed.named(call)
    balancer = deployed.balancer(call.names["balancer"])
    name = xml.text(balancer, "Name").lower()
    used = [each for role in deployed.roles for each in requests.endpoints(role)]
    if any(xml.text(each, "LoadBalancerName").lower() == name for each in used):
        raise changes.bad(f"The load balancer {xml.text(balancer, 'Name')} is in use by an endpoint.")
    deployed.balancers.remove(balancer)
    return deployed.keep(call)


def operate_instance(call: Call) -> Response:
    """Start, stop, deallocate or restart one VM."""
    names = {"StartRoleOperation": "start", "ShutdownRoleOperation": "stop", "RestartRoleOperation": "restart"}
    body = changes.body(call, *names, "CaptureRoleOperation", "CaptureRoleAsVMImageOperation", "RedeployRoleOperation")
    return _operate(call, names.get(xml.local_name(body), ""), body, [call.names["instance"]])


def operate_roles(call: Call) -> Response:
    """Start, stop or deallocate several VMs."""
    names = {"StartRolesOperation": "start", "ShutdownRolesOperation": "stop"}
    body = changes.body(call, *names)
    roles = [each.text or "" for each in xml.findall(body, "Roles/Name")]
    if not roles:
        raise changes.bad("The request names no role.")
    return _operate(call, names[xml.local_name(body)], body, roles)


def _operate(call: Call, what: str, body: _Element, names: list[str]) -> Response:
    if not what:
        raise PlatformError(501, "NotEmulated", f"The emulator does not emulate {xml.local_name(body)}.")
    deployed = Deployed.named(call)
    action = xml.text(body, "PostShutdownAction") or "Stopped"
    if action not in ("Stopped", "StoppedDeallocated"):
        raise changes.bad("PostShutdownAction must be one of: Stopped, StoppedDeallocated.")
    stopped = fabric.DEALLOCATED if action == "StoppedDeallocated" else fabric.STOPPED
    for name in names:
        instance = deployed.instance(name)
        if what == "restart" and xml.text(instance, "InstanceStatus") == fabric.DEALLOCATED:
            raise changes.bad(f"The role instance {name} is deallocated and cannot be restarted.")
        fabric.set_power(instance, stopped if what == "stop" else fabric.RUNNING)
    return deployed.keep(call)


def _change_member(member: _Element, wanted: _Element) -> None:
    """The set is one thing: port, probe, access list and the like are the same in every member."""
    for tag in _SHARED:
        given = xml.findall(wanted, tag)
        if given:
            xml.drop(member, tag)
            made = xml.read(xml.canonical(given[0]))
            if len(made) or made.text:
                member.replace(shapes.insert(member, tag), made)


_SHARED = (
    "LocalPort",
    "Port",
    "LoadBalancerProbe",
    "Protocol",
    "EnableDirectServerReturn",
    "EndpointAcl",
    "IdleTimeoutInMinutes",
    "LoadBalancerDistribution",
)


def _set_balancer(call: Call, deployed: Deployed, balancer: _Element, body: _Element) -> None:
    """A balancer has an address of its subnet; one that none is asked for gets a free one (assumed)."""
    kind = xml.text(body, "FrontendIpConfiguration/Type") or "Private"
    if kind.lower() != "private":
        raise changes.bad("The Type of the FrontendIpConfiguration must be Private.")
    subnet = xml.text(body, "FrontendIpConfiguration/SubnetName")
    address = xml.text(body, "FrontendIpConfiguration/StaticVirtualNetworkIPAddress")
    addresses = Addresses(call.store, call.subscription, deployed.service, deployed.element)
    xml.drop(balancer, "FrontendIpConfiguration")
    frontend = shapes.insert(balancer, "FrontendIpConfiguration")
    shapes.put(frontend, "Type", "Private")
    shapes.put(frontend, "SubnetName", subnet or None)
    shapes.put(frontend, "StaticVirtualNetworkIPAddress", address or addresses.private(subnet))


_BALANCERS = f"{_DEPLOYMENT}/loadbalancers"
ROUTES = (
    Route("POST", _DEPLOYMENT, update_endpoint_set, "documented", "comp=UpdateLbSet only", holds=locks.machine),
    Route("POST", _BALANCERS, add_load_balancer, "recorded", holds=locks.deployment),
    Route("PUT", f"{_BALANCERS}/{{balancer}}", update_load_balancer, "documented", holds=locks.deployment),
    Route("DELETE", f"{_BALANCERS}/{{balancer}}", delete_load_balancer, "recorded", holds=locks.deployment),
    Route(
        "POST",
        f"{_DEPLOYMENT}/roleinstances/{{instance}}/operations",
        operate_instance,
        "recorded",
        "no capture and no redeploy",
        holds=locks.machine,
    ),
    Route("POST", f"{_DEPLOYMENT}/roles/operations", operate_roles, "documented", holds=locks.machine),
)
