"""Every classic field has a fate, and the translation does what the fates say."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from msgspec import structs
from pydantic import SecretStr

from asmosis.arm.resource import body
from asmosis.check.expected import EXPECTED
from asmosis.classic import compute, instance, network, role, storage, subscription
from asmosis.classic.documents import read_document
from asmosis.classic.estate import Estate
from asmosis.classic.xml import ClassicModel, fields_of
from asmosis.cli import call, output
from asmosis.translate import promise
from asmosis.translate.fates import FATES, LEFT_WHOLE, Field, Way, fates
from asmosis.translate.fates.page import fates_page

HERE = Path(__file__).parent
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
VHDS = "https://vineyarddisks.blob.core.windows.net/vhds"
MODELS = [
    model
    for room in (compute, instance, network, role, storage, subscription)
    for model in vars(room).values()
    if isinstance(model, type) and issubclass(model, ClassicModel) and model.__module__ == room.__name__
]
FIELDS = list(fates())
# What is only looked at where something else is absent.
SPARSE = (
    ("<IdleTimeoutInMinutes>10</IdleTimeoutInMinutes><DomainNameLabel>press1</DomainNameLabel>", ""),
    ("<RoleSize>Large</RoleSize>", ""),
    ("ConsoleScreenshotBlobUri", "SerialOutputBlobUri"),
    (
        "<AccountType>Standard_GRS</AccountType>",
        "<GeoReplicationEnabled>true</GeoReplicationEnabled><SecondaryReadEnabled>true</SecondaryReadEnabled>",
    ),
    ("<Vip>52.0.0.50</Vip>", "<Vip>52.0.0.50</Vip><IdleTimeoutInMinutes>9</IdleTimeoutInMinutes>"),
    ("<ReservedIPName>press-address</ReservedIPName></VirtualIP>", "</VirtualIP>"),
)
# Values that another one of the same kind would not do for: words of a vocabulary, and names of what is there.
INSTEAD: dict[tuple[type[ClassicModel], str], Any] = {
    (network.Gateway, "type"): "DedicatedCircuit",
    (network.Gateway, "default_sites"): (),
    (network.LocalNetworkSite, "connection_types"): ("Dedicated",),
    (network.Route, "next_hop"): "Internet",
    (network.Subnet, "network_security_group"): "spare-guard",
    (role.InputEndpoint, "vip"): "52.0.0.21",
    (role.InputEndpoint, "virtual_ip"): "unused",
    (role.DebugSettings, "console_screenshot_uri"): "https://other.blob.core.windows.net/a",
    (role.DebugSettings, "serial_output_uri"): "https://other.blob.core.windows.net/a",
    (role.ExtensionReference, "version"): "2.1",
    (role.ExtensionParameter, "value"): SecretStr("eyJhIjogMX0="),
    (compute.Deployment, "reserved_ip"): "another",
    (instance.RoleInstance, "status"): "StoppedDeallocated",
    (storage.StorageService, "endpoints"): (),
}
Edit = Callable[[Any], Any]
Outcome = tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str, str]]]


def documents(*edits: tuple[str, str]) -> Estate:
    """The documents of our own, with what no document tells, and a second slot and images beside."""
    found = []
    for path in sorted((HERE / "promised" / "documents").glob("*.xml")):
        text = path.read_text(encoding="utf-8")
        for old, new in edits:
            text = text.replace(old, new)
        found.append(read_document(text.encode(), path.name))
    [gateway] = read_document((HERE / "promised" / "lookout-gateway.xml").read_bytes(), "").models
    assert isinstance(gateway, network.Gateway)
    one = Estate.of_documents(SUBSCRIPTION, found)
    services = tuple(
        structs.replace(service, deployments=(*service.deployments, staging(service.deployments[0])))
        for service in one.hosted_services
    )
    disk = storage.ImageDisk(media_link=f"{VHDS}/a.vhd")
    return replace(
        one,
        hosted_services=services,
        gateways={"lookout": gateway},
        certificates={"press": ("AB12",)},
        os_images=(storage.OsImage(name="image", media_link=f"{VHDS}/b.vhd"),),
        vm_images=(storage.VmImage(name="machine", os_disk=disk, data_disks=(disk,)),),
    )


def staging(deployment: compute.Deployment) -> compute.Deployment:
    return structs.replace(deployment, name=f"{deployment.name}-next", slot="Staging")


def everything() -> Estate:
    """The documents with a value in every field that they leave empty."""
    return edited(documents(), filled)


ESTATES: tuple[Callable[[], Estate], ...] = (documents, lambda: documents(*SPARSE), everything)


def filled(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(filled(item) for item in value)
    if not isinstance(value, ClassicModel):
        return value
    given = {}
    for name, info in fields_of(type(value)).items():
        now = getattr(value, name)
        given[name] = sample(info.type) if now is None or now == () else filled(now)
    return structs.replace(value, **given)


def sample(annotation: Any) -> Any:
    """Any value of a field's type; a tuple has one item."""
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if get_origin(annotation) is tuple:
        return (sample(kinds[0]),)
    if get_origin(annotation) is Literal:
        return kinds[-1]
    if get_origin(annotation) is Annotated or kinds:
        return sample(kinds[0])
    if issubclass(annotation, ClassicModel):
        return annotation(**{name: sample(info.type) for name, info in fields_of(annotation).items()})
    return {str: "sample", bool: True, int: 7, float: 7.0, SecretStr: SecretStr("c2FtcGxl")}[annotation]


