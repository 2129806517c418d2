"""
An abstract syntax tree as bytes that only a change of meaning changes.

Docstrings, comments, annotations, formatting and positions do not count. Written by
us: `ast.dump` changed in Python 3.13, and bytecode differs by version and system.

Layout: `(ClassName field=value …)`, fields by name, empty ones left out; constants
as type name and length-prefixed text.
"""

import ast
from collections.abc import Iterable, Iterator

# Positions aside, these say nothing about what runs.
_NO_MEANING = frozenset(
    {"ctx", "kind", "type_comment", "type_ignores", "type_params", "returns", "annotation"}
)
_WITH_BODY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def canonical_bytes(node: ast.AST, *, without_decorators: bool = False) -> bytes:
    r"""
    Return *node* as bytes that are equal for equal meaning.

    Args:
        node: Any tree.
        without_decorators: Leave out the decorators of the topmost function or class.

    >>> one = ast.parse("def f(x: int):\n    '''Say.'''\n    return x+1").body[0]
    >>> two = ast.parse("def f(x):  # say\n    return (x + 1)").body[0]
    >>> canonical_bytes(one) == canonical_bytes(two)
    True
    """
    skip = "decorator_list" if without_decorators else ""
    return "".join(_node(node, skip)).encode("utf-8", "surrogatepass")


def _node(node: ast.AST, skip: str = "") -> Iterator[str]:
    if isinstance(node, ast.AnnAssign):
        if node.value is None:
            return
        node = ast.Assign(targets=[node.target], value=node.value)
    if isinstance(node, ast.Constant):
        yield _constant(node.value)
        return
    yield f"({type(node).__name__}"
    for field in sorted(node._fields):
        if field in _NO_MEANING or field == skip:
            continue
        value = getattr(node, field, None)
        if field == "body" and isinstance(node, _WITH_BODY):
            value = without_docstring(value or [])
        if value is None or value == []:
            continue
        yield f" {field}="
        yield from _field(value)
    yield ")"


def _field(value: object) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield from _node(value)
    elif isinstance(value, list):
        yield "["
        for part in value:
            yield from _field(part)
            yield ","
        yield "]"
    else:
        yield _constant(value)


def _constant(value: object) -> str:
    if isinstance(value, tuple | frozenset):  # only in trees made by hand
        parts: Iterable[str] = map(_constant, value)
        text = ",".join(sorted(parts) if isinstance(value, frozenset) else parts)
    else:
        text = repr(value)
    return f"{type(value).__name__}:{len(text)}:{text}"


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return *body* without the docstring at its head."""
    head = body[0] if body else None
    if (
        isinstance(head, ast.Expr)
        and isinstance(head.value, ast.Constant)
        and isinstance(head.value.value, str)
    ):
        return body[1:]
    return body
