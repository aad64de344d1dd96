"""The emulator as one ASGI application over one store."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator import control, identity
from emulator.arm.routes import ROUTES as ARM_ROUTES
from emulator.asm import routes as asm_routes
from emulator.clock import Clock
from emulator.dataplane import DataPlane, Mode
from emulator.errors import PlatformError
from emulator.gate import Gate
from emulator.store import Store

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def create_app(store: Store, *, require_token: bool = False, dataplane: Mode = Mode.OFF) -> Gate:
    """Both planes, the identity endpoint and the controls; handlers find `app.state.store` and `.clock`.

    With a `dataplane` the server has to `settle` once before it says that it is ready, and to `close` at its end.
    """
    clock = Clock(store)
    plane = None if dataplane is Mode.OFF else DataPlane(store, clock, dataplane)
    app = Starlette(
        routes=[
            *control.ROUTES,
            *identity.ROUTES,
            *ARM_ROUTES,
            Route("/_control/{rest:path}", _unknown, methods=_METHODS),
            Route("/msi/{rest:path}", _unknown, methods=_METHODS),
            Route("/{path:path}", asm_routes.endpoint, methods=_METHODS),
        ],
        exception_handlers={HTTPException: _as_platform_error},
    )
    app.router.redirect_slashes = False
    app.state.store = store
    app.state.clock = clock
    app.state.dataplane = plane
    return Gate(app, store, clock, require_token=require_token, dataplane=plane)


async def _unknown(request: Request) -> Response:
    raise PlatformError(404, "NotFound", f"There is no {request.method} {request.url.path}.")


async def _as_platform_error(request: Request, error: Exception) -> Response:
    """The framework's own refusals take the way of all others, so that they get the plane's envelope."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "ResourceNotFound", 405: "MethodNotAllowed"}.get(status, "BadRequest")
    raise PlatformError(status, code, f"{request.method} {request.url.path} is not possible here.")
