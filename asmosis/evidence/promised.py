"""The promise as a part of the evidence, and from there."""

from dataclasses import asdict
from typing import Any

from pydantic import ConfigDict, ValidationError

from asmosis.arm.resource import ArmModel, Resource, body
from asmosis.errors import UnreadableDocument
from asmosis.evidence.bundle import Bundle
from asmosis.evidence.manifest import Content, json_content
from asmosis.translate import Loss, Promise

PROMISE = "promise"


def part_of_promise(promised: Promise) -> dict[str, Content]:
    """The resources as ARM's JSON, the ids of those whose names the platform chooses, and what gets lost."""
    told = {
        "resources": [body(resource) for resource in promised.resources],
        "generated": [resource.id for resource in promised.resources if resource.generated],
        "losses": [asdict(loss) for loss in promised.losses],
    }
    return {PROMISE: json_content(told)}


def promise_in(bundle: Bundle) -> Promise | None:
    """The promise that a bundle holds, with stars where a secret was; none if it holds none.

    Raises:
        UnreadableDocument: it is of another shape.
    """
    told = bundle.json(PROMISE)
    if told is None:
        return None
    try:
        generated = set(told["generated"])
        resources = tuple(_kept(each, generated=each["id"] in generated) for each in told["resources"])
        return Promise(bundle.unit, resources, tuple(Loss(**each) for each in told["losses"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise UnreadableDocument(f"{PROMISE} of {bundle.unit.short}", f"{type(error).__name__}: {error}") from None


class _Open(ArmModel):
    model_config = ConfigDict(extra="allow")


class _Kept(Resource):
    """A resource whatever its type: nobody sets anything in it any more."""

    model_config = ConfigDict(extra="allow")

    sku: Any = None
    properties: _Open


def _kept(told: dict[str, Any], *, generated: bool) -> Resource:
    return _Kept(**told, generated=generated)
