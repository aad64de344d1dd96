"""The verb `roles`: Azure roles with just what asmosis asks for."""

import re
from dataclasses import asdict

from asmosis.azure.roles import ROLES, Purpose, definition
from asmosis.cli.output import DONE, write_json, write_table
from asmosis.errors import UsageError

_SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def show_roles(purpose: str | None, subscription: str, *, as_json: bool) -> int:
    """Print one role as Azure's command line takes it, or what roles there are."""
    if purpose is None:
        if as_json:
            write_json([{"purpose": each, **asdict(role)} for each, role in ROLES.items()])
        else:
            write_table(("For", "Actions", "What it is"), _rows(), figures=("Actions",))
        return DONE
    if not _SUBSCRIPTION.fullmatch(subscription):
        problem = f"{subscription!r} is no subscription id" if subscription else "none is named"
        raise UsageError("subscription", problem, "Give --subscription or set ASMOSIS_SUBSCRIPTION.")
    write_json(definition(Purpose(purpose), subscription.lower()), pretty=not as_json)
    return DONE


def _rows() -> list[tuple[str, str, str]]:
    return [(purpose.value, str(len(role.actions)), role.description) for purpose, role in ROLES.items()]
