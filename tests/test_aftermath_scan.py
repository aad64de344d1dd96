"""What in scripts and templates still means classic, line by line, whatever the files are like."""

import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asmosis.aftermath import Move, moves, scan
from asmosis.aftermath.classic_tools import Table, tool_of, tools
from asmosis.aftermath.sarif import sarif
from asmosis.aftermath.signs import RULES, Signs
from asmosis.cli import call
from tests.promising import SUBSCRIPTION, TASTING, VINEYARD, estate, promised

DOCUMENTS = Path(__file__).parent / "promised" / "documents"
HEAD = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
ASM = "https://management.core.windows.net"
PRESS1 = f"{HEAD}/press-Migrated/providers/Microsoft.Compute/virtualMachines/press1"


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def moved() -> tuple[Move, ...]:
    return tuple(move for unit in (VINEYARD, TASTING) for move in moves(estate(), promised(unit)))


def told(line: str, moved: tuple[Move, ...] = ()) -> list[tuple[str, str]]:
    return [(sign.rule, sign.found) for sign in Signs(moved).in_line(line)]


@pytest.mark.parametrize(
    ("line", "rule", "found", "advice"),
    [
        pytest.param("  Get-AzureVM -Name x", "classic-cmdlet", "Get-AzureVM", "Use Get-AzVM.", id="cmdlet"),
        pytest.param("get-azurevm", "classic-cmdlet", "get-azurevm", "Use Get-AzVM.", id="cmdlet in small letters"),
        pytest.param(
            "Remove-AzureWebsite a", "classic-cmdlet", "Remove-AzureWebsite", "Use one of *-AzWebApp*.", id="a family"
        ),
        pytest.param(
            "Get-AzureAffinityGroup",
            "classic-cmdlet",
            "Get-AzureAffinityGroup",
            "Nothing takes its place. There are no affinity groups; a proximity placement group comes nearest.",
            id="cmdlet without successor",
        ),
        pytest.param("azure vm list", "classic-command", "azure vm list", "Use az vm list.", id="command"),
        pytest.param(
            "x=$(azure vm endpoint create a 80)",
            "classic-command",
            "azure vm endpoint create",
            "Use az network lb inbound-nat-rule create. An endpoint is a NAT rule of a load balancer.",
            id="command of a group",
        ),
        pytest.param(
            "azure storage account keys list d",
            "classic-command",
            "azure storage account keys list",
            "Use az storage account keys list.",
            id="command with two verbs",
        ),
        pytest.param(
            f"curl {ASM}/$SUB/operations",
            "asm-endpoint",
            f"{ASM}/$SUB/operations",
            "Use https://management.azure.com.",
            id="address",
        ),
        pytest.param(
            "management.core.chinacloudapi.cn:8443",
            "asm-endpoint",
            "management.core.chinacloudapi.cn:8443",
            "Use https://management.chinacloudapi.cn.",
            id="address of another cloud",
        ),
        pytest.param(
            "path = 'services/hostedservices/none'",
            "asm-path",
            "services/hostedservices/none",
            "Use the resource's id in Resource Manager.",
            id="path",
        ),
        pytest.param(
            '"type": "Microsoft.ClassicCompute/virtualMachines",',
            "classic-type",
            "Microsoft.ClassicCompute/virtualMachines",
            "Use Microsoft.Compute/virtualMachines.",
            id="type in a template",
        ),
        pytest.param(
            "resourceId('microsoft.classiccompute/domainNames')",
            "classic-type",
            "microsoft.classiccompute/domainNames",
            "Use a resource group with its load balancers and public addresses.",
            id="type without a counterpart",
        ),
        pytest.param(
            f"{HEAD}/g/providers/Microsoft.ClassicStorage/storageAccounts/unknown",
            "classic-id",
            f"{HEAD}/g/providers/Microsoft.ClassicStorage/storageAccounts/unknown",
            "The map knows no such resource.",
            id="id of something else",
        ),
        pytest.param(
            "using Microsoft.WindowsAzure.Management.Compute;",
            "asm-library",
            "Microsoft.WindowsAzure.Management.Compute",
            "Use Azure.ResourceManager.Compute.",
            id="C#",
        ),
        pytest.param(
            "from azure.servicemanagement import X",
            "asm-library",
            "azure.servicemanagement",
            "Use azure.mgmt.compute and its like.",
            id="Python",
        ),
        pytest.param(
            'require("azure-asm-website")', "asm-library", "azure-asm-website", "Use one of @azure/arm-*.", id="Node.js"
        ),
        pytest.param(
            '"github.com/Azure/azure-sdk-for-go/management/vmutils"',
            "asm-library",
            "github.com/Azure/azure-sdk-for-go/management/vmutils",
            "Use github.com/Azure/azure-sdk-for-go/sdk/resourcemanager.",
            id="Go",
        ),
        pytest.param('provider "azure" {', "classic-terraform", 'provider "azure"', "Use azurerm.", id="Terraform"),
        pytest.param(
            'resource "azure_instance" "a" {',
            "classic-terraform",
            "azure_instance",
            "Use azurerm_virtual_machine.",
            id="Terraform resource",
        ),
        pytest.param(
            "network = azure_virtual_network.net.name",
            "classic-terraform",
            "azure_virtual_network",
            "Use azurerm_virtual_network.",
            id="Terraform reference",
        ),
    ],
)  # fmt: skip
def test_signs_of_classic(line: str, rule: str, found: str, advice: str) -> None:
    [sign] = Signs().in_line(line)
    assert (sign.rule, sign.found, sign.advice) == (rule, found, advice)
    assert line[sign.column - 1 :].startswith(found.split(maxsplit=1)[0])


