"""What in a line of a script or template still means classic."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asmosis.aftermath.classic_ids import tail
from asmosis.aftermath.classic_tools import Tool, tool_of, tools
from asmosis.aftermath.moves import Move
from asmosis.classic.estate import key

RULES: Mapping[str, str] = {
    "classic-id": "Id of a classic resource",
    "classic-type": "Type or provider of classic resources",
    "asm-endpoint": "Address of the classic control plane",
    "asm-path": "Path of the classic control plane",
    "classic-cmdlet": "Cmdlet of the Service Management module",
    "classic-command": "Command of the classic command line",
    "asm-library": "Library that talks to the classic control plane",
    "classic-terraform": "Resource of Terraform's provider for classic",
    "moved-name": "Name of a resource that moved, in a file that uses classic",
}
"""Rule → what it finds."""


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# The rest of an id or address: bounded, so that a file without spaces costs no more than any other.
_REST = r"/[^\s\"'`<>,;)\]}]{0,400}"
_ID = _any_case(rf"(?:/subscriptions/[^\s\"'`<>]{{0,200}}?)?/providers/Microsoft\.Classic\w+{_REST}")
_TYPE = _any_case(r"\bMicrosoft\.Classic(?:Compute|Network|Storage|InfrastructureMigrate|Subscription)(?:/\w+){0,4}")
_ENDPOINT = _any_case(
    r"(?:https?://)?\bmanagement\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net|cloudapi\.de)"
    rf"(?::\d+)?({_REST})?"
)
_PATH = _any_case(rf"\bservices/(?:hostedservices|storageservices|networking|disks|images|vmimages)(?:{_REST})?")
_CMDLET = _any_case(r"\b[a-z]+-Azure(?!Rm|AD)[a-z]+\b")
_COMMAND = re.compile(r"(?<![\w./\\-])azure(?:\.cmd)?((?:[ \t]+[a-z][a-z-]*){1,6})")
_LIBRARY = _any_case(
    r"\bMicrosoft\.WindowsAzure\.(?:Management|Commands)\b[\w.]*|\bcom\.microsoft\.windowsazure\.management[\w.]*"
    r"|\bazure\.servicemanagement\b|\bazure-servicemanagement-legacy\b|\bazure-asm-[a-z]+\b"
    r"|\bgithub\.com/Azure/azure-sdk-for-go/(?:services/classic/)?management[\w./-]*"
)
_TERRAFORM = re.compile(
    r"\b(?:resource|data)\s+\"(azure_[a-z_]+)\"|\bprovider\s+\"azure\"|(?<![\w.])(azure_[a-z_]+)(?=\.\w)"
)
_CLASSIC = _any_case("classic")
_WORDS = re.compile(r"[^\s\"'`=:,;|(){}\[\]<>/\\]+")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")
_RESOURCE_MANAGER = {
    "windows.net": "https://management.azure.com",
    "chinacloudapi.cn": "https://management.chinacloudapi.cn",
    "usgovcloudapi.net": "https://management.usgovcloudapi.net",
    "cloudapi.de": "https://management.microsoftazure.de",
}
"""Clouds by the end of their addresses; documented by Microsoft."""
# What a command does; words without one of these are prose.
_DOING = frozenset(
    (
        *("add", "attach", "attach-new", "capture", "check", "clear", "create", "create-from", "deallocate", "delete"),
        *("detach", "download", "export", "generalize", "get", "import", "keys", "list", "login", "remove", "renew"),
        *("reset-access", "restart", "set", "show", "shutdown", "start", "stop", "update"),
    )
)
_NAMELESS = frozenset({"disk"})  # kinds whose names are made up by the platform


@dataclass(frozen=True)
class Sign:
    """Something classic at a column (from 1) of a line, what to do about it, and the moved resources that it names."""

    rule: str
    column: int
    found: str
    advice: str
    resources: tuple[str, ...] = ()


_Found = tuple[int, int, Sign]
"""A sign with where it begins and ends in its line, from 0."""


class Signs:
    """Finds signs of classic, and tells by `moves` what is to stand in their place."""

    def __init__(self, moves: Iterable[Move] = ()) -> None:
        self._by_tail: dict[str, list[Move]] = {}
        self._by_path: dict[str, Move] = {}
        self._by_name: dict[str, list[Move]] = {}
        for move in moves:
            for id in move.ids:
                self._by_tail.setdefault(tail(id), []).append(move)
            for path in move.paths:
                self._by_path[key(path)] = move
            if move.kind not in _NAMELESS:
                self._by_name.setdefault(key(move.name), []).append(move)
        # Whatever may hold something else that looks like a sign comes before it.
        self._looks: tuple[tuple[tuple[str, ...], Callable[[str], Iterator[_Found]]], ...] = (
            (("management.core.",), self._endpoints),
            (("microsoft.classic",), self._ids),
            (("services/",), self._paths),
            (("-azure",), self._cmdlets),
            (("azure ", "azure\t", "azure.cmd"), self._commands),
            (("windowsazure", "servicemanagement", "azure-asm-", "azure-sdk-for-go"), self._libraries),
            (("azure_", '"azure"'), self._terraform),
        )

    def in_line(self, line: str) -> list[Sign]:
        """The signs in a line, from left to right; what lies inside another one is not told twice."""
        # Nearly every line holds nothing: looking for plain words is ten times faster than for patterns.
        low = line.lower()
        if "azure" not in low and "classic" not in low and "services/" not in low and "management.core." not in low:
            return []
        looks = [look for words, look in self._looks if any(word in low for word in words)]
        found: list[tuple[int, int, Sign]] = []
        for look in looks:
            for start, end, sign in look(line):
                if not any(first <= start and end <= last for first, last, _ in found):
                    found.append((start, end, sign))
        return [sign for _, _, sign in sorted(found, key=lambda each: each[0])]

    def names_in(self, line: str) -> Iterator[Sign]:
        """Moved resources that a line names as values of their own."""
        if not self._by_name or ("'" not in line and '"' not in line):
            return
        for quoted in _QUOTED.finditer(line):
            text = quoted[1] or quoted[2]
            if moved := self._by_name.get(key(text)):
                yield Sign("moved-name", quoted.start() + 2, text, _went(moved), _shorts(moved))

    def _endpoints(self, line: str) -> Iterator[_Found]:
        for match in _ENDPOINT.finditer(line):
            moved = self._of_path(match[2] or "")
            where = f"Use {_RESOURCE_MANAGER[match[1].lower()]}"
            yield _sign("asm-endpoint", match, f"{where}. {_went(moved)}" if moved else f"{where}.", moved)

    def _ids(self, line: str) -> Iterator[_Found]:
        for match in _ID.finditer(line):
            moved = self._of_id(match[0])
            yield _sign("classic-id", match, _went(moved) or "The map knows no such resource.", moved)
        for match in _TYPE.finditer(line):
            yield _sign("classic-type", match, _type_now(match[0]), ())

    def _paths(self, line: str) -> Iterator[_Found]:
        for match in _PATH.finditer(line):
            moved = self._of_path(match[0])
            yield _sign("asm-path", match, _went(moved) or "Use the resource's id in Resource Manager.", moved)

    def _cmdlets(self, line: str) -> Iterator[_Found]:
        for match in _CMDLET.finditer(line):
            if tool := tool_of("cmdlets", match[0]):
                yield self._tool("classic-cmdlet", match, match[0], tool, line)

    def _commands(self, line: str) -> Iterator[_Found]:
        for match in _COMMAND.finditer(line):
            if found := _command(match[1].split()):
                yield self._tool("classic-command", match, found[0], found[1], line)

    def _libraries(self, line: str) -> Iterator[_Found]:
        for match in _LIBRARY.finditer(line):
            if tool := tool_of("libraries", match[0]):
                yield self._tool("asm-library", match, match[0], tool, "")

    def _terraform(self, line: str) -> Iterator[_Found]:
        for match in _TERRAFORM.finditer(line):
            name = match[1] or match[2]
            tool = tool_of("terraform", name) if name else Tool("azure", "azurerm", "", "documented")
            if tool:
                yield self._tool("classic-terraform", match, name or match[0], tool, line)

    def _tool(self, rule: str, match: re.Match[str], text: str, tool: Tool, line: str) -> _Found:
        words = {key(word[0]) for word in _WORDS.finditer(line)} if self._by_name else set()
        words |= {key(quoted[1] or quoted[2]) for quoted in _QUOTED.finditer(line)} if self._by_name else set()
        moved = [move for word in sorted(words) for move in self._by_name.get(word, ())]
        advice = f"{tool.advice} {_went(moved)}".strip()
        start = match.start() + match[0].index(text.split(maxsplit=1)[0])
        return start, match.end(), Sign(rule, start + 1, text, advice, _shorts(moved))

    def _of_id(self, id: str) -> Sequence[Move]:
        """The resource of an id, or the one that holds it."""
        steps = tail(id.rstrip(".")).split("/")
        for end in range(len(steps), 2, -1):
            if moved := self._by_tail.get("/".join(steps[:end])):
                return _nearest(moved, id)
        return ()

    def _of_path(self, path: str) -> Sequence[Move]:
        _, found, rest = path.partition("services/")
        steps = key(f"{found}{rest}".partition("?")[0].strip("/")).split("/")
        for end in range(len(steps), 1, -1):
            if move := self._by_path.get("/".join(steps[:end])):
                return (move,)
        return ()


def _sign(rule: str, match: re.Match[str], advice: str, moved: Sequence[Move]) -> _Found:
    return match.start(), match.end(), Sign(rule, match.start() + 1, match[0], advice, _shorts(moved))


def _nearest(moved: Sequence[Move], id: str) -> Sequence[Move]:
    """Of several resources of one name those in the id's own group, if there are any."""
    own = [move for move in moved if any(key(known) in key(id) for known in move.ids)]
    return own or moved


