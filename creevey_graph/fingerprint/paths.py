"""
Does a function read more of a path than the file behind it?

A key that holds only the file's content would give one picture's label to another of
equal content (`photo.parent.name`); one that holds the path would miss a renamed file.
So the code is asked: a path whose every use opens the file counts by content alone;
whatever else is done with it makes its text count too. So does handing what was opened to
code that may ask it for its name; of what is returned, the worker takes the name away.
"""

import ast
import builtins
import functools
import types
from collections.abc import Callable, Mapping
from typing import Any

from creevey_graph.fingerprint.modules import is_user_module
from creevey_graph.fingerprint.source import SourceFiles

_READING_METHODS = frozenset({"read_bytes", "read_text", "read_image", "open"})
_READING_CALLS = frozenset({"open", "imread", "isinstance"})
_READING_BUILTINS = (open, isinstance)
_TELLING_CALLS = frozenset({"locals", "vars", "eval", "exec"})
_SHOWING_CALLS = frozenset({"repr", "str", "ascii", "format", "print", "getattr", "dir"})
"""Builtins that tell of an open file what it is called."""
_TELLING_ATTRIBUTES = frozenset({"filename", "name", "fp"})


def reads_path_text(func: Callable[..., Any], parameter: str) -> bool:
    """
    True where *func* may use the text of the path it gets as *parameter*; in doubt True.

    >>> from pathlib import Path
    >>> def load(photo: Path) -> bytes:
    ...     return photo.read_bytes()
    >>> def label(photo: Path) -> str:
    ...     return photo.parent.name
    >>> reads_path_text(load, "photo"), reads_path_text(label, "photo")
    (False, True)
    """
    while isinstance(func, functools.partial):
        func = func.func
    code = getattr(func, "__code__", None)
    if not isinstance(code, types.CodeType) or hasattr(func, "__wrapped__"):
        return True
    found = SourceFiles().find(code)
    return found is None or _Use(found[0], parameter, func).is_text()


class _Use:
    """
    How one function uses one parameter.

    State: function = its tree; parents = node -> the node it stands in; scope = the globals it sees.
    """

    def __init__(self, function: ast.AST, parameter: str, func: Any) -> None:
        self.function, self.parameter = function, parameter
        self.parents = {part: node for node in ast.walk(function) for part in ast.iter_child_nodes(node)}
        self.scope: Mapping[str, Any] = getattr(func, "__globals__", {})
        self.local = {*func.__code__.co_varnames, *func.__code__.co_cellvars, *func.__code__.co_freevars}

    def is_text(self) -> bool:
        """True where the parameter's text may be used."""
        for node in ast.walk(self.function):
            if isinstance(node, ast.Attribute) and node.attr in _TELLING_ATTRIBUTES:
                return True  # what was opened tells the path again
            if isinstance(node, ast.Name) and node.id in _TELLING_CALLS:
                return True
            if isinstance(node, ast.Name) and node.id == self.parameter and not self._opens(node):
                return True
        return False

    def _opens(self, name: ast.Name) -> bool:
        parent = self.parents.get(name)
        if isinstance(parent, ast.Attribute):
            call = self.parents.get(parent)
            opens = isinstance(call, ast.Call) and call.func is parent and parent.attr in _READING_METHODS
            return opens and (parent.attr != "open" or self._stays(call))
        if isinstance(parent, ast.Call) and parent.args and parent.args[0] is name:
            return self._is_reading(parent.func) and self._stays(parent)
        return False

    def _stays(self, opened: ast.AST | None, *, is_named: bool = False) -> bool:
        """True where what was opened is read here, or handed to installed code or the worker only."""
        parent = self.parents.get(opened) if opened is not None else None
        if isinstance(parent, ast.Call):
            return parent.func is opened or self._is_installed(parent.func)
        if isinstance(parent, ast.keyword):
            call = self.parents.get(parent)
            return isinstance(call, ast.Call) and self._is_installed(call.func)
        if isinstance(parent, ast.withitem):
            return parent.optional_vars is None or self._stays_as(parent.optional_vars)
        if isinstance(parent, ast.Assign) and not is_named:
            return all(self._stays_as(target) for target in parent.targets)
        if isinstance(parent, ast.List | ast.Tuple | ast.IfExp | ast.BoolOp | ast.Await | ast.NamedExpr):
            return not isinstance(parent, ast.NamedExpr) and self._stays(parent, is_named=is_named)
        kinds = (ast.Attribute, ast.Return, ast.Lambda, ast.Expr, ast.For, ast.comprehension, ast.Compare)
        return isinstance(parent, (*kinds, ast.If, ast.UnaryOp, ast.Subscript))

    def _stays_as(self, target: ast.expr) -> bool:
        if not isinstance(target, ast.Name):
            return False
        uses = [node for node in ast.walk(self.function) if isinstance(node, ast.Name)]
        return all(
            self._stays(node, is_named=True)
            for node in uses
            if node.id == target.id and isinstance(node.ctx, ast.Load)
        )

    def _is_installed(self, called: ast.expr) -> bool:
        """True where a call surely runs code of a distribution or the library, which asks for no name."""
        while isinstance(called, ast.Attribute):
            called = called.value
        if not isinstance(called, ast.Name):
            return False
        found = self._value(called)
        if found is None or called.id in _SHOWING_CALLS:
            return False
        module = found.__name__ if isinstance(found, types.ModuleType) else getattr(found, "__module__", None)
        return isinstance(module, str) and not is_user_module(module)

    def _is_reading(self, called: ast.expr) -> bool:
        """True for `open`, `isinstance` and the `open` or `imread` of an installed module."""
        if isinstance(called, ast.Name):
            found = self._value(called)
            module = getattr(found, "__module__", None)
            return (
                called.id in _READING_CALLS
                and found is not None
                and (found in _READING_BUILTINS or not is_user_module(module))
            )
        if isinstance(called, ast.Attribute) and called.attr in _READING_CALLS:
            root = self._value(called.value) if isinstance(called.value, ast.Name) else None
            return isinstance(root, types.ModuleType) and not is_user_module(root.__name__)
        return False

    def _value(self, name: ast.Name) -> Any:
        if name.id in self.local:
            return None
        return self.scope.get(name.id, getattr(builtins, name.id, None))
