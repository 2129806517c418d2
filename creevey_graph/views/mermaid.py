"""The graph as a Mermaid flowchart, for READMEs and notebooks."""

import html

from creevey_graph.graph import Graph
from creevey_graph.text import safe_text


def draw_mermaid(graph: Graph) -> str:
    """
    Return *graph* as Mermaid text; node ids are n0, n1 …, names stand in escaped labels only.

    Raises:
        GraphError: The graph is not valid.
    """
    graph.validate()
    ids = {name: f"n{index}" for index, name in enumerate([*graph.inputs, *graph.order()])}
    lines = ["flowchart TD"]
    lines += [f"    {ids[name]}([{_label(name)}])" for name in graph.inputs]
    for name in graph.order():
        is_writer = graph.nodes[name].step.is_writer
        left, right = ("[/", "/]") if is_writer else ("[", "]")
        lines.append(f"    {ids[name]}{left}{_label(name)}{right}")
    for source, reader, parameters in graph.networkx.edges(data="parameters"):
        lines.append(f"    {ids[source]} -->|{_label(', '.join(parameters))}| {ids[reader]}")
    return "\n".join(lines)


def _label(text: str) -> str:
    return f'"{html.escape(safe_text(text)).replace("#", "&num;")}"'
