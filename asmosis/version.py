"""Which asmosis this is: the number of its release, and a digest of the code that is really there.

Flows carry it as their version, so a deployment says what it was registered from, and each run what executed it.
"""

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("asmosis", "blocks", "flows", "tasks")
_DIGITS = 8


def _digest(root: Path) -> str:
    """Of all code that a run executes; the same wherever the same files are installed."""
    found = sha256()
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:_DIGITS]


RELEASE = version("asmosis")
"""The release, as packages are named by."""
VERSION = f"{RELEASE}+{_digest(Path(__file__).resolve().parent.parent)}"
"""The release and the digest of the code as it was when this process began to use it."""
