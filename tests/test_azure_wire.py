"""Both clients against a server that answers from a script: what they send, and what they make of the answers."""

import http.server
import logging
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from lxml import etree
from pydantic import SecretStr

from asmosis.azure.arm import ArmClient
from asmosis.azure.asm import COMPUTE, AsmClient
from asmosis.azure.asm_http import _regional_host
from asmosis.azure.sign_in import StaticToken, credential_of
from asmosis.errors import (
    AsmosisError,
    AuthenticationFailed,
    Conflict,
    ControlPlaneError,
    Forbidden,
    NotFound,
    OperationFailed,
    ServerFault,
    StillMoving,
    Throttled,
    Unreachable,
    UnreadableDocument,
)
from asmosis.units import Destination, DestinationMode, State, Unit, Verb

SUBSCRIPTION = "0a0a0a0a-1111-4222-8333-444444444444"
TOKEN = "tok-5f0c1d2e3a4b"
SPACE = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
BUSY = "Windows Azure is currently performing an operation on this hosted service that requires exclusive access."
NO_NETWORK = (
    "Virtual network '123' not found. Either it does not exist or it is an Azure Resource Manager resource, which"
    " cannot be used with Cloud Services."
)
SERVICE = Unit(SUBSCRIPTION, "hostedService", "web svc")
NETWORK = Unit(SUBSCRIPTION, "virtualNetwork", "Group rg net")


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Script(http.server.ThreadingHTTPServer):
    """Gives its answers in order, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.seen: list[Request] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Script
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(Request(self.command, self.path, dict(self.headers.items()), body))
        answer = self.server.answers[0] if len(self.server.answers) == 1 else self.server.answers.pop(0)
        if answer.cut:
            self.close_connection = True
            return
        content = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(content)), "x-ms-request-id": "f" * 32, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def script() -> Iterator[Script]:
    with Script() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def asm(script: Script, naps: list[float]) -> Iterator[AsmClient]:
    credential = credential_of(StaticToken(SecretStr(TOKEN)))
    with AsmClient(SUBSCRIPTION, url=script.url, credential=credential, sleep=naps.append) as client:
        yield client


@pytest.fixture
def arm(script: Script) -> Iterator[ArmClient]:
    credential = credential_of(StaticToken(SecretStr(TOKEN)))
    with ArmClient(SUBSCRIPTION, credential, url=script.url, backoff=0.0) as client:
        yield client


def error(code: str, message: str) -> str:
    return f"<Error {SPACE}><Code>{code}</Code><Message>{message}</Message></Error>"


def operation(status: str, rest: str = "") -> Answer:
    return Answer(body=f"<Operation {SPACE}><ID>i</ID><Status>{status}</Status>{rest}</Operation>")


def deployment(*states: str | None) -> Answer:
    roles = "".join(
        f"<Role><RoleName>r{number}</RoleName>{f'<MigrationState>{state}</MigrationState>' if state else ''}</Role>"
        for number, state in enumerate(states)
    )
    return Answer(
        body=f"<Deployment {SPACE}><Name>dep 1</Name><DeploymentSlot>Production</DeploymentSlot>"
        f"<Status>Running</Status><RoleList>{roles}</RoleList></Deployment>"
    )


REFUSALS = [
    pytest.param(401, "AuthenticationFailed", "A", AuthenticationFailed, id="bad token"),
    pytest.param(403, "AuthenticationFailed", "A", AuthenticationFailed, id="bad certificate"),
    pytest.param(403, "ForbiddenError", "A", Forbidden, id="not yours"),
    pytest.param(404, "ResourceNotFound", "No deployments were found.", NotFound, id="no such resource"),
    pytest.param(400, "BadRequest", NO_NETWORK, NotFound, id="no such network"),
    pytest.param(400, "BadRequest", "The virtual network 123 does not exist.", NotFound, id="no such network, older"),
    pytest.param(400, "BadRequest", "A parameter was incorrect", ControlPlaneError, id="wrong request"),
    pytest.param(409, "ConflictError", BUSY, Conflict, id="busy"),
    pytest.param(410, "Gone", "A", NotFound, id="gone"),
    pytest.param(429, "TooManyRequests", "A", Throttled, id="throttled"),
    pytest.param(503, "TooManyRequests", "Too many requests received.", Throttled, id="throttled, as classic says it"),
    pytest.param(500, "InternalError", "A", ServerFault, id="stumbled"),
    pytest.param(501, "NotEmulated", "A", ServerFault, id="not there"),
]


@pytest.mark.parametrize(("status", "code", "message", "kind"), REFUSALS)
def test_a_classic_refusal_becomes_an_error_of_the_tree(
    script: Script, asm: AsmClient, status: int, code: str, message: str, kind: type[ControlPlaneError]
) -> None:
    script.answers = [Answer(status, error(code, message))]
    with pytest.raises(ControlPlaneError) as caught:
        asm.get("services/disks", COMPUTE)
    assert type(caught.value) is kind
    assert caught.value.args == ("ASM", status, code, message, "f" * 32)
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


@pytest.mark.parametrize(("status", "code", "message", "kind"), REFUSALS)
def test_an_arm_refusal_becomes_the_same_error(
    script: Script, arm: ArmClient, status: int, code: str, message: str, kind: type[ControlPlaneError]
) -> None:
    script.answers = [Answer(status, f'{{"error": {{"code": "{code}", "message": "{message}"}}}}')]
    with pytest.raises(ControlPlaneError) as caught:
        arm.groups()
    assert type(caught.value) is kind
    assert caught.value.args == ("ARM", status, code, message, "f" * 32)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param(
            "<html><body>Down for\nmaintenance</body></html>", "BadGateway", "Down for maintenance", id="html"
        ),
        pytest.param("", "BadGateway", "(no words)", id="empty"),
        pytest.param("x" * 900, "BadGateway", "x" * 500 + " …", id="endless"),
        pytest.param("<Error><Message>m</Message></Error>", "BadGateway", "m", id="no code"),
        pytest.param("<Error><Code>C</Code></Error>", "C", "", id="no message"),
    ],
)
def test_a_refusal_without_a_proper_envelope_still_says_what_it_can(
    script: Script, asm: AsmClient, body: str, code: str, message: str
) -> None:
    script.answers = [Answer(502, body)]
    with pytest.raises(ServerFault) as caught:
        asm.get("services/disks", COMPUTE)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    "body",
    ["", "<html>hello</html>", "[]", '{"value": 7}', '{"value": [7]}'],
    ids=["empty", "html", "a list", "value is no list", "items are no objects"],
)
def test_an_arm_answer_of_another_shape_is_unreadable(script: Script, arm: ArmClient, body: str) -> None:
    script.answers = [Answer(200, body, {"Content-Type": "application/json"})]
    with pytest.raises(UnreadableDocument):
        arm.groups()


@pytest.mark.parametrize(
    "body",
    ["", "{}", "<html/>", f"<Disks {SPACE}/>", "<Operation", f"<Operation {SPACE}><Status>x</Status></Operation>"],
    ids=["empty", "json", "html", "another document", "cut", "incomplete"],
)
def test_a_classic_answer_of_another_shape_is_unreadable(script: Script, asm: AsmClient, body: str) -> None:
    script.answers = [Answer(200, body)]
    with pytest.raises(UnreadableDocument):
        asm.operation("1")


@pytest.mark.parametrize("trouble", [Answer(503), Answer(500), Answer(429), Answer(408), Answer(cut=True)], ids=str)
def test_a_read_survives_three_transient_troubles_and_waits_longer_each_time(
    script: Script, asm: AsmClient, naps: list[float], trouble: Answer
) -> None:
    script.answers = [trouble, trouble, trouble, Answer(body="fine")]
    assert asm.get("x", COMPUTE) == b"fine"
    assert naps == [0.5, 1.0, 2.0]


def test_a_fourth_trouble_is_told(script: Script, asm: AsmClient) -> None:
    script.answers = [Answer(503, error("ServerBusy", "later"))]
    with pytest.raises(ServerFault, match="ServerBusy: later"):
        asm.get("x", COMPUTE)
    assert len(script.seen) == 4


@pytest.mark.parametrize(
    ("asked", "slept"),
    [("7", [7.0]), ("nonsense", [0.5]), ("Wed, 21 Oct 2015 07:28:00 GMT", [0.0]), ("0", [0.0])],
)
def test_a_read_waits_as_long_as_it_is_asked_to(
    script: Script, asm: AsmClient, naps: list[float], asked: str, slept: list[float]
) -> None:
    script.answers = [Answer(429, headers={"Retry-After": asked}), Answer(body="fine")]
    assert asm.get("x", COMPUTE) == b"fine"
    assert naps == slept


def test_a_read_asked_to_wait_too_long_leaves_it_to_the_caller(
    script: Script, asm: AsmClient, naps: list[float]
) -> None:
    script.answers = [Answer(429, error("TooManyRequests", "m"), {"Retry-After": "3600"})]
    with pytest.raises(Throttled):
        asm.get("x", COMPUTE)
    assert (len(script.seen), naps) == (1, [])


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), Answer(cut=True)], ids=str)
def test_a_write_is_never_repeated(script: Script, asm: AsmClient, naps: list[float], trouble: Answer) -> None:
    script.answers = [trouble]
    with pytest.raises(AsmosisError) as caught:
        asm.send(NETWORK, Verb.PREPARE)
    assert caught.value.worth_retrying
    assert (len(script.seen), naps) == (1, [])


def test_nobody_listening_is_unreachable(naps: list[float]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        credential = credential_of(StaticToken(SecretStr(TOKEN)))
        with AsmClient(SUBSCRIPTION, url=url, credential=credential, sleep=naps.append) as asm:
            with pytest.raises(Unreachable) as caught:
                asm.get("x", COMPUTE)
            assert str(caught.value) == f"ASM at {url} cannot be reached: Connection refused"
            assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args
        with (
            ArmClient(SUBSCRIPTION, credential, url=url, backoff=0.0) as arm,
            pytest.raises(Unreachable, match="Connection refused"),
        ):
            arm.groups()


@pytest.mark.parametrize(
    ("location", "home"),
    [
        ("https://ussouth2.management.core.windows.net/s/x", "https://ussouth2.management.core.windows.net"),
        ("https://management.core.windows.net/s/x", None),
        ("http://ussouth2.management.core.windows.net/s/x", None),
        ("https://ussouth2.management.core.windows.net:8443/s/x", None),
        ("https://management.core.windows.net.example/s/x", None),
        ("https://evilmanagement.core.windows.net/s/x", None),
        ("https://a.b.management.core.windows.net/s/x", None),
        ("/s/x", None),
        ("", None),
    ],
)
def test_only_a_regional_host_of_the_same_service_is_a_redirect_to_follow(location: str, home: str | None) -> None:
    assert _regional_host("https://management.core.windows.net", location) == home


def test_a_write_redirected_to_its_region_is_sent_there_with_its_token(
    script: Script, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **named: resolve("127.0.0.1", *rest, **named))
    region = f"http://usnorth2.localhost:{script.server_port}"
    script.answers = [Answer(307, headers={"Location": f"{region}/x"}), Answer(202, headers={"x-ms-request-id": "a1"})]
    url = f"http://localhost:{script.server_port}"
    credential = credential_of(StaticToken(SecretStr(TOKEN)))
    with AsmClient(SUBSCRIPTION, url=url, credential=credential, sleep=naps.append) as asm:
        assert asm.send(NETWORK, Verb.COMMIT) == "a1"
    first, second = script.seen
    assert (second.method, second.path, second.headers["x-ms-version"]) == ("POST", first.path, "2016-07-01")
    assert second.headers["Host"] == region.removeprefix("http://")
    assert second.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_redirect_elsewhere_is_refused_and_gets_no_token(script: Script, asm: AsmClient) -> None:
    script.answers = [Answer(307, headers={"Location": "http://127.0.0.2/x"})]
    with pytest.raises(ControlPlaneError, match="307"):
        asm.get("x", COMPUTE)
    assert len(script.seen) == 1


@pytest.mark.parametrize("location", ["http://[", "http://\u00ff"])
def test_a_redirect_to_what_is_no_address_is_an_error_of_the_tree(
    script: Script, asm: AsmClient, location: str
) -> None:
    script.answers = [Answer(307, headers={"Location": location})]
    with pytest.raises(AsmosisError):
        asm.send(NETWORK, Verb.COMMIT)
    assert len(script.seen) == 1


def test_a_code_of_several_lines_is_told_in_one(script: Script, asm: AsmClient) -> None:
    script.answers = [Answer(403, "<Error><Code>&#13;\nOdd</Code><Message>busy</Message></Error>")]
    with pytest.raises(ControlPlaneError) as caught:
        asm.send(NETWORK, Verb.COMMIT)
    assert str(caught.value).splitlines() == [str(caught.value)]
    assert caught.value.code == "Odd"


@pytest.mark.slow
def test_the_first_poll_is_at_once_and_pauses_grow_with_what_was_waited_to_a_ceiling(
    script: Script, asm: AsmClient, naps: list[float]
) -> None:
    done = operation("Succeeded", "<HttpStatusCode>200</HttpStatusCode>")
    script.answers = [*[operation("InProgress")] * 30, done]
    asm.wait("ab")
    assert naps[:6] == [1.0] * 6
    assert naps[6:] == [pytest.approx(min(sum(naps[:number]) / 5, 15.0)) for number in range(6, 30)]
    assert naps[-2:] == [15.0, 15.0]
    assert {request.path for request in script.seen} == {f"/{SUBSCRIPTION}/operations/ab"}


def test_waiting_ends_when_it_is_told_to(script: Script, asm: AsmClient, naps: list[float]) -> None:
    script.answers = [operation("InProgress")]
    with pytest.raises(StillMoving):
        asm.wait("ab", at_most=10)
    assert sum(naps) <= 10


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            operation(
                "Failed", "<HttpStatusCode>400</HttpStatusCode><Error><Code>C</Code><Message>M</Message></Error>"
            ),
            ("ASM", 400, "C", "M", "ab"),
            id="with words",
        ),
        pytest.param(operation("Failed"), ("ASM", 0, "Failed", "(no words)", "ab"), id="without"),
        pytest.param(operation("Lost"), ("ASM", 0, "Lost", "(no words)", "ab"), id="a status nobody knows"),
    ],
)
def test_a_failed_operation_is_told_in_the_platforms_words(
    script: Script, asm: AsmClient, answer: Answer, said: tuple[Any, ...]
) -> None:
    script.answers = [answer]
    with pytest.raises(OperationFailed) as caught:
        asm.wait("ab")
    assert caught.value.args == said


def test_a_write_without_an_operation_to_ask_after_is_unreadable(script: Script, asm: AsmClient) -> None:
    script.answers = [Answer(202, headers={"x-ms-request-id": ""})]
    with pytest.raises(UnreadableDocument, match="x-ms-request-id"):
        asm.send(NETWORK, Verb.ABORT)


@pytest.mark.parametrize(
    ("unit", "path", "version"),
    [
        (NETWORK, "services/networking/virtualnetwork/Group%20rg%20net", "2016-07-01"),
        (SERVICE, "services/hostedservices/web%20svc/deployments/dep%201", "2017-01-01"),
        (
            Unit(SUBSCRIPTION, "networkSecurityGroup", "a/b"),
            "services/networking/networksecuritygroups/a%2Fb",
            "2016-07-01",
        ),
        (Unit(SUBSCRIPTION, "routeTable", 'r"&'), "services/networking/routetables/r%22%26", "2016-07-01"),
        (Unit(SUBSCRIPTION, "reservedIp", "ip"), "services/networking/reservedips/ip", "2016-07-01"),
        (Unit(SUBSCRIPTION, "storageAccount", "acc"), "services/storageservices/acc", "2016-03-01"),
    ],
    ids=lambda value: value.kind if isinstance(value, Unit) else None,
)
@pytest.mark.parametrize("verb", Verb)
def test_each_verb_of_each_kind_goes_where_the_platform_has_it(
    script: Script, asm: AsmClient, unit: Unit, path: str, version: str, verb: Verb
) -> None:
    looked_up = [deployment(None)] if unit is SERVICE else []
    script.answers = [*looked_up, Answer(202, f"<ValidationMessages {SPACE}/>")]
    if verb is Verb.VALIDATE:
        assert asm.validate(unit) == ()
    else:
        assert asm.send(unit, verb) == "f" * 32
    sent = script.seen[-1]
    assert (sent.method, sent.path) == ("POST", f"/{SUBSCRIPTION}/{path}/migration?comp={verb}")
    assert sent.headers["x-ms-version"] == version
    assert bool(sent.body) == (unit is SERVICE and verb in (Verb.VALIDATE, Verb.PREPARE))
    if looked_up:
        assert script.seen[0].path == f"/{SUBSCRIPTION}/services/hostedservices/web%20svc/deploymentslots/Production"


@pytest.mark.parametrize(
    ("destination", "values"),
    [
        (None, ["", "", "", "New"]),
        (Destination(DestinationMode.EXISTING, "rg", "a&b", "s<1>"), ["rg", "a&b", "s<1>", "Existing"]),
    ],
)
def test_a_destination_is_always_said_with_all_four_elements(
    script: Script, asm: AsmClient, destination: Destination | None, values: list[str]
) -> None:
    script.answers = [deployment(None), Answer(202)]
    asm.send(SERVICE, Verb.PREPARE, destination)
    root = etree.fromstring(script.seen[-1].body)
    space = "{http://schemas.microsoft.com/windowsazure}"
    names = ["ResourceGroupName", "VirtualNetworkName", "SubNetName", "DestinationVirtualNetwork"]
    assert root.tag == f"{space}DeploymentNetworkResource"
    assert [child.tag for child in root] == [space + name for name in names]
    assert [child.text or "" for child in root] == values


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ((), State.CLASSIC),
        ((None, None), State.CLASSIC),
        (("None", "Aborted"), State.CLASSIC),
        (("Prepared", "Prepared"), State.PREPARED),
        (("Prepared", "Preparing"), State.PREPARING),
        (("Committing", "Prepared"), State.COMMITTING),
        ((None, "Aborting"), State.ABORTING),
        (("CommitFailed", "Prepared", None), State.COMMIT_FAILED),
        (("AbortFailed", "PrepareFailed"), State.ABORT_FAILED),
        (("PrepareFailed", "Prepared"), State.PREPARE_FAILED),
        (("Prepared", None), State.PREPARE_FAILED),
    ],
)
def test_a_deployment_stands_where_its_roles_stand(
    script: Script, asm: AsmClient, shown: tuple[str | None, ...], state: State
) -> None:
    script.answers = [deployment(*shown)]
    assert asm.state(SERVICE) is state


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "virtualNetwork",
            "<VirtualNetworkSites {s}><VirtualNetworkSite><Name>X</Name>{m}</VirtualNetworkSite></VirtualNetworkSites>",
        ),
        ("networkSecurityGroup", "<NetworkSecurityGroup {s}><Name>x</Name>{m}</NetworkSecurityGroup>"),
        ("routeTable", "<RouteTable {s}><Name>x</Name>{m}</RouteTable>"),
        ("reservedIp", "<ReservedIP {s}><Name>x</Name>{m}</ReservedIP>"),
        ("storageAccount", "<StorageService {s}><ServiceName>x</ServiceName>{m}</StorageService>"),
    ],
)
def test_each_kind_shows_its_state_in_its_own_document(script: Script, asm: AsmClient, kind: str, body: str) -> None:
    unit = Unit(SUBSCRIPTION, kind, "x")
    mark = "<MigrationState>{}</MigrationState>"
    script.answers = [
        Answer(body=body.format(s=SPACE, m="")),
        Answer(body=body.format(s=SPACE, m=mark.format("Prepared"))),
        Answer(404, error("ResourceNotFound", "gone")),
        Answer(body=body.format(s=SPACE, m=mark.format("Levitating"))),
    ]
    assert [asm.state(unit) for _ in range(3)] == [State.CLASSIC, State.PREPARED, State.ABSENT]
    with pytest.raises(UnreadableDocument, match="Levitating"):
        asm.state(unit)


def test_a_network_that_is_not_listed_is_absent(script: Script, asm: AsmClient) -> None:
    script.answers = [Answer(body=f"<VirtualNetworkSites {SPACE}/>")]
    assert asm.state(NETWORK) is State.ABSENT


def test_a_service_without_a_production_deployment_is_absent(script: Script, asm: AsmClient) -> None:
    script.answers = [Answer(404, error("ResourceNotFound", "No deployments were found."))]
    assert asm.state(SERVICE) is State.ABSENT


def calls(asm: AsmClient, arm: ArmClient) -> list[Callable[[], Any]]:
    return [lambda: asm.get("x", COMPUTE), lambda: asm.send(NETWORK, Verb.PREPARE), arm.groups, arm.registered]


@pytest.mark.parametrize("which", range(4))
def test_the_token_goes_out_and_is_nowhere_else(
    script: Script,
    asm: AsmClient,
    arm: ArmClient,
    which: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    script.answers = [Answer(400, error("BadRequest", "A parameter was incorrect"))]
    with pytest.raises(ControlPlaneError) as caught:
        calls(asm, arm)[which]()
    assert script.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    said = [str(caught.value), repr(caught.value), caplog.text, *capfd.readouterr(), repr(vars(asm)), repr(vars(arm))]
    assert not [text for text in said if TOKEN in text]
