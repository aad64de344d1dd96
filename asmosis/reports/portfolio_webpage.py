"""A wave, or everything, as one web page: how far, how well, who is locked since when, what was lost, how long."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from asmosis.reports.portfolio import Row
from asmosis.reports.timeline_plot import duration
from asmosis.reports.web import ENVIRONMENT, asset, digest, figure

_DAY = 86_400.0  # seconds
_SHADES = ("ready", "waived", "blocked")


def portfolio_page(title: str, rows: Sequence[Row], when: datetime) -> str:
    """The page; `when` it was looked is part of it."""
    style = asset("assessment.css") + asset("unit.css") + asset("portfolio.css")
    script = asset("portfolio.js")
    return ENVIRONMENT.get_template("portfolio.html.j2").render(
        title=title,
        when=f"{when:%Y-%m-%d %H:%M} UTC",
        figures=list(_figures(rows)),
        waves=list(_waves(rows)),
        states=[state for state, _ in Counter(row.state for row in rows).most_common()],
        locks=sorted((row for row in rows if row.locked), key=lambda row: -(row.locked_days or 0)),
        rows=rows,
        several=len({row.subscription for row in rows}) > 1,
        duration=duration,
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=digest(style),
        script=Markup(script),  # noqa: S704 -- our own file
        script_hash=digest(script),
    )


def _figures(rows: Sequence[Row]) -> Iterator[tuple[str, str, str, str]]:
    """Label, figure, what it means, shade."""
    shades = Counter(row.shade for row in rows)
    yield "Through", figure(sum(row.over for row in rows)), f"of {figure(len(rows))} units", ""
    yield "Good", figure(shades["ready"]), "ended as somebody wanted", "ready"
    bad = shades["blocked"]
    yield "Attention", figure(bad), "blocked, failed or not as promised", "blocked" if bad else ""
    locked = [row for row in rows if row.locked]
    oldest = max((row.locked_days or 0.0 for row in locked), default=0.0)
    since = f"the oldest for {duration(oldest * _DAY)}" if locked else ""
    yield "Locked", figure(len(locked)), since, "waived" if locked else ""
    yield "Losses", figure(sum(row.losses or 0 for row in rows)), "settings that ARM has no place for", ""
    down = [row.downtime_seconds for row in rows if row.downtime_seconds is not None]
    if down:
        interrupted = sum(seconds > 0 for seconds in down)
        longest = duration(max(down)) if max(down) else "none"
        yield "Longest interruption", longest, f"{interrupted} of {len(down)} probed units were interrupted", ""
    doubtful = sum(row.evidence_complete is False for row in rows)
    if doubtful:
        yield "Evidence in doubt", figure(doubtful), "units whose evidence is not complete", "waived"


def _waves(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for name in sorted({row.wave for row in rows}, key=lambda name: (not name, name)):
        own = [row for row in rows if row.wave == name]
        shades = Counter(row.shade for row in own)
        place = 0.0
        bars = []
        for shade in _SHADES:
            width = 100 * shades[shade] / len(own)
            bars.append((shade, round(place, 3), round(width, 3)))
            place += width
        yield {
            "name": name or "no wave",
            "units": len(own),
            "bars": bars,
            "states": Counter(row.state for row in own).most_common(),
            "locked": sum(row.locked for row in own),
            "losses": sum(row.losses or 0 for row in own),
            "downtime": max((row.downtime_seconds for row in own if row.downtime_seconds is not None), default=None),
            "took": _against(own),
        }


def _against(rows: Sequence[Row]) -> str:
    """How long prepare and commit of what is measured took in all, against what was estimated for it."""
    took = low = high = 0.0
    for row in rows:
        for seconds, least, most in (
            (row.prepare_seconds, row.prepare_at_least, row.prepare_at_most),
            (row.commit_seconds, row.commit_at_least, row.commit_at_most),
        ):
            if seconds is not None and least is not None and most is not None:
                took, low, high = took + seconds, low + least, high + most
    return f"{duration(took)} (estimated {duration(low)} to {duration(high)})" if took else ""
