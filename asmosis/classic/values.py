"""Kinds of text that ASM wraps: base64 labels, base64 JSON, names of portal-made resources."""

import base64
from typing import Annotated


def from_base64(text: str) -> str:
    """The text within; ValueError where it is not base64 of UTF-8 text."""
    return base64.b64decode(text, validate=True).decode("utf-8")


Base64Text = Annotated[str, from_base64]
"""Text that the wire carries in base64; the model holds it decoded once (some labels are encoded twice: recorded)."""
