"""Whether everything is there that a migration needs, and what helps where it is not."""

# The order of the imports is the order of the rows: who enters a check does so by being imported.
# ruff: noqa: I001 - see above
from asmosis.doctor.table import CHECKS, Check, Condition, Row, Told, examine, remedies
from asmosis.doctor.patient import Patient
from asmosis.doctor import here, planes, permissions, locks, prefect

__all__ = [
    "CHECKS",
    "Check",
    "Condition",
    "Patient",
    "Row",
    "Told",
    "examine",
    "here",
    "locks",
    "permissions",
    "planes",
    "prefect",
    "remedies",
]
