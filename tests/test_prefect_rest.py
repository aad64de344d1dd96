"""How Prefect's server is spoken to where it is protected: passwords, certificates, tokens against forged requests."""

import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from asmosis.errors import Forbidden, Unreachable, UsageError
from asmosis.prefect_rest import PrefectServer

Answer = Callable[[BaseHTTPRequestHandler], tuple[int, Any]]


class Server(ThreadingHTTPServer):
    """Answers what the test wants; keeps method and path of what it was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.asked = answer, list[str]()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate hangs up; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(f"{self.command} {self.path.partition('?')[0]}")
        status, body = self.server.answer(self)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(answer: Answer, certificate: Path | None = None) -> Server:
        server = Server(answer)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for loopback, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def yes(_: BaseHTTPRequestHandler) -> tuple[int, Any]:
    return 200, "yes"


@pytest.mark.parametrize("name", ["PREFECT_API_SSL_CERT_FILE", "SSL_CERT_FILE"])
def test_a_certificate_of_ones_own_is_trusted_where_prefect_trusts_it(
    name: str, serve: Callable[..., Server], certificate: Path
) -> None:
    url = f"https://127.0.0.1:{serve(yes, certificate).server_port}/api"
    assert PrefectServer.from_environment({"PREFECT_API_URL": url, name: str(certificate)}).call("GET", "/") == "yes"


@pytest.mark.parametrize("careless", ["", "false", "0"])
def test_a_certificate_that_nobody_knows_is_not(careless: str, serve: Callable[..., Server], certificate: Path) -> None:
    server = serve(yes, certificate)
    environment = {
        "PREFECT_API_URL": f"https://127.0.0.1:{server.server_port}/api",
        "PREFECT_API_AUTH_STRING": "ada:hush",
        "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": careless,
    }
    with pytest.raises(Unreachable, match="certificate"):
        PrefectServer.from_environment(environment, tries=0).call("GET", "/")
    assert server.asked == []


def test_who_wants_no_certificate_to_be_looked_at_is_warned(serve: Callable[..., Server], certificate: Path) -> None:
    url = f"https://127.0.0.1:{serve(yes, certificate).server_port}/api"
    careless = {"PREFECT_API_URL": url, "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true"}
    with pytest.warns(Warning, match="Unverified HTTPS request"):
        assert PrefectServer.from_environment(careless).call("GET", "/") == "yes"


def test_a_certificate_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="PREFECT_API_SSL_CERT_FILE: there is no file"):
        PrefectServer.from_environment({"PREFECT_API_SSL_CERT_FILE": str(tmp_path / "gone.pem")})


def test_a_password_travels_as_prefects_own_client_writes_it(serve: Callable[..., Server]) -> None:
    server = serve(lambda asked: (200, asked.headers["Authorization"]))
    api = f"http://127.0.0.1:{server.server_port}/api"
    assert PrefectServer(api, login=SecretStr("ada:grün")).call("GET", "/") == "Basic YWRhOmdyw7xu"


@pytest.mark.parametrize("once", [True, False])
def test_a_server_that_wants_tokens_gets_one_and_keeps_it(serve: Callable[..., Server], *, once: bool) -> None:
    clients: dict[str, str] = {}

    def protected(asked: BaseHTTPRequestHandler) -> tuple[int, Any]:
        if asked.command == "GET":
            clients[asked.path.partition("client=")[2]] = "t0ken"
            return 200, {"token": "t0ken"}
        token, client = (asked.headers.get(f"Prefect-Csrf-{name}", "") for name in ("Token", "Client"))
        if not token:
            return 403, {"detail": "Missing CSRF token."}
        return (200, "done") if clients.get(client) == token else (403, {"detail": "Invalid CSRF token or client"})

    server = serve(protected)
    prefect = PrefectServer(f"http://127.0.0.1:{server.server_port}/api")
    assert [prefect.call("POST", "/flow_runs/", {}, once=once) for _ in range(2)] == ["done", "done"]
    assert server.asked == ["POST /api/flow_runs/", "GET /api/csrf-token", *["POST /api/flow_runs/"] * 2]
    clients.clear()  # it has expired, or another process of the server answers
    assert prefect.call("POST", "/flow_runs/", {}, once=once) == "done"


def test_a_server_that_takes_no_token_is_not_asked_for_ever(serve: Callable[..., Server]) -> None:
    server = serve(lambda asked: (403, {"detail": "Invalid CSRF token", "token": asked.command}))
    with pytest.raises(Forbidden):
        PrefectServer(f"http://127.0.0.1:{server.server_port}/api").call("POST", "/", {})
    assert len(server.asked) == 2
