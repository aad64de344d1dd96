"""Wave files: what is taken, and where a mistake is said to be."""

from pathlib import Path

import pytest

from asmosis.errors import UsageError
from asmosis.parameters import ApprovalPolicy, WaveParameters
from asmosis.wave_files import LARGEST_WAVE_FILE, parse_wave, read_wave, wave_of

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
WHOLE = f"""\
# Friday evening
name: friday
subscription: {SUBSCRIPTION}
approval: automatic-when-clean
planes: azure
units:
  - virtualNetwork/contoso-vnet
  - storageaccount/contosodisks
"""


def problem_in(text: str | bytes, subscription: str = SUBSCRIPTION) -> str:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(UsageError) as caught:
        parse_wave(content, "w.yaml", subscription)
    return str(caught.value)


def test_a_whole_file_becomes_the_parameters_of_the_flow(tmp_path: Path) -> None:
    file = tmp_path / "wave.yaml"
    file.write_text(WHOLE)
    assert read_wave(file) == WaveParameters(
        name="friday",
        subscription=SUBSCRIPTION,
        approval=ApprovalPolicy.AUTOMATIC_WHEN_CLEAN,
        planes="azure",
        units=["virtualNetwork/contoso-vnet", "storageAccount/contosodisks"],
    )


@pytest.mark.parametrize("name", ["2024-01-01", "no", "1e3", "0x10"])
def test_a_value_is_the_text_that_stands_there(name: str) -> None:
    assert parse_wave(f"name: {name}\nunits: [routeTable/1.10]".encode(), "w", SUBSCRIPTION).name == name


