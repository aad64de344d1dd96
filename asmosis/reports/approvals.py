"""How the votes on a unit stand."""

from asmosis.approvals import Tally
from asmosis.reports.markdown import count, page, text


def votes_page(standing: Tally) -> str:
    """Who has approved, whose vote does not count and why, and how many are missing; empty while nobody was heard."""
    if not standing.counted and not standing.refused and standing.missing <= 1:
        return ""
    counted = [f"- {text(vote.words)}" for vote in standing.counted]
    refused = [
        f"- not counted: {vote.decision} by {text(vote.approver)}, because {text(why)}."
        for vote, why in standing.refused
    ]
    return "\n" + page(
        f"**{count(standing.missing, 'approval is', 'approvals are')} missing.**",
        "\n".join([*counted, *refused]),
    )
