"""What is changed: documents of our own, as bytes."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from asmosis.aftermath.lists import as_csv, record_of
from asmosis.aftermath.moves import moves
from asmosis.arm.resource import body
from asmosis.evidence import EvidenceStore
from asmosis.evidence.manifest import canonical
from asmosis.planning.files import written
from asmosis.planning.propose import propose
from asmosis.planning.survey import Survey
from asmosis.translate import Promise
from asmosis.translate.naming import usual_names_file
from asmosis.units import Unit
from tests import promising
from tests.planned import Net, Svc, empty, estate
from tests.test_reports_unit import bundle

UNITS = (promising.VINEYARD, promising.LOOKOUT, promising.TASTING)
_TESTS = Path(__file__).parent.parent

FACTS = b"""\
as_of: 2026-11-01T12:00:00Z
usages: [{region: westus, name: cores, limit: 100, current: 42}]
providers: {Microsoft.ClassicInfrastructureMigrate: Registered}
migration_regions: [West US]
sizes: [{region: westus, name: Standard_A1, family: standardA0_A7Family, cores: 1, restriction: ""}]
resource_groups: [{name: web, region: westus}]
networks: [{resource_group: web, name: n, region: westus, prefixes: [10.0.0.0/16], subnets: [{name: s, prefix: 10.0.0.0/24}]}]
storage_accounts: [{resource_group: web, name: contosodisks}]
role_assignments: [{scope: /subscriptions/s, principal: ada, role: Owner}]
co_administrator: true
unknown: {circuits: nobody asked}
"""
SCRIPTS = (
    b"Get-AzureVM -ServiceName web | Stop-AzureVM -Force\nSelect-AzureSubscription x # old\nNew-AzureRmVM\n",
    b"#!/bin/sh\nazure vm list --json | jq .\naz vm list\nazure config mode asm\n",
    b'resource "azure_instance" "web" {\n  hosted_service_name = "web"\n}\nprovider "azurerm" {}\n',
    b'{"id": "/subscriptions/s/resourceGroups/press/providers/Microsoft.ClassicCompute/domainNames/press"}\n',
    b"from azure.servicemanagement import ServiceManagementService\r\nimport Microsoft.WindowsAzure.Management\r\n",
    "\ufeffGet-AzureDeployment press".encode("utf-16"),
)


@cache
def classic() -> tuple[bytes, ...]:
    """Documents of every kind that the classic plane answers."""
    found = [*_TESTS.glob("documents/*.xml"), *_TESTS.glob("promised/documents/*.xml")]
    return tuple(path.read_bytes() for path in sorted(found))


@cache
def archived() -> tuple[bytes, ...]:
    """Documents of one estate, each with the name of its file on the first line."""
    folder = _TESTS / "promised" / "documents"
    return tuple(path.name.encode() + b"\n" + path.read_bytes() for path in sorted(folder.glob("*.xml")))


@cache
def promised() -> Promise:
    """What the first unit is to become."""
    return promising.promised(UNITS[0])


@cache
def arm() -> tuple[bytes, ...]:
    """What ARM holds of each unit once it is there, as a list."""
    return tuple(
        json.dumps([body(resource) for resource in promising.promised(unit).resources]).encode() for unit in UNITS
    )


@cache
def waves() -> tuple[bytes, ...]:
    """The wave file of the manual."""
    text = (_TESTS.parent / "docs" / "waves.md").read_text(encoding="utf-8")
    return tuple(block.encode() for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))


@cache
def plans() -> tuple[bytes, ...]:
    """A plan of a few waves."""
    nets = [Net("a", sites=(("office", "40.1.1.1", ("192.168.0.0/24",)),)), Net("b")]
    services = [Svc("web", "a", accounts=("disks",)), Svc("db", "b", 3), Svc("alone", endpoints=2)]
    made = estate(nets, services, ["disks", "logs"], loose=["spare"])
    rules = {"after": {"hostedService/alone": ["virtualNetwork/b"]}}
    return tuple(
        written(propose([Survey(made)], empty(**more))).encode()
        for more in ({}, {"rules": rules, "first": "2026-12-01", "limits": {"prepares": 3}})
    )


@cache
def names() -> tuple[bytes, ...]:
    """The usual names."""
    return (usual_names_file().encode(), b"group: '{unit}-new'\nvirtual_network: net-{name}\n")


@cache
def maps() -> tuple[bytes, ...]:
    """Where the resources of the units went, in both formats."""
    known = promising.estate()
    moved = [move for unit in UNITS for move in moves(known, promising.promised(unit))]
    return (json.dumps({"moves": [record_of(move) for move in moved]}).encode(), as_csv(moved).encode())


@cache
def bundles() -> tuple[bytes, ...]:
    """A version of a unit's evidence: its manifest, where that lies, and its parts."""
    with TemporaryDirectory() as folder:
        made = bundle(Path(folder), gap=(10.0, 20.0))
        [file] = Path(folder).rglob("manifest-*.json")
        parts = {part.name: _told(made.store.read(made.manifest, part)) for part in made.manifest.parts}
        told = {"at": str(file.parent.relative_to(folder)), "manifest": json.loads(made.manifest.data), "parts": parts}
    return (json.dumps(told).encode(),)


def unbundled(content: bytes, folder: Path) -> tuple[EvidenceStore, Unit]:
    """Write such a version into a folder, with digests that fit whatever it holds."""
    told = json.loads(content)
    place = folder / re.sub(r"[^\w/.-]|\.\.", "_", str(told["at"])).strip("/")
    (place / "parts").mkdir(parents=True, exist_ok=True)
    manifest = told["manifest"]
    for part in manifest["parts"]:
        data = _data(told["parts"].get(part["name"], ""))
        part |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        (place / "parts" / part["sha256"]).write_bytes(data)
    written_as = canonical(manifest)
    (place / f"manifest-0001-{hashlib.sha256(written_as).hexdigest()}.json").write_bytes(written_as)
    return EvidenceStore(str(folder)), Unit.parse(promising.VINEYARD, promising.SUBSCRIPTION)


def _told(data: bytes) -> Any:
    try:
        return {"json": json.loads(data)}
    except ValueError:
        return data.decode("latin-1")


def _data(told: Any) -> bytes:
    if isinstance(told, str):
        return told.encode("latin-1", "replace")
    return canonical(told["json"]) if isinstance(told, dict) and "json" in told else canonical(told)
