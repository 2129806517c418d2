"""
What a graph is given and does nothing with: inputs that nothing reads, parameters its function never names.

Both are told as notices, not refused: a table may have more to say than one graph needs.
"""

import dis
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from creevey_graph.frozen import FrozenGraph
from creevey_graph.graph import Graph

_BLIND = frozenset(("locals", "vars", "eval", "exec"))
"""A function that names one of these may use parameters without naming them."""


def unused_texts(graph: Graph, frozen: FrozenGraph) -> Iterator[str]:
    """Say, a line each, which inputs and parameters of a graph change nothing."""
    for name in unused_inputs(frozen):
        yield f"input '{name}' is not used by any step of graph '{graph.name}'"
    for name in unused_parameters(graph.function, graph.parameters):
        yield f"parameter '{name}' is not used by graph '{graph.name}'; setting it changes nothing"


def unused_inputs(frozen: FrozenGraph) -> list[str]:
    """Return the inputs that no node reads, no column shows and no output path is made of."""
    outputs = [node.output for node in frozen.writers if node.output is not None]
    if any(callable(output.template) for output in outputs):
        return []  # it is given the whole item
    read = {slot for node in frozen.nodes for slot in node.reads} | set(frozen.columns.values())
    named = {field for output in outputs for field in output.fields}
    return [
        name
        for slot, (name, _) in enumerate(frozen.inputs)
        if not (slot in read or name in named or not slot)
    ]


def unused_parameters(function: Callable[..., Any] | None, names: Any) -> list[str]:
    """
    Return the parameters that a function's code never reads; none where that cannot be told.

    >>> def thumbs(photo, *, size=8, sz=3):
    ...     return [photo, size]
    >>> unused_parameters(thumbs, ["size", "sz"])
    ['sz']
    """
    if not inspect.isfunction(function) or hasattr(function, "__wrapped__"):
        return []
    code = function.__code__
    if _BLIND & set(code.co_names):
        return []
    read = set(code.co_cellvars)  # read by a function inside
    for instruction in dis.get_instructions(code):
        if instruction.opname not in {"STORE_FAST", "DELETE_FAST"}:
            value = instruction.argval  # two names, where two are read at once
            read.update(value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ())
    return [name for name in names if name not in read]
