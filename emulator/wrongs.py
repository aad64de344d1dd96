"""Wrong results, for a check to find: what a migration makes is not what it should have made."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emulator.errors import PlatformError
from emulator.transform import ArmResource

_NEEDS = {
    "set": ("path",),
    "add": ("path",),
    "drop": ("path",),
    "swap": ("path", "other"),
    "missing": (),
    "extra": ("other",),
}


class Wrong(BaseModel):
    """One result that comes out wrong on the Resource Manager side.

    `name` of a resource within another is PARENT/NAME, `group` is for names that several groups have. `path` has dots,
    or is a list where keys have; positions in lists are numbers. `do` says what happens: `value` is set at the path or
    added to the list there; what is there is dropped, or swapped with that of the resource `other`; the whole resource
    is missing, or there is an extra one just like it under the name `other`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    name: str
    group: str = ""
    do: Literal["set", "add", "drop", "swap", "missing", "extra"] = "set"
    path: str | Annotated[tuple[str | int, ...], Field(min_length=1)] = ""
    value: Any = None
    other: str = ""

    @model_validator(mode="after")
    def _complete(self) -> "Wrong":
        lacking = [name for name in _NEEDS[self.do] if not getattr(self, name)]
        if lacking:
            msg = f"{self.do} needs {' and '.join(lacking)}"
            raise ValueError(msg)
        return self

    @property
    def steps(self) -> list[str]:
        """The path, step by step; an instance view is where it is kept."""
        steps = self.path.split(".") if isinstance(self.path, str) else [str(step) for step in self.path]
        return ["_instanceView", *steps[2:]] if steps[:2] == ["properties", "instanceView"] else steps


def distorted(resources: Sequence[ArmResource], wrongs: Sequence[Wrong]) -> list[ArmResource]:
    """The resources with everything that is to be wrong.

    Raises:
        PlatformError: a wrong result names a resource or a place that is not there.
    """
    made = list(resources)
    for wrong in wrongs:
        at = _find(made, wrong, wrong.name)
        body = _copy(made[at].body)
        match wrong.do:
            case "missing":
                below = f"{made[at].id}/".lower()
                gone = made[at].id
                made = [each for each in made if each.id != gone and not each.id.lower().startswith(below)]
                continue
            case "extra":
                name = wrong.other.rpartition("/")[2]
                id_ = f"{made[at].id.rpartition('/')[0]}/{name}"
                parts = json.dumps(body).replace(f'"{made[at].id}/', f'"{id_}/')
                made.append(ArmResource(id_, {**json.loads(parts), "id": id_, "name": name}))
                continue
            case "swap":
                far = _find(made, wrong, wrong.other)
                other = _copy(made[far].body)
                mine, theirs = _at(body, wrong), _at(other, wrong)
                _put(body, wrong, theirs)
                _put(other, wrong, mine)
                made[far] = ArmResource(made[far].id, other)
            case "set":
                _put(body, wrong, wrong.value)
            case "add":
                _at(body, wrong).append(wrong.value)
            case "drop":
                _drop(body, wrong)
        made[at] = ArmResource(made[at].id, body)
    return made


def _find(resources: Sequence[ArmResource], wrong: Wrong, name: str) -> int:
    wanted = (wrong.type.lower(), name.lower())
    for at, resource in enumerate(resources):
        steps = resource.id.lower().split("/")
        spelled = ("/".join([steps[6], *steps[7::2]]), "/".join(steps[8::2])) if len(steps) > 6 else ("", "")  # noqa: PLR2004 -- a group has no provider
        if wanted == spelled and wrong.group.lower() in ("", steps[4]):
            return at
    raise _unfit(wrong, f"nothing makes {wrong.type} {name}")


def _place(body: Any, wrong: Wrong, *, make: bool) -> tuple[Any, str | int]:
    """What holds the end of the path, and where in it; `make` makes objects on the way."""
    place = body
    *way, last = wrong.steps
    try:
        for step in way:
            if make and isinstance(place, dict):
                place.setdefault(step, {})
            place = place[int(step)] if isinstance(place, list) else place[step]
        end: str | int = int(last) if isinstance(place, list) else last
    except (LookupError, ValueError, AttributeError, TypeError):
        raise _unfit(wrong, "the path leads nowhere") from None
    return place, end


def _at(body: Any, wrong: Wrong) -> Any:
    place, end = _place(body, wrong, make=False)
    try:
        return place[end]
    except (LookupError, TypeError):
        raise _unfit(wrong, "nothing is there") from None


def _put(body: Any, wrong: Wrong, value: Any) -> None:
    place, end = _place(body, wrong, make=True)
    try:
        place[end] = value
    except (LookupError, TypeError):
        raise _unfit(wrong, "nothing can be set there") from None


def _drop(body: Any, wrong: Wrong) -> None:
    _at(body, wrong)
    place, end = _place(body, wrong, make=False)
    del place[end]


def _copy(body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(body))
    return found


def _unfit(wrong: Wrong, why: str) -> PlatformError:
    where = f"{wrong.type} {wrong.name} {'.'.join(wrong.steps)}".rstrip()
    return PlatformError(400, "FaultDoesNotFit", f"The scripted wrong result of {where} cannot be made: {why}.")
