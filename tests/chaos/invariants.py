"""What has to hold once everything is whole again, judged by what both planes, the journal and the server say."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from asmosis.runs import Run

SIDES: Mapping[str, tuple[str, str]] = {
    "Committed": ("gone", "all"),
    "Aborted": ("as before", "nothing"),
    "Blocked": ("as before", "nothing"),
    "PrepareFailed": ("as before", "nothing"),
    "Rehearsed": ("as before", "nothing"),
}
"""How classic and ARM have to look after each end; a run that ends otherwise needs hands."""
EXPLAINED: Mapping[str, Sequence[str]] = {
    "Blocked": ("prepare: refused", "disks of classic VMs lie in"),
    "PrepareFailed": ("prepare: fails", "prepare: quota"),
}
"""What explains ends that nobody decided: a fault of the platform, or that a unit it depends on has stayed classic."""
_VERBS = ("prepare", "commit", "abort")


@dataclass(frozen=True)
class Said:
    """One vote: for which evidence (how its digest begins), by whom, what, when."""

    signed: str
    decision: str
    approver: str
    at: datetime


@dataclass(frozen=True)
class Shown:
    """One version of a unit's evidence: what was to be signed, whether its check was clean, when it was kept."""

    signed: str
    clean: bool
    at: datetime


@dataclass(frozen=True)
class UnitSeen:
    """What is to be seen of one unit in the end.

    `classic` and `arm` compare both sides with what classic was before anything began, and with what was promised
    then. `runs` are newest first, `journal` is the platform's in order, `votes` by run. `faulty` is what is wrong with
    the bundle of its evidence.
    """

    unit: str
    met: str
    classic: Literal["as before", "changed", "gone"]
    arm: Literal["nothing", "all", "part"]
    locked: str
    runs: tuple[Run, ...]
    journal: tuple[Mapping[str, Any], ...]
    votes: Mapping[str, Sequence[Said]] = field(default_factory=dict)
    versions: tuple[Shown, ...] = ()
    faulty: tuple[str, ...] = ()


def problems_of_unit(seen: UnitSeen, skew: timedelta = timedelta()) -> Iterator[str]:
    """Every invariant that a unit breaks; clocks may differ by `skew`."""
    yield from _end(seen)
    yield from _steps(seen)
    yield from _approval(seen, skew)
    yield from (f"its evidence is not whole: {words}" for words in seen.faulty)


def problems_of_runs(unfinished: Sequence[Run], alive: Mapping[str, bool], taken: Mapping[str, int]) -> Iterator[str]:
    """What is left behind: runs that do not end, parts that are not there, slots that nobody gives back."""
    yield from (f"run {run.name} is {run.state} since {run.since}, and nothing works on it" for run in unfinished)
    yield from (f"{part} does not run" for part, lives in alive.items() if not lives)
    yield from (f"{number} slots of {name} are taken" for name, number in taken.items() if number)


def problems_of_waves(runs: Sequence[Run]) -> Iterator[str]:
    """Waves that have not ended as their units have; `runs` are newest first."""
    for wave in (run for run in runs if run.flow == "wave"):
        newest = {run.unit: run.state for run in reversed(runs) if run.unit and run.wave == wave.wave}
        told = [f"{count} {state}" for state, count in Counter(newest.values()).items()]
        if wave.state not in ("Completed", "Attention") or set(wave.message.split(", ")) != set(told):
            yield f"wave {wave.wave} is {wave.state} ({wave.message}), its units are {', '.join(told)}"


def _end(seen: UnitSeen) -> Iterator[str]:
    """Exactly classic or exactly ARM, as the newest run says, and without a lock."""
    if not seen.runs:
        yield "no run began with it"
        return
    newest = seen.runs[0]
    if seen.locked:
        yield f"it is {seen.locked}, and its run is {newest.state}"
    if (seen.classic, seen.arm) not in SIDES.values():
        yield f"half: classic is {seen.classic}, ARM holds {seen.arm}"
    if newest.state not in SIDES:
        yield f"it needs hands: its run is {newest.state}: {newest.message}"
    elif SIDES[newest.state] != (seen.classic, seen.arm):
        yield f"its run is {newest.state}, but classic is {seen.classic} and ARM holds {seen.arm}"
    reasons = EXPLAINED.get(newest.state, ())
    if reasons and not any(reason == seen.met or reason in newest.message for reason in reasons):
        yield f"it is {newest.state} for no fault of the platform: {newest.message}"


def _steps(seen: UnitSeen) -> Iterator[str]:
    """Each verb effective once, but for what the platform itself failed; and sent only where it was due."""
    took, failed, vain = Counter[str](), Counter[str](), Counter[str]()
    stands = "classic"
    for entry in seen.journal:
        verb = entry["verb"]
        if verb not in _VERBS:
            continue
        if entry["plane"] == "platform":
            failed[verb] += entry["status"] >= 400
            stands = f"{verb} failed" if entry["status"] >= 400 else _AFTER[verb]
        elif entry["effect"]:
            if stands not in _DUE[verb]:
                yield f"{verb} took effect while it stood at {stands}"
            took[verb] += 1
            stands = f"in {verb}"
        else:
            vain[verb] += 1
    attempts = len(seen.runs)
    for verb in _VERBS:
        done = took[verb] - failed[verb]
        if done > (1 if verb == "commit" else attempts):
            yield f"{verb} took effect {done} times in {attempts} runs"
        # Who asks before acting sends nothing in vain; but what the platform lets wait, and the wire then loses, can
        # neither be seen nor asked about.
        if vain[verb] > (seen.met == f"{verb}: slow"):
            yield f"{verb} was sent {vain[verb]} times where it was not due"


_AFTER = {"prepare": "prepared", "commit": "committed", "abort": "classic"}
_DUE = {
    "prepare": ("classic", "prepare failed"),
    "commit": ("prepared", "commit failed"),
    "abort": ("prepared", "prepare failed", "abort failed"),
}


def _approval(seen: UnitSeen, skew: timedelta) -> Iterator[str]:
    """No commit without enough votes for evidence that is kept, or a policy and a clean check of it before."""
    commits = [entry for entry in seen.journal if entry["verb"] == "commit" and entry["effect"]]
    if not commits:
        return
    before = datetime.fromisoformat(commits[0]["at"]) + skew
    shown = {each.signed for each in seen.versions if each.at <= before and each.signed}
    reasons = []
    for run in seen.runs:
        asked = run.parameters.get("migration", {})
        if asked.get("approval") == "automatic-when-clean" and any(
            each.clean and each.signed and each.at <= before for each in seen.versions
        ):
            return
        approvers = asked.get("approvers") or {}
        for signed in {vote.signed for vote in seen.votes.get(run.id, ())}:
            votes = [vote for vote in seen.votes[run.id] if vote.signed == signed and vote.at <= before]
            yes = {vote.approver for vote in votes if vote.decision == "commit"}
            named = yes & set(approvers.get("names") or yes)
            if any(vote.decision == "abort" for vote in votes):
                reasons.append("somebody said abort")
            elif len(named) < int(approvers.get("needed", 1)):
                reasons.append(f"{len(named)} said yes")
            elif not any(digest.startswith(signed) for digest in shown):
                reasons.append(f"evidence {signed} is not kept")
            else:
                return
    yield f"it was committed without an approval ({'; '.join(reasons) or 'nobody was asked'})"
