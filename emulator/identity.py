"""The managed-identity endpoint: tokens as the App Service 2019-08-01 endpoint hands them out, and their check."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from emulator.errors import PlatformError
from emulator.store import Store

LIFETIME = 24 * 3600
HEADER_VARIABLE = "EMULATOR_IDENTITY_HEADER"
"""Environment variable with the secret that callers of the endpoint must know; unset, any value will do."""


@dataclass(frozen=True)
class Rights:
    """What an identity may do in some subscriptions.

    `classic` is whether the classic plane lets it in, which knows no smaller rights (documented: service administrators
    and co-administrators may do everything, nobody else anything). `actions`, less `not_actions`, is what a role allows
    in Resource Manager; none is everything.
    """

    subscriptions: list[str]
    classic: bool = True
    actions: list[str] | None = None
    not_actions: list[str] = field(default_factory=list)


async def token(request: Request) -> JSONResponse:
    """`GET /msi/token?resource=…&api-version=2019-08-01` with the header X-IDENTITY-HEADER."""
    given, wanted = request.headers.get("x-identity-header", ""), os.environ.get(HEADER_VARIABLE, "")
    if not given or (wanted and not hmac.compare_digest(given.encode(), wanted.encode())):
        raise PlatformError(401, "Unauthorized", "The X-IDENTITY-HEADER header is missing or wrong.")
    resource = request.query_params.get("resource")
    if not resource:
        raise PlatformError(400, "InvalidRequest", "The query parameter resource is missing.")
    client = request.query_params.get("client_id") or "emulated-identity"
    expires = int(time.time()) + LIFETIME
    return JSONResponse(
        {
            "access_token": issue(request.app.state.store, client, resource, expires),
            "expires_on": str(expires),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": client,
        }
    )


def issue(store: Store, subject: str, audience: str, expires: int) -> str:
    """A signed token that this emulator, also after a restart, knows as its own."""
    claims = {"sub": subject, "aud": audience, "exp": expires, "iss": "emulator"}
    body = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{body}.{_encoded(_signature(store, body))}"


def subject(store: Store, authorization: str) -> str | None:
    """Who a bearer token speaks for; None when it is not one of ours or has expired."""
    scheme, _, given = authorization.partition(" ")
    body, _, signature = given.strip().rpartition(".")
    if scheme.lower() != "bearer" or not body:
        return None
    if not hmac.compare_digest(signature.encode(), _encoded(_signature(store, body)).encode()):
        return None
    claims = _claims(body)
    return str(claims["sub"]) if claims.get("exp", 0) > time.time() else None


def set_rights(store: Store, client: str, rights: Rights) -> None:
    """From now on the identity may do this and no more; what it asked for is counted anew."""
    store.set_setting(_rights_key(client), json.dumps(asdict(rights)))
    store.set_setting(_asked_key(client), json.dumps({}))


def rights_of(store: Store, client: str) -> Rights | None:
    """What an identity may do; none for one that was never limited, which may do everything."""
    kept = json.loads(store.setting(_rights_key(client), "null"))
    return None if kept is None else Rights(**kept)


def note_asked(store: Store, client: str, action: str, *, allowed: bool) -> None:
    """Keep that the identity asked for an action."""
    kept = actions_asked(store, client)
    if kept.get(action) is not allowed:
        store.set_setting(_asked_key(client), json.dumps({**kept, action: allowed}))


def actions_asked(store: Store, client: str) -> dict[str, bool]:
    """The actions that a limited identity has asked for, and whether it may do them."""
    found: dict[str, bool] = json.loads(store.setting(_asked_key(client), "{}"))
    return found


def _rights_key(client: str) -> str:
    return f"identity.rights/{client}"


def _asked_key(client: str) -> str:
    return f"identity.asked/{client}"


def _claims(body: str) -> dict[str, Any]:
    payload = body.partition(".")[2]
    try:
        return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    except (binascii.Error, ValueError):
        return {}


def _signature(store: Store, body: str) -> bytes:
    secret = store.setting("identity.secret", "")
    if not secret:
        secret = secrets.token_hex(32)
        store.set_setting("identity.secret", secret)
    return hmac.digest(secret.encode(), body.encode(), hashlib.sha256)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


ROUTES = [Route("/msi/token", token, methods=["GET"])]
