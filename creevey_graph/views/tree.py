"""The graph as text: one line a node, in the order it runs, with what it reads and what became of it."""

from collections.abc import Iterator, Sequence

from creevey_graph.shape import Shape, ShapeNode
from creevey_graph.state import GraphState
from creevey_graph.text import safe_text
from creevey_graph.views.marks.header import TIMES
from creevey_graph.views.marks.standing import Standing, standing_of

_WIDTH = 42


def draw_text(shape: Shape, state: GraphState | None = None) -> str:
    """Return *shape* as lines of text: inputs, nodes with their arguments and policy, outputs, counts."""
    lines = [f"graph {shape.name}"]
    if state is not None:
        lines += [state.title, *(f"{count:,} {TIMES} {reason}" for reason, count in state.reasons.items())]
    lines += [f"  {name}  (item input)" for name in shape.inputs]
    standings = [None if state is None else standing_of(node.name, state) for node in shape.nodes]
    calls = [f"{'└' if node is shape.nodes[-1] else '├'}─ {_call(node)}" for node in shape.nodes]
    width = max([_WIDTH, *(len(call) + 2 for call in calls)])
    counts = _aligned([_figures(standing) for standing in standings])
    for node, call, count, standing in zip(shape.nodes, calls, counts, standings, strict=True):
        own = None if state is None else state.nodes.get(node.name)
        policy = own.policy if own is not None and own.policy else node.policy
        lines.append(f"  {call:<{width}}{count}[{policy}]{_columns(node)}")
        if standing is not None and standing.is_changed and own is not None:
            lines.append(f"  {' ' if node is shape.nodes[-1] else '│'}    {own.why}")
    return "\n".join(safe_text(line) for line in lines)


def _call(node: ShapeNode) -> str:
    return f"{'/'.join(node.group)}/{node.call}" if node.group else node.call


def _columns(node: ShapeNode) -> str:
    return f" -> {', '.join(node.columns)}" if node.columns else ""


def _figures(standing: Standing | None) -> tuple[str, str]:
    if standing is None:
        return "", ""
    return ", ".join(text for _, text in standing.figures), standing.seconds


def _aligned(figures: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield counts and seconds in two columns, nothing where there are none at all."""
    counts = max((len(count) for count, _ in figures), default=0)
    seconds = max((len(second) for _, second in figures), default=0)
    for count, second in figures:
        yield (f"{count:<{counts}}  " if counts else "") + (f"{second:>{seconds}}  " if seconds else "")
