"""Which units of a wave start, and start again, given the runs that there are."""

import pytest

from asmosis.parameters import WaveParameters
from asmosis.runs import AWAITING_SLOT, AWAITING_WINDOW, Run
from tasks.runs import TRIES, at_work, due, through

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
WAVE = WaveParameters(subscription=SUBSCRIPTION, name="night", units=["storageAccount/c", "virtualNetwork/a"])
STORAGE, NETWORK = WAVE.ids


def run(kind: str) -> Run:
    return Run("id", "migrate", "migrate", kind, kind.title(), "2026-01-01T00:00:00Z", "", (), "")


@pytest.mark.parametrize(
    ("kinds", "ended"),
    [
        pytest.param(["RUNNING"], False, id="running"),
        pytest.param(["PAUSED"], False, id="waiting for a person"),
        pytest.param(["COMPLETED"], True, id="committed"),
        pytest.param(["FAILED"], True, id="blocked: trying again would say the same"),
        pytest.param(["CANCELLED"], True, id="cancelled by somebody"),
        pytest.param(["CRASHED"], False, id="crashed: the next run goes on"),
        pytest.param(["COMPLETED", "CRASHED"], True, id="went on after a crash"),
        pytest.param(["CRASHED"] * TRIES, True, id="crashed too often"),
    ],
)
def test_when_a_units_runs_have_come_to_an_end(kinds: list[str], *, ended: bool) -> None:
    assert through([run(kind) for kind in kinds]) is ended


@pytest.mark.parametrize(
    ("network", "started"),
    [
        pytest.param([], [NETWORK], id="at first all but storage"),
        pytest.param(["RUNNING"], [], id="nothing while it runs"),
        pytest.param(["CRASHED"], [NETWORK], id="again after a crash"),
        pytest.param(["RUNNING", "CRASHED"], [], id="not a third time while the second runs"),
        pytest.param(["COMPLETED"], [STORAGE], id="storage when all else is through"),
        pytest.param(["CRASHED"] * TRIES, [STORAGE], id="storage also when something gave up: its own rules decide"),
    ],
)
def test_what_a_wave_starts_now(network: list[str], started: list[object]) -> None:
    progress = {NETWORK: [run(kind) for kind in network]} if network else {}
    assert list(due(WAVE, progress)) == started


@pytest.mark.parametrize(
    ("kind", "state", "going"),
    [
        pytest.param("RUNNING", "Running", True, id="running"),
        pytest.param("SCHEDULED", "Resuming", True, id="an answer was given"),
        pytest.param("SCHEDULED", AWAITING_SLOT, True, id="waits for others that prepare"),
        pytest.param("SCHEDULED", AWAITING_WINDOW, False, id="waits for its window"),
        pytest.param("PAUSED", "Suspended", False, id="waits for a person"),
        pytest.param("COMPLETED", "Committed", False, id="through"),
    ],
)
def test_whether_a_wave_has_to_be_looked_at_again_soon(kind: str, state: str, *, going: bool) -> None:
    newest = Run("id", "migrate", "migrate", kind, state, "", "", ("unit:virtualNetwork/a",), "")
    assert at_work({NETWORK: [newest, run("CRASHED")]}) is going
