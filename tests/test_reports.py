"""Pages: what they say, that no name can break them, and that they stay small."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from asmosis.check import Difference, Pair, Verdict
from asmosis.classic.subscription import ValidationMessage
from asmosis.readiness import RULES, Finding, Severity
from asmosis.reports import (
    WaveStanding,
    findings_page,
    outcome_page,
    question_page,
    readiness_page,
    side_by_side_page,
    wave_page,
)
from asmosis.reports.markdown import code, table, text
from asmosis.translate import Loss
from asmosis.units import Outcome, Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NET = Unit(SUBSCRIPTION, "virtualNetwork", "contoso-net")
WEB = Unit(SUBSCRIPTION, "hostedService", "web")
LARGEST_PAGE = 1_000_000  # bytes


class Cells(HTMLParser):
    """The rows of all tables of a page, as a reader's program renders it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(MarkdownIt("gfm-like", {"linkify": False}).render(page))

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def finding(rule: str, severity: Severity, unit: str = "virtualNetwork/contoso-net", message: str = "") -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        unit=unit,
        resource="web/vm1",
        message=message or f"What {rule} says.",
        remedy=RULES[rule].remedy,
        noticed=RULES[rule].noticed,
        evidence="Role[vm1]",
    )


def message(category: str, words: str, machine: str | None = None) -> ValidationMessage:
    return ValidationMessage(
        resource_type="Deployment", resource_name="web", category=category, message=words, virtual_machine=machine
    )


def difference(severity: str, path: str = "location", promised: object = "a", found: object = "b") -> Difference:
    assert severity in ("real", "expected")
    return Difference(
        "virtualMachines/vm1", path, promised, found, "real" if severity == "real" else "expected", "Why."
    )


def verdict(*differences: Difference, losses: tuple[Loss, ...] = ()) -> Verdict:
    promised = {"type": "Microsoft.Network/networkInterfaces", "name": "vm1-nic"}
    group = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/WEB-MIGRATED"
    found = {**promised, "name": "vm1-nic-7", "id": f"{group}/providers/Microsoft.Network/networkInterfaces/vm1-nic-7"}
    return Verdict(NET, (Pair("networkInterfaces/vm1-nic", promised, found),), differences, losses)


LOSS = Loss("hostedService/web/vm1/ssh", "EndpointAcl", "It has no place.", "Write rules.")


def test_findings_come_gravest_first_and_the_platforms_messages_name_the_rules_that_say_the_same() -> None:
    page = findings_page(
        NET,
        [
            finding("svc-not-in-vnet", Severity.WARNING),
            finding("svc-is-webworker", Severity.BLOCKER, message="No web\nroles."),
            finding("svc-implicit-avset", Severity.INFORMATION),
        ],
        [message("Error", "no  WEB roles."), message("Warning", "Something else.", "vm1")],
    )
    assert page == (
        "# Findings: virtualNetwork/contoso-net\n"
        "\n"
        "**Blocked.** 1 blocker, 1 warning, 1 note; the platform's validate names 1 error.\n"
        "\n"
        "## What asmosis found\n"
        "\n"
        "| Severity | Rule | Resource | What is the matter | Remedy | Platform |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| blocker | `svc-is-webworker` | web/vm1 | No web roles. | Move it by the extended-support path for cloud"
        " services; it is not for virtual machines. | validate notices |\n"
        "| warning | `svc-not-in-vnet` | web/vm1 | What svc-not-in-vnet says. | Plan the downtime, and choose a new or"
        " an existing ARM network for the service. | only prepare notices |\n"
        "| information | `svc-implicit-avset` | web/vm1 | What svc-implicit-avset says. | Tell the owner, so that the"
        " new availability set is no surprise. | never notices |\n"
        "\n"
        "## What the platform's validate says\n"
        "\n"
        "| Category | Resource | VM | Message | Our rule |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| Error | Deployment/web |  | no WEB roles. | `svc-is-webworker` |\n"
        "| Warning | Deployment/web | vm1 | Something else. |  |\n"
    )


