"""What a rehearsed deployment changed, resource by resource."""

from typing import Any

from emulator.arm import views
from emulator.arm.deploying.templates import DEPLOYMENT
from emulator.arm.types import GROUP
from emulator.store import ArmRow, Store

_ALWAYS_NEW = ("etag", "resourceGuid", "time")


def present(store: Store, subscription: str) -> dict[str, ArmRow]:
    """Every resource by its id in lower case, without groups and deployments."""
    return {
        row.id.lower(): row for row in store.arm_list(subscription) if row.type.lower() not in (GROUP.lower(), _RECORD)
    }


def changes(before: dict[str, ArmRow], after: dict[str, ArmRow], named: set[str], group: str) -> list[dict[str, Any]]:
    """One entry per resource that the template names or that is in the group; `named` are ids in lower case."""
    found = []
    for id_, row in sorted(after.items()):
        earlier = before.get(id_)
        was, now = (_settled(earlier.body) if earlier else None), _settled(row.body)
        if earlier is None:
            found.append({"resourceId": row.id, "changeType": "Create", "after": now})
        elif was != now:
            found.append({"resourceId": row.id, "changeType": "Modify", "before": was, "after": now})
        elif id_ in named:
            found.append({"resourceId": row.id, "changeType": "NoChange", "before": was, "after": now})
        elif id_.startswith(f"{group.lower()}/"):
            found.append({"resourceId": row.id, "changeType": "Ignore", "before": was, "after": was})
    return found


def _settled(body: dict[str, Any]) -> Any:
    """A body without what every write makes anew."""
    return _without(views.public(body))


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(item) for item in value]
    if isinstance(value, dict):
        return {name: _without(inner) for name, inner in value.items() if name not in _ALWAYS_NEW}
    return value


_RECORD = DEPLOYMENT.lower()
