"""A unit in one sentence, for who has a minute."""

from collections.abc import Mapping
from typing import Any

from asmosis.evidence import Manifest
from asmosis.reports.markdown import count
from asmosis.reports.timeline_plot import duration

_ENDS = {
    "Committed": "Migrated: the unit is in Resource Manager for good.",
    "Aborted": "Brought back: the unit is classic, as it was.",
    "Rehearsed": "Rehearsed: the unit was prepared, checked and brought back; it is classic, as it was.",
    "Prepared": "Prepared: the unit is in both, locked, and can still go back.",
    "Ready": "Ready: nothing blocks the unit; nothing was done to it.",
    "Blocked": "Blocked: the unit cannot migrate yet; nothing was done to it.",
    "PrepareFailed": "The platform could not prepare the unit; it was brought back and is classic.",
    "Incomplete": "Not as promised: something differs in Resource Manager from what was promised.",
}
_BAD = frozenset({"Blocked", "PrepareFailed", "Incomplete"})


def sentence(summary: Mapping[str, Any], manifest: Manifest) -> str:
    """What became of the unit, what differs, what is lost, how long it was down."""
    outcome = summary.get("outcome")
    words = [_ENDS.get(outcome or "", "") or _under_way(summary)]
    if summary.get("real") is not None:
        words.append(_checked(summary))
    if summary.get("losses"):
        verbs = ("setting is", "settings are") if loses(summary) else ("setting would be", "settings would be")
        words.append(f"{count(summary['losses'], *verbs)} lost.")
    if summary.get("downtime"):
        words.append(_down(summary["downtime"]))
    if manifest.doubts:
        words.append(f"The evidence is not complete: {count(len(manifest.doubts), 'part is', 'parts are')} in doubt.")
    return " ".join(words)


def loses(summary: Mapping[str, Any]) -> bool:
    """Whether what is lost is lost for good; a unit that is classic has it still."""
    return summary.get("outcome") in ("Committed", "Incomplete")


def shade(summary: Mapping[str, Any], manifest: Manifest) -> str:
    """`ready`, `waived` (to be looked at) or `blocked`."""
    if summary.get("outcome") in _BAD or summary.get("real"):
        return "blocked"
    return "waived" if manifest.doubts or summary.get("unread") or not summary.get("outcome") else "ready"


def downtime_figure(summary: Mapping[str, Any]) -> tuple[str, str, bool]:
    """The figure, what it means, and whether there was any."""
    down = summary.get("downtime")
    if not down:
        return "not measured", "nothing was probed", False
    lost = f"{down['lost']} of {down['attempts']} connections lost"
    if down["lost"] == 0:
        return "none", lost + (f", {down['silent']} endpoints never answered" if down["silent"] else ""), False
    more = "" if down["over"] else "at least "
    return f"{more}{down['seconds']:.1f} s", f"± {down['error']:.1f} s at {down['endpoint']}; {lost}", True


def _under_way(summary: Mapping[str, Any]) -> str:
    if "prepare" in summary.get("seconds", {}):
        return "Prepared and locked; nobody has decided yet."
    return "Judged; nothing was done to the unit yet."


def _checked(summary: Mapping[str, Any]) -> str:
    if summary.get("unread"):
        return (
            f"Not everything could be looked at ({count(summary['unread'], 'kind of resource', 'kinds of resources')})."
        )
    if summary["real"]:
        return f"{count(summary['real'], 'thing differs', 'things differ')} from what was promised."
    return f"All {summary['resources']} resources were found as promised."


def _down(down: Mapping[str, Any]) -> str:
    if down["lost"] == 0:
        return f"No connection was lost in {down['attempts']} attempts."
    return f"Its longest interruption was {duration(down['seconds'])}, at {down['endpoint']}."
