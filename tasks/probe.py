"""Probes the public endpoints of a unit while a step of it is taken, and keeps what was seen with the run."""

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from prefect import runtime, task
from prefect.context import TaskRunContext

from asmosis.arm.network import LOAD_BALANCERS
from asmosis.azure.planes import Planes
from asmosis.errors import AsmosisError, UnreadableDocument
from asmosis.parameters import Probe
from asmosis.probe import (
    PROBED_TYPES,
    Pace,
    Prober,
    Targets,
    Timeline,
    Unprobed,
    arm_targets,
    read_timeline,
    routes_of,
)
from asmosis.reports.downtime import downtime_page, downtime_words
from asmosis.translate import Promise, groups_in
from asmosis.units import Unit, Verb
from tasks import ASKING_FIRST, asking_again
from tasks.reports import publish

_MARGIN = 1.0  # seconds more than an attempt may take, until each way was tried once

_log = logging.getLogger(__name__)


def endpoints_in_arm(promised: Promise, planes: Planes) -> Targets:
    """What ARM shows of a unit's public endpoints, if it can have any; nothing, if that cannot be read."""
    if not any(resource.type == LOAD_BALANCERS for resource in promised.resources):
        return Targets()
    try:
        return _endpoints_in_arm(groups_in(promised), planes)
    except AsmosisError as error:
        _log.warning("the public endpoints of %s cannot be read: %s", promised.unit.short, error)
        return Targets()


@asking_again
def _endpoints_in_arm(groups: Collection[str], planes: Planes) -> Targets:
    with planes.arm() as arm:
        return arm_targets(arm.of_types(groups, PROBED_TYPES))


@contextmanager
def probing(verb: Verb, promised: Promise, targets: Targets, planes: Planes, wanted: Probe) -> Iterator[None]:
    """Connect to the endpoints from a moment before until they answer again, and keep and publish what was seen.

    Nothing that goes wrong here stops the step.
    """
    unit = promised.unit
    if not wanted.on or not targets.targets:
        yield
        return
    prober = _prober(verb, unit, targets, planes, wanted)
    try:
        prober.start()
    except (AsmosisError, OSError) as error:
        _log.warning("%s of %s is not probed: %s", verb, unit.short, error)
        yield
        _show(verb, unit, _unseen(prober.stop(), targets, str(error)))
        return
    try:
        prober.wait(_all_tried, Pace().timeout + _MARGIN)
        try:
            yield
        except Exception:
            _show(verb, unit, prober.stop())
            raise
        # They may be elsewhere now.
        prober.add(endpoints_in_arm(promised, planes))
        prober.wait(lambda seen: _all_tried(seen) and seen.ends_well, wanted.grace_seconds)
        _show(verb, unit, prober.stop())
    finally:
        # A run that is told to end at once leaves its file; the next one finds it.
        prober.stop()


def seen_during(verb: Verb) -> Timeline | None:
    """What this run saw while it took a step, in whichever process; None if it did not look."""
    return _keep(verb, None)


def _prober(verb: Verb, unit: Unit, targets: Targets, planes: Planes, wanted: Probe) -> Prober:
    file = _folder() / f"{_run_id()}-{verb}-{runtime.flow_run.run_count}.jsonl"
    return Prober(f"{verb} {unit.short}", targets, routes_of(planes), Pace(wanted.rate), file=file)


def _all_tried(seen: Timeline) -> bool:
    """Whether it is known of each way whether it answers."""
    return all(track.spans for track in seen.tracks)


def _show(verb: Verb, unit: Unit, timeline: Timeline) -> None:
    _keep.with_options(refresh_cache=True)(verb, timeline)
    publish(f"downtime-{verb}", unit, downtime_page(timeline), f"{unit.short}: {downtime_words(timeline)}")


def _unseen(timeline: Timeline, targets: Targets, why: str) -> Timeline:
    """A timeline that says that nobody looked."""
    endpoints = dict.fromkeys(target.endpoint for target in targets.targets)
    unprobed = (*targets.unprobed, *(Unprobed(endpoint, why) for endpoint in endpoints))
    return replace(timeline, tracks=(), unprobed=unprobed, complete=False)


def _once_per_step(context: TaskRunContext, parameters: dict[str, object]) -> str:
    return f"probe-{parameters['verb']}-{context.task_run.flow_run_id}"


@task(
    task_run_name="keep what was seen during {verb}",
    **{name: value for name, value in ASKING_FIRST.items() if name != "cache_policy"},
    cache_key_fn=_once_per_step,
    persist_result=True,
)
def _keep(verb: Verb, timeline: Timeline | None) -> Timeline | None:
    return timeline or _left_behind(verb)


def _left_behind(verb: Verb) -> Timeline | None:
    """What an earlier process of this run had seen when it was killed."""
    for path in sorted(_folder().glob(f"{_run_id()}-{verb}-*.jsonl"), key=lambda path: path.stat().st_mtime):
        try:
            return read_timeline(path)
        except UnreadableDocument as error:
            _log.warning("%s", error)
    return None


def _folder() -> Path:
    return Path(os.environ.get("ASMOSIS_HOME") or ".asmosis").resolve() / "probes"


def _run_id() -> str:
    return str(runtime.flow_run.id)
