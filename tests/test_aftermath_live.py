"""The verbs about the time after a commit, against both planes of the emulator over a socket."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from pydantic import SecretStr

from asmosis.aftermath import AccessPlan, Grant
from asmosis.aftermath.granting import apply
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.cli import call
from asmosis.evidence import EvidenceStore
from asmosis.evidence.parts import part_of_facts
from asmosis.evidence.snapshot import RECEIVED, received_content
from asmosis.facts import FACTS_FILE, read_facts
from asmosis.units import Unit

UNIT = "virtualNetwork/contoso-vnet"
NETWORK = "services/networking/virtualnetwork/contoso-vnet"
VM_CONTRIBUTOR = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c"
CLASSIC_VM_CONTRIBUTOR = "d73bb868-a0df-4d4d-bd69-98a00b01fccb"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
GIVEN = "/providers/Microsoft.Authorization/roleAssignments"


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--dataplane", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


class Azure:
    """A subscription of the emulator, as operators and auditors see it."""

    def __init__(self, url: str) -> None:
        self.url, self.subscription = url, str(uuid4())
        body = {"estate": "contoso", "subscription": self.subscription}
        requests.post(f"{url}/_control/seed", json=body, timeout=60).raise_for_status()

    def assign(self, scope: str, role: str, principal: str) -> None:
        definition = f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": principal}}
        path = f"/subscriptions/{self.subscription}{scope}{GIVEN}/{uuid4()}?api-version=2022-04-01"
        requests.put(self.url + path, json=body, timeout=60).raise_for_status()

    def watch(self, name: str, scope: str) -> None:
        group = f"{self.url}/subscriptions/{self.subscription}/resourceGroups/watch"
        watched = f"/subscriptions/{self.subscription}{scope}"
        rule = {"condition": {"dataSource": {"resourceUri": watched, "metricName": "Percentage CPU"}}}
        for path, body in (
            ("", {"location": "westus"}),
            (f"/providers/Microsoft.Insights/alertRules/{name}", {"location": "westus", "properties": rule}),
        ):
            url = f"{group}{path}?api-version=2016-03-01"
            requests.put(url, json=body, timeout=60).raise_for_status()

    def roles(self) -> set[tuple[str, str, str]]:
        """Scope without the subscription, definition and principal of every role but the first Owner's."""
        path = f"/subscriptions/{self.subscription}{GIVEN}?api-version=2022-04-01"
        found = [each["properties"] for each in requests.get(self.url + path, timeout=60).json()["value"]]
        head = f"/subscriptions/{self.subscription}"
        return {
            (each["scope"].removeprefix(head), each["roleDefinitionId"].rpartition("/")[2], each["principalId"])
            for each in found
            if each["scope"] != head
        }

    def step(self, verb: str) -> None:
        path = f"{self.url}/{self.subscription}/{NETWORK}/migration?comp={verb}"
        answer = requests.post(path, headers={"x-ms-version": "2016-07-01"}, timeout=60)
        assert answer.status_code == 202, answer.text
        operation = f"{self.url}/{self.subscription}/operations/{answer.headers['x-ms-request-id']}"
        for _ in range(100):
            told = requests.get(operation, headers={"x-ms-version": "2016-07-01"}, timeout=60).text
            if "InProgress" not in told:
                break
        assert "<Status>Succeeded</Status>" in told

    def role_writes(self) -> int:
        path = f"{self.url}/_control/journal?subscription={self.subscription}"
        journal = requests.get(path, timeout=60).json()
        return sum(each["verb"] == "put" and "roleAssignments" in (each["unit"] or "") for each in journal)


