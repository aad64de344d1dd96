"""Evidence of real runs: kept before, at and after the decision, whole after a kill, and without any secret."""

import base64
import json
import re
import time
import uuid
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from pydantic import SecretStr

from asmosis.azure.inventory import whole_snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.classic.archive import file_name
from asmosis.cli import call
from asmosis.evidence import Bundle, EvidenceStore, evidence_url
from asmosis.evidence.history import HISTORY, histories, steps_of
from asmosis.evidence.parts import BEFORE_APPROVAL, DECISIONS, OUTCOME, PROBE, SIGNED
from asmosis.evidence.snapshot import RECEIVED
from asmosis.evidence.summary import SUMMARY
from asmosis.evidence.verify import problems
from asmosis.parameters import ApprovalPolicy, MigrateParameters
from asmosis.runs import Run, Runs
from asmosis.units import Unit
from deployments import local

pytestmark = pytest.mark.slow
PATIENCE = 180.0
NETWORK, BATCH, LEGACY = "virtualNetwork/contoso-vnet", "hostedService/contoso-batch", "hostedService/contoso-legacy"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


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
    run = copy.until(copy.migrate(BATCH), waiting=True)
    asked = copy.bundle(BATCH)
    assert asked.manifest.complete, asked.manifest.doubts
    assert set(BEFORE_APPROVAL) <= {part.name for part in asked.manifest.parts}
    signed = asked.manifest.part(SIGNED)
    assert signed is not None
    # The question that the person answers is named after exactly this part.
    assert run.question == f"approval-{signed.sha256[:32]}"
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
    assert signed.sha256.startswith(decision["signed"])
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


MARK, PARAMETER = "Xy7marker", "ResourceExtensionParameterValue"
PLANTS: dict[str, tuple[str, str]] = {
    "description": (r'<Description (?:i:nil="true")? ?/>', f"<Description>AccountKey={MARK}==;</Description>"),
    "label": (r"(?<=</Location>)<Label>[^<]*</Label>", f"<Label>{packed(f'Password={MARK}')}</Label>"),
    "configuration": (r"<Configuration>[^<]*<", f"<Configuration>{packed(f'<Setting value={MARK!r}/>')}<"),
    "SAS token": (r"(?<=\.vhd)</MediaLink>", f"?sv=2015&amp;sig={MARK}</MediaLink>"),
    "certificate": (r"<Data>[^<]*</Data>", f"<Data>{packed(MARK)}</Data>"),
    "public settings": (
        r"<Value>[^<]*</Value>(?=<Type>Public)",
        f"<Value>{packed(json.dumps({'storageAccountKey': MARK, 'user': 'ada'}))}</Value>",
    ),
    "private settings": (
        f"(?=</{PARAMETER}s>)",
        f"<{PARAMETER}><Key>private</Key><Value>{packed(MARK)}</Value><Type>Private</Type></{PARAMETER}>",
    ),
}


def planted(copy: Copy) -> tuple[Copy, set[str]]:
    """The same estate once more, with a marker wherever classic answers what may be a secret; and where that was."""
    url = copy.place.emulator_url
    with Planes(copy.subscription, url, url, StaticToken(SecretStr("any"))).asm() as asm:
        documents = whole_snapshot(asm).documents
    found: set[str] = set()
    files = []
    for document in documents:
        text = document.content.decode()
        for name, (pattern, secret) in PLANTS.items():
            text, times = re.subn(pattern, secret, text)
            found |= {name} if times else set()
        files.append({"name": file_name(document.path), "content": text})
    other = Copy(copy.place, str(uuid.uuid4()))
    other.control("seed", {"documents": files, "subscription": other.subscription})
    return other, found


def test_no_secret_of_a_unit_gets_into_any_output(copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy, found = planted(copy)
    assert found >= {"configuration", "SAS token", "label", "private settings", "public settings"}, found
    run = copy.until(copy.migrate(NETWORK), waiting=True)
    assert run.waiting, run.message
    copy.runs.decide(run, "commit", "ada", f"the key is AccountKey={MARK};")
    run = copy.until(run)
    assert run.state == "Committed", run.message
    for name, value in copy.place.environment().items():
        monkeypatch.setenv(name, value)
    for suffix in ("html", "json"):
        assert call(["report", f"{copy.subscription}/{NETWORK}", "--out", str(tmp_path / f"unit.{suffix}")]) == 0
    assert call(["report", "--all", "--out", str(tmp_path / "all.xlsx"), "--out", str(tmp_path / "all.html")]) == 0

    def posted(path: str, body: dict[str, Any]) -> str:
        return requests.post(f"{copy.place.api_url}/{path}", json=body, timeout=60).text

    of_run = {"flow_runs": {"id": {"any_": [run.id]}}}
    journal = f"{copy.place.emulator_url}/_control/journal?subscription={copy.subscription}"
    outputs = {
        "artifacts": posted("artifacts/filter", of_run),
        "logs": posted("logs/filter", {"logs": {"flow_run_id": {"any_": [run.id]}}}),
        "task runs": posted("task_runs/filter", of_run),
        "states": requests.get(f"{copy.place.api_url}/flow_run_states/?flow_run_id={run.id}", timeout=60).text,
        "journal": requests.get(journal, timeout=60).text,
    }
    bundle = copy.bundle(NETWORK)
    for part in bundle.manifest.parts:
        outputs[part.name] = (bundle.bytes_of(part.name) or b"").decode(errors="replace")
    with zipfile.ZipFile(BytesIO(bundle.bytes_of(RECEIVED) or b"")) as archive:
        outputs |= {name: archive.read(name).decode() for name in archive.namelist()}
    # Everything that lies about: logs, results, reports. What the platform itself and the form's answers hold is theirs.
    theirs = ("emulator.sqlite", "prefect.db")
    for path in [*copy.place.home.rglob("*"), *tmp_path.rglob("*")]:
        if path.is_file() and not path.name.startswith(theirs):
            outputs[str(path)] = path.read_bytes().decode(errors="replace")
    secrets = (MARK, packed(MARK).rstrip("=")[:10])
    assert len(outputs) > 40
    assert [name for name, text in outputs.items() if any(secret in text for secret in secrets)] == []
    # Within base64 as well, of which a result or an artifact may hold some.
    words = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
    for name, text in outputs.items():
        for word in set(words.findall(text)):
            within = base64.b64decode(word[: len(word) // 4 * 4])
            assert MARK.encode() not in within, name
