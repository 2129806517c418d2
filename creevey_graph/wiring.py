"""The wiring of a graph as networkx sees it."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

import networkx as nx

from creevey_graph.node import Node, Ref


def wiring_of(name: str, inputs: Mapping[str, Any], nodes: Mapping[str, Node]) -> "nx.DiGraph[str]":
    """
    Return a read-only `networkx.DiGraph` of inputs and nodes.

    Nodes have `kind` ("input" or "node"), `step`, `gives` and `takes` (annotations); edges have
    `parameters`, the names of the parameters they feed.
    """
    wiring: nx.DiGraph[str] = nx.DiGraph(name=name)
    for source, annotation in inputs.items():
        wiring.add_node(source, kind="input", gives=annotation)
    for node in nodes.values():
        hints = node.step.hints
        gives = hints.get("return", Any)
        wiring.add_node(node.name, kind="node", step=node.step, gives=gives, takes=hints)
    feeds: dict[tuple[str, str], list[str]] = {}
    for node in nodes.values():
        for parameter, source in node.refs():
            whole = isinstance(node.arguments[parameter], Ref)
            feeds.setdefault((source, node.name), []).append(parameter if whole else f"{parameter}[]")
    wiring.add_edges_from((a, b, {"parameters": tuple(p)}) for (a, b), p in feeds.items())
    return nx.freeze(wiring)


def order_of(wiring: "nx.DiGraph[str]", names: Sequence[str], wanted: Container[str]) -> list[str]:
    """Return the *wanted* names in topological order, ties in the order of *names*."""
    place = {name: index for index, name in enumerate(names)}
    return [name for name in nx.lexicographical_topological_sort(wiring, key=place.get) if name in wanted]