@pytest.mark.parametrize(
    ("findings", "messages", "says"),
    [
        pytest.param([], [], "**Nothing stops this unit.** 0 blockers, 0 warnings, 0 notes", id="nothing found"),
        pytest.param([finding("svc-not-in-vnet", Severity.WARNING)], [], "**Nothing stops this unit.**", id="warning"),
        pytest.param([finding("svc-empty", Severity.BLOCKER)], [], "**Blocked.** 1 blocker", id="our blocker"),
        pytest.param([], [message("Error", "No.")], "**Blocked.** 0 blockers", id="the platform's error"),
        pytest.param([], [message("Warning", "Hm.")], "**Nothing stops this unit.**", id="the platform's warning"),
    ],
)
def test_a_unit_is_blocked_by_our_blockers_and_by_the_platforms_errors(
    findings: list[Finding], messages: list[ValidationMessage], says: str
) -> None:
    assert says in findings_page(NET, findings, messages)


def test_the_readiness_page_puts_blocked_units_first_and_counts_units_by_reason() -> None:
    page = readiness_page(
        [WEB, NET],
        [
            finding("svc-empty", Severity.WARNING, "hostedService/web"),
            finding("svc-empty", Severity.BLOCKER),
            finding("svc-two-slots", Severity.BLOCKER, message="Two."),
            finding("svc-two-slots", Severity.BLOCKER, "subscription/x"),
        ],
    )
    assert "**1 ready, 2 blocked.** 3 blockers, 1 warning, 0 notes." in page
    rows = Cells(page).rows
    assert rows[:4] == [
        ["Unit", "Ready", "Blockers", "Warnings", "First reason"],
        ["virtualNetwork/contoso-net", "no", "2", "0", "What svc-empty says."],
        ["subscription/x", "no", "1", "0", "What svc-two-slots says."],
        ["hostedService/web", "yes", "0", "1", ""],
    ]
    assert rows[4:8] == [
        ["Severity", "Rule", "Units", "What it is"],
        ["blocker", "svc-two-slots", "2", "Both slots of the cloud service are occupied"],
        ["blocker", "svc-empty", "1", "The cloud service has no deployment"],
        ["warning", "svc-empty", "1", "The cloud service has no deployment"],
    ]
    assert [row[:3] for row in rows[8:]] == [
        ["Severity", "Rule", "Unit"],
        ["blocker", "svc-empty", "virtualNetwork/contoso-net"],
        ["blocker", "svc-two-slots", "virtualNetwork/contoso-net"],
        ["blocker", "svc-two-slots", "subscription/x"],
        ["warning", "svc-empty", "hostedService/web"],
    ]


def test_the_two_sides_show_real_differences_first_then_losses_then_what_became_what() -> None:
    found = verdict(
        difference("expected", "etag", None, "W/1"),
        difference("real", "properties.ports", [22, {"b": 1, "a": None}], 0),
        difference("real", "", "/subscriptions/x", None),
        losses=(LOSS,),
    )
    page = side_by_side_page(found)
    assert (
        "**The promise is not kept: 1 promised resource is in ARM, but 2 things differ, beside 1 difference that was"
        " expected. 1 setting is lost.**"
    ) in page
    assert Cells(page).rows == [
        ["", "Resource", "Property", "Promised", "Found", "Why"],
        ["differs", "virtualMachines/vm1", "properties.ports", '[22, {"a": null, "b": 1}]', "0", "Why."],
        ["differs", "virtualMachines/vm1", "the whole resource", "/subscriptions/x", "", "Why."],
        ["expected", "virtualMachines/vm1", "etag", "", "W/1", "Why."],
        ["Classic", "Setting", "Why it is lost", "Remedy"],
        ["hostedService/web/vm1/ssh", "EndpointAcl", "It has no place.", "Write rules."],
        ["Classic", "ARM type", "Promised", "Found as", "In resource group"],
        ["network interface", "Microsoft.Network/networkInterfaces", "vm1-nic", "vm1-nic-7", "WEB-MIGRATED"],
    ]


