"""What a probe measured, in words, as a page and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from asmosis.probe import Gap, Seen, Timeline, Track
from asmosis.probe.recording import moment
from asmosis.reports.markdown import code, count, page, paragraph, table, text

_LATE = 3  # beats without an attempt, if they are a second at least: nobody can speak for that time
_SHORT = 0.1  # seconds; a wall clock that was set by less is none of anybody's business


def downtime_words(timeline: Timeline) -> str:
    """What a person wants to know, in one or two sentences."""
    if not timeline.tracks:
        return "No public endpoint was probed" + (f": {timeline.lacks}." if timeline.lacks else ".")
    answered = [seen for seen in timeline.endpoints if seen.answered]
    words = []
    if answered:
        where = f"at {count(len(answered), 'endpoint')}"
        words.append(f"{timeline.lost} of {count(timeline.attempts, 'connection')} lost {where}.")
    if longest := timeline.longest_gap:
        seen, gap = longest
        words.append(f"The longest interruption was {gap_words(gap)}, at {seen.endpoint}.")
    elif answered:
        words.append("None was interrupted.")
    if moved := [seen for seen in timeline.endpoints if _addresses(seen)]:
        words.append(f"{count(len(moved), 'endpoint')} changed the address.")
    if timeline.silent:
        silent = count(len(timeline.silent), "endpoint")
        words.append(f"{silent} never answered, so nobody can tell whether it was interrupted.")
    return " ".join(words + list(_doubts(timeline)))


def downtime_note(timeline: Timeline, key: str) -> str:
    """The same for whoever decides; `key` is the artifact that holds the page."""
    return f"\n**Downtime:** {paragraph(downtime_words(timeline))} See artifact {code(key)}.\n"


def gap_words(gap: Gap) -> str:
    """How long a gap was, and how well that is known."""
    if gap.over:
        return f"{gap.seconds:.1f} s (± {gap.error:.2f} s)"
    return f"{gap.at_least:.1f} s and not over at the end"


def downtime_page(timeline: Timeline) -> str:
    """The measurement as a page, endpoints in the order in which they were named."""
    rows = [
        (
            code(seen.endpoint),
            _standing(seen),
            text("; ".join(f"{_clock(gap.first)}: {gap_words(gap)}" for gap in seen.gaps[:3])),
            text("; ".join(_addresses(seen))),
        )
        for seen in timeline.endpoints
    ]
    ways = [
        (
            code(track.target),
            "up" if track.answers else "down" if track.spans else "not tried",
            str(track.attempts),
            str(track.lost),
            text(", ".join(f"{number} {kind}" for kind, number in track.failures.most_common())),
            f"{track.latency.p50 * 1000:.1f} / {track.latency.p99 * 1000:.1f} ms" if track.latency else "",
        )
        for track in timeline.tracks
    ]
    period = f"{_clock(timeline.began)} to {_clock(timeline.ended)}, {timeline.rate:g} attempts a second at each way."
    return page(
        f"**{paragraph(downtime_words(timeline))}**",
        paragraph(f"{timeline.about}: {period} An endpoint is up while any way to it answers."),
        table(("Endpoint", "Now", "Interrupted", "Address"), rows) if rows else "",
        table(("Way", "Now", "Attempts", "Lost", "Failures", "Connecting (p50 / p99)"), ways) if ways else "",
        table(("Not probed", "Why"), [(code(each.endpoint), text(each.why)) for each in timeline.unprobed])
        if timeline.unprobed
        else "",
    )


def downtime_json(timeline: Timeline) -> dict[str, Any]:
    """The measurement for programs; moments are ISO 8601, durations seconds."""
    longest = timeline.longest_gap
    return {
        "about": timeline.about,
        "began": moment(timeline.began),
        "ended": moment(timeline.ended),
        "complete": timeline.complete,
        "rate": timeline.rate,
        "attempts": timeline.attempts,
        "lost": timeline.lost,
        "longest_gap": {"endpoint": longest[0].endpoint, **_gap(longest[1])} if longest else None,
        "endpoints": [
            {
                "endpoint": seen.endpoint,
                "answered": seen.answered,
                "answers": seen.answers,
                "gaps": [_gap(gap) for gap in seen.gaps],
                "addresses": _addresses(seen),
                "ways": [_way(track) for track in seen.tracks],
            }
            for seen in timeline.endpoints
        ],
        "unprobed": [{"endpoint": each.endpoint, "why": each.why} for each in timeline.unprobed],
        "doubts": list(_doubts(timeline)),
    }


def _doubts(timeline: Timeline) -> Iterator[str]:
    """What makes the measurement worth less."""
    if not timeline.complete:
        yield f"The probe was killed; nothing is known after {_clock(timeline.ended)}."
    unseen = max((track.unseen for track in timeline.tracks), default=0.0)
    if unseen > max(_LATE / timeline.rate, 1.0):
        yield f"For up to {unseen:.1f} s nobody looked."
    if skipped := sum(track.skipped for track in timeline.tracks):
        yield f"{count(skipped, 'attempt')} could not be made for want of sockets here."
    if abs(timeline.clock_step) > _SHORT:
        yield f"This machine's clock was set by {timeline.clock_step:+.1f} s meanwhile."


def _standing(seen: Seen) -> str:
    return "up" if seen.answers else "down" if seen.answered else "never answered"


def _addresses(seen: Seen) -> list[str]:
    """What has moved where, and what no longer answers though the endpoint does."""
    moved = [f"{track.target.host}: {' → '.join(track.addresses)}" for track in seen.tracks if len(track.addresses) > 1]
    if not seen.answers:
        return moved
    return moved + [
        f"{track.target.host} no longer answers" for track in seen.tracks if track.answered and not track.answers
    ]


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "first_failure": moment(gap.first),
        "last_failure": moment(gap.last),
        "last_answer_before": moment(gap.before) if gap.before is not None else None,
        "first_answer_after": moment(gap.after) if gap.after is not None else None,
        "seconds": round(gap.seconds, 3),
        "error": round(gap.error, 3),
        "over": gap.over,
    }


def _way(track: Track) -> dict[str, Any]:
    first, last, latency = track.first_failure, track.last_failure, track.latency
    return {
        "host": track.target.host,
        "port": track.target.port,
        "answers": track.answers,
        "attempts": track.attempts,
        "lost": track.lost,
        "failures": dict(track.failures),
        "first_failure": moment(first) if first is not None else None,
        "last_failure": moment(last) if last is not None else None,
        "addresses": list(track.addresses),
        "latency": {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99, "most": latency.most}
        if latency
        else None,
        "skipped": track.skipped,
        "unseen": track.unseen,
        "spans": [
            {
                "up": span.up,
                "address": span.address,
                "since": moment(span.since),
                "until": moment(span.until),
                "attempts": span.attempts,
                "failures": dict(span.failures),
            }
            for span in track.spans
        ],
    }


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}Z"
