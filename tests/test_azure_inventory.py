"""What a snapshot makes of answers that no sample estate has, and who signs in to get them."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from asmosis.azure.inventory import RawDocument, Snapshot, snapshot, take_snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import ManagementCertificate, StaticToken
from asmosis.errors import NotFound, UnreadableDocument

SUBSCRIPTION = "0a0a0a0a-1111-4222-8333-444444444444"
SECRET = "s3cr3t-0c1d"
SPACE = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


class Shelf(http.server.ThreadingHTTPServer):
    """Answers each path with the document that lies there."""

    daemon_threads = True
    request_queue_size = 64  # a snapshot connects with all its threads at once

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reader)
        self.documents = {path: f"<{root} {SPACE}/>" for path, root in LISTS.items()}
        self.authorizations: set[str | None] = set()


class Reader(http.server.BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        self.server.authorizations.add(self.headers["Authorization"])
        document = self.server.documents.get(self.path.partition(f"{SUBSCRIPTION}/")[2])
        self.send_response(200 if document else 404)
        self.end_headers()
        gone = f"<Error {SPACE}><Code>ResourceNotFound</Code><Message>Gone.</Message></Error>"
        self.wfile.write((document or gone).encode())

    def log_message(self, *_arguments: Any) -> None:
        pass


LISTS = {
    "services/hostedservices": "HostedServices",
    "services/networking/virtualnetwork": "VirtualNetworkSites",
    "services/networking/networksecuritygroups": "NetworkSecurityGroups",
    "services/networking/routetables": "RouteTables",
    "services/networking/reservedips": "ReservedIPs",
    "services/storageservices": "StorageServices",
    "services/disks": "Disks",
    "services/images": "Images",
    "services/vmimages": "VMImages",
    "affinitygroups": "AffinityGroups",
}


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def taken(shelf: Shelf) -> Snapshot:
    with planes_of(shelf).asm() as asm:
        return take_snapshot(asm)


def planes_of(shelf: Shelf) -> Planes:
    url = f"http://127.0.0.1:{shelf.server_port}"
    return Planes(SUBSCRIPTION, url, url, StaticToken(SecretStr(SECRET)))


def service(name: str, deployments: str = "") -> str:
    return f"<ServiceName>{name}</ServiceName><HostedServiceProperties/><Deployments>{deployments}</Deployments>"


DEPLOYMENT = (
    "<Deployment><Name>d</Name><DeploymentSlot>Production</DeploymentSlot><Status>Running</Status></Deployment>"
)


def listed(*services: str) -> str:
    items = "".join(f"<HostedService>{service(name)}</HostedService>" for name in services)
    return f"<HostedServices {SPACE}>{items}</HostedServices>"


def one(name: str, deployments: str = "", further: str = "") -> str:
    return f"<HostedService {SPACE}>{service(name, deployments)}{further}</HostedService>"


def test_services_come_in_the_platforms_order_without_those_that_are_gone_meanwhile(shelf: Shelf) -> None:
    names = [f"s{number}" for number in (3, 1, 2, 9, 4)]
    shelf.documents["services/hostedservices"] = listed(*names)
    shelf.documents |= {
        f"services/hostedservices/{name}?embed-detail=true": one(name) for name in names if name != "s9"
    }
    found = taken(shelf)
    assert [item.name for item in found.estate.hosted_services] == ["s3", "s1", "s2", "s4"]
    assert (found.unread, found.unreadable) == ((), ())
    assert len(found.documents) == len(LISTS) + 4


def test_certificates_are_asked_of_services_that_run_something(shelf: Shelf) -> None:
    shelf.documents["services/hostedservices"] = listed("runs", "idle")
    shelf.documents["services/hostedservices/runs?embed-detail=true"] = one("runs", DEPLOYMENT)
    shelf.documents["services/hostedservices/idle?embed-detail=true"] = one("idle")
    certificate = "<Certificate><Thumbprint>AB</Thumbprint><Data>TUlJ</Data></Certificate>"
    for name in ("runs", "idle"):
        path = f"services/hostedservices/{name}/certificates"
        shelf.documents[path] = f"<Certificates {SPACE}>{certificate}</Certificates>"
    assert taken(shelf).estate.certificates == {"runs": ("AB",)}


def test_gateways_are_asked_of_networks_that_want_one(shelf: Shelf) -> None:
    sites = "".join(
        f"<VirtualNetworkSite><Name>{name}</Name>{gateway}</VirtualNetworkSite>"
        for name, gateway in (("Group rg net", "<Gateway/>"), ("gone", "<Gateway/>"), ("plain", ""))
    )
    shelf.documents["services/networking/virtualnetwork"] = (
        f"<VirtualNetworkSites {SPACE}>{sites}</VirtualNetworkSites>"
    )
    path = "services/networking/{}/gateway"
    for name in ("Group%20rg%20net", "plain"):
        shelf.documents[path.format(name)] = f"<Gateway {SPACE}><State>Provisioned</State></Gateway>"
    connection = "<Connection><ConnectivityState>Connected</ConnectivityState></Connection>"
    shelf.documents[path.format("Group%20rg%20net") + "/connections"] = (
        f"<Connections {SPACE}>{connection}{connection}</Connections>"
    )
    estate = taken(shelf).estate
    assert {name: gateway.state for name, gateway in estate.gateways.items()} == {"Group rg net": "Provisioned"}
    assert {name: len(found) for name, found in estate.connections.items()} == {"Group rg net": 2}


@pytest.mark.parametrize(
    ("path", "item", "field"), [("images", "OSImage", "os_images"), ("vmimages", "VMImage", "vm_images")]
)
def test_only_the_subscriptions_own_images_are_in_the_estate(shelf: Shelf, path: str, item: str, field: str) -> None:
    images = "".join(
        f"<{item}><Name>{name}</Name><Category>{category}</Category></{item}>"
        for name, category in (("ours", "User"), ("theirs", "Public"))
    )
    root = LISTS[f"services/{path}"]
    shelf.documents[f"services/{path}"] = f"<{root} {SPACE}>{images}</{root}>"
    assert [image.name for image in getattr(taken(shelf).estate, field)] == ["ours"]


def test_what_no_model_claims_is_named_with_its_document(shelf: Shelf) -> None:
    shelf.documents["services/hostedservices"] = listed("web")
    path = "services/hostedservices/web?embed-detail=true"
    shelf.documents[path] = one("web", further="<Novelty>1</Novelty>")
    found = taken(shelf)
    assert found.unread == (f"{path}: HostedService/Novelty",)
    assert [item.name for item in found.estate.hosted_services] == ["web"]


@pytest.mark.parametrize("broken", ["<HostedService", "<HostedService/>", f"<Surprise {SPACE}/>"])
def test_what_cannot_be_read_is_named_and_makes_a_whole_estate_impossible(shelf: Shelf, broken: str) -> None:
    shelf.documents["services/hostedservices"] = listed("web", "odd")
    path = "services/hostedservices/odd?embed-detail=true"
    shelf.documents |= {"services/hostedservices/web?embed-detail=true": one("web"), path: broken}
    found = taken(shelf)
    [problem] = found.unreadable
    assert problem.startswith(path)
    assert [item.name for item in found.estate.hosted_services] == ["web"]
    assert RawDocument(path, broken.encode()) in found.documents
    with planes_of(shelf).asm() as asm, pytest.raises(UnreadableDocument, match="odd"):
        snapshot(asm)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_is_not_there_is_no_empty_list(shelf: Shelf, path: str) -> None:
    del shelf.documents[path]
    with planes_of(shelf).asm() as asm, pytest.raises(NotFound):
        snapshot(asm)


def test_a_snapshot_shows_no_content(shelf: Shelf) -> None:
    shelf.documents["services/hostedservices"] = listed("web")
    shelf.documents["services/hostedservices/web?embed-detail=true"] = one(
        "web", DEPLOYMENT.replace("d<", f"{SECRET}<")
    )
    found = taken(shelf)
    assert SECRET not in f"{found!r} {found.documents!r}"


@pytest.fixture
def identities(tmp_path: Path) -> Path:
    """An authority (`ca.pem`), a server for 127.0.0.1 and a client signed by it (key and certificate in one file)."""
    now = datetime.now(tz=UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    for name in ("ca", "server", "client"):
        key = authority_key if name == "ca" else ec.generate_private_key(ec.SECP256R1())
        subject = authority if name == "ca" else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder(authority, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, *form) if name != "ca" else b""
        (tmp_path / f"{name}.key").write_bytes(pem)
        (tmp_path / f"{name}.pem").write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return tmp_path


@pytest.mark.parametrize("key", ["", "client.key"], ids=["one file", "two files"])
def test_a_management_certificate_signs_in_by_tls_and_sends_no_token(
    shelf: Shelf, identities: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identities / "server.pem")
    context.load_verify_locations(identities / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    shelf.socket = context.wrap_socket(shelf.socket, server_side=True)
    url = f"https://127.0.0.1:{shelf.server_port}"
    certificate = ManagementCertificate(str(identities / "client.pem"), key and str(identities / key))
    planes = Planes(SUBSCRIPTION, asm_url=url, credential=StaticToken(SecretStr(SECRET)), certificate=certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(identities / "ca.pem"))
    (identities / "netrc").write_text(f"machine 127.0.0.1 login somebody password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(identities / "netrc"))
    with planes.asm() as asm:
        assert snapshot(asm).units == ()
    assert shelf.authorizations == {None}