def _went(moved: Sequence[Move]) -> str:
    """Where resources went, in one line."""
    return " ".join(dict.fromkeys(_told(move) for move in moved))


def _told(move: Move) -> str:
    if move.successor is None:
        return f"{move.short} has no successor" + (f": {move.note}." if move.note else ".")
    unsure = {"assumed": " (the name is assumed)", "missing": " (promised, but not found)"}
    return f"{move.short} is now {move.successor.id}{unsure.get(move.successor.certainty, '')}."


def _shorts(moved: Sequence[Move]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(move.short for move in moved))


def _type_now(type: str) -> str:
    provider, _, kind = type.partition("/")
    now = {
        "domainnames": "a resource group with its load balancers and public addresses",
        "reservedips": "Microsoft.Network/publicIPAddresses",
    }.get(key(kind), _CLASSIC.sub("", type))
    if key(provider).endswith("infrastructuremigrate"):
        return "It only serves the migration; take it out once the last unit is committed."
    return f"Use {now}."


def _command(words: Sequence[str]) -> tuple[str, Tool] | None:
    """The longest command that words begin with, if they also say what to do; otherwise they are prose."""
    known = {tool.old: tool for tool in tools("commands")}
    for end in range(len(words), 0, -1):
        tool = known.get(" ".join(("azure", *words[:end])))
        if tool is None:
            continue
        doing = max((at for at, word in enumerate(words[: end + 2]) if word in _DOING), default=None)
        if doing is None:
            return None
        rest = words[end : max(doing + 1, end)]
        now = " ".join((tool.new, *rest)) if tool.new and rest else tool.new
        return " ".join(("azure", *words[: max(doing + 1, end)])), Tool(tool.old, now, tool.note, tool.evidence)
    return None
