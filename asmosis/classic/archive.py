"""How a folder of archived documents names them: a request's path as a file name, which also tells whose they are."""

from pathlib import PurePath
from urllib.parse import quote, unquote

_BETWEEN = "__"
# Of these, no document says itself whose it is.
_OF_OWNERS: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {
    ("services", "networking"): (("gateway",), ("gateway", "connections")),
    ("services", "hostedservices"): (("certificates",),),
}


def file_name(path: str) -> str:
    """The file of the answer at a request's path; a list sorts before its members, so that the details stand."""
    steps = path.partition("?")[0].split("/")
    return _BETWEEN.join(quote(unquote(step), safe=" ").replace("_", "%5F") for step in steps) + ".xml"


def owner_of(place: str) -> str:
    """The network or cloud service whose document a file holds; empty where its name does not tell."""
    steps = tuple(unquote(step) for step in PurePath(place).stem.split(_BETWEEN))
    return steps[2] if steps[3:] in _OF_OWNERS.get(steps[:2], ()) else ""
