"""What is said about the locks, the licences and known vulnerabilities."""

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

import pytest
import requests
from pip_audit._service import ServiceError  # type: ignore[import-untyped] # it has no types

from tests import audit

DIGEST = f"    --hash=sha256:{'0' * 64}"
LOCK = f"requests==2.32.5 \\\n{DIGEST} \\\n{DIGEST}\nlxml==6.0.2 ; python_version >= '3.8' \\\n{DIGEST}\n"
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("name", audit.LOCKS)
def test_our_locks_name_one_version_of_everything_with_its_digests(name: str) -> None:
    found = audit.requirements((audit.ROOT / name).read_text())
    assert len(found) == len({(each.name, str(each.marker)) for each in found}) > 30


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        (LOCK.replace("==2.32.5", ">=2"), "requests>=2 is not one version"),
        (LOCK.replace("==2.32.5", "==2.32.5,<3"), "is not one version"),
        (LOCK.replace("requests==2.32.5", "requests @ https://evil.example/r.whl"), "is not one version"),
        (f"requests==2.32.5 \\\n{LOCK}", "line 1: requests==2.32.5 has no digest"),
        (f"{LOCK}six==1 \\\n", "six==1 has no digest"),
        (f"--index-url https://evil.example/simple\n{LOCK}", "is no version with a digest"),
        (f"{LOCK}-e git+https://evil.example/x\n", "is no version with a digest"),
        (f"{LOCK}six==1\n", "is no version with a digest"),
        (LOCK.replace("sha256", "md5"), "line 1: requests==2.32.5 has no digest"),
        (LOCK.replace("0" * 64, "0" * 63), "line 1: requests==2.32.5 has no digest"),
    ],
)
def test_a_lock_that_leaves_anything_open_is_refused(lock: str, problem: str) -> None:
    audit.requirements(LOCK)
    with pytest.raises(ValueError, match=re.escape(problem)):
        audit.requirements(lock)


def test_what_is_asked_for_has_to_be_locked_as_it_is_asked_for() -> None:
    lock = audit.requirements(LOCK)
    assert list(audit.unlocked(["requests>=2.32", "lxml[html]", "LXML<7"], lock)) == []
    assert list(audit.unlocked(["requests>=3", "six"], lock)) == [
        "requests>=3 is asked for, and 2.32.5 is locked",
        "six is in no line of the lock",
    ]


class Packaged:
    """A package as its metadata tells it."""

    def __init__(self, **told: str) -> None:
        self.metadata = Message()
        for name, value in told.items():
            for each in value.split("|"):
                self.metadata[name.replace("_", "-")] = each


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"License_Expression": "MIT"}, True),
        ({"License_Expression": "MPL-2.0 AND (Apache-2.0 OR MIT)"}, True),
        ({"License_Expression": "GPL-3.0-only OR MIT"}, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, False),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, True),
        ({"Classifier": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)", "License": "MIT"}, False),
        ({"License": "BSD-3-Clause"}, True),
        ({"License": "Proprietary"}, False),
        ({}, False),
    ],
)
def test_licences_are_known_or_looked_at(told: Mapping[str, str], known: object) -> None:
    assert audit.known_licence(cast("Any", Packaged(**told))) is known


