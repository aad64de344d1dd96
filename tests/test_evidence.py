"""Bundles: content-addressed, chained, whole or told not to be, and never with a secret in them."""

import json
import re
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from asmosis.approvals import Vote
from asmosis.arm.resource import body
from asmosis.azure.inventory import RawDocument
from asmosis.check import Verdict, check
from asmosis.check.evidence import digest, signed
from asmosis.errors import Unreachable, UnreadableDocument, UsageError
from asmosis.evidence import Bundle, Content, EvidenceStore, evidence_url, json_content
from asmosis.evidence.history import History, Operation, RunState, TaskSpan, histories, steps_of
from asmosis.evidence.manifest import canonical
from asmosis.evidence.parts import (
    OUTCOME,
    SIGNED,
    Decision,
    part_of_decisions,
    part_of_history,
    part_of_outcome,
    part_of_probe,
    parts_before,
    parts_of_check,
)
from asmosis.evidence.rollback import rollback_kit
from asmosis.evidence.snapshot import documents_of, model_content, received_content
from asmosis.evidence.summary import SUMMARY, part_of_summary
from asmosis.evidence.verify import problems
from asmosis.readiness.estimates import estimate
from asmosis.units import Unit
from tests import promising

RUN, OTHER = "11111111-aaaa", "22222222-bbbb"
UNIT = Unit.parse("virtualNetwork/vineyard", promising.SUBSCRIPTION)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(str(tmp_path / "evidence"))


def verdict() -> Verdict:
    promised = promising.promised(UNIT.short)
    return check(promised, [body(resource) for resource in promised.resources])


# What the classic plane answers at which path.
PATHS = {
    "affinity.xml": "affinitygroups",
    "disks.xml": "services/disks",
    "networks.xml": "services/networking/virtualnetwork",
    "reserved.xml": "services/networking/reservedips",
    "routes.xml": "services/networking/routetables",
    "security.xml": "services/networking/networksecuritygroups",
    "services.xml": "services/hostedservices",
    "storage.xml": "services/storageservices",
}


def archived() -> list[RawDocument]:
    folder = promising.PROMISED / "documents"
    return [
        RawDocument(PATHS.get(path.name, f"services/hostedservices/{path.stem}?embed-detail=true"), path.read_bytes())
        for path in sorted(folder.glob("*.xml"))
    ]


def before() -> dict[str, Content]:
    estate = promising.estate()
    promised = promising.promised(UNIT.short)
    documents = {document.path: document.content for document in archived()}
    return parts_before(documents, (), promised, estimate(estate, UNIT), rollback_kit(estate, UNIT))


def test_the_same_parts_are_the_same_version_and_a_new_part_names_the_former(store: EvidenceStore) -> None:
    first = store.append(UNIT, RUN, before(), {})
    again = store.append(UNIT, RUN, before(), {}, first.parts)
    assert again == first
    second = store.append(UNIT, RUN, parts_of_check(verdict()), {}, first.parts)
    assert (second.version, second.former) == (2, first.digest)
    assert {part.name for part in first.parts} < {part.name for part in second.parts}
    assert store.latest(UNIT) == second
    assert store.versions(UNIT) == (first, second)
    assert problems(store, UNIT) == ()


def test_what_a_person_signs_is_a_part_of_the_bundle(store: EvidenceStore) -> None:
    seen = verdict()
    manifest = store.append(UNIT, RUN, parts_of_check(seen), {})
    part = manifest.part(SIGNED)
    assert part is not None
    assert part.sha256 == digest(seen)
    assert store.read(manifest, part) == signed(seen)


def test_units_compare_without_case_and_names_with_slashes_stay_in_their_place(store: EvidenceStore) -> None:
    odd = Unit.parse("networkSecurityGroup/../../a b/Ü", promising.SUBSCRIPTION)
    manifest = store.append(odd, RUN, part_of_outcome("Aborted", ""), {})
    other = replace(odd, name=odd.name.upper())
    assert store.latest(other) == manifest
    assert store.everything() == (manifest,)
    assert Bundle.latest(store, odd).json(OUTCOME) == {"outcome": "Aborted", "words": ""}


def test_everything_is_the_newest_version_of_each_unit(store: EvidenceStore) -> None:
    assert store.everything() == ()
    units = [replace(UNIT, name=name) for name in ("a", "b")]
    for unit in units:
        first = store.append(unit, RUN, part_of_outcome("Aborted", ""), {})
        for number in range(10):
            store.append(unit, RUN, part_of_outcome("Aborted", str(number)), {}, first.parts)
    assert [(manifest.unit, manifest.version) for manifest in store.everything()] == [(str(u), 11) for u in units]
    assert store.everything("99999999-2222-3333-4444-555555555555") == ()


