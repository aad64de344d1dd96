"""The Resource Manager plane's table of operations and the way from a request to its row."""

import re
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.arm import (
    actions,
    asynchronous,
    authorization,
    catalogue,
    connections,
    groups,
    providers,
    reads,
    refusals,
    resource_locks,
    throttling,
    usages,
    writes,
)
from emulator.arm.call import Call, Operation
from emulator.arm.deploying import handlers as deployments
from emulator.errors import NotEmulatedError

_AT_ONCE = "Real writes of most types go on after the answer; here they are done with it."

_OUTCOME = "What was accepted has been done; the end is told when the latency of `write` is over."
_TEMPLATES = (
    "Mode Incremental, templates within the request, nested ones included; no copy loops, links, symbolic names or "
    "user functions. The resources are there when the request is answered."
)

_S = "/subscriptions/{subscription}"
_G = _S + "/resourceGroups/{group}"
_C = "/providers/Microsoft.Compute"
_ROLE = _S + "{scope:(?:/.+)?}/providers/Microsoft.Authorization/roleAssignments/{assignment}"
_LOCK = _S + "{scope:(?:/.+)?}/providers/Microsoft.Authorization/locks/{lock}"
_D = _G + "/providers/Microsoft.Resources/deployments/{deployment}"

OPERATIONS = (
    Operation("GET", "/tenants", groups.tenants, "documented"),
    Operation("GET", "/subscriptions", groups.subscriptions, "documented"),
    Operation("GET", _S, groups.subscription, "documented"),
    Operation("GET", _S + "/locations", groups.locations, "documented"),
    Operation("GET", _S + "/providers", providers.providers, "documented"),
    Operation("GET", _S + "/providers/{namespace}", providers.provider, "documented"),
    Operation("POST", _S + "/providers/{namespace}/register", providers.register, "documented", _AT_ONCE),
    Operation("POST", _S + "/providers/{namespace}/unregister", providers.unregister, "documented", _AT_ONCE),
    Operation(
        "GET",
        _S + "/providers/Microsoft.Authorization/roleDefinitions",
        authorization.definitions,
        "documented",
        "Built-in roles that matter here.",
    ),
    Operation(
        "GET",
        _S + "/providers/Microsoft.Authorization/roleAssignments",
        authorization.assignments,
        "documented",
        "A subscription begins with one Owner (assumed). Not enforced; rights of identities are a control.",
    ),
    Operation(
        "GET",
        _S + "/providers/Microsoft.Authorization/permissions",
        authorization.permissions,
        "documented",
        "What the control for identities says of the caller, as one role; everything, if it says nothing.",
    ),
    Operation("PUT", _ROLE, authorization.put_assignment, "documented", "On any scope; it need not be there."),
    Operation("DELETE", _ROLE, authorization.delete_assignment, "documented"),
    Operation("GET", _S + "/providers/Microsoft.Authorization/locks", resource_locks.locks, "documented"),
    Operation(
        "PUT", _LOCK, resource_locks.put_lock, "documented", "Enforced for resources; migrations and groups ignore it."
    ),
    Operation("DELETE", _LOCK, resource_locks.delete_lock, "documented"),
    Operation("GET", _S + "/resources", reads.list_mixed, "documented", "$filter: eq and and, no more"),
    Operation("GET", _S + "/resourceGroups", groups.groups, "documented"),
    Operation("GET", _G, groups.group, "recorded"),
    Operation("HEAD", _G, groups.group_exists, "documented"),
    Operation("PUT", _G, groups.put_group, "recorded"),
    Operation("PATCH", _G, groups.patch_group, "documented"),
    Operation("DELETE", _G, groups.delete_group, "assumed", _AT_ONCE),
    Operation("GET", _G + "/resources", reads.list_mixed, "documented"),
    Operation("GET", _S + _C + "/locations/{location}/usages", usages.compute, "documented"),
    Operation("GET", _S + _C + "/locations/{location}/virtualMachines", reads.machines_in_location, "documented"),
    Operation("GET", _S + "/providers/Microsoft.Network/locations/{location}/usages", usages.network, "recorded"),
    Operation("GET", _S + "/providers/Microsoft.Storage/locations/{location}/usages", usages.storage, "documented"),
    Operation(
        "POST", _S + "/providers/Microsoft.Storage/checkNameAvailability", actions.check_account_name, "recorded"
    ),
    Operation(
        "POST", _S + "/providers/Microsoft.KeyVault/checkNameAvailability", actions.check_vault_name, "documented"
    ),
    Operation(
        "GET", _S + _C + "/skus", catalogue.compute, "documented", "Sizes of the classic time, with their cores."
    ),
    Operation("GET", _S + "/providers/Microsoft.Storage/skus", catalogue.storage, "documented"),
    Operation(
        "GET",
        _S + "/providers/{namespace}/locations/{location}/operations/{operation}",
        asynchronous.status,
        "recorded",
        _OUTCOME,
    ),
    Operation(
        "GET",
        _S + "/providers/{namespace}/locations/{location}/{kind:operationResults|asyncoperations}/{operation}",
        asynchronous.result,
        "recorded",
        _OUTCOME,
    ),
    Operation(
        "GET",
        _S + "/providers/{namespace}/{type}",
        reads.list_in_subscription,
        "recorded",
        "statusOnly counts for virtual machines alone.",
    ),
    Operation("GET", _G + _C + "/virtualMachines/{machine}/instanceView", reads.machine_instance_view, "documented"),
    Operation(
        "POST",
        _G + _C + "/virtualMachines/{machine}/{action:start|restart|powerOff|deallocate}",
        asynchronous.set_power,
        "recorded",
        _AT_ONCE,
    ),
    Operation(
        "GET",
        _G + "/providers/Microsoft.Network/virtualNetworkGateways/{gateway}/connections",
        connections.of_gateway,
        "documented",
    ),
    Operation(
        "GET",
        _G + "/providers/Microsoft.Network/connections/{connection}/sharedkey",
        connections.shared_key,
        "documented",
    ),
    Operation(
        "PUT",
        _G + "/providers/Microsoft.Network/connections/{connection}/sharedkey",
        connections.set_shared_key,
        "documented",
        "Done at once, without headers to poll.",
    ),
    Operation(
        "POST", _G + "/providers/Microsoft.Storage/storageAccounts/{account}/listKeys", actions.list_keys, "recorded"
    ),
    Operation(
        "POST",
        _G + "/providers/Microsoft.Storage/storageAccounts/{account}/regenerateKey",
        actions.regenerate_key,
        "documented",
    ),
    Operation("GET", _G + "/providers/Microsoft.Resources/deployments", deployments.list_in_group, "documented"),
    Operation("GET", _D, deployments.show, "documented"),
    Operation("HEAD", _D, deployments.exists, "documented"),
    Operation("PUT", _D, deployments.put, "documented", _TEMPLATES),
    Operation("DELETE", _D, deployments.delete, "documented", "204 at once, where the real one may answer 202."),
    Operation("POST", _D + "/validate", deployments.validate, "documented", _TEMPLATES),
    Operation(
        "POST", _D + "/whatIf", deployments.compare, "documented", "By resource, without the delta of properties."
    ),
    Operation("POST", _D + "/cancel", deployments.cancel, "documented", "Always too late: 409, whose text is assumed."),
    Operation("POST", _D + "/exportTemplate", deployments.export_deployment, "documented"),
    Operation("GET", _D + "/operationStatuses/{operation}", deployments.status, "documented"),
    Operation("GET", _G + "/deployments/{deployment}/operations", deployments.operations, "documented"),
    Operation("GET", _G + "/deployments/{deployment}/operations/{operation}", deployments.operation, "documented"),
    Operation("POST", _G + "/exportTemplate", deployments.export_group, "documented", "Names and ids stay literal."),
    Operation("GET", _G + "/providers/{rest:.+}", reads.show, "recorded"),
    Operation("HEAD", _G + "/providers/{rest:.+}", reads.exists, "documented"),
    Operation("PUT", _G + "/providers/{rest:.+}", asynchronous.put, "recorded", _AT_ONCE),
    Operation("PATCH", _G + "/providers/{rest:.+}", writes.patch, "documented", _AT_ONCE),
    Operation("DELETE", _G + "/providers/{rest:.+}", asynchronous.delete, "recorded", _AT_ONCE),
)
"""In this order: the first row that matches answers."""


