"""Evidence of real runs: kept before, at and after the decision, and whole after a kill."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from asmosis.cli import call
from asmosis.evidence import Bundle, EvidenceStore, evidence_url
from asmosis.evidence.history import HISTORY, histories, steps_of
from asmosis.evidence.manifest import SIGNED
from asmosis.evidence.parts import BEFORE_APPROVAL, DECISIONS, OUTCOME, PROBE
from asmosis.evidence.summary import SUMMARY
from asmosis.evidence.verify import problems
from asmosis.parameters import ApprovalPolicy, MigrateParameters
from asmosis.runs import Run, Runs
from asmosis.units import Unit
from deployments import local

pytestmark = pytest.mark.slow
PATIENCE = 180.0
BATCH, LEGACY = "hostedService/contoso-batch", "hostedService/contoso-legacy"


class Copy:
    """The running copy, and a subscription of its own in it."""

    def __init__(self, place: local.Place, subscription: str) -> None:
        self.place, self.subscription = place, subscription
        self.runs = Runs(place.api_url)
        self.store = EvidenceStore(evidence_url(place.environment()))

    def control(self, what: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.place.emulator_url}/_control/{what}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def migrate(self, unit: str, **more: Any) -> Run:
        return self.runs.migrate(MigrateParameters(subscription=self.subscription, unit=unit, **more))

    def bundle(self, unit: str) -> Bundle:
        return Bundle.latest(self.store, Unit.parse(unit, self.subscription))

    def assign(self, scope: str, principal: str) -> None:
        head, authorization = f"/subscriptions/{self.subscription}", "providers/Microsoft.Authorization"
        reader = f"{head}/{authorization}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
        path = f"{head}/resourceGroups/{scope}/{authorization}/roleAssignments/{uuid.uuid4()}"
        requests.put(
            f"{self.place.emulator_url}{path}?api-version=2022-04-01",
            json={"properties": {"roleDefinitionId": reader, "principalId": principal}},
            timeout=30,
        ).raise_for_status()

    def until(self, run: Run, *, waiting: bool = False) -> Run:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = self.runs.read(run)
            if run.ended or (waiting and run.waiting):
                return run
            time.sleep(0.3)
        pytest.fail(f"{run.name} is {run.state} after {PATIENCE:.0f} s")

    def artifact(self, key: str) -> Any:
        return requests.get(f"{self.place.api_url}/artifacts/{key}/latest", timeout=30).json()


@pytest.fixture
def copy(stack: local.Place) -> Copy:
    made = Copy(stack, str(uuid.uuid4()))
    made.control("seed", {"estate": "contoso", "subscription": made.subscription})
    return made


def test_a_person_signs_what_is_kept_and_the_bundle_goes_on_after_the_decision(
    copy: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy.assign("contoso-batch/providers/Microsoft.ClassicCompute/domainNames/contoso-batch", "ada")
    run = copy.until(copy.migrate(BATCH), waiting=True)
    asked = copy.bundle(BATCH)
    assert asked.manifest.complete, asked.manifest.doubts
    assert set(BEFORE_APPROVAL) <= {part.name for part in asked.manifest.parts}
    # The question that the person answers is named after the part that names all that was shown.
    assert run.question == f"approval-{asked.manifest.signed[:32]}"
    assert {"findings", "promise", "comparison", "snapshot/received.zip"} < set(asked.json(SIGNED)["parts"])
    assert asked.json(SUMMARY)["outcome"] is None

    copy.runs.decide(run, "commit", "ada", "looked at both sides")
    run = copy.until(run)
    assert run.state == "Committed", run.message
    ended = copy.bundle(BATCH)
    former = copy.store.versions(ended.unit)[-2]
    assert ended.manifest.former == former.digest
    assert ended.manifest.complete, ended.manifest.doubts
    [decision] = ended.json(DECISIONS)
    assert (decision["approver"], decision["decision"]) == ("ada", "commit")
    assert decision["signed"] == ended.manifest.signed[:32] == asked.manifest.signed[:32]
    assert ended.json(OUTCOME)["outcome"] == "Committed"
    steps = steps_of(histories(ended.bytes_of(name) or b"" for name in ended.names(HISTORY)))
    assert [(step.what, len(step.operations)) for step in steps] == [("prepare", 1), ("commit", 1)]
    assert {f"{PROBE}prepare.jsonl", f"{PROBE}commit.jsonl"} <= set(ended.names(PROBE))
    summary = ended.json(SUMMARY)
    assert summary["clean"] is True
    assert summary["waited"]["approval"] > 0
    assert problems(copy.store, ended.unit) == ()

    for name, value in copy.place.environment().items():
        monkeypatch.setenv(name, value)
    page = tmp_path / "batch.html"
    assert call(["report", f"{copy.subscription}/{BATCH}", "--out", str(page)]) == 0
    assert "Migrated" in capsys.readouterr().out
    assert ended.manifest.digest in page.read_text()
    assert call(["report", f"{copy.subscription}/{BATCH}", "--verify"]) == 0
    table = tmp_path / "all.csv"
    assert call(["report", "--all", "--subscription", copy.subscription, "--out", str(table)]) == 0
    assert ended.manifest.digest in table.read_text()

    # Classic has forgotten the unit, and the bundle still tells where everything went and whose access was lost.
    monkeypatch.setenv("ASMOSIS_ASM_URL", copy.place.emulator_url)
    monkeypatch.setenv("ASMOSIS_ARM_URL", copy.place.emulator_url)
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    mine = ["--subscription", copy.subscription, "--found", "--json"]
    capsys.readouterr()
    assert call(["map", BATCH, *mine]) == 0
    moved = json.loads(capsys.readouterr().out)["moves"]
    assert {each["successors"][0]["certainty"] for each in moved} == {"found"}
    assert call(["access", "plan", BATCH, *mine]) == 0
    assert [each["principal"] for each in json.loads(capsys.readouterr().out)["grants"]] == ["ada"]


def test_a_killed_run_has_whole_evidence_all_the_same(copy: Copy) -> None:
    copy.control("latency", {"prepare": 5})
    try:
        run = copy.migrate(LEGACY, approval=ApprovalPolicy.AUTOMATIC_WHEN_CLEAN)
        deployment = f"{copy.subscription}/services/hostedservices/contoso-legacy/deploymentslots/Production"
        deadline = time.monotonic() + PATIENCE
        while (
            "Preparing"
            not in requests.get(
                f"{copy.place.emulator_url}/{deployment}", headers={"x-ms-version": "2017-01-01"}, timeout=30
            ).text
        ):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        worker = psutil.Process(json.loads((copy.place.home / "worker.pid").read_text())["pid"])
        worker.kill()
        psutil.wait_procs([worker], timeout=10)
        run = copy.until(run, waiting=True)
    finally:
        copy.control("latency", {"prepare": 0})
    bundle = copy.bundle(LEGACY)
    steps = steps_of(histories(bundle.bytes_of(name) or b"" for name in bundle.names(HISTORY)))
    assert [step.operations for step in steps if step.what == "prepare"] != [()]
    assert problems(copy.store, bundle.unit) == ()
    # Its probe died with it: that is told, and nobody says yes by himself.
    assert any("probe" in doubt for doubt in bundle.manifest.doubts), bundle.manifest.doubts
    assert run.waiting
    copy.runs.decide(run, "abort", "ada", "")
    assert copy.until(run).state == "Aborted"
    # The server hears of the last step a moment after it was taken; the evidence waits for that.
    bundle = copy.bundle(LEGACY)
    steps = steps_of(histories(bundle.bytes_of(name) or b"" for name in bundle.names(HISTORY)))
    assert [(step.what, bool(step.until)) for step in steps] == [("prepare", True), ("abort", True)]
