"""The graph as a Mermaid flowchart, for READMEs and notebooks."""

from collections.abc import Iterator, Mapping

from creevey_graph.shape import Shape, ShapeNode
from creevey_graph.state import GraphState
from creevey_graph.views.dot import worst
from creevey_graph.views.marks.standing import Standing, standing_of
from creevey_graph.views.palette import INKS, STALE
from creevey_graph.views.quoting import quoted_element

_MEANT = str.maketrans({"#": "&num;", "%": "&percnt;", "`": "&grave;", '"': "&quot;", "'": "&apos;"})


def draw_mermaid(shape: Shape, state: GraphState | None = None) -> str:
    """
    Return *shape* as Mermaid text; node ids are n0, n1 …, names stand in escaped labels only.

    With a state, labels have the counts, and nodes the colour of what is worst.
    """
    names = [*shape.inputs, *(node.name for node in shape.nodes)]
    ids = {name: f"n{index}" for index, name in enumerate(names)}
    lines = ["flowchart TD"]
    lines += [f"    {ids[name]}([{_label(name)}])" for name in shape.inputs]
    standings = {node.name: None if state is None else standing_of(node.name, state) for node in shape.nodes}
    lines += _nodes(shape, ids, standings)
    for source, reader, parameters in shape.edges:
        lines.append(f"    {ids[source]} -->|{_label(', '.join(parameters))}| {ids[reader]}")
    return "\n".join([*lines, *_classes(ids, standings)])


def _nodes(shape: Shape, ids: Mapping[str, str], standings: Mapping[str, Standing | None]) -> Iterator[str]:
    """Yield the nodes, those of a sub-graph in a box of its own."""
    open_groups: tuple[str, ...] = ()
    number = 0
    for node in sorted(shape.nodes, key=lambda node: _first_of(shape, node)):
        while open_groups != node.group[: len(open_groups)]:
            open_groups = open_groups[:-1]
            yield "    end"
        for name in node.group[len(open_groups) :]:
            yield f"    subgraph g{number} [{_label(name)}]"
            open_groups, number = (*open_groups, name), number + 1
        left, right = ("[/", "/]") if node.kind == "writer" else ("[", "]")
        yield f"    {ids[node.name]}{left}{_label(node.name, standings[node.name])}{right}"
    for _ in open_groups:
        yield "    end"


def _first_of(shape: Shape, node: ShapeNode) -> tuple[int, ...]:
    """Return where a node comes when each sub-graph stands together, at the place of its first node."""
    places = [
        next(place for place, other in enumerate(shape.nodes) if other.group[:depth] == node.group[:depth])
        for depth in range(1, len(node.group) + 1)
    ]
    return (*places, shape.nodes.index(node))


def _label(text: str, standing: Standing | None = None) -> str:
    told = _escaped(text)
    if standing is not None and standing.figures:
        told += f"<br/>{_escaped(', '.join(figure for _, figure in standing.figures))}"
    return f'"{told}"'


def _escaped(text: str) -> str:
    r"""
    Return *text* as Mermaid shows it: no entity of its own (`#`), no directive (`%%{`, read even within quotes), no Markdown.

    >>> _escaped("it's #1 of %%{wrap}%%")
    'it&apos;s &num;1 of &percnt;&percnt;{wrap}&percnt;&percnt;'
    """
    return quoted_element(text).translate(_MEANT)


def _classes(ids: Mapping[str, str], standings: Mapping[str, Standing | None]) -> Iterator[str]:
    """Yield a class for each colour that occurs, and who has it."""
    members: dict[str, list[str]] = {}
    for name, standing in standings.items():
        if standing is None:
            continue
        outcome = worst(standing)
        changed = "changed" if standing.is_changed else "stale" if standing.is_stale else ""
        if chosen := changed or (str(outcome) if outcome else ""):
            members.setdefault(chosen, []).append(ids[name])
    strokes = {
        "changed": f"stroke:{STALE.light},stroke-width:3px",
        "stale": f"stroke:{STALE.light},stroke-width:2px",
        **{str(outcome): f"stroke:{ink.light},stroke-width:2px" for outcome, ink in INKS.items()},
    }
    for name, nodes in members.items():
        yield f"    classDef {name} {strokes[name]};"
        yield f"    class {','.join(nodes)} {name};"
