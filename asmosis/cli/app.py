"""The command line as one call: arguments in, exit code out."""

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer
from typer.main import get_command

from asmosis.cli import (
    check_verbs,
    doctor_verbs,
    estate_verbs,
    plan_verbs,
    probe_verbs,
    report_verbs,
    run_verbs,
    successor_verbs,
)
from asmosis.cli.grammar import app
from asmosis.cli.output import DONE, FAR_SIDE_FAILED, INTERRUPTED, WRONG_USAGE, fail, say
from asmosis.errors import AsmosisError

# They only have to be imported: they add their verbs to the application.
__all__ = [
    "app",
    "call",
    "check_verbs",
    "doctor_verbs",
    "estate_verbs",
    "main",
    "plan_verbs",
    "probe_verbs",
    "report_verbs",
    "run_verbs",
    "successor_verbs",
]


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