async def endpoint(request: Request) -> Response:
    """Find the row, in any case of letters, and let it answer."""
    path = request.scope["path"].rstrip("/")
    operation, names = _match(request.method, path)
    query = {name.lower(): value for name, value in request.query_params.items()}
    if not query.get("api-version"):
        raise refusals.missing_api_version()
    store = request.app.state.store
    subscription = names.get("subscription")
    if subscription is not None and not groups.is_known(store, subscription):
        raise refusals.subscription_not_found(subscription)
    exchange = request.state.exchange
    call = Call(
        store=store,
        clock=request.app.state.clock,
        url=str(request.url),
        method=request.method,
        names=names,
        query=query,
        content=exchange.body,
        headers=exchange.headers,
        note=exchange.note,
    )
    left = throttling.taken(call) if subscription is not None else None
    return throttling.told(operation.handler(call), left)


ROUTES = [
    Route("/tenants{rest:path}", endpoint, methods=["GET"]),
    Route(
        "/subscriptions{rest:path}",
        endpoint,
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"],
    ),
]
for route in ROUTES:
    route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)


def _match(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    for operation in OPERATIONS:
        found = _pattern(operation.path).fullmatch(path)
        if found and operation.method == method:
            return operation, found.groupdict()
    raise NotEmulatedError(f"{method} {path}")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """A path of the table: `{name}` is one segment, `{name:regex}` what it says."""
    pattern = re.sub(
        r"\{(\w+)(?::([^}]+))?\}",
        lambda found: f"(?P<{found[1]}>{found[2] or '[^/]+'})",
        path.replace("Microsoft.", r"Microsoft\."),
    )
    return re.compile(pattern, re.IGNORECASE)
