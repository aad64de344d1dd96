"""Where classic resources went: by the promise, by what was found, and as files that scripts and people use."""

import csv
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from asmosis.aftermath import Move, Successor, found_ids, moves
from asmosis.aftermath.lists import COLUMNS, as_az, as_csv, as_powershell, read_moves, record_of
from asmosis.arm.resource import body
from asmosis.check import Pair
from asmosis.errors import UsageError
from tests.promising import LOOKOUT, SUBSCRIPTION, TASTING, VINEYARD, estate, promised

HEAD = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
DISKS = "storageAccount/vineyarddisks"
CELLAR = "virtualNetwork/Group cellar-group cellar"


def moved(unit: str, *, told: tuple[str, ...] = ()) -> dict[str, Move]:
    return {move.short: move for move in moves(estate(), promised(unit), told=told)}


def test_every_classic_resource_of_a_unit_is_in_its_map() -> None:
    assert list(moved(VINEYARD)) == [
        "virtualNetwork/vineyard",
        "hostedService/press",
        "virtualMachine/press/press1",
        "virtualMachine/press/press2",
        "hostedService/barrels",
        "virtualMachine/barrels/barrel1",
        "networkSecurityGroup/front-guard",
        "networkSecurityGroup/machine-guard",
        "routeTable/through-appliance",
        "reservedIp/press-address",
    ]


@pytest.mark.parametrize("unit", [unit.short for unit in estate().units])
def test_every_promised_resource_stands_for_something_classic(unit: str) -> None:
    named = {each.id for move in moved(unit).values() for each in move.successors}
    # Parts of a machine, a network made for a service and the far ends of tunnels have no classic resource of their own.
    parts = ("/extensions/", "/localNetworkGateways/", "/virtualNetworks/VNet-", "lookout-gateway-vip")
    promised_ids = {each.id for each in promised(unit).resources}
    assert {id for id in promised_ids - named if not any(part in id for part in parts)} == set()


@pytest.mark.parametrize(
    ("unit", "short", "old", "path", "new", "certainty"),
    [
        pytest.param(
            VINEYARD,
            "virtualNetwork/vineyard",
            "Default-Networking/providers/Microsoft.ClassicNetwork/virtualNetworks/vineyard",
            "services/networking/virtualnetwork/vineyard",
            "vineyard-Migrated/providers/Microsoft.Network/virtualNetworks/vineyard",
            "promised",
            id="network",
        ),
        pytest.param(
            VINEYARD,
            "hostedService/press",
            "vineyard-rg/providers/Microsoft.ClassicCompute/domainNames/press",
            "services/hostedservices/press",
            "press-Migrated",
            "promised",
            id="cloud service: its group, from the group that the portal keeps",
        ),
        pytest.param(
            VINEYARD,
            "virtualMachine/press/press1",
            "vineyard-rg/providers/Microsoft.ClassicCompute/virtualMachines/press1",
            "services/hostedservices/press/deployments/press/roles/press1",
            "press-Migrated/providers/Microsoft.Compute/virtualMachines/press1",
            "promised",
            id="machine",
        ),
        pytest.param(
            VINEYARD,
            "reservedIp/press-address",
            "Default-Networking/providers/Microsoft.ClassicNetwork/reservedIps/press-address",
            "services/networking/reservedips/press-address",
            "press-Migrated/providers/Microsoft.Network/publicIPAddresses/press-address",
            "promised",
            id="reserved IP in use: with its service",
        ),
        pytest.param(
            "reservedIp/spare-address",
            "reservedIp/spare-address",
            "Default-Networking/providers/Microsoft.ClassicNetwork/reservedIps/spare-address",
            "services/networking/reservedips/spare-address",
            "spare-address-Migrated/providers/Microsoft.Network/publicIPAddresses/spare-address",
            "promised",
            id="reserved IP alone",
        ),
        pytest.param(
            "routeTable/spare-routes",
            "routeTable/spare-routes",
            "Default-Networking/providers/Microsoft.ClassicNetwork/routeTables/spare-routes",
            "services/networking/routetables/spare-routes",
            "spare-routes-Migrated/providers/Microsoft.Network/routeTables/spare-routes",
            "promised",
            id="route table",
        ),
        pytest.param(
            "networkSecurityGroup/spare-guard",
            "networkSecurityGroup/spare-guard",
            "Default-Networking/providers/Microsoft.ClassicNetwork/networkSecurityGroups/spare-guard",
            "services/networking/networksecuritygroups/spare-guard",
            "spare-guard-Migrated/providers/Microsoft.Network/networkSecurityGroups/spare-guard",
            "promised",
            id="security group",
        ),
        pytest.param(
            DISKS,
            "storageAccount/vineyarddisks",
            "Default-Storage-WestEurope/providers/Microsoft.ClassicStorage/storageAccounts/vineyarddisks",
            "services/storageservices/vineyarddisks",
            "vineyarddisks-Migrated/providers/Microsoft.Storage/storageAccounts/vineyarddisks",
            "promised",
            id="storage account",
        ),
        pytest.param(
            CELLAR,
            CELLAR,
            "Default-Networking/providers/Microsoft.ClassicNetwork/virtualNetworks/Group cellar-group cellar",
            "services/networking/virtualnetwork/Group%20cellar-group%20cellar",
            "group-cellar-group-cellar-Migrated/providers/Microsoft.Network/virtualNetworks/group-cellar-group-cellar",
            "promised",
            id="network that the portal named",
        ),
    ],
)
def test_old_and_new_ids(unit: str, short: str, old: str, path: str, new: str, certainty: str) -> None:
    move = moved(unit)[short]
    assert (move.ids[0], move.paths[0], move.unit) == (f"{HEAD}/{old}", path, unit)
    assert move.successor
    assert (move.successor.id, move.successor.certainty) == (f"{HEAD}/{new}", certainty)


