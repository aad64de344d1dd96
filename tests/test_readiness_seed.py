"""The two tables of what the first announcement (May 2016) does not support, row by row, and the rules that say so."""

import pytest

from asmosis.readiness import RULES, Severity
from asmosis.readiness.rule import SEED_2016

# (feature or configuration, the rules that find it, whether the platform refuses it or only drops something)
ROWS = [
    ("disks of no machine", ["unassoc-disks", "sto-unattached-disks"], Severity.BLOCKER),
    ("images", ["vm-images", "sto-images"], Severity.BLOCKER),
    ("reserved IPs of no machine", ["unassoc-reserved-ip"], Severity.BLOCKER),
    ("security groups of no network and no interface", ["unassoc-nsg"], Severity.BLOCKER),
    ("endpoint ACLs", ["svc-endpoint-acl"], Severity.BLOCKER),
    ("gateways: site to site", ["vnet-gateway-s2s"], Severity.BLOCKER),
    ("gateways: ExpressRoute", ["vnet-gateway-er"], Severity.BLOCKER),
    ("gateways: point to site", ["vnet-gateway-p2s"], Severity.BLOCKER),
    ("role-based access on classic resources", ["rbac-on-classic"], Severity.WARNING),
    ("a machine in several subnets", ["vm-multi-subnet"], Severity.BLOCKER),
    ("a machine in a network but in no subnet", ["vm-no-subnet"], Severity.BLOCKER),
    ("alerts, which are dropped", ["vm-alerts"], Severity.WARNING),
    ("autoscale, which is dropped", ["vm-autoscale"], Severity.WARNING),
    ("extensions of the XML kind", ["vm-ext-xml"], Severity.BLOCKER),
    ("boot diagnostics with premium storage", ["vm-bootdiag-premium"], Severity.BLOCKER),
    ("web and worker roles", ["svc-is-webworker"], Severity.BLOCKER),
    ("machines and web or worker roles in one network", ["vnet-mixed-iaas-paas"], Severity.BLOCKER),
    ("App Service environments", ["vnet-ase"], Severity.BLOCKER),
    ("HDInsight", ["vnet-hdinsight"], Severity.BLOCKER),
    ("Dynamics Lifecycle Services", ["vnet-dynamics-lcs"], Severity.BLOCKER),
]
# What the announcement says beside its tables.
ASIDE = [
    ("machines outside a network are stopped and deallocated", ["svc-not-in-vnet"], Severity.WARNING),
    ("the public address is lost unless it is reserved", ["svc-dynamic-vip-lost"], Severity.WARNING),
    ("quotas of ARM apply", ["arm-quota-cores", "arm-quota-nics", "arm-quota-loadbalancers"], Severity.BLOCKER),
]


@pytest.mark.parametrize(("rules", "severity"), [pytest.param(*rest, id=row) for row, *rest in (*ROWS, *ASIDE)])
def test_every_row_of_the_announcement_is_a_rule_of_its_profile(rules: list[str], severity: Severity) -> None:
    assert {rule: RULES[rule].severities.get(SEED_2016) for rule in rules} == dict.fromkeys(rules, severity)
