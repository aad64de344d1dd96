"""Errors have the envelope of their plane, whatever went wrong, and are never the emulator's own."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.asm.routes import ROUTES

if TYPE_CHECKING:
    from emulator.asm.call import Route
    from tests.emulator.conftest import Client

ENVELOPE = re.compile(
    r'<Error xmlns="http://schemas\.microsoft\.com/windowsazure" xmlns:i="http://www\.w3\.org/2001/XMLSchema-instance">'
    r"<Code>\w+</Code><Message>[^<]+</Message></Error>"
)
UNKNOWN = {
    "a hosted service": (
        "services/hostedservices/nobody?embed-detail=true",
        404,
        "ResourceNotFound",
        "The hosted service does not exist.",
    ),
    "a deployment in a slot": (
        "services/hostedservices/nobody/deploymentslots/Production",
        404,
        "ResourceNotFound",
        "No deployments were found.",
    ),
    "a deployment": (
        "services/hostedservices/contoso-web/deployments/123",
        404,
        "ResourceNotFound",
        "The deployment name '123' does not exist.",
    ),
    "an affinity group": ("affinitygroups/123", 404, "ResourceNotFound", "The affinity group does not exist."),
    "an image": (
        "services/images/123",
        404,
        "ResourceNotFound",
        "The image with the specified name does not exist.",
    ),
    "a route table of a subnet": (
        "services/networking/virtualnetwork/contoso-vnet/subnets/web/routetables",
        404,
        "ResourceNotFound",
        "The virtual network name contoso-vnet and subnet web does not have any Route Table associated.",
    ),
    "a bad account name": (
        "services/storageservices/operations/isavailable/A",
        400,
        "BadRequest",
        (
            "The name is not a valid storage account name. Storage account names must be between 3 and 24 characters in "
            "length and use numbers and lower-case letters only."
        ),
    ),
}
UNKNOWN_UNITS = {
    "hostedService/123": (404, "Deployment", "The deployment name '123' does not exist."),
    "virtualNetwork/123": (
        400,
        "VirtualNetwork",
        (
            "Virtual network '123' not found. Either it does not exist or it is an Azure Resource Manager resource, which "
            "cannot be used with Cloud Services."
        ),
    ),
    "storageAccount/123": (404, "Storage", "The storage account '123' was not found."),
    "networkSecurityGroup/123": (404, "NetworkSecurityGroup", "The network security group 123 does not exist."),
    "routeTable/123": (404, "RouteTable", "The route table 123 does not exist."),
    "reservedIp/123": (404, "ReservedIP", "The reserved IP 123 does not exist."),
}
BODIES = {
    "an unescaped ampersand": b"<DeploymentNetworkResource><ResourceGroupName>a&b</ResourceGroupName></X>",
    "cut off": b"<DeploymentNetworkResource>",
    "not XML": b"{}",
    "an entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "an external DTD": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
    "no UTF-8": b"<x>\xff\xfe</x>",
    "a control character": b"<x>&#x1B;</x>",
}


@pytest.mark.parametrize(("path", "status", "code", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_things_answer_as_recorded(client: Client, path: str, status: int, code: str, message: str) -> None:
    reply = client.asm("GET", path)
    assert (reply.status, reply.one("Code"), reply.one("Message")) == (status, code, message)
    assert ENVELOPE.fullmatch(reply.text)
    assert reply.headers["content-type"] == "application/xml; charset=utf-8"


@pytest.mark.parametrize(("unit", "told"), UNKNOWN_UNITS.items(), ids=UNKNOWN_UNITS)
def test_an_unknown_unit_is_a_message_of_validate_and_an_error_of_the_others(
    client: Client, unit: str, told: tuple[int, str, str]
) -> None:
    status, type_, text = told
    validated = client.migrate(unit, "validate")
    assert validated.status == 200
    assert (validated.all("ResourceType"), validated.all("ResourceName"), validated.all("Message")) == (
        [type_],
        ["123"],
        [text],
    )
    for verb in ("prepare", "commit", "abort"):
        refused = client.migrate(unit, verb)
        assert (refused.status, refused.one("Message")) == (status, text)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} /{route.path}")
def test_no_route_breaks_on_a_method_or_a_name_it_does_not_know(client: Client, route: Route) -> None:
    path = re.sub(r"\{\w+\}", "no%20such%3Cname%3E", route.path)
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"):
        reply = client.asm(method, path, b"<x/>" if method in ("POST", "PUT") else None)
        assert reply.status in (200, 400, 404, 405, 501), reply.text
        assert reply.status == 200 or method == "HEAD" or ENVELOPE.fullmatch(reply.text)
        assert re.fullmatch(r"[0-9a-f]{32}", reply.headers["x-ms-request-id"])


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_not_plain_xml_is_refused(client: Client, body: bytes) -> None:
    for path in (
        "services/hostedservices/contoso-batch/deployments/contoso-batch/migration?comp=prepare",
        "services/networking/networksecuritygroups",
    ):
        refused = client.asm("POST", path, body)
        assert (refused.status, refused.one("Code")) == (400, "BadRequest")
        assert "the XML is malformed or of a kind not accepted" in refused.one("Message")
        assert ENVELOPE.fullmatch(refused.text)
    assert client.asm("PUT", "services/networking/media", body).status == 400


WORDS = st.sampled_from(
    ["services", "networking", "hostedservices", "contoso-web", "migration", "operations", "media", "..", "", "%00"]
)


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    parts=st.lists(WORDS | st.text(max_size=8).map(lambda text: quote(text, safe="", errors="replace")), max_size=6),
    query=st.text(max_size=12).map(lambda text: quote(text, safe="=&", errors="replace")),
    body=st.binary(max_size=40) | st.text(max_size=40).map(lambda text: f"<x>{text}</x>".encode(errors="replace")),
)
def test_whatever_is_asked_the_answer_is_no_failure_of_ours(
    client: Client, method: str, parts: list[str], query: str, body: bytes
) -> None:
    reply = client.asm(method, f"{'/'.join(parts)}?{query}", body)
    assert reply.status < 500 or reply.one("Code") == "NotEmulated"
    assert reply.status == 200 or ENVELOPE.fullmatch(reply.text) or reply.status == 202


def test_a_body_that_is_too_large_is_refused_unread(client: Client) -> None:
    host, port = client.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        head = f"PUT /{client.subscription}/services/networking/media HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n"
        connection.sendall(head.encode())
        answer = b""
        while not answer.endswith(b"</Error>"):
            answer += connection.recv(4096) or pytest.fail("cut before the answer was whole")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"<Code>RequestBodyTooLarge</Code>" in answer


def test_half_a_body_does_nothing(client: Client) -> None:
    host, port = client.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        path = f"/{client.subscription}/services/networking/virtualnetwork/contoso-vnet/migration?comp=prepare"
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nhost: x\r\nx-ms-version: 2016-07-01\r\ncontent-length: 9\r\n\r\nab".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert not client.journal()


@pytest.mark.parametrize("version", [None, "", "latest", "2016-13-01", "1999-01-01"])
def test_a_request_needs_a_version(client: Client, version: str | None) -> None:
    headers = {} if version is None else {"x-ms-version": version}
    refused = client.send("GET", f"/{client.subscription}/services/hostedservices", headers=headers)
    assert (refused.status, refused.one("Code")) == (400, "MissingOrIncorrectVersionHeader")


def test_a_subscription_that_nobody_seeded_is_forbidden(client: Client) -> None:
    refused = client.send("GET", "/99999999-0000-4000-8000-000000000000/services/hostedservices")
    assert (refused.status, refused.one("Code")) == (403, "ForbiddenError")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "services/hostedservices/contoso-web/deploymentslots/Production", 501, "NotEmulated"),
        ("POST", "services/networking/contoso-vnet/gateway", 501, "NotEmulated"),
        ("GET", "services/networking/ApplicationGateways", 501, "NotEmulated"),
        ("GET", "services/nothing/of/the/kind", 501, "NotEmulated"),
        ("GET", "somewhere", 404, "ResourceNotFound"),
        ("PATCH", "services/hostedservices", 405, "MethodNotAllowed"),
        ("GET", "operations/99999999000040008000000000000000", 404, "ResourceNotFound"),
        ("GET", "operations/not-an-id", 404, "ResourceNotFound"),
        ("POST", "services/storageservices/contosologs/migration?comp=erase", 400, "BadRequest"),
        ("POST", "services/storageservices/contosologs/migration", 400, "BadRequest"),
    ],
)
def test_what_is_not_there_says_whose_fault_that_is(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    reply = client.asm(method, path)
    assert (reply.status, reply.one("Code")) == (status, code)
    assert ENVELOPE.fullmatch(reply.text)


def test_paths_slots_and_query_keys_are_compared_without_case(client: Client) -> None:
    lower = client.asm("GET", "services/hostedservices/contoso-web/deploymentslots/production")
    upper = client.asm("GET", "Services/HostedServices/CONTOSO-WEB/DeploymentSlots/PRODUCTION/")
    assert (upper.status, upper.body) == (200, lower.body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("seed", {"estate": "fabrikam"}),
        ("seed", {}),
        ("seed", {"estate": "contoso", "synthetic": {}}),
        ("seed", {"estate": "contoso", "subscription": "../x"}),
        ("seed", {"documents": [{"name": "a.xml", "content": "<cut"}]}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": "soon"}),
        ("latency", {"prepare": -1}),
        ("latency", {"destroy": 1}),
        ("faults", {"when": {"path": "("}, "then": {"status": 503}}),
        ("faults", {"then": {"statsu": 503}}),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(client: Client, path: str, body: object) -> None:
    reply = client.send("POST", f"/_control/{path}", json.dumps(body))
    assert reply.status in (400, 404)
    assert set(reply.json["error"]) == {"code", "message"}


@pytest.mark.parametrize("path", ["/_control/nothing", "/msi/nothing", "/msi/token"])
def test_other_planes_answer_errors_in_json(client: Client, path: str) -> None:
    reply = client.send("GET", path)
    assert reply.status in (401, 404, 501)
    assert reply.json["error"]["message"]
