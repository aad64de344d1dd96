"""Plans on pages: what is drawn, that nothing is fetched, and that names are only names."""

import re
from datetime import date

from lxml import html

from asmosis.planning.plan import Plan
from asmosis.planning.propose import Proposal, propose
from asmosis.planning.survey import Survey
from asmosis.reports.plan_graph import HEIGHT, WIDTH, graph
from asmosis.reports.plan_webpage import plan_webpage
from asmosis.reports.plans import file_page, plan_page, plan_record
from tests.planned import Net, Svc, blocker, empty, estate

DAY = date(2026, 12, 1)
EVIL = "<script>alert(1)</script>|`x`"
GIVEN = estate(
    [Net("prod-hub", ("10.2.0.0/16",), gateway="40.0.0.2"), Net("spoke", sites=(("to", "40.0.0.2", ()),))],
    [Svc("solo", accounts=("disks",)), Svc("web", "spoke", accounts=("disks",))],
    ["disks", "logs"],
)


def proposal(**told: object) -> Proposal:
    return propose([Survey(GIVEN, [blocker("storageAccount/logs", "no")])], empty(**told))


def page(given: Proposal) -> html.HtmlElement:
    return html.fromstring(plan_webpage(given, DAY))


def test_every_unit_is_drawn_in_the_column_of_its_wave() -> None:
    given = proposal(limits={"units": 2})
    drawn = graph(given.plan, given.weights, given.links)
    columns = {column.x: column.name for column in drawn.columns}
    assert {box.unit: columns[box.x] for box in drawn.boxes} == {
        unit.unit: wave.name for wave in given.plan.waves for unit in wave.units
    }
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)
    assert all(box.x + WIDTH <= drawn.width and box.y + HEIGHT <= drawn.height for box in drawn.boxes)


def test_every_tie_is_drawn_with_its_reason() -> None:
    given = proposal()
    drawn = graph(given.plan, given.weights, given.links)
    assert {(line.first, line.then, line.together) for line in drawn.lines} == {
        ("hostedService/solo", "storageAccount/disks", False),
        ("virtualNetwork/spoke", "storageAccount/disks", False),
        ("virtualNetwork/spoke", "virtualNetwork/prod-hub", True),
    }
    assert all(line.why for line in drawn.lines)
    assert drawn.hidden == 0


def test_ties_to_what_is_left_out_are_none_of_the_picture() -> None:
    given = propose([Survey(GIVEN, [blocker("virtualNetwork/spoke")])], empty())
    drawn = graph(given.plan, given.weights, given.links)
    assert (drawn.lines, drawn.hidden) == ((), 0)


def test_ties_cross_less_than_in_the_plans_order() -> None:
    services = [Svc(f"s{number}", accounts=(f"d{9 - number}",)) for number in range(10)]
    given = propose(
        [Survey(estate(services=services, accounts=[f"d{number}" for number in range(10)]))],
        empty(
            waves=[
                {"name": "one", "units": [f"hostedService/s{number}" for number in range(10)]},
                {"name": "two", "units": [f"storageAccount/d{number}" for number in range(10)]},
            ]
        ),
    )
    drawn = graph(given.plan, given.weights, given.links)
    rows = {box.unit: box.y for box in drawn.boxes}
    assert all(rows[line.first] == rows[line.then] for line in drawn.lines)


def test_a_large_wave_is_drawn_in_part_and_says_so() -> None:
    services = [Svc(f"s{number}") for number in range(60)]
    given = propose([Survey(estate(services=services))], empty(limits={"units": 60, "minutes": 9999}))
    drawn = graph(given.plan, given.weights, given.links)
    assert len(drawn.boxes) == 40
    assert [column.more for column in drawn.columns] == [20]
    assert "and 20 more" in page(given).text_content()


def test_the_calendar_shows_dates_and_loads() -> None:
    given = proposal(
        limits={"units": 1},
        defaults={"windows": {"zone": "Europe/Berlin", "prepare": ["sat 22:00-23:00"]}},
    )
    [table] = page(given).xpath("//table[@class='calendar']")
    rows = [[cell.text_content().strip() for cell in row] for row in table.xpath("./tbody/tr")]
    assert rows[0][0] == "wave-01"
    assert rows[0][1].startswith("Sat 2026-12-05 22:00")
    assert "2 of 1 units" in rows[1][3]
    assert [len(row.xpath("./td[contains(@class, ' on')]")) for row in table.xpath("./tbody/tr")] == [1] * len(rows)
    assert table.xpath("count(.//*[@class='over'])") == 1


def test_the_page_asks_nobody_for_anything() -> None:
    text = plan_webpage(proposal(), DAY)
    assert re.findall(r"(?:src|href)=\"(?!#)[^\"]*", text) == []
    assert "default-src 'none'" in text
    assert "url(" not in re.sub(r"url\(#\w+\)", "", text)


def test_names_and_notes_are_only_text() -> None:
    given = propose(
        [Survey(estate([Net(EVIL)]), [])],
        empty(
            rules={"owners": {"*": EVIL}},
            waves=[{"name": "w", "note": EVIL, "units": [{"unit": f"virtualNetwork/{EVIL}", "note": EVIL}]}],
        ),
    )
    assert len(page(given).xpath("//script")) == 1
    assert "<script>" not in re.sub(r"``.*?``", "", plan_page(given, DAY))
    [row] = [line for line in plan_page(given, DAY).splitlines() if "virtualNetwork" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_the_markdown_page_has_waves_units_and_what_is_left_out() -> None:
    text = plan_page(proposal(limits={"units": 1}), DAY)
    assert "**3 waves, 4 units in them, 1 left out.**" in text
    assert "| `wave-01` | planned |" in text
    assert "| `storageAccount/logs` | no |" in text
    assert (
        "`hostedService/solo`, `virtualNetwork/spoke`" in text or "`virtualNetwork/spoke`, `hostedService/solo`" in text
    )


def test_a_begun_wave_tells_where_its_units_are() -> None:
    units = [{"unit": "hostedService/solo", "state": "Committed"}, "virtualNetwork/spoke", "virtualNetwork/prod-hub"]
    given = proposal(waves=[{"name": "first", "begun": True, "units": units}])
    assert "2 due, 1 Committed" in plan_page(given, DAY)
    assert "begun: 2 due, 1 Committed" in page(given).text_content()


def test_the_record_has_figures_and_ties() -> None:
    record = plan_record(proposal())
    assert Plan.model_validate(plan_record(proposal())["plan"] | {"waves": []}).limits == Plan().limits
    assert "windows" not in record["plan"]["waves"][0]
    assert record["plan"]["waves"][0]["load"]["units"] == len(record["plan"]["waves"][0]["units"])
    assert record["units"]["hostedService/solo"]["restarts"] == 1
    assert {"first", "then", "why", "together"} == set(record["links"][0])


def test_a_file_on_a_page_keeps_its_fences_and_its_size() -> None:
    assert file_page("a: '```'\n") == "````yaml\na: '```'\n````\n"
    assert "too large" in file_page("x" * 800_000)
