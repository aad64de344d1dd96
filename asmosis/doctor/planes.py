"""Checks of both control planes: whether they answer, whom they let in, and what the subscription bears."""

import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificate

from asmosis.azure.asm import COMPUTE
from asmosis.azure.facts import regions_of
from asmosis.doctor.asking import ask, certificate_ends
from asmosis.doctor.patient import Patient
from asmosis.doctor.table import OPERATIONS, Condition, Told, check, failed, ok, warning
from asmosis.errors import AuthenticationFailed, Forbidden, NotFound, Throttled, Unreachable
from asmosis.facts import MIGRATION_PROVIDER

_SOON = 14  # days in which somebody should renew a certificate
_FULL = 0.8  # of a quota
_FEW_WRITES = 100  # a network with a few machines takes as many
_USAGES = {"Microsoft.Compute": "2023-09-01", "Microsoft.Network": "2023-09-01", "Microsoft.Storage": "2023-01-01"}
_WRITES_LEFT = "x-ms-ratelimit-remaining-subscription-writes"
_MOST_NAMED = 4


def endpoint(name: str, url: str, remedy: str, *, trust: bool | str = True) -> Told:
    """Whether anybody answers at an address, how soon, and for how long its certificate holds."""
    try:
        answer = ask(name, "GET", url, trust=trust)
    except Unreachable as error:
        return failed(str(error), remedy)
    words = f"{url} answers in {answer.seconds * 1000:.0f} ms"
    if answer.status >= 500:  # noqa: PLR2004 - HTTP statuses are their own names
        return failed(f"{words}, with {answer.status}", remedy)
    try:
        tls = certificate_ends(url, trust=trust)
    except OSError as error:
        return warning(f"{words}; its certificate cannot be read ({error})", remedy)
    if tls is None and trust is False and url.startswith("https:"):
        return warning(f"{words}, whoever it is", "unset PREFECT_API_TLS_INSECURE_SKIP_VERIFY")
    if tls is None:
        return ok(words)
    protocol, ends = tls
    days = (ends - datetime.now(UTC)).days
    words = f"{words}, {protocol}, certificate until {ends:%Y-%m-%d}"
    return ok(words) if days >= _SOON else warning(f"{words} ({days} days)", "Have its certificate renewed.")


@check("azure", "classic")
def classic(patient: Patient) -> Told:
    """Somebody answers where classic is said to be."""
    url = patient.planes.asm_url
    return endpoint("ASM", url, f"curl -sv -m 10 -o /dev/null {url}  # ASMOSIS_ASM_URL names it")


@check("azure", "Resource Manager")
def resource_manager(patient: Patient) -> Told:
    """Somebody answers where Resource Manager is said to be."""
    url = patient.planes.arm_url
    return endpoint("ARM", url, f"curl -sv -m 10 -o /dev/null {url}  # ASMOSIS_ARM_URL names it")


@check("azure", "sign-in")
def sign_in(patient: Patient) -> Told:
    """There is a token for each plane, or a certificate for classic."""
    planes = patient.planes
    way = type(planes.credential).__name__
    held = [("Resource Manager", patient.arm_token)]
    if not planes.certificate:
        held.append(("classic", patient.asm_token))
    try:
        left = min(token().expires_on for _, token in held) - time.time()
    except AuthenticationFailed as error:
        return failed(f"{way}: {error}", f"{OPERATIONS}#signing-in")
    words = f"{way}: tokens for {' and '.join(name for name, _ in held)}"
    if way != "StaticToken":
        words += f", good for {left / 3600:.1f} h"
    if not planes.certificate:
        return ok(words)
    ends = load_pem_x509_certificate(Path(planes.certificate.path).read_bytes()).not_valid_after_utc
    words += f"; certificate for classic until {ends:%Y-%m-%d}"
    days = (ends - datetime.now(UTC)).days
    return ok(words) if days >= _SOON else warning(f"{words} ({days} days)", "Have the management certificate renewed.")


