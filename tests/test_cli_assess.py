"""The verb `assess`: what operators read on a terminal, and the files that it keeps the answer in."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lxml import html

from asmosis.cli import call, output
from asmosis.cli.report_files import report_files
from asmosis.errors import UsageError
from asmosis.reports.assessment import Assessment

NAMESPACE = 'xmlns="http://schemas.microsoft.com/windowsazure"'
NETWORK = """
  <VirtualNetworkSite><Name>{name}</Name><Location>West Europe</Location>
    <AddressSpace><AddressPrefixes><AddressPrefix>10.0.0.0/16</AddressPrefix></AddressPrefixes></AddressSpace>
    <Subnets><Subnet><Name>{subnet}</Name><AddressPrefix>{prefix}</AddressPrefix></Subnet></Subnets>
  </VirtualNetworkSite>"""
WAIVER = """\
waivers:
  - rule: subnet-outside-space
    unit: virtualNetwork/bad-0*
    who: ada
    why: it is being rebuilt
    until: {until}
  - rule: subnet-overlap
    unit: virtualNetwork/bad-0001
    who: ada
    why: nobody knows
    until: 2099-12-31
"""


@pytest.fixture(autouse=True)
def _as_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "160")


def archive(folder: Path, *, good: int = 2, bad: int = 1, name: str = "bad") -> list[str]:
    """A folder of networks, `bad` of them with a subnet outside their space; the arguments that read it."""
    good_ones = [NETWORK.format(name=f"good-{n:04}", subnet="far", prefix="10.0.1.0/24") for n in range(good)]
    bad_ones = [NETWORK.format(name=f"{name}-{n:04}", subnet="far", prefix="10.9.0.0/24") for n in range(bad)]
    sites = "".join((*good_ones, *bad_ones))
    folder.mkdir(exist_ok=True)
    (folder / "networks.xml").write_text(f"<VirtualNetworkSites {NAMESPACE}>{sites}</VirtualNetworkSites>")
    return ["assess", "--from", str(folder)]


# --- the terminal -----------------------------------------------------------------------------------------------------


def test_the_figures_come_first_then_the_reasons_then_the_units_that_need_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(archive(tmp_path, good=2, bad=2)) == output.NO
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    wanted = [
        r" Kind +Units +Ready +Waived +Blocked +Machines +can go +blocked",
        r" virtualNetwork +4 +2 +0 +2 +0 +0 +0",
        r" all +4 +2 +0 +2",
        r" Reasons +Rule +Units +Machines",
        r" blocker +subnet-outside-space +2 +0 ",
        r" Unit +Answer +Rule +Resource",
        r" virtualNetwork/bad-0000 +blocked +subnet-outside-space",
        r" virtualNetwork/bad-0001 +blocked +subnet-outside-space",
        r" virtualNetwork/good-0000 +ready",
        r" virtualNetwork/good-0001 +ready",
        r"2 of 4 units of subscription 0",
    ]
    places = [next(number for number, line in enumerate(lines) if re.match(pattern, line)) for pattern in wanted]
    assert places == sorted(places)


def test_thousands_of_units_are_not_printed_unless_all_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = archive(tmp_path, good=1_000, bad=40)
    assert call(arguments) == output.NO
    short = capsys.readouterr().out
    assert len(short.splitlines()) < 120
    assert len(set(re.findall(r"virtualNetwork/(?:bad|good)-\d+", short))) == 25
    assert "Not shown: 1 015 units, 15 of them blocked. --all prints them" in short
    assert call([*arguments, "--all"]) == output.NO
    assert len(set(re.findall(r"virtualNetwork/(?:bad|good)-\d+", capsys.readouterr().out))) == 1_040


def test_one_unit_is_shown_without_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call([*archive(tmp_path), "--unit", "virtualNetwork/bad-0000"]) == output.NO
    shown = capsys.readouterr().out
    assert "Kind" not in shown
    assert shown.count("subnet-outside-space") == 1
    assert "\n0 of 1 units" in shown


def test_rules_that_miss_facts_are_named_with_what_they_need(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = archive(tmp_path)
    call([*arguments, "--json"])
    unjudged = json.loads(capsys.readouterr().out)["unjudged"]
    assert all(set(rule) == {"rule", "title", "needs"} and rule["needs"] for rule in unjudged)
    assert unjudged
    call(arguments)
    [line] = re.findall(r"^.*rules were not judged.*$", capsys.readouterr().out, re.MULTILINE)
    assert line.startswith(f"{len(unjudged)} rules were not judged, because nobody told them: ")
    parts = {need.partition("/")[0] for rule in unjudged for need in rule["needs"]}
    assert line.partition(": ")[2].partition(". ")[0].split(", ") == sorted(parts)


@pytest.mark.parametrize("beside", [True, False], ids=["in the archive", "by option"])
def test_facts_let_rules_judge(beside: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001 -- a case of the table
    arguments = archive(tmp_path / "archive")
    file = tmp_path / ("archive/facts.yaml" if beside else "told.yaml")
    file.write_text("peerings:\n  - {network: good-0000, remote: /subscriptions/x}\n")
    assert call([*arguments, *([] if beside else ["--facts", str(file)]), "--json"]) == output.NO
    told = json.loads(capsys.readouterr().out)
    assert "vnet-peered" not in {rule["rule"] for rule in told["unjudged"]}
    found = {unit["unit"]: {finding["rule"] for finding in unit["findings"]} for unit in told["units"]}
    assert "vnet-peered" in found["virtualNetwork/good-0000"]
    assert "vnet-peered" not in found["virtualNetwork/good-0001"]


def test_wrong_facts_are_wrong_usage_with_their_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "told.yaml"
    file.write_text("peering: []\n")
    assert call([*archive(tmp_path / "archive"), "--facts", str(file)]) == output.WRONG_USAGE
    assert f"{file}:1: unknown key 'peering'" in capsys.readouterr().err


# --- waivers ----------------------------------------------------------------------------------------------------------


def test_an_accepted_finding_blocks_no_longer_but_stays_to_be_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "waivers.yaml").write_text(WAIVER.format(until="2099-12-31"))
    arguments = [*archive(tmp_path / "archive", bad=2), "--waivers", str(tmp_path / "waivers.yaml")]
    assert call([*arguments, "--json"]) == output.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["units"] == {"ready": 2, "waived": 2, "blocked": 0}
    assert [(each["rule"], each["until"]) for each in told["waivers"]["unused"]] == [("subnet-overlap", "2099-12-31")]
    assert call(arguments) == output.DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert "virtualNetwork/bad-0000 waived subnet-outside-space" in shown
    assert "of no use: the waiver of subnet-overlap for virtualNetwork/bad-0001 accepts nothing." in shown
    assert "4 of 4 units of subscription 00000000-0000-0000-0000-000000000000 are ready (2 by waiver)" in shown


def test_a_waiver_that_is_over_counts_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "waivers.yaml").write_text(WAIVER.format(until="2020-01-31"))
    assert call([*archive(tmp_path / "archive"), "--waivers", str(tmp_path / "waivers.yaml")]) == output.NO
    shown = " ".join(capsys.readouterr().out.split())
    assert "over since 2020-01-31: the waiver of subnet-outside-space for virtualNetwork/bad-0*;" in shown


# --- files ------------------------------------------------------------------------------------------------------------


def test_every_format_keeps_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["all.html", "all.xlsx", "all.json", "all.md", "march.csv", "march-units.csv", "UNITS.PARQUET"]
    out = [part for name in names for part in ("--out", str(tmp_path / name))]
    assert call([*archive(tmp_path / "archive"), *out, "--json"]) == output.NO
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert shown.err == "".join(f"kept in {tmp_path / name}\n" for name in names)
    names_of_units = [unit["unit"] for unit in told["units"]]
    rules = [finding["rule"] for unit in told["units"] for finding in unit["findings"]]
    assert json.loads((tmp_path / "all.json").read_text()) == told
    assert list(pd.read_csv(tmp_path / "march-units.csv")["unit"]) == names_of_units
    assert list(pd.read_parquet(tmp_path / "UNITS.PARQUET")["unit"]) == names_of_units
    assert list(pd.read_csv(tmp_path / "march.csv")["rule"]) == rules
    assert list(pd.read_excel(tmp_path / "all.xlsx", sheet_name="findings")["rule"]) == rules
    assert (tmp_path / "all.md").read_text().startswith("# Readiness\n\n**2 ready, 1 blocked.**")
    page = html.parse(tmp_path / "all.html")
    links = page.xpath("//table[@id='units']/tbody/tr/td[1]/a")
    assert sorted(link.text_content() for link in links) == sorted(names_of_units)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "archive"])


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("units.csv", "units"),
        ("2026-11-losses.parquet", "losses"),
        ("march reasons.csv", "reasons"),
        ("unjudged.csv", "unjudged"),
        ("findings.csv", "findings"),
        ("units-of-march.csv", "findings"),
        ("readiness.csv", "findings"),
        ("units.xlsx", ""),
        ("units.html", ""),
    ],
)
def test_the_last_word_of_the_name_says_which_table_a_file_holds(name: str, table: str, tmp_path: Path) -> None:
    [file] = report_files([tmp_path / name])
    assert (file.table, file.format) == (table, Path(name).suffix)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        pytest.param(["answer.pdf"], "the suffix '.pdf' says no format. Formats: .csv, .parquet,", id="unknown suffix"),
        pytest.param(["answer"], "it has no suffix to say the format", id="no suffix"),
        pytest.param(["absent/answer.csv"], "No such file or directory. Name a file in a folder that", id="no folder"),
        pytest.param(["file.txt/answer.csv"], "Not a directory", id="a file for a folder"),
        pytest.param(["folder.csv"], "it is a folder. Name a file.", id="a folder"),
        pytest.param(["answer.csv", "./answer.csv"], "it is named twice", id="twice"),
    ],
)
def test_a_file_that_could_not_be_written_is_refused_before_any_work(
    names: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "folder.csv").mkdir()
    before = sorted(tmp_path.iterdir())
    out = [part for name in names for part in ("--out", f"{tmp_path}/{name}")]
    # There is no such subscription to read: the answer shows that nothing tried.
    live = ["--subscription", "s", "--asm-url", "http://127.0.0.1:1"]
    assert call(["assess", *live, *out]) == output.WRONG_USAGE
    shown = capsys.readouterr()
    assert (said in shown.err, shown.err.count("\n"), shown.out) == (True, 1, "")
    assert sorted(tmp_path.iterdir()) == before


def test_what_was_there_stays_if_the_new_file_cannot_be_put_in_its_place(tmp_path: Path) -> None:
    [file] = report_files([tmp_path / "units.json"])
    (tmp_path / "units.json" / "occupied").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"units\.json: Is a directory"):
        file.write(assessed_nothing())
    assert [path.name for path in tmp_path.iterdir()] == ["units.json"]


def assessed_nothing() -> Assessment:
    return Assessment("s", "platform-2023", ())


def test_names_from_outside_do_no_harm_in_any_file(tmp_path: Path) -> None:
    hostile = "=1+1&lt;script&gt;alert(1)&lt;/script&gt;"
    out = [part for name in ("a.html", "a.csv") for part in ("--out", str(tmp_path / name))]
    assert call([*archive(tmp_path / "archive", name=hostile), *out]) == output.NO
    assert "<script>alert" not in (tmp_path / "a.html").read_text()
    [finding] = pd.read_csv(tmp_path / "a.csv").to_dict("records")
    assert finding["resource"] == "'=1+1<script>alert(1)</script>-0000"


def test_progress_and_complaints_never_mix_with_the_answer(tmp_path: Path) -> None:
    arguments = archive(tmp_path / "archive")
    for number in range(3):
        table = f"<RouteTable {NAMESPACE}><Name>r{number}</Name><Location>West US</Location><Mood>x</Mood></RouteTable>"
        (tmp_path / "archive" / f"table{number}.xml").write_text(table)
    done = subprocess.run(
        [sys.executable, "-m", "asmosis.cli", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == output.NO
    assert len(json.loads(done.stdout)["unread"]) == 3
    first = tmp_path / "archive" / "table0.xml"
    assert done.stderr == f"not understood: {first}: RouteTable/Mood, and 2 more like it\n"


def test_a_terminal_sees_a_bar_that_leaves_nothing_behind(tmp_path: Path) -> None:
    arguments = archive(tmp_path / "archive", good=0)
    for number in range(400):
        (tmp_path / "archive" / f"more{number:03}.xml").write_text(
            f"<RouteTable {NAMESPACE}><Name>r{number}</Name><Location>West US</Location></RouteTable>"
        )
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "asmosis.cli", *arguments, "--json"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        drawn = b""
        while True:
            try:
                drawn += os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    assert len(answer["units"]) == 401
    assert b"documents" in drawn
    # The last thing drawn erases the bar's line.
    assert drawn.rstrip().endswith(b"\x1b[2K")


@pytest.mark.parametrize("name", ["losses.csv", "units.csv", "all.xlsx", "all.html"])
def test_what_units_lose_is_looked_for_where_a_file_tells_it(name: str, tmp_path: Path) -> None:
    arguments = archive(tmp_path / "archive", good=0, bad=0)
    (tmp_path / "archive" / "accounts.xml").write_text(
        f"<StorageServices {NAMESPACE}><StorageService><ServiceName>logs</ServiceName><StorageServiceProperties>"
        "<Description>Where logs go</Description><Location>West US</Location><AccountType>Standard_LRS</AccountType>"
        "</StorageServiceProperties></StorageService></StorageServices>"
    )
    assert call([*arguments, "--out", str(tmp_path / name)]) == output.DONE
    if name == "losses.csv":
        assert list(pd.read_csv(tmp_path / name)["unit"]) == ["storageAccount/logs"]
    elif name == "units.csv":
        assert list(pd.read_csv(tmp_path / name)["losses"]) == [1]
    elif name == "all.xlsx":
        assert len(pd.read_excel(tmp_path / name, sheet_name="losses")) == 1
    else:
        page: Any = html.parse(tmp_path / name)
        [island] = page.xpath("//script[@type='application/json']")
        assert [len(unit["losses"]) for unit in json.loads(island.text)["units"]] == [1]
