"""Names of choice: where they come from, where they go, and which of them ARM would refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from asmosis.arm.resource import body
from asmosis.errors import UsageError
from asmosis.translate import Names, Proposal, promise, propose
from asmosis.translate.names import NamesFile, Templates
from asmosis.translate.naming import NAMES_FILE, read_names, usual_names_file
from asmosis.units import Unit
from asmosis.yaml_files import to_json_schema
from tests.promising import LOOKOUT, SUBSCRIPTION, TASTING, VINEYARD, Edit, bodies, estate

GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
PRESS = f"{GROUPS}/press-Migrated"
# A template of every kind, and a unit that has such a thing.
OTHER = [
    (VINEYARD, "group", "rg-{name}"),
    (TASTING, "availability_set", "set-{service}"),
    (VINEYARD, "interface", "nic-{machine}"),
    (VINEYARD, "further_interface", "nic-{machine}-{interface}"),
    (VINEYARD, "ip_configuration", "ip"),
    (VINEYARD, "balancer", "balancer-{service}"),
    (VINEYARD, "frontend", "the-front"),
    (VINEYARD, "pool", "all"),
    (VINEYARD, "nat_rule", "{endpoint}-of-{machine}"),
    (VINEYARD, "vip", "pip-{service}"),
    (VINEYARD, "instance_ip", "pip-{machine}-{ip}"),
    (TASTING, "network", "net-{service}"),
    (TASTING, "subnet", "all"),
    (VINEYARD, "vault", "vault-{service}"),
    (LOOKOUT, "gateway", "gateway-of-{network}"),
    (LOOKOUT, "gateway_ip", "pip-{network}"),
    (LOOKOUT, "connection", "{network}-to-{site}"),
]


def proposed(unit: str, names: str | Names, *edits: Edit) -> Proposal:
    policy = Names.of(NAMES_FILE.parse(names.encode(), "names.yaml")) if isinstance(names, str) else names
    return propose(estate(*edits), Unit.parse(unit, SUBSCRIPTION), names=policy)


def text_of(proposal: Proposal) -> str:
    return json.dumps([body(resource) for resource in proposal.resources])


def chosen(unit: str, *edits: Edit, **names: str) -> Proposal:
    return proposed(unit, Names(chosen={key.replace("__", "/"): name for key, name in names.items()}), *edits)


@pytest.mark.parametrize(("unit", "kind", "pattern"), OTHER, ids=[kind for _, kind, _ in OTHER])
def test_a_pattern_names_everything_of_its_kind_and_nothing_else(unit: str, kind: str, pattern: str) -> None:
    usual = proposed(unit, Names())
    other = proposed(unit, f"templates:\n  {kind}: '{pattern}'\n")
    written = re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}")
    written = re.sub(r"\{\w+\}", "[A-Za-z0-9_.-]+", written)
    named = {text for text in strings(json.loads(text_of(other))) if re.fullmatch(written, text)}
    assert named
    assert not named & set(strings(json.loads(text_of(usual))))
    assert len(strings(json.loads(text_of(usual)))) == len(strings(json.loads(text_of(other))))


def test_every_kind_but_that_of_a_second_address_is_tried() -> None:
    assert {kind for _, kind, _ in OTHER} | {"further_vip"} == set(Templates.model_fields)


def strings(value: Any) -> list[str]:
    """Every text in a body, ids step by step."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return value.split("/") if isinstance(value, str) else []


def test_a_second_address_has_a_pattern_too() -> None:
    edit = (
        "press.xml",
        "<Port>50002</Port><Protocol>tcp</Protocol><Vip>52.0.0.20</Vip>",
        "<Port>50002</Port><Protocol>tcp</Protocol><Vip>52.0.0.21</Vip>",
    )
    other = proposed(VINEYARD, "templates: {further_vip: 'pip-{service}-{vip}'}", edit)
    assert "publicIPAddresses/pip-press-unused" in bodies(other.resources)