@pytest.fixture
def azure(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Azure:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASMOSIS_ASM_URL", emulator)
    monkeypatch.setenv("ASMOSIS_ARM_URL", emulator)
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    made = Azure(emulator)
    monkeypatch.setenv("ASMOSIS_SUBSCRIPTION", made.subscription)
    return made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    """Calls a verb; answers its code, its JSON if it is any, and what it says beside."""

    def run(*arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = call(arguments)
        shown = capsys.readouterr()
        return code, json.loads(shown.out) if "--json" in arguments and shown.out else shown.out, shown.err

    return run


Said = Callable[..., tuple[int, Any, str]]


def archived(azure: Azure, folder: Path, said: Said) -> list[str]:
    """Roles and an alert rule on classic resources, all of it archived, and the unit committed."""
    web = "/resourceGroups/contoso-web/providers/Microsoft.ClassicCompute"
    azure.assign(f"{web}/virtualMachines/web1", READER, "ada")
    azure.assign(f"{web}/domainNames/contoso-web", CLASSIC_VM_CONTRIBUTOR, "bob")
    azure.assign("/resourceGroups/s/providers/Microsoft.ClassicStorage/storageAccounts/contosovhds", READER, "cy")
    azure.watch("web1-cpu", f"{web}/virtualMachines/web1")
    assert said("snapshot", "--to", str(folder))[0] == 0
    azure.step("prepare")
    azure.step("commit")
    return ["--from", str(folder)]


def test_a_map_of_what_is_there_is_found_not_promised(azure: Azure, said: Said, tmp_path: Path) -> None:
    code, before, _ = said("map", UNIT, "--json")
    assert code == 0
    assert {each["certainty"] for move in before["moves"] for each in move["successors"]} == {"promised", "assumed"}
    source = archived(azure, tmp_path / "archive", said)
    code, after, _ = said("map", UNIT, *source, "--found", "--json")
    assert code == 0
    assert [move["name"] for move in after["moves"]] == [move["name"] for move in before["moves"]]
    assert {each["certainty"] for move in after["moves"] for each in move["successors"]} == {"found"}
    for id in (each["id"] for move in after["moves"] for each in move["successors"] if "/providers/" in each["id"]):
        there = requests.get(f"{azure.url}{id}?api-version=2023-09-01", timeout=60)
        assert there.status_code == 200, id


@pytest.mark.usefixtures("azure")
def test_a_unit_that_is_not_in_arm_is_exit_1(said: Said) -> None:
    code, _, err = said("map", "hostedService/contoso-batch", "--found", "--json")
    assert code == 1
    assert "not in ARM: virtualMachine/contoso-batch/batch1: /subscriptions/" in err


def test_a_unit_that_is_committed_is_known_by_its_archive_or_its_evidence(
    azure: Azure, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "archive"
    source = archived(azure, folder, said)
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path / "evidence"))
    code, _, err = said("map", UNIT)
    assert (code, "name documents archived before (--from), or where its evidence is" in err) == (2, True)
    parts = {
        RECEIVED: received_content({path.name: path.read_bytes() for path in folder.glob("*.xml")}),
        **part_of_facts(read_facts(folder / FACTS_FILE)),
    }
    EvidenceStore(str(tmp_path / "evidence")).append(Unit.parse(UNIT, azure.subscription), "a-run", parts, {})
    for verb in (["map"], ["access", "plan"], ["todo"]):
        by_evidence = said(*verb, UNIT, "--found", "--json")
        assert (by_evidence[:2], "read from version 1 of its evidence" in by_evidence[2]) == (
            said(*verb, UNIT, *source, "--found", "--json")[:2],
            True,
        )


def test_roles_are_given_once_however_often_they_are_applied(azure: Azure, said: Said, tmp_path: Path) -> None:
    source = archived(azure, tmp_path / "archive", said)
    before, writes = azure.roles(), azure.role_writes()
    code, planned, _ = said("access", "plan", UNIT, *source, "--found", "--json")
    assert (code, len(planned["grants"]), azure.roles()) == (0, 2, before)
    code, applied, _ = said("access", "apply", UNIT, *source, "--yes", "--json")
    assert (code, [each["outcome"] for each in applied["grants"]]) == (0, ["given", "given"])
    given = {(scope.casefold(), role, principal) for scope, role, principal in azure.roles() - before}
    assert given == {
        ("/resourcegroups/contoso-web-migrated", VM_CONTRIBUTOR, "bob"),
        ("/resourcegroups/contoso-web-migrated/providers/microsoft.compute/virtualmachines/web1", READER, "ada"),
    }
    code, again, _ = said("access", "apply", UNIT, *source, "--yes", "--json")
    assert (code, [each["outcome"] for each in again["grants"]]) == (0, ["there", "there"])
    assert azure.role_writes() == writes + 2


def test_a_role_that_somebody_else_gives_meanwhile_is_there(azure: Azure) -> None:
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/g"
    grants = [Grant(who, "Reader", scope, "found", "Reader", scope, "why") for who in ("ada", "bob")]
    with Planes(azure.subscription, azure.url, azure.url, StaticToken(SecretStr("any"))).arm() as arm:
        given = apply(AccessPlan(tuple(grants), ()), arm, lambda _: True)
        assert next(given).outcome == "given"
        azure.assign("/resourceGroups/g", READER, "bob")
        assert [each.outcome for each in given] == ["there"]


def test_a_role_that_there_is_not_is_refused_and_the_others_are_given(azure: Azure) -> None:
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/g"
    definition = f"/subscriptions/{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    roles = ("Hatter", str(uuid4()), definition)
    grants = [Grant("ada", role, scope, "found", role, scope, "why") for role in roles]
    with Planes(azure.subscription, azure.url, azure.url, StaticToken(SecretStr("any"))).arm() as arm:
        unknown, refused, given = apply(AccessPlan(tuple(grants), ()), arm, lambda _: True)
    assert (unknown.outcome, unknown.why) == ("refused", "there is no role 'Hatter'")
    assert (refused.outcome, "RoleDefinitionDoesNotExist" in refused.why) == ("refused", True)
    assert (given.outcome, azure.roles()) == ("given", {("/resourceGroups/g", READER, "ada")})


def test_roles_on_a_storage_account_are_left_alone(azure: Azure, said: Said, tmp_path: Path) -> None:
    source = archived(azure, tmp_path / "archive", said)
    code, planned, _ = said("access", "plan", "storageAccount/contosovhds", *source, "--json")
    assert (code, planned["grants"], [kept["principal"] for kept in planned["kept"]]) == (0, [], ["cy"])


def test_nothing_is_given_on_ids_that_arm_does_not_hold(azure: Azure, said: Said) -> None:
    azure.assign("/resourceGroups/contoso-web/providers/Microsoft.ClassicCompute/virtualMachines/web1", READER, "ada")
    before = azure.roles()
    code, applied, _ = said("access", "apply", UNIT, "--yes", "--json")
    assert (code, [each["outcome"] for each in applied["grants"]], azure.roles()) == (1, ["refused"], before)
    assert applied["grants"][0]["refusal"] == "the id is missing, not found in ARM"


@pytest.mark.usefixtures("azure")
def test_roles_are_not_given_without_a_yes(said: Said) -> None:
    code, _, err = said("access", "apply", UNIT)
    assert (code, "nobody is there to agree" in err) == (2, True)


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("y\n", 1), ("", 1)])
def test_a_person_types_yes(
    azure: Azure, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    source = archived(azure, tmp_path / "archive", said)
    master, terminal = os.openpty()
    with os.fdopen(terminal, "r") as stdin, os.fdopen(master, "wb", buffering=0) as keyboard:
        keyboard.write(typed.encode() or b"\x04")  # end of file
        monkeypatch.setattr(sys, "stdin", stdin)
        answered, _, err = said("access", "apply", UNIT, *source)
        # Nobody is asked about what is there.
        again = said("access", "apply", UNIT, *source) if code == 0 else (0, "", "")
    assert (answered, "Type yes to give these 2 roles" in err) == (code, True)
    assert (again[0], "Type yes" in again[2]) == (0, False)
    assert (azure.role_writes() == 3) is (code != 0)


@pytest.mark.usefixtures("azure")
def test_an_archive_without_roles_is_told_apart_from_one_with_none(said: Said, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    assert said("snapshot", "--to", str(folder))[0] == 0
    assert said("access", "plan", UNIT, "--from", str(folder))[0] == 0
    (folder / "facts.yaml").unlink()
    code, _, err = said("access", "plan", UNIT, "--from", str(folder))
    assert (code, "nobody told which roles there are" in err) == (2, True)


def test_what_is_to_be_done_names_the_ids_that_are_there(azure: Azure, said: Said, tmp_path: Path) -> None:
    source = archived(azure, tmp_path / "archive", said)
    code, told, _ = said("todo", UNIT, *source, "--found", "--json")
    assert (code, [unit["unit"] for unit in told["units"]]) == (0, [UNIT])
    commands = [command for task in told["units"][0]["tasks"] for command in task["commands"]]
    ids = {id for command in commands for id in re.findall(r"/subscriptions/\S+", command)}
    assert len(ids) > 4
    for id in ids:
        there = requests.get(f"{azure.url}{id}?api-version=2023-09-01", timeout=60)
        assert there.status_code == 200, id
    [alert] = [task for task in told["units"][0]["tasks"] if task["topic"] == "alerts"]
    assert alert["what"].startswith("Make web1-cpu anew on ")
    assert alert["what"].endswith("contoso-web-Migrated/providers/Microsoft.Compute/virtualMachines/web1")
    page = said("todo", UNIT, *source, "--found")[1]
    assert page.startswith("# After the commit of virtualNetwork/contoso-vnet: ")


def test_a_wave_file_names_the_units(azure: Azure, said: Said, tmp_path: Path) -> None:
    wave = tmp_path / "friday.yaml"
    wave.write_text(f"name: friday\nsubscription: {azure.subscription}\nunits: [{UNIT}, storageAccount/contosovhds]\n")
    told = said("todo", "--wave", str(wave), "--json")[1]
    assert [unit["unit"] for unit in told["units"]] == [UNIT, "storageAccount/contosovhds"]
    assert said("todo", UNIT, "--wave", str(wave))[0] == 2
