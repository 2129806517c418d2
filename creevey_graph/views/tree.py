"""The graph as text: a node a line, in the order it runs, beside lanes that show what reads what."""

from collections.abc import Iterator, Mapping

from creevey_graph.columns import listed, table
from creevey_graph.events import Outcome
from creevey_graph.plan import reasons_table
from creevey_graph.shape import Shape, ShapeNode
from creevey_graph.state import GraphState, NodeState
from creevey_graph.text import safe_text
from creevey_graph.views.lanes import Lanes, drawing_order, shared
from creevey_graph.views.palette import CHANGED
from creevey_graph.width import broken, width_of

_LEAST_WIDTH = 40
"""Of the calls, so that policies stand out from them."""
_LEAST_REST = 16
"""Columns beside the longest call; with fewer, policies are left out."""
_LEAST_CALL = 32
"""Columns that are left of calls where counts stay whole."""
_INDENT = "  "
_PLANNED: Mapping[Outcome, str] = {Outcome.DONE: "to run"}
_RAN: Mapping[Outcome, str] = {Outcome.DONE: "ran", Outcome.CANCELLED: "not reached"}


def draw_text(shape: Shape, state: GraphState | None = None, *, width: int | None = None) -> str:
    """
    Return a graph as lines of text: parameters, inputs, nodes with arguments, columns and policy.

    A lane runs down from each value to the last node that reads it. Nodes of a sub-graph stand indented
    below its name.

    Args:
        shape: The graph.
        state: What a plan or a run says of it; nodes then show their counts, and the reasons stand below.
        width: Columns a line may take, policies being shortened first; None for any.
    """
    rows = list(_rows(shape, state)) or [["", "", ""]]
    longest = max(width_of(text) for text, _, _ in rows)
    counts_width = max(width_of(counts) for _, counts, _ in rows)
    if state is None:
        rows = [[text, policy] for text, _, policy in rows]
    if width is None or longest < _LEAST_WIDTH < width // 2:
        rows[0][0] += " " * (_LEAST_WIDTH - width_of(rows[0][0]))
    last = len(rows[0]) - 1
    has_policy = width is None or longest + counts_width + _LEAST_REST <= width
    if not has_policy:
        rows, last = [row[:-1] for row in rows], last - 1
    # Calls are cut first: counts are looked for.
    has_room = width is not None and width - counts_width >= _LEAST_CALL
    shrink = () if not last or (has_room and not has_policy) else (last,)
    lines = table([""] * (last + 1), rows, left=(0, 1, 2), width=width, shrink=shrink)[1:]
    return "\n".join([*_head(shape, state, width), *lines, *_whys(state, width)])


def _rows(shape: Shape, state: GraphState | None) -> Iterator[list[str]]:
    """Yield (lanes and call, counts, policy) for inputs, names of sub-graphs, and nodes."""
    lanes = Lanes(shape)
    for name in shape.inputs:
        yield [f"{lanes.input_row(name)} {name}  (item input)", "", ""]
    group: tuple[str, ...] = ()
    for node in drawing_order(shape):
        for depth in range(shared(node.group, group), len(node.group)):
            yield [f"{lanes.rest()}{_INDENT * depth} {node.group[depth]}:", "", ""]
        group = node.group
        known = None if state is None else state.nodes.get(node.name)
        counts = "" if state is None or known is None else _counts(known, state.kind)
        yield [f"{lanes.node_row(node)}{_INDENT * len(group)} {_told(node)}", counts, f"[{node.policy}]"]


def _told(node: ShapeNode) -> str:
    columns = f" -> {', '.join(node.columns)}" if node.columns else ""
    return node.call + columns


def _counts(state: NodeState, kind: str) -> str:
    names = _PLANNED if kind == "plan" else _RAN
    told = ", ".join(
        f"{state.counts[outcome]:,} {names.get(outcome, outcome)}"
        for outcome in Outcome
        if outcome in state.counts
    )
    return f"{CHANGED} {told}" if state.is_changed else told


def _whys(state: GraphState | None, width: int | None) -> Iterator[str]:
    """Yield the reasons, with how many items each holds for."""
    if state is None or not state.reasons:
        return
    yield "why:"
    for line in reasons_table(state.reasons):
        yield from [line] if width is None else broken(line, width)


def _head(shape: Shape, state: GraphState | None, width: int | None) -> list[str]:
    title = safe_text(f"graph {shape.name}" + ("" if state is None else f"  ({state.title})"))
    lines = [title]
    for parameter in shape.parameters:
        feeds = listed([f"{node}.{name}" for node, name in parameter.feeds])
        lines.append(safe_text(f"  {parameter.name}={parameter.text}" + (f" → {feeds}" if feeds else "")))
    return lines if width is None else [part for line in lines for part in broken(line, width)]
