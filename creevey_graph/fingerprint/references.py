"""What a function refers to: the names in its tree, or in its code object where there is no source."""

import ast
import contextlib
import functools
import re
import sys
import types
from collections.abc import Mapping
from typing import Any

import attrs

from creevey_graph.fingerprint.facts import CodeFingerprint
from creevey_graph.fingerprint.modules import distribution_of, is_user_module

_TOKEN = re.compile("\0[0-9]+\0")


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


def resolved(chain: tuple[str, ...], func: types.FunctionType) -> tuple[str, Any, tuple[str, ...]] | None:
    """
    Return (path, what it leads to, what is left of it) for a chain of *func*'s, seen through the user's modules.

    None for a closure value, a builtin, and a name that is not there (yet).
    """
    scope = func.__globals__
    if chain[0] in func.__code__.co_freevars or chain[0] not in scope:
        return None
    value, rest = scope[chain[0]], list(chain[1:])
    path = chain[0]
    while rest and isinstance(value, types.ModuleType):
        if not is_user_module(value.__name__) or not hasattr(value, rest[0]):
            break
        value = getattr(value, rest[0])
        path = f"{path}.{rest.pop(0)}"
    return path, value, tuple(rest)


class ModuleNames:
    """
    Numbers in place of module names, in the order they are met.

    State: numbers = module -> token, which no name in code can hold.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def token(self, module: str) -> str:
        """Return what stands for a module in the names of parts."""
        return self._tokens.setdefault(module, f"\0{len(self._tokens)}\0")

    def told(self, found: CodeFingerprint) -> CodeFingerprint:
        """Return a fingerprint with the names of modules in place of numbers."""
        modules = {token: module for module, token in self._tokens.items()}

        def name(text: str) -> str:
            return _TOKEN.sub(lambda match: modules[match[0]], text) if "\0" in text else text

        def names(parts: Mapping[str, str]) -> dict[str, str]:
            return {name(part): text for part, text in parts.items()}

        return attrs.evolve(
            found,
            parts=names(found.parts),
            untracked=tuple(map(name, found.untracked)),
            sources=names(found.sources),
            via={name(part): name(parent) for part, parent in found.via.items()},
            files=names(found.files),
        )


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


def parts(value: Any) -> tuple[list[tuple[str, Any]], bool]:
    """
    Return what an object that can be called is made of, each with its label, and whether that is all of it.

    An installed one that stands in its package under its own name, as `numpy.invert` does, is known by that;
    of others (`numpy.vectorize(func)`) the functions that they hold count at least.
    """
    if is_user_module(type(value).__module__):
        return [(f".{name}", part) for name, part in sorted(state_of(value).items())], True
    if wrapped := getattr(value, "__wrapped__", None):  # such as lru_cache
        return [(" wrapped", wrapped)], True
    package, name = type(value).__module__.partition(".")[0], getattr(value, "__name__", None)
    if isinstance(name, str) and vars(sys.modules.get(package, object)).get(name) is value:
        return [(" name", f"{distribution_of(package)};{name}")], True
    kinds = (types.FunctionType, types.MethodType, functools.partial)
    state = state_of(value)
    return [(f".{name}", state[name]) for name in sorted(state) if isinstance(state[name], kinds)], False
