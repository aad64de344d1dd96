"""What migrates in one go, the states it goes through, and which step is due.

Kinds are rows: a migration that joins later (a gateway's, a scale set's) adds a row, not a branch.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from asmosis.errors import IllegalMove, StillMoving, UnknownUnit, UsageError


class Verb(StrEnum):
    """A step that the platform takes on a unit (`?comp=…`)."""

    VALIDATE = "validate"
    PREPARE = "prepare"
    COMMIT = "commit"
    ABORT = "abort"


class State(StrEnum):
    """Where a unit stands, as the platform tells it.

    `Classic` is an absent `MigrationState` on a resource that is there; `Committed` is a resource that classic no
    longer knows while ARM does; `Absent` is one that neither plane knows. The other words are the platform's.
    """

    CLASSIC = "Classic"
    PREPARING = "Preparing"
    PREPARED = "Prepared"
    PREPARE_FAILED = "PrepareFailed"
    COMMITTING = "Committing"
    COMMIT_FAILED = "CommitFailed"
    COMMITTED = "Committed"
    ABORTING = "Aborting"
    ABORT_FAILED = "AbortFailed"
    ABSENT = "Absent"

    @classmethod
    def of_platform(cls, text: str | None) -> "State":
        """The state that a `MigrationState` element stands for; absent, `None` and `Aborted` are classic."""
        if text in (None, "", "None", "Aborted"):
            return cls.CLASSIC
        return cls(text)

    @classmethod
    def overall(cls, parts: Iterable["State"]) -> "State":
        """One state for parts that may differ; parts at rest that differ are a prepare that did not complete (assumed).

        So prepare may be sent again and abort as well, but never commit.
        """
        found = set(parts) or {cls.CLASSIC}
        decisive = next((state for state in _DECISIVE if state in found), cls.PREPARE_FAILED)
        return found.pop() if len(found) == 1 else decisive

    @property
    def locked(self) -> bool:
        """Whether the management plane refuses changes to the unit."""
        return self not in (State.CLASSIC, State.COMMITTED, State.ABSENT)

    @property
    def abortable(self) -> bool:
        """Whether there is a way back: nobody has sent a commit."""
        return self not in (State.COMMITTING, State.COMMIT_FAILED, State.COMMITTED)


# Whatever still moves comes first, the least advanced before the others; then what failed, the gravest first.
_DECISIVE = (
    State.PREPARING,
    State.COMMITTING,
    State.ABORTING,
    State.COMMIT_FAILED,
    State.ABORT_FAILED,
    State.PREPARE_FAILED,
)


class Outcome(StrEnum):
    """How a run about one unit ended; the word is the final state's name in the Prefect server.

    `Prepared` is locked on purpose and waits for a later run, `Rehearsed` was prepared, checked and aborted, `Ready`
    was only judged.
    """

    COMMITTED = "Committed"
    ABORTED = "Aborted"
    PREPARED = "Prepared"
    REHEARSED = "Rehearsed"
    READY = "Ready"
    BLOCKED = "Blocked"
    PREPARE_FAILED = "PrepareFailed"
    INCOMPLETE = "Incomplete"

    @property
    def good(self) -> bool:
        """Whether the unit is where somebody wanted it."""
        return self in (Outcome.COMMITTED, Outcome.ABORTED, Outcome.PREPARED, Outcome.REHEARSED, Outcome.READY)


@dataclass(frozen=True)
class Kind:
    """One kind of unit: how it is called, where its verbs live, when it goes in a wave.

    `path` is relative to the subscription, with `{name}` (and `{deployment}` for a cloud service); `api_version` is
    the `x-ms-version` that knows the verbs (documented by Microsoft's own clients). `destination` says whether
    validate and prepare take a destination network; `last` that it waits for every other kind.
    """

    name: str
    title: str
    path: str
    api_version: str
    destination: bool = False
    last: bool = False


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "virtualNetwork",
            "virtual network with all its cloud services",
            "services/networking/virtualnetwork/{name}",
            "2016-07-01",
        ),
        Kind(
            "hostedService",
            "cloud service outside any network",
            "services/hostedservices/{name}/deployments/{deployment}",
            "2017-01-01",
            destination=True,
        ),
        Kind(
            "networkSecurityGroup",
            "unattached network security group",
            "services/networking/networksecuritygroups/{name}",
            "2016-07-01",
        ),
        Kind(
            "routeTable",
            "unattached route table",
            "services/networking/routetables/{name}",
            "2016-07-01",
        ),
        Kind(
            "reservedIp",
            "unattached reserved IP",
            "services/networking/reservedips/{name}",
            "2016-07-01",
        ),
        Kind(
            "storageAccount",
            "storage account",
            "services/storageservices/{name}",
            "2016-03-01",
            last=True,
        ),
    )
}

_SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, order=True)
class Unit:
    """A unit by name: `SUBSCRIPTION/KIND/NAME`."""

    subscription: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.subscription}/{self.kind}/{self.name}"

    @property
    def short(self) -> str:
        """`KIND/NAME`, for tags and tables within one subscription."""
        return f"{self.kind}/{self.name}"

    @cached_property
    def row(self) -> Kind:
        """The unit's kind."""
        return KINDS[self.kind]

    @classmethod
    def parse(cls, text: str, subscription: str = "") -> "Unit":
        """Read `KIND/NAME` or `SUBSCRIPTION/KIND/NAME`; a name may itself hold slashes and spaces.

        Raises:
            UnknownUnit: the text has no kind that is known, no name, or no subscription.
        """
        head, _, rest = text.partition("/")
        if _SUBSCRIPTION.fullmatch(head):
            subscription, (head, _, rest) = head, rest.partition("/")
        kind = next((known for known in KINDS if known.lower() == head.lower()), None)
        if kind is None or not rest:
            raise UnknownUnit(f"unit {text!r}", "it is not KIND/NAME", f"Kinds: {', '.join(KINDS)}.")
        if not subscription:
            raise UnknownUnit(f"unit {text!r}", "it names no subscription", "Use SUBSCRIPTION/KIND/NAME.")
        return cls(subscription.lower(), kind, rest)


class DestinationMode(StrEnum):
    """Where a cloud service outside any network goes (the words of `DestinationVirtualNetwork`)."""

    NEW = "New"
    EXISTING = "Existing"


@dataclass(frozen=True)
class Destination:
    """The ARM network for a cloud service outside any network; the platform makes one for `New`."""

    mode: DestinationMode = DestinationMode.NEW
    resource_group: str = ""
    virtual_network: str = ""
    subnet: str = ""

    def __post_init__(self) -> None:
        """An existing network needs all three of its names."""
        named = (self.resource_group, self.virtual_network, self.subnet)
        if self.mode is DestinationMode.EXISTING and not all(named):
            raise UsageError(
                "destination",
                "an existing network is not fully named",
                "Give resource_group, virtual_network and subnet.",
            )


def still_due(unit: Unit, verb: Verb, state: State, *, commit_sent: bool = False) -> bool:
    """Whether `verb` has still to be sent to the platform; `False` says it is already taken.

    Args:
        unit: for the words of an error.
        verb: prepare, commit or abort.
        state: what the platform says now.
        commit_sent: whether a commit was ever sent for the unit; from then on only forward.

    Raises:
        StillMoving: an earlier step is running; ask again later.
        IllegalMove: the life cycle forbids the step.
    """
    if state in _MOVING:
        raise StillMoving(str(unit), state)
    if verb is Verb.ABORT and (commit_sent or state in (State.COMMIT_FAILED, State.COMMITTED)):
        raise IllegalMove(str(unit), verb, state, "A commit was sent; only commit can be retried from here.")
    try:
        return _DUE[verb, state]
    except KeyError:
        raise IllegalMove(str(unit), verb, state, _REMEDY[verb]) from None


_MOVING = frozenset({State.PREPARING, State.COMMITTING, State.ABORTING})
_REMEDY = {
    Verb.VALIDATE: "Check the name and the subscription.",
    Verb.PREPARE: "Abort it first, or check the name if it is absent.",
    Verb.COMMIT: "Prepare it first, or check the name if it is absent.",
    Verb.ABORT: "There is nothing to abort; check the name.",
}
# (verb, state) -> due; what is not listed is illegal.
_DUE: dict[tuple[Verb, State], bool] = {
    (Verb.VALIDATE, State.CLASSIC): True,
    (Verb.VALIDATE, State.PREPARE_FAILED): True,
    (Verb.VALIDATE, State.ABORT_FAILED): False,
    (Verb.VALIDATE, State.PREPARED): False,
    (Verb.VALIDATE, State.COMMIT_FAILED): False,
    (Verb.VALIDATE, State.COMMITTED): False,
    (Verb.PREPARE, State.CLASSIC): True,
    (Verb.PREPARE, State.PREPARE_FAILED): True,
    (Verb.PREPARE, State.PREPARED): False,
    (Verb.PREPARE, State.COMMIT_FAILED): False,
    (Verb.PREPARE, State.COMMITTED): False,
    (Verb.COMMIT, State.PREPARED): True,
    (Verb.COMMIT, State.COMMIT_FAILED): True,
    (Verb.COMMIT, State.COMMITTED): False,
    (Verb.ABORT, State.PREPARED): True,
    (Verb.ABORT, State.PREPARE_FAILED): True,
    (Verb.ABORT, State.ABORT_FAILED): True,
    (Verb.ABORT, State.CLASSIC): False,
}
