"""The data plane from outside: who listens where, and for how long nobody did."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import pytest

from emulator.dataplane import listeners
from emulator.dataplane.endpoints import Endpoint
from emulator.dataplane.listeners import Listeners

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NETWORK, BATCH = "virtualNetwork/contoso-vnet", "hostedService/contoso-batch"
Serve = Callable[..., tuple[subprocess.Popen[str], str]]
MACHINE = "resourceGroups/{0}-Migrated/providers/Microsoft.Compute/virtualMachines/{1}"


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Starts emulators; whatever a test does, none outlives the module."""
    started = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "serve", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        ready, _, url = process.stdout.readline().strip().partition(" ")
        assert ready == "ready"
        return process, url

    yield start
    for process in started:
        end(process, signal.SIGKILL)


def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(how)
        process.communicate(timeout=10)


@pytest.fixture(scope="module")
def running(serve: Serve) -> str:
    return serve()[1]


@pytest.fixture
def estate(running: str, make_client: Callable[[str, str], "Client"]) -> "Client":
    client = make_client(running, str(uuid4()))
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    return client


@pytest.fixture
def make_client(client: "Client") -> Callable[[str, str], "Client"]:
    return type(client)


def machines(client: "Client") -> dict[str, dict[str, dict[str, Any]]]:
    found = client.control(f"dataplane?subscription={client.subscription}")["machines"]
    return {each["vm"]: {endpoint["name"]: endpoint for endpoint in each["endpoints"]} for each in found}


def place(listener: str) -> tuple[str, int]:
    host, _, port = listener.partition(":")
    return host, int(port)


def ask(listener: str) -> dict[str, Any]:
    with socket.create_connection(place(listener), timeout=5) as connection:
        line: dict[str, Any] = json.loads(connection.makefile().read())
        return line


def refuses(listener: str) -> bool:
    try:
        ask(listener)
    except ConnectionRefusedError:
        return True
    return False


@dataclass
class Caller:
    """Somebody who connects all the time."""

    listener: str
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers[ask(self.listener)["vm"]] += 1
            except OSError as error:
                self.failures.append(repr(error))
            time.sleep(0.002)


def test_every_running_machine_answers_at_its_endpoints_with_who_it_is(estate: "Client") -> None:
    found = machines(estate)
    listening = [
        (vm, endpoint) for vm, those in found.items() for endpoint in those.values() if endpoint["state"] == "up"
    ]
    assert {vm for vm, _ in listening} >= {"web1", "web2", "app1", "app2", "batch1", "legacy1", "acl1"}
    for vm, endpoint in listening:
        if endpoint["name"] != "web-http":
            told = ask(endpoint["listener"])
            assert (told["subscription"], told["vm"]) == (estate.subscription, vm)
            assert told["port"] == endpoint["local_port"]
    # The internal balancer of app1 and app2 is nobody's business outside.
    assert set(found["app1"]) == {"app1-SSH"}


def test_a_caller_that_speaks_first_still_hears_the_line(estate: "Client") -> None:
    host, port = place(machines(estate)["web1"]["web1-Remote-Desktop"]["listener"])
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        assert json.loads(connection.makefile().read())["vm"] == "web1"


def test_a_balanced_set_spreads_over_its_running_members_and_power_state_is_followed(estate: "Client") -> None:
    front = machines(estate)["web1"]["web-http"]["listener"]
    assert Counter(ask(front)["vm"] for _ in range(10)) == {"web1": 5, "web2": 5}
    for verb in ("prepare", "commit"):
        estate.done(NETWORK, verb)
    web1 = MACHINE.format("contoso-web", "web1")
    assert estate.arm("POST", f"{web1}/powerOff").status == 202
    found = machines(estate)
    assert [each["state"] for each in found["web1"].values()] == ["down", "down"]
    assert [each["state"] for each in found["web2"].values()] == ["up", "up"]
    assert Counter(ask(front)["vm"] for _ in range(10)) == {"web2": 10}
    assert refuses(found["web1"]["web1-Remote-Desktop"]["intervals"][0]["listener"])
    assert estate.arm("POST", f"{web1}/start").status == 202
    assert Counter(ask(front)["vm"] for _ in range(10)) == {"web1": 5, "web2": 5}
    states = [each["state"] for each in machines(estate)["web1"]["web1-Remote-Desktop"]["intervals"]]
    assert states == ["up", "down", "up"]


