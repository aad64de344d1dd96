"""Threads with one question get one answer, never one that is older than their question."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from typing import Any

import pytest
from pydantic import SecretStr

from asmosis.azure import together as module
from asmosis.azure.asm import AsmClient
from asmosis.azure.sign_in import StaticToken, credential_of
from asmosis.azure.together import together
from asmosis.errors import NotFound, Unreachable

MANY = 20


class Slow:
    """Answers how often it was asked, as soon as it may."""

    def __init__(self) -> None:
        self.asked, self.may = 0, Event()

    def __call__(self) -> int:
        self.asked += 1
        mine = self.asked
        assert self.may.wait(10)
        return mine


def begun(pool: ThreadPoolExecutor, ask: Any, times: int = 1) -> list[Any]:
    """Threads that ask, and have had the time to."""
    asking = [pool.submit(together, "question", ask) for _ in range(times)]
    time.sleep(0.1)
    return asking


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY + 1) as found:
        yield found
    assert (module._asked, module._waiting) == ({}, {})


def test_who_comes_while_a_question_is_on_its_way_waits_for_the_next_with_all_others(pool: ThreadPoolExecutor) -> None:
    slow = Slow()
    first = begun(pool, slow)
    others = begun(pool, slow, MANY)
    assert slow.asked == 1
    slow.may.set()
    assert [each.result(10) for each in first] == [1]
    assert {each.result(10) for each in others} == {2}
    assert together("question", slow) == 3


def test_other_questions_do_not_wait(pool: ThreadPoolExecutor) -> None:
    slow = Slow()
    asking = begun(pool, slow)
    assert together("another question", lambda: "at once") == "at once"
    slow.may.set()
    assert asking[0].result(10) == 1


def test_nobody_is_told_anything_older_than_his_question(pool: ThreadPoolExecutor) -> None:
    ticks = count()

    def answer() -> int:
        now = next(ticks)
        time.sleep(0.001)
        return now

    def fresh(_: int) -> bool:
        return next(ticks) < together("question", answer)

    assert all(pool.map(fresh, range(500)))


def test_an_error_is_everybodys_and_is_not_kept(pool: ThreadPoolExecutor) -> None:
    slow, broken = Slow(), Slow()

    def breaks() -> int:
        broken()
        raise Unreachable("ASM", "there", f"time {broken.asked}")

    first = begun(pool, slow)
    others = begun(pool, breaks, MANY)
    slow.may.set()
    broken.may.set()
    assert first[0].result(10) == 1
    errors = [each.exception(10) for each in others]
    assert {str(error) for error in errors} == {"ASM at there cannot be reached: time 1"}
    assert len(set(map(id, errors))) == MANY
    assert together("question", lambda: 5) == 5


@pytest.mark.parametrize("broken_off", [KeyboardInterrupt(), SystemExit(), RuntimeError()], ids=repr)
def test_who_is_broken_off_takes_nobody_along(pool: ThreadPoolExecutor, broken_off: BaseException) -> None:
    slow, stuck = Slow(), Slow()
    asked: list[int] = []

    def breaks() -> int:
        if not asked:
            asked.append(stuck())
            raise broken_off
        return 7

    first = begun(pool, slow)
    others = begun(pool, breaks, MANY)
    slow.may.set()
    stuck.may.set()
    assert first[0].result(10) == 1
    results = Counter(type(each.exception(10)) for each in others)
    assert results == {type(broken_off): 1, type(None): MANY - 1}
    assert {each.result() for each in others if not each.exception()} == {7}


class Plane(BaseHTTPRequestHandler):
    """A classic plane with one network, that takes its time and keeps who asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.headers["Authorization"])
        time.sleep(0.2)
        body = b"<VirtualNetworkSites><VirtualNetworkSite><Name>net</Name></VirtualNetworkSite></VirtualNetworkSites>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Plane, "asked", [], raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Plane) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_many_units_ask_a_plane_for_its_networks_twice_and_each_in_his_own_name(
    plane: str, pool: ThreadPoolExecutor
) -> None:
    def ask(who: str) -> str:
        credential = credential_of(StaticToken(SecretStr(who)))
        with AsmClient("s", url=plane, credential=credential) as asm:
            with pytest.raises(NotFound, match="has no 'other'"):
                asm.network("other")
            return asm.network("net").name

    assert set(pool.map(ask, ["ada", "grace"] * (MANY // 2))) == {"net"}
    asked = Counter(Plane.asked)
    assert set(asked) == {"Bearer ada", "Bearer grace"}
    assert max(asked.values()) <= 4