def test_what_a_service_becomes_stands_behind_its_group_and_made_up_names_are_assumed() -> None:
    others = {each.name: each.certainty for each in moved(VINEYARD)["hostedService/press"].successors[1:]}
    assert (others["press-address"], others["press-lb"], others["pressmen"]) == ("promised", "assumed", "promised")


def test_a_machine_comes_with_its_interfaces() -> None:
    assert [each.name for each in moved(VINEYARD)["virtualMachine/press/press1"].successors] == [
        "press1",
        "press1-nic",
        "press1-inner",
    ]


def test_a_gateway_stands_behind_its_network() -> None:
    types = [each.id.split("/")[7] for each in moved(LOOKOUT)["virtualNetwork/lookout"].successors]
    assert types == ["virtualNetworks", "virtualNetworkGateways", "connections", "connections"]


def test_disks_have_no_successor_but_a_blob() -> None:
    move = moved(DISKS)["disk/vineyarddisks/lonely"]
    assert (move.successor, "vineyarddisks.blob.core.windows.net/vhds/lonely.vhd" in move.note) == (None, True)


def test_an_id_that_something_else_tells_takes_the_place_of_the_assumed_one() -> None:
    told = f"{HEAD}/Nets/providers/microsoft.classicnetwork/virtualnetworks/VINEYARD"
    assert moved(VINEYARD, told=(told, f"{HEAD}/press"))["virtualNetwork/vineyard"].ids == (told,)


def test_found_ids_take_the_place_of_promised_ones_and_what_is_missing_is_told() -> None:
    kept = promised(TASTING)
    pairs = []
    for resource in kept.resources:
        if resource.type == "Microsoft.Compute/availabilitySets":
            continue
        other = body(resource) | {
            "id": resource.id.replace("Tasting-Migrated", "TASTING-MIGRATED").replace("-nic", "-x7")
        }
        pairs.append(Pair(resource.name, body(resource), other))
    found = {move.short: move for move in moves(estate(), kept, found_ids(pairs))}
    service, machine = found["hostedService/Tasting"], found["virtualMachine/Tasting/glass1"]
    assert service.successor == Successor(f"{HEAD}/TASTING-MIGRATED", "found")
    assert [(each.name, each.certainty) for each in machine.successors] == [("glass1", "found"), ("glass1-x7", "found")]
    assert [each.name for each in service.successors if each.certainty == "missing"] == ["Tasting-as"]


def test_nothing_found_leaves_everything_missing() -> None:
    found = moves(estate(), promised(TASTING), {})
    assert {each.certainty for move in found for each in move.successors} == {"missing"}


# --- files ------------------------------------------------------------------------------------------------------------


def every_move() -> tuple[Move, ...]:
    return tuple(move for unit in estate().units for move in moves(estate(), promised(unit.short)))


