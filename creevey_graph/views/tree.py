"""The graph as text: one line a node, in the order it runs, with what it reads."""

from creevey_graph.graph import Graph
from creevey_graph.shape import ShapeNode, shape_of
from creevey_graph.text import safe_text

_WIDTH = 42


def draw_text(graph: Graph) -> str:
    """
    Return *graph* as lines of text: inputs, nodes with their arguments and policy, outputs.

    Raises:
        GraphError: The graph is not valid.
    """
    shape = shape_of(graph)
    lines = [f"graph {shape.name}"]
    lines += [f"  {name}  (item input)" for name in shape.inputs]
    last = shape.nodes[-1]
    calls = [f"{'└' if node is last else '├'}─ {_call(node)}" for node in shape.nodes]
    width = max(_WIDTH, *(len(call) + 2 for call in calls))
    for node, call in zip(shape.nodes, calls, strict=True):
        columns = f" -> {', '.join(node.columns)}" if node.columns else ""
        lines.append(f"  {call:<{width}}[{node.policy}]{columns}")
    return "\n".join(safe_text(line) for line in lines)


def _call(node: ShapeNode) -> str:
    return f"{'/'.join(node.group)}/{node.call}" if node.group else node.call
