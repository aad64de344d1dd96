"""Pages as Prefect artifacts; one key per unit and page, so that versions line up in the UI."""

import hashlib
import re

from prefect.artifacts import create_markdown_artifact

from asmosis.redaction import redacted_text
from asmosis.runs import Run, Runs
from asmosis.units import Unit


def publish(page: str, subject: Unit | str, markdown: str, description: str) -> None:
    """Keep a page with the run, under a key that is the same in every run about `subject`."""
    create_markdown_artifact(redacted_text(markdown), key=artifact_key(page, subject), description=description)


def renew(runs: Runs, run: Run, key: str, content: str | float, description: str) -> None:
    """Keep a page, or a percentage, with any run, in the place of what that run had under this key."""
    there = {"artifacts": {"flow_run_id": {"any_": [run.id]}, "key": {"any_": [key]}}, "limit": 1}
    data = redacted_text(content) if isinstance(content, str) else content
    told = {"data": data, "description": description}
    for artifact in runs.call("POST", "/artifacts/filter", there):
        runs.call("PATCH", f"/artifacts/{artifact['id']}", told)
        return
    kind = "markdown" if isinstance(content, str) else "progress"
    runs.call("POST", "/artifacts/", {"key": key, "type": kind, "flow_run_id": run.id, **told})


def artifact_key(page: str, subject: Unit | str) -> str:
    """`page-subject` in the letters that Prefect allows; a name that had to change keeps a short hash of itself."""
    name = str(subject)
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if isinstance(subject, str) and plain == name:
        return f"{page}-{plain}"
    short = re.sub(r"[^a-z0-9]+", "-", (subject.short if isinstance(subject, Unit) else name).lower()).strip("-")
    return f"{page}-{short}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
