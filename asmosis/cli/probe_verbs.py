"""The grammar of the verb about public endpoints: options and help; what it does is in the module beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated

import typer

from asmosis.cli.grammar import AsmUrl, Json, Subscription, app, examples


@app.command(
    epilog=examples(
        "asmosis probe virtualNetwork/contoso-vnet --for 60",
        "asmosis probe contoso.cloudapp.net:443 40.112.9.21:3389 --rate 10",
        "asmosis probe hostedService/web --out web.jsonl --json",
    )
)
def probe(
    *,
    what: Annotated[
        list[str],
        typer.Argument(metavar="UNIT|HOST:PORT...", help="All public endpoints of units, or any host (TCP)."),
    ],
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    rate: Annotated[float, typer.Option("--rate", metavar="NUMBER", help="Attempts a second at each way.")] = 5.0,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", help="How long an attempt may take; below 1 it is one packet."),
    ] = 0.9,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0.1, help="How long; else until Ctrl-C.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, metavar="FILE", help="New file that keeps the timeline (JSON lines)."),
    ] = None,
    json: Json = False,
) -> int:
    """Tell whether public endpoints answer and for how long they did not; connects only, and sends nothing."""
    from asmosis.cli.probing import Asked
    from asmosis.cli.probing import probe as work
    from asmosis.probe import Pace

    asked = Asked(what, subscription, asm_url, Pace(rate, timeout), seconds, out, json)
    return work(asked)
