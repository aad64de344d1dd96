"""The page of a unit's evidence, and the pages and tables of many: what they say, and that names cannot harm them."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from lxml import html

from asmosis.arm.resource import body
from asmosis.check import Difference, Verdict, check
from asmosis.cli import call
from asmosis.evidence import Bundle, EvidenceStore
from asmosis.evidence.history import History, Operation, RunState, TaskSpan
from asmosis.evidence.parts import (
    part_of_history,
    part_of_outcome,
    part_of_probe,
    parts_before,
    parts_of_check,
)
from asmosis.evidence.rollback import rollback_kit
from asmosis.evidence.summary import part_of_summary
from asmosis.probe import Span, Target, Timeline, Track
from asmosis.readiness import assess
from asmosis.readiness.estimates import estimate
from asmosis.reports import files, verdicts
from asmosis.reports.portfolio import Kept, Row, frame, rows
from asmosis.reports.portfolio_webpage import portfolio_page
from asmosis.reports.properties import compared
from asmosis.reports.timeline_plot import timeline_plot
from asmosis.reports.unit_webpage import unit_page
from asmosis.units import Unit
from tests import promising

RUN = "run-1"
UNIT = Unit.parse("virtualNetwork/vineyard", promising.SUBSCRIPTION)
START = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script><img src="https://evil.example/x">\u202e=1+1'


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def history(wait: float = 3600.0) -> History:
    return History(
        (
            RunState("RUNNING", "Running", at(0), ""),
            RunState("PAUSED", "Suspended", at(100), ""),
            RunState("SCHEDULED", "Resuming", at(100 + wait), ""),
        ),
        (
            TaskSpan("prepare x", at(10), at(90), "COMPLETED"),
            TaskSpan("commit x", at(110 + wait), at(150 + wait), "COMPLETED"),
        ),
        (Operation("prepare", "op-p", at(11)), Operation("commit", "op-c", at(111 + wait))),
    )


def probe(gap: tuple[float, float] | None) -> Timeline:
    begin = START.timestamp()
    spans = [Span(True, "1.2.3.4", begin, begin + 100, 100, {})]
    if gap:
        since, until = gap
        spans = [
            Span(True, "1.2.3.4", begin, begin + since, 10, {}),
            Span(False, "", begin + since + 0.2, begin + until - 0.2, 10, {"refused": 10}),
            Span(True, "1.2.3.5", begin + until, begin + 100, 10, {}),
        ]
    track = Track(Target("web:443", "1.2.3.4", 443), tuple(spans))
    return Timeline("prepare", begin, begin + 100, 5.0, (track,))


def found(*differences: Difference) -> Verdict:
    promised = promising.promised(UNIT.short)
    verdict = check(promised, [body(resource) for resource in promised.resources])
    return replace(verdict, differences=(*differences, *verdict.differences))


def bundle(
    folder: Path, verdict: Verdict | None = None, *, gap: tuple[float, float] | None = None, missing: str = ""
) -> Bundle:
    store = EvidenceStore(str(folder))
    estate = promising.estate()
    findings = assess(estate, units=[UNIT])
    time = estimate(estate, UNIT)
    parts = parts_before({"a.xml": b"<a/>"}, findings, promising.promised(UNIT.short), time, rollback_kit(estate, UNIT))
    parts |= parts_of_check(verdict or found())
    parts |= part_of_history(RUN, history()) | part_of_outcome("Committed", "ada decided to commit.")
    parts |= part_of_probe("prepare", probe(gap))
    parts |= part_of_summary(UNIT, RUN, "night-1", "full", sorted(parts), lambda name: parts[name].data)
    parts["snapshot/model"] = replace(parts["snapshot/model"], partial="")
    manifest = store.append(UNIT, RUN, parts, {missing: "nobody knows it any more"} if missing else {})
    return Bundle(store, manifest)


def dom(page: str) -> Any:
    return html.document_fromstring(page)


def sentence(page: str) -> str:
    return str(dom(page).xpath("//header//p[contains(@class, 'sentence')]")[0].text_content())


REAL = Difference(
    "Microsoft.Network/virtualNetworks/vineyard", "addressSpace", "10.0.0.0/8", "10.1.0.0/16", "real", "no"
)


@pytest.mark.parametrize(
    ("verdict", "gap", "missing", "told"),
    [
        pytest.param(found(), None, "", r"Migrated.*found as promised.*No connection was lost in 100", id="all well"),
        pytest.param(found(REAL), None, "", "1 thing differs from what was promised", id="a difference"),
        pytest.param(found(), (20, 50), "", r"longest interruption was 30 s, at web:443", id="downtime"),
        pytest.param(
            found(), None, "signed", "The evidence is not complete: 1 part is in doubt", id="partial evidence"
        ),
    ],
)
def test_the_page_begins_with_what_became_of_the_unit(
    tmp_path: Path, verdict: Verdict, gap: tuple[float, float] | None, missing: str, told: str
) -> None:
    page = unit_page(bundle(tmp_path, verdict, gap=gap, missing=missing))
    assert re.search(told, sentence(page)), sentence(page)


def test_the_page_asks_nobody_for_anything_and_nobody_can_put_a_script_into_it(tmp_path: Path) -> None:
    hostile = replace(REAL, promised=HOSTILE, found={"x": HOSTILE}, why=HOSTILE)
    page = unit_page(bundle(tmp_path, found(hostile)))
    tree = dom(page)
    [policy] = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")
    assert tree.xpath("//*[@src]") == []
    assert [link for link in tree.xpath("//a/@href") if not link.startswith("#")] == []
    assert tree.xpath("//link | //img | //iframe | //object") == []
    assert [script.get("type") for script in tree.xpath("//script")] == ["application/json", None]
    assert tree.xpath("//*[@style]") == [], "the policy would not let them be"
    assert "alert(1)" in tree.xpath("//h2[@id='differs']/following-sibling::table[1]")[0].text_content()
    assert "\u202e" not in page


def test_every_pair_can_be_opened_to_all_its_promised_properties(tmp_path: Path) -> None:
    page = unit_page(bundle(tmp_path, found(REAL)))
    tree = dom(page)
    data = json.loads(tree.xpath("//script[@id='data']")[0].text)
    shown = tree.xpath("//table[@id='pairs']/tbody/tr")
    assert len(shown) == len(data["pairs"]) == len(promising.promised(UNIT.short).resources)
    # What differs comes first.
    assert "1 real" in shown[0].text_content()
    [id, properties] = data["pairs"][0]
    assert data["texts"][id].endswith("virtualNetworks/vineyard")
    [path, promised, other, standing, _] = properties[0]
    assert [data["texts"][text] for text in (path, promised, other)] == ["addressSpace", "10.0.0.0/8", "10.1.0.0/16"]
    assert standing == "real"
    assert all(row[3] == "kept" for row in properties[1:])


def test_resources_are_chosen_by_their_types_and_what_is_within_another_is_named_after_both(tmp_path: Path) -> None:
    tree = dom(unit_page(bundle(tmp_path)))
    bodies = [body(resource) for resource in promising.promised(UNIT.short).resources]
    types = [option.text for option in tree.xpath("//select[@name='type']/option")]
    assert types == ["all types", *sorted({each["type"] for each in bodies})]
    names = {button.text for button in tree.xpath("//table[@id='pairs']//button")}
    assert {each["name"] for each in bodies if each["type"].count("/") == 1} <= names
    assert any("/" in name for name in names)


def test_a_unit_that_is_classic_has_still_what_it_would_lose(tmp_path: Path) -> None:
    kept = bundle(tmp_path)
    summary = kept.json("summary")
    for outcome, words in (("Committed", "are lost"), ("Aborted", "would be lost"), (None, "would be lost")):
        assert words in verdicts.sentence(summary | {"outcome": outcome}, kept.manifest)


def test_what_says_the_same_many_times_is_folded(tmp_path: Path) -> None:
    verdict = found()
    [loss, *_] = verdict.losses
    many = tuple(replace(loss, subject=f"machine-{number}") for number in range(40))
    tree = dom(unit_page(bundle(tmp_path, replace(verdict, losses=many))))
    [folded] = tree.xpath("//h2[@id='lost']/following-sibling::details[1]")
    assert "40 times" in folded.xpath("summary")[0].text_content()
    assert len(folded.xpath(".//tbody/tr")) == 40


def test_the_kit_is_plainly_no_platform_rollback(tmp_path: Path) -> None:
    text = dom(unit_page(bundle(tmp_path))).text_content()
    assert "Not a platform rollback." in text


# The picture


def test_a_wait_of_days_leaves_room_for_the_steps() -> None:
    plot = timeline_plot([history(wait=5 * 86400)], [probe((20, 50))])
    assert plot is not None
    assert plot.stretched
    run, endpoint = plot.lanes
    widths = {bar.words.partition(":")[0]: bar.width for bar in run.bars}
    assert widths["prepare"] > 20
    assert 5 < widths["waits for approval"] < 40
    assert "5.0 days" in run.words
    [down] = [bar for bar in endpoint.bars if bar.shade == "down"]
    prepare = next(bar for bar in run.bars if bar.words.startswith("prepare"))
    assert prepare.x < down.x < down.x + down.width < prepare.x + prepare.width
    assert all(bar.x >= 0 and bar.x + bar.width <= 100.6 for lane in plot.lanes for bar in lane.bars)


def test_nothing_that_happened_is_no_picture() -> None:
    assert timeline_plot([], []) is None


def test_properties_under_one_that_differs_are_told_by_it() -> None:
    promised = {
        "id": "x",
        "properties": {
            "a": {"b": 1, "c": [{"name": "n", "properties": {"d": 2}}]},
            "e": {"id": "/subscriptions/s/resourceGroups/g/providers/P/t/n"},
        },
    }
    plain = [(row.path, row.promised, row.standing) for row in compared(promised, [])]
    assert plain == [("a.b", 1, "kept"), ("a.c[n].d", 2, "kept"), ("e", "P/t/n", "kept")]
    difference = {"path": "a.c[n]", "promised": {"d": 2}, "found": None, "severity": "real", "why": "gone"}
    assert [(row.path, row.standing) for row in compared(promised, [difference])] == [
        ("a.c[n]", "real"),
        ("a.b", "kept"),
        ("e", "kept"),
    ]


# Many units


class Seen:
    def __init__(self, unit: str, state: str, wave: str = "night-1", *, locked: bool = False) -> None:
        self.unit, self.subscription, self.wave, self.state = unit, promising.SUBSCRIPTION, wave, state
        self.since, self.message, self.link, self.holds_lock = at(0), HOSTILE, "javascript:alert(1)", locked


def portfolio(tmp_path: Path) -> tuple[Row, ...]:
    kept = bundle(tmp_path, gap=(20, 50))
    summary = kept.json("summary")
    return rows(
        [Kept(summary, kept.manifest.digest, kept.manifest.complete)],
        [
            Seen(UNIT.short.upper().replace("VIRTUALNETWORK", "virtualNetwork"), "Committed"),
            Seen("reservedIp/=cmd", "Suspended", locked=True),
            Seen("reservedIp/b", "Failed", ""),
        ],
        {f"{promising.SUBSCRIPTION}/reservedip/=cmd": 12.5},
    )


def test_a_portfolio_joins_runs_and_evidence_by_unit(tmp_path: Path) -> None:
    found_rows = {row.unit.casefold(): row for row in portfolio(tmp_path)}
    assert len(found_rows) == 3
    whole = found_rows["virtualnetwork/vineyard"]
    assert (whole.state, whole.differs, whole.downtime_seconds) == ("Committed", 0, 29.8)
    assert (whole.prepare_seconds, whole.commit_seconds, whole.approval_seconds) == (80.0, 40.0, 3600.0)
    assert whole.prepare_at_least is not None
    assert [row.shade for row in found_rows.values()] == ["waived", "blocked", "ready"]
    assert [row.unit for row in rows([], [Seen("reservedIp/a", "Failed", "x")], {}, "night-1")] == []


def test_its_tables_can_be_read_back_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    table = frame(portfolio(tmp_path))
    again = pd.read_parquet(io.BytesIO(files.parquet(table)))
    assert again["unit"].tolist() == table["unit"].tolist()
    assert again["losses"].dtype == "Int64"
    assert "=1+1" in files.csv(table).decode()
    assert not re.search(r'(^|,)"?[=+@]', files.csv(table).decode(), re.MULTILINE)
    book = openpyxl.load_workbook(io.BytesIO(files.book([("Units", 3)], {"units": table})))
    assert [cell.value for cell in book["units"][1]] == list(table.columns)
    assert all(cell.data_type != "f" for row in book["units"].iter_rows() for cell in row)
    empty = frame([])
    assert empty.dtypes.to_dict() == table.dtypes.to_dict()


def test_its_page_tells_waves_locks_and_units_and_takes_no_foreign_link(tmp_path: Path) -> None:
    tree = dom(portfolio_page("All units", portfolio(tmp_path), START))
    assert tree.xpath("//a/@href") == []
    text = tree.text_content()
    assert "12.5 days" in text
    assert "estimated" in text
    assert len(tree.xpath("//table[@id='portfolio']/tbody/tr")) == 3
    assert tree.xpath("//*[@style] | //img | //link | //*[@src]") == []


def test_three_thousand_units_stay_a_page(tmp_path: Path) -> None:
    [one, *_] = portfolio(tmp_path)
    page = portfolio_page("All units", [replace(one, unit=f"reservedIp/{number}") for number in range(3000)], START)
    assert len(page) < 4_000_000


# The verb


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param(["virtualNetwork/vineyard"], 0, "Migrated", id="found without its subscription"),
        pytest.param(["VIRTUALNETWORK/Vineyard", "--verify"], 0, "whole, 1 versions", id="verify"),
        pytest.param(["--all", "--verify"], 0, "whole", id="verify all"),
        pytest.param(["reservedIp/nobody"], 2, "nothing is kept about it", id="unknown"),
        pytest.param([], 2, "Name a unit or a wave", id="nothing asked"),
        pytest.param(["a/b", "--all"], 2, "Name a unit or a wave", id="too much asked"),
        pytest.param(["virtualNetwork/vineyard", "--out", "x.csv"], 2, "Formats: .html, .json", id="no such format"),
        pytest.param(["virtualNetwork/vineyard", "--out", "/nowhere/x.html"], 2, "can be written", id="no folder"),
        pytest.param(["virtualNetwork/vineyard", "--evidence", "nowhere://x"], 2, "ASMOSIS_EVIDENCE", id="no place"),
    ],
)
def test_the_verb_answers_with_the_code_that_is_documented(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    told: str,
) -> None:
    bundle(tmp_path)
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path))
    assert call(["report", *arguments]) == code
    said = capsys.readouterr()
    assert told in said.out + said.err


def test_a_report_of_partial_evidence_is_a_no_and_so_is_a_forged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    partial = bundle(tmp_path, missing="signed")
    monkeypatch.setenv("ASMOSIS_EVIDENCE", str(tmp_path))
    assert call(["report", UNIT.short, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["doubts"] == ["signed is missing: nobody knows it any more"]
    part = partial.manifest.part("promise")
    assert part is not None
    next(tmp_path.rglob(f"parts/{part.sha256}")).write_bytes(b"{}")
    assert call(["report", UNIT.short, "--verify"]) == 1
    assert "NOT as it was kept" in capsys.readouterr().out
