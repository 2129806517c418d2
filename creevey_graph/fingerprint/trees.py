"""
What one function's syntax tree says by itself, found out once for each tree.

Trees are shared and never changed (`source`), and the nodes of a graph share helpers: with the
four walks over a tree kept, a second node that uses a helper costs nothing for it.

State: the latest trees met. Thread safety: as `functools.lru_cache`.
"""

import ast
import copy
import functools
import hashlib
import types
from collections.abc import Callable
from typing import Any

import attrs

from creevey_graph.fingerprint.canonical import canonical_bytes
from creevey_graph.fingerprint.imports import is_import
from creevey_graph.fingerprint.references import chains_of, code_text
from creevey_graph.fingerprint.source import FunctionNode, SourceFiles
from creevey_graph.fingerprint.unseen import unseen_in


@attrs.frozen
class TreeFacts:
    """
    What a function's tree says, whatever its globals hold.

    Args:
        digest: Hex sha256 of its canonical bytes, its decorators left out.
        unseen: What cannot be seen through in it.
        chains: What it refers to, in order.
        has_imports: Whether it imports anything when it runs.
    """

    digest: str
    unseen: tuple[str, ...]
    chains: tuple[tuple[str, ...], ...]
    has_imports: bool


@functools.lru_cache(maxsize=4096)
def facts_of_tree(node: ast.AST) -> TreeFacts:
    """
    Return what *node* says; a node is itself only, however equal another one is.

    >>> facts_of_tree(ast.parse("def f(x): return g(x)").body[0]).chains
    (('g',), ('x',))
    """
    return TreeFacts(
        hashlib.sha256(canonical_bytes(node, without_decorators=True)).hexdigest(),
        tuple(unseen_in(node)),
        tuple(sorted(chains_of(node))),
        any(is_import(part) for part in ast.walk(node)),
    )


@functools.lru_cache(maxsize=4096)
def own_digest(node: FunctionNode, *, with_defaults: bool) -> str:
    """
    Return the digest of a step's function: what it is called does not count.

    Args:
        node: Its tree.
        with_defaults: False where its defaults do not count, since they are given to it at every call.

    >>> one, two = (ast.parse(f"def f{k}(x, *, k={k}): return k").body[0] for k in (1, 2))
    >>> own_digest(one, with_defaults=False) == own_digest(two, with_defaults=False)
    True
    """
    bare = copy.copy(node)
    if not isinstance(bare, ast.Lambda):
        bare.name = ""
    if not with_defaults:
        bare.args = copy.copy(node.args)
        bare.args.defaults, bare.args.kw_defaults = [], []
    return hashlib.sha256(canonical_bytes(bare, without_decorators=True)).hexdigest()


def shallow_digest(func: Callable[..., Any], files: SourceFiles) -> str:
    """Return a digest that tells two callables apart without following what they refer to."""
    code = getattr(func, "__code__", None)
    if isinstance(code, types.CodeType):
        found = files.find(code)
        return facts_of_tree(found[0]).digest if found is not None else _sha(code_text(code))
    return _sha(f"{getattr(func, '__module__', '')}.{getattr(func, '__qualname__', type(func).__qualname__)}")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
