"""What a function refers to: the names in its tree, or in its code object where there is no source."""

import ast
import sys
import types


def chains_of(node: ast.AST) -> set[tuple[str, ...]]:
    """Return every dotted chain that begins with a name: `helper`, `module.helper`, `a.b.c`."""
    chains: set[tuple[str, ...]] = set()
    for part in _without_annotations(node):
        attributes: list[str] = []
        root: ast.AST = part
        while isinstance(root, ast.Attribute):
            attributes.append(root.attr)
            root = root.value
        if isinstance(root, ast.Name):
            chains.add((root.id, *reversed(attributes)))
    # The bare root of a longer chain is a visit of its own node, not a use of the whole module.
    longer = {chain[:size] for chain in chains for size in range(1, len(chain))}
    return {chain for chain in chains if chain not in longer}


def _without_annotations(node: ast.AST) -> list[ast.AST]:
    """Return the nodes of a function's body and of decorators inside it, annotations left out."""
    body = [node.body] if isinstance(node, ast.Lambda) else list(getattr(node, "body", []))
    waiting: list[ast.AST] = list(body)
    met: list[ast.AST] = []
    while waiting:
        current = waiting.pop()
        met.append(current)
        for field, value in ast.iter_fields(current):
            if field in {"annotation", "returns"}:
                continue
            parts = value if isinstance(value, list) else [value]
            waiting.extend(part for part in parts if isinstance(part, ast.AST))
    return met


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
