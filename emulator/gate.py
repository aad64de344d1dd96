"""The gate before both planes: request ids, sign-in, faults, one transaction per request, journal, errors.

Handlers answer into memory and never wait for anything while the transaction is open; only the gate talks
to the socket.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator import faults, identity, journal, operations
from emulator.arm import permissions
from emulator.asm import routes as asm_routes
from emulator.clock import Clock
from emulator.dataplane import DataPlane
from emulator.envelopes import Answer, Plane, render
from emulator.errors import PlatformError
from emulator.faults import Failure, Plan, Then
from emulator.journal import Note
from emulator.operations import Operation
from emulator.platform import lifecycle
from emulator.platform.units import Unit
from emulator.store import Store

MAX_BODY = 5 * 1024 * 1024

_log = logging.getLogger(__name__)
_READS = ("GET", "HEAD")


@dataclass
class Exchange:
    """One request on its way; `request.state.exchange` gives it to handlers."""

    plane: Plane
    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    request_id: str = field(default_factory=lambda: uuid4().hex)
    subscription: str = ""
    body: bytes = b""
    caller: str = ""
    note: Note = field(default_factory=Note)
    plan: Plan = field(default_factory=Plan)


class _DisconnectedError(Exception):
    """The caller went away before its request was whole: nothing is done."""


class Gate:
    """The ASGI application that a server runs; everything behind it answers into memory."""

    def __init__(
        self, app: ASGIApp, store: Store, clock: Clock, *, require_token: bool, dataplane: DataPlane | None = None
    ) -> None:
        self._app = app
        self._store = store
        self._clock = clock
        self._dataplane = dataplane
        self._require_token = require_token
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _exchange(scope)
        try:
            _require_encoded(scope["query_string"])
            exchange.body = await _body(receive, exchange.headers)
            exchange.caller = self._signed_in(exchange)
        except _DisconnectedError:
            return
        except PlatformError as error:
            await self._reply(send, exchange, render(exchange.plane, error))
            return
        async with self._turn:
            met = [] if exchange.plane == "control" else faults.strike(self._store, _met_by(exchange))
            exchange.plan = faults.plan(met)
            # In the same turn, so that a crash that another request meets cannot come between a fault and its effect.
            answer = None if any(then.keeps_from_work for then in met) else await self._worked(scope, exchange)
        answer = answer or await self._worked_late(met, scope, exchange, receive, send)
        if answer is None:
            return
        if any(then.crash == "after" for then in met):
            os._exit(70)
        if any(then.lose_reply for then in met):
            _cut(send)
            return
        await self._reply(send, exchange, answer)

    async def _worked_late(
        self, met: Sequence[Then], scope: Scope, exchange: Exchange, receive: Receive, send: Send
    ) -> Answer | None:
        """Do what faults do before the work, then act unless they say the answer; none if nobody is to hear one."""
        await asyncio.sleep(sum(then.delay for then in met))
        if any(then.hang for then in met):
            await _until_disconnected(receive)
            return None
        if any(then.crash == "before" for then in met):
            os._exit(70)
        if any(then.cut for then in met):
            _cut(send)
            return None
        scripted = next((_scripted(exchange, then) for then in met if then.status is not None), None)
        if scripted is not None:
            return scripted
        async with self._turn:
            return await self._worked(scope, exchange)

    async def _worked(self, scope: Scope, exchange: Exchange) -> Answer:
        """Act, and let the data plane show it."""
        answer = await self._work(scope, exchange)
        await self._follow()
        return answer

    async def settle(self) -> None:
        """End what is due without waiting for a request, so that the data plane shows it in time."""
        async with self._turn:
            operations.settle(self._store, self._clock.timestamp(), self._complete)
            await self._follow()

    def close(self) -> None:
        """Stop what listens besides the server; the store stays open."""
        if self._dataplane:
            self._dataplane.close()

    async def _follow(self) -> None:
        """Let the data plane show what was just done, before anybody is told; it wakes the gate for what ends next."""
        if self._dataplane is None:
            return
        await self._dataplane.follow()
        due = operations.next_due(self._store)
        if due is not None:
            self._dataplane.wake(due - self._clock.timestamp(), self.settle)

    def _signed_in(self, exchange: Exchange) -> str:
        """Whom the request speaks for; empty when nobody signed in and nobody has to."""
        who = identity.subject(self._store, exchange.headers.get("authorization", ""))
        if who is None and self._require_token and exchange.plane != "identity":
            raise PlatformError(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing or its token is not valid.",
                {"www-authenticate": 'Bearer realm="emulator"'},
            )
        if self._require_token and exchange.subscription:
            self._authorize(exchange, who or "")
        return who or ""

    def _authorize(self, exchange: Exchange, who: str) -> None:
        """Refuse what was not given to an identity whose rights are limited."""
        rights = identity.rights_of(self._store, who)
        if rights is None:
            return
        inside = exchange.subscription in (each.lower() for each in rights.subscriptions)
        if exchange.plane == "asm":
            if not (inside and rights.classic):
                raise _not_associated()
            return
        wanted = permissions.asked(exchange.method, exchange.path)
        if wanted is None:
            return
        may = inside and (
            rights.actions is None or permissions.allowed(wanted.action, rights.actions, rights.not_actions)
        )
        identity.note_asked(self._store, who, wanted.action, allowed=may)
        if not may:
            raise permissions.refusal(who, wanted)

    async def _work(self, scope: Scope, exchange: Exchange) -> Answer:
        """Settle what is due, run the handler in one transaction, journal a write."""
        try:
            operations.settle(self._store, self._clock.timestamp(), self._complete)
            with self._store.transaction():
                answer = await self._handled(scope, exchange)
                self._journal(exchange, answer.status)
        except PlatformError as error:
            answer = render(exchange.plane, error)
            with self._store.transaction():
                self._journal(exchange, answer.status)
        except Exception:  # noqa: BLE001 -- whatever a handler does, the caller gets an answer and the log the trace
            _log.exception("%s %s failed", exchange.method, exchange.path)
            answer = render(
                exchange.plane,
                PlatformError(
                    500, "InternalError", "The server encountered an internal error. Please retry the request."
                ),
            )
        return answer

    async def _handled(self, scope: Scope, exchange: Exchange) -> Answer:
        """What the application answers, held in memory until the work is on disk."""
        answer = Answer()

        async def receive() -> Message:
            return {"type": "http.request", "body": exchange.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        inner = {**scope, "state": {**scope.get("state", {}), "exchange": exchange}}
        await self._app(inner, receive, send)
        return answer

    def _complete(self, operation: Operation) -> Failure | None:
        """End an operation and say so in the journal; nobody's request did it, so it has no effect of its own."""
        unit = Unit.parse(operation.subscription, operation.unit)
        before = lifecycle.state(self._store, unit)
        failure = lifecycle.complete(self._store, operation)
        after = lifecycle.state(self._store, unit)
        if operation.verb == "commit" and not failure:
            after = "Committed"
        self._record(
            plane="platform",
            method="",
            path="",
            caller={},
            subscription=operation.subscription,
            request_id=operation.id,
            status=failure.http_status if failure else 200,
            note=Note(operation.verb, operation.unit, before, after),
        )
        return failure

    def _journal(self, exchange: Exchange, status: int) -> None:
        if exchange.plane not in ("asm", "arm") or exchange.method in _READS:
            return
        note = exchange.note
        if exchange.plane == "arm" and note.verb is None:
            note.effect = status < 300 and exchange.method != "POST"  # noqa: PLR2004 -- HTTP success
        self._record(
            plane=exchange.plane,
            method=exchange.method,
            path=exchange.path,
            caller={"user_agent": exchange.headers.get("user-agent", ""), "subject": exchange.caller},
            subscription=exchange.subscription,
            request_id=exchange.request_id,
            status=status,
            note=note,
        )

    async def _reply(self, send: Send, exchange: Exchange, answer: Answer) -> None:
        headers = {
            b"x-ms-request-id": exchange.request_id.encode(),
            b"cache-control": b"no-cache",
            b"content-length": str(len(answer.body)).encode(),
            # By the emulated clock: whoever turns it has a platform whose time is another.
            b"date": formatdate(self._clock.timestamp(), usegmt=True).encode(),
        }
        given = [(name, value) for name, value in answer.headers if name.lower() not in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": [*given, *headers.items()]})
        await send({"type": "http.response.body", "body": answer.body})

    def _record(self, *, note: Note, **entry: Any) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        journal.record(self._store, {"at": at, **entry, **asdict(note)})


def _not_associated() -> PlatformError:
    """Somebody signed in whom the classic plane does not let in (documented)."""
    return PlatformError(
        403,
        "ForbiddenError",
        "The server failed to authenticate the request. Verify that the certificate is valid and is associated with"
        " this subscription.",
    )


def _exchange(scope: Scope) -> Exchange:
    """What the path says: `/{subscription}/…` is classic, `/subscriptions/…` is Resource Manager."""
    path = scope["path"]
    first, _, rest = path.strip("/").partition("/")
    plane: Plane = "asm"
    subscription = first
    if first == "_control":
        plane, subscription = "control", ""
    elif first.lower() == "msi":
        plane, subscription = "identity", ""
    elif first.lower() in ("subscriptions", "providers", "tenants"):
        plane, subscription = "arm", rest.partition("/")[0] if first.lower() == "subscriptions" else ""
    query = {key.lower(): value for key, value in parse_qsl(scope["query_string"].decode("latin-1"), True)}
    return Exchange(
        plane=plane,
        method=scope["method"],
        path=path,
        query=query,
        headers=Headers(scope=scope),
        subscription=subscription.lower(),
    )


def _require_encoded(query: bytes) -> None:
    if not query.isascii():
        raise PlatformError(400, "BadRequest", "The query of the request is not percent-encoded.")


async def _body(receive: Receive, headers: Headers) -> bytes:
    """The whole body; more than the limit is refused before it is kept."""
    too_large = PlatformError(413, "RequestBodyTooLarge", f"The request body exceeds the maximum of {MAX_BODY} bytes.")
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise too_large
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY:
            raise too_large
        if not message.get("more_body"):
            return body


def _met_by(exchange: Exchange) -> faults.Request:
    """What faults are matched against; a migration call has a verb and a unit."""
    unit = asm_routes.migrating(exchange.path) if exchange.plane == "asm" else None
    full = "&".join(f"{key}={value}" for key, value in exchange.query.items())
    return faults.Request(
        plane=exchange.plane,
        method=exchange.method,
        path=f"{exchange.path}?{full}" if full else exchange.path,
        subscription=exchange.subscription,
        verb=exchange.query.get("comp", "").lower() if unit else None,
        unit=unit,
    )


def _scripted(exchange: Exchange, then: Then) -> Answer:
    """The answer a fault gives instead of the work."""
    status = then.status or 500
    if then.body is None:
        return render(exchange.plane, PlatformError(status, then.code, then.message, then.headers))
    headers = {"content-type": then.content_type, **then.headers}
    return Answer(status, [(name.encode(), value.encode()) for name, value in headers.items()], then.body.encode())


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut(send: Send) -> None:
    """Cut the connection without a byte of an answer: uvicorn's cycle, whose method `send` is, knows it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        msg = "this server's connections cannot be cut"
        raise TypeError(msg)
    transport.abort()
