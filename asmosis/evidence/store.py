"""Where bundles are kept: a folder, or any other place that fsspec knows.

`SUBSCRIPTION/KIND/NAME/` holds the versions of the manifest, and under `parts/` each part by its address. Nothing is
ever written over; a manifest is written after its parts, so that who is killed in between leaves the former version.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import fsspec

from asmosis.errors import Unreachable, UnreadableDocument, UsageError
from asmosis.evidence.manifest import Content, Manifest, Part
from asmosis.redaction import redacted_text
from asmosis.units import Unit

_MANIFEST = re.compile(r"manifest-(\d{4,})-([0-9a-f]{64})\.json")
_VARIABLE, _HOME, _DEFAULT_HOME, _FOLDER = "ASMOSIS_EVIDENCE", "ASMOSIS_HOME", ".asmosis", "evidence"


def evidence_url(environment: Mapping[str, str] = os.environ) -> str:
    """Where the environment says that evidence is kept: ASMOSIS_EVIDENCE, else a folder in ASMOSIS_HOME."""
    home = Path(environment.get(_HOME) or _DEFAULT_HOME).resolve()
    return environment.get(_VARIABLE) or str(home / _FOLDER)


class EvidenceStore:
    """The bundles of all units.

    Every method raises `Unreachable` where the place cannot be read or written, and `UnreadableDocument` for what is
    not as it was written.
    """

    def __init__(self, url: str) -> None:
        """Open a place by its URL, or a folder by its path.

        Raises:
            UsageError: nobody knows places of this kind.
        """
        self.url = redacted_text(url)
        try:
            self._files, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise UsageError("evidence", f"{self.url}: {error}", f"Set {_VARIABLE} to a folder or a URL.") from None
        self._root = str(root).rstrip("/")
        self._local = "file" in ((kind,) if isinstance(kind := self._files.protocol, str) else kind)

    def append(
        self,
        unit: Unit,
        run: str,
        contents: Mapping[str, Content],
        missing: Mapping[str, str],
        carried: tuple[Part, ...] = (),
    ) -> Manifest:
        """Keep parts in a new version of the bundle, beside those carried on; the latest one if nothing is new."""
        parts = {part.name: part for part in carried}
        for name, content in contents.items():
            part = Part(name, content.sha256, len(content.data), content.media, run, content.partial)
            former = parts.get(name)
            # Who first kept the same bytes stays their maker.
            parts[name] = former if former and replace(former, run=run) == part else part
        latest = self.latest(unit)
        made = Manifest(
            str(unit),
            run,
            latest.version + 1 if latest else 1,
            latest.digest if latest else "",
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            tuple(sorted(parts.values(), key=lambda part: part.name)),
            dict(sorted(missing.items())),
        )
        if latest and (latest.run, latest.parts, dict(latest.missing)) == (run, made.parts, dict(made.missing)):
            return latest
        for content in contents.values():
            self._write(f"{self._place(unit)}/parts/{content.sha256}", content.data)
        self._write(f"{self._place(unit)}/manifest-{made.version:04}-{made.digest}.json", made.data)
        return made

    def latest(self, unit: Unit) -> Manifest | None:
        """The newest version of a unit's bundle."""
        paths = self._manifests(self._place(unit))
        return self._manifest(paths[-1]) if paths else None

    def versions(self, unit: Unit) -> tuple[Manifest, ...]:
        """Every version of a unit's bundle, oldest first."""
        return tuple(map(self._manifest, self._manifests(self._place(unit))))

    def everything(self, subscription: str = "") -> tuple[Manifest, ...]:
        """The newest version of each bundle, of one subscription or of all."""
        under = f"{self._root}/{subscription.lower()}" if subscription else self._root
        with self._translated():
            found = self._files.find(under) if self._files.exists(under) else []
        newest: dict[str, str] = {}
        for path in sorted(map(str, found), key=_version):
            folder, _, name = path.rpartition("/")
            if _MANIFEST.fullmatch(name):
                newest[folder] = path
        return tuple(self._manifest(newest[folder]) for folder in sorted(newest))

    def read(self, manifest: Manifest, part: Part) -> bytes:
        """The bytes of a part.

        Raises:
            UnreadableDocument: they are not there, or not what was kept.
        """
        path = f"{self._place(Unit.parse(manifest.unit))}/parts/{part.sha256}"
        data = self._read(path)
        if sha256(data).hexdigest() != part.sha256:
            raise UnreadableDocument(path, "it is not what was kept: its SHA-256 is another")
        return data

    def try_out(self) -> None:
        """Write something beside the bundles and take it away; a folder that is not there yet is not made."""
        with self._translated():
            if self._local:
                place = Path(self._root)
                there = next(parent for parent in (place, *place.parents) if parent.exists())
                with tempfile.TemporaryFile(dir=there) as file:
                    file.write(b"x")
                return
            trial = f"{self._root}/.{uuid4().hex}"
            self._files.pipe_file(trial, b"x")
            self._files.rm_file(trial)

    def location(self, unit: Unit) -> str:
        """Where a unit's bundle lies."""
        return redacted_text(str(self._files.unstrip_protocol(self._place(unit))))

    def _place(self, unit: Unit) -> str:
        return f"{self._root}/{unit.subscription}/{unit.kind}/{quote(unit.name.casefold(), safe='')}"

    def _manifests(self, place: str) -> list[str]:
        with self._translated():
            # Another process may have written since this one looked.
            self._files.invalidate_cache(place)
            listed = self._files.ls(place, detail=False) if self._files.exists(place) else []
        return sorted((path for path in map(str, listed) if _MANIFEST.fullmatch(path.rpartition("/")[2])), key=_version)

    def _manifest(self, path: str) -> Manifest:
        data = self._read(path)
        found = _MANIFEST.fullmatch(path.rpartition("/")[2])
        if found and found[2] != sha256(data).hexdigest():
            raise UnreadableDocument(path, "it is not what was kept: its SHA-256 is another")
        return Manifest.parse(data, path)

    def _read(self, path: str) -> bytes:
        with self._translated():
            try:
                return bytes(self._files.cat_file(path))
            except FileNotFoundError:
                raise UnreadableDocument(path, "it is not there") from None

    def _write(self, path: str, data: bytes) -> None:
        with self._translated():
            if self._files.exists(path):
                return
            if not self._local:
                self._files.pipe_file(path, data)
                return
            # For the owner's eyes: names and addresses of whole networks are in it.
            folder = Path(path).parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = folder / f".{uuid4().hex}"
            try:
                with os.fdopen(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (UnreadableDocument, UsageError):
            raise
        except Exception as error:  # noqa: BLE001 - each kind of place has errors of its own
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            raise Unreachable("the evidence", self.url, redacted_text(str(reason))) from None


def _version(path: str) -> tuple[Any, ...]:
    found = _MANIFEST.fullmatch(path.rpartition("/")[2])
    return (int(found[1]), found[2]) if found else (0, path)
