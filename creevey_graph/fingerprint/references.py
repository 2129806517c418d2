"""What a function refers to: the names in its tree, or in its code object where there is no source."""

import ast
import contextlib
import sys
import types
from typing import Any


def chains_of(node: ast.AST) -> set[tuple[str, ...]]:
    """Return every dotted chain that begins with a name: `helper`, `module.helper`, `a.b.c`."""
    chains: set[tuple[str, ...]] = set()
    waiting: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(getattr(node, "body", []))
    while waiting:
        current = waiting.pop()
        chain = _chain(current)
        if chain:
            chains.add(chain)
            continue
        for field, value in ast.iter_fields(current):
            if field not in {"annotation", "returns"}:
                parts = value if isinstance(value, list) else [value]
                waiting.extend(part for part in parts if isinstance(part, ast.AST))
    return chains


def globals_of(node: ast.AST, code: types.CodeType) -> set[tuple[str, ...]]:
    """
    Return the chains of *node* that begin with a name *code* looks up, so that may be a global's.

    A parameter or local called like a global (`def saved(toned)` beside a step `toned`) is none:
    the code object has no such name, nor has any within it.
    """
    names = code_names(code)
    return {chain for chain in chains_of(node) if chain[:1] in names}


def _chain(node: ast.AST) -> tuple[str, ...]:
    """Return the dotted chain that *node* is, empty where it is none."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else ()


def code_names(code: types.CodeType) -> set[tuple[str, ...]]:
    """Return every name that a code object without source may refer to."""
    names: set[tuple[str, ...]] = {(name,) for name in code.co_names}
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            names |= code_names(const)
    return names


def code_text(code: types.CodeType) -> str:
    """Return a code object as text, for functions without source; differs by Python's version."""
    consts = [
        code_text(const) if isinstance(const, types.CodeType) else _const_text(const)
        for const in code.co_consts
    ]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{version};{code.co_code.hex()};{consts};{code.co_names};{code.co_varnames};{code.co_freevars}"


def _const_text(value: object) -> str:
    if isinstance(value, frozenset):
        return f"frozenset{sorted(map(_const_text, value))}"
    if isinstance(value, tuple):
        return f"tuple{[_const_text(part) for part in value]}"
    return f"{type(value).__name__}:{value!r}"


def state_of(value: object) -> dict[str, Any]:
    """Return what an instance holds, in `__dict__` and in `__slots__`, without running code of its own."""
    state: dict[str, Any] = {}
    for kind in type(value).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, types.MemberDescriptorType) and kind.__module__ != "builtins":
                with contextlib.suppress(AttributeError):  # not assigned yet
                    state[name] = member.__get__(value)
    with contextlib.suppress(AttributeError):
        state.update(object.__getattribute__(value, "__dict__"))
    return state
