"""Where the planes are, who signs in, and what a snapshot makes of answers that no sample estate has."""

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from pydantic import SecretStr

from asmosis.azure.arm import ArmClient
from asmosis.azure.asm import COMPUTE, AsmClient
from asmosis.azure.clouds import CLOUDS, CloudName, arm_scope_at, asm_scope_at
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import (
    ClientCertificate,
    ClientSecret,
    DefaultSignIn,
    ManagedIdentity,
    ManagementCertificate,
    SignIn,
    StaticToken,
    credential_of,
    token,
)
from asmosis.errors import AsmosisError, AuthenticationFailed, Unreachable, UsageError
from tests.conftest import free_port

SUBSCRIPTION = "0a0a0a0a-1111-4222-8333-444444444444"
SECRET = "s3cr3t-0c1d"


@pytest.mark.parametrize(
    "url",
    [
        "https://management.core.windows.net",
        "https://asm.example:8443/prefix",
        "http://127.0.0.1:8080",
        "http://127.8.8.8",
        "http://localhost:1",
        "http://[::1]:1",
    ],
)
def test_an_address_that_keeps_a_token_safe_is_taken(url: str) -> None:
    planes = Planes(SUBSCRIPTION, asm_url=url + "/", arm_url=url)
    assert (planes.asm_url, planes.arm_url) == (url, url)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://10.0.0.4:8080", "in clear"),
        ("http://emulator:8080", "in clear"),
        ("http://localhost.example", "in clear"),
        ("http://127.0.0.1.example", "in clear"),
        ("http://0.0.0.0", "in clear"),
        ("management.core.windows.net", "not the address"),
        ("ftp://127.0.0.1", "not the address"),
        ("https://", "not the address"),
        ("https://user:pass@asm.example", "not the address"),
        ("https://asm.example/?x=1", "not the address"),
        ("https://asm.example:port", "not the address"),
        ("https://[asm.example", "not the address"),
        ("", "not the address"),
    ],
)
@pytest.mark.parametrize("plane", ["asm_url", "arm_url"])
def test_any_other_address_is_a_usage_error(plane: str, url: str, problem: str) -> None:
    change: dict[str, Any] = {plane: url}
    with pytest.raises(UsageError, match=problem) as caught:
        Planes(SUBSCRIPTION, **change)
    assert plane in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_planes_without_a_subscription_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="ASMOSIS_SUBSCRIPTION"):
        Planes.from_environment({})


@pytest.mark.parametrize(
    ("environment", "planes"),
    [
        pytest.param({}, Planes(SUBSCRIPTION), id="nothing but a subscription"),
        pytest.param({"ASMOSIS_ASM_URL": "", "ASMOSIS_TOKEN": ""}, Planes(SUBSCRIPTION), id="empty is absent"),
        pytest.param(
            {"ASMOSIS_ASM_URL": "http://127.0.0.1:1", "ASMOSIS_ARM_URL": "http://127.0.0.1:2"},
            Planes(SUBSCRIPTION, "http://127.0.0.1:1", "http://127.0.0.1:2"),
            id="an emulator",
        ),
        pytest.param(
            {"ASMOSIS_TOKEN": SECRET}, Planes(SUBSCRIPTION, credential=StaticToken(SecretStr(SECRET))), id="a token"
        ),
        pytest.param(
            {"ASMOSIS_MANAGEMENT_CERTIFICATE": "c.pem", "ASMOSIS_MANAGEMENT_KEY": "k.pem"},
            Planes(SUBSCRIPTION, certificate=ManagementCertificate("c.pem", "k.pem")),
            id="a management certificate",
        ),
    ],
)
def test_the_environment_describes_the_planes(environment: dict[str, str], planes: Planes) -> None:
    assert Planes.from_environment({"ASMOSIS_SUBSCRIPTION": SUBSCRIPTION.upper()} | environment) == planes
    assert Planes.from_environment(environment, subscription=SUBSCRIPTION) == planes


def test_the_public_cloud_is_the_default() -> None:
    planes = Planes(SUBSCRIPTION)
    public = CLOUDS[CloudName.PUBLIC]
    assert (planes.asm_url, planes.arm_url) == (public.asm_url, public.arm_url)
    assert planes.credential == DefaultSignIn()


SIGN_INS: list[SignIn] = [
    DefaultSignIn(),
    ManagedIdentity("c"),
    ClientSecret("t", "c", SecretStr(SECRET)),
    ClientCertificate("t", "c", "p.pem", SecretStr(SECRET)),
    StaticToken(SecretStr(SECRET)),
]


@pytest.mark.parametrize("sign_in", SIGN_INS, ids=lambda sign_in: type(sign_in).__name__)
def test_planes_are_plain_frozen_data_that_pickles_and_tells_no_secret(sign_in: SignIn) -> None:
    planes = Planes(SUBSCRIPTION, credential=sign_in, certificate=ManagementCertificate("c.pem"))
    copy = pickle.loads(pickle.dumps(planes))
    assert copy == planes
    assert hash(copy) == hash(planes)
    assert SECRET not in f"{planes!r} {planes}"
    with pytest.raises(FrozenInstanceError):
        planes.subscription = "x"  # type: ignore[misc] # the point of the test


def test_one_way_to_sign_in_is_one_credential_until_the_environment_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    first = credential_of(ManagedIdentity())
    assert credential_of(ManagedIdentity()) is first
    assert credential_of(ManagedIdentity("c")) is not first
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:2/msi/token")
    assert credential_of(ManagedIdentity()) is not first


