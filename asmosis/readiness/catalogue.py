"""The rules as a page of the documentation."""

from collections.abc import Iterable, Iterator

from asmosis.readiness import PROFILES, RULES
from asmosis.readiness.behaviours import BEHAVIOURS, BEYOND
from asmosis.readiness.rule import Rule
from asmosis.readiness.subjects import (
    Account,
    Detached,
    Machine,
    Network,
    PlacedSlot,
    Service,
    Slot,
    Subscription,
    Whole,
)
from asmosis.readiness.waivers import EXAMPLE

# By what a rule judges first; those about ARM itself have a table of their own, and a machine may be judged with its
# whole deployment.
_SCOPES: dict[str, tuple[type, ...]] = {
    "Subscription, and units as a whole": (Subscription, Whole, Detached),
    "Virtual networks": (Network,),
    "Cloud services": (Service, Slot, PlacedSlot),
    "Virtual machines": (Machine,),
    "Storage accounts": (Account,),
}
_ARM = "Quotas and limits of ARM"
_LEGEND = (
    "*Noticed* is when the platform itself finds out: `validate`, `prepare`, `commit`, at a `call`, or `never`;"
    " *assumed* marks what no source says, but follows from what ARM accepts. *Facts* are what a rule needs to know"
    " beside the classic documents (`assess --facts`); without them it does not judge, and the assessment says so."
)
_WAIVERS = (
    "`rule`, `who`, `why`, `until` and one of `unit` and `resource` have to be there; the latter two are patterns as",
    "in a shell, without regard to case. An accepted finding stays visible with its waiver and no longer blocks.",
    "`until` is the last day: after it the finding counts again, and the waiver is reported as expired; one that",
    "matches nothing is reported as of no use. What the platform itself notices it refuses all the same; such a",
    "finding says so (`still_refused_by_platform`).",
)


def rules_page() -> str:
    """Every rule of every profile by what it judges, then what is no rule, as GitHub-flavoured Markdown."""
    lines = [
        "# Readiness rules",
        "",
        "Written by `python -m asmosis.readiness`; a test holds it current.",
        "",
        "A rule has a severity in each profile, a vintage of the platform; where that is empty, it is no rule:",
        "",
        *(f"* `{profile}`: {meaning}" for profile, meaning in PROFILES.items()),
        "",
        _LEGEND,
    ]
    for title in (*_SCOPES, _ARM):
        members = [rule for rule in RULES.values() if _scope_of(rule) == title]
        lines += ["", f"## {title}", "", *_rules_table(members)]
    lines += [
        "",
        "## The platform's own words",
        "",
        "Where the platform's message is published, the rule says it word for word; `{…}` are its gaps.",
        "",
        *_texts_table(RULES.values()),
        "",
        "## Waivers",
        "",
        "`assess --waivers FILE` accepts findings that somebody takes the responsibility for:",
        "",
        "```yaml",
        *EXAMPLE.splitlines(),
        "```",
        "",
        *_WAIVERS,
        "",
        "## Behaviours, not findings",
        "",
        "What is known of the platform, but shows in no estate beforehand:",
        "",
        "| Id | What happens | What comes of it | Where |",
        "| --- | --- | --- | --- |",
        *(
            f"| [`{each.id}`]({each.source}) | {each.what} | {each.answer} | {_module(each.where)} |"
            for each in BEHAVIOURS
        ),
        "",
        "## No rules here",
        "",
        "Exporters of templates check more, because they make the ARM side themselves:",
        "",
        "| Their check | Why it is no rule |",
        "| --- | --- |",
        *(f"| {each.what} | {each.why} |" for each in BEYOND),
    ]
    return "\n".join(lines) + "\n"


def _scope_of(rule: Rule) -> str:
    if rule.id.startswith("arm-"):
        return _ARM
    judged = Machine if rule.id.startswith("vm-") else rule.over[0]
    return next(title for title, kinds in _SCOPES.items() if judged in kinds)


def _rules_table(rules: Iterable[Rule]) -> Iterator[str]:
    yield f"| Rule | {' | '.join(PROFILES)} | Noticed | What it finds | Remedy | Facts |"
    yield "| --- |" + " --- |" * (len(PROFILES) + 4)
    for rule in rules:
        severities = " | ".join(rule.severities.get(profile, "") for profile in PROFILES)
        link = f"[`{rule.id}`]({rule.source})"
        noticed = f"{rule.noticed}, assumed" if rule.assumed else rule.noticed
        needs = ", ".join(f"`{part}`" for part in rule.needs)
        yield f"| {link} | {severities} | {noticed} | {rule.title}. | {rule.remedy} | {needs} |"


def _texts_table(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| Rule | Message |"
    yield "| --- | --- |"
    for rule in rules:
        if rule.text:
            # A pipe or a star in the platform's words would end the cell or change the type.
            yield f"| `{rule.id}` | {rule.text.replace('|', chr(92) + '|').replace('*', chr(92) + '*')} |"


def _module(path: str) -> str:
    return f"[`{path}`](../{path})" if path else ""
