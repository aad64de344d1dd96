"""Many documents are read by several processes, with the answers of one."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from asmosis.classic import batches
from asmosis.classic.batches import read_documents
from asmosis.classic.documents import Document
from asmosis.classic.storage import StorageService
from asmosis.errors import UnreadableDocument

HERE = Path(__file__).parent
KEYS = b"<StorageService><Url>u</Url><StorageServiceKeys><Primary>p1</Primary></StorageServiceKeys></StorageService>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Documents of every kind that is at hand, each several times, some broken."""
    samples = sorted((HERE / "promised" / "documents").glob("*.xml"))
    for number in range(40):
        sample = samples[number % len(samples)]
        (tmp_path / f"{number:02}-{sample.name}").write_bytes(sample.read_bytes())
    (tmp_path / "03-broken.xml").write_bytes(b"<Disks>")
    (tmp_path / "05-empty.xml").write_bytes(b"<Disks/>")
    (tmp_path / "07-keys.xml").write_bytes(KEYS)
    (tmp_path / "09-odd.xml").write_bytes(b"<Disks><Disk><Name>d</Name><Odd/></Disk></Disks>")
    return tmp_path


@pytest.fixture
def _in_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr(batches, "_BATCH", 3)
    monkeypatch.setattr(batches, "_cores", lambda: 2)


@pytest.fixture
def _all_by_the_other(monkeypatch: pytest.MonkeyPatch, _in_two_processes: None) -> None:
    take = batches._next
    mine = threading.get_ident()
    monkeypatch.setattr(batches, "_next", lambda todo: None if threading.get_ident() == mine else take(todo))


def told(found: Iterator[Document | UnreadableDocument]) -> list[object]:
    return [each.args if isinstance(each, UnreadableDocument) else each for each in found]


def processes() -> set[int]:
    """The children of this process that run."""
    children = psutil.Process().children()
    return {child.pid for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE}


def test_few_documents_start_no_process(folder: Path) -> None:
    before = processes()
    found = read_documents(sorted(folder.iterdir()))
    next(found)
    assert processes() == before


def test_processes_answer_what_one_would(folder: Path, request: pytest.FixtureRequest) -> None:
    paths = [*sorted(folder.iterdir()), folder / "gone.xml"]
    alone = told(read_documents(paths))
    request.getfixturevalue("_in_two_processes")
    together = read_documents(paths)
    before = processes()
    first = next(together)
    assert processes() - before
    assert told(iter([first, *together])) == alone
    assert processes() == before
    assert len(alone) == 45


@pytest.mark.usefixtures("_all_by_the_other")
def test_secrets_come_whole_and_stay_secret(folder: Path) -> None:
    [document] = read_documents([folder / "07-keys.xml"])
    assert isinstance(document, Document)
    [account] = document.models
    assert isinstance(account, StorageService)
    assert account.primary_key is not None
    assert account.primary_key.get_secret_value() == "p1"
    assert "p1" not in f"{document!r} {account.dump()}"


@pytest.mark.usefixtures("_all_by_the_other")
def test_who_looks_no_further_leaves_no_process_behind(folder: Path) -> None:
    before = processes()
    paths = sorted(folder.iterdir())
    os.mkfifo(folder / "waits.xml")  # whoever reads it waits for ever
    found = read_documents([*paths[:3], folder / "waits.xml"])
    next(found)
    assert processes() - before
    del found
    assert processes() == before


@pytest.mark.usefixtures("_all_by_the_other")
@pytest.mark.parametrize("documents", [4, 400], ids=["all asked for", "some still to do"])
def test_a_process_that_is_killed_is_no_short_estate(folder: Path, documents: int) -> None:
    paths = sorted(folder.iterdir())
    os.mkfifo(folder / "waits.xml")
    before = processes()
    found = read_documents([*paths[:3], folder / "waits.xml", *paths * (documents // 40)])
    next(found)
    for process in processes() - before:
        os.kill(process, signal.SIGKILL)
    with pytest.raises(ChildProcessError, match="ended too early"):
        list(found)


@pytest.mark.usefixtures("_in_two_processes")
def test_who_is_slow_leaves_the_reading_to_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = batches._attempt
    own: list[Path] = []

    def slowly(path: Path) -> Document | UnreadableDocument:
        own.append(path)
        time.sleep(0.01)
        return attempt(path)

    monkeypatch.setattr(batches, "_attempt", slowly)
    paths = sorted(folder.iterdir()) * 10
    assert len(list(read_documents(paths))) == len(paths)
    assert len(own) < len(paths) / 2


@pytest.mark.usefixtures("_in_two_processes")
def test_a_file_whose_name_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff.xml")
    odd.write_bytes(KEYS)
    [document] = read_documents([odd])
    assert isinstance(document, Document)
    assert document.root == "StorageService"
