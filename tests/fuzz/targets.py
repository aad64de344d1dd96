"""What is handed every input: each reader of something that comes from elsewhere, and what it owes whatever that is."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from asmosis.aftermath import aftermath
from asmosis.aftermath.lists import read_moves
from asmosis.aftermath.scan import scan
from asmosis.check import check
from asmosis.classic.batches import read_documents
from asmosis.classic.documents import Document, read_document
from asmosis.classic.estate import Estate
from asmosis.errors import AsmosisError
from asmosis.evidence import Bundle
from asmosis.evidence.verify import problems
from asmosis.facts import parse_facts
from asmosis.planning.files import PLAN_FILE, waves_in
from asmosis.probe.arm_targets import arm_targets
from asmosis.readiness import assess
from asmosis.readiness.waivers import EXAMPLE, parse_waivers
from asmosis.reports.unit_webpage import unit_page
from asmosis.translate import promise
from asmosis.translate.naming import NAMES_FILE
from asmosis.units import Unit
from asmosis.wave_files import parse_wave
from tests import promising
from tests.fuzz import documents
from tests.fuzz.answered import Answered, answers
from tests.fuzz.emulated import Emulated, requests
from tests.fuzz.mutation import Mutator, in_json, in_lines, in_xml, mutated

Run = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """A reader; `begin` makes one in a folder of its own, with what it keeps from input to input.

    `state` is after how many inputs it begins anew: whoever plays one of them again plays those before it. `weight` is
    its part of all inputs: what costs ten times as much gets a tenth.
    """

    name: str
    corpus: Callable[[], Sequence[bytes]]
    begin: Callable[[Path], Run]
    structured: Mutator | None = None
    state: int = 1
    weight: int = 10

    def input(self, random: Random) -> bytes:
        """The next input."""
        return mutated(random, self.corpus(), self.structured)


def _plain(read: Callable[[bytes], object]) -> Callable[[Path], Run]:
    return lambda _: read


def _classic(content: bytes) -> None:
    for model in read_document(content, "d.xml").models:
        model.dump()


def _named(random: Random, content: bytes) -> bytes:
    name, _, document = content.partition(b"\n")
    return name + b"\n" + in_xml(random, document)


def _archive(folder: Path) -> Run:
    """One document of an archive is changed: the others are read, and what can be made of all that is made."""
    others = {each.partition(b"\n")[0].decode(): each.partition(b"\n")[2] for each in documents.archived()}

    def run(content: bytes) -> None:
        head, _, document = content.partition(b"\n")
        name = head.decode("latin-1")
        changed = name if name in others else "other.xml"
        for path, whole in {**others, changed: document}.items():
            (folder / path).write_bytes(whole)
        paths = sorted(folder.glob("*.xml"))
        found = list(read_documents(paths))
        read = [each for each in found if isinstance(each, Document)]
        (folder / "other.xml").unlink(missing_ok=True)
        lost = {path.name for path in paths} - {Path(each.place).name for each in read} - {changed}
        if lost or len(found) != len(paths):
            raise AssertionError(f"{len(found)} of {len(paths)} documents; lost are {sorted(lost)}")
        estate = Estate.of_documents(promising.SUBSCRIPTION, read)
        for unit in estate.units:
            _refusable(partial(_after, estate, unit))
        assess(estate)

    return run


def _after(estate: Estate, unit: Unit) -> None:
    aftermath(estate, promise(estate, unit))


def _arm(content: bytes) -> None:
    try:
        bodies = json.loads(content)
    except (ValueError, RecursionError):
        return  # Microsoft's libraries refuse it
    if isinstance(bodies, list) and all(isinstance(each, dict) for each in bodies):
        _refusable(partial(check, documents.promised(), bodies))
        arm_targets(bodies)


def _bundle(folder: Path) -> Run:
    count = 0

    def run(content: bytes) -> None:
        nonlocal count
        count += 1
        try:
            store, unit = documents.unbundled(content, folder / str(count))
        except (ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError):
            return  # no bundle; whoever keeps one writes this much
        problems(store, unit)
        for manifest in store.everything():
            _refusable(partial(unit_page, Bundle(store, manifest)))

    return run


def _file(name: str, read: Callable[[Path], object]) -> Callable[[Path], Run]:
    def begin(folder: Path) -> Run:
        path = folder / name

        def run(content: bytes) -> None:
            path.write_bytes(content)
            read(path)

        return run

    return begin


def _plan(path: Path) -> None:
    for wave in PLAN_FILE.read(path).waves:
        _refusable(partial(waves_in, path, wave.name))


def _refusable(ask: Callable[[], Any]) -> None:
    try:
        ask()
    except AsmosisError:
        return


def _request(random: Random, content: bytes) -> bytes:
    head, blank, body = content.partition(b"\n\n")
    if not body or random.randrange(3) == 0:
        return in_lines(random, head) + blank + body
    return head + blank + (in_xml if body.lstrip().startswith(b"<") else in_json)(random, body)


TARGETS = (
    Target("classic", documents.classic, _plain(_classic), in_xml),
    Target("archive", documents.archived, _archive, _named, weight=1),
    Target("arm", documents.arm, _plain(_arm), in_json, weight=3),
    Target("bundle", documents.bundles, _bundle, in_json, weight=1),
    Target("wave", documents.waves, _plain(lambda content: parse_wave(content, "w.yaml")), in_lines),
    Target("plan", documents.plans, _file("plan.yaml", _plan), in_lines, weight=3),
    Target("waivers", lambda: (EXAMPLE.encode(),), _plain(lambda content: parse_waivers(content, "w")), in_lines),
    Target("facts", lambda: (documents.FACTS,), _plain(lambda content: parse_facts(content, "f.yaml")), in_lines),
    Target("names", documents.names, _plain(lambda content: NAMES_FILE.parse(content, "n.yaml")), in_lines),
    Target("map", documents.maps, _file("map.json", read_moves), in_json, weight=5),
    Target(
        "scan", lambda: documents.SCRIPTS, _file("script.ps1", lambda path: scan([path.parent])), in_lines, weight=5
    ),
    Target("asm", answers, Answered, _request, weight=5),
    Target("emulator", requests, Emulated, _request, state=200, weight=4),
)
