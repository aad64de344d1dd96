"""The judge of chaos itself: each invariant, broken by one thing, is told; and the wires it cuts are wires."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asmosis.runs import Run
from tests.chaos.invariants import (
    Said,
    Shown,
    UnitSeen,
    problems_of_runs,
    problems_of_unit,
    problems_of_waves,
)
from tests.chaos.wires import Wire
from tests.conftest import free_port

UNIT = "virtualNetwork/v"
DAWN = datetime(2026, 11, 23, 4, tzinfo=UTC)


def at(minute: int) -> datetime:
    return DAWN + timedelta(minutes=minute)


def sent(verb: str, minute: int, *, effect: bool = True) -> dict[str, Any]:
    return {"plane": "asm", "verb": verb, "effect": effect, "status": 202, "at": at(minute).isoformat()}


def done(verb: str, minute: int, status: int = 200) -> dict[str, Any]:
    return {"plane": "platform", "verb": verb, "effect": False, "status": status, "at": at(minute).isoformat()}


def run(state: str, type: str = "COMPLETED", name: str = "one", **asked: Any) -> Run:
    tags = ("subscription:s", f"unit:{UNIT}", "wave:chaos")
    parameters = {"migration": {"approval": "manual", "approvers": {"needed": 1, "names": ["ada", "grace"]}, **asked}}
    return Run(name, "migrate", "migrate", type, state, "", "words", tags, "", parameters=parameters)


PREPARED = (sent("prepare", 1), done("prepare", 2))
COMMITTED = (*PREPARED, sent("commit", 5), done("commit", 6))
ABORTED = (*PREPARED, sent("abort", 5), done("abort", 6))
YES = Said("abc", "commit", "ada", at(4))
GOOD = UnitSeen(
    UNIT, "", "gone", "all", "", (run("Committed"),), COMMITTED, {"one": [YES]}, (Shown("abcdef", True, at(3)),)
)
BACK = replace(GOOD, classic="as before", arm="nothing", runs=(run("Aborted"),), journal=ABORTED, votes={})


@pytest.mark.parametrize(
    "seen",
    [
        GOOD,
        BACK,
        replace(
            GOOD, journal=(*PREPARED, sent("commit", 5), done("commit", 6, 500), sent("commit", 7), done("commit", 8))
        ),
        replace(
            BACK,
            runs=(run("PrepareFailed", "FAILED"),),
            met="prepare: quota",
            journal=(sent("prepare", 1), done("prepare", 2, 400), *ABORTED[2:]),
        ),
        replace(GOOD, votes={}, runs=(run("Committed", approval="automatic-when-clean"),)),
        replace(GOOD, journal=(*ABORTED, *COMMITTED), runs=(run("Committed"), run("Aborted", name="zero"))),
        replace(
            GOOD,
            met="prepare: slow",
            journal=(sent("prepare", 1), sent("prepare", 1, effect=False), *COMMITTED[1:]),
        ),
    ],
    ids=["committed", "aborted", "commit again after it failed", "prepare failed", "by policy", "two runs", "slow"],
)
def test_what_went_well_is_no_problem(seen: UnitSeen) -> None:
    assert list(problems_of_unit(seen)) == []


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (replace(GOOD, runs=()), "no run began with it"),
        (replace(GOOD, classic="as before"), "half: classic is as before, ARM holds all"),
        (replace(GOOD, arm="part"), "half: classic is gone, ARM holds part"),
        (replace(BACK, classic="changed"), "half: classic is changed, ARM holds nothing"),
        (replace(BACK, locked="Prepared"), "it is Prepared, and its run is Aborted"),
        (replace(GOOD, runs=(run("Aborted"),)), "its run is Aborted, but classic is gone and ARM holds all"),
        (
            replace(BACK, runs=(run("Committed"),)),
            "its run is Committed, but classic is as before and ARM holds nothing",
        ),
        (replace(GOOD, runs=(run("Crashed", "CRASHED"),)), "it needs hands: its run is Crashed: words"),
        (replace(GOOD, runs=(run("Suspended", "PAUSED"),)), "it needs hands: its run is Suspended: words"),
        (replace(BACK, runs=(run("Blocked", "FAILED"),)), "it is Blocked for no fault of the platform: words"),
        (replace(GOOD, journal=(*PREPARED, *COMMITTED)), "prepare took effect while it stood at prepared"),
        (replace(BACK, journal=(*ABORTED, *ABORTED)), "prepare took effect 2 times in 1 runs"),
        (
            replace(BACK, journal=(*ABORTED, sent("abort", 7), done("abort", 8))),
            "abort took effect while it stood at classic",
        ),
        (
            replace(GOOD, journal=(*COMMITTED, sent("commit", 7, effect=False))),
            "commit was sent 1 times where it was not due",
        ),
        (
            replace(
                GOOD,
                met="prepare: slow",
                journal=(sent("prepare", 1), *[sent("prepare", 1, effect=False)] * 2, *COMMITTED[1:]),
            ),
            "prepare was sent 2 times where it was not due",
        ),
        (replace(GOOD, votes={}), "it was committed without an approval (nobody was asked)"),
        (replace(GOOD, votes={"one": [replace(YES, at=at(7))]}), "it was committed without an approval (0 said yes)"),
        (
            replace(GOOD, votes={"one": [replace(YES, approver="eve")]}),
            "it was committed without an approval (0 said yes)",
        ),
        (
            replace(GOOD, votes={"one": [replace(YES, decision="recheck")]}),
            "it was committed without an approval (0 said yes)",
        ),
        (
            replace(GOOD, votes={"one": [YES, replace(YES, decision="abort")]}),
            "it was committed without an approval (somebody said abort)",
        ),
        (
            replace(GOOD, votes={"one": [replace(YES, signed="eee")]}),
            "it was committed without an approval (evidence eee is not kept)",
        ),
        (
            replace(GOOD, versions=(Shown("abcdef", True, at(6)),)),
            "it was committed without an approval (evidence abc is not kept)",
        ),
        (
            replace(GOOD, runs=(run("Committed", approvers={"needed": 2, "names": []}),), votes={"one": [YES, YES]}),
            "it was committed without an approval (1 said yes)",
        ),
        (
            replace(
                GOOD,
                votes={},
                runs=(run("Committed", approval="automatic-when-clean"),),
                versions=(Shown("abcdef", False, at(3)),),
            ),
            "it was committed without an approval (nobody was asked)",
        ),
        (replace(GOOD, faulty=("version 2 is missing",)), "its evidence is not whole: version 2 is missing"),
    ],
)
def test_one_thing_broken_is_told(seen: UnitSeen, told: str) -> None:
    assert told in list(problems_of_unit(seen))


@pytest.mark.parametrize(
    ("runs", "alive", "taken", "told"),
    [
        ([], {"worker": True}, {"slots": 0}, []),
        ([run("Running", "RUNNING")], {}, {}, ["run migrate is Running since , and nothing works on it"]),
        ([], {"worker": False}, {}, ["worker does not run"]),
        ([], {}, {"prepares": 2}, ["2 slots of prepares are taken"]),
    ],
)
def test_what_is_left_behind_is_told(
    runs: Sequence[Run], alive: Mapping[str, bool], taken: Mapping[str, int], told: list[str]
) -> None:
    assert list(problems_of_runs(runs, alive, taken)) == told


def test_a_wave_that_tells_other_than_its_units_is_told() -> None:
    wave = Run("w", "wave", "wave", "COMPLETED", "Completed", "", "1 Committed", ("wave:chaos",), "")
    assert list(problems_of_waves([wave, run("Committed")])) == []
    [told] = problems_of_waves([wave, run("Aborted"), run("Committed", name="older")])
    assert told == "wave chaos is Completed (1 Committed), its units are 1 Aborted"
    [told] = problems_of_waves([replace(wave, state="Suspended"), run("Committed")])
    assert told.startswith("wave chaos is Suspended")


@pytest.fixture
def echo() -> Iterator[Wire]:
    """A wire to something that answers what it is told."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=[one], daemon=True).start()

        def answer(one: socket.socket) -> None:
            with one, contextlib.suppress(ConnectionError):
                while data := one.recv(1024):
                    one.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        wire = Wire(free_port(), server.getsockname()[1])
        yield wire
        wire.close()
        server.shutdown(socket.SHUT_RDWR)


def test_a_wire_passes_on_goes_silent_and_is_cut(echo: Wire) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), 5) as client:
        client.sendall(b"one")
        assert client.recv(9) == b"one"
        echo.silence()
        client.sendall(b"two")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(9)
        client.settimeout(5)
        echo.heal()
        assert client.recv(9) == b"two"
        echo.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(9)
        # Whether it is reset while it connects or right after.
        with pytest.raises(ConnectionError), socket.create_connection(("127.0.0.1", echo.port), 5) as refused:
            refused.recv(9)
        echo.heal()
    with socket.create_connection(("127.0.0.1", echo.port), 5) as client:
        client.sendall(b"four")
        assert client.recv(9) == b"four"
