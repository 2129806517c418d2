"""Composition: what replacing and leaving out make of nodes. Pure functions on nodes."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from creevey_graph.errors import GraphError
from creevey_graph.node import Node, Ref, map_refs, refs_in
from creevey_graph.signature import VARIADIC, fold, merge, name_of_kind
from creevey_graph.step import Step
from creevey_graph.symbolic import Symbol


def replaced(node: Node, step: Step[..., Any]) -> Node:
    """
    Return *node* with another step.

    Arguments that the new step takes too are kept. Where the main input's name differs, it is
    connected to the new step's first free parameter.
    """
    parameters = step.signature.parameters
    old = node.step.signature.parameters
    kept: dict[str, Any] = {
        parameter: value
        for parameter, value in node.given().items()
        if parameter in parameters
        and (parameters[parameter].kind in VARIADIC) == (old[parameter].kind in VARIADIC)
        and (parameter not in step.bound or any(refs_in(value)))
    }
    lost = [ref for p, value in node.arguments.items() if p not in kept for ref in refs_in(value)]
    if lost and (free := first_free(step)) not in kept:
        kept[free] = lost[0]
    return attrs.evolve(node, step=step, arguments=merge(parameters, fold(parameters, step.bound), kept))


def connected(node: Node, parameter: str, ref: Ref) -> Node:
    """
    Return *node* with *ref* for one of its parameters.

    Raises:
        GraphError: The parameter has a value or a connection already.
    """
    parameters = node.step.signature.parameters
    given = node.given()
    layout = fold(parameters, {parameter: ref})
    extra = given.get(name_of_kind(parameters, inspect.Parameter.VAR_KEYWORD), {})
    if parameter in given if parameter in layout else parameter in extra:
        raise GraphError(
            f"node '{node.name}': parameter '{parameter}' is given twice, now by '{ref.name}'; "
            "leave one of them out"
        )
    return attrs.evolve(node, arguments=merge(parameters, node.arguments, layout))


def check_source(graph: str, source: Any) -> str:
    """
    Return the name that what is to be connected goes by.

    Raises:
        GraphError: It is no name.
    """
    if not isinstance(source, str):
        raise GraphError(
            f"graph '{graph}': connect: the source must be a node or an input, its symbol or its name "
            f"(got {_shown(source)})"
        )
    return source


def target_of(graph: str, target: Any) -> tuple[str, str]:
    """
    Return node and parameter of a target "node.parameter".

    Raises:
        GraphError: It is none.
    """
    node, _, parameter = target.partition(".") if isinstance(target, str) else ("", "", "")
    if not (node and parameter):
        raise GraphError(
            f"graph '{graph}': connect: the target must be \"node.parameter\", such as 'resize.image' "
            f"(got {_shown(target)})"
        )
    return node, parameter


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str | Symbol) else f"a value of type {type(value).__name__}"


def bridged(nodes: Mapping[str, Node], name: str) -> dict[str, Node]:
    """
    Return *nodes* without *name*; its readers read what it read first.

    Raises:
        GraphError: It has readers, but reads nothing that could stand in its place.
    """
    bridge = next((Ref(source) for _, source in nodes[name].refs()), None)

    def change(leaf: Any) -> Any:
        if not (isinstance(leaf, Ref) and leaf.name == name):
            return leaf
        if bridge is None:
            raise GraphError(f"node '{name}' reads nothing that could stand in its place")
        return bridge

    return {
        other.name: attrs.evolve(
            other, arguments={p: map_refs(value, change) for p, value in other.arguments.items()}
        )
        for other in nodes.values()
        if other.name != name
    }


def read_from(nodes: Mapping[str, Node], order: Sequence[str], ends: Iterable[Ref]) -> dict[str, Node]:
    """Return the nodes that *ends* and the writers need, themselves included."""
    kept = {ref.name for ref in ends} | {name for name, node in nodes.items() if node.step.is_writer}
    for name in reversed(order):
        if name in kept:
            kept |= {source for _, source in nodes[name].refs()}
    return {name: node for name, node in nodes.items() if name in kept}


def first_free(step: Step[..., Any]) -> str:
    """
    Return the step's first parameter that is not bound: where a linear graph passes the item.

    Raises:
        GraphError: There is none.
    """
    for name, parameter in step.signature.parameters.items():
        if name not in step.bound and parameter.kind not in VARIADIC:
            return name
    raise GraphError(f"step '{step.name}' has no free parameter to take the item")
