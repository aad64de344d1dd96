"""Pages as pure functions: GitHub-flavoured Markdown for artifacts and terminals, bounded in size."""

from asmosis.reports.approvals import votes_page
from asmosis.reports.readiness import findings_page, readiness_page
from asmosis.reports.sides import outcome_page, question_page, side_by_side_page
from asmosis.reports.waves import WaveStanding, wave_page

__all__ = [
    "WaveStanding",
    "findings_page",
    "outcome_page",
    "question_page",
    "readiness_page",
    "side_by_side_page",
    "votes_page",
    "wave_page",
]
