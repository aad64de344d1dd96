"""Verbs that read a live subscription: from the emulator, over a socket."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from asmosis.cli import call


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


@pytest.fixture(scope="module")
def subscription(emulator: str) -> str:
    loaded = requests.post(f"{emulator}/_control/seed", json={"estate": "contoso"}, timeout=60).json()
    return str(loaded["subscription"])


@pytest.fixture(autouse=True)
def _signed_in(emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASMOSIS_ASM_URL", emulator)
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_assess_reads_the_subscription_that_the_environment_names(
    subscription: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASMOSIS_SUBSCRIPTION", subscription)
    assert call(["assess", "--json"]) == 1
    assessed = answer(capsys)
    ready = {unit["unit"]: unit["ready"] for unit in assessed["units"]}
    assert (assessed["subscription"], assessed["unread"]) == (subscription, [])
    assert (ready["reservedIp/contoso-spare-ip"], ready["hostedService/contoso-acl"]) == (True, False)


def test_an_archive_of_a_subscription_is_judged_like_the_subscription(
    subscription: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "archive"
    assert call(["snapshot", "--subscription", subscription, "--to", str(folder), "--json"]) == 0
    taken = answer(capsys)
    assert sorted([*taken["documents"], taken["facts"]]) == sorted(path.name for path in folder.iterdir())
    assert call(["assess", "--subscription", subscription, "--json"]) == 1
    live = answer(capsys)
    assert [unit["unit"] for unit in live["units"]] == taken["units"]
    assert call(["assess", "--subscription", subscription, "--from", str(folder), "--json"]) == 1
    archived = answer(capsys)
    # Documents alone tell neither certificates nor gateways: rules about them find nothing in an archive.
    assert [(unit["unit"], unit["ready"]) for unit in archived["units"]] == [
        (unit["unit"], unit["ready"]) for unit in live["units"]
    ]


def test_an_archive_is_for_its_owners_eyes(subscription: str, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    assert call(["snapshot", "--subscription", subscription, "--to", str(folder)]) == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_an_archive_is_not_mixed_with_other_files(
    subscription: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.xml").write_text("<Hat/>")
    assert call(["snapshot", "--subscription", subscription, "--to", str(tmp_path)]) == 2
    assert "it is there and not an empty folder. Name a new folder." in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old.xml"]


def test_an_unknown_unit_is_wrong_usage(subscription: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["assess", "--subscription", subscription, "--unit", "reservedIp/absent"]) == 2
    assert "There are: contoso-spare-ip." in capsys.readouterr().err
