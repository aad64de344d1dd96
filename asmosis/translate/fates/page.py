"""The fates as a page of the documentation."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from asmosis.classic.xml import fields_of
from asmosis.translate.fates import LEFT_WHOLE, MEANINGS, Field, fates


def fates_page() -> str:
    """Every field of every classic model, model by model, as GitHub-flavoured Markdown."""
    listed = tuple(fates())
    count = Counter(field.fate.way for field in listed)
    lines = [
        "# Fates",
        "",
        "Written by `asmosis fates --markdown`; tests hold it current, and hold it to the translation.",
        "",
        f"Where each of the {len(listed)} fields of classic documents goes, or why it goes nowhere:",
        "",
        *(f"* **{way}** ({count[way]}): {meaning}." for way, meaning in MEANINGS.items()),
        "",
        "*Element* is the path below the table's element. Paths in ARM leave out the `properties` steps of the wire.",
    ]
    for model, fields in groupby(listed, lambda field: field.model):
        if model not in LEFT_WHOLE:
            lines += ["", f"## {model.__name__}", "", _first_line(model), "", *_table(fields)]
    lines += ["", "## Left as a whole", "", "| Model | Fields | Why |", "| --- | --- | --- |"]
    lines += [f"| {model.__name__} | {len(fields_of(model))} | {why} |" for model, why in LEFT_WHOLE.items()]
    return "\n".join(lines) + "\n"


def _first_line(model: type) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def _table(fields: Iterator[Field]) -> Iterator[str]:
    yield "| Element | Fate | Where it goes, or why not |"
    yield "| --- | --- | --- |"
    for field in fields:
        goes = [f"`{kind}` {path}" for kind, path in field.fate.destinations]
        yield f"| `{field.element}` | {field.fate.way} | {'<br>'.join([*goes, *filter(None, [field.fate.why])])} |"
