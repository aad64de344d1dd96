"""From spans to gaps: when nobody answered, and how well that is known."""

from dataclasses import replace

import pytest

from asmosis.probe import Gap, Span, Target, Timeline, Track, Unprobed
from asmosis.reports.downtime import downtime_json, downtime_page, downtime_words

BY_NAME, BY_ADDRESS, BY_NEW_ADDRESS = (
    Target("batch1:22", host, 50022) for host in ("batch.cloudapp.net", "40.112.17.8", "198.18.5.6")
)


def up(since: float, until: float, address: str = "40.112.17.8") -> Span:
    return Span(True, address, since, until, round((until - since) * 5) + 1)


def down(since: float, until: float, kind: str = "refused") -> Span:
    attempts = round((until - since) * 5) + 1
    return Span(False, "40.112.17.8", since, until, attempts, {kind: attempts})


def timeline(*tracks: tuple[Target, tuple[Span, ...]]) -> Timeline:
    return Timeline("prepare", 0, 20, 5, tuple(Track(target, spans) for target, spans in tracks))


@pytest.mark.parametrize(
    ("ways", "gaps"),
    [
        pytest.param([(up(0, 10),)], [], id="all is well"),
        pytest.param([(down(0, 10),)], [], id="never answered, so never interrupted"),
        pytest.param([(up(0, 4), down(4.2, 7), up(7.2, 9))], [Gap(4.2, 7, 4, 7.2)], id="one gap"),
        pytest.param([(up(0, 4), down(4.2, 4.2), up(4.4, 9))], [Gap(4.2, 4.2, 4, 4.4)], id="one failure is a gap"),
        pytest.param([(up(0, 4), down(4.2, 9))], [Gap(4.2, 9, 4)], id="it never came back"),
        pytest.param([(down(0, 3), up(3.2, 9))], [], id="what came up late was not interrupted"),
        pytest.param(
            [(up(0, 2), down(2.2, 3), up(3.2, 5), down(5.2, 6), up(6.2, 9))],
            [Gap(2.2, 3, 2, 3.2), Gap(5.2, 6, 5, 6.2)],
            id="two gaps",
        ),
        pytest.param([(up(0, 4, "1.1.1.1"), up(4.2, 9, "2.2.2.2"))], [], id="an address that changes is no gap"),
        pytest.param(
            [(up(0, 4), down(4.2, 7), up(7.2, 9, "198.18.5.6")), (up(0.1, 4.1), down(4.3, 9.1))],
            [Gap(4.2, 7, 4.1, 7.2)],
            id="the old address stays away, the name comes back",
        ),
        pytest.param([(up(0, 4), down(4.2, 9)), (up(0.1, 9.1),)], [], id="one way fails while the other one answers"),
        pytest.param(
            [(up(0, 9),), (up(1, 3), down(3.2, 5), up(5.2, 9))], [], id="one way is away while the other one answers"
        ),
        pytest.param(
            [(up(0, 4), up(4.2, 9, "2.2.2.2")), (down(0.1, 9.1),)], [], id="what failed all along says nothing"
        ),
        pytest.param(
            [(up(0, 4), down(4.2, 9.2)), (up(8, 9.3, "198.18.5.6"),)],
            [Gap(4.2, 4.2, 4, 8)],
            id="a way that joined later ends the gap",
        ),
    ],
)
def test_an_endpoint_is_down_while_no_way_answers(ways: list[tuple[Span, ...]], gaps: list[Gap]) -> None:
    seen = timeline(*zip((BY_NAME, BY_ADDRESS), ways, strict=False)).endpoints
    assert [list(each.gaps) for each in seen] == [gaps]


def test_a_gap_lies_between_answers_and_failures() -> None:
    gap = Gap(first=4.2, last=7.0, before=4.0, after=7.2)
    assert (gap.at_least, gap.at_most) == pytest.approx((2.8, 3.2))
    assert (gap.seconds, gap.error) == pytest.approx((3.0, 0.2))
    assert gap.over
    assert not Gap(4.2, 7.0, 4.0).over


def test_only_what_had_answered_can_be_lost() -> None:
    seen = timeline((BY_NAME, (down(0, 1), up(1.2, 4), down(4.2, 7), up(7.2, 9))), (BY_ADDRESS, (down(0, 9),)))
    late, never = seen.tracks
    assert (late.lost, never.lost, seen.lost) == (15, 0, 15)
    assert late.failures == {"refused": 21}
    assert (late.first_failure, late.last_failure) == (0, 7)
    assert (never.answered, never.answers, late.answered, late.answers) == (False, False, True, True)


