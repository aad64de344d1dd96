"""Resource providers and whether a subscription is registered with them."""

from typing import Any

from starlette.responses import Response

from emulator.arm import paging
from emulator.arm.call import Call, answer
from emulator.arm.regions import REGIONS
from emulator.arm.types import TYPES
from emulator.errors import PlatformError

API_VERSIONS = {
    "Microsoft.Compute": ["2025-04-01", "2017-03-30", "2015-06-15"],
    "Microsoft.Insights": ["2022-10-01", "2016-03-01"],
    "Microsoft.KeyVault": ["2025-05-01", "2015-06-01"],
    "Microsoft.Network": ["2025-05-01", "2017-10-01", "2015-06-15"],
    "Microsoft.Storage": ["2025-06-01", "2016-12-01", "2015-06-15"],
}
_MIGRATION = "Microsoft.ClassicInfrastructureMigrate"
_NAMESPACES = (_MIGRATION, *API_VERSIONS, "Microsoft.Resources")


def providers(call: Call) -> Response:
    """All providers."""
    return answer(
        paging.page(call, list(_NAMESPACES), str.lower, lambda shown: [_provider(call, name) for name in shown])
    )


def provider(call: Call) -> Response:
    """One provider."""
    return answer(_provider(call, _named(call.names["namespace"])))


def register(call: Call) -> Response:
    """Register; done at once, where the real one takes minutes."""
    return _set(call, "Registered")


def unregister(call: Call) -> Response:
    """Take the registration back."""
    return _set(call, "NotRegistered")


def _set(call: Call, state: str) -> Response:
    name = _named(call.names["namespace"])
    call.note.verb, call.note.unit = call.url.partition("?")[0].rpartition("/")[2].lower(), name
    call.note.before, call.note.after = _state(call, name), state
    call.note.effect = call.note.before != state
    call.store.set_setting(_key(call, name), state)
    return answer(_provider(call, name))


def _named(namespace: str) -> str:
    for name in _NAMESPACES:
        if name.lower() == namespace.lower():
            return name
    raise PlatformError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def _state(call: Call, name: str) -> str:
    """Customers have to register for the migration themselves (documented)."""
    return call.store.setting(_key(call, name), "NotRegistered" if name == _MIGRATION else "Registered")


def _key(call: Call, name: str) -> str:
    return f"arm.provider/{call.subscription.lower()}/{name}"


def _provider(call: Call, name: str) -> dict[str, Any]:
    types = [
        {
            "resourceType": known.name.partition("/")[2],
            "locations": list(REGIONS),
            "apiVersions": API_VERSIONS[name],
            "capabilities": "None",
        }
        for known in TYPES.values()
        if known.namespace == name
    ]
    if name == _MIGRATION:  # its one type (documented), in every region
        types = [
            {
                "resourceType": "classicInfrastructureResources",
                "locations": list(REGIONS),
                "apiVersions": [],
                "capabilities": "None",
            }
        ]
    return {
        "id": f"/subscriptions/{call.subscription}/providers/{name}",
        "namespace": name,
        "resourceTypes": types,
        "registrationState": _state(call, name),
        "registrationPolicy": "RegistrationRequired",
    }
