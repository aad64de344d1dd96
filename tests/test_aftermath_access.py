"""Roles on classic resources, tags for what ARM has no place for, and what is left for people to do."""

import shlex
import subprocess
from typing import Any

import pytest

from asmosis.aftermath import TITLES, AccessPlan, Aftermath, access_plan, aftermath, moves, tag_plans
from asmosis.aftermath.access import CLASSIC_ROLES, as_az
from asmosis.facts import Facts, RoleAssignment, Watch
from asmosis.reports.todo import todo_page
from asmosis.translate.losses import PORTAL_NOTES
from tests.promising import SUBSCRIPTION, TASTING, VINEYARD, Edit, estate, promised

HEAD = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
CLASSIC = f"{HEAD}/vineyard-rg/providers/Microsoft.Classic"
PRESS = f"{HEAD}/press-Migrated"
VM = "/providers/Microsoft.Compute/virtualMachines"
DISKS = "storageAccount/vineyarddisks"


def planned(unit: str, scope: str, role: str = "Contributor") -> AccessPlan:
    assignment = RoleAssignment(scope=scope, principal="ada", role=role)
    return access_plan(moves(estate(), promised(unit), told=[scope]), [assignment])


@pytest.mark.parametrize(
    ("scope", "role", "given"),
    [
        pytest.param(f"{CLASSIC}Compute/virtualMachines/press1", "Contributor", [("Contributor", f"{PRESS}{VM}/press1")], id="machine"),
        pytest.param(f"{CLASSIC}compute/VIRTUALMACHINES/Press1/", "Contributor", [("Contributor", f"{PRESS}{VM}/press1")], id="machine in other case"),
        pytest.param(f"{CLASSIC}Compute/domainNames/press", "Reader", [("Reader", PRESS)], id="cloud service: its group"),
        pytest.param(f"{CLASSIC}Compute/domainNames/press", "Classic Virtual Machine Contributor", [("Virtual Machine Contributor", PRESS)], id="role that only opens classic"),
        pytest.param(f"{CLASSIC}Network/virtualNetworks/vineyard", "Classic Network Contributor", [("Network Contributor", f"{HEAD}/vineyard-Migrated/providers/Microsoft.Network/virtualNetworks/vineyard")], id="network"),
        pytest.param(f"{CLASSIC}Network/reservedIps/press-address", "Owner", [("Owner", f"{PRESS}/providers/Microsoft.Network/publicIPAddresses/press-address")], id="reserved IP"),
        pytest.param(f"{HEAD}/vineyard-rg", "Owner", [("Owner", PRESS)], id="group in which the portal showed the service"),
        pytest.param(f"{HEAD}/elsewhere", "Owner", [], id="another group"),
        pytest.param(f"/subscriptions/{SUBSCRIPTION}", "Owner", [], id="subscription: inherited"),
        pytest.param(f"/subscriptions/{SUBSCRIPTION}", "classic virtual machine contributor", [("Virtual Machine Contributor", PRESS), ("Virtual Machine Contributor", f"{HEAD}/barrels-Migrated")], id="classic role on the subscription: the services"),
        pytest.param(f"{PRESS}{VM}/press1", "Owner", [], id="not classic"),
        pytest.param(f"{CLASSIC}Compute/virtualMachines/other", "Owner", [], id="machine of another unit"),
    ],
)  # fmt: skip
def test_roles_are_given_where_the_resources_went(scope: str, role: str, given: list[tuple[str, str]]) -> None:
    plan = planned(VINEYARD, scope, role)
    assert [(grant.role, grant.scope) for grant in plan.grants] == given
    assert all((grant.principal, grant.old_scope, grant.old_role) == ("ada", scope, role) for grant in plan.grants)
    assert plan.kept == ()


def test_a_classic_role_on_the_subscription_opens_its_own_kind_only() -> None:
    [grant, *others] = planned(VINEYARD, f"/subscriptions/{SUBSCRIPTION}", "Classic Network Contributor").grants
    assert grant.scope.endswith("/virtualNetworks/vineyard")
    assert {each.scope.split("/")[7] for each in others} == {
        "networkSecurityGroups",
        "routeTables",
        "publicIPAddresses",
    }


@pytest.mark.parametrize("role", ["Contributor", *CLASSIC_ROLES])
def test_roles_on_a_storage_account_survive(role: str) -> None:
    plan = planned(DISKS, f"{CLASSIC}Storage/storageAccounts/vineyarddisks", role)
    assert (plan.grants, [kept.why for kept in plan.kept]) == ((), ["roles on a storage account survive its migration"])


def test_a_role_on_a_disk_has_nothing_to_go_to() -> None:
    [kept] = planned(DISKS, f"{CLASSIC}Storage/storageAccounts/vineyarddisks/disks/lonely").kept
    assert kept.why.startswith("disk/vineyarddisks/lonely has no successor: classic disk objects end")