@pytest.mark.parametrize("after", ["Stopped", "StoppedDeallocated"])
def test_a_classic_machine_that_is_shut_down_refuses_and_answers_again_when_it_is_started(
    estate: "Client", after: str
) -> None:
    before = machines(estate)["web1"]["web1-Remote-Desktop"]["listener"]
    front = machines(estate)["web1"]["web-http"]["listener"]
    path = "services/hostedservices/contoso-web/deployments/contoso-web/roleinstances/web1/Operations"
    body = '<{0}RoleOperation xmlns="http://schemas.microsoft.com/windowsazure">{1}</{0}RoleOperation>'
    action = f"<PostShutdownAction>{after}</PostShutdownAction>"
    assert estate.asm("POST", path, body.format("Shutdown", action)).status == 202
    assert refuses(before)
    assert Counter(ask(front)["vm"] for _ in range(6)) == {"web2": 6}
    assert estate.asm("POST", path, body.format("Start", "")).status == 202
    assert (ask(before)["vm"], Counter(ask(front)["vm"] for _ in range(6))) == ("web1", {"web1": 3, "web2": 3})


@pytest.mark.parametrize("verbs", [("prepare", "abort", "prepare", "commit")])
def test_machines_in_a_network_answer_every_connection_while_they_migrate(
    estate: "Client", verbs: tuple[str, ...]
) -> None:
    found = machines(estate)
    with (
        Caller(found["web1"]["web-http"]["listener"]) as balanced,
        Caller(found["app2"]["app2-SSH"]["listener"]) as plain,
    ):
        for verb in verbs:
            time.sleep(0.1)
            estate.done(NETWORK, verb)
        assert estate.asm("GET", "services/hostedservices/contoso-web/deploymentslots/Production").status == 404
        time.sleep(0.1)
    assert (balanced.failures, plain.failures) == ([], [])
    assert min(balanced.answers["web1"], balanced.answers["web2"], plain.answers["app2"]) > 10
    after = machines(estate)
    for vm in ("web1", "web2", "app1", "app2"):
        assert [each["intervals"] for each in after[vm].values()] == [each["intervals"] for each in found[vm].values()]


def test_machines_outside_a_network_stop_and_come_back_elsewhere_without_being_asked(
    serve: Serve,
    make_client: Callable[[str, str], "Client"],
) -> None:
    process, url = serve("--latency", "prepare=1.5")
    client = make_client(url, str(uuid4()))
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    old = machines(client)["batch1"]["batch1-SSH"]
    accepted = client.migrate(BATCH, "prepare")
    during = machines(client)["batch1"]["batch1-SSH"]
    assert (during["state"], during["listener"], refuses(old["listener"])) == ("down", None, True)
    time.sleep(1.8)  # Nobody asks anything of the emulator in here.
    new = machines(client)["batch1"]["batch1-SSH"]
    up, down, again = new["intervals"]
    assert [each["state"] for each in new["intervals"]] == ["up", "down", "up"]
    assert new["address"] != old["address"] == up["address"]
    assert (ask(new["listener"])["service"], refuses(old["listener"])) == ("contoso-batch", True)
    assert 1.4 < (datetime.fromisoformat(down["to"]) - datetime.fromisoformat(down["from"])).total_seconds() < 1.8
    assert again["from"] == down["to"]
    assert client.operation(accepted).one("Status") == "Succeeded"
    client.done(BATCH, "abort")
    assert machines(client)["batch1"]["batch1-SSH"]["listener"] == old["listener"]
    assert (ask(old["listener"])["vm"], refuses(new["listener"])) == ("batch1", True)
    end(process, signal.SIGTERM)


@pytest.mark.parametrize(
    ("how", "between", "note"),
    [
        (signal.SIGTERM, "down", "the emulator was stopped"),
        (signal.SIGKILL, "unknown", "the emulator was killed after this"),
    ],
)
def test_intervals_and_places_survive_the_process(
    serve: Serve,
    make_client: Callable[[str, str], "Client"],
    tmp_path: Path,
    how: signal.Signals,
    between: str,
    note: str,
) -> None:
    database = str(tmp_path / "state.sqlite")
    process, url = serve("--db", database)
    client = make_client(url, str(uuid4()))
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    before = machines(client)["legacy1"]["legacy1-Remote-Desktop"]
    end(process, how)
    assert refuses(before["listener"])
    process, url = serve("--db", database)
    after = machines(make_client(url, client.subscription))["legacy1"]["legacy1-Remote-Desktop"]
    assert [each["state"] for each in after["intervals"]] == ["up", between, "up"]
    assert after["listener"] == before["listener"]
    assert ask(after["listener"])["vm"] == "legacy1"
    assert after["intervals"][0]["from"] == before["intervals"][0]["from"]
    assert after["intervals"][1]["note"] == note
    end(process, signal.SIGTERM)


def test_estates_that_do_not_fit_are_left_out_and_said_so(
    running: str, make_client: Callable[[str, str], "Client"]
) -> None:
    client = make_client(running, str(uuid4()))
    wanted = {"vnets": 1, "services_per_vnet": 20, "vms_per_service": 10}
    client.control("seed", {"synthetic": wanted, "subscription": client.subscription})
    report = client.control("dataplane")
    assert "more than 128 endpoints" in report["not_opened"][client.subscription]
    assert machines(client) == {}


