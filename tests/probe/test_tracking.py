"""What is kept of attempts, and what a file of them is worth when its writer was killed."""

from pathlib import Path

import pytest

from asmosis.errors import UnreadableDocument, UsageError
from asmosis.probe import (
    Pace,
    Span,
    Target,
    Targets,
    Track,
    Unprobed,
    lines_of,
    parse_target,
    read_timeline,
    timeline_of,
)
from asmosis.probe.recording import Recording
from asmosis.probe.timeline import Timeline
from asmosis.probe.tracking import Tracking

TARGET = Target("web1:80", "web.cloudapp.net", 80)


class Seen:
    def __init__(self) -> None:
        self.turns: list[tuple[Span | None, Span]] = []
        self.tracking = Tracking(TARGET, lambda ended, began: self.turns.append((ended, began)))

    def attempt(self, at: float, failure: str = "", address: str = "1.1.1.1", seconds: float = 0.01) -> None:
        self.tracking.end(self.tracking.begin(at, address), failure, seconds)


def test_nothing_grows_while_nothing_changes() -> None:
    seen = Seen()
    for number in range(10_000):
        seen.attempt(number / 5)
    [span] = seen.tracking.track().spans
    assert (span.since, span.until, span.attempts, span.failures) == (0, 1999.8, 10_000, {})
    assert len(seen.turns) == 1
    held = vars(seen.tracking)
    assert max(len(value) for value in held.values() if hasattr(value, "__len__")) == 0


def test_attempts_count_in_the_order_in_which_they_began() -> None:
    seen = Seen()
    slow = seen.tracking.begin(1.0, "1.1.1.1")
    quick = seen.tracking.begin(1.2, "1.1.1.1")
    seen.tracking.end(quick, "", 0.01)
    assert seen.tracking.track().spans == ()
    seen.tracking.end(slow, "timeout", 0.9)
    assert [(span.up, span.since) for span in seen.tracking.track().spans] == [(False, 1.0), (True, 1.2)]


def test_an_attempt_that_came_to_nothing_here_holds_up_nobody() -> None:
    seen = Seen()
    lost = seen.tracking.begin(1.0, "1.1.1.1")
    later = seen.tracking.begin(1.2, "1.1.1.1")
    seen.tracking.end(later, "", 0.01)
    seen.tracking.skip(lost)
    track = seen.tracking.track()
    assert ([span.since for span in track.spans], track.skipped) == ([1.2], 1)


@pytest.mark.parametrize(
    ("attempts", "spans"),
    [
        pytest.param([("", "a"), ("refused", "a"), ("timeout", "a"), ("", "a")], [1, 2, 1], id="up, down, up"),
        pytest.param([("", "a"), ("", "b")], [1, 1], id="another address"),
        pytest.param([("refused", "a"), ("no-address", "")], [1, 1], id="down otherwise"),
    ],
)
def test_a_span_ends_when_the_answer_or_the_address_changes(attempts: list[tuple[str, str]], spans: list[int]) -> None:
    seen = Seen()
    for at, (failure, address) in enumerate(attempts):
        seen.attempt(at, failure, address)
    assert [span.attempts for span in seen.tracking.track().spans] == spans
    assert [ended.attempts for ended, _ in seen.turns if ended] == spans[:-1]


def test_latencies_are_right_to_five_percent_and_only_of_answers() -> None:
    seen = Seen()
    for number in range(1, 1001):
        seen.attempt(number, seconds=number / 1000)
    seen.attempt(1001, "timeout", seconds=60)
    latency = seen.tracking.track().latency
    assert latency is not None
    assert (latency.p50, latency.p95, latency.p99) == pytest.approx((0.5, 0.95, 0.99), rel=0.05)
    assert latency.most == 1.0


def test_the_longest_time_without_an_attempt_is_known() -> None:
    seen = Seen()
    for at in (0, 1, 2, 7.5, 8):
        seen.attempt(at)
    assert seen.tracking.track().unseen == 5.5


