"""The prober against real sockets on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asmosis.errors import Unreachable
from asmosis.probe import DataPlaneRoutes, NameRoutes, Pace, Prober, Span, Target, Targets, Timeline, read_timeline
from asmosis.probe.routes import Place

if TYPE_CHECKING:
    from tests.probe.conftest import Guest


def at(port: int, host: str = "127.0.0.1", endpoint: str = "vm") -> Target:
    return Target(endpoint, host, port)


def probed(seconds: float, *targets: Target, pace: Pace | None = None) -> Timeline:
    prober = Prober("test", Targets(targets), NameRoutes(), pace or Pace(rate=20))
    with prober:
        time.sleep(seconds)
    return prober.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nothing_is_ever_sent_to_the_guest(guest: "Guest") -> None:
    seen = probed(0.5, at(guest.port))
    guest.met(seen.attempts)
    assert seen.attempts == guest.callers
    assert set(guest.heard) == {b""}
    assert 4 <= seen.attempts <= 13
    assert (seen.lost, seen.longest_gap, seen.tracks[0].answers) == (0, None, True)


@pytest.mark.slow
def test_an_interruption_is_measured_as_it_was(guest: "Guest") -> None:
    with Prober("test", Targets((at(guest.port),)), NameRoutes(), Pace(rate=50)) as prober:
        time.sleep(0.3)
        guest.down()
        time.sleep(1)
        guest.up()
        time.sleep(0.3)
    seen = prober.stop()
    assert seen.longest_gap is not None
    _, gap = seen.longest_gap
    assert gap.error < 0.2
    assert gap.seconds == pytest.approx(guest.came - guest.went, abs=gap.error + 0.05)
    assert gap.before is not None
    assert gap.before - 0.05 < guest.went < gap.first + 0.05
    assert [span.up for span in seen.tracks[0].spans] == [True, False, True]
    assert seen.tracks[0].failures.total() == seen.lost > 15


def unreachable() -> str:
    """An address that this system itself says it cannot reach."""
    with socket.socket() as caller:
        caller.settimeout(1)
        # The broadcast address is nobody's to connect to.
        try:
            caller.connect(("255.255.255.255", 9))
        except OSError:
            return "255.255.255.255"
    pytest.fail("this system connects to the broadcast address")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        pytest.param(lambda _: at(free_port()), "refused", id="refused"),
        pytest.param(lambda deaf: at(deaf()), "timeout", id="no answer"),
        pytest.param(lambda _: at(9, unreachable()), "unreachable", id="unreachable"),
        pytest.param(lambda _: at(9, "no-such-name.invalid"), "no-address", id="no such name"),
        pytest.param(lambda _: at(9, "a" * 70 + ".invalid"), "no-address", id="no name at all"),
    ],
)
def test_a_failure_says_of_which_kind_it_is(
    make: Callable[[Callable[[], int]], Target], kind: str, deaf: Callable[[], int]
) -> None:
    seen = probed(0.5, make(deaf), pace=Pace(rate=10, timeout=0.2))
    [track] = seen.tracks
    assert set(track.failures) == {kind}
    assert 2 <= track.attempts <= 7
    assert (track.answered, seen.lost, seen.silent) == (False, 0, seen.endpoints)


@pytest.mark.slow
def test_attempts_that_wait_do_not_slow_down_the_others(deaf: Callable[[], int]) -> None:
    seen = probed(1, at(deaf()), pace=Pace(rate=10, timeout=0.9))
    [track] = seen.tracks
    # One after the other, two would have fitted in.
    assert track.failures["timeout"] >= 5


def test_a_name_is_probed_at_its_address(everywhere: int) -> None:
    [track] = probed(0.3, at(everywhere, "localhost")).tracks
    assert (track.addresses, track.answers) == (("127.0.0.1",), True)


def test_ipv6_too() -> None:
    with socket.socket(socket.AF_INET6) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            # Without IPv6 the system says so, and that is a failure like another.
            assert probed(0.2, at(9, "::1")).tracks[0].failures
            return
        listening.listen(64)
        [track] = probed(0.2, at(listening.getsockname()[1], "::1")).tracks
        assert (track.answers, track.addresses) == (True, ("::1",))


@pytest.mark.slow
def test_want_of_sockets_is_not_the_far_sides_fault(deaf: Callable[[], int], everywhere: int) -> None:
    seen = probed(0.6, at(deaf()), at(everywhere), pace=Pace(rate=20, timeout=0.5, at_once=1))
    waiting, answering = seen.tracks
    assert waiting.skipped + answering.skipped > 5
    assert set(waiting.failures) <= {"timeout"}
    assert answering.failures == {}


@pytest.mark.slow
def test_a_thousand_endpoints_are_probed_at_their_pace_by_less_than_a_processor(everywhere: int) -> None:
    targets = [at(everywhere, f"127.9.{n // 250}.{n % 250 + 1}", f"vm{n}") for n in range(1000)]
    before = time.process_time()
    seen = probed(4, *targets, pace=Pace(rate=1, timeout=5))
    spent = time.process_time() - before
    assert (seen.lost, len(seen.endpoints), seen.silent) == (0, 1000, ())
    assert min(track.attempts for track in seen.tracks) >= 2
    assert 2500 <= seen.attempts <= 5500
    # A fifth of a processor where nobody else is; twice that and more where others compete for its caches.
    assert spent < 0.7 * 4
    assert max(len(track.spans) for track in seen.tracks) == 1


class OwnNames:
    """A name server of one name, which can be moved."""

    def __init__(self, address: str) -> None:
        self.address = self._told = address

    def scope(self, host: str) -> str:
        return host

    def look(self, scope: str) -> None:  # noqa: ARG002 - the protocol's signature
        self._told = self.address

    def place(self, target: Target) -> Place:
        return Place(self._told, self._told, target.port)

    def holds_for(self, *, answering: bool) -> float:  # noqa: ARG002 - the protocol's signature
        return 0.0


@pytest.mark.slow
def test_whoever_has_moved_is_tried_there_at_once_and_not_on_the_next_beat(everywhere: int) -> None:
    names = OwnNames("127.0.0.3")
    with Prober("test", Targets((at(everywhere, "moving"),)), names, Pace(rate=0.4)) as prober:
        assert prober.wait(lambda seen: seen.tracks[0].answers, 4)
        names.address = "127.0.0.4"
        assert prober.wait(lambda seen: seen.tracks[0].addresses == ("127.0.0.3", "127.0.0.4"), 9)
    [track] = prober.stop().tracks
    assert track.spans[1].attempts == 1
    # The beat after the first is where the name is looked up again, and the one after that would be at 5 seconds.
    assert track.spans[1].since - track.spans[0].since < 4


def test_what_joins_later_is_probed_too_and_once(everywhere: int) -> None:
    first, second = at(everywhere), at(everywhere, "127.0.0.2")
    with Prober("test", Targets((first,)), NameRoutes(), Pace(rate=20)) as prober:
        prober.add(Targets((first, second)))
        prober.add(Targets((second,)))
        assert prober.wait(lambda seen: len(seen.tracks) == 2 and all(t.answers for t in seen.tracks), 5)
        assert not prober.wait(lambda seen: len(seen.tracks) > 2, 0.2)
    assert [track.target for track in prober.stop().tracks] == [first, second]


def test_turns_are_told_as_they_happen(guest: "Guest") -> None:
    told: list[tuple[bool, bool]] = []

    def turned(_target: Target, ended: Span | None, began: Span) -> None:
        told.append((ended is not None, began.up))

    with Prober("test", Targets((at(guest.port),)), NameRoutes(), Pace(rate=50), turned=turned) as prober:
        assert prober.wait(lambda _: told == [(False, True)], 5)
        guest.down()
        assert prober.wait(lambda _: told == [(False, True), (True, False)], 5)
        guest.up()


def test_stopping_again_answers_the_same(everywhere: int) -> None:
    with Prober("test", Targets((at(everywhere),)), NameRoutes()) as prober:
        pass
    assert prober.stop() == prober.stop() == prober.timeline()


def test_the_file_says_what_the_probe_says(guest: "Guest", tmp_path: Path) -> None:
    path = tmp_path / "probe.jsonl"
    targets = Targets((at(guest.port), at(free_port()), at(9, "no-such-name.invalid")))
    with Prober("test", targets, NameRoutes(), Pace(rate=50), file=path) as prober:
        time.sleep(0.2)
        guest.down()
        time.sleep(0.2)
        guest.up()
        prober.add(Targets((at(guest.port, "localhost"),)))
        time.sleep(0.2)
    assert read_timeline(path) == prober.stop()


_FULL = """
import resource, signal, sys
from pathlib import Path
from asmosis.probe import NameRoutes, Pace, Prober, Target, Targets
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (260, 260))
target = Target("vm", "127.0.0.1", int(sys.argv[1]))
prober = Prober("test", Targets((target,)), NameRoutes(), Pace(rate=50), file=Path(sys.argv[2]))
with prober:
    assert prober.wait(lambda seen: seen.attempts > 30, 20)
