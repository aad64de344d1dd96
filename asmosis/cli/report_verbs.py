"""The grammar of the verb about evidence: options and help; what it does is in the module beside."""

# Every verb imports what it needs when it is called: see the other modules of verbs.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated

import typer

from asmosis.cli.grammar import Json, Subscription, app, examples


@app.command(
    epilog=examples(
        "asmosis report virtualNetwork/contoso-vnet --out contoso-vnet.html",
        "asmosis report virtualNetwork/contoso-vnet --verify",
        "asmosis report night-1 --out night-1.html --out night-1.xlsx",
        "asmosis report --all --out portfolio.parquet --json",
    )
)
def report(
    *,
    what: Annotated[
        str,
        typer.Argument(metavar="[UNIT|WAVE]", help="KIND/NAME of a unit, or the name of a wave.", show_default=False),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="All units that were ever migrated or tried.")] = False,
    subscription: Subscription = "",
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            dir_okay=False,
            metavar="FILE",
            help="Keep it as .html or .json; of a wave or all also as .csv, .parquet or .xlsx. Repeatable.",
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Compute all digests of the evidence again.")] = False,
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="URL", help="Where evidence is kept; else ASMOSIS_EVIDENCE.")
    ] = "",
    json: Json = False,
) -> int:
    """Show what was seen, decided and done about a unit, a wave or all; exit 1 if evidence is missing or not whole."""
    from asmosis.cli.reporting import Asked
    from asmosis.cli.reporting import report as work
    from asmosis.errors import UsageError

    if bool(what) == everything:
        raise UsageError("report", "it is not clear of what", "Name a unit or a wave, or say --all.")
    return work(Asked(what, subscription, evidence, out or (), verify, json))
