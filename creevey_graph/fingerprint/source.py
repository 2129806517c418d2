"""
The syntax tree of the code that runs.

The file on disk may have been edited since it was imported. A tree is only taken for
the function's when the file, compiled anew, gives an equal code object; otherwise
there is no tree, and the caller falls back on the code object itself.

State: parsed files, looked at anew by each fingerprint session (`SourceFiles`); the trees of
equal text are shared and never changed.
Thread safety: one session belongs to one thread.
"""

import ast
import functools
import linecache
import types
import warnings
from collections.abc import Iterator

import attrs

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@attrs.frozen
class ParsedFile:
    """
    One source file.

    Args:
        tree: Its syntax tree.
        codes: First line and qualified name -> code objects compiled from it.
        functions: First line -> function and lambda nodes that begin there.
        lines: Its lines, with their ends.
    """

    tree: ast.Module
    codes: dict[tuple[int, str], list[types.CodeType]]
    functions: dict[int, list[FunctionNode]]
    lines: list[str]


class SourceFiles:
    """Parses each file once; `find` gives the node of a code object."""

    def __init__(self) -> None:
        self._parsed: dict[str, ParsedFile | None] = {}

    def find(self, code: types.CodeType) -> tuple[FunctionNode, str] | None:
        """Return the node and the text of the function that *code* was compiled from, or None."""
        parsed = self.parse(code.co_filename)
        if parsed is None:
            return None
        same = parsed.codes.get((code.co_firstlineno, code.co_qualname), [])
        if not any(candidate == code for candidate in same):
            return None
        nodes = [
            node
            for node in parsed.functions.get(code.co_firstlineno, [])
            if isinstance(node, ast.Lambda) == (code.co_name == "<lambda>")
        ]
        node = nodes[0] if len(nodes) == 1 else _lambda_at(nodes, code)
        if node is None:
            return None
        last = node.end_lineno or node.lineno
        return node, "".join(parsed.lines[code.co_firstlineno - 1 : last])

    def parse(self, filename: str) -> ParsedFile | None:
        """Return the parsed file, or None where there is no source or it does not parse."""
        if filename not in self._parsed:
            self._parsed[filename] = _parse(filename)
        return self._parsed[filename]


def _parse(filename: str) -> ParsedFile | None:
    linecache.checkcache(filename)
    lines = linecache.getlines(filename)
    return _parse_text(filename, "".join(lines)) if lines else None


@functools.lru_cache(maxsize=64)  # a graph asks per node, and nodes share files: 10 ms each otherwise
def _parse_text(filename: str, text: str) -> ParsedFile | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were shown when the file was imported
            tree = ast.parse(text)
            compiled = compile(text, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    codes: dict[tuple[int, str], list[types.CodeType]] = {}
    for code in _nested(compiled):
        codes.setdefault((code.co_firstlineno, code.co_qualname), []).append(code)
    functions: dict[int, list[FunctionNode]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            functions.setdefault(first, []).append(node)
        elif isinstance(node, ast.Lambda):
            functions.setdefault(node.lineno, []).append(node)
    return ParsedFile(tree, codes, functions, text.splitlines(keepends=True))


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    waiting = [code]
    while waiting:
        code = waiting.pop()
        yield code
        waiting.extend(const for const in code.co_consts if isinstance(const, types.CodeType))


def _lambda_at(nodes: list[FunctionNode], code: types.CodeType) -> FunctionNode | None:
    """Tell several lambdas of one line apart by the columns of their instructions."""
    places = [
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and (line, column) > (code.co_firstlineno, 0)
    ]
    inside = [
        node
        for node in nodes
        if isinstance(node, ast.Lambda)
        and places
        and all(_holds(node.body, line, column) for line, column in places)
    ]
    # Of nested lambdas both hold the inner one's places: the inner begins last.
    return max(inside, key=lambda node: (node.lineno, node.col_offset), default=None)


def _holds(node: ast.expr, line: int, column: int) -> bool:
    start = (node.lineno, node.col_offset)
    return start <= (line, column) <= (node.end_lineno or 0, node.end_col_offset or 0)
