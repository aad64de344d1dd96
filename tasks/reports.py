"""Pages as Prefect artifacts; one key per unit and page, so that versions line up in the UI."""

import hashlib
import re

from prefect.artifacts import create_markdown_artifact, create_progress_artifact

from asmosis.redaction import redacted_text
from asmosis.units import Unit


def publish(page: str, subject: Unit | str, markdown: str, description: str) -> None:
    """Keep a page with the run, under a key that is the same in every run about `subject`."""
    create_markdown_artifact(redacted_text(markdown), key=artifact_key(page, subject), description=description)


def publish_progress(page: str, subject: Unit | str, percent: float, description: str) -> None:
    """Show how far something is, under a key like that of a page."""
    create_progress_artifact(percent, key=artifact_key(page, subject), description=description)


def artifact_key(page: str, subject: Unit | str) -> str:
    """`page-subject` in the letters that Prefect allows; a name that had to change keeps a short hash of itself."""
    name = str(subject)
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if isinstance(subject, str) and plain == name:
        return f"{page}-{plain}"
    short = re.sub(r"[^a-z0-9]+", "-", (subject.short if isinstance(subject, Unit) else name).lower()).strip("-")
    return f"{page}-{short}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