@pytest.mark.parametrize(
    "line",
    [
        "Get-AzVM; Get-AzureRmVM; Get-AzureADUser; Get-AzureKeyVaultSecret",
        "We run an azure vm and an azure storage account, and list them",
        "the azure storage account is full",
        "azure-cli/azure vm",
        "the azure network stack is up",
        "az vm list",
        "https://management.azure.com/subscriptions",
        "Microsoft.Compute/virtualMachines",
        "from azure.mgmt.compute import ComputeManagementClient",
        'resource "azurerm_virtual_network" "a" {',
        "azure_storage_blob_client = 1",
        "services/webhooks/1",
        "",
    ],
)
def test_what_is_not_classic_is_let_pass(line: str) -> None:
    assert told(line) == []


@pytest.mark.parametrize(
    ("line", "resources"),
    [
        pytest.param("Get-AzureVM -ServiceName press -Name press1", ["hostedService/press", "virtualMachine/press/press1"], id="cmdlet"),
        pytest.param('Get-AzureVM -ServiceName "PRESS"', ["hostedService/press"], id="cmdlet, other case"),
        pytest.param("azure vm show press1", ["virtualMachine/press/press1"], id="command"),
        pytest.param(f"curl {ASM}/{SUBSCRIPTION}/services/hostedservices/Press", ["hostedService/press"], id="address"),
        pytest.param(f"{ASM}/s/services/hostedservices/press/deployments/press/roles/press2/x", ["virtualMachine/press/press2"], id="something inside a machine"),
        pytest.param("'services/networking/reservedips/press-address?a=b'", ["reservedIp/press-address"], id="path"),
        pytest.param(f"{HEAD}/ANY/providers/Microsoft.ClassicCompute/VirtualMachines/press1", ["virtualMachine/press/press1"], id="id in any group"),
        pytest.param(f"{HEAD}/vineyard-rg/providers/microsoft.classiccompute/domainNames/press/slots/Production/roles/press2", ["virtualMachine/press/press2"], id="role of a slot"),
        pytest.param(f"{HEAD}/g/providers/Microsoft.ClassicNetwork/virtualNetworks/vineyard/subnets/front.", ["virtualNetwork/vineyard"], id="subnet at the end of a sentence"),
    ],
)  # fmt: skip
def test_the_moved_resources_of_a_line_are_named(line: str, resources: list[str], moved: tuple[Move, ...]) -> None:
    [sign] = Signs(moved).in_line(line)
    assert list(sign.resources) == resources
    assert all(f"{each} is now /subscriptions/" in sign.advice for each in resources)


def test_of_two_machines_of_one_name_the_one_in_the_ids_group_is_meant(moved: tuple[Move, ...]) -> None:
    [press1] = [move for move in moved if move.name == "press1"]
    twin = replace(press1, within="other", ids=(press1.ids[0].replace("vineyard-rg", "other"),))
    signs = Signs([press1, twin])
    assert signs.in_line(twin.ids[0])[0].resources == ("virtualMachine/other/press1",)
    third = signs.in_line(press1.ids[0].replace("vineyard-rg", "third"))[0]
    assert third.resources == ("virtualMachine/press/press1", "virtualMachine/other/press1")