def edited(estate: Estate, edit: Edit) -> Estate:
    """A new estate, so that nothing of the old one's look-ups is kept."""
    fields: dict[str, Any] = {}
    for name, value in vars(replace(estate)).items():
        if isinstance(value, Mapping):
            fields[name] = {key: edit(item) for key, item in value.items()}
        else:
            fields[name] = edit(value)
    return Estate(**fields)


def with_another(model: type[ClassicModel], name: str, value: Callable[[Any], Any]) -> Edit:
    def edit(found: Any) -> Any:
        if isinstance(found, tuple):
            return tuple(edit(item) for item in found)
        if not isinstance(found, ClassicModel):
            return found
        fields = {field: edit(getattr(found, field)) for field in fields_of(type(found))}
        if type(found) is model:
            fields[name] = value(fields[name])
        return structs.replace(found, **fields)

    return edit


def other_values(field: Field) -> Iterator[Callable[[Any], Any]]:
    """Ways to change a field: to what is given for it, to another value of its kind, to none."""
    annotation = fields_of(field.model)[field.name].type
    if (field.model, field.name) in INSTEAD:
        yield lambda _: INSTEAD[field.model, field.name]
    yield lambda value: another(value, vocabulary(annotation))
    yield lambda value: () if isinstance(value, tuple) else None if NoneType in get_args(annotation) else value


def vocabulary(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((words for kind in get_args(annotation) if (words := vocabulary(kind))), ())


def another(value: Any, words: tuple[str, ...]) -> Any:
    if value in words:
        return words[(words.index(value) + 1) % len(words)]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 30
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, tuple):
        return tuple(another(item, ()) for item in value)
    return value