class Service(ThreadingHTTPServer):
    """Knows one vulnerability of one version, as OSV tells it."""

    status, pause = 200, 0.0


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.pause)
        hit = (asked["package"]["name"], asked["version"]) == ("requests", "2.32.5")
        fixed = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.33.0"}]}]
        told: dict[str, Any] = {"id": "GHSA-x", "aliases": ["CVE-2026-1"], "summary": "it leaks", "affected": []}
        told["affected"] = [{"package": {"name": "requests", "ecosystem": "PyPI"}, "ranges": fixed}]
        content = json.dumps({"vulns": [told]} if hit else {}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


PACKAGES = [("lxml", "6.0.2"), ("requests", "2.32.5"), ("six", "1.0")]
ACCEPTANCE = {"id": "CVE-2026-1", "package": "Requests", "who": "ada", "why": "never fed", "until": "2026-12-31"}


def url(service: Service) -> str:
    return f"http://127.0.0.1:{service.server_port}/v1/query"


def accepted(**change: str) -> list[audit.Acceptance]:
    return [audit.Acceptance.model_validate(ACCEPTANCE | change)]


def test_what_is_known_is_told_with_all_its_names_and_where_it_is_mended(service: Service) -> None:
    [finding] = audit.vulnerabilities(PACKAGES, url(service))
    assert str(finding) == "vulnerable: requests 2.32.5: CVE-2026-1, GHSA-x: it leaks; mended in 2.33.0"


@pytest.mark.parametrize(
    ("acceptances", "told"),
    [
        ([], ["vulnerable"]),
        (accepted(), []),
        (accepted(id="GHSA-x", until=str(TODAY)), []),
        (accepted(until="2026-11-22"), ["vulnerable", "accepted until 2026-11-22"]),
        (accepted(package="lxml"), ["vulnerable", "accepted for nothing"]),
    ],
    ids=["nobody accepted it", "accepted", "by another of its names, until today", "too long ago", "of another"],
)
def test_a_finding_stands_unless_somebody_accepted_it(
    acceptances: list[audit.Acceptance], told: list[str], service: Service
) -> None:
    open_ones, old = audit.judged(audit.vulnerabilities(PACKAGES, url(service)), acceptances, TODAY)
    lines = [*map(str, open_ones), *old]
    assert len(lines) == len(told)
    assert all(line.startswith(words) for line, words in zip(lines, told, strict=True))


def test_a_service_that_is_away_slow_or_broken_is_told_apart_from_one_that_knows_nothing(service: Service) -> None:
    with pytest.raises(requests.ConnectionError):
        audit.vulnerabilities(PACKAGES, "http://127.0.0.1:9/v1/query")
    service.pause = 0.4
    with pytest.raises(TimeoutError):
        audit.vulnerabilities(PACKAGES, url(service), 0.5)
    service.pause, service.status = 0.0, 500
    with pytest.raises(ServiceError):
        audit.vulnerabilities(PACKAGES, url(service))


@pytest.mark.parametrize(
    ("arguments", "away", "code", "said"),
    [
        ([], False, 0, "1 vulnerabilities not accepted"),
        (["--strict"], False, 1, "1 vulnerabilities not accepted"),
        ([], True, 0, "not audited: the vulnerability service cannot be asked (ConnectionError)"),
        (["--strict"], True, 1, "not audited: "),
    ],
)
def test_only_the_strict_audit_fails_for_what_a_commit_cannot_help(
    arguments: list[str],
    away: object,
    code: int,
    said: str,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = "http://127.0.0.1:9/v1/query" if away else url(service)
    monkeypatch.setattr(sys, "argv", ["audit", *arguments, "--service", where])
    monkeypatch.setattr(audit, "requirements", lambda _: audit_of(LOCK))
    # Looked at by `make check` itself, in seconds that this test does not have.
    monkeypatch.setattr(audit, "_installed", lambda _: ())
    monkeypatch.setattr(audit, "_locked", lambda _: ())
    assert audit.main() == code
    assert said in capsys.readouterr().out.splitlines()[-1]


def test_something_that_is_wrong_here_fails_every_audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["audit", "--service", "http://127.0.0.1:9/v1/query"])
    monkeypatch.setattr(audit, "requirements", lambda _: audit_of(LOCK.replace("2.32.5", "2.0.0")))
    assert audit.main() == 1
    told = capsys.readouterr().out
    assert "requests 2.0.0 is locked, and 2." in told
    assert "pytest is installed, and not locked" in told
    assert "prefect==3.8.8 is in no line of the lock; make lock" in told


audit_of = audit.requirements
