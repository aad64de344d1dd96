"""A running emulator on a real socket, and a small client for both of its planes."""

import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from json import dumps, loads
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import uvicorn

from emulator.app import create_app
from emulator.store import Store

PATHS = {
    "virtualNetwork": "services/networking/virtualnetwork/{0}",
    "hostedService": "services/hostedservices/{0}/deployments/{0}",
    "storageAccount": "services/storageservices/{0}",
    "networkSecurityGroup": "services/networking/networksecuritygroups/{0}",
    "routeTable": "services/networking/routetables/{0}",
    "reservedIp": "services/networking/reservedips/{0}",
}
DESTINATION = (
    '<DeploymentNetworkResource xmlns="http://schemas.microsoft.com/windowsazure">'
    "<ResourceGroupName>{group}</ResourceGroupName><VirtualNetworkName>{network}</VirtualNetworkName>"
    "<SubNetName>{subnet}</SubNetName><DestinationVirtualNetwork>{mode}</DestinationVirtualNetwork>"
    "</DeploymentNetworkResource>"
)
NEW = DESTINATION.format(group="", network="", subnet="", mode="New")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8-sig")

    @property
    def json(self) -> Any:
        return loads(self.body)

    def all(self, tag: str) -> list[str]:
        return re.findall(rf"<{tag}>(.*?)</{tag}>", self.text, re.DOTALL)

    def one(self, tag: str) -> str:
        found = self.all(tag)
        return found[0] if found else ""


@dataclass(frozen=True)
class Client:
    base: str
    subscription: str
    headers: dict[str, str] = field(default_factory=lambda: {"x-ms-version": "2016-03-01"})

    def send(
        self, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(
            self.base + path, data, self.headers if headers is None else headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())

    def asm(self, method: str, path: str, body: str | bytes | None = None) -> Reply:
        return self.send(method, f"/{self.subscription}/{path}", body)

    def arm(self, method: str, path: str) -> Reply:
        return self.send(method, f"/subscriptions/{self.subscription}/{path}?api-version=2021-04-01")

    def control(self, path: str, body: Any = None) -> Any:
        reply = self.send("GET" if body is None else "POST", f"/_control/{path}", None if body is None else dumps(body))
        assert reply.status < 300, reply.text
        return reply.json

    def migrate(self, unit: str, verb: str, body: str | None = None) -> Reply:
        """The answer to the verb itself."""
        kind, _, name = unit.partition("/")
        wants = kind == "hostedService" and verb in ("validate", "prepare")
        path = PATHS[kind].format(quote(name))
        return self.asm("POST", f"{path}/migration?comp={verb}", body if body is not None else NEW if wants else None)

    def operation(self, accepted: Reply) -> Reply:
        assert accepted.status == 202, accepted.text
        return self.asm("GET", f"operations/{accepted.headers['x-ms-request-id']}")

    def done(self, unit: str, verb: str, body: str | None = None) -> None:
        """The verb with its operation, which must succeed."""
        ended = self.operation(self.migrate(unit, verb, body))
        assert ended.one("Status") == "Succeeded", ended.text

    def journal(self, unit: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control(f"journal?subscription={self.subscription}")
        return [each for each in found if unit in (None, each["unit"])]

    def fault(self, when: dict[str, Any], then: dict[str, Any], times: int | None = 1) -> None:
        self.control("faults", {"when": {"subscription": self.subscription, **when}, "then": then, "times": times})


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator that all tests of a process share; each takes a subscription of its own."""
    store = Store(tmp_path_factory.mktemp("emulator") / "state.sqlite")
    config = uvicorn.Config(
        create_app(store),
        port=0,
        log_level="error",
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    store.close()


@pytest.fixture
def subscription(emulator: str) -> str:
    """A fresh subscription with the sample estate."""
    fresh = str(uuid4())
    Client(emulator, fresh).control("seed", {"estate": "contoso", "subscription": fresh})
    return fresh


@pytest.fixture
def client(emulator: str, subscription: str) -> Client:
    """A client of the fresh subscription."""
    return Client(emulator, subscription)


@pytest.fixture
def loaded(emulator: str) -> Callable[[dict[str, str]], tuple[Client, dict[str, Any]]]:
    """Loads documents by file name into a fresh subscription."""

    def load(files: dict[str, str]) -> tuple[Client, dict[str, Any]]:
        fresh = Client(emulator, str(uuid4()))
        documents = [{"name": name, "content": content} for name, content in files.items()]
        summary = fresh.control("seed", {"documents": documents, "subscription": fresh.subscription})
        return fresh, summary

    return load
