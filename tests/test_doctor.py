"""The doctor against an emulator that is told what to lack: each check says what is wrong, and what helps."""

import json
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import yaml
from prefect.automations import SendNotification

from asmosis.azure.roles import ROLES, Purpose
from asmosis.cli import call
from asmosis.doctor import CHECKS, Check, Condition, Patient, Told, examine, prefect, remedies
from asmosis.doctor.permissions import missing
from deployments import alarms, setup
from tasks.limits import _prepares, _writes
from workers.in_process import InProcessWorker

OK, WARNING, FAILED, UNASKED = Condition
AZURE = [check for check in CHECKS if check.area == "azure" and check.name != "locks"]
ROOT = Path(__file__).resolve().parent.parent
NETWORKS = "providers/Microsoft.Network/virtualNetworks"


def served(*options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """An emulator that lets nobody in without a token."""
    yield from served("--auth", "token")


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """An emulator whose clock is turned."""
    yield from served()


class Azure:
    """One subscription of an emulator, and somebody who signs in to it."""

    def __init__(self, url: str, **seeded: Any) -> None:
        self.url, self.subscription, self.who = url, str(uuid.uuid4()), uuid.uuid4().hex
        self.keeper = {"Authorization": f"Bearer {self.token('keeper')}"}
        self.control("seed", estate="contoso", subscription=self.subscription, **seeded)

    def token(self, who: str) -> str:
        url = f"{self.url}/msi/token?api-version=2019-08-01&resource=any&client_id={who}"
        return str(requests.get(url, headers={"X-IDENTITY-HEADER": "any"}, timeout=30).json()["access_token"])

    def control(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{path}", json=body, headers=self.keeper, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def fault(self, when: Mapping[str, Any], then: Mapping[str, Any]) -> None:
        self.control("faults", when={"subscription": self.subscription, **when}, then=then, times=None)

    def put(self, path: str, **body: Any) -> None:
        url = f"{self.url}/subscriptions/{self.subscription}/{path}?api-version=2021-04-01"
        requests.put(url, json={"location": "westus", **body}, headers=self.keeper, timeout=30).raise_for_status()

    def networks(self, number: int) -> None:
        self.put("resourceGroups/group")
        space = {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
        for each in range(number):
            self.put(f"resourceGroups/group/{NETWORKS}/network-{each}", **space)

    def patient(self, patience: float = 30.0, **environment: str) -> Patient:
        planes = {"ASMOSIS_ASM_URL": self.url, "ASMOSIS_ARM_URL": self.url, "ASMOSIS_TOKEN": self.token(self.who)}
        nobody = {"PREFECT_API_URL": "http://127.0.0.1:1/api"}
        return Patient({**planes, **nobody, **environment}, self.subscription, patience=patience)

    def told(self, name: str, **more: Any) -> Told:
        (row,) = examine(self.patient(**more), [check for check in CHECKS if check.name == name])
        return row.told


def test_a_subscription_that_lacks_nothing_is_well_in_every_respect(guarded: str) -> None:
    rows = examine(Azure(guarded).patient(), AZURE)
    assert {row.check.name: row.told.condition for row in rows} == {check.name: OK for check in AZURE}
    assert remedies(rows) == ()


def refuse_tokens(azure: Azure) -> None:
    azure.fault({"plane": "asm"}, {"status": 401, "code": "AuthenticationFailed", "message": "The token has expired."})
    azure.fault({"plane": "arm"}, {"status": 401, "code": "ExpiredAuthenticationToken", "message": "It has expired."})


def shut_classic_out(azure: Azure) -> None:
    azure.control("identities", client_id=azure.who, subscriptions=[azure.subscription], classic=False)


def give_a_role(azure: Azure, *actions: str, less: tuple[str, ...] = ()) -> None:
    given = {"client_id": azure.who, "subscriptions": [azure.subscription], "actions": actions, "not_actions": less}
    azure.control("identities", **given)


def let_assess_only(azure: Azure) -> None:
    give_a_role(azure, *ROLES[Purpose.ASSESS].actions)


def let_migrate(azure: Azure) -> None:
    give_a_role(azure, *ROLES[Purpose.MIGRATE].actions)


def take_machines_away(azure: Azure) -> None:
    give_a_role(azure, "*", less=("microsoft.compute/virtualmachines/*",))


def forget_registration(azure: Azure) -> None:
    azure.control("seed", estate="contoso", subscription=azure.subscription, registered=False)


def still_register(azure: Azure) -> None:
    body = json.dumps({"registrationState": "Registering"})
    azure.fault({"path": "InfrastructureMigrate"}, {"status": 200, "body": body, "content_type": "application/json"})


def fill_quota(azure: Azure) -> None:
    azure.networks(4)
    azure.control("quota", subscription=azure.subscription, region="westus", name="VirtualNetworks", limit=4)


def nearly_fill_quota(azure: Azure) -> None:
    azure.networks(4)
    azure.control("quota", subscription=azure.subscription, region="westus", name="VirtualNetworks", limit=5)


def spend_writes(azure: Azure) -> None:
    azure.control("throttle", subscription=azure.subscription, writes_per_hour=0)


def leave_few_writes(azure: Azure) -> None:
    azure.control("throttle", subscription=azure.subscription, writes_per_hour=60)


def stumble(azure: Azure) -> None:
    azure.fault({"plane": "arm"}, {"status": 503, "code": "ServiceUnavailable", "message": "Come back later."})


CASES: list[tuple[Callable[[Azure], None], str, Condition, str]] = [
    (refuse_tokens, "classic access", FAILED, "401 AuthenticationFailed: The token has expired."),
    (refuse_tokens, "registration", FAILED, "401 ExpiredAuthenticationToken"),
    (refuse_tokens, "sign-in", OK, "tokens for Resource Manager and classic"),
    (shut_classic_out, "classic access", FAILED, "403 ForbiddenError"),
    (shut_classic_out, "registration", OK, "Registered"),
    (let_assess_only, "may assess", OK, "all"),
    (
        let_assess_only,
        "may migrate",
        FAILED,
        "Microsoft.Authorization/locks/read, Microsoft.Compute/availabilitySets/read",
    ),
    (let_migrate, "may migrate", OK, "all"),
    (let_migrate, "ARM writes", OK, "left"),
    (take_machines_away, "may migrate", FAILED, "actions are missing: Microsoft.Compute/virtualMachines/"),
    (take_machines_away, "may assess", OK, "all"),
    (forget_registration, "registration", FAILED, "is NotRegistered"),
    (still_register, "registration", WARNING, "is Registering"),
    (fill_quota, "quotas", FAILED, "Virtual Networks in westus: 4 of 4"),
    (nearly_fill_quota, "quotas", WARNING, "Virtual Networks in westus: 4 of 5"),
    (spend_writes, "ARM writes", FAILED, "exceeded the limit of '0'"),
    (leave_few_writes, "ARM writes", WARNING, "59 left"),
    (stumble, "registration", FAILED, "503 ServiceUnavailable: Come back later."),
    (stumble, "classic access", OK, "may be listed"),
]


@pytest.mark.parametrize(("lack", "name", "condition", "words"), CASES, ids=[f"{c[0].__name__}-{c[1]}" for c in CASES])
def test_what_is_lacking_is_said(
    guarded: str, lack: Callable[[Azure], None], name: str, condition: Condition, words: str
) -> None:
    azure = Azure(guarded)
    lack(azure)
    told = azure.told(name)
    assert (told.condition, words in told.found) == (condition, True), told
    assert bool(told.remedy) == (condition is not OK), told


def test_who_gets_no_token_is_not_signed_in(guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    azure = Azure(guarded)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    told = azure.told("sign-in", ASMOSIS_TOKEN="")
    assert told.condition is FAILED
    assert "EnvironmentCredential" in told.found or "DefaultSignIn" in told.found


def test_the_remedy_for_the_registration_registers(other: str) -> None:
    azure = Azure(other, registered=False)
    told = azure.told("registration")
    assert told.condition is FAILED
    subprocess.run(["bash", "-ec", told.remedy.replace("curl", "curl -sf")], check=True, stdout=subprocess.DEVNULL)
    assert azure.told("registration").condition is OK


@pytest.mark.parametrize(("seconds", "condition"), [(0, OK), (20, OK), (45, WARNING), (600, FAILED)])
def test_clocks_apart_are_told(other: str, seconds: float, condition: Condition) -> None:
    azure = Azure(other)
    clock = azure.control("clock", advance=0)
    azure.control("clock", advance=max(0.0, seconds - clock["offset"]))
    told = azure.told("clock")
    assert told.condition is condition, told
    if condition is not OK:
        assert re.search(rf"clock is \+{seconds // 10}\d s against ours", told.found), told


@pytest.mark.slow
def test_what_hangs_is_a_row_and_holds_nobody_up(guarded: str) -> None:
    azure = Azure(guarded)
    azure.fault({"path": "InfrastructureMigrate"}, {"hang": True})
    patient = azure.patient(patience=4)
    began = time.monotonic()
    rows = {row.check.name: row.told for row in examine(patient, AZURE)}
    assert time.monotonic() - began < 6
    assert rows["registration"] == Told(UNASKED, "no answer within 4 s", "asmosis doctor --patience 120")
    assert rows["classic access"].condition is OK
    requests.delete(f"{azure.url}/_control/faults", headers=azure.keeper, timeout=30)


@pytest.mark.slow
def test_every_check_says_something_where_nobody_is() -> None:
    nobody = dict.fromkeys(("ASMOSIS_ASM_URL", "ASMOSIS_ARM_URL"), "http://127.0.0.1:1")
    environment = {**nobody, "ASMOSIS_TOKEN": "any", "PREFECT_API_URL": "http://127.0.0.1:1/api"}
    rows = examine(Patient(environment, str(uuid.uuid4()), patience=20))
    alone = {"disk space", "evidence", "sign-in"}
    assert {row.check.name for row in rows if not row.told.condition.bad} == alone
    assert all(row.told.remedy for row in rows if row.told.condition.bad)
    assert {row.told.condition for row in rows if row.check.name in ("classic", "Resource Manager", "server")} == {
        FAILED
    }


def test_without_a_subscription_the_server_is_looked_at_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASMOSIS_SUBSCRIPTION", raising=False)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert call(["doctor", "--json", "--patience", "5"]) == 1
    answer = json.loads(capsys.readouterr().out)
    rows = {row["check"]: row for row in answer["checks"]}
    assert answer["well"] is False
    assert rows["registration"]["condition"] == "could not ask"
    assert rows["registration"]["remedy"] == "Give --subscription or set ASMOSIS_SUBSCRIPTION."
    assert rows["server"]["condition"] == "failed"
    assert set(rows["server"]) == {"area", "check", "condition", "found", "remedy", "seconds"}


def test_a_remedy_that_helps_several_is_printed_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASMOSIS_SUBSCRIPTION", raising=False)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert call(["doctor", "--patience", "5"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("Give --subscription or set ASMOSIS_SUBSCRIPTION.") == 1
    assert "classic, Resource Manager, sign-in" in shown


def test_no_secret_is_shown(guarded: str) -> None:
    azure = Azure(guarded)
    planted = azure.token(azure.who)
    azure.fault({"plane": "arm"}, {"status": 400, "code": "Bad", "message": f"do not like {planted}"})
    azure.fault({"plane": "asm"}, {"status": 400, "code": "Bad", "message": f"nor {planted}, sig=planted-signature"})
    patient = Patient(
        {
            "ASMOSIS_ASM_URL": azure.url,
            "ASMOSIS_ARM_URL": azure.url,
            "ASMOSIS_TOKEN": planted,
            "ASMOSIS_EVIDENCE": "nothing://someone:planted-password@host/place",
            "PREFECT_API_URL": "http://127.0.0.1:1/api",
            "PREFECT_API_AUTH_STRING": "ada:planted-login",
        },
        azure.subscription,
        patience=20,
    )
    shown = json.dumps([[row.told.found, row.told.remedy] for row in examine(patient)])
    assert "do not like" in shown
    assert planted not in shown
    assert "planted" not in shown


def test_evidence_that_cannot_be_written_fails(tmp_path: Path, guarded: str) -> None:
    (tmp_path / "file").write_text("")
    azure = Azure(guarded)
    assert azure.told("evidence", ASMOSIS_EVIDENCE=str(tmp_path / "file" / "below")).condition is FAILED
    told = azure.told("evidence", ASMOSIS_EVIDENCE=str(tmp_path / "not" / "yet"))
    assert (told.condition, list(tmp_path.iterdir())) == (OK, [tmp_path / "file"])
    assert azure.told("evidence", ASMOSIS_EVIDENCE="memory://evidence").condition is OK


@pytest.mark.parametrize(("free", "condition"), [(50 << 30, OK), (1 << 30, WARNING), (1 << 20, FAILED)])
def test_a_disk_that_fills_up_is_told(
    free: int, condition: Condition, guarded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert Azure(guarded).told("disk space").condition is condition


@pytest.mark.parametrize(
    ("permissions", "lacking"),
    [
        ([{"actions": ["*"]}], ()),
        ([{"actions": ["*/read"]}], ("A.B/c/write",)),
        ([{"actions": ["a.b/*"], "notActions": ["A.B/c/read"]}], ("A.B/c/read",)),
        # What one role takes away another one may allow (documented).
        ([{"actions": ["*"], "notActions": ["*/write"]}, {"actions": ["A.B/c/write"]}], ()),
        ([], ("A.B/c/read", "A.B/c/write")),
        ([{"actions": ["A.B/c"]}], ("A.B/c/read", "A.B/c/write")),
    ],
)
def test_roles_add_up_and_each_takes_away_from_itself_only(
    permissions: list[dict[str, Any]], lacking: tuple[str, ...]
) -> None:
    assert missing(permissions, ["A.B/c/read", "A.B/c/write"]) == lacking


def test_a_check_that_breaks_hides_nothing_of_the_others() -> None:
    def breaks(_: Patient) -> Told:
        raise KeyError("https://ada:planted@host")

    def well(_: Patient) -> Told:
        return Told(OK, "well")

    rows = examine(Patient({}), [Check("here", "breaks", breaks), Check("here", "well", well)])
    assert [row.told.condition for row in rows] == [UNASKED, OK]
    assert "KeyError: 'https://ada:***" in rows[0].told.found
    assert "planted" not in rows[0].told.found


def test_checks_are_named_once_and_say_what_they_look_at() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names)) >= 24
    assert all(check.ask.__doc__ for check in CHECKS)
    # Areas stand together, so that each is named once in the table.
    areas = [check.area for check in CHECKS]
    assert [area for area, before in zip(areas, ["", *areas], strict=False) if area != before] == sorted(
        set(areas), key=areas.index
    )


def test_what_is_looked_for_on_the_server_is_what_is_put_there() -> None:
    deployed = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    assert sorted(prefect.FLOWS) == sorted(each["name"] for each in deployed["deployments"])
    assert prefect.POOL == deployed["definitions"]["work_pool"]["name"] == setup.POOL
    assert InProcessWorker.type == prefect.POOL_TYPE
    assert prefect.WAKER in [each["name"] for entry in deployed["deployments"] for each in entry.get("triggers", ())]
    notify = SendNotification(block_document_id=uuid.uuid4(), body="")
    made = [each.name for each in alarms._automations(notify, timedelta(hours=1))]
    assert [f"asmosis: {name}" for name in prefect.ALARMS] == made
    assert prefect.limit_names("s") == (_prepares("s"), _writes("s"))


def test_remedies_name_pages_that_are_there() -> None:
    text = "".join(path.read_text() for path in (ROOT / "asmosis" / "doctor").glob("*.py"))
    text = text.replace("{OPERATIONS}", "docs/operations.md")
    named = set(re.findall(r"((?:docs|deployments)/[\w./]+\.md)(?:#([\w-]+))?", text))
    assert len(named) >= 5
    for page, anchor in named:
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, f"{page}#{anchor}"