@pytest.mark.parametrize(
    ("unit", "key", "old", "new"),
    [
        pytest.param(VINEYARD, VINEYARD, "virtualNetworks/vineyard", "virtualNetworks/x1", id="network"),
        pytest.param(
            VINEYARD, "hostedService/press/press1", "virtualMachines/press1", "virtualMachines/x1", id="machine"
        ),
        pytest.param(
            VINEYARD, "hostedService/PRESS/press1", "virtualMachines/press1", "virtualMachines/x1", id="in other case"
        ),
        pytest.param(
            VINEYARD,
            "networkSecurityGroup/front-guard",
            "networkSecurityGroups/front-guard",
            "networkSecurityGroups/x1",
            id="security group of a network",
        ),
        pytest.param(
            VINEYARD,
            "reservedIp/press-address",
            "publicIPAddresses/press-address",
            "publicIPAddresses/x1",
            id="reserved IP of a service",
        ),
        pytest.param(
            VINEYARD,
            f"{PRESS}/providers/Microsoft.Network/networkInterfaces/press1-nic",
            "networkInterfaces/press1-nic",
            "networkInterfaces/x1",
            id="resource id",
        ),
        pytest.param(
            VINEYARD,
            "hostedService/press",
            "resourceGroups/press-Migrated",
            "resourceGroups/x1",
            id="a service is its group",
        ),
        pytest.param(
            VINEYARD,
            f"{GROUPS}/VINEYARD-migrated",
            "resourceGroups/vineyard-Migrated",
            "resourceGroups/x1",
            id="group by its id",
        ),
        pytest.param(
            "storageAccount/vineyarddisks",
            "storageAccount/vineyarddisks",
            "storageAccounts/vineyarddisks",
            "storageAccounts/x12",
            id="storage account",
        ),
    ],
)
def test_a_single_name_is_followed_by_every_reference(unit: str, key: str, old: str, new: str) -> None:
    usual = text_of(proposed(unit, Names()))
    other = proposed(unit, Names(chosen={key: new.rpartition("/")[2]}))
    end = r"(?![A-Za-z0-9_.-])"
    assert re.search(re.escape(old) + end, usual)
    assert not re.search(re.escape(old) + end, text_of(other))
    assert len(re.findall(re.escape(old) + end, usual)) == len(re.findall(re.escape(new) + end, text_of(other)))
    assert [resource.name for resource in other.resources] == [
        resource.id.rpartition("/")[2] for resource in other.resources
    ]
    assert other.unused == ()


def test_groups_follow_their_names_and_may_become_one() -> None:
    assert proposed(VINEYARD, "templates: {group: all}").groups == ("all",)
    assert chosen(VINEYARD, hostedService__press="vineyard-rg").groups == (
        "vineyard-Migrated",
        "vineyard-rg",
        "barrels-Migrated",
    )


def test_a_name_of_another_unit_is_told_and_does_no_harm() -> None:
    other = chosen(VINEYARD, hostedService__Tasting="x", virtualNetwork__vineyard="yard")
    assert other.unused == ("hostedService/Tasting",)


def test_the_platform_is_never_asked_for_other_names() -> None:
    unit = Unit.parse(VINEYARD, SUBSCRIPTION)
    assert proposed(VINEYARD, Names()).resources == promise(estate(), unit).resources