def test_whoever_is_killed_between_parts_and_manifest_leaves_the_former_version(
    store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.append(UNIT, RUN, before(), {})
    write = EvidenceStore._write

    def killed(self: EvidenceStore, path: str, data: bytes) -> None:
        if "manifest-" in path:
            raise KeyboardInterrupt
        write(self, path, data)

    with monkeypatch.context() as patch:
        patch.setattr(EvidenceStore, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            store.append(UNIT, RUN, parts_of_check(verdict()), {}, first.parts)
    assert store.latest(UNIT) == first
    assert store.append(UNIT, RUN, parts_of_check(verdict()), {}, first.parts).version == 2
    assert problems(store, UNIT) == ()


def test_files_are_for_their_owner_only(store: EvidenceStore, tmp_path: Path) -> None:
    store.append(UNIT, RUN, before(), {})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "evidence").rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_any_place_that_fsspec_knows_will_do() -> None:
    store = EvidenceStore("memory://evidence-of-tests")
    first = store.append(UNIT, RUN, before(), {})
    store.append(UNIT, RUN, parts_of_check(verdict()), {}, first.parts)
    assert [manifest.version for manifest in store.everything()] == [2]
    assert problems(store, UNIT) == ()


def test_a_place_that_nobody_knows_is_wrong_usage_and_one_that_cannot_be_written_is_worth_another_try(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="ASMOSIS_EVIDENCE"):
        EvidenceStore("nowhere://x")
    (tmp_path / "file").write_text("in the way")
    blocked = EvidenceStore(str(tmp_path / "file"))
    with pytest.raises(Unreachable) as refused:
        blocked.append(UNIT, RUN, before(), {})
    assert refused.value.worth_retrying


@pytest.mark.parametrize(
    ("environment", "ends"),
    [
        ({"ASMOSIS_HOME": "/x/home"}, "/x/home/evidence"),
        ({"ASMOSIS_HOME": "/x/home", "ASMOSIS_EVIDENCE": "s3://bucket/a"}, "s3://bucket/a"),
        ({}, ".asmosis/evidence"),
    ],
)
def test_the_environment_says_where_evidence_is(environment: dict[str, str], ends: str) -> None:
    assert evidence_url(environment).endswith(ends)


def _change(store: EvidenceStore, name: str, change: Callable[[Any], Any]) -> None:
    """Forge a part with a manifest that fits it: only what refers to it can tell."""
    manifest = store.versions(UNIT)[-1]
    old = manifest.part(name)
    assert old is not None
    data = change(store.read(manifest, old))
    content = Content(data, old.media)
    folder = Path(store.location(UNIT).removeprefix("file://"))
    (folder / "parts" / content.sha256).write_bytes(data)
    part = replace(old, sha256=content.sha256, size=len(data))
    forged = replace(manifest, parts=tuple(part if each.name == name else each for each in manifest.parts))
    (folder / f"manifest-{manifest.version:04}-{manifest.digest}.json").unlink()
    (folder / f"manifest-{forged.version:04}-{forged.digest}.json").write_bytes(forged.data)


def _file(store: EvidenceStore, pattern: str) -> Path:
    return next(Path(store.location(UNIT).removeprefix("file://")).glob(pattern))


def _forged_verdict(data: bytes) -> bytes:
    told = json.loads(data)
    told["losses"] = []
    return canonical(told)


def _forged_vote(data: bytes) -> bytes:
    [vote] = json.loads(data)
    return canonical([vote | {"signed": "0" * 32}])


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        pytest.param(lambda _: None, "", id="nothing"),
        pytest.param(
            lambda s: _file(s, f"parts/{s.versions(UNIT)[-1].part(SIGNED).sha256}").write_bytes(b"{}"),
            "signed: .*its SHA-256 is another",
            id="a part changed",
        ),
        pytest.param(
            lambda s: _file(s, f"parts/{s.versions(UNIT)[-1].part('promise').sha256}").unlink(),
            "promise: .*not there",
            id="a part gone",
        ),
        pytest.param(
            lambda s: (p := _file(s, "manifest-0002*")).write_bytes(p.read_bytes().replace(b"Abort", b"abort") + b" "),
            "manifest-0002.*SHA-256 is another",
            id="a manifest changed",
        ),
        pytest.param(lambda s: _file(s, "manifest-0001*").unlink(), "version 1 is missing", id="a version gone"),
        pytest.param(
            lambda s: _file(s, "manifest-0002*").unlink(), "version 2 is missing", id="a version in the middle gone"
        ),
        pytest.param(
            lambda s: _change(s, "verdict", _forged_verdict),
            "version 3: what was signed is not what the check found",
            id="losses taken out of the verdict",
        ),
        pytest.param(
            lambda s: _change(s, "decisions", _forged_vote),
            "ada decided to commit on evidence 0+, which is not kept",
            id="a vote for something else",
        ),
    ],
)
def test_verify_tells_every_forgery(store: EvidenceStore, forge: Callable[[EvidenceStore], Any], told: str) -> None:
    seen = verdict()
    assert seen.losses
    first = store.append(UNIT, RUN, before(), {})
    second = store.append(UNIT, RUN, parts_of_check(seen), {}, first.parts)
    vote = Vote("commit", "ada", "", datetime(2026, 1, 2, tzinfo=UTC))
    ending = part_of_decisions([Decision(vote, digest(seen)[:32])]) | part_of_outcome("Committed", "")
    store.append(UNIT, RUN, ending, {}, second.parts)
    forge(store)
    found = problems(store, UNIT)
    assert bool(found) is bool(told)
    if told:
        assert re.search(told, "; ".join(found)), found


