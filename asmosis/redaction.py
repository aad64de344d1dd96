"""What may be secret, and how it is hidden before anything is kept or shown.

Fields are known by name, as both planes and their settings call them; what people put elsewhere is known by its
shape: signatures in URLs, connection strings, storage keys, tokens, private keys, also within base64 and JSON.
"""

import base64
import binascii
import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from lxml import etree
from pydantic import BaseModel, SecretStr

STARS = "**********"
"""Stands for a secret; the same as everywhere where secrets are held as such."""

T = TypeVar("T")
_NAMES = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret(?:value)?|(?:shared|account|access|storage|primary|secondary|private|"
    r"authorization|service|subscription|encryption|api|master|function|host)key|sharedaccess(?:key|signature)|"
    r"connectionstring|sas(?:token|ur[il]|key)?|token|customdata|userdata|protectedsettings|"
    r"private(?:settings|config|configuration)|pfx|pfxdata|credentials?)"
)
_ASSIGNED = (
    r"(?:account|sharedaccess|access|shared|primary|secondary|storage)key|sharedsecretvalue|password|pwd|"
    r"(?:client|app)[ _-]?secret"
)
_SECRET_NAME = re.compile(rf"{_NAMES}$")
_WORDS = re.compile(r"[^a-z0-9]+")
_PAIR = (("name", "value"), ("key", "value"), ("Name", "Value"), ("Key", "Value"))
# What precedes a secret in a text, and the secret.
_SHAPES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        # A signature as it stands in a URL, plain or escaped.
        (r"(?:(?<![a-z0-9])|(?<=%26)|(?<=%3F))(sig(?:nature)?(?:=|%3D))[^&\s\"'<>;,)|`\\*]+", rf"\g<1>{STARS}"),
        # `Name=value` as in connection strings; names of more than one word as well.
        (
            rf"(?<![a-z0-9])({_ASSIGNED})(\s*=(?!\s*\*{{10}})\s*)[^;\r\n\"'<>|`]+",
            rf"\g<1>\g<2>{STARS}",
        ),
        # `"name": "value"` as in JSON, quotes escaped or not.
        (
            rf"(\\*[\"'][a-z0-9_. -]*{_NAMES}\\*[\"']\s*:\s*)(\\*[\"'])(?!\*{{10}})(?:(?!\2).)*\2",
            rf"\g<1>\g<2>{STARS}\g<2>",
        ),
        (r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", STARS),
        (r"(?<=://)([^/\s:@]+):[^/\s@]+@", rf"\g<1>:{STARS}@"),
        # A storage account's key is 64 bytes in base64.
        (r"(?<![a-z0-9+/=])[a-z0-9+/]{86}==(?![a-z0-9+/=])", STARS),
        (r"(?<![a-z0-9_-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", STARS),
    )
)
# One of these is in whatever has such a shape; most texts have none, and are many.
_HINTS = (
    *("sig", "key", "pass", "pwd", "secret", "token", "sas", "connectionstring", "customdata", "userdata", "protected"),
    *("private", "pfx", "credential", "@", "==", "eyj"),
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
# Elements of ASM documents that hold secrets under names that tell nothing, by the elements around them.
_IN_ELEMENT: Mapping[str, Callable[[str], bool]] = {
    "Primary": lambda around: around == "StorageServiceKeys",
    "Secondary": lambda around: around == "StorageServiceKeys",
    "Data": lambda around: "Certificate" in around,
    # The service configuration of web and worker roles: settings of any kind, passwords among them.
    "Configuration": lambda around: around in ("Deployment", "CreateDeployment", "ChangeConfiguration"),
    "Value": lambda around: around in ("GatewaySharedKey", "SharedKey"),
}
_STARS_IN_BASE64 = base64.b64encode(STARS.encode()).decode()  # for what is read as base64


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET_NAME.search(_WORDS.sub("", name.casefold())) is not None


def redacted_text(text: str) -> str:
    """A text of people or programs without what has the shape of a secret."""
    folded = text.casefold()
    if not any(hint in folded for hint in _HINTS):
        return text
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def redacted_at(path: str, value: Any) -> Any:
    """A value that stands at a path (`properties.osProfile.adminPassword`) of something else."""
    secret = any(is_secret(step) for step in re.split(r"[.\[\]/]", path))
    return _starred(value) if secret else redacted(value)


def redacted(value: T) -> T:
    """The same without secrets: JSON values, models and frozen data alike; what holds none is the very same."""
    return cast("T", _redacted(value))


def redacted_elements(root: etree._Element) -> bool:
    """Hide the secrets of an ASM document in place; whether there were any."""
    changed = False
    for element in root.iter(etree.Element):
        for name, text in element.attrib.items():
            if (shown := _told(str(name).rpartition("}")[2], str(text))) != text:
                element.set(name, shown)
                changed = True
        if len(element) or not (element.text or "").strip():
            continue
        hidden = _STARS_IN_BASE64 if _local(element) == "Configuration" else STARS
        shown = hidden if _holds_secret(element) else _text(element.text or "")
        changed |= shown != element.text
        element.text = shown
    return changed


def _holds_secret(element: etree._Element) -> bool:
    name, parent = _local(element), element.getparent()
    if is_secret(name):
        return True
    if parent is None:
        return False
    if name in _IN_ELEMENT and _IN_ELEMENT[name](_local(parent)):
        return True
    beside = {_local(other): (other.text or "").strip() for other in parent}
    named = beside.get("Name") or beside.get("Key") or ""
    return name == "Value" and (beside.get("Type") == "Private" or is_secret(named))


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _told(name: str, value: Any) -> Any:
    return _starred(value) if is_secret(name) else _redacted(value)


def _starred(value: Any) -> Any:
    return value if value in (None, "", [], {}, ()) or isinstance(value, bool) else STARS


def _redacted(value: Any) -> Any:
    if isinstance(value, str | SecretStr):
        return _text(value) if isinstance(value, str) else STARS
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        items = [_redacted(item) for item in value]
        changed = any(new is not old for new, old in zip(items, value, strict=True))
        return type(value)(items) if changed else value
    if isinstance(value, BaseModel):
        changes = _changes({name: getattr(value, name) for name in type(value).model_fields})
        return value.model_copy(update=changes) if changes else value
    return _frozen(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _frozen(value: Any) -> Any:
    changes = _changes({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    return dataclasses.replace(value, **changes) if changes else value


def _changes(fields: Mapping[str, Any]) -> dict[str, Any]:
    new = {name: _told(name, value) for name, value in fields.items()}
    return {name: value for name, value in new.items() if value is not fields[name]}


def _mapping(value: Mapping[Any, Any]) -> Any:
    new = {name: _told(str(name), item) for name, item in value.items()}
    for name, held in _PAIR:
        if held in new and isinstance(new.get(name), str) and is_secret(new[name]):
            new[held] = _starred(new[held])
    private = str(value.get("type", value.get("Type", ""))).casefold() == "private"
    if private and ("value" in new or "Value" in new):
        held = "value" if "value" in new else "Value"
        new[held] = _starred(new[held])
    return value if all(new[name] is value[name] for name in value) else new


def _text(text: str) -> str:
    """A text that may itself be JSON, or base64 of text."""
    shown = redacted_text(text)
    if shown != text:
        inner = _json(text)
        return inner if inner is not None else shown
    if text[:1] in "{[" and (inner := _json(text)) is not None:
        return inner
    packed = text.strip()
    if len(packed) % 4 == 0 and _BASE64.fullmatch(packed):
        try:
            within = base64.b64decode(packed, validate=True).decode()
        except (binascii.Error, ValueError):
            return text
        if within.isprintable() or within.lstrip()[:1] in ("{", "[", "<"):
            hidden = _text(within)
            return text if hidden == within else base64.b64encode(hidden.encode()).decode()
    return text


def _json(text: str) -> str | None:
    """The text of JSON without its secrets; None for what is none or holds none."""
    try:
        held = json.loads(text)
    except ValueError:
        return None
    if not isinstance(held, dict | list):
        return None
    hidden = _redacted(held)
    return None if hidden is held else json.dumps(hidden, ensure_ascii=False)
