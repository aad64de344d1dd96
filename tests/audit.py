"""What the project is built of: `python -m tests.audit [--strict]`, which `make check` and `make audit` run.

What can be told here is always looked at: that the locks name one version of everything, each with its digests, and no
place to download from; that they are what pyproject.toml asks for and what is installed; that all licences are known.
Then OSV is asked for known vulnerabilities. Without --strict they are told and no more, since a commit that nobody
touched does not become wrong by itself, and so is that nobody answered. With it, exit 1 where one has not been accepted
in tests/audit.yaml, or nobody answers.
"""

import argparse
import re
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Annotated

import requests
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip_audit._service import (  # type: ignore[import-untyped] # it has no types
    OsvService,
    ResolvedDependency,
    ServiceError,
)
from pydantic import BaseModel, ConfigDict, Field

from asmosis.yaml_files import FileFormat

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "bench/requirements.lock")
ACCEPTED = ROOT / "tests" / "audit.yaml"
PATIENCE = 7.0  # seconds that `make check` gives the service for all of it
_AT_ONE_TIME = 16
_DIGEST = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
_ALLOWED = re.compile(
    r"MIT(-0)?|MIT License|BSD-[23]-Clause|BSD License|0BSD|Apache-2\.0|Apache Software License|ISC|ISC License.*|PSF-2\.0"
    r"|Python Software Foundation License|MPL-2\.0|Mozilla Public License 2\.0.*|CNRI-Python|Zlib|CC0-1\.0|Artistic License"
)
_Said = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Acceptance(BaseModel):
    """A vulnerability that somebody accepts, until a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: _Said
    package: _Said
    who: _Said
    why: _Said
    until: date


class Accepted(BaseModel):
    """The file of what was accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: tuple[Acceptance, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a version that the locks name; `ids` are all names that it has."""

    package: str
    version: str
    ids: frozenset[str]
    words: str
    mended: tuple[str, ...] = ()

    def __str__(self) -> str:
        mended = f"; mended in {', '.join(self.mended)}" if self.mended else ""
        return f"vulnerable: {self.package} {self.version}: {', '.join(sorted(self.ids))}: {self.words[:160]}{mended}"


def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--service", default=OsvService.DEFAULT_OSV_URL, help="address of OSV's API")
    asked = parser.parse_args()
    pinned = {name: requirements((ROOT / name).read_text(encoding="utf-8")) for name in LOCKS}
    wrong = [*_locked(pinned), *_installed(pinned[LOCKS[0]]), *_licences(distributions())]
    for problem in wrong:
        sys.stdout.write(f"{problem}\n")
    packages = sorted({(canonicalize_name(each.name), _version(each)) for lock in pinned.values() for each in lock})
    try:
        found = vulnerabilities(packages, asked.service, None if asked.strict else PATIENCE)
    except (requests.RequestException, ServiceError, TimeoutError) as error:
        sys.stdout.write(f"not audited: {_reason(error)}\n")
        return 1 if wrong or asked.strict else 0
    accepted = FileFormat("file of accepted vulnerabilities", Accepted, 1_000_000).read(ACCEPTED).accepted
    open_ones, old = judged(found, accepted, datetime.now(UTC).date())
    for line in (*open_ones, *old):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(packages)} packages audited, {len(open_ones)} vulnerabilities not accepted\n")
    return 1 if wrong or (asked.strict and (open_ones or old)) else 0


def requirements(lock: str) -> tuple[Requirement, ...]:
    """What a lock names.

    Raises:
        ValueError: a line is neither one version of something nor a digest of it.
    """
    found: list[Requirement] = []
    hashed = True
    for number, line in enumerate(lock.splitlines(), start=1):
        if _DIGEST.fullmatch(line):
            hashed = True
            continue
        if not hashed:
            raise ValueError(f"line {number - 1}: {found[-1]} has no digest")
        text = line.removesuffix(" \\")
        if not re.match(r"[A-Za-z0-9]", text) or text == line:
            raise ValueError(f"line {number}: {line!r} is no version with a digest")
        found.append(Requirement(text))
        hashed = False
        if found[-1].url or [each.operator for each in found[-1].specifier] != ["=="]:
            raise ValueError(f"line {number}: {text} is not one version")
    if not hashed:
        raise ValueError(f"{found[-1]} has no digest")
    return tuple(found)


def unlocked(wanted: Iterable[str], lock: Sequence[Requirement]) -> Iterator[str]:
    """What is asked for and not locked as it is asked for."""
    by_name = {canonicalize_name(each.name): each for each in lock}
    for text in wanted:
        requirement = Requirement(text)
        held = by_name.get(canonicalize_name(requirement.name))
        if held is None:
            yield f"{requirement} is in no line of the lock"
        elif not requirement.specifier.contains(_version(held), prereleases=True):
            yield f"{requirement} is asked for, and {_version(held)} is locked"


def vulnerabilities(
    packages: Sequence[tuple[str, str]], service: str, patience: float | None = None
) -> tuple[Finding, ...]:
    """What is known of these versions.

    Raises:
        requests.RequestException, ServiceError: nobody answers, or with nonsense.
        TimeoutError: not everything was answered in time.
    """
    deadline = None if patience is None else time.monotonic() + patience
    local = threading.local()

    def ask(package: tuple[str, str]) -> list[Finding]:
        if not hasattr(local, "osv"):
            local.osv = OsvService(None, 5, service)
        name, version = package
        _, results = local.osv.query(ResolvedDependency(name, Version(version)))
        return [
            Finding(
                name, version, frozenset({each.id, *each.aliases}), each.description, tuple(map(str, each.fix_versions))
            )
            for each in results
        ]

    pool = ThreadPoolExecutor(_AT_ONE_TIME)
    try:
        # The first one tells whether there is anybody to ask.
        found = ask(packages[0])
        asked = [pool.submit(ask, package) for package in packages[1:]]
        for answer in as_completed(asked, None if deadline is None else max(0.0, deadline - time.monotonic())):
            found += answer.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return tuple(sorted(found, key=str))


def judged(
    found: Iterable[Finding], accepted: Sequence[Acceptance], today: date
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What nobody accepts today, and acceptances that have run out or are of nothing."""
    findings = tuple(found)

    def accepts(acceptance: Acceptance, finding: Finding) -> bool:
        return acceptance.id in finding.ids and canonicalize_name(acceptance.package) == finding.package

    valid = [each for each in accepted if each.until >= today]
    open_ones = tuple(each for each in findings if not any(accepts(one, each) for one in valid))
    old = [f"accepted until {each.until}: {each.id} of {each.package}" for each in accepted if each.until < today]
    old += [
        f"accepted for nothing: {each.id} of {each.package}"
        for each in valid
        if not any(accepts(each, finding) for finding in findings)
    ]
    return open_ones, tuple(old)


def known_licence(distribution: Distribution) -> bool:
    """Whether a package is under licences that a product under MIT may be built of."""
    told = distribution.metadata
    [expression] = (told.get_all("License-Expression") or [""])[:1]
    if expression:
        return all(
            any(_ALLOWED.fullmatch(one.strip("() ")) for one in term.split(" OR "))
            for term in expression.split(" AND ")
        )
    classified = [each.rpartition("::")[2].strip() for each in told.get_all("Classifier") or () if "License ::" in each]
    return any(_ALLOWED.fullmatch(each) for each in classified or told.get_all("License") or ())


def _locked(pinned: Mapping[str, Sequence[Requirement]]) -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(one for each in extras for one in each),
    ]
    yield from (f"{LOCKS[0]}: {problem}; make lock" for problem in unlocked(wanted, pinned[LOCKS[0]]))
    bench = (ROOT / "bench" / "requirements.in").read_text(encoding="utf-8").splitlines()
    yield from (f"{LOCKS[1]}: {problem}; make lock" for problem in unlocked(filter(None, bench), pinned[LOCKS[1]]))


def _installed(lock: Sequence[Requirement]) -> Iterator[str]:
    """How what is installed differs from the lock; what its markers leave out need not be there."""
    there = {canonicalize_name(each.name): each.version for each in distributions()}
    for each in lock:
        if each.marker is None or each.marker.evaluate():
            version = there.get(canonicalize_name(each.name))
            if version != _version(each):
                yield f"{each.name} {_version(each)} is locked, and {version or 'none'} is installed; remove .venv and run make"
    known = {canonicalize_name(each.name) for each in lock} | {"asmosis", "pip"}
    yield from (f"{name} is installed, and not locked" for name in sorted(there.keys() - known))
    broken = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    yield from broken.stdout.splitlines() if broken.returncode else ()


def _licences(installed: Iterable[Distribution]) -> Iterator[str]:
    yield from (f"{each.name}: nobody has looked at its licence" for each in installed if not known_licence(each))


def _version(requirement: Requirement) -> str:
    [specifier] = requirement.specifier
    return specifier.version


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"the service did not answer everything within {PATIENCE:g} seconds"
    return " ".join(f"the vulnerability service cannot be asked ({type(error).__name__})".split())


if __name__ == "__main__":
    sys.exit(main())
