"""The expression language of templates: `[concat(parameters('a'), '-nic')]` as a tree (syntax documented)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

_LONGEST = 24576  # documented
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[().,\[\]]))\s*")


class SyntaxProblemError(Exception):
    """A text in brackets is no expression."""


@dataclass(frozen=True)
class Literal:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True)
class FunctionCall:
    """A function by its name in lower case."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Member:
    """`.name` or `[key]` of something."""

    of: "Expression"
    key: "Expression"


Expression: TypeAlias = Literal | FunctionCall | Member


def is_expression(text: str) -> bool:
    """Whether a text of a template is to be evaluated; `[[...]` is a text that begins with a bracket."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The tree of an expression with its outer brackets.

    Raises:
        SyntaxProblemError: it is none.
    """
    if len(text) > _LONGEST:
        msg = f"the expression is longer than {_LONGEST} characters"
        raise SyntaxProblemError(msg)
    reader = _Reader(list(_tokens(text[1:-1])))
    try:
        tree = reader.expression()
    except RecursionError:
        msg = "the expression is too deep"
        raise SyntaxProblemError(msg) from None
    reader.end()
    return tree


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            msg = f"unexpected character '{text[place : place + 1]}' at position {place + 1}"
            raise SyntaxProblemError(msg)
        yield str(found.lastgroup), found[str(found.lastgroup)]
        place = found.end()


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._place = 0

    def expression(self) -> Expression:
        found = self._primary()
        while self._next in (("mark", "."), ("mark", "[")):
            if self._take() == ("mark", "."):
                kind, name = self._take()
                if kind != "name":
                    raise self._unexpected(name)
                found = Member(found, Literal(name))
            else:
                found = Member(found, self.expression())
                self._require("]")
        return found

    def end(self) -> None:
        if self._next[0] != "end":
            raise self._unexpected(self._next[1])

    def _primary(self) -> Expression:
        kind, value = self._take()
        if kind == "text":
            return Literal(value[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(int(value))
        if kind != "name":
            raise self._unexpected(value)
        self._require("(")
        arguments: list[Expression] = []
        while self._next != ("mark", ")"):
            if arguments:
                self._require(",")
            arguments.append(self.expression())
        self._require(")")
        return FunctionCall(value.lower(), tuple(arguments))

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._place]

    def _take(self) -> tuple[str, str]:
        found = self._next
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return found

    def _require(self, mark: str) -> None:
        kind, value = self._take()
        if (kind, value) != ("mark", mark):
            raise self._unexpected(value)

    def _unexpected(self, value: str) -> SyntaxProblemError:
        return SyntaxProblemError(f"unexpected '{value}'" if value else "it ends too early")
