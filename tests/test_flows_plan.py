"""Plans over real parts: proposed by a flow, and kept up with what the Prefect server knows."""

import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from asmosis.cli import call
from asmosis.parameters import ApprovalPolicy
from asmosis.planning.files import PLAN_FILE, read_plan, waves_in
from asmosis.planning.plan import UnitState
from asmosis.runs import Runs
from deployments import local
from tasks.reports import artifact_key

pytestmark = pytest.mark.slow
PATIENCE = 180.0
SPARE = "reservedIp/contoso-spare-ip"


@pytest.fixture
def subscription(stack: local.Place, monkeypatch: pytest.MonkeyPatch) -> str:
    """A subscription of its own in the running emulator, which the command line reads."""
    wanted = str(uuid.uuid4())
    seed = {"estate": "contoso", "subscription": wanted}
    requests.post(f"{stack.emulator_url}/_control/seed", json=seed, timeout=30).raise_for_status()
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    for name, value in (("ASM_URL", stack.emulator_url), ("ARM_URL", stack.emulator_url), ("TOKEN", "any")):
        monkeypatch.setenv(f"ASMOSIS_{name}", value)
    monkeypatch.setenv("PREFECT_API_URL", stack.api_url)
    return wanted


def page(stack: local.Place, key: str) -> str:
    return str(requests.get(f"{stack.api_url}/artifacts/{key}/latest", timeout=30).json()["data"])


def run_flow(stack: local.Place, parameters: dict[str, Any]) -> None:
    deployment = requests.get(f"{stack.api_url}/deployments/name/plan/plan", timeout=30).json()
    started = requests.post(
        f"{stack.api_url}/deployments/{deployment['id']}/create_flow_run", json={"parameters": parameters}, timeout=30
    ).json()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        run = requests.get(f"{stack.api_url}/flow_runs/{started['id']}", timeout=30).json()
        if run["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED"):
            assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
            return
        time.sleep(0.5)
    pytest.fail(f"the plan is not there after {PATIENCE:.0f} s")


def test_a_plan_is_proposed_run_and_kept_up(stack: local.Place, subscription: str, tmp_path: Path) -> None:
    name = f"night-{subscription[:8]}"
    pinned = f"defaults: {{approval: automatic-when-clean}}\nrules: {{pin: {{{SPARE}: {name}-pilot}}}}\n"
    text = f"name: {name}\nsubscription: {subscription}\nlimits: {{units: 4}}\n{pinned}"
    run_flow(stack, {"planning": {"subscriptions": [subscription], "name": name, "plan": text}})
    assert f"| `{name}-pilot` | planned | 1 |" in page(stack, artifact_key("plan", name))
    file = page(stack, artifact_key("plan-file", name)).removeprefix("```yaml\n").removesuffix("```\n")
    plan = PLAN_FILE.parse(file.encode(), "artifact")
    assert [unit.unit for unit in plan.waves[0].units] == [SPARE]
    assert len(plan.waves) > 2

    # The same by hand, and then what the server has seen of it.
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    assert call(["plan", "--update", str(path)]) == 0
    assert path.read_text() == file
    [wave] = waves_in(path, f"{name}-pilot")
    assert wave.approval is ApprovalPolicy.AUTOMATIC_WHEN_CLEAN
    runs = Runs(stack.api_url)
    last = {run.unit: run.state for run in runs.watch(runs.wave(wave))}
    assert last[SPARE] == "Committed"

    assert call(["plan", "--update", str(path)]) == 0
    told = read_plan(path)
    assert (told.waves[0].begun, told.waves[0].units[0].state) == (True, UnitState.COMMITTED)
    assert told.waves[1:] == plan.waves[1:]
    after = path.read_text()
    assert call(["plan", "--update", str(path)]) == 0
    assert path.read_text() == after
