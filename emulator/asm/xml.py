"""The XML of the classic plane: one line, two declarations on the root, empty elements closed in place.

Documents are kept and answered as bytes: what was stored is what is answered. All rules here are recorded.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from xml.sax.saxutils import escape

from lxml import etree
from lxml.etree import _Element

from emulator.errors import PlatformError

NAMESPACE = "http://schemas.microsoft.com/windowsazure"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
DECLARATIONS = f' xmlns="{NAMESPACE}" xmlns:i="{INSTANCE}"'.encode()
NIL = ' i:nil="true"'

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ILLEGAL_REFERENCE = re.compile(rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[1-24-9]|2[0-9]|3[01]));", re.IGNORECASE)


def node(tag: str, content: str | int | Iterable[bytes] | None, attributes: str = "") -> bytes:
    """One element; `None` content means that it is absent, nothing in it that it is closed in place."""
    if content is None:
        return b""
    name, attributed = tag.encode(), f"{tag}{attributes}".encode()
    if isinstance(content, bool):
        inner = b"true" if content else b"false"
    elif isinstance(content, str | int):
        inner = escape(str(content), {"\r": "&#13;"}).encode()
    else:
        inner = b"".join(content)
    return b"<%s>%s</%s>" % (attributed, inner, name) if inner else b"<%s/>" % attributed


def document(root: bytes) -> bytes:
    """A root element as a document of the wire: with both namespace declarations."""
    end = _name_end(root)
    return root[:end] + DECLARATIONS + root[end:]


def embed(stored: bytes) -> bytes:
    """A stored document as an element inside another one."""
    return stored.replace(DECLARATIONS, b"", 1)


def add_last(stored: bytes, tag: str, addition: bytes) -> bytes:
    """Put `addition` as the last child into every element `tag`."""
    return stored.replace(f"</{tag}>".encode(), addition + f"</{tag}>".encode())


def parse(body: bytes) -> _Element:
    """A request body as an element; anything but plain well-formed XML is refused."""
    if _DOCTYPE.search(body):
        raise _malformed()
    try:
        return etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise _malformed() from None


def read(stored: bytes) -> _Element:
    """A stored document as an element."""
    return etree.fromstring(stored, _PARSER)


def canonical(element: _Element, tag: str = "") -> bytes:
    """An element read from anywhere as a stored document: no white space, the two declarations in order.

    With another `tag` the attributes of the element stay behind (a role's `i:type`).
    """
    root = etree.fromstring(document(b"<%s/>" % (tag or etree.QName(element).localname).encode()))
    if not tag:
        for name, value in element.attrib.items():
            root.set(name, value)
    root.text = element.text
    # On the way into the new root lxml drops the declarations that it already has.
    root.extend(deepcopy(list(element)))
    for each in root.iter():
        if len(each):
            if not (each.text or "").strip():
                each.text = None
            for child in each:
                child.tail = None
        elif each.text == "":
            each.text = None
    return etree.tostring(root, encoding="utf-8", xml_declaration=False)


def without_illegal_references(body: bytes) -> bytes:
    """Recorded extension output holds references to control characters, which XML 1.0 does not have."""
    return _ILLEGAL_REFERENCE.sub(b"&#xFFFD;", body)


def find(element: _Element, path: str) -> _Element | None:
    """The first element at a path of local names such as `AttachedTo/RoleName`."""
    return element.find(_qualified(path))


def findall(element: _Element, path: str) -> list[_Element]:
    """Every element at a path of local names."""
    return element.findall(_qualified(path))


def text(element: _Element, path: str) -> str:
    """Text at a path of local names, empty when absent or nil."""
    return element.findtext(_qualified(path)) or ""


def local_name(element: _Element) -> str:
    """The name of an element without its namespace."""
    return str(etree.QName(element).localname)


def drop(element: _Element, tag: str) -> None:
    """Remove the children with a local name."""
    for child in findall(element, tag):
        element.remove(child)


def _qualified(path: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))


def _name_end(root: bytes) -> int:
    match = re.match(rb"<[\w.-]+", root)
    if match is None:
        msg = f"not an element: {root[:40]!r}"
        raise ValueError(msg)
    return match.end()


def _malformed() -> PlatformError:
    return PlatformError(
        400,
        "BadRequest",
        "The data in the request body is not valid: the XML is malformed or of a kind not accepted.",
    )
