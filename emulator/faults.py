"""Scripted faults: what `/_control/faults` takes and which request it meets."""

import re
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from emulator.store import Store
from emulator.wrongs import Wrong

QUOTA_TEXT = (
    "The current quota for {resource} in Azure Resource Manager is insufficient to complete migration. "
    "Current quota is {current}, additional needed is {needed}. File a support request to raise the quota "
    "and retry migration once the quota has been raised."
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Strict):
    """Which requests a fault meets: all that is given must match; `nth` lets the first ones pass."""

    plane: Literal["asm", "arm", "identity"] | None = None
    method: str | None = None
    path: str | None = Field(None, description="regular expression, searched in the path and query")
    subscription: str | None = None
    verb: Literal["validate", "prepare", "commit", "abort"] | None = None
    unit: str | None = Field(None, description="KIND/NAME")
    nth: Annotated[int, Field(ge=1)] = 1

    @field_validator("path")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                msg = f"not a regular expression: {error}"
                raise ValueError(msg) from None
        return value


class Failure(_Strict):
    """How an operation ends instead of succeeding; with a `service`, the other ones of its network get through."""

    code: str = "InternalError"
    message: str = "The server encountered an internal error. Please retry the request."
    http_status: int = 400
    service: str = ""


class Quota(_Strict):
    """A quota of Resource Manager that is too small."""

    resource: str
    current: int
    needed: int


class Then(_Strict):
    """What happens; several may be combined."""

    delay: Annotated[float, Field(ge=0, le=3600)] = 0
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    code: str = "InternalError"
    message: str = "The server encountered an internal error. Please retry the request."
    body: str | None = None
    content_type: str = "text/plain"
    headers: dict[str, str] = {}
    hang: bool = False
    cut: bool = False
    lose_reply: bool = False
    crash: Literal["before", "after"] | None = None
    operation: Failure | None = None
    quota: Quota | None = None
    wrong: Wrong | tuple[Wrong, ...] = ()

    @property
    def keeps_from_work(self) -> bool:
        """Whether the request is held up, or never worked on."""
        return bool(self.delay or self.hang or self.cut or self.status is not None or self.crash == "before")


class Script(_Strict):
    """One fault; `times` is how many matching requests it meets, null means all."""

    when: When = When()
    then: Then
    times: Annotated[int, Field(ge=1)] | None = 1


class Plan(_Strict):
    """What an accepted operation is to go wrong by; kept with it until it ends."""

    failure: Failure | None = None
    wrong: tuple[Wrong, ...] = ()


class Request(_Strict):
    """What a fault is matched against."""

    plane: str
    method: str
    path: str
    subscription: str = ""
    verb: str | None = None
    unit: str | None = None


def add(store: Store, script: Script) -> int:
    """Keep a fault; answers its number."""
    rows = store.execute(
        "INSERT INTO fault (script, remaining) VALUES (?, ?) RETURNING id",
        (script.model_dump_json(), script.times),
    )
    return int(rows[0]["id"])


def listed(store: Store) -> list[dict[str, Any]]:
    """Faults that may still strike."""
    rows = store.execute("SELECT id, script, remaining, seen FROM fault ORDER BY id")
    return [
        {
            "id": row["id"],
            "seen": row["seen"],
            "remaining": row["remaining"],
            **Script.model_validate_json(row["script"]).model_dump(exclude_defaults=True),
        }
        for row in rows
    ]


def clear(store: Store) -> None:
    """Forget all faults."""
    store.execute("DELETE FROM fault")


def strike(store: Store, request: Request) -> list[Then]:
    """The faults that this request meets; each is counted, and on disk before it happens."""
    rows = store.execute("SELECT id, script, remaining, seen FROM fault ORDER BY id")
    met = []
    with store.transaction():
        for row in rows:
            script = Script.model_validate_json(row["script"])
            if not _matches(script.when, request):
                continue
            seen = row["seen"] + 1
            store.execute("UPDATE fault SET seen = ? WHERE id = ?", (seen, row["id"]))
            if seen < script.when.nth:
                continue
            met.append(script.then)
            if row["remaining"] is not None:
                _spend(store, row["id"], row["remaining"] - 1)
    return met


def plan(met: list[Then]) -> Plan:
    """What the met faults do to an operation that the request starts."""
    failures = [failure for then in met if (failure := _failure(then))]
    wrongs = [(then.wrong,) if isinstance(then.wrong, Wrong) else then.wrong for then in met]
    return Plan(failure=failures[0] if failures else None, wrong=tuple(chain.from_iterable(wrongs)))


def _matches(when: When, request: Request) -> bool:
    return (
        when.plane in (None, request.plane)
        and (when.method is None or when.method.upper() == request.method)
        and (when.path is None or re.search(when.path, request.path) is not None)
        and (when.subscription is None or when.subscription.lower() == request.subscription.lower())
        and when.verb in (None, request.verb)
        and (when.unit is None or when.unit.lower() == (request.unit or "").lower())
    )


def _spend(store: Store, fault: int, remaining: int) -> None:
    if remaining:
        store.execute("UPDATE fault SET remaining = ? WHERE id = ?", (remaining, fault))
    else:
        store.execute("DELETE FROM fault WHERE id = ?", (fault,))


def _failure(then: Then) -> Failure | None:
    if then.quota:
        return Failure(code="BadRequest", message=QUOTA_TEXT.format(**then.quota.model_dump()))
    return then.operation
