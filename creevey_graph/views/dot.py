"""The graph in Graphviz's DOT language."""

from collections.abc import Iterator, Mapping, Sequence

from creevey_graph.events import Outcome
from creevey_graph.shape import Shape, ShapeNode
from creevey_graph.state import GraphState
from creevey_graph.text import safe_text
from creevey_graph.views.marks.standing import Standing, standing_of
from creevey_graph.views.marks.tooltips import told_of_input, told_of_node
from creevey_graph.views.palette import INKS, STALE


def draw_dot(shape: Shape, state: GraphState | None = None) -> str:
    """
    Return *shape* as DOT text; node ids are n0, n1 …, names stand in quoted labels only.

    With a state, labels have the counts, borders the colour of what is worst, and tooltips the reasons.
    """
    names = [*shape.inputs, *(node.name for node in shape.nodes)]
    ids = {name: f"n{index}" for index, name in enumerate(names)}
    lines = [f"digraph {quoted(shape.name)} {{", "  rankdir=TB;"]
    if state is not None:
        lines.append(f"  label={quoted(state.title)}; labelloc=t;")
    tips = {name: _tip(told_of_input(name, shape, state), state) for name in shape.inputs}
    lines += [f"  {ids[name]} {_listed(label=name, shape='oval', **tip)};" for name, tip in tips.items()]
    lines += _grouped([(node.group, _node(ids[node.name], node, state)) for node in shape.nodes], 1)
    lines += _edges(shape, ids)
    return "\n".join([*lines, "}"])


def _node(identity: str, node: ShapeNode, state: GraphState | None) -> str:
    shape = "note" if node.kind == "writer" else "box"
    standing = None if state is None else standing_of(node.name, state)
    if standing is None:
        return f"{identity} {_listed(label=node.name, shape=shape)};"
    parts = [node.name, ", ".join(text for _, text in standing.figures), standing.seconds]
    attributes = {"label": "\n".join(part for part in parts if part), "shape": shape, **_look(standing)}
    return f"{identity} {_listed(**attributes, **_tip(told_of_node(node, state), state))};"


def _look(standing: Standing) -> dict[str, str]:
    if standing.is_changed or standing.is_stale:
        return {"color": STALE.light, "penwidth": "2.5" if standing.is_changed else "1.5"}
    outcome = worst(standing)
    return {} if outcome is None else {"color": INKS[outcome].light}


def worst(standing: Standing) -> Outcome | None:
    """Return the outcome that a node is coloured by: a failure, else what most items came to."""
    counts = dict(standing.counts)
    if counts.get(Outcome.FAILED):
        return Outcome.FAILED
    return max(counts, key=lambda outcome: counts[outcome], default=None)


def _tip(lines: Sequence[str], state: GraphState | None) -> dict[str, str]:
    return {} if state is None else {"tooltip": "\n".join(line for line in lines if line)}


def _grouped(nodes: Sequence[tuple[tuple[str, ...], str]], depth: int) -> Iterator[str]:
    """Yield the nodes' lines, those of a sub-graph in a cluster; a name is no part of an id."""
    indent, done = "  " * depth, set[str]()
    for place, (path, line) in enumerate(nodes):
        if len(path) < depth:
            yield f"{indent}{line}"
        elif path[depth - 1] not in done:
            done.add(path[depth - 1])
            inner = [(p, text) for p, text in nodes if len(p) >= depth and p[depth - 1] == path[depth - 1]]
            yield f"{indent}subgraph {quoted(f'cluster_{depth}_{place}_{path[depth - 1]}')} {{"
            yield f"{indent}  label={quoted(path[depth - 1])};"
            yield from _grouped(inner, depth + 1)
            yield f"{indent}}}"


def _edges(shape: Shape, ids: Mapping[str, str]) -> Iterator[str]:
    for source, reader, parameters in shape.edges:
        yield f"  {ids[source]} -> {ids[reader]} {_listed(label=', '.join(parameters))};"


def _listed(**attributes: str) -> str:
    """Return attributes in brackets; those of ours that are one word need no quotes."""
    told = [
        f"{name}={value if name == 'shape' else quoted(value, keep_newlines=True)}"
        for name, value in attributes.items()
    ]
    return f"[{', '.join(told)}]"


def quoted(text: str, *, keep_newlines: bool = False) -> str:
    r"""
    Return *text* as a DOT string: never markup, never the end of the string.

    >>> quoted('<b>"x')
    '"<b>\\"x"'
    """
    lines = text.split("\n") if keep_newlines else [text]
    inert = (safe_text(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(inert) + '"'
