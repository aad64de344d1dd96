"""What resource groups hold, as far as it may be read; light, because the libraries that read it are heavy."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Unread:
    """Resources of one type in one group that may not be read (403); all of them where none is named.

    An empty type stands for everything in the group.
    """

    type: str
    group: str
    names: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        what = f"{self.type} {', '.join(self.names)}".rstrip() or "anything"
        return f"{what} in resource group {self.group}: {self.why}"

    def hides(self, type: str, group: str, names: Collection[str]) -> bool:
        """Whether a resource may be there unseen; `names` are its own and its parent's, none if nobody knows them.

        What may not be read hides what is within it.
        """
        within = not self.type or f"{type}/".casefold().startswith(f"{self.type}/".casefold())
        if self.group.casefold() != group.casefold() or not within:
            return False
        known = {name.casefold() for name in self.names}
        return not known or not names or any(name.casefold() in known for name in names)


@dataclass(frozen=True)
class Holdings:
    """What groups hold: bodies in the order of their ids, and what may be there besides."""

    resources: tuple[dict[str, Any], ...] = field(repr=False)
    unread: tuple[Unread, ...] = ()
