"""What tracing needs: symbols turned to refs and back, the shape that was returned, parameters checked."""

import inspect
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from typing import Any, get_type_hints

from creevey_graph.errors import GraphError, StepError, did_you_mean
from creevey_graph.node import Node, Ref, map_refs
from creevey_graph.signature import checked_name, signature_of
from creevey_graph.step import Step
from creevey_graph.symbolic import find_symbol, symbols_in
from creevey_graph.symbols import Declared, NodeSymbol


def to_refs(graph: Declared, value: Any) -> Any:
    """
    Return *value* with refs in place of *graph*'s symbols.

    Raises:
        GraphError: A symbol belongs to another graph, or stands where its value cannot be filled in.
    """

    def change(leaf: Any) -> Any:
        if not isinstance(leaf, NodeSymbol):
            for symbol in symbols_in(leaf):
                raise GraphError(
                    f"graph '{graph.name}': {symbol!r} stands in a {type(leaf).__name__}; pass nodes "
                    "themselves, or in lists, tuples and values of dicts"
                )
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


def declaration_of(
    graph: str, function: Callable[..., Any], bound: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return a graph function's inputs (name -> annotation) and parameters (name -> value).

    Args:
        graph: The graph's name, for messages.
        function: What declares the graph.
        bound: Values for parameters other than their defaults.

    Raises:
        GraphError: The function cannot declare a graph, or has no parameter that is bound.
    """
    try:
        declared = signature_of(function, graph).parameters
    except StepError as exc:
        raise GraphError(f"graph '{graph}' cannot be traced: {exc}") from exc
    hints = hints_of(function)
    inputs: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    for name, parameter in declared.items():
        check_parameter(graph, parameter)
        if parameter.kind is parameter.KEYWORD_ONLY:
            parameters[name] = parameter.default
        else:
            inputs[name] = hints.get(name, Any)
    for name, value in bound.items():
        if name not in parameters:
            raise GraphError(f"graph '{graph}': no parameter '{name}'{did_you_mean(name, parameters)}")
        for symbol in symbols_in(value):
            raise GraphError(
                f"graph '{graph}': parameter '{name}' must be known while the graph is declared "
                f"(got {symbol!r}); make it an input"
            )
    if not inputs:
        raise GraphError(f"graph '{graph}': needs at least one positional parameter, the item it works on")
    return inputs, {**parameters, **bound}


def check_name(graph: str, name: str, taken: Iterable[Container[str]]) -> str:
    """
    Return *name* where it can name a node or input.

    Raises:
        GraphError: It cannot, or is taken.
    """
    try:
        checked_name(name)
    except StepError as exc:
        raise GraphError(f"graph '{graph}': {exc}") from None
    if any(name in names for names in taken):
        raise GraphError(f"graph '{graph}': the name '{name}' is taken; choose another")
    return name


def base_name(node: Node) -> str:
    """Return the name of a node without the number it got because its step's name was taken."""
    step = node.step.name
    return step if node.name.removeprefix(step).removeprefix("_").isdecimal() else node.name


def free_name(name: str, taken: Collection[Container[str]], numbers: dict[str, int]) -> str:
    """Return *name*, numbered where taken; *numbers* remembers how far, for chains of one step."""
    number = numbers.get(name, 0) + 1
    while any((free := name if number == 1 else f"{name}_{number}") in names for names in taken):
        number += 1
    numbers[name] = number
    return free


def free_group(name: str, nodes: Iterable[Node]) -> str:
    """Return the name of a sub-graph, numbered where the graph has one of that name already."""
    taken = {node.group[0] for node in nodes if node.group}
    return free_name(name, (taken,), {})


def caller_of(graph: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Declared:
    """
    Return the graph in whose declaration *graph* is called.

    Raises:
        GraphError: There is none: it is called on values.
    """
    symbol = find_symbol(args, kwargs)
    if isinstance(symbol, NodeSymbol):
        return symbol.graph
    raise GraphError(
        f"graph '{graph}' is called on values; use .run(items, out=…), .preview(item), "
        "or call it inside another graph"
    )


def split_inputs(
    graph: str, names: Iterable[str], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """
    Return what a call of a graph gives for its inputs, in order, and the other arguments.

    Raises:
        GraphError: An input is missing or given twice, or there are too many.
    """
    names, others = list(names), dict(kwargs)
    by_place = dict(zip(names, args, strict=False))
    for name in by_place:
        if name in others:
            raise GraphError(f"graph '{graph}': input '{name}' is given twice; leave one out")
    missing = [name for name in names if name not in by_place and name not in others]
    if missing or len(args) > len(names):
        raise GraphError(
            f"graph '{graph}': must be given each of its inputs {', '.join(names)} "
            f"(got {len(args)} positional; missing: {', '.join(missing) or 'none'})"
        )
    return [by_place[name] if name in by_place else others.pop(name) for name in names], others


def split_name(step: Step[..., Any], kwargs: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return a call's `name=`, where the step has no such parameter, and its other arguments."""
    given = dict(kwargs)
    if "name" in given and "name" not in step.signature.parameters:
        return given.pop("name"), given
    return None, given


def check_parameter(graph: str, parameter: inspect.Parameter) -> None:
    """
    Check one parameter of a graph's function.

    Raises:
        GraphError: It is variadic, an input with a default, or a graph parameter without one.
    """
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else "*"
        raise GraphError(f"graph '{graph}': '{stars}{parameter.name}' cannot be an input; name each one")
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
