"""Reads ASM XML into frozen models; says where each field lies and what no field claims.

A field names its place on the same line (`port: int = at("LocalPort")`). Paths are child element names, `@name` is an
attribute. A tuple takes every element at the path, anything else exactly one. The reader walks each document once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from types import NoneType
from typing import Any, ClassVar, Self, get_args, get_origin

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from asmosis.errors import UnreadableDocument

LARGEST_DOCUMENT = 64 * 1024 * 1024  # bytes; the largest recorded reply (2,622 disks) is under 3 MB
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_ILLEGAL_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
# The Char production of XML 1.0.
_LEGAL = ((9, 10, 13), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
_PARSER_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def at(path: str, default: Any = PydanticUndefined) -> Any:
    """A field, and where in its element it is read."""
    return Field(default, json_schema_extra={"at": path})


class ClassicModel(BaseModel):
    """A frozen piece of an ASM document."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    root: ClassVar[str] = ""

    @classmethod
    def read(cls, element: etree._Element, place: str = "") -> tuple[Self, tuple[str, ...]]:
        """The model of `element`, and the paths of elements and attributes that no field claims.

        Raises:
            UnreadableDocument: a value is missing or not what its field takes; names every such path.
        """
        name = local_name(element)
        gathered = _gather(element, _plan(cls), name)
        try:
            return cls.model_validate(gathered.values), tuple(gathered.unread)
        except ValidationError as error:
            raise UnreadableDocument(place or name, "; ".join(_in_asm_words(error, cls, name))) from None


def parse(document: bytes, place: str) -> etree._Element:
    """The root of an ASM document, read without entities, DTD or network.

    References to characters that XML 1.0 forbids (recorded in the output of extensions) become U+FFFD.

    Raises:
        UnreadableDocument: empty, too large, not well-formed, or carrying a DTD.
    """
    if len(document) > LARGEST_DOCUMENT:
        raise UnreadableDocument(place, f"larger than {LARGEST_DOCUMENT} bytes")
    if not document.strip():
        raise UnreadableDocument(place, "the document is empty")
    # Documents are handed over as UTF-8 even where their declaration says otherwise (recorded).
    parser = etree.XMLParser(encoding="utf-8", **_PARSER_OPTIONS)
    try:
        root = etree.fromstring(_ILLEGAL_REFERENCE.sub(_legal, document), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise UnreadableDocument(f"{place}:{line}:{column}", f"not well-formed XML ({error.msg})") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocument(place, "it carries a document type declaration, which is refused")
    return root


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def is_nil(element: etree._Element) -> bool:
    """Whether the element says that it has no value (`i:nil="true"`)."""
    return element.get(f"{_INSTANCE}nil") in ("true", "1")


@dataclass
class _Place:
    """One step of the fields' paths: what an element of this name means."""

    into: str = ""
    model: type[ClassicModel] | None = None
    many: bool = False
    text: bool = False
    below: dict[str, "_Place"] = field(default_factory=dict)


@dataclass
class _Gathered:
    values: dict[str, Any]
    unread: list[str]


@cache
def _plan(model: type[ClassicModel]) -> _Place:
    """The places of all fields of `model`, as a tree over element names."""
    plan = _Place()
    for name, info in model.model_fields.items():
        place = plan
        for step in path_of(info).split("/"):
            place = place.below.setdefault(step, _Place())
        place.into = name
        place.many, place.model, place.text = _shape(info.annotation)
    return plan


def path_of(info: FieldInfo) -> str:
    """Where a field is read."""
    extra = info.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError("every field of a ClassicModel is declared with at(…)")
    return str(extra["at"])


def _shape(annotation: Any) -> tuple[bool, type[ClassicModel] | None, bool]:
    """Of a field's type: does it take many, which model does it hold, is an empty element an empty text."""
    many = get_origin(annotation) is tuple
    alternatives = [kind for kind in (get_args(annotation) or (annotation,)) if kind not in (NoneType, ...)]
    kind = alternatives[0]
    model = kind if isinstance(kind, type) and issubclass(kind, ClassicModel) else None
    return many, model, kind is str


def _gather(element: etree._Element, plan: _Place, path: str) -> _Gathered:
    gathered = _Gathered({}, [])
    _walk(element, plan, path, gathered)
    return gathered


def _walk(element: etree._Element, place: _Place, path: str, gathered: _Gathered) -> None:
    for key, value in element.attrib.items():
        attribute = "@" + str(key).rpartition("}")[2]
        if attribute in place.below:
            gathered.values[place.below[attribute].into] = str(value)
        elif not str(key).startswith(_INSTANCE):
            gathered.unread.append(f"{path}/{attribute}")
    if place.below and not len(element) and (element.text or "").strip():
        gathered.unread.append(f"{path}/text()")
    for child in element:
        name = local_name(child)
        step = place.below.get(name)
        if step is None:
            gathered.unread.append(f"{path}/{name}")
        elif step.into:
            _take(child, step, f"{path}/{name}", gathered)
        else:
            _walk(child, step, f"{path}/{name}", gathered)


def _take(element: etree._Element, step: _Place, path: str, gathered: _Gathered) -> None:
    if step.into in gathered.values and not step.many:
        gathered.unread.append(f"{path}[2]")
        return
    if step.model is not None:
        inner = _gather(element, _plan(step.model), path)
        gathered.unread.extend(inner.unread)
        value: Any = None if is_nil(element) else inner.values
    else:
        gathered.unread.extend(f"{path}/{local_name(child)}" for child in element)
        keys = [str(key) for key in element.attrib]
        gathered.unread.extend(f"{path}/@{key}" for key in keys if not key.startswith(_INSTANCE))
        text = element.text or ""
        value = None if is_nil(element) or (not text and not step.text) else text
    if step.many:
        gathered.values.setdefault(step.into, []).append(value)
    elif value is not None or step.into not in gathered.values:
        gathered.values[step.into] = value


def _in_asm_words(error: ValidationError, model: type[ClassicModel], root: str) -> Iterator[str]:
    """Each problem with its path in element names instead of field names."""
    for problem in error.errors(include_url=False, include_input=False):
        path, at_model = root, model
        for step in problem["loc"]:
            if isinstance(step, int):
                path += f"[{step + 1}]"
            elif step in at_model.model_fields:
                info = at_model.model_fields[step]
                path += "/" + path_of(info)
                at_model = _shape(info.annotation)[1] or at_model
        yield f"{path}: {problem['msg']}"


def _legal(reference: re.Match[bytes]) -> bytes:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if any(code in legal for legal in _LEGAL) else b"&#xFFFD;"
