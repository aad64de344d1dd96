"""Differences that say nothing: what the platform is free to choose, and what classic could not tell."""

from asmosis.check.compare import Mismatch
from asmosis.check.pairing import AVAILABILITY_SET, VIRTUAL_NETWORK, Thing

_DYNAMIC = "A dynamic address; nobody could promise it."
_DOMAINS = "The platform chooses the number of domains."
# Found, but not promised.
_FREE = {
    "privateIPAddress": _DYNAMIC,
    "ipAddress": _DYNAMIC,
    "location": "Classic does not tell where it stands.",
    "tags": "Tags come from policies or people; the migration sets none.",
    "platformFaultDomainCount": _DOMAINS,
    "platformUpdateDomainCount": _DOMAINS,
    "osProfile": "Certificates move to a vault; classic does not tell which a machine uses.",
    "tenantId": "Classic does not know the tenant.",
    "vaultUri": "The platform chooses the name of the vault.",
    "accessPolicies": "Access to a vault is granted after the migration.",
    "diskSizeGB": "Classic does not tell the size of the disk.",
}
_MADE = frozenset({AVAILABILITY_SET, VIRTUAL_NETWORK})


def expectation(promised: Thing, mismatch: Mismatch) -> str:
    """Why a mismatch was to be expected; empty if it was not."""
    path = mismatch.path
    if path == "name":
        return "The platform chooses this name." if promised.generated else ""
    if path == "resourceGroup":
        return "The platform chooses the group."
    if mismatch.promised is None:
        first, _, _ = path.partition(".")
        free = _FREE.get(path.rpartition(".")[2]) or _FREE.get(first)
        if free:
            return free
    if promised.generated and promised.type in _MADE and not path.startswith(("location", "sku")):
        return "The platform makes this resource as it sees fit."
    return ""
