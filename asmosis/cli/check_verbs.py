"""The grammar of the verb about committed units: options and help; what it does is in the module beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated

import typer

from asmosis.cli.grammar import AsmUrl, Json, Subscription, Units, app, examples
from asmosis.errors import UsageError


@app.command(
    epilog=examples(
        "asmosis verify virtualNetwork/contoso-vnet",
        "asmosis verify virtualNetwork/contoso-vnet --from archive",
        "asmosis verify hostedService/web storageAccount/contosologs --write-check --json",
    )
)
def verify(
    *,
    units: Units,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            exists=True,
            metavar="PATH",
            help="Archived documents from before the commit, to compare with; else the unit's evidence is; repeatable.",
        ),
    ] = None,
    network: Annotated[
        str,
        typer.Option(
            "--network",
            metavar="GROUP/NETWORK/SUBNET",
            help="With --from: the ARM network that cloud services outside any joined; else new ones.",
        ),
    ] = "",
    write: Annotated[
        bool, typer.Option("--write-check", help="Also write a tag to one resource and take it off again.")
    ] = False,
    json: Json = False,
) -> int:
    """Tell whether committed units are gone from classic, whole in ARM and free of locks; changes nothing.

    What they had to become is known from --from, else from the evidence of their runs (ASMOSIS_EVIDENCE).
    """
    from asmosis.cli.verifying import Asked, verify_units

    if network and not sources:
        raise UsageError("--network", "nothing is compared without --from", "Give --from, or leave the option out.")
    return verify_units(Asked(units, subscription, asm_url, sources or [], network, write, json))
