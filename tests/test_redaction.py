"""A marker in every field that can hold a secret; none of them gets out, and nothing else is hidden."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from lxml import etree
from pydantic import BaseModel, SecretStr

from asmosis.classic.xml import parse
from asmosis.redaction import STARS, is_secret, redacted, redacted_at, redacted_elements, redacted_text

MARK = "Xy7marker"
KEY = base64.b64encode(b"k" * 64).decode()  # as long as the key of a storage account


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"https://a.blob.core.windows.net/b?sv=2015&sr=b&sig={MARK}%3D&se=2026", id="SAS token in a URL"),
        pytest.param(f"https://a.blob.core.windows.net/b?sig={MARK}", id="SAS token first"),
        pytest.param(f"fetch%3Fsv%3D1%26sig%3D{MARK}", id="SAS token escaped"),
        pytest.param(f"SharedAccessSignature=sv=1&sig={MARK}", id="SAS connection string"),
        pytest.param(f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={MARK}==;X=1", id="storage connection"),
        pytest.param(f"Endpoint=sb://a/;SharedAccessKeyName=root;SharedAccessKey={MARK}=", id="bus connection"),
        pytest.param(f"Server=tcp:a,1433;User ID=b;Password={MARK} with blanks;Encrypt=True", id="SQL connection"),
        pytest.param(f"Server=a;Uid=b;Pwd={MARK}", id="SQL connection, short"),
        pytest.param(f"client secret = {MARK}", id="client secret"),
        pytest.param(f'{{"adminPassword": "{MARK}"}}', id="JSON"),
        pytest.param(f'settings {{"storageAccountKey" : "{MARK}"}} in words', id="JSON in words"),
        pytest.param(f'"{{\\"password\\": \\"{MARK}\\"}}"', id="JSON in JSON"),
        pytest.param(f"https://ada:{MARK}@example.net/", id="password in a URL"),
        pytest.param(f"-----BEGIN RSA PRIVATE KEY-----\n{MARK}\n-----END RSA PRIVATE KEY-----", id="private key"),
        pytest.param(f"-----BEGIN PRIVATE KEY-----\n{MARK}", id="private key cut off"),
        pytest.param(f"Bearer eyJ{MARK}.{MARK}{MARK}.{MARK}", id="token"),
        pytest.param(packed(f"AccountKey={MARK}"), id="connection string in base64"),
        pytest.param(packed(json.dumps({"sasToken": MARK, "n": 1})), id="JSON in base64"),
    ],
)
def test_a_text_keeps_no_secret(text: str) -> None:
    hidden = redacted(text)
    assert MARK not in hidden
    assert packed(MARK)[:8] not in hidden
    decoded = base64.b64decode(hidden + "==").decode(errors="replace") if ":" not in hidden else ""
    assert MARK not in decoded
    assert redacted(hidden) == hidden, "what is hidden stays as it is"


def test_a_storage_key_is_known_by_its_shape() -> None:
    assert redacted_text(f"the key {KEY} of it") == f"the key {STARS} of it"


@pytest.mark.parametrize(
    "text",
    [
        "The password must be changed after commit.",
        "a design=bold signal=4",
        "/subscriptions/x/providers/Microsoft.KeyVault/vaults/secretkeeper",
        "contoso-web-key-1 in group tokens",
        packed("only a label"),
        "40.112.1.2:443",
        "https://contosovhds.blob.core.windows.net/vhds/web1.vhd",
        "AAAAB3NzaC1yc2EAAAADAQABAAABAQ==",
        '{"user": "ada", "count": 3}',
        "sha256 e9164134933c4ddb666bfc10a668e0bd",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert redacted(text) is text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("adminPassword", True),
        ("admin_password", True),
        ("protectedSettings", True),
        ("sharedKey", True),
        ("StorageAccountKey", True),
        ("customData", True),
        ("connectionString", True),
        ("PrimaryKey", True),
        ("authorizationKey", True),
        ("sasUri", True),
        ("keyData", False),
        ("secrets", False),
        ("passwordAuthentication", False),
        ("keyVaultUri", False),
        ("thumbprint", False),
        ("monkeys", False),
    ],
)
def test_fields_are_known_by_their_names(name: str, secret: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_secret(name) is secret


@dataclass(frozen=True)
class Held:
    name: str
    password: str
    more: tuple[Any, ...]


class Model(BaseModel):
    user: str
    settings: dict[str, Any]


def test_every_kind_of_value_is_looked_into_and_one_without_secrets_is_the_same_object() -> None:
    value: dict[str, Any] = {
        "osProfile": {"adminPassword": MARK, "secrets": [{"sourceVault": {"id": "v"}}]},
        "parameters": [{"name": "dbPassword", "value": MARK}, {"key": "k", "type": "Private", "value": MARK}],
        "held": Held("a", MARK, (f"sig={MARK}", SecretStr(MARK))),
        "model": Model(user="u", settings={"token": MARK}),
        "flag": {"password": True, "secret": None},
    }
    hidden = redacted(value)
    assert MARK not in str(hidden)
    assert hidden["osProfile"]["secrets"] == [{"sourceVault": {"id": "v"}}]
    assert hidden["flag"] == {"password": True, "secret": None}
    assert (hidden["held"].name, hidden["model"].user) == ("a", "u")
    plain = {"a": [1, "b", Held("a", "", ("b",))], "m": Model(user="u", settings={"x": 1})}
    assert redacted(plain) is plain


def test_a_value_is_judged_by_the_path_at_which_it_stands() -> None:
    assert redacted_at("properties.protectedSettings.user", MARK) == STARS
    assert redacted_at("connections[a].sharedKey", MARK) == STARS
    assert redacted_at("settings", {"password": MARK, "user": "u"}) == {"password": STARS, "user": "u"}
    assert redacted_at("hardwareProfile.vmSize", "Small") == "Small"


DOCUMENT = f"""<Root xmlns="http://schemas.microsoft.com/windowsazure">
  <StorageService><StorageServiceKeys><Primary>{MARK}</Primary><Secondary>{MARK}</Secondary></StorageServiceKeys></StorageService>
  <Certificate><Thumbprint>AB12</Thumbprint><Data>{MARK}</Data></Certificate>
  <CertificateFile><Data>{MARK}</Data><CertificateFormat>pfx</CertificateFormat><Password>{MARK}</Password></CertificateFile>
  <ResourceExtensionParameterValue><Key>p</Key><Value>{packed(MARK)}</Value><Type>Private</Type></ResourceExtensionParameterValue>
  <ResourceExtensionParameterValue><Key>p</Key><Value>{packed('{"commandToExecute": "x", "storageAccountKey": "' + MARK + '"}')}</Value><Type>Public</Type></ResourceExtensionParameterValue>
  <ConfigurationSet><AdminUsername>ada</AdminUsername><AdminPassword>{MARK}</AdminPassword><UserPassword>{MARK}</UserPassword>
    <DomainJoin><Credentials><Domain>d</Domain><Password>{MARK}</Password></Credentials></DomainJoin><CustomData>{MARK}</CustomData></ConfigurationSet>
  <SharedKey><Value>{MARK}</Value></SharedKey><GatewaySharedKey>{MARK}</GatewaySharedKey><ServiceKey>{MARK}</ServiceKey>
  <Deployment><Name>d</Name><Configuration>{packed("<Setting name='x' value='" + MARK + "'/>")}</Configuration><Label>{packed("Password=" + MARK)}</Label></Deployment>
  <ExtendedProperty><Name>dbPassword</Name><Value>{MARK}</Value></ExtendedProperty>
  <ExtendedProperty><Name>note</Name><Value>AccountKey={MARK};</Value></ExtendedProperty>
  <MediaLink url="https://a/b?sig={MARK}">https://a.blob.core.windows.net/b.vhd?sv=1&amp;sig={MARK}</MediaLink>
  <Description><![CDATA[see <https://a/b?sig={MARK}>]]></Description>
</Root>"""


def test_a_document_with_a_marker_in_every_secret_field_keeps_none() -> None:
    root = parse(DOCUMENT.encode(), "document", namespaced=True)
    assert DOCUMENT.count(MARK) >= 14
    assert redacted_elements(root)
    text = etree.tostring(root).decode()
    assert MARK not in text
    for packed_text in (element.text or "" for element in root.iter()):
        try:
            within = base64.b64decode(packed_text, validate=True).decode(errors="replace")
        except ValueError:
            continue
        assert MARK not in within
    for kept in ("AB12", "ada", "pfx", "<Name>d</Name>", "a.blob.core.windows.net/b.vhd"):
        assert kept in text
    assert 'xmlns="http://schemas.microsoft.com/windowsazure"' in text


def test_a_document_without_secrets_is_not_touched() -> None:
    root = parse(b"<HostedService><ServiceName>web</ServiceName><Label>d2Vi</Label></HostedService>", "document")
    assert not redacted_elements(root)
