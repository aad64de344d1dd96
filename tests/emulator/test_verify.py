"""`asmosis verify`: classic has let go, ARM has all of it, in order, unlocked and, where asked for, writable."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from asmosis.arm.resource import Resource, body, parse_id
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.cli import call
from asmosis.evidence import Bundle, EvidenceStore
from asmosis.evidence.promised import part_of_promise, promise_in
from asmosis.redaction import redacted
from asmosis.translate import Promise, promise
from asmosis.units import Unit
from tests.emulator.conftest import NEW, Client

NETWORK, SERVICE = "virtualNetwork/contoso-vnet", "hostedService/contoso-batch"
MACHINE, INTERFACE = "Microsoft.Compute/virtualMachines", "Microsoft.Network/networkInterfaces"
RESERVED = "reservedIp/contoso-spare-ip"
ADDRESS = "Microsoft.Network/publicIPAddresses/contoso-spare-ip"
KINDS = {
    NETWORK: 22,
    SERVICE: 8,
    "networkSecurityGroup/contoso-spare-nsg": 1,
    "routeTable/contoso-spare-routes": 1,
    RESERVED: 1,
    "storageAccount/contosologs": 1,
}
Verify = Callable[..., tuple[int, dict[str, Any]]]
REFUSED = {"status": 403, "code": "AuthorizationFailed", "message": "The client 'ada' may not do this."}


@pytest.fixture
def verify(client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASMOSIS_ASM_URL", client.base)
    monkeypatch.setenv("ASMOSIS_ARM_URL", client.base)
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    monkeypatch.setenv("ASMOSIS_SUBSCRIPTION", client.subscription)

    def run(unit: str, *options: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = call(["verify", unit, "--json", *options])
        [found] = json.loads(capsys.readouterr().out)["units"]
        return code, found

    return run


def commit(client: Client, unit: str, *wrongs: dict[str, Any]) -> None:
    client.done(unit, "prepare", NEW if unit.startswith("hostedService/") else None)
    if wrongs:
        client.fault({"verb": "commit", "unit": unit}, {"wrong": wrongs})
    client.done(unit, "commit")


def lock(client: Client, scope: str, level: str) -> None:
    path = f"/subscriptions/{client.subscription}{scope}/providers/Microsoft.Authorization/locks/keep"
    made = client.send("PUT", f"{path}?api-version=2016-09-01", json.dumps({"properties": {"level": level}}))
    assert made.status == 201


def lacks(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["what"], each["why"]) for each in found["lacks"]]


def writes(client: Client) -> list[str]:
    return [f"{each['method']} {each['status']}" for each in client.journal() if each["plane"] == "arm"]


@pytest.mark.parametrize("unit", KINDS)
def test_a_committed_unit_of_each_kind_lacks_nothing(client: Client, verify: Verify, unit: str) -> None:
    commit(client, unit)
    code, found = verify(unit)
    assert (code, found["good"], found["state"], found["lacks"]) == (0, True, "Committed", [])
    assert found["resources"] == KINDS[unit]
    assert writes(client) == []


def test_the_groups_of_a_networks_cloud_services_are_found_although_classic_no_longer_names_them(
    client: Client, verify: Verify
) -> None:
    commit(client, NETWORK)
    assert {group.casefold() for group in verify(NETWORK)[1]["resource_groups"]} == {
        "contoso-vnet-migrated",
        "contoso-web-migrated",
        "contoso-app-migrated",
    }


@pytest.mark.parametrize(
    ("verbs", "state", "what", "why"),
    [
        ((), "Classic", "classic", "has not begun to migrate"),
        (("prepare",), "Prepared", "classic", "prepared and locked"),
        (("prepare", "abort"), "Classic", "classic", "has not begun to migrate"),
    ],
)
def test_a_unit_that_classic_still_has_is_not_verified(
    client: Client, verify: Verify, verbs: tuple[str, ...], state: str, what: str, why: str
) -> None:
    for verb in verbs:
        client.done(NETWORK, verb)
    code, found = verify(NETWORK)
    assert (code, found["state"]) == (1, state)
    [(seen, words)] = lacks(found)
    assert seen == what
    assert why in words


def test_a_unit_that_nobody_has_is_not_verified(verify: Verify) -> None:
    code, found = verify("virtualNetwork/nobody")
    assert (code, found["state"], lacks(found)) == (1, "Absent", [("ARM", "Neither side has the unit.")])


def test_what_others_refer_to_and_is_not_there_is_named_without_any_promise(client: Client, verify: Verify) -> None:
    commit(client, NETWORK, {"type": INTERFACE, "name": "web1-nic", "do": "missing"})
    code, found = verify(NETWORK)
    assert code == 1
    assert (f"{INTERFACE}/web1-nic", f"It is not there, but {MACHINE}/web1 refers to it.") in lacks(found)
    assert {what for what, _ in lacks(found)} == {f"{INTERFACE}/web1-nic"}


def test_what_did_not_succeed_is_named(client: Client, verify: Verify) -> None:
    commit(
        client, NETWORK, {"type": MACHINE, "name": "web1", "path": "properties.provisioningState", "value": "Failed"}
    )
    code, found = verify(NETWORK)
    assert (code, lacks(found)) == (1, [(f"{MACHINE}/web1", "Its provisioning state is Failed.")])


def test_an_archive_of_before_tells_what_else_is_wrong(client: Client, verify: Verify, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    assert call(["snapshot", "--to", str(folder)]) == 0
    wrong = {"type": MACHINE, "name": "web1", "path": "properties.hardwareProfile.vmSize", "value": "Standard_A0"}
    commit(client, NETWORK, wrong)
    assert verify(NETWORK)[0] == 0
    code, found = verify(NETWORK, "--from", str(folder))
    assert (code, found["compared_with_promise"]) == (1, True)
    assert lacks(found) == [(f"{MACHINE}/web1", "hardwareProfile.vmSize: It is not as promised.")]


def kept(client: Client, unit: str, folder: Path, secret: str = "") -> Promise:
    """The evidence of a unit as its run leaves it; a secret stands in the settings of each extension."""
    planes = Planes(client.subscription, client.base, client.base, StaticToken(SecretStr("any")))
    wanted = Unit.parse(unit, client.subscription)
    with planes.asm() as asm:
        promised = promise(snapshot(asm), wanted)
    if secret:
        resources = [
            _with_settings(each, secret) if each.type.endswith("/extensions") else each for each in promised.resources
        ]
        promised = replace(promised, resources=tuple(resources))
    EvidenceStore(str(folder)).append(wanted, "run", part_of_promise(promised), {})
    return promised


def _with_settings(extension: Resource, secret: str) -> Resource:
    properties = extension.properties.model_copy(update={"settings": {"connectionString": secret}})
    return extension.model_copy(update={"properties": properties})


@pytest.mark.parametrize("unit", KINDS)
def test_evidence_knows_the_promise_as_it_was(client: Client, unit: str, tmp_path: Path) -> None:
    before = kept(client, unit, tmp_path)
    again = promise_in(Bundle.latest(EvidenceStore(str(tmp_path)), before.unit))
    assert again is not None
    assert [body(each) for each in again.resources] == redacted([body(each) for each in before.resources])
    assert [each.generated for each in again.resources] == [each.generated for each in before.resources]
    assert (again.unit, again.losses) == (before.unit, before.losses)


@pytest.mark.parametrize("unit", KINDS)
def test_without_an_archive_the_evidence_is_compared_with(
    client: Client, verify: Verify, unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path))
    kept(client, unit, tmp_path)
    commit(client, unit)
    code, found = verify(unit)
    assert (code, found["lacks"]) == (0, [])
    assert (found["compared_with_promise"], found["promise_from"]) == (True, "version 1 of its evidence")


def test_the_evidence_tells_what_else_is_wrong(
    client: Client, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path))
    kept(client, NETWORK, tmp_path)
    wrong = {"type": MACHINE, "name": "web1", "path": "properties.hardwareProfile.vmSize", "value": "Standard_A0"}
    commit(client, NETWORK, wrong)
    code, found = verify(NETWORK)
    assert (code, lacks(found)) == (1, [(f"{MACHINE}/web1", "hardwareProfile.vmSize: It is not as promised.")])
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path / "elsewhere"))
    code, found = verify(NETWORK)
    assert (code, found["promise_from"], found["compared_with_promise"]) == (0, None, False)
    assert call(["verify", NETWORK]) == 0
    assert "nobody here knows what was promised" in capsys.readouterr().err


def test_what_is_starred_in_the_evidence_is_no_difference(
    client: Client, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "AccountKey=bm90IGEga2V5;"
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path))
    promised = kept(client, NETWORK, tmp_path, secret)
    extensions = [each for each in promised.resources if each.type.endswith("/extensions")]
    assert extensions
    assert secret not in "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    value = {"connectionString": secret}
    commit(
        client,
        NETWORK,
        *(
            {
                "type": each.type,
                "name": "/".join(parse_id(each.id).names),
                "path": "properties.settings",
                "value": value,
            }
            for each in extensions
        ),
    )
    assert lacks(verify(NETWORK)[1]) == []


def test_evidence_that_was_changed_ends_it(
    client: Client, tmp_path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path))
    kept(client, RESERVED, tmp_path)
    commit(client, RESERVED)
    assert verify(RESERVED)[0] == 0
    [part] = tmp_path.rglob("parts/*")
    part.write_text(part.read_text().replace("contoso", "fabrikam"))
    assert call(["verify", RESERVED]) == 1
    assert "SHA-256" in capsys.readouterr().err


@pytest.mark.parametrize("scope", ["", "/resourceGroups/contoso-app-Migrated"])
def test_a_lock_against_writes_is_a_lack(client: Client, verify: Verify, scope: str) -> None:
    commit(client, NETWORK)
    lock(client, scope, "ReadOnly")
    code, found = verify(NETWORK)
    assert code == 1
    assert [what for what, _ in lacks(found)] == ["locks"]
    assert f"counts for {10 if scope else 22} of its resources" in lacks(found)[0][1]


def test_a_lock_against_deletes_and_a_lock_elsewhere_do_no_harm(client: Client, verify: Verify) -> None:
    commit(client, NETWORK)
    lock(client, "/resourceGroups/contoso-vnet-Migrated", "CanNotDelete")
    lock(client, "/resourceGroups/contoso-vnet", "ReadOnly")
    code, found = verify(NETWORK)
    assert (code, found["lacks"]) == (0, [])
    [note] = found["notes"]
    assert "CanNotDelete" in note


@pytest.mark.parametrize(
    ("path", "what"), [("/networkInterfaces", "resource group contoso-web-migrated"), ("/locks", "locks")]
)
def test_what_may_not_be_read_is_a_lack(client: Client, verify: Verify, path: str, what: str) -> None:
    commit(client, NETWORK)
    client.fault({"plane": "arm", "method": "GET", "path": path}, REFUSED, times=None)
    code, found = verify(NETWORK)
    client.send("DELETE", "/_control/faults")
    assert code == 1
    assert what in {seen for seen, _ in lacks(found)}
    assert all("AuthorizationFailed" in why for _, why in lacks(found))


def tags(client: Client) -> Any:
    [body] = client.arm("GET", "resources").json["value"]
    return body.get("tags") or {}


def test_a_write_check_leaves_the_tags_as_they_were(client: Client, verify: Verify) -> None:
    commit(client, RESERVED)
    path = f"/subscriptions/{client.subscription}/resourceGroups/contoso-spare-ip-Migrated/providers/{ADDRESS}"
    client.send("PATCH", f"{path}?api-version=2024-05-01", json.dumps({"tags": {"owner": "ada"}}))
    before = len(writes(client))
    assert verify(RESERVED, "--write-check")[0] == 0
    assert writes(client)[before:] == ["PATCH 200", "PATCH 200"]
    assert tags(client) == {"owner": "ada"}


@pytest.mark.parametrize(
    ("nth", "words"), [(1, "A tag cannot be written: "), (2, "was written and cannot be taken off")]
)
def test_a_write_that_is_refused_is_a_lack(client: Client, verify: Verify, nth: int, words: str) -> None:
    commit(client, RESERVED)
    client.fault({"plane": "arm", "method": "PATCH", "nth": nth}, REFUSED)
    code, found = verify(RESERVED, "--write-check")
    [(what, why)] = lacks(found)
    assert (code, what) == (1, ADDRESS)
    assert words in why
    assert len(tags(client)) == nth - 1


def test_a_table_for_people_says_the_same(
    client: Client, verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    commit(client, RESERVED)
    assert verify(RESERVED)[0] == 0
    assert call(["verify", RESERVED, "routeTable/contoso-spare-routes"]) == 1
    shown = capsys.readouterr().out
    assert [line.split()[1:] for line in shown.splitlines() if RESERVED in line] == [
        ["Committed", "1", "nothing", "nothing"]
    ]
    assert "has not begun to migrate" in shown


def test_a_network_without_an_archive_to_compare_with_is_wrong_usage(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["verify", SERVICE, "--subscription", client.subscription, "--network", "a/b/c"]) == 2
    assert "--from" in capsys.readouterr().err
