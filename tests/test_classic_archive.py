"""An archive that `snapshot` made is the same estate as the subscription that it was made of."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from asmosis.azure.inventory import take_snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.classic.archive import file_name, owner_of
from asmosis.classic.batches import read_documents
from asmosis.classic.documents import Document, read_document
from asmosis.classic.estate import Estate, is_ownerless

SPACE = 'xmlns="http://schemas.microsoft.com/windowsazure"'


@pytest.fixture(scope="module")
def planes() -> Iterator[Planes]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("ready ").strip()
        loaded = requests.post(f"{url}/_control/seed", json={"estate": "contoso"}, timeout=60).json()
        yield Planes(loaded["subscription"], url, url, StaticToken(SecretStr("any")))
        process.terminate()


def test_an_archive_is_the_estate_it_was_made_of(planes: Planes, tmp_path: Path) -> None:
    with planes.asm() as asm:
        live = take_snapshot(asm)
    for document in live.documents:
        (tmp_path / file_name(document.path)).write_bytes(document.content)
    found = [each for each in read_documents(sorted(tmp_path.iterdir())) if isinstance(each, Document)]
    archived = Estate.of_documents(planes.subscription, found)
    assert archived == live.estate
    assert archived.units == live.estate.units
    assert archived.gateways
    assert archived.certificates


@pytest.mark.parametrize(
    ("path", "file", "owner"),
    [
        ("services/networking/Group rg net/gateway", "services__networking__Group rg net__gateway.xml", "Group rg net"),
        (
            "services/networking/a%2Fb/gateway/connections",
            "services__networking__a%2Fb__gateway__connections.xml",
            "a/b",
        ),
        ("services/networking/a__b_/gateway", "services__networking__a%5F%5Fb%5F__gateway.xml", "a__b_"),
        ("services/hostedservices/web/certificates", "services__hostedservices__web__certificates.xml", "web"),
        ("services/hostedservices/web?embed-detail=true", "services__hostedservices__web.xml", ""),
        ("services/hostedservices", "services__hostedservices.xml", ""),
        ("services/networking/gateway", "services__networking__gateway.xml", ""),
    ],
)
def test_a_file_tells_whose_its_document_is(path: str, file: str, owner: str) -> None:
    assert file_name(path) == file
    assert owner_of(f"some/folder/{file}") == owner


def estate(**documents: str) -> Estate:
    return Estate.of_documents("s", [read_document(text.encode(), f"{name}.xml") for name, text in documents.items()])


def test_what_no_file_says_the_owner_of_belongs_to_nobody() -> None:
    gateway = f"<Gateway {SPACE}><State>Provisioned</State></Gateway>"
    assert estate(gateway=gateway).gateways == {}
    assert is_ownerless(read_document(gateway.encode(), "gateway.xml"))
    assert not is_ownerless(read_document(gateway.encode(), "services__networking__net__gateway.xml"))
    assert not is_ownerless(read_document(f"<Disks {SPACE}/>".encode(), "disks.xml"))
    assert list(estate(services__networking__net__gateway=gateway).gateways) == ["net"]


def test_an_answer_with_keys_is_no_account() -> None:
    keys = f"<StorageService {SPACE}><Url>u</Url><StorageServiceKeys><Primary>p</Primary></StorageServiceKeys></StorageService>"
    found = estate(keys=keys, store=f"<StorageService {SPACE}><ServiceName>store</ServiceName></StorageService>")
    assert [unit.short for unit in found.units] == ["storageAccount/store"]


def test_images_of_others_are_not_in_the_estate() -> None:
    images = "".join(
        f"<OSImage><Name>{name}</Name><Category>{name}</Category></OSImage>" for name in ("User", "Public")
    )
    assert [image.name for image in estate(images=f"<Images {SPACE}>{images}</Images>").os_images] == ["User"]


def test_look_ups_find_by_any_spelling_and_nothing_else() -> None:
    found = estate(
        networks=f"<VirtualNetworkSites {SPACE}><VirtualNetworkSite><Name>Net</Name></VirtualNetworkSite></VirtualNetworkSites>",
        accounts=f"<StorageServices {SPACE}><StorageService><ServiceName>store</ServiceName></StorageService></StorageServices>",
    )
    assert (found.network("nET"), found.network("Ne")) == (found.virtual_networks[0], None)
    assert (found.storage_account("STORE"), found.storage_account("")) == (found.storage_accounts[0], None)
