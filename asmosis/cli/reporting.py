"""The verb `report`: the evidence of a unit, a wave or everything, as pages and tables; and whether it is whole."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from asmosis.cli.output import DONE, NO, say, write_json, write_line, write_table
from asmosis.errors import UsageError
from asmosis.evidence import Bundle, EvidenceStore, Manifest, evidence_url
from asmosis.evidence.summary import SUMMARY
from asmosis.evidence.verify import problems
from asmosis.reports.portfolio import Kept, Row, record, rows
from asmosis.reports.verdicts import downtime_figure, sentence
from asmosis.runs import Runs, newest
from asmosis.units import Unit

_OF_UNIT = (".html", ".json")
_OF_MANY = (".html", ".csv", ".parquet", ".xlsx", ".json")
_DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Asked:
    """What to report: a unit (KIND/NAME), a wave (NAME), or everything if it is empty."""

    what: str = ""
    subscription: str = ""
    evidence: str = ""
    out: Sequence[Path] = ()
    verify: bool = False
    as_json: bool = False


def report(asked: Asked) -> int:
    """Show and keep what is asked for; `NO` if the evidence is not whole (`verify`) or not complete."""
    formats = _OF_UNIT if "/" in asked.what else _OF_MANY
    for path in asked.out:
        _check_place(path, formats)
    store = EvidenceStore(asked.evidence or evidence_url(os.environ))
    if "/" in asked.what:
        unit = _unit(store, asked)
        return _verify(store, [unit], asked) if asked.verify else _report_unit(store, unit, asked)
    if asked.verify:
        manifests = store.everything(asked.subscription)
        chosen = [m for m in manifests if not asked.what or _summary(store, m).get("wave") == asked.what]
        return _verify(store, [Unit.parse(manifest.unit) for manifest in chosen], asked)
    return _report_many(store, asked)


def _report_unit(store: EvidenceStore, unit: Unit, asked: Asked) -> int:
    bundle = Bundle.latest(store, unit)
    summary = bundle.json(SUMMARY, {})
    told: dict[str, Any] = {
        **summary,
        "evidence": bundle.manifest.digest,
        "version": bundle.manifest.version,
        "complete": bundle.manifest.complete,
        "doubts": list(bundle.manifest.doubts),
        "location": store.location(unit),
    }

    def page() -> bytes:
        # jinja2 costs time that the other formats need not wait for.
        from asmosis.reports.unit_webpage import unit_page  # noqa: PLC0415 - see above

        return unit_page(bundle, store.versions(unit)).encode(errors="replace")

    _keep(asked.out, {".html": page, ".json": lambda: json.dumps(told, indent=1).encode() + b"\n"})
    if asked.as_json:
        write_json(told)
    else:
        write_line(f"{unit.short}: {sentence(summary, bundle.manifest)}")
        number, words, _ = downtime_figure(summary)
        write_line(f"Downtime: {number} ({words}).")
        write_line(f"Evidence: version {bundle.manifest.version}, SHA-256 {bundle.manifest.digest}.")
        for doubt in bundle.manifest.doubts:
            write_line(f"In doubt: {doubt}.")
    return DONE if bundle.manifest.complete else NO


def _report_many(store: EvidenceStore, asked: Asked) -> int:
    kept = [
        Kept(_summary(store, manifest), manifest.digest, manifest.complete)
        for manifest in store.everything(asked.subscription)
    ]
    server = Runs.from_environment(os.environ)
    runs = [run for run in newest(server.find(asked.subscription.lower(), asked.what)) if run.unit]
    since = server.prepared() if any(run.holds_lock for run in runs) else {}
    now = datetime.now(UTC)
    names = [f"{run.subscription}/{run.unit}".casefold() for run in runs if run.holds_lock]
    locked = {name: (now - since[name]).total_seconds() / _DAY if name in since else None for name in names}
    found = rows([each for each in kept if each.summary], runs, locked, asked.what)
    if asked.what and not found:
        raise UsageError(asked.what, "there is no wave of this name", "See asmosis status; a unit is KIND/NAME.")
    title = f"Wave {asked.what}" if asked.what else "All units"

    def page() -> bytes:
        from asmosis.reports.portfolio_webpage import portfolio_page  # noqa: PLC0415 - as above

        return portfolio_page(title, found, now).encode(errors="replace")

    def listed() -> bytes:
        return json.dumps({"units": record(found)}, indent=1).encode() + b"\n"

    made: dict[str, Callable[[], bytes]] = {".html": page, ".json": listed}
    made |= {suffix: partial(_table, suffix, title, found) for suffix in (".csv", ".parquet", ".xlsx")}
    _keep(asked.out, made)
    if asked.as_json:
        write_json({"units": record(found)})
    else:
        several = len({row.subscription for row in found}) > 1
        columns = ("Unit", "Wave", "State", "Locked", "Differs", "Lost", "Downtime", "Evidence")
        write_table(columns, [_line(row, several=several) for row in found], ("Differs", "Lost"))
    return DONE


def _verify(store: EvidenceStore, units: Sequence[Unit], asked: Asked) -> int:
    found = {unit: problems(store, unit) for unit in units}
    if asked.as_json:
        write_json({"units": [{"unit": str(unit), "problems": list(wrong)} for unit, wrong in found.items()]})
    else:
        for unit, wrong in found.items():
            latest = store.latest(unit) if not wrong else None
            words = f"whole, {latest.version} versions, SHA-256 {latest.digest}" if latest else "NOT as it was kept"
            write_line(f"{unit}: {words}")
            for line in wrong:
                write_line(f"  {line}")
    return NO if any(found.values()) else DONE


def _summary(store: EvidenceStore, manifest: Manifest) -> Mapping[str, Any]:
    told: Mapping[str, Any] = Bundle(store, manifest).json(SUMMARY, {})
    return told


def _unit(store: EvidenceStore, asked: Asked) -> Unit:
    """The unit that is meant; one without a subscription is looked for in all of them."""
    anywhere = "00000000-0000-0000-0000-000000000000"
    wanted = Unit.parse(asked.what, asked.subscription or anywhere)
    if wanted.subscription != anywhere:
        return wanted
    kept = [Unit.parse(manifest.unit) for manifest in store.everything()]
    same = [unit for unit in kept if unit.short.casefold() == wanted.short.casefold()]
    if len(same) > 1:
        names = ", ".join(map(str, same))
        raise UsageError(asked.what, "several subscriptions have it", f"Name one of {names}.")
    if not same:
        problem = f"nothing is kept about it in {store.url}"
        raise UsageError(asked.what, problem, "Migrate it first, or say where its evidence is (--evidence).")
    return same[0]


def _line(row: Row, *, several: bool) -> tuple[str, ...]:
    days = "yes" if row.locked_days is None else f"{row.locked_days:.1f} days"
    down = "" if row.downtime_seconds is None else f"{row.downtime_seconds:.1f} s" if row.downtime_seconds else "none"
    complete = {None: "none", True: row.evidence[:12], False: f"{row.evidence[:12]} partial"}[row.evidence_complete]
    figures = ("" if figure is None else str(figure) for figure in (row.differs, row.losses))
    unit = f"{row.subscription}/{row.unit}" if several else row.unit
    return unit, row.wave, row.state, days if row.locked else "", *figures, down, complete


def _table(suffix: str, title: str, found: Sequence[Row]) -> bytes:
    # pandas costs a second that the other formats need not wait for.
    from asmosis.reports import files  # noqa: PLC0415 - see above
    from asmosis.reports.portfolio import frame  # noqa: PLC0415 - see above

    table = frame(found)
    if suffix == ".csv":
        return files.csv(table)
    if suffix == ".parquet":
        return files.parquet(table)
    figures = [("Portfolio", title), ("Units", len(found)), ("Through", sum(row.over for row in found))]
    return files.book(figures, {"units": table})


def _check_place(path: Path, formats: Sequence[str]) -> None:
    if path.suffix.lower() not in formats:
        problem = f"the suffix {path.suffix!r} says no format for this"
        raise UsageError(f"--out {path}", problem, f"Formats: {', '.join(formats)}.")
    try:
        # Permissions alone do not tell: the file system may be read-only, or root may be asking.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def _keep(paths: Sequence[Path], made: Mapping[str, Callable[[], bytes]]) -> None:
    """Write each file whole, or leave what is there."""
    for path in paths:
        content = made[path.suffix.lower()]()
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error
        finally:
            beside.unlink(missing_ok=True)
        say(f"kept in {path}")


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"--out {path}", error.strerror or str(error), "Name a file in a folder that can be written.")