def leaves(value: Any, path: str = "", place: str = "") -> Iterator[tuple[str, str, str]]:
    """Every value of a body with its path, and with its place among others of that path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, path if key == "properties" else f"{path}.{key}".lstrip("."), place)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from leaves(inner, f"{path}[]", f"{place}/{position}")
    else:
        yield path, place, repr(value)


def outcome(estate: Estate) -> Outcome:
    """What all units become, and what they lose; places tell apart what only changed sides."""
    held: Counter[tuple[str, str, str]] = Counter()
    lost: Counter[tuple[str, str, str]] = Counter()
    for unit in estate.units:
        promised = promise(estate, unit)
        positions: Counter[str] = Counter()
        for resource in promised.resources:
            positions[resource.type] += 1
            place = f"{unit.kind}/{positions[resource.type]}"
            held.update((resource.type, path, f"{place}{at}={text}") for path, at, text in leaves(body(resource)))
        lost.update((loss.subject, loss.field, loss.why) for loss in promised.losses)
    return held, lost


@cache
def as_it_is(number: int) -> tuple[Estate, Outcome]:
    estate = ESTATES[number]()
    return estate, outcome(estate)


def changes(field: Field) -> Iterator[tuple[set[tuple[str, str]], bool]]:
    """For every way to change a field: the properties that follow, and whether losses do."""
    for value in other_values(field):
        for number in range(len(ESTATES)):
            estate, (held, lost) = as_it_is(number)
            held_then, lost_then = outcome(edited(estate, with_another(field.model, field.name, value)))
            changed = {(kind, path) for kind, path, _ in (held - held_then) + (held_then - held)}
            yield changed, lost != lost_then


def of_way(way: Way) -> list[Any]:
    return [pytest.param(field, id=named(field)) for field in FIELDS if field.fate.way is way]


def named(field: Field) -> str:
    return f"{field.model.__name__}.{field.name}"


def test_every_classic_model_has_fates_or_is_left_as_a_whole() -> None:
    assert Counter([*FATES, *LEFT_WHOLE]) == Counter(MODELS)


def test_fates_are_of_fields_that_are_there() -> None:
    for model, own in FATES.items():
        assert set(own) <= set(fields_of(model)), model


def test_a_field_without_a_fate_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FATES[compute.VirtualIp], "name")
    with pytest.raises(KeyError, match=r"VirtualIp\.name"):
        list(fates())


def test_every_fate_but_a_value_kept_as_it_is_says_why() -> None:
    assert [named(field) for field in FIELDS if field.fate.way is not Way.MOVES and not field.fate.why] == []
    assert [named(field) for field in FIELDS if (field.fate.way is Way.MOVES) != bool(field.fate.destinations)] == []


def test_what_is_left_is_never_read_and_all_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    estates = [edited(make(), lambda value: value) for make in ESTATES]
    read: set[str] = set()

    def spy(self: ClassicModel, name: str) -> Any:
        if name in fields_of(type(self)):
            read.add(f"{type(self).__name__}.{name}")
        return object.__getattribute__(self, name)

    with monkeypatch.context() as patched:
        patched.setattr(ClassicModel, "__getattribute__", spy, raising=False)
        for estate in estates:
            for unit in estate.units:
                promise(estate, unit)
    assert read == {named(field) for field in FIELDS if field.fate.way is not Way.LEFT}


@pytest.mark.parametrize("field", of_way(Way.MOVES))
def test_what_moves_changes_the_properties_that_it_is_said_to_go_to(field: Field) -> None:
    missing = set(field.fate.destinations)
    for changed, _ in changes(field):
        missing -= {
            (kind, path)
            for kind, path in missing
            if any(kind == other and re.match(rf"{re.escape(path)}($|[.\[])", found) for other, found in changed)
        }
        if not missing:
            return
    assert missing == set()


@pytest.mark.parametrize("field", of_way(Way.LOST))
def test_what_is_lost_is_told_among_the_losses(field: Field) -> None:
    assert any(told for _, told in changes(field))


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["fates", "--markdown"]) == output.DONE
    assert (HERE.parent / "docs" / "fates.md").read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_verb_lists_them_as_json_as_a_page_and_as_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(["fates", "--json"]) == output.DONE
    listed = json.loads(capsys.readouterr().out)["fates"]
    assert len(listed) == len(FIELDS)
    assert {
        "model": "LoadBalancerProbe",
        "field": "port",
        "element": "Port",
        "fate": "moves",
        "destinations": [{"type": "Microsoft.Network/loadBalancers", "property": "probes[].port"}],
        "why": "",
    } in listed
    assert call(["fates", "--markdown"]) == output.DONE
    page = capsys.readouterr().out
    assert page.startswith(fates_page())
    assert all(f"| {what} | {severity} | {why} |\n" in page for what, severity, why in EXPECTED)
    monkeypatch.setenv("COLUMNS", "300")
    assert call(["fates"]) == output.DONE
    assert re.search(r"LoadBalancerProbe +Port +moves +loadBalancers probes\[\]\.port", capsys.readouterr().out)
    assert call(["fates", "--markdown", "--json"]) == output.WRONG_USAGE
    assert capsys.readouterr().err == "asmosis: --markdown: the page is no JSON. Leave --json out.\n"
