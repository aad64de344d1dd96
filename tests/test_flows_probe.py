"""Downtime as the flows measure it: a real server, a real worker, real listeners."""

import re
from datetime import datetime
from typing import Any

import pytest
import requests

from asmosis.parameters import ApprovalPolicy, Probe
from asmosis.probe import Timeline, read_timeline
from asmosis.runs import Run
from asmosis.units import Unit
from deployments import local
from tasks.reports import artifact_key
from tests.test_flows import BATCH, LEGACY, NETWORK, Azure, wait_for

pytestmark = pytest.mark.slow
OFTEN = Probe(rate=20)


@pytest.fixture
def azure(stack: local.Place) -> Azure:
    return Azure(stack)


def page(azure: Azure, step: str, unit: str) -> str:
    return azure.page(artifact_key(f"downtime-{step}", Unit.parse(unit, azure.subscription)))


def timelines(azure: Azure, run: Run, step: str) -> list[Timeline]:
    return [read_timeline(path) for path in sorted((azure.place.home / "probes").glob(f"{run.id}-{step}-*.jsonl"))]


def machine(azure: Azure, name: str) -> dict[str, Any]:
    url = f"{azure.place.emulator_url}/_control/dataplane"
    report = requests.get(url, params={"subscription": azure.subscription}, timeout=30).json()
    return next(dict(each["endpoints"][0]) for each in report["machines"] if each["vm"] == name)


def question(azure: Azure, run: Run) -> str:
    """What the person who is asked is shown."""
    inputs = azure.post(f"flow_runs/{run.id}/input/filter", {"prefix": "suspend", "limit": 50})
    return "".join(str(each["value"]) for each in inputs)


def test_outside_a_network_the_run_tells_the_gap_that_the_emulator_has_written_down(azure: Azure) -> None:
    with azure.latency(prepare=5):
        run = azure.waiting(azure.migrate(BATCH, probe=OFTEN))
    endpoint = machine(azure, "batch1")
    [down] = [span for span in endpoint["intervals"] if span["state"] == "down"]
    recorded = (datetime.fromisoformat(down["to"]) - datetime.fromisoformat(down["from"])).total_seconds()
    [seen] = timelines(azure, run, "prepare")
    assert seen.longest_gap is not None
    _, gap = seen.longest_gap
    assert gap.seconds == pytest.approx(recorded, rel=0.05)
    shown = page(azure, "prepare", BATCH)
    told = re.search(r"The longest interruption was ([\d.]+) s \(± [\d.]+ s\), at contoso-batch/batch1:22", shown)
    assert told is not None
    assert float(told[1]) == pytest.approx(recorded, rel=0.07)
    assert "40.112.17.8 no longer answers" in shown
    assert told[0] in question(azure, run)


def test_in_a_network_prepare_and_commit_lose_nothing(azure: Azure) -> None:
    with azure.latency(prepare=2, commit=2):
        run = azure.waiting(azure.migrate(NETWORK, probe=OFTEN))
        azure.approve(run)
        azure.ended(run)
    for step in ("prepare", "commit"):
        [seen] = timelines(azure, run, step)
        assert (seen.lost, len(seen.endpoints), seen.silent, seen.complete) == (0, 5, (), True)
        assert seen.attempts > 100
        assert re.search(r"0 of \d+ connections lost at 5 endpoints. None was interrupted.", page(azure, step, NETWORK))


def test_nobody_looks_where_that_is_off(azure: Azure) -> None:
    run = azure.waiting(azure.migrate(NETWORK, probe=Probe(on=False)))
    assert timelines(azure, run, "prepare") == []
    assert "Downtime" not in question(azure, run)
    key = artifact_key("downtime-prepare", Unit.parse(NETWORK, azure.subscription))
    assert requests.get(f"{azure.place.api_url}/artifacts/{key}/latest", timeout=30).status_code == 404


def test_a_run_killed_during_prepare_still_tells_what_it_had_seen(azure: Azure) -> None:
    with azure.latency(prepare=8):
        run = azure.migrate(BATCH, probe=OFTEN)
        # One way may have failed while the other still answers; only where none does, there is a gap.
        wait_for(
            lambda: any(
                each.longest_gap and each.longest_gap[1].at_least > 0.5 for each in timelines(azure, run, "prepare")
            )
        )
        azure.kill_worker()
        run = azure.waiting(run)
    [seen] = timelines(azure, run, "prepare")
    assert not seen.complete
    told = question(azure, run)
    assert "The probe was killed; nothing is known after" in told
    assert "The longest interruption was" in told


def test_an_endpoint_that_no_longer_answers_keeps_the_policy_from_saying_yes(azure: Azure) -> None:
    late = {"when": {"subscription": azure.subscription, "verb": "prepare"}, "then": {"delay": 8}}
    wanted = Probe(rate=20, grace_seconds=1)
    with azure.fault(late):
        run = azure.migrate(LEGACY, probe=wanted, approval=ApprovalPolicy.AUTOMATIC_WHEN_CLEAN)
        wait_for(lambda: any(each.endpoints and not each.silent for each in timelines(azure, run, "prepare")))
        # Nobody promised that a machine outside a network runs, so the check does not compare it.
        shut_down(azure, "contoso-legacy", "legacy1")
        run = azure.waiting(run)
    [seen] = timelines(azure, run, "prepare")
    assert [each.endpoint for each in seen.endpoints if not each.answers] == ["contoso-legacy/legacy1:3389"]
    told = question(azure, run)
    assert "and not over at the end, at contoso-legacy/legacy1:3389" in told
    assert "The promise is kept" in told


def test_what_nobody_could_probe_keeps_the_policy_from_saying_yes(azure: Azure) -> None:
    # Together they have more endpoints than the emulator's data plane opens.
    wanted = {"vnets": 14, "services_per_vnet": 1, "vms_per_service": 10}
    seed = {"synthetic": wanted, "subscription": azure.subscription}
    requests.post(f"{azure.place.emulator_url}/_control/seed", json=seed, timeout=60).raise_for_status()
    unit = "virtualNetwork/syn0-vnet-0000"
    told = question(azure, azure.waiting(azure.migrate(unit, approval=ApprovalPolicy.AUTOMATIC_WHEN_CLEAN)))
    assert "No public endpoint was probed: nobody looked, data plane" in told
    assert "more than 128 endpoints" in told
    assert "It is not complete: probe/prepare.jsonl is partial: nobody looked" in told
    assert "The promise is kept" in told


def shut_down(azure: Azure, service: str, name: str) -> None:
    path = f"services/hostedservices/{service}/deployments/{service}/roleinstances/{name}/Operations"
    body = (
        '<ShutdownRoleOperation xmlns="http://schemas.microsoft.com/windowsazure">'
        "<PostShutdownAction>Stopped</PostShutdownAction></ShutdownRoleOperation>"
    )
    url = f"{azure.place.emulator_url}/{azure.subscription}/{path}"
    requests.post(url, data=body, headers={"x-ms-version": "2016-03-01"}, timeout=30).raise_for_status()
