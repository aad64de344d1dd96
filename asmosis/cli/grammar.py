"""What all verbs share: the application that they belong to, and the options that mean the same everywhere."""

from typing import Annotated

import typer

app = typer.Typer(
    name="asmosis",
    help="Move Azure estates from classic (ASM) to Resource Manager (ARM), one unit at a time.",
    epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the far side failed.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def examples(*lines: str) -> str:
    """Examples for the end of a verb's help."""
    # The control character keeps the lines as they are.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Subscription = Annotated[
    str, typer.Option("--subscription", envvar="ASMOSIS_SUBSCRIPTION", metavar="ID", help="Azure subscription.")
]
AsmUrl = Annotated[
    str, typer.Option("--asm-url", metavar="URL", help="Classic control plane; else ASMOSIS_ASM_URL or Azure's.")
]
Units = Annotated[list[str], typer.Argument(metavar="UNIT...", help="KIND/NAME or SUBSCRIPTION/KIND/NAME.")]
Planes = Annotated[
    str, typer.Option("--planes", metavar="BLOCK", help="ControlPlanes block that the flows sign in with.")
]
Detach = Annotated[bool, typer.Option("--detach", help="Start only; do not follow the runs.")]
Approver = Annotated[
    str, typer.Option("--approver", metavar="NAME", help="Who decides; else the user of this process.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the run.")]
