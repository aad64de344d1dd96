"""The grammar of the verb about waves: options and help; what it does is in the module beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated

import typer

from asmosis.cli.grammar import AsmUrl, Json, app, examples


@app.command(
    epilog=examples(
        "asmosis plan --from archive --to plan.yaml --out plan.html",
        "asmosis plan --subscription 11111111-2222-4333-8444-555555555555 --limit units=10 --to plan.yaml",
        "asmosis plan --update plan.yaml --out plan.html",
        "asmosis run --wave plan.yaml#wave-01",
    )
)
def plan(  # noqa: PLR0913 - one argument per option
    *,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            exists=True,
            metavar="PATH",
            help="Folder or file of archived documents; repeatable. With several subscriptions, one for each of them.",
        ),
    ] = None,
    subscription: Annotated[
        list[str] | None,
        typer.Option(
            "--subscription", envvar="ASMOSIS_SUBSCRIPTION", metavar="ID", help="Azure subscription; repeatable."
        ),
    ] = None,
    asm_url: AsmUrl = "",
    facts: Annotated[
        list[Path] | None,
        typer.Option(
            "--facts",
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="What documents do not tell, as for assess; repeatable, one for each subscription.",
        ),
    ] = None,
    waivers: Annotated[
        Path | None,
        typer.Option("--waivers", exists=True, dir_okay=False, metavar="FILE", help="Accepted findings (YAML)."),
    ] = None,
    update: Annotated[
        Path | None,
        typer.Option(
            "--update",
            exists=True,
            dir_okay=False,
            metavar="PLAN",
            help="Go on from this plan and write it anew; it may hold no more than rules and limits.",
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="PLAN", help="New file for the plan (YAML); else it is printed.")
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", metavar="FILE", help="Also as .html (calendar and graph), .md or .json; repeatable."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Name of the plan, and what its waves' names begin with.")
    ] = "",
    profile: Annotated[str, typer.Option("--profile", metavar="NAME", help="Vintage of the platform's rules.")] = "",
    first: Annotated[
        str, typer.Option("--first", metavar="DATE", help="First day on which a wave may start; else today.")
    ] = "",
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            metavar="NAME=NUMBER",
            help="The most per wave: units, machines, cores, minutes, writes_per_hour, prepares; repeatable.",
        ),
    ] = None,
    include_blocked: Annotated[
        bool, typer.Option("--include-blocked", help="Plan units that cannot migrate yet, too.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of plan files, and do no more.")] = (
        False
    ),
    json: Json = False,
) -> int:
    """Propose waves: what goes after what, the small and harmless first, within limits; changes nothing in Azure."""
    from asmosis.cli import planning

    if schema:
        return planning.schema()
    return planning.plan(
        planning.Asked(
            sources=sources or [],
            subscriptions=subscription or [],
            asm_url=asm_url,
            facts=facts or [],
            waivers=waivers,
            update=update,
            to=to,
            out=out or [],
            name=name,
            profile=profile,
            first=first,
            limits=limit or [],
            include_blocked=include_blocked,
            as_json=json,
        )
    )
