"""Bundles: content-addressed, chained, whole or told not to be, and never with a secret in them."""

import json
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from asmosis.approvals import Vote
from asmosis.arm.resource import body
from asmosis.check import Verdict, check
from asmosis.check.evidence import comparison
from asmosis.errors import Unreachable, UnreadableDocument, UsageError
from asmosis.evidence import Bundle, Content, EvidenceStore, evidence_url, json_content
from asmosis.evidence.history import History, Operation, RunState, TaskSpan, histories
from asmosis.evidence.manifest import SIGNED, canonical
from asmosis.evidence.parts import (
    COMPARISON,
    OUTCOME,
    SHOWN,
    Decision,
    part_of_decisions,
    part_of_history,
    part_of_outcome,
    part_of_probe,
    part_of_signed,
    parts_before,
    parts_of_check,
)
from asmosis.evidence.rollback import rollback_kit
from asmosis.evidence.snapshot import received_content
from asmosis.evidence.summary import SUMMARY, part_of_summary
from asmosis.evidence.verify import problems
from asmosis.probe import Timeline
from asmosis.readiness.estimates import estimate
from asmosis.units import Unit
from tests import promising

RUN = "11111111-aaaa"
UNIT = Unit.parse("virtualNetwork/vineyard", promising.SUBSCRIPTION)
PROBED = Timeline("prepare", 0, 1, 5, ())


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(str(tmp_path / "evidence"))


def verdict() -> Verdict:
    promised = promising.promised(UNIT.short)
    return check(promised, [body(resource) for resource in promised.resources])


def before() -> dict[str, Content]:
    estate = promising.estate()
    promised = promising.promised(UNIT.short)
    documents = {document.path: document.content for document in promising.archived()}
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


def shown() -> dict[str, Content]:
    """What there is when a person is asked."""
    kept = {**before(), **parts_of_check(verdict()), **part_of_probe("prepare", PROBED)}
    return {**kept, **part_of_signed(str(UNIT), kept, {})}


def test_what_a_person_signs_names_all_that_was_shown(store: EvidenceStore) -> None:
    manifest = store.append(UNIT, RUN, shown(), {})
    bundle = Bundle(store, manifest)
    assert bundle.bytes_of(COMPARISON) == comparison(verdict())
    named = bundle.json(SIGNED)["parts"]
    assert named == {
        part.name: {"sha256": part.sha256, "partial": part.partial} for part in manifest.parts if part.name in SHOWN
    }
    assert {"findings", "promise", "rollback-kit", "comparison", "probe/prepare.jsonl"} < set(named)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({}, True, id="nothing changes"),
        pytest.param({"history/x": json_content("later")}, True, id="time goes on"),
        pytest.param({"found": json_content("spelt otherwise")}, True, id="ARM spells it otherwise"),
        pytest.param({"findings": json_content("other")}, False, id="other findings"),
        pytest.param({"snapshot/received.zip": received_content({})}, False, id="another snapshot"),
        pytest.param({"promise": json_content("other")}, False, id="another promise"),
        pytest.param({"rollback-kit": json_content("other")}, False, id="another kit"),
        pytest.param({"comparison": json_content("other")}, False, id="another comparison"),
        pytest.param(part_of_probe("prepare", replace(PROBED, complete=False)), False, id="a probe that was killed"),
        pytest.param(part_of_probe("commit", PROBED), True, id="what comes after the decision"),
    ],
)
def test_a_vote_holds_as_long_as_what_was_shown(change: dict[str, Content], *, same: bool) -> None:
    kept = shown()
    again = part_of_signed(str(UNIT), {**kept, **change}, {})
    assert (again[SIGNED].sha256 == kept[SIGNED].sha256) is same
    lacking = part_of_signed(str(UNIT), {**kept, **change}, {"promise": "nobody knows it any more"})
    assert lacking[SIGNED].sha256 != kept[SIGNED].sha256


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


def _change(store: EvidenceStore, name: str, change: Callable[[Any], Any], at: int = -1) -> None:
    """Forge a part with a manifest that fits it: only what refers to it can tell."""
    manifest = store.versions(UNIT)[at]
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


def _forged_findings(data: bytes) -> bytes:
    return canonical([*json.loads(data), "an excuse"])


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
            "version 3: its verdict is not what the check found",
            id="losses taken out of the verdict",
        ),
        pytest.param(
            lambda s: _change(s, "findings", _forged_findings),
            "version 3, findings: it is not what was to be signed",
            id="findings put in after they were signed",
        ),
        pytest.param(
            lambda s: _change(s, "decisions", _forged_vote),
            "ada decided to commit on evidence 0+, which is not kept",
            id="a vote for something else",
        ),
    ],
)
def test_verify_tells_every_forgery(store: EvidenceStore, forge: Callable[[EvidenceStore], Any], told: str) -> None:
    assert verdict().losses
    first = store.append(UNIT, RUN, before(), {})
    second = store.append(UNIT, RUN, shown(), {}, first.parts)
    vote = Vote("commit", "ada", "", datetime(2026, 1, 2, tzinfo=UTC))
    ending = part_of_decisions([Decision(vote, second.signed[:32])]) | part_of_outcome("Committed", "")
    store.append(UNIT, RUN, ending, {}, second.parts)
    forge(store)
    found = problems(store, UNIT)
    assert bool(found) is bool(told)
    if told:
        assert re.search(told, "; ".join(found)), found


def test_a_manifest_tells_what_is_missing_and_what_is_partial(store: EvidenceStore) -> None:
    whole = store.append(UNIT, RUN, part_of_outcome("Aborted", ""), {})
    assert (whole.complete, whole.doubts) == (True, ())
    partial = store.append(UNIT, RUN, part_of_probe("prepare", replace(PROBED, complete=False)), {}, whole.parts)
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


def test_the_summary_counts_what_the_parts_hold() -> None:
    parts = {**before(), **parts_of_check(verdict()), **part_of_outcome("Committed", "ok")}
    states = (
        RunState("PAUSED", "Suspended", "2026-01-01T00:05:00+00:00", ""),
        RunState("SCHEDULED", "Resuming", "2026-01-01T01:05:00+00:00", ""),
    )
    step = TaskSpan("prepare x", "2026-01-01T00:01:00+00:00", "2026-01-01T00:03:00+00:00", "COMPLETED")
    sent = Operation("prepare", "op1", "2026-01-01T00:01:01+00:00")
    parts |= part_of_history(RUN, History(states, (step,), (sent,)))
    made = part_of_summary(UNIT, RUN, "w", "full", sorted(parts), lambda name: parts[name].data)
    told = json.loads(made[SUMMARY].data)
    losses = len(promising.promised(UNIT.short).losses)
    assert (told["outcome"], told["real"], told["losses"]) == ("Committed", 0, losses)
    assert (told["seconds"], told["waited"]) == ({"prepare": 120.0}, {"approval": 3600.0})
    assert told["downtime"] is None
    assert told["estimated"]["prepare"][0] > 0
    assert histories([parts[f"history/{RUN}"].data])[0].operations == (sent,)


def test_nobody_else_can_write_where_evidence_is_kept(store: EvidenceStore, tmp_path: Path) -> None:
    store.append(UNIT, RUN, before(), {})
    folders = [path for path in (tmp_path / "evidence").rglob("*") if path.is_dir()]
    assert folders
    assert all(not folder.stat().st_mode & 0o022 for folder in folders)
