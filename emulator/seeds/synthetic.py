"""Estates of any size: the same numbers give the same estate."""

import random
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from emulator.seeds import compute, network, storage
from emulator.seeds.model import Account, DataDisk, Document, Endpoint, Estate, Network, Probe, Service, Subnet, Vm

SUBSCRIPTION = "33333333-4444-4555-8666-777777777777"
# With the data disks that each takes (documented); no more than two are asked for.
_SIZES = {"ExtraSmall": 1, "Small": 2, "Medium": 4, "Large": 8, "Standard_D1_v2": 4, "Standard_D2_v2": 8}


class Synthetic(BaseModel):
    """How much of everything; every VM is migratable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vnets: Annotated[int, Field(ge=0, le=2000)] = 1
    services_per_vnet: Annotated[int, Field(ge=0, le=200)] = 1
    vms_per_service: Annotated[int, Field(ge=1, le=50)] = 1
    storage_accounts: Annotated[int, Field(ge=1, le=2000)] = 1
    seed: int = 0
    subscription: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")] | None = None


def synthetic(wanted: Synthetic, subscription: str | None = None) -> Estate:
    """Networks with services with VMs, whose disks are spread over the accounts."""
    where = subscription or wanted.subscription or SUBSCRIPTION
    documents = list(_documents(wanted, where))
    return Estate(where, "synthetic", tuple(documents), unlimited=True)


def _documents(wanted: Synthetic, where: str) -> Iterator[Document]:
    # Not for secrets: the same seed must give the same estate.
    chance = random.Random(wanted.seed)  # noqa: S311
    vips = _addresses(IPv4Address("40.64.0.1"))
    accounts = [f"synthetic{wanted.seed % 1000:03}store{index:04}" for index in range(wanted.storage_accounts)]
    for name in accounts:
        yield Document(storage.account(where, Account(name, chance.choice(("Standard_LRS", "Standard_GRS")))))
    for index in range(wanted.vnets):
        vnet = f"syn{wanted.seed}-vnet-{index:04}"
        # A /16 of its own up to 200 networks; after that the ranges repeat, as they may between networks.
        prefix = f"10.{index % 200}"
        subnets = tuple(Subnet(name, f"{prefix}.{part * 64}.0/18") for part, name in enumerate(("front", "back")))
        yield Document(network.site(Network(vnet, f"{prefix}.0.0/16", subnets)))
        addresses = {
            "front": _addresses(IPv4Address(f"{prefix}.0.4")),
            "back": _addresses(IPv4Address(f"{prefix}.64.4")),
        }
        for position in range(wanted.services_per_vnet):
            name = f"{vnet}-svc-{position:03}"
            yield from compute.service(
                where, _service(wanted, chance, name, vnet, str(next(vips)), accounts, addresses)
            )


def _service(
    wanted: Synthetic,
    chance: random.Random,
    name: str,
    vnet: str,
    vip: str,
    accounts: list[str],
    addresses: dict[str, Iterator[IPv4Address]],
) -> Service:
    subnet = chance.choice(("front", "back"))
    os = chance.choice(("Windows", "Linux"))
    together = chance.random() < 0.5  # noqa: PLR2004 -- every other service has an availability set
    port = 3389 if os == "Windows" else 22
    web = Endpoint("http", 80, 80, load_balanced_set="http", probe=Probe(80, "http", "/"))
    sizes = tuple(_SIZES)
    vms = tuple(
        Vm(
            name=f"vm{index:02}",
            address=str(next(addresses[subnet])),
            size=(size := chance.choice(sizes)),
            os="Windows" if os == "Windows" else "Linux",
            subnet=subnet,
            availability_set="set" if together else None,
            disks=tuple(
                DataDisk(lun, chance.choice((10, 50, 100)), "ReadOnly" if chance.random() < 0.3 else "None")  # noqa: PLR2004
                for lun in range(min(chance.randrange(3), _SIZES[size]))
            ),
            endpoints=(web, Endpoint("management", port, 50000 + index)),
        )
        for index in range(wanted.vms_per_service)
    )
    return Service(name, vip, vms, network=vnet, account=chance.choice(accounts))


def _addresses(first: IPv4Address) -> Iterator[IPv4Address]:
    while True:
        yield first
        first += 1
