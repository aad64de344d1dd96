"""Kinds of text that ASM wraps: base64 labels, base64 JSON, names of portal-made resources."""

import base64
import binascii
from typing import Annotated

from pydantic import BeforeValidator


def _from_base64(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("is not base64 of UTF-8 text") from None


Base64Text = Annotated[str, BeforeValidator(_from_base64)]
"""Text that the wire carries in base64; the model holds it decoded once (some labels are encoded twice: recorded)."""
