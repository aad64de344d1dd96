"""What can be had: sizes of machines and kinds of storage accounts per region."""

from typing import Any

from starlette.responses import Response

from emulator.arm import paging, refusals
from emulator.arm.call import Call, answer
from emulator.arm.regions import REGIONS, SIZES, cores, family
from emulator.transform.bodies import normal_location

_STORAGE = ("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Premium_LRS")
_KINDS = ("Storage", "StorageV2", "BlobStorage")


def compute(call: Call) -> Response:
    """Machine sizes by region; `$filter=location eq '...'` narrows them."""
    skus = [_machine(region, size) for region in _regions(call) for size in SIZES]
    return answer(paging.page(call, skus, _key, list))


def storage(call: Call) -> Response:
    """Kinds of storage accounts, each in all regions."""
    del call
    places = [normal_location(region) for region in REGIONS]
    return answer(
        {
            "value": [
                {
                    "resourceType": "storageAccounts",
                    "name": name,
                    "tier": name.partition("_")[0],
                    "kind": kind,
                    "locations": places,
                    "capabilities": [],
                    "restrictions": [],
                }
                for name in _STORAGE
                for kind in _KINDS
                if kind != "BlobStorage" or name not in ("Standard_ZRS", "Premium_LRS")
            ]
        }
    )


def _regions(call: Call) -> list[str]:
    regions = [normal_location(region) for region in REGIONS]
    expression = call.query.get("$filter", "")
    if not expression:
        return regions
    name, _, value = expression.partition(" eq ")
    if name.strip() != "location" or not (value.startswith("'") and value.endswith("'")):
        raise refusals.invalid_filter(expression)
    return [region for region in regions if region == normal_location(value[1:-1])]


def _machine(region: str, size: str) -> dict[str, Any]:
    tier, _, short = size.partition("_")
    return {
        "resourceType": "virtualMachines",
        "name": size,
        "tier": tier,
        "size": short,
        "family": family(size),
        "locations": [region],
        "locationInfo": [{"location": region, "zones": []}],
        "capabilities": [{"name": "vCPUs", "value": str(cores(size))}],
        "restrictions": [],
    }


def _key(sku: dict[str, Any]) -> str:
    return f"{_PLACES[sku['locations'][0]]:03}/{SIZES.index(sku['name']):03}"


_PLACES = {normal_location(region): place for place, region in enumerate(REGIONS)}
