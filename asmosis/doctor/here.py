"""Checks of this side: versions, clock, disk, and where evidence is kept."""

import platform
import shutil
from importlib.metadata import version
from pathlib import Path

from asmosis.doctor.asking import ask
from asmosis.doctor.patient import Patient
from asmosis.doctor.table import OPERATIONS, Condition, Told, check, failed, ok, warning
from asmosis.errors import AsmosisError, UsageError
from asmosis.evidence import EvidenceStore, evidence_url
from asmosis.version import VERSION

_SKEW, _TOO_MUCH = 30.0, 300.0  # seconds; from the second on tokens and TLS are refused (assumed)
_LITTLE, _TOO_LITTLE = 2 << 30, 256 << 20  # bytes free


@check("here", "versions")
def versions(patient: Patient) -> Told:
    """Client and server of Prefect speak one version."""
    client = version("prefect")
    here = f"asmosis {VERSION}, Python {platform.python_version()}, Prefect {client} here"
    server = str(patient.runs.call("GET", "/admin/version"))
    if server == client:
        return ok(f"{here} and on the server")
    return failed(
        f"{here}, {server} on the server", f"One release for server, workers and shells: {OPERATIONS}#upgrades"
    )


@check("here", "clock")
def clock(patient: Patient) -> Told:
    """The clocks of both planes and of the server, by their Date headers, against ours."""
    addresses = {"Prefect": f"{patient.runs.api}/health"}
    unasked = []
    try:
        addresses |= {"classic": patient.planes.asm_url, "Resource Manager": patient.planes.arm_url}
    except UsageError as error:
        unasked.append(f"{error.place}: {error.problem}")
    skews: dict[str, float] = {}
    for name, url in addresses.items():
        try:
            skew = ask(name, "GET", url, trust=patient.runs.trust if name == "Prefect" else True).skew
        except AsmosisError as error:
            unasked.append(str(error))
            continue
        if skew is not None:
            skews[name] = skew
    if not skews:
        return Told(Condition.UNASKED, "; ".join(unasked) or "nobody tells the time", "date -u  # and compare")
    worst = max(skews, key=lambda name: abs(skews[name]))
    if abs(skews[worst]) <= _SKEW:
        return ok(f"ours and those of {', '.join(skews)} are at most {max(2, round(abs(skews[worst])))} s apart")
    words = ", ".join(f"{name} {skew:+.0f} s" for name, skew in skews.items())
    told = failed if abs(skews[worst]) > _TOO_MUCH else warning
    return told(f"{worst}'s clock is {skews[worst]:+.0f} s against ours ({words})", "timedatectl set-ntp true")


@check("here", "disk space")
def disk(patient: Patient) -> Told:
    """Room where this side keeps its things."""
    home = Path(patient.environment.get("ASMOSIS_HOME") or ".asmosis").resolve()
    prefect = Path(patient.environment.get("PREFECT_HOME") or "~/.prefect").expanduser().resolve()
    free = {place: shutil.disk_usage(_existing(place)).free for place in (home, prefect)}
    tightest = min(free, key=lambda place: free[place])
    words = f"{free[tightest] / (1 << 30):.1f} GiB free at {tightest}"
    if free[tightest] > _LITTLE:
        return ok(words)
    told = failed if free[tightest] < _TOO_LITTLE else warning
    return told(words, f"du -xh --max-depth=2 {tightest} | sort -h | tail  # {OPERATIONS}#retention")


@check("here", "evidence")
def evidence(patient: Patient) -> Told:
    """Evidence can be read and written where this side says that it is."""
    store = EvidenceStore(evidence_url(patient.environment))
    try:
        store.try_out()
    except AsmosisError as error:
        return failed(str(error), "Set ASMOSIS_EVIDENCE (or ASMOSIS_HOME) to the place that the workers write to.")
    return ok(f"can be written at {store.url}")


def _existing(place: Path) -> Path:
    return next(parent for parent in (place, *place.parents) if parent.exists())