def test_a_map_survives_its_files(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text(json.dumps({"moves": [record_of(move) for move in every_move()]}))
    (tmp_path / "map.csv").write_text(as_csv(every_move()))
    assert read_moves(tmp_path / "map.json") == every_move()
    assert read_moves(tmp_path / "map.csv") == every_move()


def test_the_csv_has_a_row_per_resource() -> None:
    rows = list(csv.DictReader(as_csv(every_move()).splitlines(keepends=True)))
    assert (tuple(rows[0]), len(rows)) == (COLUMNS, len(every_move()))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"\xff\xfe\x00", "it is no UTF-8", id="no text"),
        pytest.param(b'{"moves": [', "it is no JSON", id="broken"),
        pytest.param(b'{"moves": [{"kind": "x"}]}', "moves.1.name", id="without a name"),
        pytest.param(b'{"moves": [{"kind": "x", "name": "y", "hat": 1}]}', "hat", id="with something unknown"),
        pytest.param(b"old,new\na,b\n", "it has not the columns unit, kind", id="another CSV"),
    ],
)
def test_what_is_no_map_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "map"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="map") as refused:
        read_moves(file)
    assert said in str(refused.value)


OLD = f"{HEAD}/VINEYARD-RG/providers/Microsoft.ClassicCompute/virtualMachines/press1"
NEW = f"{HEAD}/press-Migrated/providers/Microsoft.Compute/virtualMachines/press1"
OLD_NET = f"{HEAD}/Default-Networking/providers/Microsoft.ClassicNetwork/virtualNetworks/vineyard"
NEW_NET = f"{HEAD}/vineyard-Migrated/providers/Microsoft.Network/virtualNetworks/vineyard"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(f"id={OLD}", f"id={NEW}", id="at the end of a line"),
        pytest.param(f'"{OLD.lower()}", "{OLD}"', f'"{NEW}", "{NEW}"', id="twice and in lower case"),
        pytest.param(f"{OLD}0", f"{OLD}0", id="a longer name is another"),
        pytest.param(f"{OLD}/extensions/x", f"{OLD}/extensions/x", id="what is inside has gone elsewhere"),
        pytest.param(f"{OLD_NET}/subnets/front", f"{NEW_NET}/subnets/front", id="subnets stay in their network"),
        pytest.param(
            f"{HEAD}/a/providers/Microsoft.Compute/x", f"{HEAD}/a/providers/Microsoft.Compute/x", id="not classic"
        ),
    ],
)
def test_the_shell_script_puts_new_ids_in_the_place_of_old_ones(before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "put.sh").write_text(as_az(every_move()))
    (tmp_path / "script.sh").write_text(f"{before}\n")
    subprocess.run(["sh", "put.sh", "script.sh"], cwd=tmp_path, check=True)
    assert (tmp_path / "script.sh").read_text() == f"{after}\n"
    assert (tmp_path / "script.sh.bak").read_text() == f"{before}\n"


def test_names_that_mean_something_to_sed_are_taken_as_they_are(tmp_path: Path) -> None:
    odd = Move("routeTable", "a.b+c", ids=(f"{HEAD}/g/providers/Microsoft.ClassicNetwork/routeTables/a.b+c",))
    odd = replace(odd, successors=(Successor(f"{HEAD}/x&y/providers/Microsoft.Network/routeTables/a.b-c", "promised"),))
    (tmp_path / "put.sh").write_text(as_az([odd]))
    (tmp_path / "f").write_text(f"{odd.ids[0]}\n{odd.ids[0].replace('a.b', 'aXb')}\n")
    subprocess.run(["sh", "put.sh", "f"], cwd=tmp_path, check=True)
    assert (tmp_path / "f").read_text() == f"{odd.successors[0].id}\n{odd.ids[0].replace('a.b', 'aXb')}\n"


def test_an_id_that_may_be_two_things_and_one_that_is_nothing_now_are_left_alone() -> None:
    one, *_ = (move for move in every_move() if move.kind == "virtualMachine")
    twin = replace(one, within="other", successors=(Successor(f"{HEAD}/other", "promised"),))
    script = as_az([one, twin, *moves(estate(), promised(DISKS))])
    assert "# " + one.ids[0] + ": left alone, it may be virtualMachine/press/press1 ->" in script
    assert "/disks/lonely: left alone, nothing stands for it (classic disk objects end" in script
    assert not [line for line in script.splitlines() if line.startswith("s#") and "/virtualMachines/press1" in line]


def test_the_powershell_script_holds_the_same_replacements() -> None:
    rules = [line for line in as_az(every_move()).splitlines() if line.startswith("s#")]
    pairs = [line for line in as_powershell(every_move()).splitlines() if line.startswith("    ,@(")]
    assert len(pairs) == len(rules) > 10
    assert f"'{NEW}${{1}}')" in "\n".join(pairs)