def test_the_callers_subscription_stands_in_but_does_not_override() -> None:
    other = SUBSCRIPTION.replace("1", "9")
    without = "name: a\nunits: [routeTable/r]"
    assert parse_wave(without.encode(), "w", other).subscription == other
    assert parse_wave(f"subscription: {SUBSCRIPTION}\n{without}".encode(), "w", other).subscription == SUBSCRIPTION


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "nmae: a\nname: a\nunits: [routeTable/r]",
            "w.yaml:1: unknown key 'nmae'. Did you mean 'name'?",
            id="a typo in a key",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\ncolour: red",
            "w.yaml:3: unknown key 'colour'. Keys: approval, approvers, approval_policy, ",
            id="a key that resembles none",
        ),
        pytest.param(
            "name: a\nunits:\n  - routeTable/r\n  - routTable/s",
            "w.yaml:4: units.2: 'routTable/s' is not a unit. Did you mean 'routeTable'?",
            id="a typo in a kind",
        ),
        pytest.param(
            "name: a\nunits: [routeTable]",
            "w.yaml:2: units.1: 'routeTable' is not a unit. Write KIND/NAME; kinds: virtualNetwork, ",
            id="a unit without a name",
        ),
        pytest.param(
            "name:\n  - a\nunits: [routeTable/r]",
            "w.yaml:1: name: Input should be a valid string",
            id="a list for a name",
        ),
        pytest.param("name: a\nunits:\n", "w.yaml:2: units: Input should be a valid list", id="no list"),
        pytest.param("name: a\nunits: []\n", "w.yaml:2: units: List should have at least 1 item", id="no unit"),
        pytest.param("name: a\n", "w.yaml:1: 'units' is missing. Write units: and its value.", id="a missing key"),
        pytest.param("name: A b\nunits: [routeTable/r]", "w.yaml:1: name: 'A b' does not match ", id="a bad name"),
        pytest.param(
            "name: a\nunits: [routeTable/r]\napproval: never",
            "w.yaml:3: approval: 'never' is no policy. Policies: manual, automatic-when-clean.",
            id="an unknown policy",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nwindows:\n  zone: Europe/Berln",
            "w.yaml:4: windows.zone: zone 'Europe/Berln': no such time zone. Did you mean 'Europe/Berlin'?",
            id="a time zone that nobody keeps",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nwindows:\n  prepare:\n    - daily 01:00-02:00\n    - mondya 01:00-02:00",
            "w.yaml:6: windows.prepare.2: window 'mondya 01:00-02:00': 'mondya' is no day. Did you mean 'monday'?",
            id="a window on no day",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nwindows:\n  commit: [mon 01:00-01:00]",
            "w.yaml:4: windows.commit.1: window 'mon 01:00-01:00': it closes when it opens. For a whole day",
            id="a window that is never open",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\napprovers:\n  needed: 2\n  names: [ann]",
            "w.yaml:3: approvers: 2 approvals are needed of 1 approvers. Correct the value.",
            id="approvals that nobody can give",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nfailure_budget: some",
            "w.yaml:3: failure_budget: 'some' does not match ",
            id="a budget that is no number",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nmode: dry",
            "w.yaml:3: mode: Input should be 'assess', 'dry-run', ",
            id="no mode",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r, routeTable/s]\nafter:\n  routeTable/r: [routeTable/s]\n  routeTable/s: [routeTable/r]",
            "w.yaml:3: after: the units wait for each other: routeTable/",
            id="units that wait for each other",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nafter:\n  RouteTable/r:\n    - routeTable/s\ndestinations:\n  routeTable/t: {}",
            "w.yaml:5: after: 'routeTable/s' is no unit of the wave. Add it to units, or take it out here. 1 more on line 7.",
            id="strangers",
        ),
        pytest.param(
            "name: a\nunits: [routeTable/r]\nname: b", "w.yaml:3: 'name' stands there twice", id="a repeated key"
        ),
        pytest.param(
            "nmae: a\nunits: [x/y]\napproval: never",
            "w.yaml:1: 'name' is missing. Write name: and its value. 3 more on line 1, 2, 3.",
            id="several mistakes",
        ),
        pytest.param("name: a\nunits: [routeTable/r", "w.yaml:2: not YAML (", id="a list that does not end"),
        pytest.param("name: a\n\tunits: x", "w.yaml:2: not YAML (", id="a tab"),
        pytest.param(b"name: \xff\xfe", "w.yaml: not YAML (", id="no UTF-8"),
        pytest.param("- routeTable/r", "w.yaml:1: not a wave file. Give it the keys ", id="only a list"),
        pytest.param("", "w.yaml:1: not a wave file.", id="empty"),
        pytest.param("? [a]\n: b", "w.yaml:1: a key is not plain text", id="a key that is a list"),
        pytest.param(
            "name: &n a\nunits: [routeTable/r, *n]", "w.yaml:2: not YAML (aliases are not taken)", id="an alias"
        ),
        pytest.param(
            "a: &a [x, x]\nb: &b [*a, *a]\nname: c\nunits: *b",
            "w.yaml:2: not YAML (aliases are not taken)",
            id="laughs by the billion",
        ),
        pytest.param(
            "name: a\nunits: !!python/object/apply:os.system [id]",
            "w.yaml:2: not YAML (tags are not taken: tag:yaml.org,2002:python/object/apply:os.system)",
            id="a call",
        ),
        pytest.param(
            "name: !!python/name:os.system a", "w.yaml:1: not YAML (tags are not taken: ", id="a name of Python"
        ),
        pytest.param("name: " + "[" * 5000, "w.yaml: nested too deeply", id="deep nesting"),
        pytest.param(b"#" * (LARGEST_WAVE_FILE + 1), "w.yaml: larger than ", id="too large"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_remedy(text: str | bytes, said: str) -> None:
    problem = problem_in(text)
    assert problem.startswith(said)
    assert "\n" not in problem


def test_a_missing_subscription_is_named() -> None:
    said = "w.yaml:1: 'subscription' is missing. Write subscription: and its value."
    assert problem_in("name: a\nunits: [routeTable/r]", subscription="") == said


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.yaml: No such file or directory\. Name a wave file"):
        read_wave(tmp_path / "absent.yaml")


def test_values_that_stand_in_no_file_are_named_without_a_line() -> None:
    with pytest.raises(UsageError, match=r"^run: name: 'A' does not match"):
        wave_of({"name": "A", "subscription": SUBSCRIPTION, "units": ["routeTable/r"]}, "run")


def test_the_example_in_the_documentation_is_a_wave() -> None:
    page = (Path(__file__).parent.parent / "docs" / "waves.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    wave = parse_wave(example.encode(), "docs/waves.md")
    assert (wave.approvers.needed, wave.failure_budget, wave.windows.zone) == (2, "10%", "Europe/Berlin")
    assert wave.order
