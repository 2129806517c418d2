"""The graph as text: one line a node, in the order it runs, with what it reads."""

from creevey_graph.graph import Graph
from creevey_graph.node import Node, Ref, refs_in
from creevey_graph.policy import shown_policy
from creevey_graph.text import safe_text

_WIDTH = 42


def draw_text(graph: Graph) -> str:
    """
    Return *graph* as lines of text: inputs, nodes with their arguments and policy, outputs.

    Raises:
        GraphError: The graph is not valid.
    """
    graph.validate()
    lines = [f"graph {graph.name}"]
    lines += [f"  {name}  (item input)" for name in graph.inputs]
    order = graph.order()
    named = {ref.name: column for column, ref in graph.outputs.items()}
    calls = {name: f"{'└' if name == order[-1] else '├'}─ {_call(graph.nodes[name])}" for name in order}
    width = max(_WIDTH, *(len(call) + 2 for call in calls.values()))
    for name in order:
        node = graph.nodes[name]
        column = f" -> {named[name]}" if name in named else ""
        lines.append(f"  {calls[name]:<{width}}[{shown_policy(node.step)}]{column}")
    return "\n".join(safe_text(line) for line in lines)


def _call(node: Node) -> str:
    shown = []
    for parameter, value in node.arguments.items():
        default = node.step.signature.parameters[parameter].default
        if isinstance(value, Ref):
            shown.append(value.name)
        elif any(refs_in(value)):
            shown.append(f"{parameter}=[{', '.join(ref.name for ref in refs_in(value))}]")
        elif parameter == node.step.options.writes:
            shown.append(repr(value) if isinstance(value, str) else "<path function>")
        elif default is node.step.signature.empty or not _same(value, default):
            shown.append(f"{parameter}={_short(value)}")
    group = f"{'/'.join(node.group)}/" if node.group else ""
    return f"{group}{node.name}({', '.join(shown)})"


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and repr(value) == repr(default)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 30 else f"{text[:27]}..."  # noqa: PLR2004 - keeps a line readable
