"""Keeps the evidence of a unit: what was found before, what the check saw, who decided, what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

from prefect import runtime

from asmosis.check import Verdict
from asmosis.classic.subscription import ValidationMessage
from asmosis.evidence import Content, EvidenceStore, Manifest, evidence_url, json_content
from asmosis.evidence.history import HISTORY, histories
from asmosis.evidence.parts import (
    BEFORE_APPROVAL,
    BEFORE_PREPARE,
    COMPARISON,
    TODO,
    VALIDATION,
    part_of_decisions,
    part_of_facts,
    part_of_history,
    part_of_outcome,
    part_of_probe,
    part_of_signed,
    parts_before,
    parts_of_check,
)
from asmosis.evidence.promised import PROMISE
from asmosis.evidence.summary import SUMMARY, part_of_summary
from asmosis.parameters import MigrateParameters
from asmosis.probe import Timeline
from asmosis.reports.evidence import evidence_page
from asmosis.units import Outcome, Unit, Verb
from tasks import asking_again
from tasks.inventory import UNTOUCHED, Survey
from tasks.probe import seen_during
from tasks.reports import publish
from tasks.witness import decisions_so_far, history_so_far

_PROBED = (Verb.PREPARE, Verb.COMMIT)
_Stage = Literal["before", "check", "end"]


def keep_before(unit: Unit, found: Survey, messages: Sequence[ValidationMessage] | None = None) -> None:
    """Keep what is known of the unit before anything is done to it, and what the platform had to say, if it was asked.

    A unit that was prepared before this run began is as an earlier run saw it, if one did.
    """
    contents: dict[str, Content] = {}
    if found.promised is not None and found.kit is not None and found.time is not None:
        contents = parts_before(found.documents, found.findings, found.promised, found.time, found.kit)
        contents[TODO] = json_content([asdict(each) for each in found.todo])
        contents |= part_of_facts(found.facts)
    if messages is not None:
        contents[VALIDATION] = json_content([message.dump() for message in messages])
    _keep(unit, contents, "before", fresh=found.began_as in UNTOUCHED)


def keep_check(verdict: Verdict, seen: Timeline | None) -> Manifest:
    """Keep what the check saw, what a probe saw during prepare, and what has happened and was decided so far."""
    probes = {Verb.PREPARE: seen} if seen else {}
    return _keep(verdict.unit, {**parts_of_check(verdict), **_probed(probes)}, "check")


def keep_outcome(unit: Unit, outcome: Outcome, words: str, verdict: Verdict | None) -> None:
    """Keep how the run ends."""
    contents = {**(parts_of_check(verdict) if verdict else {}), **part_of_outcome(outcome.value, words)}
    migration = _migration()
    if migration and migration.probe.on:
        seen = {verb: timeline for verb in _PROBED if (timeline := seen_during(verb))}
        contents |= _probed(seen)
    publish_evidence(unit, _keep(unit, contents, "end"))


def publish_evidence(unit: Unit, manifest: Manifest) -> None:
    """Show what is kept, and where."""
    page = evidence_page(manifest, EvidenceStore(evidence_url()).location(unit))
    publish("evidence", unit, page, f"{unit.short}: evidence")


@asking_again
def _keep(unit: Unit, contents: Mapping[str, Content], stage: _Stage, *, fresh: bool | None = None) -> Manifest:
    """Add parts to the bundle; `fresh` tells whether this run began with the unit or went on with what was begun."""
    run = str(runtime.flow_run.id)
    store = EvidenceStore(evidence_url())
    latest = store.latest(unit)
    goes_on = latest is not None and (latest.run == run or not fresh)
    carried = {part.name: part for part in latest.parts} if latest and goes_on else {}
    if fresh is False:
        # What an earlier run saw before it acted tells more than what this one sees after that.
        contents = {name: part for name, part in contents.items() if name not in carried or name == PROMISE}
    everything = dict(contents)
    if stage != "before":
        others = (
            [store.read(latest, part) for name, part in carried.items() if _of_another(name, run)] if latest else []
        )
        before = [store.read(latest, carried[own])] if latest and (own := f"{HISTORY}{run}") in carried else []
        everything |= part_of_history(run, history_so_far(histories(before)), histories(others))
        everything |= part_of_decisions(decisions_so_far())

    def read(name: str) -> bytes:
        made = everything.get(name)
        return made.data if made or latest is None else store.read(latest, carried[name])  # type: ignore[union-attr]

    migration = _migration()
    wave, mode = (migration.wave, migration.mode.value) if migration else ("", "")
    names = sorted((everything.keys() | carried.keys()) - {SUMMARY})
    everything |= part_of_summary(unit, run, wave, mode, names, read)
    compared = stage == "check" or COMPARISON in contents
    required = BEFORE_PREPARE if stage == "before" else BEFORE_APPROVAL if compared else ()
    missing = {name: "nobody knows it any more" for name in required if name not in names}
    if stage == "check":
        everything |= part_of_signed(str(unit), {**carried, **everything}, missing)
    return store.append(unit, run, everything, missing, tuple(carried.values()))


def _of_another(name: str, run: str) -> bool:
    return name.startswith(HISTORY) and name != f"{HISTORY}{run}"


def _probed(seen: Mapping[Verb, Timeline]) -> dict[str, Content]:
    parts: dict[str, Content] = {}
    for verb, timeline in seen.items():
        parts |= part_of_probe(verb.value, timeline)
    return parts


def _migration() -> MigrateParameters | None:
    """What this run was asked to do; None for a run of another flow."""
    asked = runtime.flow_run.parameters.get("migration")
    if asked is None or isinstance(asked, MigrateParameters):
        return asked
    return MigrateParameters.model_validate(asked)