@pytest.mark.parametrize(
    "sign_in",
    [
        ClientCertificate("0a0a0a0a-1111-4222-8333-444444444444", "c", "/nowhere/p.pem"),
        ClientSecret("not/a/tenant", "c", SecretStr(SECRET)),
    ],
    ids=["no such file", "no such tenant"],
)
def test_a_credential_that_cannot_be_built_is_a_usage_error(sign_in: SignIn) -> None:
    with pytest.raises(UsageError) as caught:
        credential_of(sign_in)
    assert SECRET not in str(caught.value)


class Refuses:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ClientAuthenticationError("no\nway"), AuthenticationFailed), (ServiceRequestError("no\nway"), Unreachable)],
)
def test_a_credential_without_a_token_is_an_error_of_the_tree(error: Exception, kind: type[AsmosisError]) -> None:
    with pytest.raises(kind, match="no way"):
        token(Refuses(error), "https://plane/.default")


class IdentityEndpoint(BaseHTTPRequestHandler):
    """A managed identity's endpoint whose tokens are over at once, and that refuses for as long as it is told to."""

    refuses: ClassVar[bool] = False

    def do_GET(self) -> None:
        token = {"access_token": "t", "expires_on": str(int(time.time()) + 1), "resource": "r", "token_type": "Bearer"}
        answer = {"error": "invalid_request", "error_description": "try later"} if self.refuses else token
        self.send_response(401 if self.refuses else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def _identity_endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), IdentityEndpoint) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "h")
        yield
        server.shutdown()


@pytest.mark.usefixtures("_identity_endpoint")
def test_a_refusal_is_an_outage_to_who_has_signed_in_before_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    credential, plane = credential_of(ManagedIdentity()), "http://127.0.0.1:1"
    scope = arm_scope_at(plane)
    monkeypatch.setattr(IdentityEndpoint, "refuses", True)
    with pytest.raises(AuthenticationFailed):
        token(credential, scope)
    monkeypatch.setattr(IdentityEndpoint, "refuses", False)
    assert token(credential, scope).token == "t"
    monkeypatch.setattr(IdentityEndpoint, "refuses", True)
    with pytest.raises(Unreachable, match=r"it signed in at \d\d:\d\d UTC") as caught:
        token(credential, scope)
    assert caught.value.worth_retrying
    with pytest.raises(Unreachable, match="it signed in at"), ArmClient(SUBSCRIPTION, credential, url=plane) as arm:
        arm.groups()
    with pytest.raises(AuthenticationFailed):
        token(credential, "https://other/.default")
    monkeypatch.setattr(IdentityEndpoint, "refuses", False)
    assert token(credential, scope).token == "t"


@pytest.mark.parametrize("sign_in", [ManagedIdentity(), DefaultSignIn()], ids=["identity", "chain"])
def test_an_identity_endpoint_that_is_silent_is_an_outage_from_the_start(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{free_port()}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")
    with pytest.raises(Unreachable, match="Connection refused"):
        token(credential_of(sign_in), "https://plane/.default")


def test_a_missing_certificate_file_says_which(tmp_path: Path) -> None:
    certificate = ManagementCertificate(str(tmp_path / "gone.pem"))
    with pytest.raises(UsageError, match=r"gone\.pem"):
        Planes(SUBSCRIPTION, certificate=certificate).asm()


def test_the_classic_plane_needs_no_management_library() -> None:
    code = (
        "import sys; import asmosis.azure.planes, asmosis.azure.inventory;"
        " sys.exit(any(name.startswith(('azure.mgmt', 'azure.identity', 'msal')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Recorder:
    """A credential that keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += scopes
        return AccessToken("t", 2**31)


@pytest.mark.parametrize(
    ("classic", "manager", "scopes"),
    [
        (
            "https://management.core.windows.net",
            "https://management.azure.com",
            ["https://management.core.windows.net//.default", "https://management.azure.com/.default"],
        ),
        (
            "https://eastus.management.core.windows.net",
            "https://management.usgovcloudapi.net",
            ["https://management.core.windows.net//.default", "https://management.usgovcloudapi.net/.default"],
        ),
        ("http://127.0.0.1:9", "http://127.0.0.1:9", ["http://127.0.0.1:9/.default"] * 2),
        (
            "https://management.core.windows.net.evil.example",
            "https://management.azure.com.evil.example",
            [
                "https://management.core.windows.net.evil.example/.default",
                "https://management.azure.com.evil.example/.default",
            ],
        ),
    ],
    ids=["Azure", "of a region and of another cloud", "an emulator", "somebody who would like to be Azure"],
)
def test_a_token_for_azure_is_asked_for_azure_only(classic: str, manager: str, scopes: list[str]) -> None:
    assert [asm_scope_at(classic), arm_scope_at(manager)] == scopes


def test_both_clients_ask_for_what_their_plane_may_have() -> None:
    credential, nobody = Recorder(), "http://127.0.0.1:9"
    with (
        AsmClient(SUBSCRIPTION, url=nobody, credential=credential, sleep=lambda _: None) as asm,
        pytest.raises(Unreachable),
    ):
        asm.get("x", COMPUTE)
    with ArmClient(SUBSCRIPTION, credential, url=nobody, backoff=0) as arm, pytest.raises(Unreachable):
        arm.groups()
    assert set(credential.asked) == {f"{nobody}/.default"}