def test_an_estate_that_has_become_small_listens_after_some_changes(
    running: str, make_client: Callable[[str, str], "Client"]
) -> None:
    client = make_client(running, str(uuid4()))
    wanted = {"vnets": 1, "services_per_vnet": 20, "vms_per_service": 10}
    client.control("seed", {"synthetic": wanted, "subscription": client.subscription})
    services = re.findall(r"<ServiceName>(.*?)</ServiceName>", client.asm("GET", "services/hostedservices").text)
    assert len(services) == 20
    for name in services[3:]:
        deleted = client.asm("DELETE", f"services/hostedservices/{name}?comp=media")
        assert deleted.status == 202, deleted.text
        client.asm("GET", f"operations/{deleted.headers['x-ms-request-id']}")
    report = client.control(f"dataplane?subscription={client.subscription}")
    assert client.subscription not in report["not_opened"]
    places = {
        each["service"]: endpoint["listener"]
        for each in report["machines"]
        for endpoint in each["endpoints"]
        if endpoint["listener"]
    }
    assert set(places) == set(services[:3])
    assert {ask(place)["subscription"] for place in places.values()} == {client.subscription}


def test_the_same_address_in_two_subscriptions_has_two_listeners(
    estate: "Client", make_client: Callable[[str, str], "Client"]
) -> None:
    other = make_client(estate.base, str(uuid4()))
    other.control("seed", {"estate": "contoso", "subscription": other.subscription})
    places = [machines(each)["legacy1"]["legacy1-Remote-Desktop"]["listener"] for each in (estate, other)]
    assert [ask(each)["subscription"] for each in places] == [estate.subscription, other.subscription]


def test_off_opens_nothing(serve: Serve, make_client: Callable[[str, str], "Client"]) -> None:
    process, url = serve("--seed", "contoso", "--dataplane", "off")
    assert make_client(url, "").control("dataplane") == {"mode": "off", "machines": []}
    end(process, signal.SIGTERM)


def one(port: int, protocol: str = "tcp", address: str = "40.201.202.203") -> Endpoint:
    return Endpoint(str(uuid4()), "service", "vm", "endpoint", protocol, address, port, 22, running=True)


async def shown(wanted: Endpoint) -> tuple[Listeners, listeners.Listener]:
    found = Listeners()
    await found.show(wanted.subscription, [wanted])
    return found, found.opened[wanted.front]


def test_a_datagram_is_answered_too() -> None:
    async def run() -> bytes:
        everything, listener = await shown(one(5353, "udp"))
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.setblocking(False)
            await loop.sock_sendto(caller, b"who?", place(listener.place))
            line = await asyncio.wait_for(loop.sock_recv(caller, 1000), 5)
        everything.close()
        return line

    assert json.loads(asyncio.run(run()))["vm"] == "vm"


def test_a_port_that_somebody_has_is_stood_in_for_and_said_so() -> None:
    async def run(port: int) -> tuple[str, str]:
        everything, listener = await shown(one(port))
        everything.close()
        return listener.place, listener.note

    with socket.create_server(("0.0.0.0", 0)) as somebody:
        taken = somebody.getsockname()[1]
        listening, note = asyncio.run(run(taken))
    assert place(listening)[1] != taken
    assert note == f"port {taken}: Address already in use, so the port is another one"


def test_a_system_with_one_loopback_address_gets_free_ports_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # 192.0.2.0/24 is nobody's, so the system itself says that it has no such address, as macOS does for 127.1.2.3.
    monkeypatch.setattr(listeners, "_candidate", lambda *_: "192.0.2.77")

    async def run() -> tuple[str, str, str, bool]:
        wanted = one(8022)
        everything, listener = await shown(wanted)
        await everything.show(wanted.subscription, [])
        await everything.show(wanted.subscription, [wanted])
        again = everything.opened[wanted.front].place
        everything.close()
        return listener.place, again, listener.note, everything.only_local

    first, again, note, only_local = asyncio.run(run())
    assert first == again
    assert (place(first)[0], only_local) == ("127.0.0.1", True)
    assert "no loopback addresses but 127.0.0.1" in note


def test_both_sides_name_an_endpoint_alike(estate: "Client") -> None:
    """Otherwise a committed machine would look like a new one."""
    before = machines(estate)
    for verb in ("prepare", "commit"):
        estate.done(NETWORK, verb)
    assert {vm: set(those) for vm, those in machines(estate).items()} == {
        vm: set(those) for vm, those in before.items()
    }
    assert "gone" not in {each["state"] for those in machines(estate).values() for each in those.values()}
