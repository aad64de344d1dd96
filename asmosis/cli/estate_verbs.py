"""The grammar of the verbs about estates: options and help; what they do is in the modules beside."""

# Every verb imports what it needs when it is called: the models, requests and the Azure libraries cost up to seconds
# of processor time, which `--help` and the other verbs must not wait for.
# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated, Literal

import typer

from asmosis.cli.grammar import AsmUrl, Json, Subscription, app, examples


@app.command(epilog=examples("asmosis inspect archive/*.xml", "asmosis inspect deployment.xml | jq .models[0].roles"))
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
    epilog=examples(
        "asmosis assess --subscription 11111111-2222-3333-4444-555555555555",
        "asmosis assess --from archive --unit virtualNetwork/contoso-vnet --json",
        "asmosis assess --from archive --out readiness.html --out units.csv --out findings.parquet",
    )
)
def assess(  # noqa: PLR0913 - one argument per option
    *,
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", exists=True, metavar="PATH", help="Folder or file of archived documents; repeatable."),
    ] = None,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    unit: Annotated[
        list[str] | None, typer.Option("--unit", metavar="UNIT", help="Judge this unit only; repeatable.")
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help="Vintage of the platform's rules.")
    ] = "platform-2023",
    waivers: Annotated[
        Path | None,
        typer.Option("--waivers", exists=True, dir_okay=False, metavar="FILE", help="Accepted findings (YAML)."),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts",
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="What documents do not tell, such as quotas (YAML or JSON); else asked live, or facts.yaml in --from.",
        ),
    ] = None,
    network: Annotated[
        str,
        typer.Option(
            "--network",
            metavar="GROUP/NETWORK/SUBNET",
            help="Existing ARM network for cloud services outside any; else new ones.",
        ),
    ] = "",
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Keep the answer as .html, .xlsx, .csv, .parquet, .json or .md; repeatable. CSV and Parquet hold one"
            " table: what the name ends with (units, reasons, findings, losses or unjudged), else findings.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print every unit and every finding.")] = False,
    json: Json = False,
) -> int:
    """Tell which units could migrate now and exactly what blocks the others; changes nothing."""
    from asmosis.cli.assessment import Asked
    from asmosis.cli.assessment import assess as work

    asked = Asked(
        units=unit or [],
        profile=profile,
        waivers=waivers,
        facts=facts,
        network=network,
        out=out or [],
        everything=everything,
        as_json=json,
    )
    return work(sources or [], subscription, asm_url, asked)


@app.command(epilog=examples("asmosis snapshot --subscription 11111111-2222-3333-4444-555555555555 --to archive"))
def snapshot(
    *,
    folder: Annotated[
        Path, typer.Option("--to", file_okay=False, metavar="FOLDER", help="New or empty folder for the documents.")
    ],
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    json: Json = False,
) -> int:
    """Archive every classic document of a subscription, as the platform answers it; changes nothing there."""
    from asmosis.cli.assessment import archive

    return archive(folder, subscription, asm_url, as_json=json)


@app.command(
    epilog=examples(
        "asmosis rules --profile seed-2016",
        "asmosis rules --json | jq '.rules[].id'",
        "asmosis rules --markdown > rules.md",
    )
)
def rules(
    *,
    profile: Annotated[str, typer.Option("--profile", metavar="NAME", help="Only the rules of this vintage.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole catalogue as a page.")] = False,
    json: Json = False,
) -> int:
    """List the readiness rules."""
    from asmosis.cli.assessment import rules as work

    return work(profile, as_page=markdown, as_json=json)


@app.command(
    epilog=examples(
        "asmosis template --unit virtualNetwork/contoso-vnet > contoso-vnet.json",
        "asmosis template --unit hostedService/web --from archive --json | jq '.resources[].name'",
        "asmosis template --unit hostedService/web --names names.yaml --parameters-out web.parameters.json > web.json",
    )
)
def template(  # noqa: PLR0913 - one argument per option
    *,
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="KIND/NAME of what migrates.")],
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", exists=True, metavar="PATH", help="Folder or file of archived documents; repeatable."),
    ] = None,
    subscription: Subscription = "",
    asm_url: AsmUrl = "",
    network: Annotated[
        str,
        typer.Option(
            "--network", metavar="GROUP/NETWORK/SUBNET", help="Existing ARM network for a cloud service outside any."
        ),
    ] = "",
    names: Annotated[
        Path | None,
        typer.Option(
            "--names", exists=True, dir_okay=False, metavar="FILE", help="Names of choice (YAML); see asmosis names."
        ),
    ] = None,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="Let names, location, sizes and addresses be chosen at deployment.")
    ] = False,
    parameters_out: Annotated[
        Path | None,
        typer.Option("--parameters-out", dir_okay=False, metavar="FILE", help="The same, with the values in a file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The template on one line, for programs.")] = False,
) -> int:
    """Print what a unit would become as an ARM deployment template, and say what gets lost; changes nothing."""
    from asmosis.cli.translating import Asked
    from asmosis.cli.translating import template as work

    asked = Asked(unit, network, names, parameters, parameters_out, json)
    return work(sources or [], subscription, asm_url, asked)


@app.command(epilog=examples("asmosis names > names.yaml", "asmosis names --schema > names.schema.json"))
def names(
    *,
    schema: Annotated[bool, typer.Option("--schema", help="The JSON schema of names files instead.")] = False,
    json: Json = False,
) -> int:
    """Print the usual names of what classic has no name for, as a file for `asmosis template --names` to start from."""
    from asmosis.cli.translating import names as work

    return work(as_schema=schema, as_json=json)


@app.command(
    epilog=examples(
        "asmosis fates",
        "asmosis fates --json | jq '.fates[] | select(.fate == \"lost\") | .element'",
        "asmosis fates --markdown > fates.md",
    )
)
def fates(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="The same as a page.")] = False,
    json: Json = False,
) -> int:
    """List where every field of classic documents goes in ARM, or why it goes nowhere."""
    from asmosis.cli.translating import fates as work

    return work(as_page=markdown, as_json=json)


@app.command(
    epilog=examples(
        "asmosis roles",
        "asmosis roles migrate --subscription 11111111-2222-3333-4444-555555555555 > role.json",
        "az role definition create --role-definition role.json",
    )
)
def roles(
    *,
    purpose: Annotated[
        Literal["assess", "migrate", "access", "write-check"] | None,
        typer.Argument(metavar="[assess|migrate|access|write-check]", help="What for; none lists them."),
    ] = None,
    subscription: Subscription = "",
    json: Json = False,
) -> int:
    """Print an Azure role with just the actions that a purpose needs in Resource Manager; classic knows no roles."""
    from asmosis.cli.roles import show_roles

    return show_roles(purpose, subscription, as_json=json)
