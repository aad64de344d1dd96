"""The roles that `asmosis roles` prints: enough for the work, and not one action more."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from pydantic import SecretStr

from asmosis.aftermath.access import AccessPlan, Grant
from asmosis.aftermath.granting import apply
from asmosis.azure.facts import gather_facts
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.roles import ROLES, Purpose
from asmosis.azure.sign_in import StaticToken
from asmosis.azure.state import state_of
from asmosis.check import check
from asmosis.check.verification import verify
from asmosis.classic.estate import Estate
from asmosis.cli import call
from asmosis.doctor import CHECKS, Patient, examine
from asmosis.errors import Forbidden
from asmosis.translate import groups_in, promise
from asmosis.units import Destination, State, Unit, Verb
from emulator.app import create_app
from emulator.arm.permissions import allowed, asked
from emulator.store import Store
from tests.emulator.conftest import Client

# Together they hold every type that a migration makes.
UNITS = ("virtualNetwork/contoso-vnet", "virtualNetwork/contoso-vpn-vnet", "virtualNetwork/contoso-certs-vnet")
# Asked only where they are registered; the emulator has none of them.
PROVIDERS = ("AAD", "ApiManagement", "HDInsight", "Insights", "Security", "Web")
ASSESS, MIGRATE = ROLES[Purpose.ASSESS].actions, ROLES[Purpose.MIGRATE].actions
# Without it, each group is asked by itself.
SPARED = "Microsoft.Resources/subscriptions/resources/read"

LOCKS = ("providers/Microsoft.Authorization/locks", "2016-09-01")


class Guarded:
    """An emulator that lets nobody in without a token, and a subscription of it."""

    def __init__(self, base: str) -> None:
        self.base, self.subscription = base, str(uuid4())
        headers = {"authorization": f"Bearer {self.token('keeper')}", "x-ms-version": "2016-03-01"}
        self.keeper = Client(base, self.subscription, headers)
        self.keeper.control("seed", {"estate": "contoso", "subscription": self.subscription})
        with self.planes("keeper").asm() as asm:
            self.estate: Estate = snapshot(asm)
        self.units = [self.estate.unit(Unit.parse(short, self.subscription)) for short in UNITS]
        self.promises = [promise(self.estate, unit) for unit in self.units]

    def token(self, client: str) -> str:
        url = f"{self.base}/msi/token?api-version=2019-08-01&resource=any&client_id={client}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"x-identity-header": "any"})) as answer:
            return str(json.load(answer)["access_token"])

    def planes(self, who: str) -> Planes:
        return Planes(self.subscription, self.base, self.base, StaticToken(SecretStr(self.token(who))))

    def limited(self, *actions: str, **more: Any) -> tuple[str, Planes]:
        """Somebody with a role of these actions."""
        who = uuid4().hex
        rights = {"client_id": who, "subscriptions": [self.subscription], "actions": actions, **more}
        self.keeper.control("identities", rights)
        return who, self.planes(who)

    def asked(self, who: str) -> dict[str, bool]:
        found: dict[str, bool] = self.keeper.control(f"identities?client_id={who}")
        return found

    def answering(self, path: str, body: dict[str, Any], ask: Callable[[], str]) -> str:
        """What comes of asking while a list of ARM answers this."""
        then = {"status": 200, "body": json.dumps(body), "content_type": "application/json"}
        self.keeper.fault({"plane": "arm", "method": "GET", "path": path}, then, None)
        try:
            return ask()
        finally:
            self.keeper.send("DELETE", "/_control/faults")

    def migrate(self, planes: Planes) -> None:
        """Everything from classic to committed, checked on the way as the flow does."""
        for unit, promised in zip(self.units, self.promises, strict=True):
            with planes.asm() as asm, planes.arm() as arm:
                assert not [message for message in asm.validate(unit) if message.category == "Error"]
                for verb, after in ((Verb.PREPARE, State.PREPARED), (Verb.COMMIT, State.COMMITTED)):
                    asm.wait(asm.send(unit, verb, Destination()))
                    assert state_of(unit, asm, arm, groups_in(promised)) is after
                    found = arm.holdings(groups_in(promised))
                    assert check(promised, found.resources, found.unread).clean
                assert verify(unit, asm, arm, promised).lacks == ()

    def unknown(self, planes: Planes) -> str:
        """What is not known after asking for all facts, where every provider is registered."""
        names = [{"namespace": f"Microsoft.{name}", "registrationState": "Registered"} for name in PROVIDERS]
        lists = rf"/Microsoft\.({'|'.join(PROVIDERS)})/"

        def ask() -> str:
            facts = self.answering(lists, {"value": []}, lambda: json.dumps(gather_facts(planes, self.estate).unknown))
            return facts + self.examined(planes)

        return self.answering(r"s/[^/]+/providers\?", {"value": names}, ask)

    def examined(self, planes: Planes) -> str:
        """What the doctor says of the plane."""
        assert isinstance(planes.credential, StaticToken)
        urls = {"ASMOSIS_ASM_URL": planes.asm_url, "ASMOSIS_ARM_URL": planes.arm_url}
        told = {**urls, "ASMOSIS_TOKEN": planes.credential.token.get_secret_value()}
        asking = [each for each in CHECKS if each.name in ("may assess", "ARM writes")]
        return "".join(row.told.found for row in examine(Patient(told, planes.subscription), asking))

    def lacking(self, planes: Planes) -> str:
        """What may not be read of all that was made; the list of machines with their status lags behind."""
        groups = [group for each in self.promises for group in groups_in(each)]
        with planes.arm() as arm:
            unread = self.answering("statusonly", {"value": []}, lambda: "".join(map(str, arm.holdings(groups).unread)))
            return unread + refusal(lambda: arm.listed(groups[:1])) + refusal(lambda: arm.read(*LOCKS))


def refusal(ask: Callable[[], object]) -> str:
    try:
        ask()
    except Forbidden as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = Store(tmp_path_factory.mktemp("guarded") / "state.sqlite")
    app = create_app(store, require_token=True)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    store.close()


@pytest.fixture(scope="module")
def committed(base: str) -> Guarded:
    """Where all units have migrated, by the worker with its role."""
    guarded = Guarded(base)
    guarded.limited(*MIGRATE, client_id="worker")
    guarded.migrate(guarded.planes("worker"))
    return guarded


def test_a_migration_takes_what_its_role_allows_and_nothing_else(committed: Guarded) -> None:
    worker = committed.planes("worker")
    assert "AuthorizationFailed" not in committed.unknown(worker)
    assert committed.lacking(worker) == ""
    assert committed.asked("worker") == dict.fromkeys(MIGRATE, True)
    writes = [entry for entry in committed.keeper.journal() if entry["caller"].get("subject") == "worker"]
    assert {entry["plane"] for entry in writes if entry["effect"]} == {"asm"}


def test_an_assessment_takes_what_its_role_allows_and_nothing_else(committed: Guarded) -> None:
    who, planes = committed.limited(*ASSESS, classic=False)
    assert "AuthorizationFailed" not in committed.unknown(planes)
    assert committed.asked(who) == dict.fromkeys(ASSESS, True)
    with planes.asm() as asm, pytest.raises(Forbidden, match="is associated with this subscription"):
        snapshot(asm)


@pytest.mark.slow
@pytest.mark.parametrize("action", MIGRATE)
def test_without_one_action_of_the_role_the_platform_refuses(committed: Guarded, action: str) -> None:
    who, planes = committed.limited(*(each for each in MIGRATE if each != action))
    told = committed.unknown(planes) if action in ASSESS else committed.lacking(planes)
    assert [each for each, allowed in committed.asked(who).items() if not allowed] == [action]
    refused = f"403 AuthorizationFailed: The client '{who}' with object id '{who}' does not have authorization to "
    assert (refused in told and f"perform action '{action}'" in told) is (action != SPARED), told


def test_whatever_is_tagged_by_the_write_check_its_role_allows(committed: Guarded) -> None:
    _, planes = committed.limited(*ROLES[Purpose.WRITE_CHECK].actions)
    _, reader = committed.limited(*MIGRATE)
    with planes.arm() as arm, reader.arm() as reading:
        found = arm.holdings([group for each in committed.promises for group in groups_in(each)]).resources
        of_type = {str(body["type"]): str(body["id"]) for body in found if str(body["id"]).count("/") == 8}
        for type_, id_ in of_type.items():
            assert arm.retag(id_, {"by": "ada"}) == {"by": "ada"}
            with pytest.raises(Forbidden, match=f"'{type_}/write'"):
                reading.retag(id_, {})
    written = {f"{type_}/write" for type_ in of_type}
    assert {*ROLES[Purpose.WRITE_CHECK].actions} - {*MIGRATE} - written == {
        "Microsoft.Compute/disks/write",
        "Microsoft.Storage/storageAccounts/write",
    }


@pytest.mark.parametrize(("purpose", "outcome"), [(Purpose.ACCESS, "given"), (Purpose.MIGRATE, "refused")])
def test_roles_are_given_by_the_role_for_that_only(committed: Guarded, purpose: Purpose, outcome: str) -> None:
    _, planes = committed.limited(*ROLES[purpose].actions)
    scope = f"/subscriptions/{committed.subscription}/resourceGroups/{groups_in(committed.promises[0])[0]}"
    grant = Grant(uuid4().hex, "Network Contributor", scope, "found", "Classic Network Contributor", "", "")
    with planes.arm() as arm:
        [end] = apply(AccessPlan((grant,), ()), arm, lambda _: True)
    assert end.outcome == outcome
    assert ("'Microsoft.Authorization/roleAssignments/write'" in end.why) is (outcome == "refused")


def test_rights_end_at_the_subscription(base: str, committed: Guarded) -> None:
    other = Guarded(base)
    who, _ = committed.limited("*")
    with other.planes(who).arm() as arm, pytest.raises(Forbidden, match=r"perform action .*/resourceGroups/read'"):
        arm.groups()


GROUP = "/subscriptions/s/resourceGroups/g"
PATHS = [
    ("GET", "/tenants", ""),
    ("GET", "/subscriptions", ""),
    ("GET", "/subscriptions/s", "Microsoft.Resources/subscriptions/read"),
    ("GET", "/subscriptions/s/locations", "Microsoft.Resources/subscriptions/locations/read"),
    ("GET", "/subscriptions/s/providers/Microsoft.Compute", "Microsoft.Resources/subscriptions/providers/read"),
    ("POST", "/subscriptions/s/providers/Microsoft.Network/register", "Microsoft.Network/register/action"),
    ("GET", "/subscriptions/s/RESOURCEGROUPS", "Microsoft.Resources/subscriptions/resourceGroups/read"),
    ("HEAD", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/read"),
    ("DELETE", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/delete"),
    ("POST", f"{GROUP}/exportTemplate", "Microsoft.Resources/subscriptions/resourceGroups/exportTemplate/action"),
    ("PATCH", f"{GROUP}/providers/Microsoft.Compute/disks/d", "Microsoft.Compute/disks/write"),
    ("POST", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a/listKeys", "Microsoft.Storage/storageAccounts/listKeys/action"),
    ("GET", f"{GROUP}/providers/Microsoft.Network/connections/c/sharedkey", "Microsoft.Network/connections/sharedkey/action"),
    ("POST", "/subscriptions/s/providers/Microsoft.Storage/checkNameAvailability", "Microsoft.Storage/checkNameAvailability/read"),
    ("PUT", f"{GROUP}/providers/Microsoft.Compute/disks/d/providers/Microsoft.Authorization/locks/l", "Microsoft.Authorization/locks/write"),
    ("PUT", f"{GROUP}/providers/Microsoft.Resources/deployments/d", "Microsoft.Resources/deployments/write"),
    ("GET", f"{GROUP}/providers", "Microsoft.Resources/subscriptions/resourceGroups/providers/read"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "action"), PATHS)
def test_what_a_request_asks_for_has_its_documented_name(method: str, path: str, action: str) -> None:
    wanted = asked(method, path)
    assert (wanted.action if wanted else "") == action


@pytest.mark.parametrize(
    ("actions", "exceptions", "may"),
    [
        (["*"], [], True),
        (["*/read"], [], True),
        (["microsoft.compute/DISKS/*"], [], True),
        (["Microsoft.Compute/disk/read"], [], False),
        (["Microsoft.Compute/*"], ["Microsoft.Compute/disks/*"], False),
        (["Microsoft.Compute/*/write"], [], False),
        (["Microsoft.Compute.disks.read"], [], False),
        ([], [], False),
    ],
)
def test_wildcards_and_exceptions_count_as_documented(actions: list[str], exceptions: list[str], may: object) -> None:
    assert allowed("Microsoft.Compute/disks/read", actions, exceptions) is may


@pytest.mark.parametrize("purpose", Purpose)
def test_a_printed_role_is_what_azures_command_line_takes(purpose: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["roles", purpose, "--subscription", str(uuid4()).upper()]) == 0
    role = json.loads(capsys.readouterr().out)
    lists = {"Actions", "NotActions", "DataActions", "NotDataActions", "AssignableScopes"}
    assert {name for name, value in role.items() if isinstance(value, list)} == lists
    assert all("*" not in action for action in role["Actions"])
    assert role["AssignableScopes"][0].startswith("/subscriptions/")


def test_a_role_wants_its_subscription(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["roles", "assess", "--subscription", "mine"]) == 2
    assert "is no subscription id" in capsys.readouterr().err
