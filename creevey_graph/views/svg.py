"""
The graph as static SVG: readable text, tooltips, light and dark paper, and the state of every node.

No script, no link, no id: several drawings can stand in one document. What is drawn stands in `marks/`.
"""

import math
from collections.abc import Mapping, Sequence

from creevey_graph.shape import Shape
from creevey_graph.state import GraphState
from creevey_graph.views.layout import Box, Layout
from creevey_graph.views.marks.cards import Card, Kind, card_of_input, card_of_node, card_of_parameter
from creevey_graph.views.marks.faces import draw_card
from creevey_graph.views.marks.fans import is_fan, lay_out_with_fans
from creevey_graph.views.marks.header import draw_header, header_of
from creevey_graph.views.marks.inks import Theme, style_sheet
from creevey_graph.views.marks.legend import ROW_PX, draw_legend, entries_of, rows_of, width_of
from creevey_graph.views.marks.lines import Line, draw_back, draw_labels, draw_line, labels_of
from creevey_graph.views.marks.pen import Markup, Pen
from creevey_graph.views.marks.pills import place_beside, shifted
from creevey_graph.views.marks.tooltips import (
    sentence_of,
    told_of_input,
    told_of_node,
    told_of_parameter,
)
from creevey_graph.views.marks.widths import fitted, text_px
from creevey_graph.views.quoting import inert

MARGIN_PX = 24.0
MOST_FEEDS = 3
"""A graph parameter that feeds more nodes than these is told over the graph: its lines would hide the others."""
_LEAST_WIDTH, _LEGEND_GAP, _HEADER_GAP = 430.0, 22.0, 20.0
_GROUP_TITLE = 20.0
_PILL = "parameter\0"
"""What a pill's name in the layout begins with; no node is called so."""


def draw_svg(
    shape: Shape, state: GraphState | None = None, *, with_style: bool = True, with_header: bool = True
) -> str:
    """
    Return an `<svg>` element.

    Args:
        shape: The graph.
        state: What a plan or run says of its nodes.
        with_style: Whether it has its own `<style>`; a page with several drawings carries `svg_style()` once.
        with_header: Whether its name, and what became of its items, stand over it; a page tells that itself, and only
            parameters that are not drawn are told.
    """
    return _drawn(Pen(), shape, state, style_sheet() if with_style else "", with_header=with_header)


def draw_plain_svg(shape: Shape, state: GraphState | None = None, *, theme: Theme = "light") -> str:
    """Return the same drawing for one kind of paper, without a style sheet: for programs that know none."""
    return _drawn(Pen(theme), shape, state, "")


def svg_style() -> str:
    """Return the style sheet of every drawing; its rules touch nothing outside of one."""
    return style_sheet()


def _drawn(pen: Pen, shape: Shape, state: GraphState | None, style: str, *, with_header: bool = True) -> str:
    pills = {one.name: one for one in shape.parameters if 0 < len(_fed(shape, one.name)) <= MOST_FEEDS}
    cards = {name: card_of_input(name, state) for name in shape.inputs}
    cards |= {f"{_PILL}{name}": card_of_parameter(one) for name, one in pills.items()}
    cards |= {node.name: card_of_node(node, shape, state, list(pills)) for node in shape.nodes}
    layout, fans = _laid_out(shape, cards)

    groups = entries_of(list(cards.values()), state)
    room = max(layout.width, _LEAST_WIDTH)
    apart = [one.name for one in shape.parameters if one.name not in pills]
    header = header_of(shape, state, apart, room, is_whole=with_header) if with_header or apart else None
    rows = rows_of(groups, room)
    width = math.ceil(max(layout.width, header.width if header else 0, width_of(rows)))
    x, y = MARGIN_PX, MARGIN_PX
    down = y + header.height + _HEADER_GAP if header else y
    right = x + (width - layout.width) / 2
    foot = down + layout.height + _LEGEND_GAP
    height = math.ceil(foot + ROW_PX * len(rows) + MARGIN_PX - 8)

    layout = shifted(layout, round(right), down)
    frames, names = _groups(pen, layout)
    paper = pen.mark("rect", "paper", width=width + 2 * MARGIN_PX, height=height)
    inside = [
        paper,
        draw_header(pen, header, x, y, min(width, room)) if header else Markup(""),
        *frames,
        *_lines(pen, shape, state, layout, fans),
        *names,
        *_nodes(pen, shape, state, layout, cards),
        draw_legend(pen, rows, x, foot),
    ]
    return pen.root(width + 2 * MARGIN_PX, height, sentence_of(shape, state), inside, style)


def _fed(shape: Shape, parameter: str) -> list[str]:
    """Return the nodes that get a graph parameter as it is, each once."""
    names = {node.name for node in shape.nodes}
    feeds = next(one.feeds for one in shape.parameters if one.name == parameter)
    return [name for name in dict.fromkeys(node for node, _ in feeds) if name in names]


