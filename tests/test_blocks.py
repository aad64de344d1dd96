"""What a ControlPlanes block means on the wire: whose directory is asked, for what, and which planes get the token."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter

from asmosis.errors import UsageError
from blocks.azure import ControlPlanes

SUBSCRIPTION = "0a0a0a0a-1111-4222-8333-444444444444"
TENANT, CLIENT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SECRET = "s3cr3t-9f2e"
NO_DOCUMENTS = '<HostedServices xmlns="http://schemas.microsoft.com/windowsazure"/>'


class Wire:
    """Plays Microsoft's directories and planes at the last moment before anything would leave this machine."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        """What was sent to directories: their host, the scope, and the kind of proof."""
        self.tokens: dict[str, str] = {}
        """Host of a plane → the token that it was shown."""

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:
        there = urlsplit(request.url or "")
        host = there.hostname or ""
        if "/oauth2/v2.0/token" in there.path:
            form = {name: values[0] for name, values in parse_qs(str(request.body)).items()}
            proof = "certificate" if "client_assertion" in form else form.get("client_secret", "")
            self.asked.append({"host": host, "scope": form["scope"], "proof": proof})
            body: Any = {"access_token": f"for {form['scope']}", "expires_in": 3600, "token_type": "Bearer"}
        elif "openid-configuration" in there.path or "/discovery/instance" in there.path:
            base = f"https://{host}/{TENANT}"
            body = {
                name: f"{base}/oauth2/v2.0/{name.split('_')[0]}"
                for name in ("authorization_endpoint", "token_endpoint")
            }
            body |= {"issuer": f"{base}/v2.0", "metadata": []}
        else:
            self.tokens[host] = str(request.headers["Authorization"]).removeprefix("Bearer ")
            body = {"value": []} if "resourcegroups" in there.path.lower() else NO_DOCUMENTS
        return _answer(request, body if isinstance(body, str) else json.dumps(body))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(HTTPAdapter, "send", wire.send)
    return wire


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate with its key, as a service principal has it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "asmosis")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path: Path = tmp_path_factory.mktemp("principal") / "principal.pem"
    path.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.mark.parametrize("kind", ["client-secret", "client-certificate"])
@pytest.mark.parametrize(
    ("cloud", "directory", "classic", "arm"),
    [
        ("public", "login.microsoftonline.com", "management.core.windows.net", "management.azure.com"),
        (
            "us-government",
            "login.microsoftonline.us",
            "management.core.usgovcloudapi.net",
            "management.usgovcloudapi.net",
        ),
        ("china", "login.chinacloudapi.cn", "management.core.chinacloudapi.cn", "management.chinacloudapi.cn"),
    ],
)
def test_a_service_principal_signs_in_to_both_planes_of_its_own_cloud(
    wire: Wire, certificate: str, cloud: str, directory: str, classic: str, arm: str, kind: str
) -> None:
    proof = {"secret": SECRET} if kind == "client-secret" else {"certificate_path": certificate}
    block = ControlPlanes.model_validate({"cloud": cloud, "sign_in": kind, "tenant": TENANT, "client": CLIENT} | proof)
    planes = block.planes(SUBSCRIPTION)
    with planes.asm() as asm, planes.arm() as resource_manager:
        asm.get("services/hostedservices", "2016-07-01")
        resource_manager.groups()
    # Classic refuses a token whose audience does not end in a slash.
    scopes = {classic: f"https://{classic}//.default", arm: f"https://{arm}/.default"}
    said = {(each["host"], each["proof"]) for each in wire.asked}
    assert said == {(directory, SECRET if kind == "client-secret" else "certificate")}
    assert {host: told.removeprefix("for ").split()[0] for host, told in wire.tokens.items()} == scopes


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ({"sign_in": "client-secret", "client": CLIENT, "secret": SECRET}, "tenant"),
        ({"sign_in": "client-certificate", "tenant": TENANT, "client": CLIENT}, "certificate_path"),
        ({"sign_in": "client-secret", "tenant": TENANT, "client": CLIENT}, "secret"),
        ({"sign_in": "token"}, "secret"),
    ],
)
def test_a_block_without_what_its_sign_in_needs_says_what(told: dict[str, str], missing: str) -> None:
    with pytest.raises(UsageError, match=f"{missing} is empty.*edit the block"):
        ControlPlanes.model_validate(told).planes(SUBSCRIPTION)


def test_an_address_of_ones_own_stands_and_a_region_belongs_to_its_cloud(wire: Wire) -> None:
    region = "https://westus.management.core.usgovcloudapi.net"
    told = {"sign_in": "client-secret", "tenant": TENANT, "client": "c", "secret": SECRET, "asm_url": region}
    planes = ControlPlanes.model_validate(told | {"cloud": "us-government"}).planes(SUBSCRIPTION)
    assert planes.asm_url == region
    with planes.asm() as asm:
        asm.get("services/hostedservices", "2016-07-01")
    assert {each["host"] for each in wire.asked} == {"login.microsoftonline.us"}


def _answer(request: requests.PreparedRequest, body: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = 200, request, request.url or ""
    answer.headers["Content-Type"] = "application/json" if body.startswith("{") else "application/xml"
    answer.raw = io.BytesIO(body.encode())
    return answer
