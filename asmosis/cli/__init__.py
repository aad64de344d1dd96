"""The console script `asmosis`: the same verbs for people and for programs."""

from asmosis.cli.app import call, main

__all__ = ["call", "main"]
