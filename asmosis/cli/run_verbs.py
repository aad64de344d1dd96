"""The grammar of the verbs about runs: options and help; what they do is in the modules beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated

import typer

from asmosis.cli.grammar import Approver, AsmUrl, Detach, Json, Planes, Reason, Subscription, Units, app, examples
from asmosis.errors import UsageError


@app.command(
    epilog=examples(
        "asmosis run virtualNetwork/contoso-vnet",
        "asmosis run hostedService/web --network web-rg/web-vnet/front",
        "asmosis run virtualNetwork/contoso-vnet storageAccount/contosodisks --name friday",
        "asmosis run --wave friday.yaml --detach",
        "asmosis run --wave plan.yaml#wave-1",
        "asmosis run virtualNetwork/contoso-vnet --mode dry-run",
    )
)
def run(  # noqa: PLR0913 - one argument per option
    *,
    units: Annotated[
        list[str] | None, typer.Argument(metavar="[UNIT...]", help="KIND/NAME or SUBSCRIPTION/KIND/NAME.")
    ] = None,
    wave: Annotated[
        Path | None,
        typer.Option(
            "--wave", metavar="FILE", help="Wave file (YAML) instead of units, or PLAN#WAVE for one of a plan."
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Name of the wave of several units; else the time.")
    ] = "",
    subscription: Subscription = "",
    planes: Planes = "",
    approval: Annotated[str, typer.Option("--approval", metavar="POLICY", help="manual or automatic-when-clean.")] = "",
    mode: Annotated[
        str,
        typer.Option("--mode", metavar="MODE", help="assess, dry-run (prepare and back), prepare-only or full."),
    ] = "",
    network: Annotated[
        str,
        typer.Option(
            "--network",
            metavar="GROUP/NETWORK/SUBNET",
            help="Existing ARM network for one cloud service; else a new one.",
        ),
    ] = "",
    waivers: Annotated[
        Path | None,
        typer.Option("--waivers", exists=True, dir_okay=False, metavar="FILE", help="Accepted findings (YAML)."),
    ] = None,
    detach: Detach = False,
    json: Json = False,
) -> int:
    """Migrate one unit, or several as a wave, as far as the approval; follows the runs until then."""
    from asmosis.cli import following, running

    request = running.Request(planes=planes, approval=approval, mode=mode, name=name, network=network, waivers=waivers)
    manner = following.Manner(detach=detach, as_json=json)
    return running.run(units or [], wave, subscription, request, manner)


@app.command(
    epilog=examples("asmosis status", "asmosis status --wave friday --json", "asmosis status --locks --subscription ID")
)
def status(
    *,
    wave: Annotated[str, typer.Option("--wave", metavar="NAME", help="Only the runs of this wave.")] = "",
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Only the runs of this unit.")] = "",
    subscription: Subscription = "",
    everything: Annotated[bool, typer.Option("--all", help="Earlier runs too, not only the newest of each.")] = False,
    locks: Annotated[
        bool, typer.Option("--locks", help="Every unit that the platform has locked, since when and by which run.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show changes until nothing goes on by itself.")] = False,
    asm_url: AsmUrl = "",
    json: Json = False,
) -> int:
    """Show the runs: where each unit stands and which ones wait for an approval since when; or who holds locks."""
    from asmosis.cli import standing

    if locks and watch:
        raise UsageError("--watch", "locks are looked up once", "Leave --watch or --locks out.")
    if locks:
        return standing.show_locks(subscription, asm_url, as_json=json)
    if watch:
        return standing.watch(subscription, wave=wave, unit=unit, as_json=json)
    return standing.status(subscription, wave=wave, unit=unit, everything=everything, as_json=json)


@app.command(epilog=examples("asmosis approve virtualNetwork/contoso-vnet --reason 'checked with the owners'"))
def approve(
    *,
    units: Units,
    approver: Approver = "",
    reason: Reason = "",
    subscription: Subscription = "",
    json: Json = False,
) -> int:
    """Let prepared units commit, which is final; all of them must be waiting, or nothing is answered."""
    from asmosis.cli.deciding import decide

    return decide(units, subscription, "commit", approver=approver, reason=reason, as_json=json)


@app.command(epilog=examples("asmosis reject hostedService/web --reason 'not before the release'"))
def reject(
    *,
    units: Units,
    approver: Approver = "",
    reason: Reason = "",
    subscription: Subscription = "",
    json: Json = False,
) -> int:
    """Send prepared units back to classic; all of them must be waiting, or nothing is answered."""
    from asmosis.cli.deciding import decide

    return decide(units, subscription, "abort", approver=approver, reason=reason, as_json=json)


@app.command(
    epilog=examples(
        "asmosis abort hostedService/web --reason 'prepared by mistake'",
        "asmosis abort --wave friday",
        "asmosis abort --all-prepared --subscription 11111111-2222-3333-4444-555555555555",
    )
)
def abort(  # noqa: PLR0913 - one argument per option
    *,
    units: Annotated[
        list[str] | None, typer.Argument(metavar="[UNIT...]", help="KIND/NAME or SUBSCRIPTION/KIND/NAME.")
    ] = None,
    wave: Annotated[str, typer.Option("--wave", metavar="NAME", help="The wave and all that it has begun.")] = "",
    everything: Annotated[
        bool, typer.Option("--all-prepared", help="Whatever is prepared in the subscription, by whomever.")
    ] = False,
    reason: Reason = "",
    subscription: Subscription = "",
    planes: Planes = "",
    asm_url: AsmUrl = "",
    detach: Detach = False,
    json: Json = False,
) -> int:
    """Bring prepared units back to classic, whether or not a run of theirs waits for approval."""
    from asmosis.cli import aborting, following

    if sum((bool(units), bool(wave), everything)) != 1:
        raise UsageError("abort", "it is not clear what", "Name units, or a wave with --wave, or give --all-prepared.")
    manner = following.Manner(detach=detach, as_json=json)
    if wave:
        return aborting.abort_wave(wave, subscription, planes=planes, reason=reason, manner=manner)
    if everything:
        return aborting.abort_all(subscription, asm_url, planes=planes, reason=reason, manner=manner)
    return aborting.abort(units or [], subscription, planes=planes, reason=reason, manner=manner)
