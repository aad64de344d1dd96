"""What the planes, the journal, the server and the evidence say in the end."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from asmosis.azure.inventory import Snapshot, whole_snapshot
from asmosis.azure.planes import Planes
from asmosis.check import check
from asmosis.classic.xml import parse
from asmosis.errors import NotFound
from asmosis.evidence import EvidenceStore, json_content
from asmosis.evidence.parts import VERDICT
from asmosis.evidence.snapshot import documents_of
from asmosis.evidence.verify import problems
from asmosis.ledger import states_of
from asmosis.redaction import redacted
from asmosis.run_history import decisions
from asmosis.runs import Run
from asmosis.translate import Promise, groups_in, promise
from asmosis.units import Destination, State, Unit
from tests.chaos.invariants import Said, Shown, UnitSeen
from tests.stage import Stage, answered

LEASE = 90.0  # seconds after which a slot whose holder has died is free again
_GOING = ["RUNNING", "PENDING", "CANCELLING"]


@dataclass(frozen=True)
class Before:
    """What classic was before anything began: the documents of each unit, and what ARM would hold."""

    documents: Mapping[str, Mapping[str, bytes]]
    promises: Mapping[str, Promise]

    @classmethod
    def of(cls, stage: Stage) -> "Before":
        taken = _snapshot(stage)
        return cls(
            {unit.short: _own(unit, taken) for unit in taken.estate.units},
            {unit.short: promise(taken.estate, unit, Destination()) for unit in taken.estate.units},
        )


def look(stage: Stage, before: Before, met: Mapping[str, str]) -> list[UnitSeen]:
    """All that is to be seen of each unit."""
    taken, journal = _snapshot(stage), stage.control("GET", f"journal?subscription={stage.subscription}")
    states, runs = states_of(taken.estate), [run for run in stage.found() if run.flow == "migrate"]
    store = EvidenceStore(str(stage.place.home / "evidence"))
    found = []
    for short in stage.units:
        unit = Unit.parse(short, stage.subscription)
        state = states.get(unit)
        documents = _own(unit, taken) if state else {}
        own = tuple(run for run in runs if run.unit.casefold() == short.casefold())
        found.append(
            UnitSeen(
                short,
                met.get(short, ""),
                "gone" if state is None else "as before" if documents == before.documents[short] else "changed",
                _arm(stage, before.promises[short]),
                state.value if state and state not in (State.CLASSIC, State.ABSENT) else "",
                own,
                tuple(entry for entry in journal if _about(entry, unit)),
                {run.id: _votes(stage, run) for run in own},
                _versions(store, unit),
                problems(store, unit),
            )
        )
    return found


def unfinished(stage: Stage) -> list[Run]:
    """Runs of any flow that are at work, or were due and are not, after they had time to end."""
    deadline = time.monotonic() + LEASE
    while (left := _unfinished(stage)) and time.monotonic() < deadline:
        time.sleep(1)
    return left


def taken_slots(stage: Stage) -> dict[str, int]:
    """Slots of prepares that are not free, once the leases of the dead have run out."""
    name = f"asmosis-prepare-{stage.subscription}"
    deadline = time.monotonic() + LEASE
    while True:
        taken = answered(lambda: _active_slots(stage, name))
        if not taken or time.monotonic() > deadline:
            return {name: taken}
        time.sleep(1)


def _active_slots(stage: Stage, name: str) -> int:
    try:
        return int(stage.runs.call("GET", f"/v2/concurrency_limits/{name}")["active_slots"])
    except NotFound:  # a wave that has prepared nothing has made no limit
        return 0


def _unfinished(stage: Stage) -> list[Run]:
    found = [run for run in stage.found() if not run.ended]
    query = {"flow_runs": {"state": {"type": {"any_": _GOING}}}}
    answer = answered(lambda: stage.runs.call("POST", "/flow_runs/filter", query))
    others = [stage.runs.read(document["id"]) for document in answer]
    return [*found, *(run for run in others if run.id not in {each.id for each in found})]


def _snapshot(stage: Stage) -> Snapshot:
    with _planes(stage).asm() as asm:
        taken: Snapshot = answered(lambda: whole_snapshot(asm))
        return taken


def _own(unit: Unit, taken: Snapshot) -> dict[str, bytes]:
    """The unit's documents but for what it shares with others: the accounts of its disks, the disks of its account."""
    if unit.kind == "storageAccount":
        account = next(each for each in taken.estate.storage_accounts if each.name == unit.name)
        return {unit.short: json_content(account.dump()).data}
    documents = documents_of(unit, taken.estate, taken.documents)
    return {name: _plain(data) for name, data in documents.items() if "storageservices" not in name}


def _plain(document: bytes) -> bytes:
    """A list that had to be cut down to a unit's members is written anew, one that holds no others is not."""
    return bytes(etree.tostring(parse(document, "", namespaced=True), method="c14n"))


def _arm(stage: Stage, promised: Promise) -> Any:
    with _planes(stage).arm() as arm:
        found = answered(lambda: arm.holdings(groups_in(promised)))
    if not found.resources:
        return "nothing"
    return "all" if check(redacted(promised), redacted(found.resources), found.unread).clean else "part"


def _planes(stage: Stage) -> Planes:
    return Planes.from_environment({**stage.place.environment(), "ASMOSIS_TOKEN": "any"}, stage.subscription)


def _votes(stage: Stage, run: Run) -> list[Said]:
    told = answered(lambda: decisions(stage.runs, run.id))
    return [Said(each.signed, each.vote.decision, each.vote.approver, each.vote.at) for each in told]


def _versions(store: EvidenceStore, unit: Unit) -> tuple[Shown, ...]:
    found = []
    for each in store.versions(unit):
        part = each.part(VERDICT)
        clean = part is not None and bool(json.loads(store.read(each, part))["clean"])
        found.append(Shown(each.signed, clean, datetime.fromisoformat(each.made)))
    return tuple(found)


def _about(entry: Mapping[str, Any], unit: Unit) -> bool:
    """Whether a step was meant for the unit; where classic no longer knew it, only the path tells."""
    if not entry["verb"]:
        return False
    told = entry["unit"] or ""
    return told.casefold() == unit.short.casefold() or (not told and f"/{unit.name}/" in str(entry["path"]))
