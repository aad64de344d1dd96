"""Names of choice: read from a file, and refused where ARM would refuse them or cannot tell two things apart.

Lengths and characters are documented by Microsoft (naming rules and restrictions for Azure resources).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asmosis.arm import compute, network, storage
from asmosis.arm.resource import Part, Resource, parse_id
from asmosis.errors import UsageError
from asmosis.translate.names import Names, NamesFile, Templates
from asmosis.yaml_files import FileFormat, Problem


@dataclass(frozen=True)
class _Rule:
    """What the names of a type look like, as a pattern and in words."""

    pattern: re.Pattern[str]
    words: str


def _rule(shortest: int, longest: int, pattern: str, words: str) -> _Rule:
    return _Rule(re.compile(rf"(?=.{{{shortest},{longest}}}\Z){pattern}"), f"{shortest} to {longest} {words}")


_USUAL = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_USUAL_WORDS = "letters, digits, underscores, periods and hyphens; first a letter or digit, last no period or hyphen"
_GROUP = _rule(
    1, 90, r"[\w().-]*[\w()-]", "letters, digits, underscores, hyphens, periods and parentheses; last no period"
)
_ANY = _rule(1, 80, _USUAL, _USUAL_WORDS)
_RULES = {
    network.VIRTUAL_NETWORKS: _rule(2, 64, _USUAL, _USUAL_WORDS),
    compute.VIRTUAL_MACHINES: _rule(1, 64, _USUAL, _USUAL_WORDS),
    storage.STORAGE_ACCOUNTS: _rule(3, 24, r"[a-z0-9]+", "small letters and digits"),
    storage.VAULTS: _rule(
        3, 24, r"[A-Za-z](?:-?[A-Za-z0-9])*", "letters, digits and single hyphens; first a letter, last no hyphen"
    ),
}
_LARGEST = 1024 * 1024  # bytes


def _in_words(problem: Problem) -> tuple[str, str] | None:
    if problem["type"] != "value_error":
        return None
    key = ".".join(str(step) for step in problem["loc"])
    return f"{key}: {problem['ctx']['error']}", "Correct the pattern."


NAMES_FILE: FileFormat[NamesFile] = FileFormat("names file", NamesFile, _LARGEST, in_words=_in_words)
"""How a names file is read."""


def read_names(path: Path) -> Names:
    """The policy that a names file describes.

    Raises:
        UsageError: names the file, the line and the key of the first problem.
    """
    return Names.of(NAMES_FILE.read(path))


def usual_names_file() -> str:
    """The usual patterns as a names file to start from, with what each of them is for."""
    lines = ["templates:"]
    for kind, info in Templates.model_fields.items():
        lines += [*_comment(info.description, "  "), f"  {kind}: '{info.default}'"]
    return "\n".join([*lines, *_comment(NamesFile.model_fields["names"].description), "names: {}"]) + "\n"


def refuse_bad_names(resources: Sequence[Resource], usual: Sequence[Resource]) -> None:
    """Look whether ARM could hold `resources`; `usual` are the same ones under their usual names, to tell them by.

    Raises:
        UsageError: ARM refuses a name, or two resources (or two parts of one) would get the same.
    """
    taken: dict[str, str] = {}
    for one, before in zip(_named(resources), _named(usual), strict=True):
        if not one.rule.pattern.fullmatch(one.name):
            problem = f"{one.name!r} is no name for {before.shown}"
            raise UsageError("names", problem, f"It takes {one.rule.words}.")
        # Many resources share a group, which is no clash.
        if one.id and one.id in taken:
            problem = f"{taken[one.id]} and {before.shown} would both be called {one.name!r}"
            raise UsageError("names", problem, "Tell them apart by a template, or name one of them.")
        taken[one.id] = before.shown


def _comment(description: str | None, indent: str = "") -> list[str]:
    return [f"{indent}# {line.strip()}" for line in (description or "").splitlines()]


@dataclass(frozen=True)
class _Named:
    """Something with a name: its id in lower case (none for a group), and what people know it as."""

    id: str
    name: str
    shown: str
    rule: _Rule


def _named(resources: Sequence[Resource]) -> Iterator[_Named]:
    """Groups, resources and parts, in an order that does not depend on names."""
    for resource in resources:
        own = parse_id(resource.id)
        yield _Named("", own.group, f"the resource group {own.group}", _GROUP)
        shown = f"{own.type}/{'/'.join(own.names)} of {own.group}"
        yield _Named(str(own).casefold(), own.name, shown, _RULES.get(resource.type, _ANY))
        for field in type(resource.properties).model_fields:
            parts = getattr(resource.properties, field)
            for part in parts if isinstance(parts, tuple) else ():
                if isinstance(part, Part):
                    identifier = f"{own}/{field}/{part.name}".casefold()
                    yield _Named(identifier, part.name, f"{part.name} of {shown}", _ANY)
