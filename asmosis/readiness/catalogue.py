"""The rules as a page of the documentation."""

from collections.abc import Iterable

from asmosis.readiness import PROFILES, RULES
from asmosis.readiness.rule import Rule

_SCOPES = {
    "subscription": "Subscription",
    "network": "Virtual networks",
    "compute": "Cloud services and virtual machines",
    "storage": "Storage accounts",
}


def rules_page() -> str:
    """Every rule of every profile, by what it judges, as GitHub-flavoured Markdown."""
    lines = [
        "# Readiness rules",
        "",
        "Written by `python -m asmosis.readiness`; a test holds it current.",
        "",
        "A rule has a severity in each profile, a vintage of the platform; where that is empty, it is no rule:",
        "",
        *(f"* `{profile}`: {meaning}" for profile, meaning in PROFILES.items()),
        "",
        "*Noticed* is when the platform itself finds out: `validate`, `prepare`, `commit`, at a `call`, or `never`.",
    ]
    for module, title in _SCOPES.items():
        members = [rule for rule in RULES.values() if rule.judge.__module__.rpartition(".")[2].startswith(module)]
        lines += ["", f"## {title}", "", *_table(members)]
    return "\n".join(lines) + "\n"


def _table(rules: Iterable[Rule]) -> Iterable[str]:
    yield f"| Rule | {' | '.join(PROFILES)} | Noticed | What it finds | Remedy |"
    yield "| --- |" + " --- |" * (len(PROFILES) + 3)
    for rule in rules:
        severities = " | ".join(rule.severities.get(profile, "") for profile in PROFILES)
        link = f"[`{rule.id}`]({rule.source})"
        yield f"| {link} | {severities} | {rule.noticed} | {rule.title}. | {rule.remedy} |"
