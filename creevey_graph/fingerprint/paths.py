"""
Does a function read more of a path than the file behind it?

A key that holds only the file's content would give one picture's label to another of
equal content (`photo.parent.name`); one that holds the path would miss a renamed file.
So the code is asked: a path whose every use opens the file counts by content alone;
whatever else is done with it makes its text count too.
"""

import ast
import functools
import types
from collections.abc import Callable
from typing import Any

from creevey_graph.fingerprint.source import SourceFiles

_READING_METHODS = frozenset({"read_bytes", "read_text", "open"})
_READING_CALLS = frozenset({"open", "imread", "isinstance"})
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
    return found is None or _uses_text(found[0], parameter)


def _uses_text(function: ast.AST, parameter: str) -> bool:
    parents = {child: parent for parent in ast.walk(function) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr in _TELLING_ATTRIBUTES:
            return True  # what was opened tells the path again
        if isinstance(node, ast.Name) and node.id == parameter and not _opens(node, parents):
            return True
    return False


def _opens(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents.get(name)
    if isinstance(parent, ast.Attribute):
        call = parents.get(parent)
        return isinstance(call, ast.Call) and call.func is parent and parent.attr in _READING_METHODS
    if isinstance(parent, ast.Call) and parent.args and parent.args[0] is name:
        called = (
            parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
        )
        return called in _READING_CALLS
    return False