def recorded(path: Path) -> Timeline:
    """A file as a probe writes it, and what it says."""
    seen = Seen()
    began = Timeline("prepare", 1000.125, 1000.125, 5, (), (Unprobed("dns:53", "UDP"),))
    recording = Recording.at(path, began)
    recording.targets([TARGET])
    tracking = Tracking(TARGET, lambda ended, began: recording.turn(0, ended, began))
    seen.tracking = tracking
    for at, failure in ((1000.2, ""), (1000.4, ""), (1000.6, "refused"), (1000.8, "timeout"), (1001.0, "")):
        seen.attempt(at, failure)
    recording.alive(1003.5)
    whole = Timeline("prepare", 1000.125, 1004.75, 5, (tracking.track(),), began.unprobed, clock_step=-0.25)
    recording.end(whole)
    recording.close()
    return whole


def test_a_file_says_what_was_seen(tmp_path: Path) -> None:
    path = tmp_path / "new" / "probe.jsonl"
    assert recorded(path) == read_timeline(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_timeline_is_written_as_lines_and_read_again(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "probe.jsonl")
    assert timeline_of(lines_of(whole)) == whole
    text = (tmp_path / "probe.jsonl").read_text()
    part = timeline_of(text[: text.index('{"record": "track"')])
    assert not part.complete
    assert timeline_of(lines_of(part)) == part


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    recorded(tmp_path / "probe.jsonl")
    with pytest.raises(FileExistsError):
        recorded(tmp_path / "probe.jsonl")


def test_every_beginning_of_a_file_is_worth_what_it_says(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "probe.jsonl")
    text = (tmp_path / "probe.jsonl").read_text()
    kept: dict[tuple[float, ...], None] = {}
    for size in range(text.index("\n") + 1, len(text)):
        found = timeline_of(text[:size])
        assert not found.complete
        for track in found.tracks:
            assert [span.up for span in track.spans] == [True, False, True][: len(track.spans)]
            kept[tuple(span.since for span in track.spans)] = None
    assert [len(moments) for moments in kept] == [0, 1, 2, 3]
    [track] = timeline_of(text[: text.index('{"record": "track"')]).tracks
    assert (track.spans[-1].up, track.spans[-1].until) == (True, 1003.5)
    assert track.spans[:-1] == whole.tracks[0].spans[:-1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("<xml/>\n", id="no JSON"),
        pytest.param('{"record": "end"}\n', id="no beginning"),
        pytest.param('{"record": "start", "version": 7}\n', id="another version"),
        pytest.param(
            '{"record": "start", "version": 1, "about": "", "at": "2026-01-01T00:00:00+00:00", "rate": 5, "unprobed": []}\n[]\n',
            id="a list",
        ),
    ],
)
def test_what_is_no_timeline_is_said_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "probe.jsonl"
    path.write_text(text)
    with pytest.raises(UnreadableDocument, match="it is no timeline"):
        read_timeline(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="No such file"):
        read_timeline(tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("web.cloudapp.net:443", "web.cloudapp.net", 443),
        ("40.1.2.3:65535", "40.1.2.3", 65535),
        ("[::1]:22", "::1", 22),
    ],
)
def test_a_target_is_host_and_port(text: str, host: str, port: int) -> None:
    target = parse_target(text)
    assert (target.host, target.port, str(target)) == (host, port, text)


@pytest.mark.parametrize("text", ["", "web", "web:", ":80", "web:http", "web:0", "web:65536", "::1:22", "web:٣"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_target(text)


@pytest.mark.parametrize("pace", [{"rate": 0}, {"rate": 101}, {"timeout": 0}, {"at_once": 0}, {"rate": float("nan")}])
def test_a_pace_that_measures_nothing_is_refused(pace: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Pace(**pace)  # type: ignore[arg-type]


def test_a_way_is_probed_once_however_often_it_is_named() -> None:
    both = Targets((TARGET,), (Unprobed("a", "b"),)).and_those(
        Targets((Target("web1:80", "WEB.cloudapp.net", 80), Target("web1:80", "1.1.1.1", 80)), (Unprobed("a", "b"),))
    )
    assert [target.host for target in both.targets] == ["web.cloudapp.net", "1.1.1.1"]
    assert both.unprobed == (Unprobed("a", "b"),)


def test_a_track_without_attempts_says_nothing() -> None:
    track = Track(TARGET)
    assert (track.attempts, track.lost, track.answered, track.answers, track.first_failure) == (
        0,
        0,
        False,
        False,
        None,
    )
