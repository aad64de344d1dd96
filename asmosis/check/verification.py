"""After commit: whether classic has let go of a unit, and whether its ARM side is whole and can be managed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from asmosis.azure.asm import AsmClient
from asmosis.azure.holdings import Holdings
from asmosis.azure.state import state_of
from asmosis.check import Verdict, check
from asmosis.check.pairing import VIRTUAL_NETWORK, things
from asmosis.errors import ControlPlaneError, Forbidden
from asmosis.redaction import redacted
from asmosis.translate import TRANSLATIONS, Names, Promise, groups_in
from asmosis.units import State, Unit

if TYPE_CHECKING:
    from asmosis.azure.arm import ArmClient

_LOCKS = ("providers/Microsoft.Authorization/locks", "2016-09-01")
_LOCK = "/providers/microsoft.authorization/locks/"
_STEPS = 9  # of the id of a resource, counting the empty one before the first slash
_TAG = "asmosis-verify"


@dataclass(frozen=True)
class Lack:
    """What is not as it has to be after a commit; `what` is TYPE/NAME, a group or a control plane."""

    what: str
    why: str


@dataclass(frozen=True)
class Verification:
    """What was found of a committed unit.

    `resources` is the number of them, `notes` what is worth knowing and does no harm; `verdict` is there if somebody
    still knew what was promised.
    """

    unit: Unit
    state: State
    groups: tuple[str, ...]
    resources: int
    lacks: tuple[Lack, ...]
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None

    @property
    def good(self) -> bool:
        """Whether the unit is committed, whole and manageable."""
        return not self.lacks


def verify(
    unit: Unit,
    asm: AsmClient,
    arm: "ArmClient",
    promised: Promise | None = None,
    *,
    starred: bool = False,
    write: bool = False,
) -> Verification:
    """Look at both sides of a unit after its commit.

    Args:
        unit: what was committed.
        asm: has to know nothing of it any more.
        arm: has to hold all of it.
        promised: what it was to become; without it, a resource is known to be missing if another one refers to it.
        starred: the promise has stars where secrets were, as evidence does; what is found is compared with stars too.
        write: also write a tag to one resource and take it off again; without it nothing is changed.

    Raises:
        ControlPlaneError, Unreachable, UnreadableDocument: a control plane does not tell; what only may not be read
            is a lack.
    """
    own = groups_in(promised) if promised else (Names().group(unit.name),)
    state = state_of(unit, asm, arm, own)
    if state is not State.COMMITTED:
        return Verification(unit, state, own, 0, (Lack("classic" if state is not State.ABSENT else "ARM", _OF[state]),))
    groups, held = own, arm.holdings(own)
    if promised is None and (further := _groups_in_network(held.resources, own)):
        groups = (*own, *further)
        held = arm.holdings(groups)
    found = redacted(held.resources) if starred else held.resources
    verdict = check(promised, found, held.unread) if promised else None
    barring, harmless = _locks(arm, held)
    lacks = [
        *(Lack(f"resource group {each.group}", str(each)) for each in held.unread),
        *(_of_verdict(verdict) if verdict else _dangling(held, groups)),
        *_not_in_order(held.resources),
        *barring,
    ]
    if write and not lacks:
        lacks += _written(arm, held.resources)
    return Verification(unit, state, groups, len(held.resources), tuple(dict.fromkeys(lacks)), tuple(harmless), verdict)


_OF: Mapping[State, str] = {
    **{state: f"It still has the unit, which is {state}." for state in State},
    State.CLASSIC: "It still has the unit, which has not begun to migrate.",
    State.PREPARED: "It still has the unit, which is prepared and locked; commit or abort it.",
    State.ABSENT: "Neither side has the unit.",
}


def _groups_in_network(bodies: Sequence[Mapping[str, Any]], known: Collection[str]) -> tuple[str, ...]:
    """The groups of what stands in the subnets: the cloud services of a network, whose names nobody knows any more."""
    seen = {group.casefold() for group in known}
    further: dict[str, str] = {}
    for body in bodies:
        if str(body["type"]).casefold() == VIRTUAL_NETWORK:
            for subnet in body["properties"].get("subnets") or ():
                for inner in subnet["properties"].get("ipConfigurations") or ():
                    group = str(inner["id"]).split("/")[4]
                    if group.casefold() not in seen:
                        further.setdefault(group.casefold(), group)
    return tuple(further.values())


def _not_in_order(bodies: Sequence[Mapping[str, Any]]) -> Iterator[Lack]:
    for body in bodies:
        state = str((body.get("properties") or {}).get("provisioningState", "Succeeded"))
        if state.casefold() != "succeeded":
            yield Lack(_short(body["id"]), f"Its provisioning state is {state}.")


def _of_verdict(verdict: Verdict) -> Iterator[Lack]:
    for each in verdict.told("real"):
        yield Lack(each.resource, f"{each.path}: {each.why}" if each.path else each.why)


def _dangling(held: Holdings, read: Collection[str]) -> Iterator[Lack]:
    """References into the groups that lead nowhere, of types that a migration makes."""
    there = {thing.id.casefold() for thing in things(held.resources)}
    groups = {group.casefold() for group in read}
    made = {type.casefold() for type in TRANSLATIONS}
    for body in held.resources:
        for identifier in _references(body.get("properties")):
            steps = identifier.split("/")[:_STEPS]
            target, type = "/".join(steps), "/".join(steps[6:8])
            if len(steps) < _STEPS or type.casefold() not in made or target.casefold() in there:
                continue
            hidden = any(each.hides(type, steps[4], steps[8:]) for each in held.unread)
            if steps[4].casefold() in groups and not hidden:
                yield Lack(_short(target), f"It is not there, but {_short(body['id'])} refers to it.")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "id" and isinstance(inner, str):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _locks(arm: "ArmClient", held: Holdings) -> tuple[list[Lack], list[str]]:
    """Locks of people: what bars every write is a lack, what only bars deletes is told."""
    try:
        locks = arm.read(*_LOCKS)
    except Forbidden as refusal:
        return [Lack("locks", f"They may not be read: {refusal.status} {refusal.code}: {refusal.message}")], []
    barring, harmless = [], []
    for lock in locks:
        scope = str(lock["id"])[: str(lock["id"]).casefold().rfind(_LOCK)].casefold()
        count = sum(f"{body['id']}/".casefold().startswith(f"{scope}/") for body in held.resources)
        if count:
            level = str(lock["properties"]["level"])
            words = f"The lock {lock['name']} ({level}) on {scope} counts for {count} of its resources."
            if level.casefold() == "readonly":
                barring.append(Lack("locks", words))
            else:
                harmless.append(words)
    return barring, harmless


def _written(arm: "ArmClient", bodies: Sequence[Mapping[str, Any]]) -> Iterator[Lack]:
    """Write a tag to the first resource that stands by itself, and put its tags back as they were."""
    body = next((body for body in bodies if str(body["id"]).count("/") == _STEPS - 1), None)
    if body is None:
        return
    identifier, before = str(body["id"]), dict(body.get("tags") or {})
    name = f"{_TAG}-{uuid4().hex[:8]}"
    try:
        kept = arm.retag(identifier, {**before, name: "written"})
    except ControlPlaneError as refusal:
        yield Lack(_short(identifier), f"A tag cannot be written: {refusal}")
        return
    if name not in kept:
        yield Lack(_short(identifier), "A tag was written and is not there.")
    try:
        kept = arm.retag(identifier, before)
    except ControlPlaneError as refusal:
        yield Lack(_short(identifier), f"The tag {name} was written and cannot be taken off: {refusal}")
        return
    if name in kept:
        yield Lack(_short(identifier), f"The tag {name} was taken off and is still there.")


def _short(identifier: Any) -> str:
    return str(identifier).partition("/providers/")[2]
