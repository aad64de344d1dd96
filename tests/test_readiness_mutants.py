"""The cases of the rules catch every broken rule: one that finds nothing, and one with any of its conditions negated."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from asmosis import readiness
from asmosis.readiness import Rule, assess
from asmosis.readiness import rules as rules_package
from tests.rule_cases import CASES, destination_of, estate_of, facts_of, units_of

FILES = sorted(path for path in Path(rules_package.__path__[0]).glob("*.py") if path.stem != "__init__")
Change = Callable[[], Callable[[], None]]
"""Changes the tree and answers how to undo that."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_cases_catch_every_broken_rule(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ast.parse(file.read_text())
    judged = [
        (rule, case, kind) for rule in _rules_of(tree, file) for kind in CASES[rule] for case in CASES[rule][kind]
    ]
    told = [
        (rule, (estate_of(case), units_of(case), facts_of(case), destination_of(case)), case.get("finds", []))
        for rule, case, _ in judged
    ]

    def fails(rules: dict[str, Rule]) -> bool:
        for rule, (estate, units, facts, destination), finds in told:
            monkeypatch.setattr(readiness, "RULES", {rule: rules[rule]})
            profile = next(iter(rules[rule].severities))
            found = assess(estate, profile, units, facts=facts, destination=destination)
            seen = [(each.unit, each.resource, each.message, each.evidence) for each in found]
            if seen != [(each["unit"], each["resource"], each["message"], each["evidence"]) for each in finds]:
                return True
        return False

    assert not fails(_rules_of(tree, file))
    survivors = []
    for place, change in _changes(tree):
        undo = change()
        try:
            if not fails(_rules_of(tree, file)):
                survivors.append(place)
        finally:
            undo()
    assert survivors == []


def _rules_of(tree: ast.Module, file: Path) -> dict[str, Rule]:
    """The rules as the tree has them; their module is called as the real one, which types are looked up in."""
    module = ModuleType(f"{rules_package.__name__}.{file.stem}")
    exec(compile(ast.fix_missing_locations(tree), str(file), "exec"), vars(module))
    return {item.id: item for item in vars(module).values() if isinstance(item, Rule)}


def _changes(tree: ast.Module) -> Iterator[tuple[str, Change]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    decorators = [decorator for function in functions for decorator in function.decorator_list]
    said = {inner for decorator in decorators for inner in ast.walk(decorator)}
    for function in functions:
        if any(isinstance(decorator, ast.Call) for decorator in function.decorator_list):
            yield f"{function.name} finds nothing", _swap(function, "body", ast.parse("return iter(())").body)
    # An inner function's nodes are also its outer one's.
    inside = dict.fromkeys(inner for function in functions for inner in ast.walk(function) if inner not in said)
    for node in inside:
        if isinstance(node, ast.If | ast.IfExp):
            yield _negated(node.test, node, "test")
        if isinstance(node, ast.comprehension) and node.ifs:
            whole = ast.BoolOp(ast.And(), node.ifs) if len(node.ifs) > 1 else node.ifs[0]
            yield _negated(whole, node, "ifs")


def _negated(condition: ast.expr, node: ast.AST, field: str) -> tuple[str, Change]:
    opposite = ast.UnaryOp(ast.Not(), condition)
    return f"not ({ast.unparse(condition)})", _swap(node, field, [opposite] if field == "ifs" else opposite)


def _swap(node: Any, field: str, new: Any) -> Change:
    old = getattr(node, field)

    def change() -> Callable[[], None]:
        setattr(node, field, new)
        return lambda: setattr(node, field, old)

    return change
