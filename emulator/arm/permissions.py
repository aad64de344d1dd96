"""Which action a request to Resource Manager asks for, and whether a role allows it.

How actions are named, that wildcards match any text, that exceptions are taken away from what is allowed, and the words
of the refusal are documented. That a list is refused as a whole, where the real service may answer what remains, is
assumed; so is that of a template's resources only the deployment itself is asked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from emulator.errors import PlatformError

_DONE_BY: Mapping[str, str] = MappingProxyType(
    {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
)
_RESOURCES = "Microsoft.Resources"
_SUBSCRIPTION = f"{_RESOURCES}/subscriptions"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups"
# What the documented names have otherwise than the rule: asking for a name changes nothing, a key is a secret.
_EXCEPTIONS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("POST", "microsoft.keyvault/checknameavailability"): "read",
        ("POST", "microsoft.storage/checknameavailability"): "read",
        ("GET", "microsoft.network/connections/sharedkey"): "action",
    }
)


@dataclass(frozen=True)
class Asked:
    """An action over a scope, as a role allows it or not."""

    action: str
    scope: str


def asked(method: str, path: str) -> Asked | None:
    """What a request to the Resource Manager plane asks for; none for what everybody may ask."""
    steps = path.strip("/").split("/")
    if len(steps) < 2 or steps[0].lower() != "subscriptions":  # noqa: PLR2004 - the word and the subscription
        return None
    scope, below = f"/{'/'.join(steps[:2])}", steps[2:]
    if below and below[0].lower() == "resourcegroups":
        below[0] = "resourceGroups"
    if len(below) > 1 and below[0] == "resourceGroups":
        scope, below = f"{scope}/{'/'.join(below[:2])}", below[2:]
        own = _GROUP
    else:
        own = _SUBSCRIPTION
    words = [word.lower() for word in below]
    if "providers" not in words[:-1]:
        return Asked(_named(method, own, below), scope)
    # A resource that extends another one, such as a lock, counts by its own type.
    last = len(words) - 2 - words[-2::-1].index("providers")
    namespace, *names = below[last + 1 :]
    if last:
        scope = f"{scope}/{'/'.join(below[:last])}"
    if not names:
        return Asked(f"{_SUBSCRIPTION}/providers/read", scope)
    if last == 0:
        scope = f"{scope}/providers/{'/'.join([namespace, *(names if len(names) % 2 == 0 else names[:-1])])}"
    return Asked(_named(method, namespace, names), scope)


def allowed(action: str, actions: Iterable[str], exceptions: Iterable[str] = ()) -> bool:
    """Whether a role with these actions, less the exceptions, allows the action."""
    return any(_matches(each, action) for each in actions) and not any(_matches(each, action) for each in exceptions)


def refusal(who: str, wanted: Asked) -> PlatformError:
    """Nobody gave the caller a role that allows it."""
    return PlatformError(
        403,
        "AuthorizationFailed",
        f"The client '{who}' with object id '{who}' does not have authorization to perform action '{wanted.action}' "
        f"over scope '{wanted.scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials.",
    )


def _named(method: str, beginning: str, names: list[str]) -> str:
    """The types among names and types in turn, and what is done to them; a POST ends in what it does."""
    kind = "/".join([beginning, *names[::2]])
    done = _EXCEPTIONS.get((method, kind.lower())) or _DONE_BY.get(method, "action")
    return f"{kind}/{done}"


@cache
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, action.split("*"))), re.IGNORECASE)


def _matches(pattern: str, action: str) -> bool:
    return _pattern(pattern).fullmatch(action) is not None
