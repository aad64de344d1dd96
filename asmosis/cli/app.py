"""The grammar of the command line: verbs, their options and their help; what they do is in the modules beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from asmosis.cli.output import DONE, FAR_SIDE_FAILED, INTERRUPTED, WRONG_USAGE, fail, say
from asmosis.errors import AsmosisError

app = typer.Typer(
    name="asmosis",
    help="Move Azure estates from classic (ASM) to Resource Manager (ARM), one unit at a time.",
    epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the far side failed.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    """Run the command line of this process."""
    # Libraries that log what they also raise, as azure-identity does at length, must not print beside our one line.
    logging.getLogger().addHandler(logging.NullHandler())
    code = call(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader left early, as `head` does; the interpreter would complain when it flushes again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def call(arguments: Sequence[str]) -> int:
    """Run one command line; answers the exit code, and says in one line what went wrong."""
    command = get_command(app)
    try:
        code = command.main(args=list(arguments), prog_name="asmosis", standalone_mode=False)
    except typer.TyperException as error:
        say(f"asmosis: {error.format_message().rstrip('.')}. See asmosis --help.")
        return WRONG_USAGE
    except AsmosisError as error:
        return fail(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, people get a line and scripts get a code
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        say(f"asmosis: internal error at {where}: {type(error).__name__}: {error}. Please report it.")
        return FAR_SIDE_FAILED
    if code == INTERRUPTED:
        say("asmosis: interrupted. Runs that were started go on; asmosis status shows them.")
    return int(code or DONE)


def _examples(*lines: str) -> str:
    # The control character keeps the lines as they are.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


_Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
_Subscription = Annotated[
    str, typer.Option("--subscription", envvar="ASMOSIS_SUBSCRIPTION", metavar="ID", help="Azure subscription.")
]
_AsmUrl = Annotated[
    str, typer.Option("--asm-url", metavar="URL", help="Classic control plane; else ASMOSIS_ASM_URL or Azure's.")
]
_Units = Annotated[list[str], typer.Argument(metavar="UNIT...", help="KIND/NAME or SUBSCRIPTION/KIND/NAME.")]
_Planes = Annotated[
    str, typer.Option("--planes", metavar="BLOCK", help="ControlPlanes block that the flows sign in with.")
]
_Detach = Annotated[bool, typer.Option("--detach", help="Start only; do not follow the runs.")]
_Approver = Annotated[
    str, typer.Option("--approver", metavar="NAME", help="Who decides; else the user of this process.")
]
_Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the run.")]


@app.command(epilog=_examples("asmosis inspect archive/*.xml", "asmosis inspect deployment.xml | jq .models[0].roles"))
def inspect(
    *,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="ASM documents (XML) of any root."),
    ],
    json: Annotated[bool, typer.Option("--json", help="One line per file, on a terminal too.")] = False,
) -> int:
    """Show archived ASM documents as models: one JSON object per file; names what no model claims."""
    from asmosis.cli.documents import inspect as work

    return work(files, as_lines=json)


@app.command(
    epilog=_examples(
        "asmosis assess --subscription 11111111-2222-3333-4444-555555555555",
        "asmosis assess --from archive --unit virtualNetwork/contoso-vnet --json",
    )
)
def assess(
    *,
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", exists=True, metavar="PATH", help="Folder or file of archived documents; repeatable."),
    ] = None,
    subscription: _Subscription = "",
    asm_url: _AsmUrl = "",
    unit: Annotated[
        list[str] | None, typer.Option("--unit", metavar="UNIT", help="Judge this unit only; repeatable.")
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help="Vintage of the platform's rules.")
    ] = "platform-2023",
    json: _Json = False,
) -> int:
    """Tell which units could migrate now and exactly what blocks the others; changes nothing."""
    from asmosis.cli.assessment import assess as work

    return work(sources or [], subscription, asm_url, units=unit or [], profile=profile, as_json=json)


@app.command(epilog=_examples("asmosis snapshot --subscription 11111111-2222-3333-4444-555555555555 --to archive"))
def snapshot(
    *,
    folder: Annotated[
        Path, typer.Option("--to", file_okay=False, metavar="FOLDER", help="New or empty folder for the documents.")
    ],
    subscription: _Subscription = "",
    asm_url: _AsmUrl = "",
    json: _Json = False,
) -> int:
    """Archive every classic document of a subscription, as the platform answers it; changes nothing there."""
    from asmosis.cli.assessment import archive

    return archive(folder, subscription, asm_url, as_json=json)


@app.command(
    epilog=_examples(
        "asmosis rules --profile seed-2016",
        "asmosis rules --json | jq '.rules[].id'",
        "asmosis rules --markdown > rules.md",
    )
)
def rules(
    *,
    profile: Annotated[str, typer.Option("--profile", metavar="NAME", help="Only the rules of this vintage.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole catalogue as a page.")] = False,
    json: _Json = False,
) -> int:
    """List the readiness rules."""
    from asmosis.cli.assessment import rules as work

    return work(profile, as_page=markdown, as_json=json)


@app.command(
    epilog=_examples(
        "asmosis template --unit virtualNetwork/contoso-vnet > contoso-vnet.json",
        "asmosis template --unit hostedService/web --from archive --json | jq '.resources[].name'",
    )
)
def template(
    *,
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="KIND/NAME of what migrates.")],
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", exists=True, metavar="PATH", help="Folder or file of archived documents; repeatable."),
    ] = None,
    subscription: _Subscription = "",
    asm_url: _AsmUrl = "",
    json: Annotated[bool, typer.Option("--json", help="The template on one line, for programs.")] = False,
) -> int:
    """Print what a unit would become as an ARM deployment template, and say what gets lost; changes nothing."""
    from asmosis.cli.translating import template as work

    return work(sources or [], subscription, asm_url, unit=unit, as_line=json)


@app.command(
    epilog=_examples(
        "asmosis fates",
        "asmosis fates --json | jq '.fates[] | select(.fate == \"lost\") | .element'",
        "asmosis fates --markdown > fates.md",
    )
)
def fates(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="The same as a page.")] = False,
    json: _Json = False,
) -> int:
    """List where every field of classic documents goes in ARM, or why it goes nowhere."""
    from asmosis.cli.translating import fates as work

    return work(as_page=markdown, as_json=json)


@app.command(
    epilog=_examples(
        "asmosis run virtualNetwork/contoso-vnet",
        "asmosis run hostedService/web --network web-rg/web-vnet/front",
        "asmosis run virtualNetwork/contoso-vnet storageAccount/contosodisks --name friday",
        "asmosis run --wave friday.yaml --detach",
    )
)
def run(  # noqa: PLR0913 - one argument per option
    *,
    units: Annotated[
        list[str] | None, typer.Argument(metavar="[UNIT...]", help="KIND/NAME or SUBSCRIPTION/KIND/NAME.")
    ] = None,
    wave: Annotated[
        Path | None,
        typer.Option("--wave", exists=True, dir_okay=False, metavar="FILE", help="Wave file (YAML) instead of units."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Name of the wave of several units; else the time.")
    ] = "",
    subscription: _Subscription = "",
    planes: _Planes = "",
    approval: Annotated[str, typer.Option("--approval", metavar="POLICY", help="manual or automatic-when-clean.")] = "",
    network: Annotated[
        str,
        typer.Option(
            "--network",
            metavar="GROUP/NETWORK/SUBNET",
            help="Existing ARM network for one cloud service; else a new one.",
        ),
    ] = "",
    detach: _Detach = False,
    json: _Json = False,
) -> int:
    """Migrate one unit, or several as a wave, as far as the approval; follows the runs until then."""
    from asmosis.cli import running

    request = running.Request(planes=planes, approval=approval, name=name, network=network)
    manner = running.Manner(detach=detach, as_json=json)
    return running.run(units or [], wave, subscription, request, manner)


@app.command(epilog=_examples("asmosis status", "asmosis status --wave friday --json"))
def status(
    *,
    wave: Annotated[str, typer.Option("--wave", metavar="NAME", help="Only the runs of this wave.")] = "",
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Only the runs of this unit.")] = "",
    subscription: _Subscription = "",
    everything: Annotated[bool, typer.Option("--all", help="Earlier runs too, not only the newest of each.")] = False,
    json: _Json = False,
) -> int:
    """Show the runs: where each unit stands and which ones wait for an approval since when."""
    from asmosis.cli.running import status as work

    return work(subscription, wave=wave, unit=unit, everything=everything, as_json=json)


@app.command(epilog=_examples("asmosis approve virtualNetwork/contoso-vnet --reason 'checked with the owners'"))
def approve(
    *,
    units: _Units,
    approver: _Approver = "",
    reason: _Reason = "",
    subscription: _Subscription = "",
    json: _Json = False,
) -> int:
    """Let prepared units commit, which is final; all of them must be waiting, or nothing is answered."""
    from asmosis.cli.running import decide

    return decide(units, subscription, "commit", approver=approver, reason=reason, as_json=json)


@app.command(epilog=_examples("asmosis reject hostedService/web --reason 'not before the release'"))
def reject(
    *,
    units: _Units,
    approver: _Approver = "",
    reason: _Reason = "",
    subscription: _Subscription = "",
    json: _Json = False,
) -> int:
    """Send prepared units back to classic; all of them must be waiting, or nothing is answered."""
    from asmosis.cli.running import decide

    return decide(units, subscription, "abort", approver=approver, reason=reason, as_json=json)


@app.command(epilog=_examples("asmosis abort hostedService/web --reason 'prepared by mistake'"))
def abort(
    *,
    units: _Units,
    reason: _Reason = "",
    subscription: _Subscription = "",
    planes: _Planes = "",
    detach: _Detach = False,
    json: _Json = False,
) -> int:
    """Bring prepared units back to classic, whether or not a run of theirs waits for approval."""
    from asmosis.cli import running

    manner = running.Manner(detach=detach, as_json=json)
    return running.abort(units, subscription, planes=planes, reason=reason, manner=manner)
