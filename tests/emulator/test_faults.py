"""Scripted faults strike the requests they name, as often as they say, and nothing else."""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING

import pytest

from emulator.faults import Request, When, _matches

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

NETWORK = "virtualNetwork/contoso-vnet"
SERVICES = "services/hostedservices"
REQUEST = Request(
    plane="asm",
    method="POST",
    path="/11111111-2222-4333-8444-555555555555/services/x/migration?comp=prepare",
    subscription="11111111-2222-4333-8444-555555555555",
    verb="prepare",
    unit=NETWORK,
)


@pytest.mark.parametrize(
    ("when", "meets"),
    [
        ({}, True),
        ({"plane": "asm"}, True),
        ({"plane": "arm"}, False),
        ({"method": "post"}, True),
        ({"method": "GET"}, False),
        ({"path": r"comp=(prepare|commit)$"}, True),
        ({"path": r"^/services"}, False),
        ({"subscription": "11111111-2222-4333-8444-555555555555".upper()}, True),
        ({"subscription": "0"}, False),
        ({"verb": "prepare"}, True),
        ({"verb": "abort"}, False),
        ({"unit": "virtualNetwork/CONTOSO-VNET"}, True),
        ({"unit": "virtualNetwork/contoso"}, False),
        ({"plane": "asm", "verb": "prepare", "unit": "reservedIp/x"}, False),
    ],
)
def test_which_requests_a_fault_meets(when: dict[str, str], *, meets: bool) -> None:
    assert _matches(When.model_validate(when), REQUEST) is meets


def test_a_status_with_a_code_comes_in_the_envelope_of_the_plane(client: Client) -> None:
    then = {"status": 503, "code": "TooManyRequests", "message": "Slow down.", "headers": {"retry-after": "7"}}
    client.fault({}, then, times=2)
    classic, modern = client.asm("GET", SERVICES), client.arm("GET", "resources")
    assert (classic.status, classic.one("Code"), classic.headers["retry-after"]) == (503, "TooManyRequests", "7")
    assert (modern.status, modern.json) == (503, {"error": {"code": "TooManyRequests", "message": "Slow down."}})
    assert client.asm("GET", SERVICES).status == 200


def test_a_body_is_sent_as_it_is(client: Client) -> None:
    client.fault({}, {"status": 200, "body": "<html>proxy</html>", "content_type": "text/html"})
    reply = client.asm("GET", SERVICES)
    assert (reply.status, reply.text, reply.headers["content-type"]) == (200, "<html>proxy</html>", "text/html")


def test_only_the_nth_request_is_met(client: Client) -> None:
    client.fault({"nth": 3, "path": "hostedservices"}, {"status": 500})
    assert [client.asm("GET", SERVICES).status for _ in range(4)] == [200, 200, 500, 200]


def test_a_fault_without_times_stays_until_it_is_cleared(client: Client) -> None:
    client.fault({}, {"status": 429}, times=None)
    assert [client.asm("GET", SERVICES).status for _ in range(3)] == [429] * 3
    told = [each for each in client.control("faults") if each["when"].get("subscription") == client.subscription]
    assert [(each["seen"], each["remaining"]) for each in told] == [(3, None)]
    client.send("DELETE", "/_control/faults")
    assert client.asm("GET", SERVICES).status == 200


def test_a_cut_connection_does_no_work(client: Client) -> None:
    client.fault({"verb": "prepare"}, {"cut": True})
    with pytest.raises(OSError, match=r"closed connection|reset"):
        client.migrate(NETWORK, "prepare")
    assert not client.journal(NETWORK)


def test_a_lost_reply_hides_work_that_was_done(client: Client) -> None:
    client.fault({"verb": "prepare"}, {"lose_reply": True})
    with pytest.raises(OSError, match=r"closed connection|reset"):
        client.migrate(NETWORK, "prepare")
    assert [each["after"] for each in client.journal(NETWORK) if each["effect"]] == ["Preparing"]
    # The platform is the memory: a repeat finds the work done.
    client.done(NETWORK, "prepare")
    assert [each["effect"] for each in client.journal(NETWORK) if each["plane"] == "asm"] == [True, False]


