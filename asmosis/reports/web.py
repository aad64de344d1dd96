"""What web pages are made with: one file each, that asks nobody for anything."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# Neither HTML nor readers have a use for these; the last four turn the direction of what follows.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

_AS_MARKUP = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def plain(value: Any) -> Any:
    """`value`; of a text, without what steers readers."""
    return _CONTROL.sub("\ufffd", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def figure(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def asset(name: str) -> str:
    """The text of a file beside the templates."""
    return (files("asmosis.reports") / "templates" / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """What a content security policy knows a script or style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def embedded(data: Any) -> Markup:
    """Plain values as JSON that can stand in a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_AS_MARKUP)
    return Markup(text)  # noqa: S704 -- no character of it can end the element or begin another


ENVIRONMENT = Environment(
    loader=PackageLoader("asmosis.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=plain,
)
ENVIRONMENT.filters |= {"figure": figure}
ENVIRONMENT.tests |= {"single": lambda items: len(items) == 1}
