"""The verb `template`: a unit's ARM side on stdout, what gets lost on stderr, and the exit codes between them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from asmosis.arm.template import API_VERSIONS, SCHEMA
from asmosis.cli import call, output

DOCUMENTS = Path(__file__).parent / "promised" / "documents"
NAMELESS = """\
<HostedService xmlns="http://schemas.microsoft.com/windowsazure">
  <ServiceName>shell</ServiceName><Mood>bad</Mood>
  <HostedServiceProperties><Location>West Europe</Location></HostedServiceProperties>
</HostedService>"""
NESTED = "Microsoft.Resources/deployments"


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)


def printed(unit: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[dict[str, Any], str]:
    assert call(["template", "--unit", unit, "--from", str(DOCUMENTS), *more]) == output.DONE
    shown = capsys.readouterr()
    return json.loads(shown.out), shown.err


def assert_is_a_template(one: Any) -> None:
    """The envelope of a deployment template, whose every resource says what it is and depends on what is there."""
    assert set(one) - {"parameters"} == {"$schema", "contentVersion", "resources"}
    assert one["$schema"] == SCHEMA
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", one["contentVersion"])
    held = {f"'{item['type']}', '" + "', '".join(item["name"].split("/")) + "'" for item in one["resources"]}
    assert len(held) == len(one["resources"])
    for item in one["resources"]:
        namespace, _, kind = item["type"].partition("/")
        assert item["apiVersion"] == API_VERSIONS[namespace]
        assert item["name"].count("/") == kind.count("/")
        assert isinstance(item["properties"], dict)
        assert {need.removeprefix("[resourceId(").removesuffix(")]") for need in item.get("dependsOn", ())} <= held
        if item["type"] == NESTED:
            assert item["resourceGroup"]
            assert item["properties"]["mode"] == "Incremental"
            assert_is_a_template(item["properties"]["template"])
        else:
            assert item["location"]


@pytest.mark.parametrize(
    ("unit", "types"),
    [
        pytest.param("virtualNetwork/vineyard", {"Microsoft.Network/virtualNetworks", NESTED}, id="network"),
        pytest.param("hostedService/Tasting", {"Microsoft.Compute/virtualMachines"}, id="cloud service"),
        pytest.param("hostedService/tasting", {"Microsoft.Compute/virtualMachines"}, id="in other case"),
        pytest.param(
            "networkSecurityGroup/spare-guard", {"Microsoft.Network/networkSecurityGroups"}, id="security group"
        ),
        pytest.param("routeTable/spare-routes", {"Microsoft.Network/routeTables"}, id="route table"),
        pytest.param("reservedIp/spare-address", {"Microsoft.Network/publicIPAddresses"}, id="reserved IP"),
        pytest.param("storageAccount/vineyarddisks", {"Microsoft.Storage/storageAccounts"}, id="storage account"),
    ],
)
def test_every_kind_of_unit_becomes_a_template(unit: str, types: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    one, _ = printed(unit, capsys)
    assert_is_a_template(one)
    assert types <= {item["type"] for item in one["resources"]}


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        pytest.param("virtualNetwork/vineyard", "lost: hostedService/press Description: ", id="a description"),
        pytest.param(
            "virtualNetwork/vineyard",
            "deploys into the resource group vineyard-Migrated; needs also press-Migrated, barrels-Migrated\n",
            id="the groups of services",
        ),
        pytest.param(
            "storageAccount/vineyarddisks", "deploys into the resource group vineyarddisks-Migrated\n", id="one group"
        ),
    ],
)
def test_losses_and_groups_are_told_beside_the_template(
    unit: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = printed(unit, capsys)
    assert said in told


def test_json_is_the_same_template_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for_people, _ = printed("hostedService/Tasting", capsys)
    assert call(["template", "--unit", "hostedService/Tasting", "--from", str(DOCUMENTS), "--json"]) == output.DONE
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line) == for_people


def test_what_no_model_claims_is_named_and_exit_1_with_the_template_of_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shell.xml"
    file.write_text(NAMELESS)
    assert call(["template", "--unit", "hostedService/shell", "--from", str(file)]) == output.NO
    shown = capsys.readouterr()
    assert f"not understood: {file}: HostedService/Mood\n" in shown.err
    assert_is_a_template(json.loads(shown.out))


def test_names_of_choice_come_from_a_file_and_what_is_for_another_unit_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["names"]) == output.DONE
    file = tmp_path / "names.yaml"
    usual = capsys.readouterr().out
    file.write_text(
        usual.replace("'{machine}-nic'", "'nic-{machine}'").replace("names: {}", "names: {routeTable/x: y}")
    )
    one, told = printed("hostedService/Tasting", capsys, "--names", str(file))
    assert {"nic-glass1", "nic-glass2"} <= {item["name"] for item in one["resources"]}
    assert "names: the unit has no routeTable/x\n" in told
    assert call(["names", "--schema"]) == output.DONE
    schema = json.loads(capsys.readouterr().out)
    assert schema["additionalProperties"] is False
    assert call(["names", "--schema", "--json"]) == output.DONE
    assert json.loads(capsys.readouterr().out) == schema
    assert call(["names", "--json"]) == output.DONE
    assert json.loads(capsys.readouterr().out)["templates"]["vault"] == "KV-{service}"


def test_parameters_go_into_a_file_and_what_must_be_given_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "parameters.json"
    one, told = printed("virtualNetwork/vineyard", capsys, "--parameters-out", str(file))
    values = json.loads(file.read_text(encoding="utf-8"))["parameters"]
    missing = set(one["parameters"]) - set(values)
    assert missing == {"extensions_press1_Script_protectedSettings"}
    assert "to be given: extensions_press1_Script_protectedSettings\n" in told
    assert printed("virtualNetwork/vineyard", capsys, "--parameters")[0] == one


def test_a_service_outside_any_network_joins_the_network_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    one, told = printed("hostedService/Tasting", capsys, "--network", "lan/hall/tables")
    assert "Microsoft.Network/virtualNetworks" not in {item["type"] for item in one["resources"]}
    subnet = "[resourceId('lan', 'Microsoft.Network/virtualNetworks/subnets', 'hall', 'tables')]"
    assert json.dumps(one).count(json.dumps(subnet)) == 2
    assert "deploys into the resource group Tasting-Migrated\n" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "Missing option '--unit'", id="no unit"),
        pytest.param(
            ["--unit", "routeTable/spare-routes", "--from", str(DOCUMENTS), "--network", "a/b/c"],
            "a unit of kind routeTable takes no destination network",
            id="a destination for what takes none",
        ),
        pytest.param(
            ["--unit", "hostedService/Tasting", "--from", str(DOCUMENTS), "--network", "a/b"],
            "it is not GROUP/NETWORK/SUBNET",
            id="half a destination",
        ),
        pytest.param(
            ["--unit", "routeTable/spare-routes", "--from", str(DOCUMENTS), "--names", str(DOCUMENTS / "press.xml")],
            "press.xml",
            id="names that are no YAML",
        ),
        pytest.param(["--unit", "vm/x", "--from", str(DOCUMENTS)], "Kinds: virtualNetwork,", id="an unknown kind"),
        pytest.param(
            ["--unit", "routeTable/x", "--from", str(DOCUMENTS)], "There are: spare-routes.", id="an unknown unit"
        ),
        pytest.param(
            ["--unit", "hostedService/press", "--from", str(DOCUMENTS)],
            "migrate virtualNetwork/vineyard.",
            id="a member of another unit",
        ),
        pytest.param(["--unit", "routeTable/x"], "subscription: none is named.", id="no subscription"),
        pytest.param(
            ["--unit", "routeTable/x", "--from", str(DOCUMENTS), "--asm-url", "http://127.0.0.1:1"],
            "both named",
            id="two sources",
        ),
    ],
)
def test_wrong_usage_is_exit_2_and_prints_no_template(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["template", *arguments]) == output.WRONG_USAGE
    shown = capsys.readouterr()
    assert (said in shown.err, shown.err.count("\n"), shown.out) == (True, 1, "")


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


def test_a_units_template_holds_its_certificates_vault_live_and_from_an_archive(
    emulator: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    seeded = requests.post(f"{emulator}/_control/seed", json={"estate": "contoso"}, timeout=60).json()
    live = ["--subscription", str(seeded["subscription"]), "--asm-url", emulator]
    wanted = ["template", "--unit", "virtualNetwork/contoso-certs-vnet"]
    assert call([*wanted, *live]) == output.DONE
    one = json.loads(capsys.readouterr().out)
    assert_is_a_template(one)
    assert "Microsoft.KeyVault/vaults" in json.dumps(one)
    assert call(["snapshot", *live, "--to", str(tmp_path / "a")]) == output.DONE
    capsys.readouterr()
    assert call([*wanted, "--from", str(tmp_path / "a")]) == output.DONE
    assert json.loads(capsys.readouterr().out) == one


def test_a_plane_that_refuses_is_exit_3_and_prints_no_template(
    emulator: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    live = ["--subscription", "11111111-2222-4333-8444-555555555555", "--asm-url", f"{emulator}/elsewhere"]
    assert call(["template", "--unit", "routeTable/x", *live]) == output.FAR_SIDE_FAILED
    shown = capsys.readouterr()
    assert (shown.err.startswith("asmosis: ASM answered 4"), shown.err.count("\n"), shown.out) == (True, 1, "")