@pytest.mark.parametrize(
    ("unit", "file", "said"),
    [
        pytest.param(
            TASTING, "templat:\n  vip: x\n", "names.yaml:1: unknown key 'templat'. Did you mean 'templates'?", id="key"
        ),
        pytest.param(
            TASTING,
            "templates:\n  vips: x\n",
            "names.yaml:2: unknown key 'templates.vips'. Did you mean 'vip'?",
            id="kind",
        ),
        pytest.param(
            TASTING,
            "templates:\n  vip: '{servce}'\n",
            "names.yaml:2: templates.vip: nothing is known as {servce}; there is {service}. Did you mean 'service'?",
            id="word",
        ),
        pytest.param(TASTING, "templates:\n  vip: '{service'\n", "the braces do not match", id="braces"),
        pytest.param(TASTING, "templates:\n  vip: '{service!r}'\n", "nothing is known as {service}", id="conversion"),
        pytest.param(
            TASTING,
            "templates:\n  vip: '{service.__class__}'\n",
            "nothing is known as {service.__class__}",
            id="attribute",
        ),
        pytest.param(
            TASTING,
            "templates: {interface: nic}",
            "networkInterfaces/glass1-nic of Tasting-Migrated and networkInterfaces/glass2-nic of Tasting-Migrated would"
            " both be called 'nic'",
            id="one name for two resources",
        ),
        pytest.param(
            VINEYARD,
            "templates: {nat_rule: '{endpoint}'}",
            "press1-Remote-Desktop of loadBalancers/press-lb of press-Migrated and press2-Remote-Desktop of"
            " loadBalancers/press-lb of press-Migrated would both be called 'Remote-Desktop'",
            id="one name for two parts",
        ),
        pytest.param(
            VINEYARD,
            "names: {hostedService/press/press1: press2}",
            "virtualMachines/press1 of press-Migrated and virtualMachines/press2 of press-Migrated would both be called",
            id="another one's name",
        ),
        pytest.param(VINEYARD, "names: {hostdService/press: x}", "Did you mean 'hostedService'?", id="kind of a name"),
        pytest.param(
            VINEYARD, "names: {vineyard: x}", "neither a resource id nor something of classic", id="bare name"
        ),
        pytest.param(VINEYARD, "names: {/subscriptions/s: x}", "not the id of a resource or of a group", id="bad id"),
        pytest.param(
            VINEYARD,
            f"names: {{'{PRESS}/providers/Microsoft.Network/loadBalancers/press-lb/probes/web': x}}",
            "Parts of resources get their names from templates.",
            id="part",
        ),
        pytest.param(
            VINEYARD,
            f"names: {{hostedService/press: a, '{PRESS}': b}}",
            f"names: {PRESS}: hostedService/press means the same resource. Keep one of the two.",
            id="one resource twice",
        ),
    ],
)
def test_what_is_wrong_with_a_names_file_is_named(unit: str, file: str, said: str) -> None:
    with pytest.raises(UsageError) as refusal:
        proposed(unit, file)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("unit", "key", "name", "good"),
    [
        pytest.param(VINEYARD, VINEYARD, "x", False, id="network: one character"),
        pytest.param(VINEYARD, VINEYARD, "x" * 64, True, id="network: 64"),
        pytest.param(VINEYARD, VINEYARD, "x" * 65, False, id="network: 65"),
        pytest.param(VINEYARD, VINEYARD, "my net", False, id="network: a space"),
        pytest.param(VINEYARD, VINEYARD, "net.", False, id="network: a period at the end"),
        pytest.param(VINEYARD, VINEYARD, "net\n", False, id="network: a line break at the end"),
        pytest.param(VINEYARD, VINEYARD, "_net", False, id="network: an underscore first"),
        pytest.param(VINEYARD, "hostedService/press/press1", "x" * 64, True, id="machine: 64"),
        pytest.param(VINEYARD, "hostedService/press/press1", "x" * 65, False, id="machine: 65"),
        pytest.param(VINEYARD, "networkSecurityGroup/front-guard", "x" * 80, True, id="security group: 80"),
        pytest.param(VINEYARD, "networkSecurityGroup/front-guard", "x" * 81, False, id="security group: 81"),
        pytest.param(VINEYARD, "hostedService/press", "(rg).1", True, id="group: parentheses"),
        pytest.param(VINEYARD, "hostedService/press", "rg.", False, id="group: a period at the end"),
        pytest.param(VINEYARD, "hostedService/press", "r" * 90, True, id="group: 90"),
        pytest.param(VINEYARD, "hostedService/press", "r" * 91, False, id="group: 91"),
        pytest.param("storageAccount/vineyarddisks", "storageAccount/vineyarddisks", "ab", False, id="account: two"),
        pytest.param("storageAccount/vineyarddisks", "storageAccount/vineyarddisks", "a1" * 12, True, id="account: 24"),
        pytest.param(
            "storageAccount/vineyarddisks", "storageAccount/vineyarddisks", "Abc", False, id="account: a capital"
        ),
        pytest.param(VINEYARD, f"{PRESS}/providers/Microsoft.KeyVault/vaults/KV-press", "v" * 24, True, id="vault: 24"),
        pytest.param(
            VINEYARD, f"{PRESS}/providers/Microsoft.KeyVault/vaults/KV-press", "v" * 25, False, id="vault: 25"
        ),
        pytest.param(
            VINEYARD, f"{PRESS}/providers/Microsoft.KeyVault/vaults/KV-press", "v--v", False, id="vault: two hyphens"
        ),
    ],
)
def test_a_name_that_arm_refuses_is_refused(unit: str, key: str, name: str, good: bool) -> None:  # noqa: FBT001 - a case
    names = Names(chosen={key: name})
    if good:
        proposed(unit, names)
        return
    with pytest.raises(UsageError, match="is no name for") as refusal:
        proposed(unit, names)
    assert repr(name) in str(refusal.value)


def test_what_the_platform_makes_of_a_long_name_fits_and_a_pattern_of_ones_own_is_not_cut() -> None:
    service = "a" * 60
    assert Names().vault(service) == "KV-" + "a" * 21
    assert len(Names().network(service)) == 64
    assert Names(Templates(vault="{service}")).vault(service) == service


@pytest.mark.parametrize(
    ("classic", "kept"),
    [
        ("front", "front"),
        ("upper deck", "upper-deck"),
        ("ne@@t$$%10", "ne-t-10"),
        ("_hidden_", "hidden_"),
        (".net.", "net"),
        ("§§§", "unnamed"),
        ("Group shop web", "group-shop-web"),
        ("Groupware", "Groupware"),
    ],
)
def test_a_customers_name_stays_as_far_as_arm_takes_it(classic: str, kept: str) -> None:
    assert Names().kept(classic) == kept


def test_the_usual_patterns_are_a_names_file(tmp_path: Path) -> None:
    file = tmp_path / "names.yaml"
    file.write_text(usual_names_file(), encoding="utf-8")
    assert read_names(file).templates == Templates()
    assert read_names(file).templates.model_fields_set == set(Templates.model_fields)
    schema = json.loads(to_json_schema(NamesFile))
    assert schema["$defs"]["Templates"]["properties"]["vault"]["default"] == "KV-{service}"
    assert schema["additionalProperties"] is False


def test_the_published_schema_is_current() -> None:
    published = Path(__file__).parents[1] / "docs" / "schemas" / "names.json"
    assert published.read_text(encoding="utf-8") == to_json_schema(NamesFile)
