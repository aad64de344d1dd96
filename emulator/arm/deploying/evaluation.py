"""Evaluating expressions: scope, the functions that ordinary templates use, and what is known only while deploying."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.arm.deploying import problems
from emulator.arm.deploying.expressions import (
    Expression,
    FunctionCall,
    Literal,
    SyntaxProblemError,
    is_expression,
    parse,
)
from emulator.errors import NotEmulatedError
from emulator.transform import bodies

_LONGEST_TEXT = 1_000_000

Lookup = Callable[[str], Any]


class Unknown:
    """What a function tells only once the resource is there; whatever is made of it is unknown as well."""

    def __repr__(self) -> str:
        return "(known after deployment)"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Scope:
    """Where an expression stands.

    `lookup` gives the body of a resource by its id, or `UNKNOWN` before it is deployed; `referred` collects the ids
    and names that `reference` asked for.
    """

    subscription: str
    tenant: str
    group: Mapping[str, Any]
    deployment: str
    lookup: Lookup
    parameters: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    referred: set[str] = field(default_factory=set)


def evaluated(value: Any, scope: Scope) -> Any:
    """A JSON value with all its expressions replaced, keys included.

    Raises:
        PlatformError: 400 InvalidTemplate.
        NotEmulatedError: a function of the language that the emulator leaves out.
    """
    if isinstance(value, str):
        return _of_text(value, scope)
    if isinstance(value, list):
        return [evaluated(item, scope) for item in value]
    if isinstance(value, dict):
        return {str(_of_text(name, scope)): evaluated(inner, scope) for name, inner in value.items()}
    return value


def _of_text(text: str, scope: Scope) -> Any:
    if text.startswith("[[") and text.endswith("]"):
        return text[1:]
    if not is_expression(text):
        return text
    try:
        return _value(parse(text), scope)
    except SyntaxProblemError as problem:
        raise problems.language(text, str(problem)) from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
        raise problems.language(text, str(problem) or type(problem).__name__) from None


def _value(tree: Expression, scope: Scope) -> Any:
    if isinstance(tree, Literal):
        return tree.value
    if isinstance(tree, FunctionCall):
        return _called(tree, scope)
    return _member(_value(tree.of, scope), _value(tree.key, scope))


def _member(of: Any, key: Any) -> Any:
    if UNKNOWN in (of, key):
        return UNKNOWN
    if isinstance(of, Mapping):
        for name, value in of.items():
            if name.lower() == str(key).lower():
                return value
        msg = f"the language expression property '{key}' doesn't exist"
        raise LookupError(msg)
    if isinstance(key, bool) or not isinstance(key, int) or key < 0 or not isinstance(of, list | str):
        msg = f"'{key}' cannot be taken of {type(of).__name__}"
        raise TypeError(msg)
    return of[key]


def _called(tree: FunctionCall, scope: Scope) -> Any:
    if tree.name in _LEFT_OUT:
        raise NotEmulatedError(f"the template function {tree.name}")
    if tree.name == "if":
        condition, *branches = tree.arguments
        chosen = _value(condition, scope)
        return UNKNOWN if chosen is UNKNOWN else _value(branches[0 if _flag(chosen) else 1], scope)
    arguments = [_value(argument, scope) for argument in tree.arguments]
    if tree.name in _OF_SCOPE:
        return _OF_SCOPE[tree.name](scope, *arguments)
    if tree.name not in _PLAIN:
        msg = f"the template function '{tree.name}' is not valid"
        raise LookupError(msg)
    return UNKNOWN if any(argument is UNKNOWN for argument in arguments) else _PLAIN[tree.name](*arguments)


def _parameters(scope: Scope, name: str) -> Any:
    return _named(scope.parameters, name, "parameter")


def _variables(scope: Scope, name: str) -> Any:
    return _named(scope.variables, name, "variable")


def _named(values: Mapping[str, Any], name: str, what: str) -> Any:
    for known in values:
        if known.lower() == name.lower():
            return values[known]
    msg = f"the template {what} '{name}' is not found"
    raise LookupError(msg)


def _resource_id(scope: Scope, *parts: str) -> str:
    """`resourceId([subscription], [group], type, name, ...)`."""
    before = next((n for n, part in enumerate(parts) if "/" in part), len(parts))
    scopes, rest = parts[:before], parts[before:]
    if not rest or len(scopes) > 2:  # noqa: PLR2004 -- subscription and group
        msg = "resourceId needs a resource type"
        raise ValueError(msg)
    subscription = scopes[0] if len(scopes) > 1 else scope.subscription
    group = scopes[-1] if scopes else scope.group["name"]
    return f"{bodies.group_id(subscription, group)}{_provider_path(rest)}"


def _subscription_resource_id(scope: Scope, *parts: str) -> str:
    scopes, rest = (parts[:1], parts[1:]) if parts and "/" not in parts[0] else ((), parts)
    return f"/subscriptions/{scopes[0] if scopes else scope.subscription}{_provider_path(rest)}"


def _provider_path(parts: tuple[str, ...]) -> str:
    namespace, *types = parts[0].split("/")
    names = parts[1:]
    if len(types) != len(names):
        msg = f"the type '{parts[0]}' does not fit {len(names)} names"
        raise ValueError(msg)
    pairs = "".join(f"/{type_}/{name}" for type_, name in zip(types, names, strict=True))
    return f"/providers/{namespace}{pairs}"


def _reference(scope: Scope, target: Any, _version: str = "", full: str = "") -> Any:
    if target is UNKNOWN:
        return UNKNOWN
    scope.referred.add(target)
    body = scope.lookup(target)
    return body if body is UNKNOWN or full.lower() == "full" else body["properties"]


def _list_keys(scope: Scope, target: Any, _version: str = "", _body: Any = None) -> Any:
    if target is UNKNOWN:
        return UNKNOWN
    scope.referred.add(target)
    body = scope.lookup(target)
    if body is UNKNOWN:
        return UNKNOWN
    return {"keys": [{"keyName": f"key{n}", "value": key} for n, key in enumerate(body.get("_keys", []), 1)]}


def _concat(*parts: Any) -> Any:
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    made = "".join(map(_text, parts))
    if len(made) > _LONGEST_TEXT:
        msg = f"the text is longer than {_LONGEST_TEXT} characters"
        raise ValueError(msg)
    return made


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, bool) else json.dumps(value)


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: _text(values[int(found[1])]), pattern)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    msg = f"'{value}' is not a boolean"
    raise ValueError(msg)


def _equals(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, dict):
        return str(item).lower() in (name.lower() for name in container)
    return item in container


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else start + length
    if not 0 <= start <= end <= len(text):
        msg = "start and length have to be within the text"
        raise ValueError(msg)
    return text[start:end]


def _union(first: Any, *others: Any) -> Any:
    if isinstance(first, dict):
        return {name: value for part in (first, *others) for name, value in part.items()}
    found: list[Any] = []
    for item in (each for part in (first, *others) for each in part):
        if item not in found:
            found.append(item)
    return found


def _object(*pairs: Any) -> dict[str, Any]:
    return dict(zip(pairs[0::2], pairs[1::2], strict=True))


def _split(text: str, marks: str | list[str]) -> list[str]:
    parts = [text]
    for mark in [marks] if isinstance(marks, str) else marks:
        parts = [piece for part in parts for piece in part.split(mark)]
    return parts


_OF_SCOPE: dict[str, Callable[..., Any]] = {
    "parameters": _parameters,
    "variables": _variables,
    "resourceid": _resource_id,
    "subscriptionresourceid": _subscription_resource_id,
    "reference": _reference,
    "listkeys": _list_keys,
    "resourcegroup": lambda scope: dict(scope.group),
    "subscription": lambda scope: {
        "id": f"/subscriptions/{scope.subscription}",
        "subscriptionId": scope.subscription,
        "tenantId": scope.tenant,
        "displayName": scope.subscription,
    },
    "tenant": lambda scope: {"tenantId": scope.tenant},
    "deployment": lambda scope: {"name": scope.deployment},
}
_PLAIN: dict[str, Callable[..., Any]] = {
    "concat": _concat,
    "format": _format,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "replace": lambda text, old, new: text.replace(old, new),
    "split": _split,
    "join": lambda parts, mark: mark.join(map(_text, parts)),
    "substring": _substring,
    "startswith": lambda text, part: text.lower().startswith(part.lower()),
    "endswith": lambda text, part: text.lower().endswith(part.lower()),
    "string": _text,
    "int": int,
    "bool": _flag,
    "json": json.loads,
    "length": len,
    "empty": lambda value: value is None or len(value) == 0,
    "first": lambda value: value[0],
    "last": lambda value: value[-1],
    "contains": _contains,
    "union": _union,
    "createarray": lambda *items: list(items),
    "array": lambda value: value if isinstance(value, list) else [value],
    "createobject": _object,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "equals": _equals,
    "not": lambda value: not _flag(value),
    "and": lambda *values: all(map(_flag, values)),
    "or": lambda *values: any(map(_flag, values)),
    "less": lambda one, other: one < other,
    "greater": lambda one, other: one > other,
    "add": lambda one, other: one + other,
    "sub": lambda one, other: one - other,
    "mul": lambda one, other: int(one) * int(other),
    "div": lambda one, other: one // other,
    "mod": lambda one, other: one % other,
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
}
_LEFT_OUT = frozenset(
    (
        *("copyindex", "uniquestring", "guid", "newguid", "utcnow", "providers", "environment", "managementgroup"),
        *("datetimeadd", "base64", "base64tostring", "uri", "uricomponent", "filter", "map", "reduce", "lambda"),
        *("pickzones", "padleft", "take", "skip", "range", "intersection", "indexof", "lastindexof", "min", "max"),
        *("extensionresourceid", "tenantresourceid", "listaccountsas", "listservicesas", "listsecrets", "datauri"),
    )
)
"""Functions of the language that are told apart from those that do not exist (documented)."""
