"""Facts files: what is taken, where a mistake is said to be, and what their words mean."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asmosis.errors import UsageError
from asmosis.facts import Blob, Facts, Size, StepDuration, UnitState, Usage, classic_resource, parse_facts, read_facts
from asmosis.units import State
from asmosis.yaml_files import to_json_schema, to_yaml

CLASSIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Classic"
WHOLE = """\
# Asked of the portal on Monday
as_of: 2024-01-08T09:00:00Z
usages:
  - {region: West US, name: cores, limit: 350, current: 12}
providers: {Microsoft.ClassicInfrastructureMigrate: Registered}
sizes:
  - region: westus
    name: Standard_D2_v2
    family: standardDv2Family
    cores: 2
co_administrator: false
agent_policies: []
blobs:
  - media_link: https://acct.blob.core.windows.net/vhds/a.vhd
    length: 1073742336
  - media_link: https://acct.blob.core.windows.net/vhds/gone.vhd
states:
  - {unit: storageAccount/Acct, state: Prepared, since: 2024-01-01T00:00:00Z}
history:
  - {kind: virtualNetwork, step: prepare, seconds: 94.5, machines: 2, services: 1}
"""


def problem_in(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_facts(text.encode(), "f.yaml")
    return str(caught.value)


def test_a_whole_file_is_taken_and_comes_back_the_same(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(WHOLE)
    facts = read_facts(file)
    assert facts == Facts(
        as_of=datetime(2024, 1, 8, 9, tzinfo=UTC),
        usages=(Usage(region="West US", name="cores", limit=350, current=12),),
        providers={"Microsoft.ClassicInfrastructureMigrate": "Registered"},
        sizes=(Size(region="westus", name="Standard_D2_v2", family="standardDv2Family", cores=2),),
        co_administrator=False,
        agent_policies=(),
        blobs=(
            Blob(media_link="https://acct.blob.core.windows.net/vhds/a.vhd", length=1073742336),
            Blob(media_link="https://acct.blob.core.windows.net/vhds/gone.vhd"),
        ),
        states=(UnitState(unit="storageAccount/Acct", state=State.PREPARED, since=datetime(2024, 1, 1, tzinfo=UTC)),),
        history=(StepDuration(kind="virtualNetwork", step="prepare", seconds=94.5, machines=2, services=1),),
    )
    assert parse_facts(to_yaml(facts).encode(), "again") == facts
    assert parse_facts(facts.model_dump_json(exclude_none=True).encode(), "as JSON") == facts


def test_nobody_asked_is_not_the_same_as_there_is_none() -> None:
    facts = parse_facts(b"peerings: []", "f")
    assert facts.tells("peerings")
    assert not facts.tells("circuits")
    assert "circuits" not in to_yaml(facts)
    assert to_yaml(facts) == "peerings: []\n"


def test_a_share_of_a_part_can_be_unknown() -> None:
    facts = Facts(injected_services=(), unknown={"injected_services/batch": "nobody may"})
    assert facts.tells("injected_services/hdinsight")
    assert not facts.tells("injected_services/batch")
    assert not Facts().tells("injected_services/hdinsight")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "co_administrator: true\nusage: []", "f.yaml:2: unknown key 'usage'. Did you mean 'usages'?", id="a typo"
        ),
        pytest.param(
            "usages:\n  - region: westus\n    name: cores\n    limt: 3\n    current: 1\n    limit: 3\n",
            "f.yaml:4: unknown key 'usages.1.limt'. Did you mean 'limit'?",
            id="a typo in an item, which has keys of its own",
        ),
        pytest.param(
            "networks:\n- {resource_group: g, name: n, region: r, subnets: [{name: s, prefix: p, colour: red}]}",
            "f.yaml:2: unknown key 'networks.1.subnets.1.colour'. Keys: name, prefix.",
            id="a key two lists deep that resembles none",
        ),
        pytest.param(
            "usages:\n  - region: westus\n    limit: 3\n    current: 1\n",
            "f.yaml:2: 'usages.1.name' is missing. Write name: and its value.",
            id="a missing key",
        ),
        pytest.param("usages:\n", "f.yaml:1: usages: Input should be a valid ", id="a list without items"),
        pytest.param(
            "blobs:\n  - media_link: a\n    length: big", "f.yaml:3: blobs.1.length: Input should be a valid integer",
            id="no number",
        ),
        pytest.param(
            "states:\n  - {unit: routeTable/r, state: Moving}", "f.yaml:2: states.1.state: Input should be 'Classic', ",
            id="no state",
        ),
        pytest.param(
            "injected_services:\n  - {network: n, kind: bath, name: b}",
            "f.yaml:2: injected_services.1.kind: Input should be 'application-gateway', ",
            id="no kind",
        ),
        pytest.param("writes_per_hour: 0", "f.yaml:1: writes_per_hour: Input should be greater than 0", id="too few"),
        pytest.param("usages: []\n---\nblobs: []", "f.yaml:2: a second document starts.", id="two documents"),
        pytest.param('{"usages": [],\n "blobs": [}', "f.yaml:2: not YAML (", id="JSON that does not end"),
        pytest.param("- usages", "f.yaml:1: not a facts file. Give it the keys as_of, usages, ", id="a list"),
        pytest.param("usages: &a []\nblobs: *a", "f.yaml:2: not YAML (aliases are not taken).", id="an alias"),
        pytest.param("usages: [" + "{a: " * 40, "f.yaml: nested too deeply.", id="deep nesting"),
        pytest.param("unknown:\n  ? [a]\n  : b", "f.yaml:2: a key is not plain text.", id="a key that is a list"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_a_remedy(text: str, said: str) -> None:
    problem = problem_in(text)
    assert problem.startswith(said)
    assert "\n" not in problem


def test_json_may_be_indented_with_tabs() -> None:
    assert parse_facts(b'{\n\t"peerings": []\n}', "f.json").peerings == ()


@pytest.mark.parametrize(
    ("id", "resource"),
    [
        (f"{CLASSIC}Compute/domainNames/web/slots/Production/roles/vm1", ("hostedService", "web")),
        (f"{CLASSIC}Compute/virtualMachines/vm1", ("machine", "vm1")),
        (f"{CLASSIC}Network/virtualNetworks/Group g net/subnets/s".upper(), ("virtualNetwork", "GROUP G NET")),
        (f"{CLASSIC}Network/reservedIps/kept", ("reservedIp", "kept")),
        (f"{CLASSIC}Network/networkSecurityGroups/guard", ("networkSecurityGroup", "guard")),
        (f"{CLASSIC}Storage/storageAccounts/acct", ("storageAccount", "acct")),
        (f"{CLASSIC}Storage/disks/d", None),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm1", None),
        ("", None),
    ],
)
def test_the_id_of_a_classic_resource_tells_its_unit(id: str, resource: tuple[str, str] | None) -> None:
    assert classic_resource(id) == resource


def test_names_compare_without_case_and_regions_without_spaces() -> None:
    facts = parse_facts(WHOLE.encode(), "f")
    assert facts.usage_of("westus", "CORES") is not None
    assert facts.usage_of("eastus", "cores") is None
    assert facts.size_by_name["westus", "standard_d2_v2"].cores == 2
    assert facts.state_by_unit["storageaccount/acct"].state is State.PREPARED


def test_the_module_prints_the_schema_of_the_file() -> None:
    printed = subprocess.run([sys.executable, "-m", "asmosis.facts"], capture_output=True, text=True, check=True).stdout
    assert printed == to_json_schema(Facts)
    schema = json.loads(printed)
    assert set(schema["properties"]) == set(Facts.model_fields)
    assert all("description" in part for part in schema["properties"].values())
