"""A timeline as JSON lines, written while it happens: whoever kills the probe leaves what it had seen.

`start` says what is probed, `targets` what joined later; `turn` is a way that began to answer or ceased to, with the
span that ended; `alive` says that nothing else has changed until then; `track` and `end` close the file.
"""

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

from asmosis.errors import UnreadableDocument
from asmosis.probe.span import Span
from asmosis.probe.target import Target, Unprobed
from asmosis.probe.timeline import Latency, Timeline, Track

_VERSION = 1


class Recording:
    """The file of a probe under way; each line is handed to the system at once."""

    def __init__(self, file: TextIO, timeline: Timeline) -> None:
        """Begin with what is known when a probe begins."""
        self._file = file
        head = {"version": _VERSION, "about": timeline.about, "at": moment(timeline.began), "rate": timeline.rate}
        self._write("start", **head, unprobed=[asdict(each) for each in timeline.unprobed])

    @classmethod
    def at(cls, path: Path, timeline: Timeline) -> "Recording":
        """Begin a new file for its owner's eyes only (OSError if that cannot be)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        return cls(path.open("a", encoding="utf-8"), timeline)

    def targets(self, targets: Iterable[Target]) -> None:
        """These are probed from now on, numbered in this order."""
        self._write("targets", targets=[asdict(target) for target in targets])

    def turn(self, number: int, ended: Span | None, began: Span) -> None:
        """A way began to answer, or ceased to."""
        failure = next(iter(began.failures), "")
        begun = {"up": began.up, "address": began.address, "since": moment(began.since), "failure": failure}
        self._write("turn", target=number, ended=_span(ended) if ended else None, began=begun)

    def alive(self, at: float) -> None:
        """Nothing else has changed until then."""
        self._write("alive", at=moment(at))

    def end(self, timeline: Timeline) -> None:
        """The probe has ended."""
        for number, track in enumerate(timeline.tracks):
            latency = asdict(track.latency) if track.latency else None
            last = _span(track.spans[-1]) if track.spans else None
            about = {"skipped": track.skipped, "unseen": track.unseen, "latency": latency}
            self._write("track", target=number, ended=last, **about)
        self._write("end", at=moment(timeline.ended), clock_step=timeline.clock_step)

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):
            self._file.close()

    def _write(self, record: str, **fields: Any) -> None:
        self._file.write(json.dumps({"record": record, **fields}, ensure_ascii=False) + "\n")
        self._file.flush()


def lines_of(timeline: Timeline) -> str:
    """A timeline as such lines; `timeline_of` reads it again."""
    lines = io.StringIO()
    recording = Recording(lines, timeline)
    recording.targets(track.target for track in timeline.tracks)
    for number, track in enumerate(timeline.tracks):
        for ended, began in pairwise((None, *track.spans)):
            if began is not None:
                recording.turn(number, ended, began)
    if timeline.complete:
        recording.end(timeline)
    else:
        recording.alive(timeline.ended)
    return lines.getvalue()


def read_timeline(path: Path) -> Timeline:
    """The timeline of a file; of one that was never closed, as far as it goes.

    Raises:
        UnreadableDocument: it is no timeline.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        return timeline_of(text)
    except OSError as error:
        raise UnreadableDocument(str(path), error.strerror or "it cannot be read") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnreadableDocument(str(path), f"it is no timeline ({type(error).__name__}: {error})") from None


def timeline_of(text: str) -> Timeline:
    """The timeline of such lines; whatever is wrong with them is a KeyError, TypeError, ValueError or IndexError."""
    # What was cut off in the middle of a line had not happened.
    records = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
    head = records[0]
    if head["record"] != "start" or head["version"] != _VERSION:
        raise ValueError("it does not begin as one of this version")
    reading = _Reading(seconds(head["at"]))
    for record in records[1:]:
        reading.take(record)
    return Timeline(
        head["about"],
        seconds(head["at"]),
        reading.ended,
        head["rate"],
        reading.tracks(),
        tuple(Unprobed(**each) for each in head["unprobed"]),
        reading.complete,
        reading.clock_step,
    )


def moment(at: float) -> str:
    """Seconds since 1970 as people read them."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def seconds(text: str) -> float:
    """The moment that a text says."""
    return datetime.fromisoformat(text).timestamp()


class _Reading:
    """Records, one after the other."""

    def __init__(self, began: float) -> None:
        self.ended, self.complete, self.clock_step = began, False, 0.0
        self._tracks: list[Track] = []
        self._spans: defaultdict[int, list[Span]] = defaultdict(list)
        self._open: dict[int, Span] = {}

    def take(self, record: Mapping[str, Any]) -> None:
        match record["record"]:
            case "targets":
                self._tracks += [Track(Target(**target)) for target in record["targets"]]
            case "turn":
                self._end_span(record)
                self._begin_span(record["target"], record["began"])
            case "track":
                self._end_span(record)
                self._open.pop(record["target"], None)
                self._add_figures(record)
            case "alive":
                self.ended = max(self.ended, seconds(record["at"]))
            case "end":
                self.complete, self.ended, self.clock_step = True, seconds(record["at"]), record["clock_step"]

    def tracks(self) -> tuple[Track, ...]:
        """All ways; how often one was tried in a span that nobody closed is lost, that nothing changed is not."""
        open_ones = {number: replace(span, until=max(span.since, self.ended)) for number, span in self._open.items()}
        return tuple(
            replace(track, spans=(*self._spans[number], *filter(None, (open_ones.get(number),))))
            for number, track in enumerate(self._tracks)
        )

    def _begin_span(self, number: int, began: Mapping[str, Any]) -> None:
        at = seconds(began["since"])
        failures = {} if began["up"] else {began["failure"]: 1}
        self._open[number] = Span(began["up"], began["address"], at, at, 1, failures)
        self.ended = max(self.ended, at)

    def _end_span(self, record: Mapping[str, Any]) -> None:
        if span := record["ended"]:
            since, until = seconds(span["since"]), seconds(span["until"])
            self._spans[record["target"]].append(Span(**{**span, "since": since, "until": until}))

    def _add_figures(self, record: Mapping[str, Any]) -> None:
        latency = Latency(**record["latency"]) if record["latency"] else None
        figures = {"skipped": record["skipped"], "unseen": record["unseen"], "latency": latency}
        self._tracks[record["target"]] = replace(self._tracks[record["target"]], **figures)


def _span(span: Span) -> dict[str, Any]:
    return {**asdict(span), "since": moment(span.since), "until": moment(span.until)}
