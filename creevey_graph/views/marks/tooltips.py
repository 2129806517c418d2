"""What a pointer is told over a node, an input or a parameter; the whole of what a card shortens."""

from creevey_graph.columns import counted
from creevey_graph.shape import Shape, ShapeNode, ShapeParameter
from creevey_graph.sizes import bytes_text
from creevey_graph.state import GraphState
from creevey_graph.views.marks.standing import share_text, word_of


def told_of_node(node: ShapeNode, state: GraphState | None) -> list[str]:
    """Return the lines of a node's tooltip: its call, what it does, where it stands, and its state."""
    lines = [
        f"{'/'.join(node.group)}/{node.call}" if node.group else node.call,
        node.about,
        f"step {node.step}" + (f", {node.place}" if node.place else ""),
        f"writes {node.output}" if node.output else "",
        f"column {', '.join(node.columns)}" if node.columns else "",
        "downloads" if node.downloads else "",
        "one value for all items" if node.level == "set" else "",
    ]
    own = None if state is None else state.nodes.get(node.name)
    policy = own.policy if own is not None and own.policy else node.policy
    lines.append(f"its values are: {policy}" if policy else "")
    if state is None or own is None:
        return lines
    counts = [f"{count:,} {word_of(outcome, state.kind)}" for outcome, count in own.counts.items() if count]
    lines.append(f"items: {', '.join(counts)}" if counts else "items: none")
    lines.append(share_text(own, state))
    if own.stored is not None:
        held = f"{counted(own.stored.values, 'value')}, {bytes_text(own.stored.bytes)}"
        lines.append(f"stored: {held}" if own.stored.values else "stored: nothing")
    lines.append(f"why: {own.why}" if own.why else "")
    return lines


def told_of_input(name: str, shape: Shape, state: GraphState | None) -> list[str]:
    """Return the lines of an input's tooltip."""
    readers = shape.readers().get(name, [])
    items = "" if state is None else counted(state.total, "item")
    return [f"{name}: an input, one value an item", items, f"read by {', '.join(readers)}" if readers else ""]


def told_of_parameter(parameter: ShapeParameter) -> list[str]:
    """Return the lines of a graph parameter's tooltip."""
    feeds = ", ".join(f"{node}.{name}" for node, name in parameter.feeds)
    return [f"{parameter.name} = {parameter.text}", "a graph parameter", f"feeds {feeds}" if feeds else ""]


def sentence_of(shape: Shape, state: GraphState | None) -> str:
    """Return a sentence for those who hear the drawing."""
    takes = f" of {counted(len(shape.inputs), 'input')}" if shape.inputs else ""
    said = f"Graph {shape.name}: {counted(len(shape.nodes), 'step')}{takes}"
    order = ", ".join(node.name for node in shape.nodes[:12])
    more = f" and {len(shape.nodes) - 12} more" if len(shape.nodes) > 12 else ""  # noqa: PLR2004 - a breath
    stated = "" if state is None else f". {state.title}"
    changed = [] if state is None else [name for name, node in state.nodes.items() if node.is_changed]
    said_changed = f". Changed: {', '.join(changed)}" if changed else ""
    return f"{said} ({order}{more}){stated}{said_changed}."
