"""
Whether a graph's function can be called once more without anybody noticing.

Graphs are traced once. To see where parameters go takes a second time, which must not print, count or fetch anything
again: it is done only for functions that consist of steps, graphs, constants and what is known to have no effect.
What is not known here counts as an effect.
"""

import dis
import enum
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from creevey_graph.graph import Graph
from creevey_graph.step import Step, step

_CONSTANTS = (str, bytes, int, float, complex, bool, type(None), type(...), range, enum.Enum, PurePath)
_MUTABLE = (list, dict, set)
_CALLED = frozenset(
    (
        str,
        bytes,
        int,
        float,
        bool,
        tuple,
        list,
        dict,
        set,
        frozenset,
        range,
        enumerate,
        zip,
        map,
        filter,
        reversed,
    )
) | {len, min, max, sum, abs, round, sorted, isinstance, any, all, divmod, repr, step}
_PURE_MODULES = (math, operator)
_READERS = frozenset(
    name for kind in (str, bytes, int, float, tuple, frozenset, PurePath) for name in vars(kind)
) | {"bind", "copy", "get", "items", "keys", "name", "value", "values"}
_CHANGERS = frozenset(
    name for kind in _MUTABLE for name in vars(kind) if not name.startswith("_") and name not in _READERS
)
_EFFECTS = frozenset(
    ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "IMPORT_NAME", "LOAD_BUILD_CLASS")
)
_WRITES = frozenset(("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"))


def is_quiet(function: Callable[..., Any], values: Iterable[Any] = ()) -> bool:
    """
    Return whether calling *function* on symbols has no effect but the nodes it places.

    Args:
        function: A graph's function.
        values: What else it is given: its parameters.
    """
    found = _Reach()
    return found.takes(function) and all(map(found.takes, values)) and not (found.changes and found.shared)


class _Reach:
    """
    What a function reaches.

    State: seen = ids of what was looked at; changes = whether code changes a container; shared = whether it reaches
    one that is not its own.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self.changes = self.shared = False

    def takes(self, value: Any) -> bool:
        """Return whether *value*, and what it reaches, has no effect."""
        if isinstance(value, _CONSTANTS) or id(value) in self._seen:
            return True
        self._seen.add(id(value))
        if isinstance(value, _MUTABLE):
            self.shared = True
        if isinstance(value, tuple | frozenset | list | set | Mapping):
            parts = [*value.values()] if isinstance(value, Mapping) else value
            return type(value).__module__ == "builtins" and all(map(self.takes, parts))
        if isinstance(value, Step | Graph):
            return isinstance(value, Step) or value.origin is None or self.takes(value.origin)
        if isinstance(value, FunctionType) and value is not step:
            return self._takes_function(value)
        return _is_called(value)

    def _takes_function(self, function: FunctionType) -> bool:
        given = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
        try:
            cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
            closed = [cell.cell_contents for cell in cells.values()]
        except ValueError:  # a cell that is empty yet
            return False
        return all(map(self.takes, (*given, *closed))) and self._takes_code(function.__code__, function)

    def _takes_code(self, code: CodeType, function: FunctionType) -> bool:
        modules = [value for value in _globals_of(code, function) if isinstance(value, ModuleType)]
        for one in dis.get_instructions(code):
            if one.opname in _EFFECTS or (one.opname == "STORE_DEREF" and one.argval in code.co_freevars):
                return False
            self.changes |= one.opname in _WRITES
            if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                value = _global(function, one.argval)
                if not (isinstance(value, ModuleType) or (value is not _NONE and self.takes(value))):
                    return False
            elif one.opname in ("LOAD_ATTR", "LOAD_METHOD") and not self._takes_name(one.argval, modules):
                return False
        inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        return all(self._takes_code(constant, function) for constant in inner)

    def _takes_name(self, name: str, modules: Iterable[ModuleType]) -> bool:
        """Return whether an attribute of that name, of any value that is at hand, has no effect."""
        holders = [vars(module)[name] for module in modules if name in vars(module)]
        if not all(isinstance(value, ModuleType) or self.takes(value) for value in holders):
            return False
        self.changes |= name in _CHANGERS
        return bool(holders) or name in _READERS or name in _CHANGERS or name.isupper()


_NONE = object()


def _global(function: FunctionType, name: str) -> Any:
    builtins = function.__builtins__ if hasattr(function, "__builtins__") else {}
    return function.__globals__.get(name, builtins.get(name, _NONE))


def _globals_of(code: CodeType, function: FunctionType) -> Iterator[Any]:
    yield from (_global(function, name) for name in code.co_names)


def _is_called(value: Any) -> bool:
    if isinstance(value, type):
        return value in _CALLED or issubclass(value, enum.Enum | BaseException | PurePath)
    is_pure = isinstance(value, BuiltinFunctionType) and value.__module__ in {
        one.__name__ for one in _PURE_MODULES
    }
    return is_pure or (isinstance(value, BuiltinFunctionType | FunctionType) and value in _CALLED)
