"""
What a function imports when it runs: its modules by the text of their files.

Nothing is imported to find out, and whether a module is loaded already does not count: a
second run in one process has the keys of the first. A module of the user's counts as a whole,
with the user's modules that it imports in its turn.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from creevey_graph.fingerprint.canonical import canonical_bytes
from creevey_graph.fingerprint.modules import distribution_of, is_user_module


def imports_of(node: ast.AST, scope: Mapping[str, Any]) -> dict[str, str | None]:
    """
    Return module -> what stands for it, for all that *node* imports; None where that cannot be seen.

    Args:
        node: The tree of a function.
        scope: The globals it sees; relative imports go by its `__package__`.

    >>> imports_of(ast.parse("import json"), {}) == {"json": distribution_of("json")}
    True
    """
    found: dict[str, str | None] = {}
    waiting = list(_named_in(node, str(scope.get("__package__") or "")))
    while waiting:
        name, is_sure = waiting.pop()
        if name in found:
            continue
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            found[top] = distribution_of(top)
            continue
        spec = _spec_of(name)
        if spec is None:
            if is_sure:  # an extra that may be missing is no blind spot; what has no file is one
                found[name] = None if top in sys.modules or _spec_of(top) else "not installed"
            continue
        if not is_user_module(name, {"__file__": spec.origin}):
            found[top] = distribution_of(top)
            continue
        tree = _tree_of(spec)
        if tree is None:
            # a folder without `__init__.py` holds nothing; an extension module cannot be read
            found[name] = "folder" if spec.origin is None else None
            continue
        found[name] = hashlib.sha256(canonical_bytes(tree)).hexdigest()
        package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
        waiting += _named_in(tree, package)
    return found


def _named_in(node: ast.AST, package: str) -> Iterator[tuple[str, bool]]:
    """Yield each module that may be imported, and whether it is one for sure; packages first."""
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            for alias in part.names:
                yield from _with_packages(alias.name)
        elif isinstance(part, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - part.level + 1] if part.level else []
            module = ".".join([*parents, *([part.module] if part.module else [])])
            if module:
                yield from _with_packages(module)
                yield from ((f"{module}.{alias.name}", False) for alias in part.names)

        elif name := _called_for(part):
            yield from _with_packages(name)


def is_import(node: ast.AST) -> bool:
    """Return True for what imports when it runs: a statement, or a call that names a module."""
    return isinstance(node, ast.Import | ast.ImportFrom) or bool(_called_for(node))


def _called_for(node: ast.AST) -> str:
    """Return the module that `import_module("m")` or `__import__("m")` names, "" for anything else."""
    if not (isinstance(node, ast.Call) and node.args):
        return ""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    name = getattr(node.args[0], "value", None)
    is_name = isinstance(name, str) and name.replace(".", "_").isidentifier()
    return str(name) if called in {"import_module", "__import__"} and is_name else ""


def _with_packages(name: str) -> Iterator[tuple[str, bool]]:
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length]), True


def _spec_of(name: str) -> ModuleSpec | None:
    """Find a module without importing its packages, as `importlib.util.find_spec` would."""
    places: Any = None
    spec = None
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        try:
            spec = PathFinder.find_spec(".".join(parts[:length]), places)
        except (ImportError, ValueError, OSError):
            return None
        if spec is None:
            return None
        places = spec.submodule_search_locations
        if places is None and length < len(parts):
            return None
    return spec


def _tree_of(spec: ModuleSpec) -> ast.Module | None:
    if spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        return ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