def test_a_hanging_request_never_answers(client: Client) -> None:
    client.fault({"path": "hostedservices"}, {"hang": True})
    host, port = client.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 0.4) as connection:
        connection.sendall(f"GET /{client.subscription}/{SERVICES} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert client.asm("GET", SERVICES).status == 200


def test_a_delay_holds_up_nobody_else(client: Client) -> None:
    client.fault({"path": "hostedservices"}, {"delay": 0.4})
    began = time.monotonic()
    assert client.asm("GET", SERVICES).status == 200
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(
    ("then", "code", "message"),
    [
        ({"operation": {"code": "InternalError", "message": "Oops."}}, "InternalError", "Oops."),
        (
            {"quota": {"resource": "networkInterfaces", "current": 5, "needed": 2}},
            "BadRequest",
            (
                "The current quota for networkInterfaces in Azure Resource Manager is insufficient to complete "
                "migration. Current quota is 5, additional needed is 2. File a support request to raise the quota and "
                "retry migration once the quota has been raised."
            ),
        ),
    ],
    ids=["a failure", "a quota"],
)
def test_an_accepted_operation_can_fail_later(client: Client, then: dict[str, object], code: str, message: str) -> None:
    client.fault({"verb": "prepare", "unit": NETWORK}, then)
    ended = client.operation(client.migrate(NETWORK, "prepare"))
    assert (ended.status, ended.one("Status"), ended.one("Code"), ended.one("Message")) == (
        200,
        "Failed",
        code,
        message,
    )
    assert client.asm("GET", "services/networking/virtualnetwork").all("MigrationState") == ["PrepareFailed"]
    assert not client.arm("GET", "resources").json["value"]
    client.done(NETWORK, "abort")


def test_a_wrong_result_is_wrong_in_that_property_only(client: Client) -> None:
    path = "providers/Microsoft.Compute/virtualMachines"
    client.done(NETWORK, "prepare")
    right = client.arm("GET", path).json["value"]
    client.done(NETWORK, "abort")
    wrong = {
        "type": "Microsoft.Compute/virtualMachines",
        "name": "app1",
        "path": "properties.storageProfile.dataDisks.1.lun",
        "value": 7,
    }
    client.fault({"verb": "prepare", "unit": NETWORK}, {"wrong": wrong})
    client.done(NETWORK, "prepare")
    found = client.arm("GET", path).json["value"]
    machine = next(each for each in found if each["name"] == "app1")
    assert machine["properties"]["storageProfile"]["dataDisks"][1].pop("lun") == 7
    expected = next(each for each in right if each["name"] == "app1")
    assert expected["properties"]["storageProfile"]["dataDisks"][1].pop("lun") == 1
    assert found == right


def states(client: Client) -> dict[str, str]:
    """What the network and the roles of its services show; no word where nothing migrates any more."""
    site = client.asm("GET", "services/networking/virtualnetwork").text.partition("contoso-vnet")[2]
    shown = {"contoso-vnet": re.findall(r"<MigrationState>(.*?)</MigrationState>", site)[:1]}
    for service in ("contoso-web", "contoso-app"):
        shown[service] = client.asm("GET", f"{SERVICES}/{service}/deploymentslots/Production").all("MigrationState")[:1]
    return {name: "".join(found) for name, found in shown.items()}


def test_one_cloud_service_of_a_network_fails_and_the_others_get_through(client: Client) -> None:
    failure = {"operation": {"code": "InternalError", "message": "contoso-app stumbled.", "service": "contoso-app"}}
    client.fault({"verb": "prepare"}, failure)
    ended = client.operation(client.migrate(NETWORK, "prepare"))
    assert (ended.one("Status"), ended.one("Message")) == ("Failed", "contoso-app stumbled.")
    assert states(client) == {
        "contoso-vnet": "PrepareFailed",
        "contoso-web": "Prepared",
        "contoso-app": "PrepareFailed",
    }
    machines = "providers/Microsoft.Compute/virtualMachines"
    assert {vm["name"] for vm in client.arm("GET", machines).json["value"]} == {"web1", "web2"}
    client.done(NETWORK, "prepare")
    assert set(states(client).values()) == {"Prepared"}

    client.fault({"verb": "commit"}, failure, times=2)
    for _ in range(2):
        assert client.operation(client.migrate(NETWORK, "commit")).one("Status") == "Failed"
        assert states(client) == {"contoso-vnet": "CommitFailed", "contoso-web": "", "contoso-app": "CommitFailed"}
        assert client.migrate(NETWORK, "abort").status == 400
    client.done(NETWORK, "commit")
    assert client.asm("GET", f"{SERVICES}/contoso-app").status == 404


def test_abort_after_a_partial_prepare_leaves_nothing_behind(client: Client) -> None:
    before = client.asm("GET", f"{SERVICES}/contoso-web?embed-detail=true").body
    client.fault({"verb": "prepare"}, {"operation": {"service": "contoso-app"}})
    client.operation(client.migrate(NETWORK, "prepare"))
    client.done(NETWORK, "abort")
    assert client.asm("GET", f"{SERVICES}/contoso-web?embed-detail=true").body == before
    assert client.arm("GET", "resources").json["value"] == []