def test_the_same_role_on_the_same_scope_is_given_once() -> None:
    scopes = (f"{CLASSIC}Compute/domainNames/press", f"{HEAD}/vineyard-rg")
    assignments = [RoleAssignment(scope=scope, principal="ada", role="Owner") for scope in scopes]
    [grant] = access_plan(moves(estate(), promised(VINEYARD)), assignments).grants
    assert (grant.scope, grant.old_scope) == (PRESS, scopes[0])


def test_the_commands_are_a_script_that_a_shell_reads_and_names_cannot_break() -> None:
    scope = f"{CLASSIC}Compute/virtualMachines/press1"
    odd = RoleAssignment(scope=scope, principal="o'hara; rm -rf /", role="Reader $(date)\nx")
    kept = RoleAssignment(scope=f"{CLASSIC}Storage/storageAccounts/vineyarddisks", principal="bob", role="Owner")
    both = (*moves(estate(), promised(VINEYARD)), *moves(estate(), promised(DISKS)))
    script = as_az(access_plan(both, [odd, kept]))
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    [line] = [line for line in script.splitlines() if line.startswith("az ")]
    words = shlex.split(line)
    assert words[:5] == ["az", "role", "assignment", "create", "--assignee-object-id"]
    assert words[5:] == ["o'hara; rm -rf /", "--role", "Reader $(date) x", "--scope", f"{PRESS}{VM}/press1"]
    assert "# left: Owner of bob on" in script


def test_commands_for_ids_that_are_only_assumed_are_comments() -> None:
    missing = moves(estate(), promised(VINEYARD), {})
    scope = f"{CLASSIC}Compute/virtualMachines/press1"
    script = as_az(access_plan(missing, [RoleAssignment(scope=scope, principal="ada", role="Owner")]))
    assert [line for line in script.splitlines() if line.startswith("az ")] == []
    assert "# the id is missing: az role assignment create" in script


# --- tags -------------------------------------------------------------------------------------------------------------


def tags(unit: str, *edits: Edit) -> dict[str, dict[str, str]]:
    return {
        plan.subject: dict(plan.tags)
        for plan in tag_plans(estate(*edits), moves(estate(*edits), promised(unit, *edits)))
    }


def test_labels_descriptions_and_notes_become_tags() -> None:
    assert tags(VINEYARD) == {
        "virtualNetwork/vineyard": {"asm:label": "grapes and wires"},
        "hostedService/press": {"asm:label": "The Press", "asm:description": "where it begins"},
        "networkSecurityGroup/machine-guard": {"asm:label": "for one machine"},
    }
    assert tags(TASTING)["hostedService/Tasting"] == {"asm:owner": "the sommelier"}


@pytest.mark.parametrize("unit", [unit.short for unit in estate().units])
def test_every_loss_that_asks_for_a_tag_has_one(unit: str) -> None:
    wanted = [loss for loss in promised(unit).losses if loss.remedy.startswith("Set the tag")]
    texts = [value for plan in tags(unit).values() for value in plan.values()]
    assert [loss for loss in wanted if not any(repr(text) in loss.why for text in texts)] == []


@pytest.mark.parametrize(
    ("edit", "name", "value"),
    [
        pytest.param(
            ("services.xml", "<Name>owner</Name>", "<Name>a/b?c</Name>"), "asm:a-b-c", "the sommelier", id="name"
        ),
        pytest.param(("services.xml", "the sommelier", "x" * 300), "asm:owner", "x" * 256, id="long value"),
    ],
)
def test_tags_hold_what_arm_takes(edit: Edit, name: str, value: str) -> None:
    assert tags(TASTING, edit)["hostedService/Tasting"] == {name: value}


def test_what_the_portal_keeps_for_itself_is_no_tag() -> None:
    named = {
        name.removeprefix("asm:") for unit in estate().units for plan in tags(unit.short).values() for name in plan
    }
    assert named & PORTAL_NOTES == set()


# --- to do ------------------------------------------------------------------------------------------------------------


def after(unit: str, *edits: Edit, **facts: Any) -> Aftermath:
    return aftermath(estate(*edits), promised(unit, *edits), Facts(**facts))


def told(done: Aftermath, topic: str) -> list[tuple[str, str]]:
    return [(task.subject, task.what) for task in done.tasks if task.topic == topic]


ALERT = Watch(name="hot", resource=f"{CLASSIC}Compute/virtualMachines/press1")
SCALE = Watch(name="more", resource=f"{CLASSIC}Compute/domainNames/press")


