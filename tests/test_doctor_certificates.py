"""The doctor looks at the certificates of addresses, and knows whom Prefect's settings trust."""

import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from asmosis.doctor import CHECKS, Condition, Patient, Told, examine

OK, WARNING, FAILED, _ = Condition


class _Brief(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path.startswith("/api/")
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(b'"3.8.8"' if known else b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Callable[[int], tuple[str, Path]]]:
    """Addresses with a certificate of their own that ends in so many days."""
    servers: list[HTTPServer] = []

    def serve(days: int) -> tuple[str, Path]:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, both = tmp_path / f"{days}.pem", tmp_path / f"{days}-both.pem"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        own = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        both.write_bytes(own + pem.read_bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        server = HTTPServer(("127.0.0.1", 0), _Brief)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # who does not trust it hangs up
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"https://localhost:{server.server_port}", pem

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("days", "trusted", "condition", "words"),
    [
        (90, True, OK, "TLSv1.3, certificate until"),
        (5, True, WARNING, "(5 days)"),
        (90, False, FAILED, "certificate"),
        (-1, True, FAILED, "certificate has expired"),
    ],
)
def test_certificates_of_addresses_are_looked_at(
    tls: Callable[[int], tuple[str, Path]],
    days: int,
    trusted: bool,  # noqa: FBT001 - a column of the table above
    condition: Condition,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, pem = tls(days)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    environment = {"ASMOSIS_ASM_URL": url, "ASMOSIS_ARM_URL": url}
    (row,) = examine(
        Patient(environment, str(uuid.uuid4())), [check for check in CHECKS if check.name == "Resource Manager"]
    )
    assert (row.told.condition, words in row.told.found) == (condition, True), row.told


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_server_is_known_by_its_own_certificates(tls: Callable[[int], tuple[str, Path]]) -> None:
    url, pem = tls(90)
    api = {"PREFECT_API_URL": f"{url}/api"}

    def told(**more: str) -> Told:
        return examine(Patient({**api, **more}), [check for check in CHECKS if check.name == "server"])[0].told

    assert (told().condition, "certificate" in told().found) == (FAILED, True)
    known = told(PREFECT_API_SSL_CERT_FILE=str(pem))
    assert (known.condition, "certificate until" in known.found) == (OK, True), known
    careless = told(PREFECT_API_TLS_INSECURE_SKIP_VERIFY="true")
    assert (careless.condition, careless.remedy) == (WARNING, "unset PREFECT_API_TLS_INSECURE_SKIP_VERIFY"), careless