@pytest.mark.parametrize(
    ("spans", "complete", "well", "lacks"),
    [
        pytest.param((up(0, 9),), True, True, "", id="answers"),
        pytest.param((up(0, 4), down(4.2, 9)), True, False, "", id="no longer answers"),
        pytest.param((up(0, 4), down(4.2, 7), up(7.2, 9)), True, True, "", id="answers again"),
        pytest.param((down(0, 9),), True, True, "1 of 1 endpoints never answered", id="never answered"),
        pytest.param((up(0, 9),), False, False, "the probe was killed", id="nobody looked until the end"),
    ],
)
def test_it_ends_well_if_whatever_had_answered_answers(
    spans: tuple[Span, ...], lacks: str, *, complete: bool, well: bool
) -> None:
    seen = Timeline("x", 0, 9, 5, (Track(BY_NAME, spans),), complete=complete)
    assert (seen.ends_well, seen.lacks) == (well, lacks)


def test_ways_of_one_endpoint_are_seen_together_whatever_the_case_of_its_name() -> None:
    other = Target("BATCH1:22", "198.18.5.6", 50022)
    seen = timeline((BY_NAME, ()), (other, ()), (Target("app1:22", "10.0.0.1", 22), ()))
    assert [(each.endpoint, len(each.tracks)) for each in seen.endpoints] == [("batch1:22", 2), ("app1:22", 1)]


MOVED = timeline(
    (BY_NAME, (up(0, 4), down(4.2, 7), up(7.2, 9, "198.18.5.6"))),
    (BY_ADDRESS, (up(0, 4), down(4.2, 9))),
)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        pytest.param(timeline(), "No public endpoint was probed.", id="nothing"),
        pytest.param(
            replace(timeline(), unprobed=(Unprobed("batch1:22", "Nobody is there."),), complete=False),
            "No public endpoint was probed: nobody looked, Nobody is there.",
            id="nobody could look",
        ),
        pytest.param(
            timeline((BY_NAME, (up(0, 9),))),
            "0 of 46 connections lost at 1 endpoint. None was interrupted.",
            id="in a network",
        ),
        pytest.param(
            MOVED,
            "40 of 92 connections lost at 1 endpoint. The longest interruption was 3.0 s (± 0.20 s), at batch1:22. "
            "1 endpoint changed the address.",
            id="outside a network",
        ),
        pytest.param(
            timeline((BY_NAME, (up(0, 4), down(4.2, 9)))),
            "25 of 46 connections lost at 1 endpoint. The longest interruption was 4.8 s and not over at the end, at"
            " batch1:22.",
            id="still down",
        ),
        pytest.param(
            timeline((BY_NAME, (down(0, 9),))),
            "1 endpoint never answered, so nobody can tell whether it was interrupted.",
            id="never answered",
        ),
        pytest.param(
            Timeline("x", 0, 3600, 5, (Track(BY_NAME, (up(0, 9),), 3, 2.5),), complete=False, clock_step=-3.2),
            "0 of 46 connections lost at 1 endpoint. None was interrupted. The probe was killed; nothing is known after"
            " 01:00:00Z. For up to 2.5 s nobody looked. 3 attempts could not be made for want of sockets here. This"
            " machine's clock was set by -3.2 s meanwhile.",
            id="every doubt",
        ),
    ],
)
def test_the_words_say_what_a_person_wants_to_know(seen: Timeline, words: str) -> None:
    assert downtime_words(seen) == words


def test_the_page_tells_where_an_endpoint_has_moved() -> None:
    page = downtime_page(MOVED)
    assert "batch.cloudapp.net: 40.112.17.8 → 198.18.5.6; 40.112.17.8 no longer answers" in page
    assert "00:00:04Z: 3.0 s (± 0.20 s)" in page


def test_the_json_holds_moments_and_seconds() -> None:
    shown = downtime_json(MOVED)
    assert shown["longest_gap"] == {
        "endpoint": "batch1:22",
        "first_failure": "1970-01-01T00:00:04.200+00:00",
        "last_failure": "1970-01-01T00:00:07.000+00:00",
        "last_answer_before": "1970-01-01T00:00:04.000+00:00",
        "first_answer_after": "1970-01-01T00:00:07.200+00:00",
        "seconds": 3.0,
        "error": 0.2,
        "over": True,
    }
    assert [way["addresses"] for way in shown["endpoints"][0]["ways"]] == [
        ["40.112.17.8", "198.18.5.6"],
        ["40.112.17.8"],
    ]
