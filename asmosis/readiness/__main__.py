"""Writes the page of the rules to standard output."""

import sys

from asmosis.readiness.catalogue import rules_page

sys.stdout.write(rules_page())