def test_a_manifest_tells_what_is_missing_and_what_is_partial(store: EvidenceStore) -> None:
    whole = store.append(UNIT, RUN, part_of_outcome("Aborted", ""), {})
    assert (whole.complete, whole.doubts) == (True, ())
    partial = store.append(UNIT, RUN, part_of_probe("prepare", "{}\n", complete=False), {}, whole.parts)
    assert not partial.complete
    assert "probe/prepare.jsonl is partial: the probe was killed" in partial.doubts
    lacking = store.append(UNIT, RUN, {}, {"promise": "nobody knows it any more"}, whole.parts)
    assert lacking.doubts == ("promise is missing: nobody knows it any more",)
    assert store.latest(UNIT) == lacking


def test_what_is_kept_of_a_part_is_what_is_read(store: EvidenceStore) -> None:
    manifest = store.append(UNIT, RUN, {"x": json_content({"a": [1, "ü\ud800"]})}, {})
    bundle = Bundle(store, manifest)
    assert bundle.json("x")["a"][0] == 1
    assert bundle.json("nothing", "else") == "else"
    part = manifest.part("x")
    assert part is not None
    _file(store, f"parts/{part.sha256}").write_bytes(b"")
    with pytest.raises(UnreadableDocument):
        bundle.json("x")


# The snapshot


def test_a_snapshot_holds_the_documents_of_the_unit_and_no_strangers() -> None:
    estate = promising.estate()
    documents = documents_of(UNIT, estate, archived())
    text = b"".join(documents.values()).decode()
    own = {service.name for service in estate.services_of(UNIT)}
    strangers = {service.name for service in estate.hosted_services} - own
    assert (own, strangers) == ({"press", "barrels"}, {"Tasting"})
    assert {f"services__hostedservices__{name}.xml" for name in own} < set(documents)
    for name in ("press", "barrels", "vineyard"):
        assert f"Name>{name}<" in text
    for name in ("Tasting", "tasting", "lookout", "vineyarddisks"):
        assert f"Name>{name}<" not in text
    assert "storageservices" not in " ".join(documents)


def test_a_document_that_needs_no_change_is_kept_byte_for_byte() -> None:
    document = (
        b'<?xml version="1.0"?>\n<NetworkSecurityGroup  xmlns="u"><Name>spare-guard</Name></NetworkSecurityGroup>'
    )
    unit = Unit.parse("networkSecurityGroup/spare-guard", promising.SUBSCRIPTION)
    raw = RawDocument("services/networking/networksecuritygroups/spare-guard?detaillevel=Full", document)
    assert list(documents_of(unit, promising.estate(), [raw]).values()) == [document]


