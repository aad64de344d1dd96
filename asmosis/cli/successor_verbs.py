"""The grammar of the verbs about the time after a commit: options and help; what they do is in the modules beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated, Literal

import typer

from asmosis.cli.grammar import AsmUrl, Json, Subscription, app, examples
from asmosis.errors import UsageError

Some = Annotated[
    list[str] | None, typer.Argument(metavar="[UNIT...]", help="KIND/NAME or SUBSCRIPTION/KIND/NAME; none is all.")
]
Sources = Annotated[
    list[Path] | None,
    typer.Option(
        "--from",
        exists=True,
        metavar="PATH",
        help="Folder or file of documents archived before the commit; repeatable. Else classic, and of what is"
        " committed its evidence.",
    ),
]
Wave = Annotated[
    str, typer.Option("--wave", metavar="FILE", help="The units of a wave file, or PLAN#WAVE for one of a plan.")
]
Network = Annotated[
    str,
    typer.Option("--network", metavar="GROUP/NETWORK/SUBNET", help="Existing ARM network that a cloud service joined."),
]
FactsFile = Annotated[
    Path | None,
    typer.Option("--facts", exists=True, dir_okay=False, metavar="FILE", help="What documents do not tell (YAML)."),
]
Found = Annotated[bool, typer.Option("--found", help="Ask ARM what the resources are really called (after prepare).")]


@app.command(
    "map",
    epilog=examples(
        "asmosis map virtualNetwork/contoso-vnet",
        "asmosis map --from archive --found --json",
        "asmosis map --from archive --powershell",
    ),
)
def map_(  # noqa: PLR0913 - one argument per option
    *,
    units: Some = None,
    wave: Wave = "",
    sources: Sources = None,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    network: Network = "",
    found: Found = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    az: Annotated[bool, typer.Option("--az", help="Print a shell script that puts new ids into files.")] = False,
    powershell: Annotated[bool, typer.Option("--powershell", help="Print the same as a PowerShell script.")] = False,
    json: Json = False,
) -> int:
    """Tell for every classic resource which ARM resources stand for it: before the commit as promised."""
    from asmosis.cli.mapping import Format, show_map
    from asmosis.cli.moved import Asked

    formats: dict[Format, bool] = {"json": json, "csv": csv, "az": az, "powershell": powershell}
    chosen = [name for name, wanted in formats.items() if wanted]
    if len(chosen) > 1:
        raise UsageError("map", "several formats are asked for", "Give one of --json, --csv, --az and --powershell.")
    asked = Asked(units or (), wave, sources or (), subscription, asm_url, network, found=found)
    return show_map(asked, chosen[0] if chosen else "table")


@app.command(
    epilog=examples(
        "asmosis scan scripts templates",
        "asmosis scan scripts --map map.json --sarif",
        "asmosis scan scripts --unit virtualNetwork/contoso-vnet --from archive",
    )
)
def scan(  # noqa: PLR0913 - one argument per option
    *,
    places: Annotated[
        list[Path], typer.Argument(metavar="PATH...", exists=True, help="Folders or files of scripts and templates.")
    ],
    maps: Annotated[
        list[Path] | None,
        typer.Option("--map", exists=True, dir_okay=False, metavar="FILE", help="Map (JSON or CSV); repeatable."),
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", metavar="UNIT", help="Instead of a map, this unit; repeatable.")
    ] = None,
    wave: Wave = "",
    sources: Sources = None,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    network: Network = "",
    found: Found = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0 for code hosts.")] = False,
    json: Json = False,
) -> int:
    """Name every line that uses classic ids, cmdlets, commands or libraries, with what to write instead; changes none.

    Folders .git, .hg, .svn and node_modules are left out.
    """
    from asmosis.cli.moved import Asked
    from asmosis.cli.scanning import show_scan

    if sarif and json:
        raise UsageError("scan", "several formats are asked for", "Give one of --json and --sarif.")
    asked = Asked(unit or (), wave, sources or (), subscription, asm_url, network, found=found)
    return show_scan(places, maps or (), asked, "sarif" if sarif else "json" if json else "table")


@app.command(
    epilog=examples(
        "asmosis access plan virtualNetwork/contoso-vnet",
        "asmosis access plan --from archive --found --az",
        "asmosis access apply virtualNetwork/contoso-vnet --from archive --yes",
    )
)
def access(  # noqa: PLR0913 - one argument per option
    *,
    what: Annotated[Literal["plan", "apply"], typer.Argument(metavar="plan|apply", help="Look only, or give roles.")],
    units: Some = None,
    wave: Wave = "",
    sources: Sources = None,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    network: Network = "",
    facts: FactsFile = None,
    found: Found = False,
    az: Annotated[bool, typer.Option("--az", help="Print the plan as az commands.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to apply without being asked.")] = False,
    json: Json = False,
) -> int:
    """Roles on classic resources, which end with them: where to give them anew, or give them, as far as not there."""
    from asmosis.cli import granting
    from asmosis.cli.moved import Asked

    asked = Asked(units or (), wave, sources or (), subscription, asm_url, network, facts, found)
    if what == "apply":
        if az:
            raise UsageError("--az", "apply gives the roles itself", "Use asmosis access plan --az.")
        return granting.give(asked, yes=yes, as_json=json)
    if yes or (az and json):
        option, problem = ("--yes", "a plan changes nothing") if yes else ("--az", "commands are no JSON")
        raise UsageError(option, problem, "Leave the option out.")
    return granting.plan(asked, "az" if az else "json" if json else "table")


@app.command(
    epilog=examples(
        "asmosis todo virtualNetwork/contoso-vnet --found > todo.md",
        "asmosis todo --wave friday.yaml --from archive --found --json",
    )
)
def todo(  # noqa: PLR0913 - one argument per option
    *,
    units: Some = None,
    wave: Wave = "",
    sources: Sources = None,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    network: Network = "",
    facts: FactsFile = None,
    found: Found = False,
    json: Json = False,
) -> int:
    """List what people have to do after the commit: roles, alerts, backup, names, tags and the like (Markdown)."""
    from asmosis.cli.moved import Asked
    from asmosis.cli.todo import show_todo

    asked = Asked(units or (), wave, sources or (), subscription, asm_url, network, facts, found)
    return show_todo(asked, as_json=json)
