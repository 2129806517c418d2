"""What tracing needs: symbols turned to refs and back, the shape that was returned, parameters checked."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from creevey_graph.errors import GraphError
from creevey_graph.node import Ref, map_refs
from creevey_graph.symbols import Declared, NodeSymbol


def to_refs(graph: Declared, value: Any) -> Any:
    """
    Return *value* with refs in place of *graph*'s symbols.

    Raises:
        GraphError: A symbol belongs to another graph.
    """

    def change(leaf: Any) -> Any:
        if not isinstance(leaf, NodeSymbol):
            return leaf
        if leaf.graph is not graph:
            raise GraphError(
                f"graph '{graph.name}': {leaf!r} belongs to another graph; pass it in as an input"
            )
        return Ref(leaf.node)

    return map_refs(value, change)


def to_symbols(graph: Declared, value: Any) -> Any:
    """Return *value* with symbols of *graph* in place of refs."""
    return map_refs(value, lambda leaf: NodeSymbol(graph, leaf.name) if isinstance(leaf, Ref) else leaf)


def rename(value: Any, names: Mapping[str, Any]) -> Any:
    """Return *value* with each ref replaced by what *names* has for it."""
    return map_refs(value, lambda leaf: names[leaf.name] if isinstance(leaf, Ref) else leaf)


def named_outputs(graph: str, returned: Any) -> dict[str, Ref]:
    """
    Return column -> ref of what a graph's function returned.

    Raises:
        GraphError: It is neither nothing, a node, a tuple of nodes nor a dict of nodes.
    """
    if returned is None:
        return {}
    if isinstance(returned, Ref):
        return {returned.name: returned}
    if isinstance(returned, tuple | list) and all(isinstance(part, Ref) for part in returned):
        return {ref.name: ref for ref in returned}
    if isinstance(returned, dict) and all(isinstance(part, Ref) for part in returned.values()):
        for column in returned:
            if not isinstance(column, str) or not column:
                raise GraphError(f"graph '{graph}': a returned dict's keys name columns (got {column!r})")
        return dict(returned)
    raise GraphError(
        f"graph '{graph}': must return nothing, a node, a tuple of nodes or a dict of nodes "
        f"(got {returned!r}); constants belong in the items' columns"
    )


def check_parameter(graph: str, parameter: inspect.Parameter) -> None:
    """
    Check one parameter of a graph's function.

    Raises:
        GraphError: It is variadic, an input with a default, or a graph parameter without one.
    """
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise GraphError(f"graph '{graph}': '*{parameter.name}' cannot be an input; name each one")
    if parameter.kind is parameter.KEYWORD_ONLY:
        if parameter.default is parameter.empty:
            raise GraphError(
                f"graph '{graph}': parameter '{parameter.name}' needs a default; bind() changes it"
            )
    elif parameter.default is not parameter.empty:
        raise GraphError(
            f"graph '{graph}': input '{parameter.name}' cannot have a default; "
            "put a '*' before it to make it a graph parameter"
        )


def hints_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the annotations of a graph's function, empty where they cannot be resolved."""
    try:
        return get_type_hints(function)
    except Exception:  # noqa: BLE001 - annotations are any code; without them nothing is checked
        return {}