def test_the_archive_of_documents_is_the_same_for_the_same_documents_and_opens() -> None:
    documents = documents_of(UNIT, promising.estate(), archived())
    one, other = received_content(documents), received_content(dict(documents))
    assert one.sha256 == other.sha256
    with zipfile.ZipFile(BytesIO(one.data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == documents
    assert received_content({}).partial


def test_a_document_that_cannot_be_understood_makes_the_model_partial() -> None:
    content = model_content({"a.xml": b"<Nobody/>", "b.xml": b"<ReservedIP><Name>x</Name></ReservedIP>"})
    assert "a.xml" in content.partial
    assert [read["file"] for read in json.loads(content.data)["documents"]] == ["b.xml"]


# The way back


def test_the_rollback_kit_names_every_member_in_an_order_that_can_work_and_is_no_platform_rollback() -> None:
    estate = promising.estate()
    kit = rollback_kit(estate, UNIT)
    assert "not a platform rollback" in kit.statement
    made = [step.make for step in kit.steps]
    network = next(at for at, text in enumerate(made) if text.startswith("virtual network vineyard"))
    for service in estate.services_of(UNIT):
        assert service.deployment is not None
        at = made.index(f"cloud service {service.name}")
        assert at > network
        for role in service.deployment.roles:
            if role.is_virtual_machine:
                machine = next(place for place, text in enumerate(made) if f"{service.name}/{role.name} " in text)
                assert machine > at
                disk = f"disk {role.os_disk.name}" if role.os_disk else ""
                assert disk not in made or made.index(disk) < machine
    assert any("Private settings" in line for step in kit.steps for line in step.lost)


# What happened when


def _history(*tasks: TaskSpan, operations: tuple[Operation, ...] = ()) -> History:
    states = (
        RunState("RUNNING", "Running", "2026-01-01T00:00:00+00:00", ""),
        RunState("PAUSED", "Suspended", "2026-01-01T00:05:00+00:00", ""),
        RunState("SCHEDULED", "Resuming", "2026-01-01T01:05:00+00:00", ""),
    )
    return History(states, tasks, operations)


FIRST = TaskSpan("prepare x", "2026-01-01T00:01:00+00:00", "2026-01-01T00:03:00+00:00", "COMPLETED")
AGAIN = TaskSpan("prepare x", "2026-01-01T01:06:00+00:00", "2026-01-01T01:06:01+00:00", "COMPLETED")
KILLED = TaskSpan("prepare x", "2026-01-01T00:00:30+00:00", "", "RUNNING")
SENT = Operation("prepare", "op1", "2026-01-01T00:01:01+00:00")


@pytest.mark.parametrize(
    ("tasks", "since", "until"),
    [
        pytest.param((FIRST, AGAIN), FIRST.since, FIRST.until, id="asked again after the approval"),
        pytest.param((KILLED, FIRST), KILLED.since, FIRST.until, id="killed and gone on with"),
        pytest.param((KILLED,), KILLED.since, "", id="not over"),
    ],
)
def test_a_step_lasts_from_its_first_asking_to_its_first_completion(
    tasks: tuple[TaskSpan, ...], since: str, until: str
) -> None:
    [step] = _history(*tasks).steps
    assert (step.since, step.until) == (since, until)


def test_waits_are_told_from_the_states() -> None:
    [wait] = _history().waits
    assert (wait.what, wait.since[11:16], wait.until[11:16]) == ("approval", "00:05", "01:05")


def test_a_step_without_a_known_operation_is_partial_unless_another_run_knows_it() -> None:
    sent = _history(FIRST, operations=(SENT,))
    assert not part_of_history(RUN, sent)[f"history/{RUN}"].partial
    unknown = _history(FIRST)
    assert "prepare" in part_of_history(RUN, unknown)[f"history/{RUN}"].partial
    assert not part_of_history(OTHER, unknown, [sent])[f"history/{OTHER}"].partial
    [step] = steps_of([unknown, sent])
    assert step.operations == ("op1",)


def test_the_summary_counts_what_the_parts_hold() -> None:
    parts = {**before(), **parts_of_check(verdict()), **part_of_outcome("Committed", "ok")}
    parts |= part_of_history(RUN, _history(FIRST, operations=(SENT,)))
    made = part_of_summary(UNIT, RUN, "w", "full", sorted(parts), lambda name: parts[name].data)
    told = json.loads(made[SUMMARY].data)
    losses = len(promising.promised(UNIT.short).losses)
    assert (told["outcome"], told["real"], told["losses"]) == ("Committed", 0, losses)
    assert (told["seconds"], told["waited"]) == ({"prepare": 120.0}, {"approval": 3600.0})
    assert told["downtime"] is None
    assert told["estimated"]["prepare"][0] > 0
    assert histories([parts[f"history/{RUN}"].data])[0].operations == (SENT,)


def test_nobody_else_can_write_where_evidence_is_kept(store: EvidenceStore, tmp_path: Path) -> None:
    store.append(UNIT, RUN, before(), {})
    folders = [path for path in (tmp_path / "evidence").rglob("*") if path.is_dir()]
    assert folders
    assert all(not folder.stat().st_mode & 0o022 for folder in folders)
