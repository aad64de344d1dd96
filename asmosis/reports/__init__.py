"""Pages as pure functions: GitHub-flavoured Markdown for artifacts and terminals, bounded in size."""

from asmosis.reports.readiness import findings_page, readiness_page
from asmosis.reports.sides import outcome_page, question_page, side_by_side_page
from asmosis.reports.waves import wave_page

__all__ = ["findings_page", "outcome_page", "question_page", "readiness_page", "side_by_side_page", "wave_page"]
