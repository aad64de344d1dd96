"""Template deployments over plain HTTP: what is deployed, in which order, and what is said about what cannot be."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.emulator.conftest import Client

Body = dict[str, Any]
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@dataclass(frozen=True)
class Group:
    """A resource group and the deployments of it."""

    base: str
    subscription: str
    name: str = "made"

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = f"{self.base}{path if path.startswith('/subscriptions') else self.id + path}"
        return requests.request(method, url, params={"api-version": "2025-04-01"}, json=body, timeout=30)

    def deployment(self, verb: str = "", name: str = "one") -> str:
        return f"/providers/Microsoft.Resources/deployments/{name}{verb and '/' + verb}"

    def deploy(self, template: Body, parameters: Body | None = None, name: str = "one") -> requests.Response:
        return self.send("PUT", self.deployment(name=name), document(template, parameters))

    def deployed(self, template: Body, parameters: Body | None = None) -> Body:
        """The deployment, which must succeed by the status that its answer points at."""
        accepted = self.deploy(template, parameters)
        assert accepted.status_code in (200, 201), accepted.text
        status = requests.get(accepted.headers["azure-asyncoperation"], timeout=30).json()
        assert status == {"status": "Succeeded"}
        return dict(self.send("GET", self.deployment()).json()["properties"])

    def get(self, type_and_name: str) -> Body:
        answer = self.send("GET", f"/providers/{type_and_name}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def resources(self) -> list[str]:
        return [each["name"] for each in self.send("GET", "/resources").json()["value"]]


@pytest.fixture
def group(client: Client) -> Group:
    made = Group(client.base, client.subscription)
    assert made.send("PUT", "", {"location": "westus"}).status_code == 201
    return made


def document(template: Body, parameters: Body | None = None, **more: Any) -> Body:
    values = {name: {"value": value} for name, value in (parameters or {}).items()}
    return {"properties": {"mode": "Incremental", "template": template, "parameters": values, **more}}


def template(*resources: Body, **more: Any) -> Body:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **more}


def item(type_: str, name: str, properties: Body | None = None, **more: Any) -> Body:
    made = {"type": type_, "apiVersion": "2025-05-01", "name": name, "location": "[resourceGroup().location]"}
    return {**made, "properties": properties or {}, **more}


def table(name: str, **more: Any) -> Body:
    return item("Microsoft.Network/routeTables", name, **more)


VNET = item(
    "Microsoft.Network/virtualNetworks",
    "[variables('net')]",
    {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "front", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
)
NIC = item(
    "Microsoft.Network/networkInterfaces",
    "[concat(parameters('machine'), '-nic')]",
    {
        "ipConfigurations": [
            {
                "name": "ip",
                "properties": {
                    "subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'front')]"}
                },
            }
        ]
    },
    dependsOn=["[resourceId('Microsoft.Network/virtualNetworks', variables('net'))]"],
)
MACHINE = item(
    "Microsoft.Compute/virtualMachines",
    "[parameters('machine')]",
    {
        "hardwareProfile": {"vmSize": "[parameters('size')]"},
        "networkProfile": {
            "networkInterfaces": [{"id": "[resourceId('Microsoft.Network/networkInterfaces', variables('nic'))]"}]
        },
    },
    dependsOn=["[variables('nic')]"],
    resources=[
        {
            "type": "extensions",
            "name": "agent",
            "apiVersion": "2025-04-01",
            "location": "westus",
            "dependsOn": ["[parameters('machine')]"],
            "properties": {"publisher": "Contoso.Ops", "type": "Agent", "typeHandlerVersion": "1.0"},
        }
    ],
)
WHOLE = template(
    # In the wrong order, so that only the dependencies can put it right.
    MACHINE,
    NIC,
    VNET,
    parameters={
        "machine": {"type": "string"},
        "size": {"type": "string", "defaultValue": "Standard_A1", "allowedValues": ["Standard_A1", "Standard_D2"]},
        "secret": {"type": "secureString", "defaultValue": "quiet please"},
    },
    variables={"nic": "[concat(parameters('machine'), variables('suffix'))]", "suffix": "-nic", "net": "net"},
    outputs={
        "address": {
            "type": "string",
            "value": "[reference(variables('nic')).ipConfigurations[0].properties.privateIPAddress]",
        },
        "state": {"type": "string", "value": "[reference(parameters('machine'), '2025-04-01').provisioningState]"},
    },
)


def test_resources_are_deployed_in_the_order_of_their_dependencies(group: Group) -> None:
    done = group.deployed(WHOLE, {"machine": "vm"})
    assert done["provisioningState"] == "Succeeded"
    assert {name: each["value"] for name, each in done["outputs"].items()} == {
        "address": "10.0.0.4",
        "state": "Succeeded",
    }
    machine = group.get("Microsoft.Compute/virtualMachines/vm")
    nic = group.get("Microsoft.Network/networkInterfaces/vm-nic")
    assert machine["properties"]["networkProfile"]["networkInterfaces"] == [{"id": nic["id"]}]
    assert machine["properties"]["hardwareProfile"] == {"vmSize": "Standard_A1"}
    assert [each["name"] for each in machine["resources"]] == ["agent"]
    assert [each["id"].rpartition("/")[2] for each in done["outputResources"]] == ["net", "vm-nic", "vm", "agent"]
    assert [each["namespace"] for each in done["providers"]] == ["Microsoft.Network", "Microsoft.Compute"]


def test_the_answer_to_a_deployment_is_that_it_goes_on(group: Group) -> None:
    first, again = group.deploy(template(table("a"))), group.deploy(template(table("a")))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["properties"]["provisioningState"] == "Accepted"
    assert "outputResources" not in first.json()["properties"]


def test_what_a_secret_parameter_holds_is_nowhere_to_be_read(group: Group, client: Client) -> None:
    group.deployed(WHOLE, {"machine": "vm", "secret": "rosebud"})
    shown = group.send("GET", group.deployment()).text
    assert '"type":"secureString"' in shown.replace(" ", "")
    assert "rosebud" not in shown
    assert "rosebud" not in str(client.journal())


def test_a_deployment_is_one_entry_of_the_journal(group: Group, client: Client) -> None:
    group.deployed(template(table("a"), table("b")))
    [entry] = [each for each in client.journal() if each["verb"] == "deploy"]
    assert (entry["effect"], entry["after"]) == (True, "Succeeded")
    assert entry["unit"].endswith("/deployments/one")


def test_a_deployment_is_listed_exported_and_forgotten_without_its_resources(group: Group) -> None:
    source = template(table("a"))
    group.deployed(source)
    listed = group.send("GET", "/providers/Microsoft.Resources/deployments").json()["value"]
    assert [each["name"] for each in listed] == ["one"]
    assert not [name for name in listed[0] if name.startswith("_")]
    assert group.send("POST", group.deployment("exportTemplate")).json() == {"template": source}
    assert group.send("HEAD", group.deployment()).status_code == 204
    assert group.resources() == ["a"]
    assert group.send("POST", group.deployment("cancel")).status_code == 409
    assert group.send("DELETE", group.deployment()).status_code == 204
    gone = group.send("GET", group.deployment())
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "DeploymentNotFound")
    assert group.send("HEAD", group.deployment()).status_code == 404
    assert group.resources() == ["a"]


def test_its_operations_name_each_resource(group: Group) -> None:
    group.deployed(template(table("a"), table("b")))
    listed = group.send("GET", "/deployments/one/operations").json()["value"]
    assert [each["properties"]["targetResource"]["resourceName"] for each in listed] == ["a", "b"]
    one = group.send("GET", f"/deployments/one/operations/{listed[0]['operationId']}")
    assert one.json() == listed[0]
    assert group.send("GET", "/deployments/one/operations/none").status_code == 404


def test_a_resource_that_fails_stops_what_depends_on_it_and_nothing_else(group: Group) -> None:
    nic = {**NIC, "name": "nic", "dependsOn": []}
    after = table("after", dependsOn=["nic"])
    accepted = group.deploy(template(nic, after, table("beside")))
    assert accepted.status_code == 201
    status = requests.get(accepted.headers["azure-asyncoperation"], timeout=30).json()
    assert (status["status"], status["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert [each["code"] for each in status["error"]["details"]] == ["InvalidResourceReference"]
    assert group.resources() == ["beside"]
    done = group.send("GET", group.deployment()).json()["properties"]
    assert (done["provisioningState"], done["error"]) == ("Failed", status["error"])
    states = {
        each["properties"]["targetResource"]["resourceName"]: each["properties"]["provisioningState"]
        for each in group.send("GET", "/deployments/one/operations").json()["value"]
    }
    assert states == {"nic": "Failed", "beside": "Succeeded"}


def test_validate_says_what_each_resource_would_be_refused_for_and_keeps_nothing(group: Group) -> None:
    nic = {**NIC, "name": "nic", "dependsOn": []}
    refused = group.send("POST", group.deployment("validate"), document(template(nic, table("beside"))))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidTemplateDeployment")
    assert [each["code"] for each in refused.json()["error"]["details"]] == ["InvalidResourceReference"]
    passed = group.send("POST", group.deployment("validate"), document(WHOLE, {"machine": "vm"}))
    assert passed.status_code == 200
    assert [each["id"].rpartition("/")[2] for each in passed.json()["properties"]["validatedResources"]] == [
        "net",
        "vm-nic",
        "vm",
        "agent",
    ]
    assert group.resources() == []
    assert group.send("GET", group.deployment()).status_code == 404


def test_what_if_tells_the_change_of_each_resource_and_makes_none(group: Group) -> None:
    group.deployed(template(table("same"), table("changed"), table("beside")))
    asked = document(template(table("same"), table("changed", tags={"a": "b"}), table("new")))
    answer = group.send("POST", group.deployment("whatIf"), asked).json()
    changes = {each["resourceId"].rpartition("/")[2]: each for each in answer["properties"]["changes"]}
    assert {name: each["changeType"] for name, each in changes.items()} == {
        "same": "NoChange",
        "changed": "Modify",
        "new": "Create",
        "beside": "Ignore",
    }
    assert (changes["changed"]["before"].get("tags"), changes["changed"]["after"]["tags"]) == (None, {"a": "b"})
    assert sorted(group.resources()) == ["beside", "changed", "same"]
    asked["properties"]["whatIfSettings"] = {"resultFormat": "ResourceIdOnly"}
    short = group.send("POST", group.deployment("whatIf"), asked).json()["properties"]["changes"]
    assert {tuple(each) for each in short} == {("resourceId", "changeType")}


def test_a_nested_deployment_goes_into_its_own_group_with_its_own_expressions(group: Group) -> None:
    other = Group(group.base, group.subscription, "other")
    other.send("PUT", "", {"location": "eastus"})
    inner = item(
        "Microsoft.Resources/deployments",
        "inside",
        {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"named": {"value": "[parameters('given')]"}},
            "template": template(table("[parameters('named')]"), parameters={"named": {"type": "string"}}),
        },
        resourceGroup="other",
    )
    group.deployed(template(inner, parameters={"given": {"type": "string"}}), {"given": "far"})
    assert other.get("Microsoft.Network/routeTables/far")["location"] == "eastus"
    assert other.send("GET", other.deployment(name="inside")).json()["properties"]["provisioningState"] == "Succeeded"
    assert group.resources() == []


def test_a_nested_deployment_may_have_the_expressions_of_the_outer_one(group: Group) -> None:
    other = Group(group.base, group.subscription, "other")
    other.send("PUT", "", {"location": "eastus"})
    inner = item(
        "Microsoft.Resources/deployments",
        "inside",
        {"mode": "Incremental", "template": template(table("[parameters('given')]"))},
        resourceGroup="other",
    )
    group.deployed(template(inner, parameters={"given": {"type": "string"}}), {"given": "far"})
    assert other.get("Microsoft.Network/routeTables/far")["location"] == "westus"


def test_a_resource_whose_condition_is_false_is_left_out_and_holds_nobody_up(group: Group) -> None:
    group.deployed(template(table("no", condition="[equals(1, 2)]"), table("yes", dependsOn=["no"])))
    assert group.resources() == ["yes"]


def test_a_deployment_writes_to_nothing_that_a_migration_holds(client: Client) -> None:
    client.done("virtualNetwork/contoso-vnet", "prepare")
    held = Group(client.base, client.subscription, "contoso-vnet-Migrated")
    network = held.get("Microsoft.Network/virtualNetworks/contoso-vnet")
    sent = item(network["type"], network["name"], {"addressSpace": network["properties"]["addressSpace"]})
    accepted = held.deploy(template(sent))
    status = requests.get(accepted.headers["azure-asyncoperation"], timeout=30).json()
    assert [each["code"] for each in status["error"]["details"]] == ["OperationNotAllowed"]
    assert held.get("Microsoft.Network/virtualNetworks/contoso-vnet") == network


def test_an_exported_group_deploys_into_what_it_was_exported_from(group: Group) -> None:
    group.deployed(WHOLE, {"machine": "vm"})
    exported = group.send("POST", "/exportTemplate", {"resources": ["*"]}).json()["template"]
    assert len(exported["resources"]) == 4
    answer = group.send("POST", group.deployment("whatIf", "again"), document(exported)).json()
    assert answer["status"] == "Succeeded"
    assert {each["changeType"] for each in answer["properties"]["changes"]} == {"NoChange"}


# Expressions


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[literal]", "[literal]"),
        ("[concat('it''s ', 3)]", "it's 3"),
        ("[concat(createArray(1), createArray(2))]", [1, 2]),
        ("[format('{0}-{1}', 'a', 2)]", "a-2"),
        ("[toUpper(substring('abcdef', 1, 2))]", "BC"),
        ("[if(and(true(), equals('a', 'a')), 'yes', resourceId('bad'))]", "yes"),
        ("[resourceGroup().location]", "westus"),
        ("[last(split('a.b.c', '.'))]", "c"),
        ("[length(createArray(1, 2))]", 2),
        ("[json('{\"a\": [7]}').a[0]]", 7),
        ("[contains(createObject('Key', 1), 'key')]", True),
        ("[union(createArray(1), createArray(1, 2))]", [1, 2]),
        ("[coalesce(null(), 'x')]", "x"),
        ("[mod(add(mul(3, 4), 1), 5)]", 3),
        ("[variables('Deep').list[1].NAME]", "found"),
        ("[empty('')]", True),
        ("[deployment().name]", "one"),
    ],
)
def test_expressions(group: Group, expression: str, value: Any) -> None:
    source = template(
        variables={"deep": {"list": [0, {"name": "found"}]}}, outputs={"it": {"type": "string", "value": expression}}
    )
    assert group.deployed(source)["outputs"]["it"]["value"] == value


@pytest.mark.parametrize(
    ("expression", "id_"),
    [
        ("[resourceId('Microsoft.X/as/bs', 'a', 'b')]", "/subscriptions/{s}/resourceGroups/made/providers/Microsoft.X/as/a/bs/b"),
        ("[resourceId('far', 'Microsoft.X/as', 'a')]", "/subscriptions/{s}/resourceGroups/far/providers/Microsoft.X/as/a"),
        ("[resourceId('other', 'far', 'Microsoft.X/as', 'a')]", "/subscriptions/other/resourceGroups/far/providers/Microsoft.X/as/a"),
        ("[subscriptionResourceId('Microsoft.X/as', 'a')]", "/subscriptions/{s}/providers/Microsoft.X/as/a"),
        ("[subscription().subscriptionId]", "{s}"),
        ("[resourceGroup().id]", "/subscriptions/{s}/resourceGroups/made"),
    ],
)  # fmt: skip
def test_ids_in_expressions(group: Group, expression: str, id_: str) -> None:
    done = group.deployed(template(outputs={"it": {"type": "string", "value": expression}}))
    assert done["outputs"]["it"]["value"] == id_.format(s=group.subscription)


# Refusals


def loop(*names: str) -> Body:
    return template(*(table(name, dependsOn=[names[n - 1]]) for n, name in enumerate(names)))


@pytest.mark.parametrize(
    ("source", "status", "code", "said"),
    [
        pytest.param({"resources": []}, 400, "InvalidTemplate", "contentVersion", id="no version"),
        pytest.param(template(table("[nonsense('a')]")), 400, "InvalidTemplate", "'nonsense' is not valid", id="unknown function"),
        pytest.param(template(table("[concat('a']")), 400, "InvalidTemplate", "The language expression 'concat('a'' is not valid", id="not closed"),
        pytest.param(template(table("[parameters('p')]")), 400, "InvalidTemplate", "parameter 'p' is not found", id="unknown parameter"),
        pytest.param(template(table("a"), table("A")), 400, "InvalidTemplate", "is defined multiple times", id="twice"),
        pytest.param(template(table("a", dependsOn=["b"])), 400, "InvalidTemplate", "The resource 'b' is not defined in the template", id="missing dependency"),
        pytest.param(loop("a", "b", "c"), 400, "InvalidTemplate", "Circular dependency detected on resource", id="circle"),
        pytest.param(template(table("a/b")), 400, "InvalidTemplate", "incorrect segment lengths", id="segments"),
        pytest.param(template(variables={"a": "[variables('b')]", "b": "[variables('a')]"}), 400, "InvalidTemplate", "Circular reference", id="circle of variables"),
        pytest.param(template(parameters={"p": {"type": "int"}}), 400, "InvalidTemplate", "The value for the template parameter 'p' is not provided", id="no value"),
        pytest.param(template(parameters={"p": {"type": "int", "defaultValue": "x"}}), 400, "InvalidTemplate", "Expected a value of type 'int'", id="type"),
        pytest.param(template(parameters={"p": {"type": "int", "defaultValue": 1, "allowedValues": [2]}}), 400, "InvalidTemplate", "allowed value(s): '2'", id="not allowed"),
        pytest.param(template(table("a", copy={"name": "loop", "count": 2})), 501, "NotEmulated", "copy", id="copy"),
        pytest.param(template(table("[uniqueString('a')]")), 501, "NotEmulated", "uniquestring", id="function left out"),
        pytest.param({**template(), "resources": {"net": table("a")}}, 501, "NotEmulated", "symbolic names", id="symbolic names"),
        pytest.param(template(table("[" + "concat(" * 3000 + "]")), 400, "InvalidTemplate", "not valid", id="too deep"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["", "validate", "whatIf"])
def test_a_template_that_cannot_be_read(
    group: Group, source: Body, status: int, code: str, said: str, verb: str
) -> None:
    method = "POST" if verb else "PUT"
    refused = group.send(method, group.deployment(verb), document(source))
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code), refused.text
    assert said in refused.json()["error"]["message"]
    assert group.resources() == []


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({}, 400, "InvalidRequestContent"),
        ({"properties": {"mode": "Incremental"}}, 400, "InvalidTemplate"),
        ({"properties": {"mode": "Complete", "template": template()}}, 501, "NotEmulated"),
        ({"properties": {"mode": "Incremental", "templateLink": {"uri": "http://x"}}}, 501, "NotEmulated"),
        (document(template(), {"stranger": 1}), 400, "InvalidTemplate"),
    ],
)
def test_a_deployment_that_is_none(group: Group, sent: Body, status: int, code: str) -> None:
    refused = group.send("PUT", group.deployment(), sent)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code), refused.text


def test_a_deployment_needs_its_group(group: Group) -> None:
    nowhere = Group(group.base, group.subscription, f"none-{uuid4()}")
    refused = nowhere.deploy(template())
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "ResourceGroupNotFound")
