"""The template that the product exports, deployed: the same resources as prepare makes of the same unit."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from asmosis.arm.template import template
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.translate import groups_of, promise
from asmosis.units import Unit
from tests.emulator.conftest import Client

UNITS = (
    "virtualNetwork/contoso-vnet",
    "hostedService/contoso-batch",
    "storageAccount/contosologs",
    "networkSecurityGroup/contoso-spare-nsg",
    "routeTable/contoso-spare-routes",
    "reservedIp/contoso-spare-ip",
)
# Made anew by every write or drawn by the platform; names in DNS depend on where a resource was made.
DRAWN = {"etag", "resourceGuid", "vmId", "macAddress", "creationTime", "ipAddress", "instanceView"}
NAMED = {"internalDomainNameSuffix", "fqdn"}
# The product promises no number of domains, and both sides only assume the subnet of a network made by prepare.
NOT_PROMISED = {"platformFaultDomainCount", "platformUpdateDomainCount"}
ASSUMED = "/virtualNetworks/VNet-contoso-batch.properties.subnets[0].properties.addressPrefix"
Bodies = dict[str, dict[str, Any]]


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, client.base + path, params={"api-version": "2025-05-01"}, json=body, timeout=30)
    assert answer.status_code < 300, answer.text
    return answer


def there(client: Client, groups: tuple[str, ...]) -> Bodies:
    """Every resource of the groups, children included, by its id."""
    found: Bodies = {}
    for group in groups:
        listed = send(client, "GET", f"/subscriptions/{client.subscription}/resourceGroups/{group}/resources").json()
        assert "nextLink" not in listed
        for each in listed["value"]:
            found[each["id"]] = settled(send(client, "GET", each["id"]).json())
    return found


def settled(value: Any) -> Any:
    if isinstance(value, list):
        return [settled(each) for each in value]
    if isinstance(value, dict):
        dynamic = {"privateIPAddress"} if value.get("privateIPAllocationMethod") == "Dynamic" else set()
        return {
            name: settled(inner) for name, inner in value.items() if name not in DRAWN | NAMED | NOT_PROMISED | dynamic
        }
    return value


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Places where two bodies differ; an empty object or list is as good as none."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            yield from differences(one.get(name), other.get(name), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (mine, yours) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, yours, f"{path}[{place}]")
    elif (one or None) != (other or None) and not path.endswith(ASSUMED):
        yield f"{path}: {one} is deployed as {other}"


@pytest.mark.parametrize("short", UNITS)
def test_deploying_the_products_template_gives_what_prepare_gives(client: Client, short: str) -> None:
    planes = Planes(client.subscription, client.base, client.base, StaticToken(SecretStr("any")))
    with planes.asm() as asm:
        estate = snapshot(asm)
    unit = Unit.parse(short, client.subscription)
    groups = groups_of(estate, unit)
    client.done(short, "prepare")
    prepared = there(client, groups)
    client.done(short, "abort")
    for group in groups:
        send(client, "PUT", f"/subscriptions/{client.subscription}/resourceGroups/{group}", {"location": "westus"})
    exported = template(promise(estate, unit).resources, groups[0])
    deployment = f"/subscriptions/{client.subscription}/resourceGroups/{groups[0]}/providers/Microsoft.Resources/deployments/as-exported"
    sent = {"properties": {"mode": "Incremental", "template": exported}}
    status = send(client, "PUT", deployment, sent).headers["azure-asyncoperation"]
    assert requests.get(status, timeout=30).json() == {"status": "Succeeded"}
    deployed = there(client, groups)
    assert sorted(deployed) == sorted(prepared)
    found = list(differences(prepared, deployed))
    assert not found, "\n".join(found)
