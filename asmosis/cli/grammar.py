"""What all verbs share: the application that they belong to, and the options that mean the same everywhere."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

PHASES = {
    "Before the night": {
        "doctor": "Whether planes, server, worker and shell are well.",
        "assess": "Which units can go, what blocks the others, what gets lost.",
        "snapshot": "Archive a subscription's classic documents.",
        "plan": "Propose waves, with a graph and a calendar.",
        "template": "What a unit would become, as an ARM template.",
        "rules": "The readiness rules.",
        "fates": "Where every classic field goes, or why it is dropped.",
        "names": "The usual names, as a file to change.",
        "roles": "Azure roles with just what asmosis asks for.",
        "inspect": "Archived documents as JSON.",
    },
    "The night": {
        "run": "Migrate one unit, or many as a wave.",
        "status": "Where each unit stands, who waits, who holds a lock.",
        "approve": "Let prepared units commit; that is final.",
        "reject": "Send prepared units back to classic.",
        "abort": "Bring prepared units back, with or without a run.",
        "probe": "Whether public endpoints answer, and for how long not.",
    },
    "After": {
        "report": "What was seen, decided and done, as one page.",
        "verify": "Whether classic is gone, and ARM whole and manageable.",
        "map": "Old ids and the new ones.",
        "scan": "Lines of scripts that still use classic.",
        "access": "Roles that end with classic, and where they go.",
        "todo": "What people have to do by hand.",
    },
}
"""Heading in the help → its verbs in the order in which people need them → what they are for, short of a line."""


class ByPhase(TyperGroup):
    """The help lists verbs by when they are needed."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 -- click's own signature
        """Write a section for each phase."""
        longest = max(map(len, self.commands))
        for phase, verbs in PHASES.items():
            with formatter.section(phase):
                formatter.write_dl([(verb.ljust(longest), purpose) for verb, purpose in verbs.items()])


app = typer.Typer(
    name="asmosis",
    cls=ByPhase,
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
