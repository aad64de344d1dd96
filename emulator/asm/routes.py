"""The table of the classic plane and the way from a request to a handler."""

import re
from dataclasses import dataclass
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from emulator.asm import (
    account,
    binding_writes,
    compute,
    locks,
    migration,
    network,
    network_writes,
    power_writes,
    reserved_ip_writes,
    role_writes,
    service_writes,
    storage,
    storage_writes,
)
from emulator.asm.call import Call, Route
from emulator.errors import NotEmulatedError, PlatformError

# What the platform has under a subscription: there a path without a row is a gap of the emulator, not a 404.
_PLATFORM_PATHS = re.compile(
    r"(affinitygroups|locations|operations|services|certificates|resourceextensions|cloudservices)(/|$)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_METHODS = ("GET", "POST", "PUT", "DELETE")

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *migration.routes(),
    *compute.ROUTES,
    *storage.ROUTES,
    *network.ROUTES,
    *network_writes.ROUTES,
    *binding_writes.ROUTES,
    *reserved_ip_writes.ROUTES,
    *service_writes.ROUTES,
    *role_writes.ROUTES,
    *power_writes.ROUTES,
    *storage_writes.ROUTES,
)


@dataclass(frozen=True)
class Match:
    """A row with the values of its path parameters."""

    route: Route
    names: dict[str, str]


def match(method: str, path: str) -> Match:
    """The row for a request; `path` is decoded and begins after the subscription.

    Raises:
        PlatformError: 501 for what the platform has and the emulator has not, 404 and 405 for what nobody has.
    """
    if method not in _METHODS:
        raise PlatformError(405, "MethodNotAllowed", f"The method {method} is not allowed on this resource.")
    path = path.strip("/")
    known = False
    for pattern, route in _patterns():
        if found := pattern.fullmatch(path):
            if route.method == method:
                return Match(route, found.groupdict())
            known = True
    if known or _PLATFORM_PATHS.match(path):
        raise NotEmulatedError(f"{method} /{{subscription}}/{path}")
    raise PlatformError(404, "ResourceNotFound", "The requested resource does not exist.")


def check_version(version: str | None) -> None:
    """Every request names the version of the API it speaks (documented); any date will do."""
    if version is None or not _VERSION.fullmatch(version):
        raise PlatformError(
            400,
            "MissingOrIncorrectVersionHeader",
            "The versioning header is not specified or was specified incorrectly.",
        )


def handle(found: Match, call: Call) -> Response:
    """Answer a request; the subscription must have been seeded."""
    if not call.store.execute("SELECT 1 FROM subscription WHERE id = ?", (call.subscription,)):
        raise PlatformError(
            403,
            "ForbiddenError",
            "The server failed to authenticate the request. Verify that the certificate is valid and is associated"
            " with this subscription.",
        )
    if found.route.holds:
        locks.refuse(call, found.route.holds(call))
    return found.route.handler(call)


def migrating(path: str) -> str | None:
    """The id of the unit that a migration call names; `path` is decoded and begins with the subscription."""
    below = path.strip("/").partition("/")[2]
    for pattern, route in _patterns():
        if route.unit_kind and (found := pattern.fullmatch(below)):
            names = found.groupdict()
            return f"{route.unit_kind}/{names.get('service') or names['name']}"
    return None


async def endpoint(request: Request) -> Response:
    """Every request to the classic plane."""
    exchange = request.state.exchange
    if exchange.plane != "asm":
        raise NotEmulatedError(f"{request.method} {exchange.path}")
    found = match(request.method, exchange.path.strip("/").partition("/")[2])
    check_version(request.headers.get("x-ms-version"))
    return handle(
        found,
        Call(
            store=request.app.state.store,
            clock=request.app.state.clock,
            subscription=exchange.subscription,
            request_id=exchange.request_id,
            names=found.names,
            query=exchange.query,
            body=exchange.body,
            note=exchange.note,
            plan=exchange.plan,
        ),
    )


@cache
def _patterns() -> list[tuple[re.Pattern[str], Route]]:
    return [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path), re.IGNORECASE), route) for route in ROUTES]