print(prober.stop().lost)
"""


@pytest.mark.slow
def test_a_full_disk_does_not_end_the_probe(everywhere: int, tmp_path: Path) -> None:
    path = tmp_path / "probe.jsonl"
    command = [sys.executable, "-c", _FULL, str(everywhere), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n")
    assert "cannot be written any more: [Errno 27] File too large" in done.stderr
    assert not read_timeline(path).complete


def test_a_file_that_cannot_be_made_ends_the_probe_before_it_begins(everywhere: int, tmp_path: Path) -> None:
    (tmp_path / "probe.jsonl").touch()
    prober = Prober("test", Targets((at(everywhere),)), NameRoutes(), file=tmp_path / "probe.jsonl")
    with pytest.raises(FileExistsError):
        prober.start()


def test_a_data_plane_that_is_not_there_is_said_so_and_leaves_no_file(tmp_path: Path) -> None:
    routes = DataPlaneRoutes(f"http://127.0.0.1:{free_port()}", "s")
    prober = Prober("test", Targets((at(9),)), routes, file=tmp_path / "probe.jsonl")
    with pytest.raises(Unreachable, match="data plane"):
        prober.start()
    assert list(tmp_path.iterdir()) == []
    assert prober.stop().tracks == ()


_KILLED = """
import sys, time
from pathlib import Path
from asmosis.probe import NameRoutes, Pace, Prober, Target, Targets
target = Target("vm", "127.0.0.1", int(sys.argv[1]))
Prober("test", Targets((target,)), NameRoutes(), Pace(rate=50, timeout=0.3), file=Path(sys.argv[2])).start()
time.sleep(60)
"""


@pytest.mark.slow
def test_who_is_killed_leaves_what_was_seen(guest: "Guest", tmp_path: Path) -> None:
    path = tmp_path / "probe.jsonl"
    with subprocess.Popen([sys.executable, "-c", _KILLED, str(guest.port), str(path)]) as process:
        wait_for(lambda: '"up": true' in text_of(path))
        guest.down()
        wait_for(lambda: '"up": false' in text_of(path))
        guest.up()
        wait_for(lambda: text_of(path).count('"up": true') >= 3)
        wait_for(lambda: '"alive"' in text_of(path)[text_of(path).rindex('"turn"') :])
        os.kill(process.pid, signal.SIGKILL)
    seen = read_timeline(path)
    [track] = seen.tracks
    assert not seen.complete
    assert [span.up for span in track.spans] == [True, False, True]
    assert track.spans[-1].until == seen.ended > track.spans[-1].since
    assert seen.longest_gap is not None


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def wait_for(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)
