"""The verb `plan`: archived documents in, a plan out, and again."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree, html

from asmosis.classic.archive import file_name
from asmosis.cli import call
from asmosis.planning.files import PLAN_FILE, plan_schema
from emulator.seeds.contoso import contoso

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
OWNED = {
    "Gateway": "services/networking/{}/gateway",
    "Connections": "services/networking/{}/gateway/connections",
    "Certificate": "services/hostedservices/{}/certificates",
}
"""What no document says of itself is told by its file's name."""
NOBODY = "http://127.0.0.1:9/api"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for number, document in enumerate(contoso().documents):
        root = etree.QName(etree.fromstring(document.xml)).localname
        path = OWNED[root].format(document.name or document.parent) if root in OWNED else f"{number:04}"
        (folder / file_name(path)).write_bytes(document.xml)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "ips.xml").write_text(
        '<ReservedIPs xmlns="http://schemas.microsoft.com/windowsazure">'
        "<ReservedIP><Name>one</Name><Address>40.0.0.1</Address><InUse>false</InUse></ReservedIP>"
        "<ReservedIP><Name>two</Name><Address>40.0.0.2</Address><InUse>false</InUse></ReservedIP></ReservedIPs>"
    )
    return folder


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_API_URL", NOBODY)


def asked(folder: Path, *more: str) -> list[str]:
    return ["plan", "--from", str(folder), "--subscription", SUBSCRIPTION, *more]


