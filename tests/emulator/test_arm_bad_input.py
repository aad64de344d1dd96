"""Whatever is sent to the Resource Manager plane: an answer in its envelope, and none that is our own failure."""

import contextlib
import json
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.arm.deploying.expressions import SyntaxProblemError, parse
from emulator.arm.routes import OPERATIONS
from emulator.arm.types import TYPES
from tests.emulator.conftest import Client

bounded = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = st.sampled_from(
    ["contoso-web-Migrated", "it", "none", "a b", "%2e%2e", "Ünïcode", "'", "a" * 200, "..;", "%00"]
)
HOSTILE = st.one_of(NAMES, st.text(st.characters(codec="utf-8", exclude_characters="/?#%"), min_size=1, max_size=20))
WORDS = (
    *("location", "properties", "tags", "sku", "name", "id", "type", "kind", "hardwareProfile", "vmSize", "subnets"),
    *("addressPrefix", "addressPrefixes", "ipConfigurations", "subnet", "privateIPAddress", "dnsSettings", "keyName"),
    *("frontendIPConfigurations", "networkProfile", "networkInterfaces", "securityRules", "template", "resources"),
    *(
        "etag",
        "mode",
        "parameters",
        "$schema",
        "contentVersion",
        "apiVersion",
        "dependsOn",
        "domainNameLabel",
        "vpnClient",
    ),
    *("publicIPAllocationMethod", "dnsServers", "storageProfile", "copy", "outputs", "value", "_keys", "_instanceView"),
)
TEXTS = st.one_of(
    st.sampled_from(["westus", "Static", "Incremental", "Standard_A1", "10.0.0.0/8", "[concat('a')]", "[", "", "key1"]),
    st.text(max_size=8),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(WORDS), TEXTS), inner, max_size=4)
    ),
    max_leaves=12,
)
QUERIES = (
    *("?api-version=x", "?api-version=%F0%98%BE%93", "", "?api-version=x&$filter=%00", "?api-version=x&$expand=%FF"),
    *(f"?api-version=x&$top={top}" for top in ("0", "-1", "%C2%B2", "9" * 5000)),
    *(f"?api-version=x&$skiptoken={token}" for token in ("%C3%AB", "!", "AAA", "_w==")),
)
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.sampled_from([b"", b"[" * 5000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b"\xff\xfe", b'{"a":NaN}', b'"\\ud800"']),
)


def held_to_the_envelope(answer: requests.Response) -> None:
    told = (answer.request.method, answer.request.url, answer.request.body, answer.status_code, answer.text[:500])
    assert answer.status_code < 500 or answer.status_code == 501, told
    assert answer.headers["x-ms-request-id"]
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        error = answer.json()["error"]
        assert error["code"], told
        assert error["message"], told
        assert "Traceback" not in answer.text


@pytest.fixture
def session() -> Any:
    with requests.Session() as made:
        yield made


@bounded
@given(data=st.data())
def test_every_route_answers_hostile_names_and_bodies(client: Client, session: requests.Session, data: Any) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    path = operation.path.replace("{subscription}", client.subscription)
    while "{" in path:
        before, _, rest = path.partition("{")
        placeholder, _, after = rest.partition("}")
        if placeholder.startswith("action:"):
            value = "start"
        elif placeholder.startswith("rest"):
            type_ = data.draw(st.sampled_from([each.name for each in TYPES.values()]))
            namespace, *kinds = type_.split("/")
            value = "/".join([namespace, *(f"{kind}/{data.draw(HOSTILE)}" for kind in kinds)])
        else:
            value = data.draw(HOSTILE)
        path = before + value + after
    method = data.draw(st.sampled_from([operation.method, "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
    query = data.draw(st.sampled_from(QUERIES))
    held_to_the_envelope(session.request(method, client.base + path + query, data=data.draw(BODIES), timeout=30))


@bounded
@given(data=st.data())
def test_every_type_takes_or_refuses_any_properties(client: Client, session: requests.Session, data: Any) -> None:
    group = f"{client.base}/subscriptions/{client.subscription}/resourceGroups/made"
    session.put(f"{group}?api-version=x", json={"location": "westus"}, timeout=30)
    type_ = data.draw(st.sampled_from(list(TYPES.values())))
    namespace, *kinds = type_.name.split("/")
    url = "/".join([group, "providers", namespace, *(f"{kind}/it" for kind in kinds)])
    properties = data.draw(st.dictionaries(st.sampled_from((*WORDS, *type_.parts)), JSON, max_size=4))
    for part in type_.parts:
        if data.draw(st.booleans()):
            inner = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=3)
            properties[part] = [{"name": "one", "properties": data.draw(inner)}]
    further = data.draw(st.dictionaries(st.sampled_from(("etag", "zones", "identity", "id", "tags")), JSON, max_size=2))
    document = {"location": "westus", "properties": properties, "sku": {"name": "Standard_LRS"}, **further}
    version = data.draw(st.sampled_from(["x", "2025-05-01", "%F0%98%BE%93"]))
    for method in ("PUT", "PATCH", "GET", "DELETE"):
        held_to_the_envelope(session.request(method, f"{url}?api-version={version}", json=document, timeout=30))


@bounded
@given(data=st.data())
def test_every_template_is_deployed_or_refused(client: Client, session: requests.Session, data: Any) -> None:
    group = f"{client.base}/subscriptions/{client.subscription}/resourceGroups/made"
    session.put(f"{group}?api-version=x", json={"location": "westus"}, timeout=30)
    expression = st.one_of(TEXTS, st.text("[]()'.,abc123 ", max_size=20).map(lambda text: f"[{text}]"), JSON)
    resource = st.fixed_dictionaries(
        {"type": st.sampled_from([*(each.name for each in TYPES.values()), "Microsoft.Resources/deployments"])},
        optional={
            "name": st.one_of(st.just("it"), expression),
            "apiVersion": st.just("2025-05-01"),
            "location": st.one_of(st.just("westus"), expression),
            "dependsOn": st.one_of(st.lists(expression, max_size=2), JSON),
            "properties": JSON,
            "condition": expression,
        },
    )
    template = {
        "$schema": "x",
        "contentVersion": "1",
        "resources": data.draw(st.lists(resource, max_size=3)),
        "variables": data.draw(st.dictionaries(TEXTS, expression, max_size=2)),
        "outputs": data.draw(st.dictionaries(TEXTS, st.dictionaries(st.sampled_from(WORDS), JSON), max_size=2)),
    }
    verb = data.draw(st.sampled_from(["", "/validate", "/whatIf"]))
    url = f"{group}/providers/Microsoft.Resources/deployments/it{verb}?api-version=x"
    sent = {"properties": {"mode": "Incremental", "template": template}}
    held_to_the_envelope(session.request("POST" if verb else "PUT", url, json=sent, timeout=30))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.one_of(st.text("[]()'.,abc123 -", max_size=30), st.text(max_size=30)))
def test_every_text_in_brackets_is_an_expression_or_refused(text: str) -> None:
    with contextlib.suppress(SyntaxProblemError):
        assert parse(f"[{text}]")


@pytest.mark.parametrize("query", QUERIES)
def test_every_list_takes_or_refuses_any_query(client: Client, session: requests.Session, query: str) -> None:
    for path in ("/resources", "/resourcegroups", "/providers/Microsoft.Compute/virtualMachines"):
        url = f"{client.base}/subscriptions/{client.subscription}{path}{query}"
        held_to_the_envelope(session.get(url, timeout=30))