def test_new_ids_of_made_up_names_are_said_to_be_assumed(moved: tuple[Move, ...]) -> None:
    sure, unsure = (
        Signs(moved),
        Signs([move for move in moves(estate(), promised(VINEYARD), {}) if move.name == "press"]),
    )
    line = "Get-AzureService press"
    assert sure.in_line(line)[0].advice.endswith("resourceGroups/press-Migrated.")
    assert unsure.in_line(line)[0].advice.endswith("resourceGroups/press-Migrated (promised, but not found).")


def test_a_pipeline_names_each_of_its_cmdlets_and_an_id_inside_an_address_is_told_once() -> None:
    line = f"Get-AzureVM a | Add-AzureEndpoint b | Update-AzureVM; curl {ASM}/s/services/disks/d"
    assert [found for _, found in told(line)] == [
        "Get-AzureVM",
        "Add-AzureEndpoint",
        "Update-AzureVM",
        f"{ASM}/s/services/disks/d",
    ]


# --- tables of tools --------------------------------------------------------------------------------------------------

TABLES: tuple[Table, ...] = ("cmdlets", "commands", "libraries", "terraform")


@pytest.mark.parametrize("table", TABLES)
def test_every_tool_has_evidence_and_either_a_successor_or_a_reason(table: Table) -> None:
    rows = tools(table)
    assert len({tool.old.casefold() for tool in rows}) == len(rows) > 10
    assert {tool.evidence for tool in rows} <= {"documented", "assumed"}
    assert [tool.old for tool in rows if not tool.new and not tool.note] == []


def test_every_cmdlet_is_found_where_it_is_used() -> None:
    single = [tool.old for tool in tools("cmdlets") if "*" not in tool.old]
    missed = [name for name in single if told(f"$x = {name} -Debug") != [("classic-cmdlet", name)]]
    assert (missed, len(single) > 200) == ([], True)


def test_every_command_is_found_where_it_is_used() -> None:
    for tool in tools("commands"):
        [(rule, found)] = told(f"{tool.old} list --json")
        assert (rule, found.startswith(tool.old)) == ("classic-command", True)


def test_a_name_of_its_own_comes_before_a_family() -> None:
    own, family = tool_of("cmdlets", "get-azurevmimage"), tool_of("cmdlets", "Get-AzureVMImageDiskConfigSet")
    assert (own and own.new, family and family.old) == ("Get-AzImage", "*-AzureVMImage*Config*")


# --- files ------------------------------------------------------------------------------------------------------------


def found(place: Path, moved: tuple[Move, ...] = ()) -> list[tuple[str, int, int, str]]:
    return [(Path(hit.file).name, hit.line, hit.sign.column, hit.sign.found) for hit in scan([place], moved).hits]


def test_hits_come_by_file_and_line_whatever_the_folder_says_first(tmp_path: Path) -> None:
    for name in ("b.ps1", "a.ps1", "c/d.ps1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\nGet-AzureVM\n  Stop-AzureVM\n")
    expected = [
        (name, *hit) for name in ("a.ps1", "b.ps1", "d.ps1") for hit in ((2, 1, "Get-AzureVM"), (3, 3, "Stop-AzureVM"))
    ]
    assert found(tmp_path) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_text_is_read_in_the_encodings_that_scripts_have(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "script.ps1").write_bytes("# Grüße\r\nGet-AzureVM\r\n".encode(encoding))
    assert found(tmp_path) == [("script.ps1", 2, 1, "Get-AzureVM")]


def test_what_is_no_text_is_counted_and_left(tmp_path: Path) -> None:
    (tmp_path / "disk.vhd").write_bytes(b"Get-AzureVM\0\1")
    (tmp_path / "empty").write_bytes(b"")
    scanned = scan([tmp_path])
    assert (scanned.hits, scanned.files, scanned.binary, scanned.unread) == ((), 1, 1, {})


def test_links_that_go_round_and_pipes_that_never_end_hold_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "script.sh").write_text("azure vm list\n")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    scanned = scan([tmp_path, tmp_path / "a", tmp_path / "a" / "script.sh"])
    assert [hit.sign.found for hit in scanned.hits] == ["azure vm list"]
    assert list(scanned.unread) == [str(tmp_path / "gone")]


def test_folders_of_version_control_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "old").write_text("Get-AzureVM")
    assert found(tmp_path) == []


