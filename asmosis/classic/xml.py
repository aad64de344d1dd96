"""How classic models are declared, and the one hardened way from bytes to an element tree.

A field names its place on the same line (`port: int = at("LocalPort")`). Paths are child element names, `@name` is an
attribute. A tuple takes every element at the path, anything else exactly one.
"""

import codecs
import re
from functools import cache
from typing import Any, ClassVar, dataclass_transform

import msgspec
from lxml import etree
from msgspec.structs import FieldInfo
from pydantic import SecretStr

from asmosis.errors import UnreadableDocument

LARGEST_DOCUMENT = 64 * 1024 * 1024  # bytes; the largest recorded reply (2,622 disks) is under 3 MB
INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_ILLEGAL_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
# The Char production of XML 1.0.
_LEGAL = ((9, 10, 13), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
_ROOT_NAMESPACE = re.compile(rb'(\A\s*(?:<\?[^>]*>\s*)?<\w+(?:\s+[\w:.-]+="[^"<>]*")*?)(\sxmlns="[^"<>]*")')
_PARSER_OPTIONS: dict[str, Any] = {
    # Documents are handed over as UTF-8 even where their declaration says otherwise (recorded).
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def at(path: str, *, default: Any = msgspec.NODEFAULT) -> Any:
    """A field, and where in its element it is read; the path is the field's encode name."""
    return msgspec.field(name=path, default=default)


class _ByKeyword(msgspec.StructMeta):
    """Models of documents have too many fields to be made by position."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> type:
        return super().__new__(cls, name, bases, namespace, **{"kw_only": True, **options})


# The garbage collector leaves them out: frozen text and numbers are in no cycle, and large estates have millions.
@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(at,))
class ClassicModel(msgspec.Struct, metaclass=_ByKeyword, frozen=True, gc=False, array_like=True):
    """A frozen piece of an ASM document."""

    root: ClassVar[str] = ""

    def dump(self) -> dict[str, Any]:
        """Plain values by field name, as JSON takes them; secrets are stars."""
        return {name: _plain(getattr(self, name)) for name in self.__struct_fields__}


@cache
def fields_of(model: type[ClassicModel]) -> dict[str, FieldInfo]:
    """The fields of a model by name, in the order of their declaration; `encode_name` is where each is read."""
    return {info.name: info for info in msgspec.structs.fields(model)}


def parse(document: bytes, place: str, *, namespaced: bool = False) -> etree._Element:
    """The root of an ASM document, read without entities, DTD or network; names without their namespace, or with it.

    References to characters that XML 1.0 forbids (recorded in the output of extensions) become U+FFFD.

    Raises:
        UnreadableDocument: empty, too large, not well-formed, or carrying a DTD.
    """
    if len(document) > LARGEST_DOCUMENT:
        raise UnreadableDocument(place, f"larger than {LARGEST_DOCUMENT} bytes")
    if not document.strip():
        raise UnreadableDocument(place, "the document is empty")
    if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        document = _from_utf16(document, place)
    # Names without a namespace are a fifth cheaper to read; blanks of the same length keep the positions in errors.
    if not namespaced:
        document = _ROOT_NAMESPACE.sub(_blanked, document, count=1)
    try:
        root = _tree(document)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        words = " ".join(error.msg.split())
        raise UnreadableDocument(f"{place}:{line}:{column}", f"not well-formed XML ({words})") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocument(place, "it carries a document type declaration, which is refused")
    return root


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def is_nil(element: etree._Element) -> bool:
    """Whether the element says that it has no value (`i:nil="true"`)."""
    return element.get(f"{INSTANCE}nil") in ("true", "1")


def _tree(document: bytes) -> etree._Element:
    try:
        return etree.fromstring(document, etree.XMLParser(**_PARSER_OPTIONS))
    except etree.XMLSyntaxError:
        mended = _ILLEGAL_REFERENCE.sub(_legal, document)
        if mended == document:
            raise
    return etree.fromstring(mended, etree.XMLParser(**_PARSER_OPTIONS))


def _plain(value: Any) -> Any:
    if isinstance(value, ClassicModel):
        return value.dump()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, SecretStr) else value


def _from_utf16(document: bytes, place: str) -> bytes:
    try:
        return document.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise UnreadableDocument(f"{place}: byte {error.start}", f"not UTF-16 ({error.reason})") from None


def _legal(reference: re.Match[bytes]) -> bytes:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if any(code in legal for legal in _LEGAL) else b"&#xFFFD;"


def _blanked(found: re.Match[bytes]) -> bytes:
    return found[1] + b" " * len(found[2])