@pytest.mark.parametrize(
    ("unit", "facts", "topic", "expected"),
    [
        pytest.param(VINEYARD, {}, "access", [(VINEYARD, "Look for roles on classic resources")], id="nobody told the roles"),
        pytest.param(VINEYARD, {"role_assignments": []}, "access", [], id="no roles"),
        pytest.param(VINEYARD, {"role_assignments": [RoleAssignment(scope=f"{CLASSIC}Compute/domainNames/press", principal="ada", role="Owner")]}, "access", [(f"{CLASSIC}Compute/domainNames/press", f"Give Owner to ada on {PRESS}")], id="a role"),
        pytest.param(VINEYARD, {}, "alerts", [(VINEYARD, "Look for alert rules on classic resources")], id="nobody told the alerts"),
        pytest.param(VINEYARD, {"alert_rules": [ALERT]}, "alerts", [("virtualMachine/press/press1", f"Make hot anew on {PRESS}{VM}/press1")], id="an alert"),
        pytest.param(TASTING, {"alert_rules": [ALERT]}, "alerts", [], id="an alert of another unit"),
        pytest.param(VINEYARD, {"autoscale_settings": [SCALE]}, "autoscale", [("hostedService/press", "Replace more: only a scale set scales by itself in ARM")], id="autoscale"),
        pytest.param(VINEYARD, {}, "extensions", [("virtualMachine/press/press1", "Give CustomScriptExtension its protected settings again before it is next changed")], id="protected settings"),
        pytest.param(VINEYARD, {}, "vaults", [(f"hostedService/{name}", f"Let those who need them into {HEAD}/{name}-Migrated/providers/Microsoft.KeyVault/vaults/KV-{name}") for name in ("press", "barrels")], id="certificates"),
        pytest.param(DISKS, {"replication_caches": ["VineyardDisks"]}, "site-recovery", [(DISKS, "Switch the replications that use it on again")], id="cache of Site Recovery"),
        pytest.param(DISKS, {}, "site-recovery", [], id="no cache"),
        pytest.param("routeTable/spare-routes", {}, "dns", [], id="no name"),
        pytest.param(VINEYARD, {}, "automation", [(VINEYARD, "Find what still uses classic")], id="scripts"),
    ],
)  # fmt: skip
def test_what_is_left_to_do(unit: str, facts: dict[str, Any], topic: str, expected: list[tuple[str, str]]) -> None:
    assert told(after(unit, **facts), topic) == expected


def test_a_backup_and_a_replication_are_to_be_switched_on_again() -> None:
    backed = after(VINEYARD, ("press.xml", "<Name>ChefClient</Name>", "<Name>VMSnapshot</Name>"))
    [(subject, what)] = told(backed, "backup")
    assert (subject, what.startswith("Protect press1 anew")) == ("virtualMachine/press/press1", True)
    replicated = after(VINEYARD, ("press.xml", "<Name>ChefClient</Name>", "<Name>SiteRecovery-Windows</Name>"))
    assert told(replicated, "site-recovery") == [
        ("virtualMachine/press/press1", "Switch the replication of press1 on again")
    ]


def test_a_name_that_stays_and_a_reverse_name_that_does_not() -> None:
    edit = ("services.xml", "<Description>where", "<ReverseDnsFqdn>press.example.</ReverseDnsFqdn><Description>where")
    [first, second, *_] = [task for task in after(VINEYARD, edit).tasks if task.topic == "dns"]
    assert "press.cloudapp.net still answers" in first.what
    address = f"{PRESS}/providers/Microsoft.Network/publicIPAddresses/press-address"
    assert second.commands == (f"az network public-ip update --ids {address} --reverse-fqdn press.example.",)


@pytest.mark.parametrize("unit", [unit.short for unit in estate().units])
def test_no_loss_is_forgotten(unit: str) -> None:
    done = after(unit)
    text = todo_page(done.unit, done.tasks)
    remedies = {
        loss.remedy
        for loss in promised(unit).losses
        if not loss.remedy.startswith(("Set the tag", "Reserve the address", "Keep them at hand"))
    }
    assert {
        remedy for remedy in remedies if remedy.split(";", maxsplit=1)[0].split("*", maxsplit=1)[0] not in text
    } == set()


def test_what_becomes_a_tag_is_not_lost_as_well() -> None:
    assert [what for _, what in told(after(TASTING), "lost") if "tag asm:" in what] == []
    assert [subject for subject, _ in told(after(TASTING), "tags")] == ["hostedService/Tasting"]


def test_tasks_come_by_topic_and_the_page_has_a_box_for_each() -> None:
    done = after(VINEYARD, alert_rules=[ALERT], autoscale_settings=[SCALE])
    topics = [task.topic for task in done.tasks]
    assert topics == sorted(topics, key=list(TITLES).index)
    page = todo_page(done.unit, done.tasks)
    assert page.startswith(f"# After the commit of virtualNetwork/vineyard: {len(done.tasks)} tasks\n")
    assert page.count("- [ ] **") == len(done.tasks)
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        f"## {title}" for topic, title in TITLES.items() if topic in topics
    ]


def test_every_command_is_one_line_that_a_shell_reads() -> None:
    for unit in estate().units:
        for task in after(unit.short, alert_rules=[ALERT]).tasks:
            for command in task.commands:
                assert "\n" not in command
                subprocess.run(["sh", "-n"], input=command, text=True, check=True)
