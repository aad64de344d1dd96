"""Reading a template: parameters, variables, resources in the order of their dependencies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulator.arm.deploying import problems
from emulator.arm.deploying.evaluation import UNKNOWN, Scope, evaluated
from emulator.errors import NotEmulatedError
from emulator.transform import bodies

DEPLOYMENT = "Microsoft.Resources/deployments"
_NOT_EMULATED = ("copy", "scope", "existing", "import")
_OURS = ("type", "name", "dependsOn", "apiVersion", "comments", "condition", "resources", "resourceGroup", "metadata")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "bool": (bool,),
    "object": (dict,),
    "secureobject": (dict,),
    "array": (list,),
}


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Parameter(_Open):
    type: str
    defaultValue: Any = None  # noqa: N815 -- the wire's name
    allowedValues: list[Any] | None = None  # noqa: N815 -- the wire's name

    @property
    def is_secret(self) -> bool:
        return self.type.lower().startswith("secure")


class _Template(_Open):
    contentVersion: str  # noqa: N815 -- the wire's name
    schema_: str = Field(alias="$schema")
    parameters: dict[str, _Parameter] | None = None
    variables: dict[str, Any] | None = None
    resources: list[dict[str, Any]]
    outputs: dict[str, dict[str, Any]] | None = None


@dataclass(frozen=True)
class Item:
    """One resource of a template; `document` is unevaluated, not `wanted` is one whose condition is false.

    `after` names what it depends on, in lower case: ids once the plan is made. `mentions` is what it refers to.
    """

    type: str
    name: str
    id: str
    api_version: str
    wanted: bool
    document: Mapping[str, Any] = field(repr=False)
    after: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()

    @property
    def is_deployment(self) -> bool:
        """Whether it is a deployment inside the deployment."""
        return self.type.lower() == DEPLOYMENT.lower()


@dataclass(frozen=True)
class Plan:
    """A template that was understood; `items` come after what they depend on, secrets are not in `parameters`."""

    scope: Scope = field(repr=False)
    items: tuple[Item, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    parameters: Mapping[str, Mapping[str, Any]]


def read(template: Any, given: Mapping[str, Any], scope: Scope) -> Plan:
    """What a template with these parameters means in the scope's group.

    Raises:
        PlatformError: 400 InvalidTemplate.
        NotEmulatedError: it uses a feature that the emulator leaves out.
    """
    understood = _understood(template)
    declared = understood.parameters or {}
    values = _parameters(declared, given, scope)
    inner = replace(scope, parameters=values, referred=set())
    inner = replace(inner, variables=_variables(understood.variables or {}, inner))
    shown = {
        name: {"type": declared[name].type, **({} if declared[name].is_secret else {"value": value})}
        for name, value in values.items()
    }
    return _planned(understood, inner, str(scope.group["id"]), shown)


def read_in_place(template: Any, scope: Scope, home: str) -> Plan:
    """What a nested template means whose expressions are the outer one's; `home` is the group that it deploys into.

    Raises:
        PlatformError: 400 InvalidTemplate.
        NotEmulatedError: it uses a feature that the emulator leaves out.
    """
    return _planned(_understood(template), replace(scope, referred=set()), home, {})


def document(item: Item, scope: Scope) -> dict[str, Any]:
    """What would be PUT to the item's id; the template of a nested deployment stays as it is."""
    sent = {name: value for name, value in item.document.items() if name not in _OURS}
    if not item.is_deployment:
        return dict(evaluated(sent, scope))
    properties = sent.get("properties")
    if not isinstance(properties, dict):
        raise problems.invalid_template(f"The deployment '{item.name}' has no properties")
    template = properties.get("template")
    rest = evaluated({name: value for name, value in properties.items() if name != "template"}, scope)
    return {"properties": {**rest, "template": template}}


