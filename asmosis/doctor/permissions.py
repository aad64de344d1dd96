"""Checks of what the caller may do in Resource Manager, against the roles that `asmosis roles` prints."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from asmosis.azure.roles import ROLES, Purpose
from asmosis.doctor.patient import Patient
from asmosis.doctor.table import Told, check, failed, ok

# Answers at the scope of a subscription too, although only groups and resources are documented
# (github.com/Azure/azure-rest-api-specs, issue 19473).
_PATH, _VERSION = "/providers/Microsoft.Authorization/permissions", "2022-04-01"
_MOST_NAMED = 5


@check("azure", "may assess")
def may_assess(patient: Patient) -> Told:
    """No action is missing for judging an estate."""
    return _lacking(patient, Purpose.ASSESS)


@check("azure", "may migrate")
def may_migrate(patient: Patient) -> Told:
    """Nor for checking what prepare has made; whether classic lets us in is a check of its own."""
    return _lacking(patient, Purpose.MIGRATE)


def missing(permissions: Iterable[Mapping[str, Any]], wanted: Iterable[str]) -> tuple[str, ...]:
    """Of the wanted actions those that no role allows; each permission is what one allows and what it takes away."""
    granted = [(_any_of(each.get("actions")), _any_of(each.get("notActions"))) for each in permissions]
    return tuple(
        action
        for action in wanted
        if not any(yes.fullmatch(action) and not no.fullmatch(action) for yes, no in granted)
    )


def _lacking(patient: Patient, purpose: Purpose) -> Told:
    wanted, subscription = ROLES[purpose].actions, patient.planes.subscription
    lacking = missing(patient.arm("GET", _PATH, _VERSION).json()["value"], wanted)
    if not lacking:
        return ok(f"all {len(wanted)} actions of the role {ROLES[purpose].name}")
    more = f" and {len(lacking) - _MOST_NAMED} more" if len(lacking) > _MOST_NAMED else ""
    words = f"{len(lacking)} of {len(wanted)} actions are missing: {', '.join(lacking[:_MOST_NAMED])}{more}"
    return failed(words, f"asmosis roles {purpose} --subscription {subscription}  # the role to create and assign")


def _any_of(actions: Any) -> re.Pattern[str]:
    """Actions of a role: without case, a star for any text (documented)."""
    patterns = (".*".join(map(re.escape, str(action).split("*"))) for action in actions or ())
    return re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)
