"""The emulator's front of both planes, spoken to as a server would."""

import asyncio
import json
import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

from asmosis.arm.resource import body
from emulator.app import create_app
from emulator.arm.routes import OPERATIONS
from emulator.asm.routes import ROUTES
from emulator.store import Store
from tests import promising
from tests.fuzz import documents

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g"
_NAMES = {
    "service": "contoso-web",
    "deployment": "contoso-web",
    "slot": "Production",
    "role": "web1",
    "scope": "",
    "account": "contosovhds",
    "network": "contoso-vnet",
    "name": "contoso-vnet",
    "subscription": SUBSCRIPTION,
    "group": "contoso-web-Migrated",
    "namespace": "Microsoft.Network",
    "type": "virtualNetworks",
    "machine": "web1",
    "location": "westus",
    "kind": "operationResults",
    "action": "start",
    "rest": "Microsoft.Network/virtualNetworks/contoso-vnet",
}
_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
# What only an emulator does, because it is told to: hang, fall silent, end itself.
_OFF_LIMITS = re.compile(r"/_control/(faults|latency)", re.IGNORECASE)
_READS = ("GET", "HEAD", "DELETE")
_LONGEST_NAME = 200


@cache
def requests() -> tuple[bytes, ...]:
    """A request to everything that answers: METHOD PATH, a line for each header, a blank line, the body if it has one."""
    xml = documents.classic()
    arm = [body(each) for unit in documents.UNITS for each in promising.promised(unit).resources]
    made = []
    for number, route in enumerate(ROUTES):
        verb = "?comp=prepare" if route.unit_kind else ""
        head = f"{route.method} /{SUBSCRIPTION}/{_filled(route.path)}{verb}\nx-ms-version: 2016-06-01"
        made.append(_request(head, b"" if route.method in _READS else xml[number % len(xml)]))
    for number, operation in enumerate(OPERATIONS):
        sent = None if operation.method in _READS else arm[number % len(arm)]
        made.append(_request(f"{operation.method} {_filled(operation.path)}?api-version=2021-04-01", sent))
    made += [_request(f"PUT {each['id']}?api-version=2023-05-01", each) for each in arm]
    for archived in documents.archived():
        name, _, content = archived.partition(b"\n")
        files = [{"name": name.decode(), "content": content.decode()}]
        made.append(_request("POST /_control/seed", {"documents": files, "subscription": SUBSCRIPTION}))
    made.append(_request(f"PUT {_GROUP}?api-version=x", {"location": "westus"}))
    deployment = f"{_GROUP}/providers/Microsoft.Resources/deployments/d"
    for head in (f"PUT {deployment}", f"POST {deployment}/validate", f"POST {deployment}/whatIf"):
        made.append(
            _request(f"{head}?api-version=x", {"properties": {"mode": "Incremental", "template": _template(arm)}})
        )
    made.append(_request("GET /msi/token?resource=x&api-version=2019-08-01\nx-identity-header: y"))
    made.append(_request("GET /subscriptions?api-version=x\nauthorization: Bearer YWJj.YWJj.YWJj"))
    return tuple(made)


class Emulated:
    """An emulator with the sample estate, called as its server calls it."""

    def __init__(self, folder: Path) -> None:
        self._failures = _Failures()
        self._store = Store(folder / "state.sqlite")
        self._gate = create_app(self._store)
        self._loop = asyncio.new_event_loop()
        self(_request("POST /_control/seed", {"estate": "contoso", "subscription": SUBSCRIPTION}))

    def __call__(self, content: bytes) -> None:
        """Send a request, and see that it is answered by something better than a failure of the emulator's own."""
        head, _, sent = content.partition(b"\n\n")
        first, *lines = head.decode("latin-1").split("\n")
        method, _, target = first.partition(" ")
        path, _, query = target.partition("?")
        if _OFF_LIMITS.search(path):
            return
        headers = [
            (name.strip().lower(), value.strip())
            for name, colon, value in (each.partition(":") for each in lines)
            if colon
        ]
        status, answer = self._loop.run_until_complete(self._answer(method, path, query, headers, sent))
        if self._failures.seen:
            raise self._failures.seen.pop()
        if status not in range(200, 500) and status != 501:
            raise AssertionError(f"{first[:_LONGEST_NAME]} is answered {status} {answer[:_LONGEST_NAME]!r}")

    def close(self) -> None:
        """Let go of the file."""
        self._failures.close()
        self._loop.close()
        self._store.close()

    async def _answer(
        self, method: str, path: str, query: str, headers: list[tuple[str, str]], sent: bytes
    ) -> tuple[int, bytes]:
        told: list[Any] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8470),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self._gate(scope, receive, send)
        return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


class _Failures(logging.Handler):
    """What the emulator's log tells of failures of its own; nobody else hears of them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[BaseException] = []
        self._log = logging.getLogger("emulator.gate")
        self._before = self._log.propagate
        self._log.addHandler(self)
        self._log.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.seen.append(record.exc_info[1])

    def close(self) -> None:
        self._log.removeHandler(self)
        self._log.propagate = self._before
        super().close()


def _request(head: str, sent: Any = None) -> bytes:
    content = sent if isinstance(sent, bytes) else b"" if sent is None else json.dumps(sent).encode()
    return head.encode() + (b"\n\n" + content if content else b"")


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)(?::[^}]*)?\}", lambda found: _NAMES.get(found[1], "x"), path)


def _template(arm: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"p": {"type": "string", "defaultValue": "[concat('a', 'b')]"}},
        "variables": {"v": "[resourceId('Microsoft.Network/virtualNetworks', 'n')]"},
        "resources": [{**each, "apiVersion": "2023-05-01"} for each in arm[:3]],
        "outputs": {"o": {"type": "string", "value": "[parameters('p')]"}},
    }
