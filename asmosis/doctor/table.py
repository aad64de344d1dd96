"""The checks as a table: each is a function that looks at one thing, and says how it is and what helps.

A new check is a function under `@check(…)` in a module of this package that `asmosis.doctor` imports.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from queue import Empty, SimpleQueue

from asmosis.doctor.patient import Patient
from asmosis.errors import AsmosisError, AuthenticationFailed, Forbidden, Unreachable, UsageError
from asmosis.redaction import redacted_text

OPERATIONS = "docs/operations.md"


class Condition(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNASKED = "could not ask"

    @property
    def bad(self) -> bool:
        """Whether it keeps work from being done, or may: what nobody could ask is not known to be well."""
        return self in (Condition.FAILED, Condition.UNASKED)


@dataclass(frozen=True)
class Told:
    """What one check says; `remedy` is a command to paste, or where there is none a sentence."""

    condition: Condition
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """One row of the table; `area` is whose thing it looks at."""

    area: str
    name: str
    ask: Callable[[Patient], Told]


@dataclass(frozen=True)
class Row:
    """What a check said, and how long that took."""

    check: Check
    told: Told
    seconds: float


CHECKS: list[Check] = []
"""In the order in which they are shown."""


def check(area: str, name: str) -> Callable[[Callable[[Patient], Told]], Callable[[Patient], Told]]:
    """Enter a function into the table.

    What it raises is an answer too: a refusal is a failure, silence or a wrong address is that nobody could be asked.
    """

    def enter(ask: Callable[[Patient], Told]) -> Callable[[Patient], Told]:
        CHECKS.append(Check(area, name, ask))
        return ask

    return enter


def ok(found: str) -> Told:
    """All is well."""
    return Told(Condition.OK, found)


def warning(found: str, remedy: str) -> Told:
    """It works now and may not for long."""
    return Told(Condition.WARNING, found, remedy)


def failed(found: str, remedy: str) -> Told:
    """It does not work."""
    return Told(Condition.FAILED, found, remedy)


def examine(patient: Patient, checks: Sequence[Check] | None = None) -> tuple[Row, ...]:
    """Ask everything side by side, for as long as the patient bears; what has not answered by then is a row too."""
    wanted = CHECKS if checks is None else checks
    answers: SimpleQueue[tuple[int, Row]] = SimpleQueue()
    began = time.monotonic()
    for number, each in enumerate(wanted):
        # Daemons: a socket that never answers must not keep the process.
        thread = threading.Thread(target=_ask, args=(number, each, patient, answers), name=each.name, daemon=True)
        thread.start()
    rows: dict[int, Row] = {}
    while len(rows) < len(wanted):
        try:
            number, row = answers.get(timeout=max(0.0, began + patient.patience - time.monotonic()))
        except Empty:
            break
        rows[number] = row
    silent = Told(Condition.UNASKED, f"no answer within {patient.patience:g} s", "asmosis doctor --patience 120")
    return tuple(rows.get(number, Row(each, silent, patient.patience)) for number, each in enumerate(wanted))


def remedies(rows: Iterable[Row]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What helps, each once, with the names of the checks that it helps."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.told.remedy:
            found[row.told.remedy] = (*found.get(row.told.remedy, ()), row.check.name)
    return tuple(found.items())


def _ask(number: int, check: Check, patient: Patient, answers: "SimpleQueue[tuple[int, Row]]") -> None:
    began = time.monotonic()
    told = _told(check, patient)
    told = Told(told.condition, redacted_text(told.found), redacted_text(told.remedy))
    answers.put((number, Row(check, told, time.monotonic() - began)))


def _told(check: Check, patient: Patient) -> Told:
    try:
        return check.ask(patient)
    except UsageError as error:
        return Told(Condition.UNASKED, f"{error.place}: {error.problem}", error.remedy)
    except Unreachable as error:
        return Told(Condition.UNASKED, str(error), f"curl -sv -m 10 -o /dev/null {error.endpoint}")
    except (AuthenticationFailed, Forbidden) as error:
        return failed(str(error), f"{OPERATIONS}#signing-in")
    except AsmosisError as error:
        again = "asmosis doctor  # again in a minute" if error.worth_retrying else f"{OPERATIONS}#what-the-doctor-says"
        return failed(str(error), again)
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide what the others say
        return Told(Condition.UNASKED, f"the check broke: {type(error).__name__}: {error}", "Please report it.")