@pytest.mark.parametrize("before", [0, 262_130, 262_144, 258_040, 258_050, 600_000])
def test_a_line_longer_than_memory_likes_is_looked_at_in_parts(before: int, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("x" * before + " Get-AzureVM " + "y" * 300_000 + "\nStop-AzureVM\n")
    assert found(tmp_path) == [("one.json", 1, before + 2, "Get-AzureVM"), ("one.json", 2, 1, "Stop-AzureVM")]


def test_a_long_file_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    with path.open("w") as file:
        for _ in range(30):
            file.write("an ordinary line, with 'words' in it\n" * 1000)
    tracemalloc.start()
    try:
        assert scan([path]).files == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 4


def test_names_of_moved_resources_count_in_files_that_use_classic(tmp_path: Path, moved: tuple[Move, ...]) -> None:
    (tmp_path / "a.ps1").write_text("$service = 'press'\nGet-AzureVM -ServiceName $service\nGet-AzureVM 'press1'\n")
    (tmp_path / "b.txt").write_text("a hot 'press' and nothing classic\n")
    assert found(tmp_path, moved) == [
        ("a.ps1", 1, 13, "press"),
        ("a.ps1", 2, 1, "Get-AzureVM"),
        ("a.ps1", 3, 1, "Get-AzureVM"),
    ]


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("Get-AzureVM")
    refused = Path.open

    def refusing(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        return refused(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", refusing)  # root may read everything
    assert scan([tmp_path]).unread == {str(tmp_path / "a"): "Permission denied"}


# --- the verb ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "start.ps1").write_text("Start-AzureVM -ServiceName press -Name press1\n")
    return folder


def test_scan_names_file_and_line_and_exits_1(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["scan", str(scripts), "--json"]) == 1
    shown = capsys.readouterr()
    [hit] = json.loads(shown.out)["hits"]
    assert hit == {
        "file": str(scripts / "start.ps1"),
        "line": 1,
        "column": 1,
        "rule": "classic-cmdlet",
        "found": "Start-AzureVM",
        "advice": "Use Start-AzVM.",
        "resources": [],
    }
    assert shown.err == "1 lines in 1 of 1 files use classic; 0 are no text\n"


def test_a_folder_without_classic_is_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.ps1").write_text("Start-AzVM\n")
    assert call(["scan", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("format", ["--json", "--csv"])
def test_scan_takes_the_map_that_map_made(
    scripts: Path, format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archived = ["--from", str(DOCUMENTS), "--subscription", SUBSCRIPTION]
    assert call(["map", VINEYARD, *archived, format]) == 0
    (tmp_path / "map").write_text(capsys.readouterr().out)
    assert call(["scan", str(scripts), "--map", str(tmp_path / "map"), "--json"]) == 1
    by_map = capsys.readouterr().out
    assert call(["scan", str(scripts), "--unit", VINEYARD, *archived, "--json"]) == 1
    assert capsys.readouterr().out == by_map
    [hit] = json.loads(by_map)["hits"]
    assert hit["resources"] == ["hostedService/press", "virtualMachine/press/press1"]
    assert hit["advice"].endswith(f"virtualMachine/press/press1 is now {PRESS1}.")


def test_the_table_holds_what_to_do(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["scan", str(scripts)]) == 1
    assert "Use Start-AzVM." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--json", "--sarif"], "several formats are asked for"),
        (["--from", str(DOCUMENTS)], "no unit is named to look for"),
        (["--map", __file__, "--unit", VINEYARD], "a map and units are both named"),
        (["--map", __file__], "it has not the columns"),
    ],
)
def test_wrong_usage_of_scan(scripts: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["scan", str(scripts), *more]) == 2
    assert said in capsys.readouterr().err


def test_sarif_points_at_every_hit_and_is_stable(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["scan", str(scripts), "--sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    assert log == sarif(scan([scripts]))
    [run] = log["runs"]
    [result] = run["results"]
    assert (log["version"], log["$schema"].endswith("/sarif-schema-2.1.0.json")) == ("2.1.0", True)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "classic-cmdlet"
    assert result["message"]["text"] == "Start-AzureVM: Use Start-AzVM."
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == str(scripts / "start.ps1")
    assert place["region"] == {"startLine": 1, "startColumn": 1, "snippet": {"text": "Start-AzureVM"}}
    assert run["invocations"][0]["executionSuccessful"] is True
