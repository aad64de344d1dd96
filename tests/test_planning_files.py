"""Plan files: what people may write, where a mistake is said to be, and what stays when they are written anew."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from asmosis.errors import UsageError
from asmosis.parameters import ApprovalPolicy, WaveParameters
from asmosis.planning.comments import kept
from asmosis.planning.files import LARGEST_PLAN, PLAN_FILE, plan_schema, read_plan, waves_in, written
from asmosis.planning.plan import Plan
from asmosis.planning.propose import propose
from asmosis.planning.survey import Survey
from tests.planned import OTHER, SUBSCRIPTION, Net, Svc, empty, estate

GIVEN = estate([Net("a")], [Svc("w", "a", accounts=("disks",)), Svc("solo", accounts=("disks",))], ["disks"])
HEAD = f"subscription: {SUBSCRIPTION}\n"


def parsed(text: str) -> Plan:
    return PLAN_FILE.parse(text.encode(), "p.yaml")


def renewed(text: str) -> str:
    return written(propose([Survey(GIVEN)], parsed(text)), text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("limts: {units: 3}", "p.yaml:1: unknown key 'limts'. Did you mean 'limits'?", id="a key"),
        pytest.param(
            "limits:\n  unts: 3", "p.yaml:2: unknown key 'limits.unts'. Did you mean 'units'?", id="a key below"
        ),
        pytest.param("limits: {units: 0}", "p.yaml:1: limits.units: Input should be greater than 0", id="no units"),
        pytest.param(
            "waves:\n- name: w\n  aproval: manual",
            "p.yaml:3: unknown key 'waves.1.aproval'. Did you mean 'approval'?",
            id="a setting of a wave",
        ),
        pytest.param(
            "waves:\n- name: w\n  units: [virtualNetwork/a]",
            "p.yaml:3: 'virtualNetwork/a' is no unit (it names no subscription). Use SUBSCRIPTION/KIND/NAME.",
            id="a unit of no subscription",
        ),
        pytest.param(
            HEAD + "waves:\n- name: w\n  units:\n  - virtualNetwork/a\n  - network/b",
            "p.yaml:6: 'network/b' is no unit (it is not KIND/NAME). Kinds: virtualNetwork",
            id="a kind",
        ),
        pytest.param(
            HEAD + "waves:\n- name: w\n  units: [virtualNetwork/a]\n- name: x\n  units:\n  - virtualNetwork/A",
            "p.yaml:7: virtualNetwork/A stands in w already. A unit goes in one wave; keep one of the two.",
            id="a unit in two waves",
        ),
        pytest.param(
            HEAD + "waves:\n- name: w\n  units:\n  - virtualNetwork/a\n  - virtualNetwork/a",
            "p.yaml:6: virtualNetwork/a stands in w already.",
            id="a unit twice in a wave",
        ),
        pytest.param(
            "waves:\n- name: w\n- name: w",
            "p.yaml:3: there are two waves w. Give one of them another name.",
            id="a name",
        ),
        pytest.param("waves:\n- name: W 1", "p.yaml:2: waves.1.name: 'W 1' does not match", id="a bad name"),
        pytest.param(
            HEAD + "waves:\n- name: w\n  units: [virtualNetwork/a]\nleft_out:\n- unit: virtualNetwork/a\n  why: [no]",
            "p.yaml:6: virtualNetwork/a is left out, and stands in w. Keep one of the two.",
            id="in and out",
        ),
        pytest.param(
            HEAD + "waves:\n- name: early\nleft_out:\n- unit: virtualNetwork/a\n  why: [no]\n  was: erly",
            "p.yaml:7: there is no wave erly. Did you mean 'early'?",
            id="a wave that it was in",
        ),
        pytest.param(
            HEAD
            + "waves:\n- name: w\n  units:\n  - unit: virtualNetwork/a\n    after: [virtualNetwork/b]\n- name: x\n"
            + "  units: [virtualNetwork/b]",
            "p.yaml:5: virtualNetwork/a goes after virtualNetwork/b, which stands in x. Move it to x or later.",
            id="an order against the waves",
        ),
        pytest.param(
            HEAD + "waves:\n- name: w\n  units:\n  - {unit: virtualNetwork/a, after: [virtualNetwork/b]}",
            "p.yaml:5: virtualNetwork/a goes after virtualNetwork/b, which stands in no wave. Plan it as well.",
            id="after nothing",
        ),
        pytest.param(
            HEAD
            + "waves:\n- name: w\n  units:\n  - {unit: virtualNetwork/a, after: [virtualNetwork/b]}\n"
            + "  - {unit: virtualNetwork/b, after: [virtualNetwork/a]}",
            "p.yaml:3: units wait for each other: virtualNetwork/",
            id="a circle",
        ),
        pytest.param(
            HEAD
            + "waves:\n- name: w\n  not_before: 2026-12-05\n  units: [virtualNetwork/a]\n- name: x\n"
            + "  not_before: 2026-12-04\n  units: [virtualNetwork/b]",
            "p.yaml:7: x is for 2026-12-04, before w on 2026-12-05. Exchange the dates or the waves.",
            id="waves that overlap",
        ),
        pytest.param(
            "defaults:\n  windows:\n    zone: Europe/Berln",
            "p.yaml:3: defaults.windows.zone: zone 'Europe/Berln': no such time zone. Did you mean",
            id="a time zone",
        ),
        pytest.param("rules:\n  pin: {web: first}", "p.yaml:2: 'web' is no unit", id="a pin of no unit"),
        pytest.param(
            "limits: {prepares: 65535}", "p.yaml:1: limits.prepares: Input should be less than", id="too many"
        ),
        pytest.param("- a", "p.yaml:1: not a plan. Give it the keys name, ", id="no mapping"),
        pytest.param("#" * (LARGEST_PLAN + 1), "p.yaml: larger than ", id="too large"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_remedy(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(text)
    assert str(caught.value).startswith(said)


def test_dates_of_other_subscriptions_do_not_overlap() -> None:
    text = (
        f"waves:\n- name: w\n  not_before: 2026-12-05\n  units: [{SUBSCRIPTION}/virtualNetwork/a]\n"
        f"- name: x\n  not_before: 2026-12-04\n  units: [{OTHER}/virtualNetwork/b]"
    )
    assert [wave.name for wave in parsed(text).waves] == ["w", "x"]


def test_an_existing_network_needs_no_mode() -> None:
    place = "{resource_group: core-rg, virtual_network: core, subnet: front}"
    plan = parsed(f"{HEAD}rules:\n  destinations:\n    hostedService/solo: {place}\n")
    assert plan.rules.destinations["hostedService/solo"].mode == "Existing"


@pytest.mark.parametrize(
    ("comment", "at"),
    [
        ("# the whole night", "name:"),
        ("# do not touch", "limits:"),
        ("      # who is this?", "      - hostedService/solo"),
        ("  # the only wave", "  - name: wave-01"),
    ],
)
def test_a_comment_stays_above_what_it_is_about(comment: str, at: str) -> None:
    text = written(propose([Survey(GIVEN)], empty(name="wave")))
    mine = text.replace(f"\n{at}", f"\n{comment}\n{at}", 1)
    assert mine != text
    assert renewed(mine) == mine


def test_a_comment_stays_beside_its_unit_and_before_what_asmosis_says() -> None:
    text = written(propose([Survey(GIVEN)], empty()))
    mine = text.replace("- hostedService/solo  #:", "- hostedService/solo  # ask Ada #1  #:")
    assert mine != text
    assert renewed(mine) == mine


def test_a_comment_goes_with_its_unit_to_another_wave() -> None:
    text = written(propose([Survey(GIVEN)], empty()))
    [line] = [line for line in text.splitlines() if "- virtualNetwork/a" in line]
    without = text.replace(f"{line}\n", "")
    moved = without.replace("waves:\n", f"waves:\n  - name: mine\n    units:\n      # pilot\n{line}\n")
    after = renewed(moved)
    assert "  - name: mine\n    #: 1 unit, 1 machine, 1 core, " in after
    assert "      # pilot\n      - virtualNetwork/a  #:" in after


def test_a_comment_on_what_is_gone_stands_at_the_end() -> None:
    old = "a: 1\n# about b\nb: 2  # and beside\n# last\n"
    assert kept(old, {1: "a", 3: "b"}, "a: 1\n", {1: "a"}) == "a: 1\n# about b\n# and beside\n# last\n"


@pytest.mark.parametrize(
    "line",
    ["a: 'it # is not'", 'a: "no # comment"', "a: b#c", "a: [x, 'y # z']"],
    ids=["single", "double", "in a word", "flow"],
)
def test_a_number_sign_in_a_value_is_no_comment(line: str) -> None:
    assert kept(f"{line}\n", {1: "a"}, f"{line}\n", {1: "a"}) == f"{line}\n"


def test_what_is_written_is_yaml_that_any_program_reads() -> None:
    text = written(propose([Survey(GIVEN)], empty(first="2026-12-01", defaults={"approval": "automatic-when-clean"})))
    plain = yaml.safe_load(text)
    assert plain["first"] == "2026-12-01"
    assert plain["defaults"] == {"approval": "automatic-when-clean"}
    assert plain["waves"][0]["units"][0] == "virtualNetwork/a"
    assert plain["waves"][0]["units"][2] == {
        "unit": "storageAccount/disks",
        "after": ["virtualNetwork/a", "hostedService/solo"],
    }


def test_a_wave_of_a_plan_is_what_its_run_takes(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    rules = {"destinations": {"hostedService/solo": {"resource_group": "g", "virtual_network": "v", "subnet": "s"}}}
    defaults = {"approval": "automatic-when-clean", "windows": {"zone": "Europe/Berlin"}}
    path.write_text(written(propose([Survey(GIVEN)], empty(rules=rules, defaults=defaults, limits={"prepares": 3}))))
    [wave] = waves_in(path, "wave-01")
    assert wave == WaveParameters.model_validate(
        {
            "subscription": SUBSCRIPTION,
            "name": "wave-01",
            "units": ["virtualNetwork/a", "hostedService/solo", "storageAccount/disks"],
            "after": {"storageAccount/disks": ["virtualNetwork/a", "hostedService/solo"]},
            "destinations": {
                "hostedService/solo": {"mode": "Existing", "resource_group": "g", "virtual_network": "v", "subnet": "s"}
            },
            "approval": "automatic-when-clean",
            "windows": {"zone": "Europe/Berlin"},
            "prepares_at_once": 3,
            "arm_writes_per_hour": 1200,
        }
    )


def test_a_wave_says_what_is_different_for_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(
        f"{HEAD}defaults: {{approval: automatic-when-clean, prepares_at_once: 2}}\nwaves:\n"
        "- {name: w, approval: manual, units: [virtualNetwork/a]}\n- {name: x, units: [virtualNetwork/b]}\n"
    )
    [[w], [x]] = waves_in(path, "w"), waves_in(path, "x")
    assert (w.approval, x.approval) == (ApprovalPolicy.MANUAL, ApprovalPolicy.AUTOMATIC_WHEN_CLEAN)
    assert (w.prepares_at_once, x.prepares_at_once) == (2, 2)


def test_what_a_wave_says_to_undo_a_default_is_written_again() -> None:
    text = f"{HEAD}defaults: {{failure_budget: 10%}}\nwaves:\n- {{name: w, failure_budget: '', note: ''}}\n"
    [wave] = yaml.safe_load(renewed(text))["waves"][:1]
    assert (wave["failure_budget"], "note" in wave) == ("", False)


def test_a_wave_of_two_subscriptions_is_two_runs_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    units = f"[{OTHER}/virtualNetwork/a, {SUBSCRIPTION}/virtualNetwork/a]"
    path.write_text(f"waves:\n- {{name: w, units: {units}}}\n")
    assert [(wave.name, wave.subscription, wave.units) for wave in waves_in(path, "w")] == [
        ("w", OTHER, ["virtualNetwork/a"]),
        ("w", SUBSCRIPTION, ["virtualNetwork/a"]),
    ]


def test_units_that_are_through_do_not_go_again(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(
        f"{HEAD}waves:\n- name: w\n  units:\n  - {{unit: virtualNetwork/a, state: Committed}}\n"
        "  - {unit: virtualNetwork/b, state: Vanished}\n  - {unit: storageAccount/d, after: [virtualNetwork/a]}\n"
        "- name: x\n  units: [{unit: virtualNetwork/e, state: Committed}]\n"
    )
    [wave] = waves_in(path, "w")
    assert (wave.units, wave.after) == (["storageAccount/d"], {})
    with pytest.raises(UsageError, match="nothing in it is left to do"):
        waves_in(path, "x")


def test_a_wave_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("waves:\n- {name: friday}\n")
    with pytest.raises(UsageError, match=r"the plan has no such wave. Did you mean 'friday'\?"):
        waves_in(path, "fridy")


def test_the_schema_knows_what_the_model_knows() -> None:
    schema: dict[str, Any] = json.loads(plan_schema())
    assert set(schema["properties"]) == set(Plan.model_fields)
    assert schema["$defs"]["PlannedUnit"]["anyOf"][0]["type"] == "string"


def test_the_published_schema_is_current() -> None:
    published = Path(__file__).parent.parent / "docs" / "schemas" / "plan.json"
    assert published.read_text() == plan_schema(), "run make docs"


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name a plan that can be read"):
        read_plan(tmp_path / "none.yaml")
