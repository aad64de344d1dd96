"""Which units of a wave start, and start again, given the runs that there are."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from asmosis.parameters import WaveParameters
from asmosis.runs import AWAITING_SLOT, AWAITING_WINDOW, Run
from tasks import runs
from tasks.runs import TRIES, at_work, due, migrations_of, through

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


def found(id: str, kind: str, created: str, once: str) -> Run:
    tags = ("unit:virtualNetwork/a", "wave:night")
    return Run(id, "migrate", "migrate", kind, kind.title(), "", "", tags, "", created=created, once=once)


@pytest.mark.parametrize(
    ("there", "told"),
    [
        pytest.param([("COMPLETED", "05:00", "w/s/a/0")], ["0"], id="started by the wave"),
        pytest.param([("COMPLETED", "05:00", "by hand")], ["0"], id="started by hand meanwhile"),
        pytest.param([("COMPLETED", "03:00", "other/s/a/0")], [], id="of an earlier wave of this name"),
        pytest.param([("RUNNING", "03:00", "other/s/a/0")], ["0"], id="of an earlier wave, still going on"),
        pytest.param([("COMPLETED", "03:00", "w/s/a/0")], ["0"], id="the clock was set back after the wave began"),
        pytest.param(
            [("CRASHED", "05:00", "w/s/a/0"), ("COMPLETED", "03:00", "w/s/a/1")], ["1", "0"], id="and before the second"
        ),
        pytest.param(
            [("COMPLETED", "06:00", "by hand"), ("FAILED", "05:00", "w/s/a/0")], ["0", "1"], id="again by hand"
        ),
    ],
)
def test_which_runs_a_wave_counts_and_in_which_order(
    there: list[tuple[str, str, str]], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [found(str(number), *each) for number, each in enumerate(there)]
    wave = Run("w", "wave", "wave", "RUNNING", "Running", "", "", ("wave:night",), "", created="04:00")

    def find(subscription: str, name: str) -> Sequence[Run]:
        assert (subscription, name) == (SUBSCRIPTION, "night")
        return sorted([wave, *units], key=lambda run: run.created, reverse=True)

    monkeypatch.setattr(runs, "server", lambda: SimpleNamespace(find=find))
    assert [run.id for run in migrations_of(WAVE, "w").get(NETWORK, [])] == told
