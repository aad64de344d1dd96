"""The page of an assessment: complete, self-contained, and deaf to what names hold."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import html

from asmosis.classic.estate import Estate
from asmosis.readiness import RULES, Finding, Severity, Unjudged
from asmosis.readiness.rule import Acceptance
from asmosis.readiness.waivers import Unused, Waiver
from asmosis.reports.assessment import AssessedUnit, Assessment, assessment
from asmosis.reports.sizes import Size
from asmosis.reports.webpage import assessment_page
from asmosis.translate import Loss
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
WHEN = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)


def finding(unit: str, **changed: Any) -> Finding:
    rule = RULES["svc-endpoint-acl"]
    made = Finding(rule.id, Severity.BLOCKER, unit, "web/vm1", "It has.", rule.remedy, rule.noticed, "Role[vm1]")
    return replace(made, **changed)


def assessed(findings: tuple[Finding, ...], *names: str) -> Assessment:
    units = [Unit(SUBSCRIPTION, *name.split("/", 1)) for name in names]
    return assessment(Estate(subscription=SUBSCRIPTION), "platform-2023", findings, units)


def sized(told: Assessment, **sizes: Size) -> Assessment:
    units = (replace(unit, size=sizes.get(unit.unit.name, unit.size)) for unit in told.units)
    return replace(told, units=tuple(units))


def page(told: Assessment) -> Any:
    return html.document_fromstring(assessment_page(told, WHEN))


def data(document: Any) -> dict[str, Any]:
    [island] = document.xpath("//script[@type='application/json']")
    held: dict[str, Any] = json.loads(island.text)
    return held


def rows(document: Any, table: str) -> list[list[str]]:
    found = document.xpath(f"//*[normalize-space(text())='{table}']/following::table[1]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("th|td")] for row in found]


THREE = assessed(
    (
        finding("hostedService/web"),
        finding("hostedService/web", resource="web/vm2"),
        finding("hostedService/mill", waiver=Acceptance("ada", "it is known", "2026-12-31")),
        finding("routeTable/idle", rule="svc-single-avset", severity=Severity.WARNING),
    ),
    "routeTable/idle",
    "hostedService/mill",
    "hostedService/web",
)
SIZED = sized(
    THREE,
    web=Size("West US", 1, ("web/vm1", "web/vm2"), {"Standard_D2_v2": 1, "Standard_A1": 1}, 3, 4, 1300),
    mill=Size("East US", 1, ("mill/vm1",), {"Standard_A1": 1}, 1, 1, 127),
)


def test_the_head_figures_say_how_much_can_go() -> None:
    figures = [
        (box.findtext("dt"), box.find("dd").text, box.find("dd/small").text)
        for box in page(SIZED).xpath("//dl[@class='figures']/div")
    ]
    assert figures == [
        ("Can go", "1", "of 3 units, 0 machines"),
        ("Can go by waiver", "1", "of 3 units, 1 machines"),
        ("Blocked", "1", "of 3 units, 2 machines"),
        ("Machines", "3", "4 cores"),
        ("Their disks", "5", "1\N{NO-BREAK SPACE}427 GB"),
        ("Losses", "0", "settings that ARM has no place for"),
    ]


def test_charts_say_their_figures_beside_the_bars() -> None:
    document = page(SIZED)
    assert rows(document, "Units by kind") == [["hostedService", "", "0", "1", "1"], ["routeTable", "", "1", "0", "0"]]
    assert rows(document, "Machines by region") == [["West US", "", "0", "0", "2"], ["East US", "", "0", "1", "0"]]
    assert rows(document, "Machines by size") == [
        ["Standard_A1", "", "0", "1", "1"],
        ["Standard_D2_v2", "", "0", "0", "1"],
    ]
    blocks, accepted_one = rows(document, "What blocks")
    assert [blocks[0].startswith(RULES["svc-endpoint-acl"].title), *blocks[2:]] == [True, "1", "2", "svc-endpoint-acl"]
    assert accepted_one[0].startswith(f"{RULES['svc-endpoint-acl'].title} (accepted)")
    [[_, _, units, machines, rule]] = rows(document, "What it costs")
    assert (units, machines, rule) == ("1", "0", "svc-single-avset")
    widths = [
        [(bar.get("class"), bar.get("x"), bar.get("width")) for bar in chart]
        for chart in document.xpath("//h2[text()='Machines by size']/..//td/svg")
    ]
    assert widths == [
        [("waived", "0.00%", "50.00%"), ("blocked", "50.00%", "50.00%")],
        [("blocked", "0.00%", "50.00%")],
    ]


def test_rare_sizes_stand_together_at_the_end() -> None:
    many = sized(THREE, web=Size("West US", 1, ("w",) * 40, {f"Size_{n:02}": 1 + (n == 19) for n in range(20)}))
    shown = rows(page(many), "Machines by size")
    assert len(shown) == 16
    assert (shown[0], shown[-1]) == (["Size_19", "", "0", "0", "2"], ["5 others", "", "0", "0", "5"])


def test_units_that_need_work_stand_first_with_their_first_reason() -> None:
    shown = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("td")]
        for row in page(SIZED).xpath("//table[@id='units']/tbody/tr")
    ]
    acl = "svc-endpoint-acl: It has."
    assert shown == [
        ["hostedService/web", "blocked", "West US", "2", "3", "4", "1 300", "2", "", "", acl],
        ["hostedService/mill", "waived", "East US", "1", "1", "1", "127", "", "", "", ""],
        ["routeTable/idle", "ready", "", "", "", "", "", "", "1", "", ""],
    ]


def test_details_hold_every_finding_loss_machine_and_the_estimate() -> None:
    [first, *others] = SIZED.units
    lossy = replace(SIZED, units=(replace(first, losses=(Loss("idle", "Label", "No place.", "Tag it."),)), *others))
    held = data(page(lossy))
    web, mill, idle = held["units"]
    text = held["texts"].__getitem__
    assert [web["name"], mill["name"], idle["name"]] == ["hostedService/web", "hostedService/mill", "routeTable/idle"]
    assert [[stands, *map(text, parts)] for stands, *parts in web["findings"]] == [
        ["blocker", "svc-endpoint-acl", "web/vm1", "It has.", "Role[vm1]"],
        ["blocker", "svc-endpoint-acl", "web/vm2", "It has.", "Role[vm1]"],
    ]
    assert web["machines"] == ["web/vm1", "web/vm2"]
    [[stands, *_, waiver]] = mill["findings"]
    assert (stands, waiver) == (
        "waived",
        "Accepted by ada until 2026-12-31: it is known. The platform will still refuse it.",
    )
    assert [list(map(text, loss)) for loss in idle["losses"]] == [["idle", "Label", "No place.", "Tag it."]]
    assert re.fullmatch(r"\d+ to \d+ minutes: validate .*, prepare .*, commit .*\.", web["estimate"])
    rule = RULES["svc-endpoint-acl"]
    assert held["rules"]["svc-endpoint-acl"] == [rule.title, rule.remedy, rule.source, "validate notices"]


def test_what_is_not_judged_waived_or_understood_is_on_the_page() -> None:
    waiver = Waiver(rule="svc-empty", unit="*/x", who="ada", why="old <b>", until=date(2026, 1, 31))
    told = replace(
        THREE,
        general=(finding(f"subscription/{SUBSCRIPTION}", severity=Severity.WARNING, message="Not <registered>."),),
        unjudged=(Unjudged("arm-quota-cores", "Too few cores", ("usages", "sizes")),),
        unknown={"usages": "403 <Forbidden>"},
        expired=(waiver,),
        unused=(Unused(waiver, "Did you mean 'y'?"),),
        unread=("a.xml: Role/Mood",),
        unreadable=("b.xml:1: broken",),
    )
    document = page(told)
    [judged] = rows(document, "Not judged")
    assert judged == ["arm-quota-cores", "Too few cores", "usages, sizes"]
    text = " ".join(document.text_content().split())
    for words in (
        "warning: Not <registered>.",
        "Not known: usages, because 403 <Forbidden>",
        "Over since 2026-01-31: svc-empty for */x, * (ada: old <b>).",
        "Accepts nothing: svc-empty for */x, *. Did you mean 'y'?",
        "Cannot be read: b.xml:1: broken",
        "No model claims a.xml: Role/Mood",
    ):
        assert words in text


def test_the_page_asks_nobody_for_anything_and_runs_only_its_own_script() -> None:
    document = page(SIZED)
    [policy] = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    [style] = document.xpath("//style")
    [script] = document.xpath("//script[not(@type)]")
    for element, rule in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    assert rules == {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    assert document.xpath("//@src | //@style | //link | //img | //iframe | //@*[starts-with(name(), 'on')]") == []
    links = set(document.xpath("//@href"))
    assert {link for link in links if not link.startswith(("#", "https://"))} == set()
    assert not re.search(r"url\((?!#)|@import|fetch\(|innerHTML|XMLHttpRequest", style.text + script.text)


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "\"><b onmouseover='x'>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; & é “x”",
    "a\u2028b\u2029c",
    "]]>",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_name(name: str) -> None:
    unit = f"hostedService/{name}"
    plain = page(sized(THREE))
    told = assessed((finding(unit, resource=name, message=name, evidence=name),), unit, "routeTable/idle")
    told = replace(told, subscription=name, unread=(name,))
    told = sized(told, **{name: Size(name, 1, (name,), {name: 1})})
    document = page(told)
    elements = {element.tag for element in document.iter() if isinstance(element.tag, str)}
    assert elements - {element.tag for element in plain.iter()} <= {"ul", "li"}
    assert len(document.xpath("//script")) == 2
    held = data(document)
    [[_, *parts]] = held["units"][0]["findings"]
    assert [held["texts"][part] for part in parts] == ["svc-endpoint-acl", name, name, name]
    assert held["units"][0]["name"] == unit
    [link] = document.xpath("//table[@id='units']/tbody/tr[1]/td[1]/a")
    assert link.text_content() == unit
    assert re.fullmatch(r"#[\w.~/%-]+", link.get("href"))


@pytest.mark.parametrize("name", ["a\x00b", "a\x1b[2Jb", "a\x85b", "a\ud800b", "a\u202eb", "a\ufffeb"], ids=repr)
def test_characters_that_no_page_can_show_become_a_mark(name: str) -> None:
    unit = f"hostedService/{name}"
    document = assessment_page(assessed((finding(unit, resource=name, message=name),), unit), WHEN)
    assert name[1:-1] not in document
    assert "hostedService/<wbr>a\ufffd" in document
    document.encode()


def test_an_assessment_of_nothing_is_a_page_too() -> None:
    document = page(Assessment(SUBSCRIPTION, "seed-2016", ()))
    assert document.xpath("string(//dl[@class='figures']/div[1]/dd/text())") == "0"
    assert data(document)["units"] == []


def test_thousands_of_units_keep_the_page_small_enough_to_mail() -> None:
    told = assessed((), "hostedService/x")
    [one] = told.units
    units = []
    for number in range(3_000):
        name = f"contoso-service-{number:04}"
        found = tuple(
            finding(
                f"hostedService/{name}",
                resource=f"{name}/vm{position}",
                message=f"VM vm{position} in HostedService {name} contains an Extension that is not supported.",
                evidence=f"HostedService[{name}]/Deployment[{name}]/RoleList/Role[vm{position}]/Extensions",
            )
            for position in range(10)
        )
        size = Size("West US", 1, tuple(f"{name}/vm{position}" for position in range(10)), {"Standard_A1": 10}, 10)
        units.append(AssessedUnit(Unit(SUBSCRIPTION, "hostedService", name), size, found, one.estimate))
    text = assessment_page(replace(told, units=tuple(units)), WHEN)
    assert len(text.encode()) < 12_000_000
    document: Any = html.document_fromstring(text)
    assert len(document.xpath("//table[@id='units']/tbody/tr")) == 3_000
