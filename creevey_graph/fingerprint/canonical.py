"""
An abstract syntax tree as bytes that only a change of meaning changes.

Docstrings, comments, annotations, formatting and positions do not count. Written by
us: `ast.dump` changed in Python 3.13, and bytecode differs by version and system.

Layout: `(ClassName field=value …)`, fields by name, empty ones left out; lists as `[a,b,]`;
constants as type name and length-prefixed text; `~` where a list has a gap.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

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
    written: list[str] = []
    waiting: list[_Text | ast.AST | list[Any] | str | None] = [node]
    skip = "decorator_list" if without_decorators else ""
    while waiting:  # a stack, not recursion: a sum of 1000 terms is a tree 1000 deep
        part = waiting.pop()
        if isinstance(part, _Text):
            written.append(part.text)
        elif isinstance(part, ast.Constant):
            written.append(_constant(part.value))
        elif isinstance(part, ast.AST):
            waiting.extend(reversed(list(_parts(part, skip))))
            skip = ""
        elif isinstance(part, list):
            members = [member for value in part for member in (value, _Text(","))]
            waiting.extend(reversed([_Text("["), *members, _Text("]")]))
        elif part is None:  # "no default", or the "**" of a dict display: not the constant None
            written.append("~")
        else:
            written.append(_constant(part))
    return "".join(written).encode("utf-8", "surrogatepass")


@attrs.frozen
class _Text:
    """Stands on the stack for text that is final."""

    text: str


def _parts(node: ast.AST, skip: str) -> Iterator[Any]:
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        node = ast.Assign(targets=[node.target], value=node.value)
    yield _Text(f"({type(node).__name__}")
    for field in sorted(node._fields):
        if field in _NO_MEANING or field == skip:
            continue
        value = getattr(node, field, None)
        if field == "body" and isinstance(node, _WITH_BODY):
            value = _without_noise(node, value or [])
        elif isinstance(node, ast.JoinedStr):
            value = _joined(node.values)
        if value is None or value == []:
            continue
        yield _Text(f" {field}=")
        yield value
    yield _Text(")")


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string, texts joined: Python 3.12 puts empty ones between them."""
    parts: list[ast.expr] = []
    for value in values:
        last = parts[-1] if parts else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            parts[-1] = ast.Constant(str(last.value) + str(value.value))
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            parts.append(value)
    return parts


def _constant(value: object) -> str:
    if isinstance(value, tuple | frozenset):  # only in trees made by hand
        parts: Iterable[str] = map(_constant, value)
        text = ",".join(sorted(parts) if isinstance(value, frozenset) else parts)
    elif isinstance(value, str):
        text = value  # its repr depends on the Unicode tables of the Python at hand
    elif type(value) is int:
        text = hex(value)  # str of an int over 4300 digits is an error
    else:
        text = repr(value)
    return f"{type(value).__name__}:{len(text)}:{text}"


def _without_noise(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    """Return *body* without its docstring and, save in a class, where they make fields, bare annotations."""
    body = without_docstring(body)
    if isinstance(node, ast.ClassDef):
        return body
    return [part for part in body if not (isinstance(part, ast.AnnAssign) and part.value is None)]


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