def test_the_question_is_short_and_says_where_everything_is() -> None:
    many = [difference("real", f"properties.p{index}", index, None) for index in range(20)]
    page = question_page(verdict(*many, difference("expected", "etag"), losses=(LOSS,)), "side-by-side-x", most=3)
    assert "**The promise is not kept: 1 promised resource is in ARM, but 20 things differ" in page
    assert "- virtualMachines/vm1 `properties.p2`: promised `2`, found nothing" in page
    assert "- … and 17 more" in page
    assert "`etag`" not in page
    assert "- hostedService/web/vm1/ssh `EndpointAcl`: It has no place." in page
    assert "artifact `side-by-side-x` of this run" in page


def test_a_clean_verdict_says_that_the_promise_is_kept() -> None:
    page = side_by_side_page(verdict(difference("expected")))
    assert "**The promise is kept: 1 promised resource is in ARM and nothing differs that should not" in page
    assert "lost" not in page


@pytest.mark.parametrize(
    ("outcome", "given", "shown", "hidden"),
    [
        pytest.param(
            Outcome.COMMITTED,
            verdict(difference("expected"), losses=(LOSS,)),
            ["# Committed: virtualNetwork/contoso-net", "Ann decided.", "The promise is kept", "Still to do by hand"],
            ["What differs"],
            id="committed and clean",
        ),
        pytest.param(
            Outcome.INCOMPLETE,
            verdict(difference("real"), difference("expected", "etag")),
            ["# Incomplete", "The promise is not kept", "What differs", "`location`"],
            ["`etag`", "Still to do"],
            id="committed, but not as promised",
        ),
        pytest.param(
            Outcome.ABORTED,
            verdict(losses=(LOSS,)),
            ["# Aborted", "Ann decided."],
            ["Still to do", "EndpointAcl"],
            id="aborted loses nothing",
        ),
        pytest.param(
            Outcome.BLOCKED, None, ["# Blocked", "Ann decided."], ["promise", "|"], id="blocked before prepare"
        ),
    ],
)
def test_the_outcome_says_how_it_ended_and_what_is_left_to_do(
    outcome: Outcome, given: Verdict | None, shown: list[str], hidden: list[str]
) -> None:
    page = outcome_page(NET, outcome, "Ann decided.", given)
    assert [words for words in shown if words not in page] == []
    assert [words for words in hidden if words in page] == []


# What XML 1.0 lets a name hold, without the control characters that no reader shows alike.
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=40)


@given(NAMES)
def test_any_text_stays_in_its_cell_and_means_only_itself(name: str) -> None:
    page = table(("a", "b"), [(text(name), "end")])
    assert Cells(page).rows == [["a", "b"], [" ".join(name.split()), "end"]]


@given(NAMES)
def test_any_value_stays_in_its_cell_and_means_only_itself(name: str) -> None:
    page = table(("a", "b"), [(code(name), "end")])
    [_, [shown, end]] = Cells(page).rows
    assert (shown.strip(), end) == (" ".join(name.split()), "end")


def test_a_heading_holds_any_name_on_one_line() -> None:
    page = wave_page(WaveStanding("a\n# b <script>*x*</script>", "full", (), {}), datetime(2026, 1, 1, tzinfo=UTC))
    assert page.splitlines()[0] == r"# Wave a # b &lt;script&gt;\*x\*&lt;/script&gt;"


def test_pages_are_bounded_and_count_what_they_leave_out() -> None:
    findings = [finding("svc-empty", Severity.BLOCKER, f"hostedService/{'é' * 30}{number}") for number in range(20_000)]
    units = [Unit(SUBSCRIPTION, "hostedService", f"{'é' * 30}{number}") for number in range(20_000)]
    page = readiness_page(units, findings)
    assert 200_000 < len(page.encode()) < LARGEST_PAGE
    shown = sum(line.startswith("| blocker | `svc-empty` | hostedService/") for line in page.splitlines())
    assert f"… and {len(findings) - shown} more" in page


@pytest.mark.parametrize("words", ["x" * 100_000, "<" * 100_000], ids=["plain", "escaped"])
def test_one_long_text_is_cut(words: str) -> None:
    assert len(outcome_page(NET, Outcome.BLOCKED, words).encode()) < 100_000
    assert len(text(words)) <= 5_000
    assert len(code(words)) <= 1_010
    assert text(words).endswith("…")