@check("azure", "classic access")
def classic_access(patient: Patient) -> Told:
    """Classic lets us list cloud services."""
    with patient.planes.asm() as asm:
        try:
            asm.get("services/hostedservices", COMPUTE)
        except (AuthenticationFailed, Forbidden) as error:
            remedy = f"Make it a co-administrator of {patient.planes.subscription}, or give its management certificate."
            return failed(str(error), remedy)
        except NotFound as error:
            return failed(str(error), "az account list --output table  # is the subscription the right one?")
    return ok("cloud services may be listed")


@check("azure", "registration")
def registration(patient: Patient) -> Told:
    """The subscription is registered with the provider of the migration."""
    path = f"/providers/{MIGRATION_PROVIDER}"
    state = str(patient.arm("GET", path, "2021-04-01").json().get("registrationState"))
    words = f"{MIGRATION_PROVIDER} is {state}"
    if state.casefold() == "registered":
        return ok(words)
    if state.casefold() == "registering":
        return warning(words, f"az provider show --namespace {MIGRATION_PROVIDER} --query registrationState")
    planes = patient.planes
    url = f"{planes.arm_url}/subscriptions/{planes.subscription}{path}/register?api-version=2021-04-01"
    az = f"az provider register --wait --namespace {MIGRATION_PROVIDER} --subscription {planes.subscription}"
    # The command line of Azure cannot be pointed at an emulator by an address alone.
    return failed(words, f"curl -X POST '{url}'" if planes.dataplane else az)


@check("azure", "quotas")
def quotas(patient: Patient) -> Told:
    """What the regions of the estate have left of what prepares take."""
    near: list[tuple[float, str]] = []
    regions = regions_of(patient.estate())
    asked = 0
    for region in regions:
        for provider, api_version in _USAGES.items():
            path = f"/providers/{provider}/locations/{region}/usages"
            for line in patient.arm("GET", path, api_version).json()["value"]:
                asked += 1
                near += _near(region, line)
    if not near:
        return ok(f"less than {_FULL:.0%} of each of {asked} is used in {', '.join(regions) or 'no region'}")
    near.sort(reverse=True)
    more = f" and {len(near) - _MOST_NAMED} more" if len(near) > _MOST_NAMED else ""
    words = "; ".join(text for _, text in near[:_MOST_NAMED]) + more
    remedy = "asmosis assess --all  # which units that stops; then ask Azure's support for more"
    return failed(words, remedy) if near[0][0] >= 1 else warning(words, remedy)


@check("azure", "ARM writes")
def writes(patient: Patient) -> Told:
    """How many writes the platform will take, as it tells whoever sends one; this one changes nothing."""
    body = {"name": "asmosisdoctor", "type": "Microsoft.Storage/storageAccounts"}
    try:
        answer = patient.arm("POST", "/providers/Microsoft.Storage/checkNameAvailability", "2023-01-01", body)
    except Throttled as error:
        return failed(str(error), "Wait; prepares of units are many writes. arm_writes_per_hour of a wave keeps below.")
    except Forbidden as error:
        return Told(Condition.UNASKED, str(error), "Allow Microsoft.Storage/checkNameAvailability/read, or leave it.")
    left = answer.headers.get(_WRITES_LEFT, "")
    if not left.isdigit():
        return ok("the platform does not tell how many are left")
    words = f"{left} left in this hour"
    few = "Wait, or lower arm_writes_per_hour of the waves: docs/waves.md"
    return ok(words) if int(left) >= _FEW_WRITES else warning(words, few)


def _near(region: str, line: dict[str, Any]) -> list[tuple[float, str]]:
    """How full one quota is, if it is nearly; one of which there are none cannot be had at all, which is no news."""
    used, limit = math.ceil(float(line["currentValue"])), math.floor(float(line["limit"]))
    if limit <= 0 or used < _FULL * limit:
        return [(1.0, f"{_quota(line)} in {region}: limit 0")] if limit == 0 and used else []
    return [(used / limit, f"{_quota(line)} in {region}: {used} of {limit}")]


def _quota(line: dict[str, Any]) -> str:
    name = line.get("name") or {}
    return str(name.get("localizedValue") or name.get("value") or json.dumps(line))