def _understood(template: Any) -> _Template:
    if isinstance(template, dict) and isinstance(template.get("resources"), dict):
        raise NotEmulatedError("templates whose resources have symbolic names")
    try:
        return _Template.model_validate(template)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise problems.invalid_template(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _planned(understood: _Template, scope: Scope, home: str, shown: dict[str, dict[str, Any]]) -> Plan:
    found = list(_items(understood.resources, scope, home, ("", "")))
    before = replace(scope, lookup=lambda _: UNKNOWN)
    return Plan(scope, _ordered([_with_references(item, before) for item in found]), understood.outputs or {}, shown)


def _with_references(item: Item, scope: Scope) -> Item:
    """`reference` is a dependency as well (documented); every expression is tried before anything is deployed."""
    own = replace(scope, referred=set())
    if item.wanted:
        document(item, own)
    return replace(item, mentions=frozenset(name.lower() for name in own.referred))


def _parameters(declared: Mapping[str, _Parameter], given: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    spelled = {name.lower(): name for name in declared}
    if strangers := [name for name in given if name.lower() not in spelled]:
        raise problems.parameters_unknown(strangers, list(declared))
    sent = {spelled[name.lower()]: value for name, value in given.items()}
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name in sent:
            value = _given(name, sent[name])
        elif parameter.defaultValue is not None:
            value = evaluated(parameter.defaultValue, replace(scope, parameters=values))
        else:
            raise problems.parameter_missing(name)
        wanted = _TYPES.get(parameter.type.lower())
        if wanted is None:
            raise problems.invalid_template(f"The template parameter '{name}' has the unknown type '{parameter.type}'")
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise problems.parameter_type(name, parameter.type)
        if parameter.allowedValues is not None and value not in parameter.allowedValues:
            raise problems.parameter_not_allowed(name, parameter.allowedValues)
        values[name] = value
    return values


def _given(name: str, value: Any) -> Any:
    if isinstance(value, dict) and "reference" in value:
        raise NotEmulatedError("parameters that refer to secrets of key vaults")
    if not isinstance(value, dict) or "value" not in value:
        raise problems.parameter_missing(name)
    return value["value"]


def _variables(sources: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    if "copy" in sources:
        raise NotEmulatedError("copy loops in templates")
    return dict(_Variables(sources, scope))


class _Variables(Mapping[str, Any]):
    """Evaluates each variable when it is wanted, so that they may refer to each other in any order."""

    def __init__(self, sources: Mapping[str, Any], scope: Scope) -> None:
        self._sources = sources
        self._scope = replace(scope, variables=self)
        self._values: dict[str, Any] = {}
        self._open: list[str] = []

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            if name in self._open:
                raise problems.invalid_template(f"Circular reference of the template variable '{name}'")
            self._open.append(name)
            self._values[name] = evaluated(self._sources[name], self._scope)
            self._open.remove(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _items(
    sources: list[dict[str, Any]], scope: Scope, home: str, parent: tuple[str, str], *, wanted: bool = True
) -> Iterator[Item]:
    """The resources of a list and below them; `parent` is the type and the name that they are below of."""
    for source in sources:
        for feature in _NOT_EMULATED:
            if feature in source:
                raise NotEmulatedError(f"`{feature}` of a resource in a template")
        type_, name = _text(source, "type", scope), _text(source, "name", scope)
        if parent[0] and not type_.lower().startswith(f"{parent[0].lower()}/"):
            type_, name = f"{parent[0]}/{type_}", f"{parent[1]}/{name}"
        own = wanted and _condition(source, scope)
        yield _item(source, (type_, name), scope, home, wanted=own)
        children = source.get("resources") or []
        if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
            raise problems.invalid_template(f"The resources of '{name}' have to be a list of objects")
        yield from _items(children, scope, home, (type_, name), wanted=own)


def _condition(source: Mapping[str, Any], scope: Scope) -> bool:
    value = evaluated(source.get("condition", True), scope)
    if not isinstance(value, bool):
        raise problems.invalid_template("The condition of a resource has to be a boolean")
    return value


def _item(source: dict[str, Any], kind: tuple[str, str], scope: Scope, home: str, *, wanted: bool) -> Item:
    type_, name = kind
    names, types = name.split("/"), type_.split("/")
    if len(types) != len(names) + 1 or not all((*names, *types)):
        raise problems.segments(name, type_)
    if "resourceGroup" in source and type_.lower() == DEPLOYMENT.lower():
        home = bodies.group_id(scope.subscription, _text(source, "resourceGroup", scope))
    path = "".join(f"/{part}/{each}" for part, each in zip(types[1:], names, strict=True))
    depends = source.get("dependsOn") or []
    if not isinstance(depends, list):
        raise problems.invalid_template(f"The dependencies of '{name}' have to be a list")
    return Item(
        type=type_,
        name=name,
        id=f"{home}/providers/{types[0]}{path}",
        api_version=_text(source, "apiVersion", scope),
        wanted=wanted,
        document=source,
        after=frozenset(str(evaluated(each, scope)).lower() for each in depends),
    )


def _text(source: Mapping[str, Any], member: str, scope: Scope) -> str:
    value = evaluated(source.get(member), scope)
    if not isinstance(value, str) or not value:
        raise problems.invalid_template(f"The template resource has no valid '{member}'")
    return value


def _ordered(items: list[Item]) -> tuple[Item, ...]:
    by_id: dict[str, Item] = {}
    for item in items:
        if item.id.lower() in by_id:
            raise problems.defined_twice(item.id)
        by_id[item.id.lower()] = item
    graph = {
        id_: {found for name in item.after for found in _required(name, by_id)}
        | {found for name in item.mentions for found in _meant(name, by_id)}
        for id_, item in by_id.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise problems.circular([by_id[id_].id for id_ in error.args[1]]) from None
    # An item keeps the ids, so that what depends on a failed one is known.
    return tuple(replace(by_id[id_], after=frozenset(graph[id_])) for id_ in order)


def _required(name: str, by_id: Mapping[str, Item]) -> list[str]:
    found = _meant(name, by_id)
    if not found:
        raise problems.not_defined(name)
    return found


def _meant(name: str, by_id: Mapping[str, Item]) -> list[str]:
    """Ids of what an id, a name, or type and name say."""
    if name in by_id:
        return [name]
    return [
        id_
        for id_, item in by_id.items()
        if item.name.lower() == name or id_.endswith(f"/providers/{name}") or f"{item.type}/{item.name}".lower() == name
    ]
