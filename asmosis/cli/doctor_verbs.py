"""The grammar of the verb `doctor`: options and help; the work is in the module beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from typing import Annotated

import typer

from asmosis.cli.grammar import Json, Subscription, app, examples


@app.command(epilog=examples("asmosis doctor", "asmosis doctor --planes azure --json", "watch -n 300 asmosis doctor"))
def doctor(
    *,
    subscription: Subscription = "",
    planes: Annotated[
        str, typer.Option("--planes", metavar="BLOCK", help="ControlPlanes block that the flows sign in with.")
    ] = "emulator",
    patience: Annotated[
        float, typer.Option("--patience", min=1, max=3600, metavar="SECONDS", help="How long to wait for answers.")
    ] = 30.0,
    json: Json = False,
) -> int:
    """Look whether planes, server, worker and this shell have what a migration needs; changes nothing.

    Exit 0 if nothing has failed (warnings may stand), 1 if something has or could not be asked.
    """
    from asmosis.cli.examining import doctor as work

    return work(subscription, planes, patience, as_json=json)
