"""Locks that people put on a subscription, a group or a resource; they count for everything below.

What a level refuses and the text are documented.
"""

import json
from typing import Any

from starlette.responses import Response

from emulator.arm import paging, refusals
from emulator.arm.call import Call, answer, empty
from emulator.errors import PlatformError

_TYPE = "Microsoft.Authorization/locks"
_LEVELS = ("CanNotDelete", "ReadOnly")


def locks(call: Call) -> Response:
    """The locks on the subscription and on everything in it."""
    kept = _kept(call)
    return answer(paging.page(call, sorted(kept), str, lambda shown: [kept[key] for key in shown]))


def put_lock(call: Call) -> Response:
    """Lock the subscription, a group or a resource against deletes, or against all writes."""
    properties = call.document().get("properties")
    if not isinstance(properties, dict) or properties.get("level") not in _LEVELS:
        raise refusals.invalid_content(f"properties.level is one of {', '.join(_LEVELS)}")
    kept, id_ = _kept(call), _id(call)
    made = {"id": id_, "name": call.names["lock"], "type": _TYPE, "properties": properties}
    status = 200 if id_.lower() in kept else 201
    _keep(call, kept | {id_.lower(): made}, id_)
    return answer(made, status)


def delete_lock(call: Call) -> Response:
    """Take a lock off; 204 where there is none."""
    kept, id_ = _kept(call), _id(call)
    if kept.pop(id_.lower(), None) is None:
        return empty(204)
    _keep(call, kept, id_)
    return empty(200)


def require_no_lock(call: Call, resource_id: str) -> None:
    """Pass unless a lock on the resource or above it is in the way.

    Raises:
        PlatformError: 409 ScopeLocked.
    """
    deleting = call.method == "DELETE"
    for lock in _kept(call).values():
        scope = str(lock["id"]).rpartition(f"/providers/{_TYPE}/")[0]
        below = f"{resource_id}/".lower().startswith(f"{scope}/".lower())
        if below and (deleting or lock["properties"]["level"] == "ReadOnly"):
            raise PlatformError(
                409,
                "ScopeLocked",
                f"The scope '{resource_id}' cannot perform {'delete' if deleting else 'write'} operation because"
                f" following scope(s) are locked: '{scope}'. Please remove the lock and try again.",
            )


def _kept(call: Call) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(call.store.setting(_key(call), "{}"))
    return found


def _keep(call: Call, kept: dict[str, dict[str, Any]], id_: str) -> None:
    call.note.verb, call.note.unit, call.note.effect = call.method.lower(), id_, True
    call.store.set_setting(_key(call), json.dumps(kept))


def _key(call: Call) -> str:
    return f"arm.locks/{call.subscription.lower()}"


def _id(call: Call) -> str:
    return f"/subscriptions/{call.subscription}{call.names['scope']}/providers/{_TYPE}/{call.names['lock']}"