def test_a_plan_is_printed(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(asked(archive, "--limit", "units=5", "--name", "night")) == 0
    shown = capsys.readouterr()
    plan = PLAN_FILE.parse(shown.out.encode(), "stdout")
    assert (plan.subscription, plan.limits.units, plan.waves[0].name) == (SUBSCRIPTION, 5, "night-01")
    assert max(len(wave.units) for wave in plan.waves) == 5
    left_out = {entry.unit: entry.why for entry in plan.left_out}
    assert left_out["storageAccount/contosooldvhds"] == (
        "it goes after hostedService/contoso-backup, which is left out",
    )
    assert "hostedService/contoso-acl" in left_out
    assert "hostedService/contoso-acl" not in {unit.unit for wave in plan.waves for unit in wave.units}


def test_a_plan_is_written_and_brought_up_to_date(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    assert call(asked(archive, "--to", str(path), "--first", "2026-12-01")) == 0
    text = path.read_text()
    assert text.count("2026-12-01") == 1
    assert call(["plan", "--update", str(path), "--from", str(archive)]) == 0
    said = capsys.readouterr().err
    assert (
        "note: what has run is taken from the plan itself (Prefect at http://127.0.0.1:9/api cannot be reached" in said
    )
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["plan.yaml"]


def test_a_file_with_only_rules_becomes_a_plan(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("# ours\nlimits: {units: 1}\nrules:\n  exclude: [two]\n")
    assert call(["plan", "--update", str(path), "--from", str(small), "--subscription", SUBSCRIPTION]) == 0
    plan = yaml.safe_load(path.read_text())
    assert plan["waves"] == [{"name": "wave-01", "units": ["reservedIp/one"]}]
    assert plan["left_out"] == [{"unit": "reservedIp/two", "why": ["excluded by 'two'"]}]
    assert "# ours\n" in path.read_text()


def test_several_subscriptions_make_one_plan(small: Path, archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    sources = ["--from", str(small), "--from", str(archive)]
    subscriptions = ["--subscription", SUBSCRIPTION, "--subscription", OTHER]
    assert call(["plan", *sources, *subscriptions, "--to", str(path)]) == 0
    units = yaml.safe_load(path.read_text())["waves"][0]["units"]
    assert {f"{SUBSCRIPTION}/reservedIp/one", f"{OTHER}/reservedIp/contoso-spare-ip"} <= set(map(str, units))
    before = path.read_text()
    assert call(["plan", "--update", str(path), *sources, *subscriptions]) == 0
    assert path.read_text() == before


def test_the_same_as_json(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(asked(archive, "--json")) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    [wave] = shown["plan"]["waves"]
    assert wave["load"]["units"] == len(wave["units"]) == 14
    assert shown["units"]["hostedService/contoso-batch"]["restarts"] == 2
    ties = {(link["first"], link["then"]) for link in shown["links"]}
    assert ("virtualNetwork/contoso-vnet", "storageAccount/contosovhds") in ties


def test_pictures_are_written_beside_it(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = [f"--out={tmp_path / name}" for name in ("plan.html", "plan.md", "plan.json")]
    assert call(asked(archive, *out)) == 0
    assert "waves:" in capsys.readouterr().out
    page = html.parse(str(tmp_path / "plan.html"))
    assert len(page.xpath("//*[@class='graph']//*[@data-unit]")) == 14
    assert "| `wave-01` | planned | 14 |" in (tmp_path / "plan.md").read_text()
    assert json.loads((tmp_path / "plan.json").read_text())["plan"]["name"] == "wave"


def test_what_is_not_understood_is_said_and_answers_no(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small / "odd.xml").write_text(
        '<RouteTable xmlns="http://schemas.microsoft.com/windowsazure"><Name>r</Name><Mood>bad</Mood></RouteTable>'
    )
    assert call(asked(small)) == 1
    assert "RouteTable/Mood" in capsys.readouterr().err


def test_units_over_a_limit_are_named(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(asked(archive, "--limit", "machines=1")) == 0
    assert "is over its limits: 4 machines of 1" in capsys.readouterr().err


def test_waivers_let_a_unit_in(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(
        "waivers:\n- {rule: svc-endpoint-acl, unit: hostedService/contoso-acl, who: Ada, why: gone soon, until: 2099-01-01}\n"
    )
    assert call(asked(archive, "--waivers", str(path))) == 0
    plan = PLAN_FILE.parse(capsys.readouterr().out.encode(), "stdout")
    assert "hostedService/contoso-acl" in {unit.unit for wave in plan.waves for unit in wave.units}


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["plan", "--schema"]) == 0
    assert capsys.readouterr().out == plan_schema()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(
            ["--limit", "unit=3"], "--limit unit=3: there is no limit 'unit'. Did you mean 'units'?", id="a limit"
        ),
        pytest.param(["--limit", "units=0"], "--limit units=0: '0' is no number above 0.", id="a limit of nothing"),
        pytest.param(["--limit", "units"], "--limit units: '' is no number above 0.", id="a limit without a number"),
        pytest.param(["--first", "monday"], "--first 'monday': it is no date. Write YYYY-MM-DD.", id="a day"),
        pytest.param(["--profile", "x"], "--profile 'x': there is no such profile.", id="a profile"),
        pytest.param(["--name", "No Name"], "options: name: 'No Name' does not match", id="a name"),
        pytest.param(["--out", "p.pdf"], "--out p.pdf: the suffix '.pdf' says no format.", id="a format"),
        pytest.param(["--out", "none/p.html"], "none/p.html: it cannot be written.", id="a folder that is not there"),
        pytest.param(["--subscription", OTHER], "--from: 1 folders for 2 subscriptions.", id="too few folders"),
        pytest.param(["--asm-url", "http://x"], "--from: documents and a live plane are both named.", id="two sources"),
    ],
)
def test_wrong_usage_is_said_in_one_line(
    small: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(asked(small, *more)) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"asmosis: {said}")
    assert (shown.out, shown.err.count("\n")) == ("", 1)


def test_a_plan_that_is_there_is_not_written_over(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("name: mine\n")
    assert call(asked(small, "--to", str(path))) == 2
    assert f"it is there already. Use --update {path}." in capsys.readouterr().err
    assert call(asked(small, "--update", str(path), "--to", str(path))) == 2
    assert "a plan is updated where it is" in capsys.readouterr().err
    assert path.read_text() == "name: mine\n"


def test_an_order_against_the_estate_is_said_with_its_line(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(
        f"subscription: {SUBSCRIPTION}\nwaves:\n- name: a\n  units:\n  - {{unit: storageAccount/contosovhds}}\n"
        "- name: b\n  units: [virtualNetwork/contoso-vnet, hostedService/contoso-batch]\n"
    )
    assert call(asked(archive, "--update", str(path))) == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith(
            f"asmosis: {path}:5: storageAccount/contosovhds: it stands in a, but goes after virtualNetwork/contoso-vnet: "
        )
    )


def test_a_plan_of_another_subscription_is_refused(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"subscription: {OTHER}\n")
    assert call(asked(small, "--update", str(path))) == 2
    assert f"it is for subscription {OTHER}, asked for is {SUBSCRIPTION}." in capsys.readouterr().err


def test_a_mistake_in_a_plan_leaves_the_file_alone(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("waves:\n- {name: w, unts: []}\n")
    assert call(asked(small, "--update", str(path))) == 2
    assert f"{path}:2: unknown key 'waves.1.unts'. Did you mean 'units'?" in capsys.readouterr().err
    assert path.read_text() == "waves:\n- {name: w, unts: []}\n"
