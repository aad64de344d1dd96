"""POST: what can be done to a resource or asked of a provider."""

import re
from typing import Any

from starlette.responses import Response

from emulator.arm import reads, writes
from emulator.arm.call import Call, answer, empty
from emulator.arm.completion import new_key
from emulator.arm.paths import resolve
from emulator.errors import PlatformError
from emulator.store import ArmRow

_POWER = {
    "start": ("PowerState/running", "VM running"),
    "restart": ("PowerState/running", "VM running"),
    "poweroff": ("PowerState/stopped", "VM stopped"),
    "deallocate": ("PowerState/deallocated", "VM deallocated"),
}


def set_power(call: Call) -> Response:
    """Start, restart, power off or deallocate a machine; done at once."""
    row = _row(call, f"Microsoft.Compute/virtualMachines/{call.names['machine']}")
    writes.require_unlocked(row)
    code, shown = _POWER[call.names["action"].lower()]
    view = row.body["_instanceView"]
    statuses = [status for status in view["statuses"] if not status["code"].startswith("PowerState/")]
    statuses.append({"code": code, "level": "Info", "displayStatus": shown})
    _keep(call, row, {**row.body, "_instanceView": {**view, "statuses": statuses}})
    return empty(200)


def list_keys(call: Call) -> Response:
    """The keys of an account: a read, so a migration does not stop it (assumed)."""
    return _keys(_row(call, f"Microsoft.Storage/storageAccounts/{call.names['account']}").body)


def regenerate_key(call: Call) -> Response:
    """A fresh key in place of key1 or key2; refused while a migration holds the account (documented)."""
    row = _row(call, f"Microsoft.Storage/storageAccounts/{call.names['account']}")
    writes.require_unlocked(row)
    wanted = str(call.document().get("keyName"))
    if wanted not in ("key1", "key2"):
        raise PlatformError(
            400, "InvalidValuesForRequestParameters", "Values for request parameters are invalid: keyName."
        )
    keys = list(row.body["_keys"])
    keys[wanted == "key2"] = new_key()
    body = {**row.body, "_keys": keys}
    _keep(call, row, body)
    return _keys(body)


def check_account_name(call: Call) -> Response:
    """Whether an account name is valid and free; names are unique over all subscriptions."""
    name = str(call.document().get("name", ""))
    if not re.fullmatch(r"[a-z0-9]{3,24}", name):
        return answer(
            {
                "nameAvailable": False,
                "reason": "AccountNameInvalid",
                "message": f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 "
                "characters in length and use numbers and lower-case letters only.",
            }
        )
    taken = call.store.execute(
        "SELECT 1 FROM arm WHERE type = 'Microsoft.Storage/storageAccounts' AND key LIKE ?"
        " UNION SELECT 1 FROM classic WHERE kind = 'storageAccount' AND name = ?",
        (f"%/{name}", name),
    )
    if taken:
        message = f"The storage account named {name} is already taken."
        return answer({"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return answer({"nameAvailable": True})


def check_vault_name(call: Call) -> Response:
    """Whether a vault name is valid and free."""
    name = str(call.document().get("name", ""))
    if not re.fullmatch(r"(?=.{3,24}$)[A-Za-z](?:-?[A-Za-z0-9])+", name):
        message = (
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The "
            "name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens."
        )
        return answer({"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    taken = call.store.execute(
        "SELECT 1 FROM arm WHERE type = 'Microsoft.KeyVault/vaults' AND key LIKE ?", (f"%/{name.lower()}",)
    )
    if taken:
        message = f"The vault name '{name}' is already in use."
        return answer({"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return answer({"nameAvailable": True})


def _row(call: Call, rest: str) -> ArmRow:
    return reads.held(call, resolve(call.group_id, rest))


def _keep(call: Call, row: ArmRow, body: dict[str, Any]) -> None:
    call.store.arm_put(row.id, body, row.unit)
    call.note.verb = call.url.partition("?")[0].rpartition("/")[2]
    call.note.unit, call.note.before, call.note.after = row.id, "Succeeded", "Succeeded"
    call.note.effect = True


def _keys(body: dict[str, Any]) -> Response:
    names = ("key1", "key2")
    return answer(
        {
            "keys": [
                {"keyName": name, "permissions": "Full", "value": value}
                for name, value in zip(names, body["_keys"], strict=True)
            ]
        }
    )
