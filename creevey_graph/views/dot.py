"""The graph in Graphviz's DOT language."""

from creevey_graph.graph import Graph
from creevey_graph.text import safe_text


def draw_dot(graph: Graph) -> str:
    """
    Return *graph* as DOT text; node ids are n0, n1 …, names stand in quoted labels only.

    Raises:
        GraphError: The graph is not valid.
    """
    graph.validate()
    ids = {name: f"n{index}" for index, name in enumerate([*graph.inputs, *graph.order()])}
    lines = [f"digraph {quoted(graph.name)} {{", "  rankdir=TB;"]
    lines += [f"  {ids[name]} [label={quoted(name)}, shape=oval];" for name in graph.inputs]
    for name in graph.order():
        shape = "note" if graph.nodes[name].step.is_writer else "box"
        lines.append(f"  {ids[name]} [label={quoted(name)}, shape={shape}];")
    for source, reader, parameters in graph.networkx.edges(data="parameters"):
        lines.append(f"  {ids[source]} -> {ids[reader]} [label={quoted(', '.join(parameters))}];")
    return "\n".join([*lines, "}"])


def quoted(text: str) -> str:
    r"""
    Return *text* as a DOT string: never markup, never the end of the string.

    >>> quoted('<b>"x')
    '"<b>\\"x"'
    """
    escaped = safe_text(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
