"""The prober against the emulator's data plane: what is measured is what the emulator itself has written down."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import requests
from pydantic import SecretStr

from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.errors import UnknownUnit, Unreachable, UsageError
from asmosis.probe import (
    PROBED_TYPES,
    DataPlaneRoutes,
    NameRoutes,
    Pace,
    Prober,
    Target,
    Targets,
    Timeline,
    arm_targets,
    classic_targets,
    routes_of,
    targets_of,
)
from asmosis.probe.arm_targets import of_unit
from asmosis.steps import Steps
from asmosis.units import Unit, Verb
from blocks.azure import ControlPlanes

pytestmark = pytest.mark.slow

PREPARE_SECONDS = 4.0
NETWORK, BATCH = "virtualNetwork/contoso-vnet", "hostedService/contoso-batch"


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


@pytest.fixture(scope="module")
def at_once() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def slow() -> Iterator[str]:
    with serving("--latency", f"prepare={PREPARE_SECONDS},commit=1") as url:
        yield url


class Azure:
    """A subscription of its own in the running emulator."""

    def __init__(self, url: str) -> None:
        self.url, self.subscription = url, str(uuid4())
        self.planes = Planes(self.subscription, url, url, StaticToken(SecretStr("any")))
        seed = {"estate": "contoso", "subscription": self.subscription}
        requests.post(f"{url}/_control/seed", json=seed, timeout=60).raise_for_status()

    def unit(self, short: str) -> Unit:
        return Unit.parse(short, self.subscription)

    def classic(self, unit: str) -> Targets:
        with self.planes.asm() as asm:
            return classic_targets(snapshot(asm), self.unit(unit))

    def found(self, unit: str) -> Targets:
        with self.planes.asm() as asm:
            return targets_of(self.unit(unit), snapshot(asm), self.planes)

    def arm(self, unit: str) -> Targets:
        with self.planes.arm() as arm:
            bodies = arm.of_types([group["name"] for group in arm.groups()], PROBED_TYPES)
        return arm_targets(of_unit(self.unit(unit), bodies))

    def take(self, unit: str, verb: Verb) -> None:
        with self.planes.asm() as asm, self.planes.arm() as arm:
            Steps(self.unit(unit), asm, arm, [f"{self.unit(unit).name}-Migrated"]).take(verb)

    def machines(self) -> dict[str, dict[str, Any]]:
        query = {"subscription": self.subscription}
        report = requests.get(f"{self.url}/_control/dataplane", params=query, timeout=30).json()
        return {each["vm"]: each for each in report["machines"]}


@pytest.fixture
def azure(at_once: str) -> Azure:
    return Azure(at_once)


@pytest.fixture
def slow_azure(slow: str) -> Azure:
    return Azure(slow)


def while_taking(azure: Azure, unit: str, verb: Verb, rate: float = 20) -> Timeline:
    with Prober(f"{verb} {unit}", azure.classic(unit), routes_of(azure.planes), Pace(rate=rate)) as prober:
        assert prober.wait(lambda seen: all(track.answers for each in seen.endpoints for track in each.tracks), 10)
        azure.take(unit, verb)
        prober.add(azure.arm(unit))
        assert prober.wait(lambda seen: all(each.answers for each in seen.endpoints), 10)
    return prober.stop()


def test_outside_a_network_the_gap_is_the_one_that_the_emulator_has_written_down(slow_azure: Azure) -> None:
    old = slow_azure.machines()["batch1"]["endpoints"][0]
    seen = while_taking(slow_azure, BATCH, Verb.PREPARE)
    new = slow_azure.machines()["batch1"]["endpoints"][0]
    [down] = [span for span in new["intervals"] if span["state"] == "down"]
    recorded = (datetime.fromisoformat(down["to"]) - datetime.fromisoformat(down["from"])).total_seconds()
    [endpoint] = seen.endpoints
    [gap] = endpoint.gaps
    assert recorded > PREPARE_SECONDS - 0.1
    assert gap.seconds == pytest.approx(recorded, rel=0.05)
    assert gap.over
    assert abs(gap.first - datetime.fromisoformat(down["from"]).timestamp()) < 0.05 * PREPARE_SECONDS
    by_name, by_old_address, by_new_address = endpoint.tracks
    assert by_name.addresses == (old["address"], new["address"])
    assert (by_old_address.answered, by_old_address.answers) == (True, False)
    assert set(by_old_address.failures) == {"refused"}
    assert (by_new_address.target.host, by_new_address.lost) == (new["address"], 0)


def test_in_a_network_no_connection_is_lost_by_prepare_and_commit(slow_azure: Azure) -> None:
    prepared = while_taking(slow_azure, NETWORK, Verb.PREPARE)
    committed = while_taking(slow_azure, NETWORK, Verb.COMMIT)
    for seen in (prepared, committed):
        assert len(seen.endpoints) == 5
        assert (seen.lost, seen.longest_gap, seen.silent) == (0, None, ())
        assert all(len(track.addresses) == 1 for track in seen.tracks)
        assert min(track.attempts for track in seen.tracks) > 5
    assert prepared.attempts > 10 * PREPARE_SECONDS * 10 / 2


@pytest.mark.parametrize("unit", [NETWORK, BATCH, "virtualNetwork/contoso-direct-vnet"])
def test_both_sides_call_an_endpoint_alike(azure: Azure, unit: str) -> None:
    before = azure.classic(unit)
    for verb in (Verb.PREPARE, Verb.COMMIT):
        azure.take(unit, verb)
    after = azure.found(unit)
    assert after == azure.arm(unit)
    assert {each.endpoint for each in after.targets} == {each.endpoint for each in before.targets}
    assert {(each.endpoint, each.port) for each in after.targets} == {
        (each.endpoint, each.port) for each in before.targets
    }
    with Prober("after", after, routes_of(azure.planes)) as prober:
        assert prober.wait(lambda seen: all(track.answers for track in seen.tracks), 10)


def test_a_unit_that_neither_side_has_is_unknown(azure: Azure) -> None:
    with pytest.raises(UnknownUnit, match="no such unit"):
        azure.found("hostedService/absent")


def test_a_stopped_machine_is_down_until_it_is_started(azure: Azure) -> None:
    unit = "hostedService/contoso-legacy"
    path = f"{azure.url}/{azure.subscription}/services/hostedservices/contoso-legacy/deployments/contoso-legacy"
    body = '<{0}RoleOperation xmlns="http://schemas.microsoft.com/windowsazure">{1}</{0}RoleOperation>'

    def power(verb: str, more: str = "") -> None:
        requests.post(
            f"{path}/roleinstances/legacy1/Operations",
            data=body.format(verb, more),
            headers={"x-ms-version": "2016-03-01"},
            timeout=30,
        ).raise_for_status()

    with Prober("power", azure.classic(unit), routes_of(azure.planes), Pace(rate=20)) as prober:
        assert prober.wait(lambda seen: all(track.answers for track in seen.tracks), 10)
        power("Shutdown", "<PostShutdownAction>Stopped</PostShutdownAction>")
        time.sleep(0.5)
        power("Start")
        assert prober.wait(lambda seen: all(track.answers and track.lost for track in seen.tracks), 10)
    [endpoint] = prober.stop().endpoints
    assert [gap.over for gap in endpoint.gaps] == [True]
    assert 0.3 < endpoint.gaps[0].seconds < 3


def test_only_planes_on_this_machine_have_a_reported_data_plane(azure: Azure) -> None:
    assert isinstance(routes_of(azure.planes), DataPlaneRoutes)
    assert isinstance(routes_of(Planes(azure.subscription)), NameRoutes)
    elsewhere = ControlPlanes(dataplane_url=azure.url, sign_in="token", secret="any").planes(azure.subscription)
    assert (elsewhere.asm_url, elsewhere.dataplane) == (Planes(azure.subscription).asm_url, azure.url)
    with pytest.raises(UsageError, match="dataplane_url"):
        Planes(azure.subscription, dataplane_url="http://elsewhere.example")


def test_a_data_plane_that_opens_nothing_says_why(azure: Azure) -> None:
    with serving("--dataplane", "off") as url, pytest.raises(Unreachable, match="it is switched off"):
        DataPlaneRoutes(url, azure.subscription).look(f"{url}/_control/dataplane")
    wanted = {"vnets": 1, "services_per_vnet": 20, "vms_per_service": 10}
    seed = {"synthetic": wanted, "subscription": azure.subscription}
    requests.post(f"{azure.url}/_control/seed", json=seed, timeout=60).raise_for_status()
    prober = Prober("many", Targets((Target("vm", "40.112.9.21", 80),)), routes_of(azure.planes))
    with pytest.raises(Unreachable, match="more than 128 endpoints"):
        prober.start()


def test_what_is_no_report_is_said_so(azure: Azure) -> None:
    routes = DataPlaneRoutes(azure.url, azure.subscription)
    with pytest.raises(Unreachable, match="it is no report"):
        routes.look(f"{azure.url}/_control/journal")
    with pytest.raises(Unreachable, match="HTTPError"):
        routes.look(f"{azure.url}/_control/absent")