def _laid_out(shape: Shape, cards: Mapping[str, Card]) -> tuple[Layout, Mapping[str, Sequence[str]]]:
    """Return layout and fans; a pill that finds no room beside its only node, or has several, gets a place of its own."""
    feeds = {f"{_PILL}{one.name}": _fed(shape, one.name) for one in shape.parameters}
    pills = {name: nodes for name, nodes in feeds.items() if name in cards}
    single = {name: nodes[0] for name, nodes in pills.items() if len(nodes) == 1}
    layout, fans = _layered(
        shape, cards, {name: nodes for name, nodes in pills.items() if name not in single}
    )
    sizes = {name: (node, (cards[name].width, cards[name].height)) for name, node in single.items()}
    layout = place_beside(layout, sizes)
    if len(layout.boxes) == len(cards):
        return layout, fans
    left = {name for name in single if name not in layout.boxes}
    again = {name: nodes for name, nodes in pills.items() if name in left or name not in single}
    layout, fans = _layered(shape, cards, again)
    layout = place_beside(layout, {name: found for name, found in sizes.items() if name not in left})
    return (layout, fans) if len(layout.boxes) == len(cards) else _layered(shape, cards, pills)


def _layered(
    shape: Shape, cards: Mapping[str, Card], pills: Mapping[str, Sequence[str]]
) -> tuple[Layout, Mapping[str, Sequence[str]]]:
    """Return the layout of all nodes and of some pills, and its fans."""
    edges = [(giver, reader) for giver, reader, _ in shape.edges]
    edges += [(name, node) for name, nodes in pills.items() for node in nodes]
    return lay_out_with_fans(
        {
            name: (card.width, card.height)
            for name, card in cards.items()
            if card.kind is not Kind.PARAMETER or name in pills
        },
        edges,
        {node.name: node.group for node in shape.nodes if node.group},
        node_gap_px=26,
        rank_gap_px=46,
        group_title_px=_GROUP_TITLE,
    )


# --- parts -------------------------------------------------------------------------------------


def _groups(pen: Pen, layout: Layout) -> tuple[list[Markup], list[Markup]]:
    """Return the boxes of sub-graphs, outer ones first, and their names, which stand over the lines."""
    frames, names = [], []
    for path, box in sorted(layout.groups.items(), key=lambda group: len(group[0])):
        is_many = is_fan(path[-1])
        classes = "fan" if is_many else "group"
        frame = pen.mark("rect", classes, x=box.x, y=box.y, width=box.width, height=box.height, rx=9)
        if is_many:
            frames.append(frame)
            continue
        frames.append(pen.mark("g", "", pen.told([f"sub-graph {'/'.join(path)}"]), frame))
        name = fitted(inert(path[-1]), box.width - 20, 11, bold=True)
        back = Box(box.x + 7, box.y + 4, text_px(name, 11, bold=True) + 6, 15)
        names.append(draw_back(pen, back, is_grouped=True))
        names.append(pen.words("group-name", box.x + 10, box.y + 15, name))
    return frames, names


def _lines(
    pen: Pen, shape: Shape, state: GraphState | None, layout: Layout, fans: Mapping[str, Sequence[str]]
) -> list[Markup]:
    """Return edges, those that bring something changed over the others, then labels over all of them."""
    labels = labels_of(shape)
    parameters = {(giver, reader): names for giver, reader, names in shape.edges}
    nodes = {} if state is None else state.nodes
    lines = []
    for route in layout.routes:
        is_pill = route.source.startswith(_PILL)
        giver, readers = nodes.get(route.source), fans.get(route.target, (route.target,))
        told = [_edge_told(route.source, reader, parameters) for reader in readers]
        lines.append(
            Line(
                route,
                told="; ".join(told),
                label="" if is_pill else labels.get((route.source, route.target), ""),
                is_parameter=is_pill,
                is_stale=bool(giver and giver.is_stale)
                and any(reader in nodes and nodes[reader].is_stale for reader in readers),
            )
        )
    lines.sort(key=lambda line: line.is_stale)
    taken = list(layout.boxes.values())
    groups = list(layout.groups.values())
    return [*(draw_line(pen, line) for line in lines), *draw_labels(pen, lines, taken, groups)]


def _edge_told(source: str, target: str, parameters: Mapping[tuple[str, str], tuple[str, ...]]) -> str:
    into = ", ".join(parameters.get((source, target), ()))
    return f"{source.removeprefix(_PILL)} → {target}" + (f" ({into})" if into else "")


def _nodes(
    pen: Pen, shape: Shape, state: GraphState | None, layout: Layout, cards: Mapping[str, Card]
) -> list[Markup]:
    told = {name: told_of_input(name, shape, state) for name in shape.inputs}
    told |= {f"{_PILL}{one.name}": told_of_parameter(one) for one in shape.parameters}
    told |= {node.name: told_of_node(node, state) for node in shape.nodes}
    return [_node(pen, name, card, layout.boxes[name], told[name]) for name, card in cards.items()]


def _node(pen: Pen, name: str, card: Card, box: Box, told: list[str]) -> Markup:
    inside = draw_card(pen, card, box)
    if pen.plain is not None:
        return pen.mark("g", "", pen.told(told), inside)
    if card.kind is Kind.PARAMETER:
        return pen.mark("g", "parameter", pen.told(told), inside, data_parameter=name.removeprefix(_PILL))
    classes = f"node {card.kind.name.lower()}"
    return pen.mark("g", classes, pen.told(told), inside, data_node=name, role="graphics-symbol")
