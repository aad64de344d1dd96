"""No keyword of any generator can be dropped unseen: without it, some promise over our own documents is another one."""

import ast
import copy
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType

import pytest

from asmosis import translate
from asmosis.arm.resource import ArmModel
from asmosis.classic.estate import Estate
from asmosis.translate import Promise, Translation, promise
from tests.promising import estate

MODULES = [
    importlib.import_module(f"asmosis.translate.{found.name}")
    for found in pkgutil.iter_modules(translate.__path__)
    if not found.ispkg
]
# The same network with connections to circuits.
OTHER = estate(("networks.xml", "<Type>IPsec</Type>", "<Type>Dedicated</Type>"))
ESTATES: tuple[Estate, ...] = (estate(), OTHER)


def promises() -> list[Promise]:
    return [promise(each, unit) for each in ESTATES for unit in each.units]


@cache
def usual() -> list[Promise]:
    return promises()


def makes_a_body(module: ModuleType, call: ast.Call) -> bool:
    """Whether a call makes a piece of an ARM body."""
    name = ast.unparse(call.func)
    head, _, tail = name.partition(".")
    made = getattr(vars(module).get(head), tail, None) if tail else vars(module).get(head)
    return isinstance(made, type) and issubclass(made, ArmModel)


def without_each_keyword(module: ModuleType) -> Iterator[tuple[str, FunctionType, CodeType]]:
    """Every function of a module, with one keyword of one body dropped from it."""
    for function in ast.parse(inspect.getsource(module)).body:
        if isinstance(function, ast.FunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and makes_a_body(module, node)]
            for number, call in enumerate(calls):
                for position, keyword in enumerate(call.keywords):
                    name = f"{module.__name__}.{function.name}: {ast.unparse(call.func)}({keyword.arg}=)"
                    yield name, in_place(module, function.name), changed(module, function, number, position)


def in_place(module: ModuleType, name: str) -> FunctionType:
    found = vars(module)[name]
    function = found.generate if isinstance(found, Translation) else found
    assert isinstance(function, FunctionType)
    return function


def changed(module: ModuleType, function: ast.FunctionDef, number: int, position: int) -> CodeType:
    other = copy.deepcopy(function)
    other.decorator_list = []
    calls = [node for node in ast.walk(other) if isinstance(node, ast.Call) and makes_a_body(module, node)]
    del calls[number].keywords[position]
    # Annotations may name what only the type checker sees.
    scratch = dict(vars(module))
    exec(compile(ast.Module([other], []), module.__name__, "exec"), scratch)
    made = scratch[function.name]
    assert isinstance(made, FunctionType)
    return made.__code__


def is_seen() -> bool:
    try:
        return promises() != usual()
    except (TypeError, ValueError):
        return True


def test_there_is_something_to_drop() -> None:
    dropped = [name for module in MODULES for name, *_ in without_each_keyword(module)]
    assert len(dropped) > 100
    assert any(name.startswith("asmosis.translate.load_balancers._rules: ") for name in dropped)


@pytest.mark.parametrize("module", MODULES, ids=[module.__name__.rpartition(".")[2] for module in MODULES])
def test_a_dropped_keyword_is_seen(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_seen()
    survived = []
    for name, function, code in without_each_keyword(module):
        with monkeypatch.context() as patched:
            patched.setattr(function, "__code__", code)
            if not is_seen():
                survived.append(name)
    assert survived == []
