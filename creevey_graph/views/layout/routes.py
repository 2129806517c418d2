"""The lines of edges: through their dummies, and from border to border."""

from collections.abc import Sequence

from creevey_graph.views.layout.boxes import Point
from creevey_graph.views.layout.heights import Bands
from creevey_graph.views.layout.layers import Kind, Layers
from creevey_graph.views.layout.sorting import rising

MOST_PORT_GAP_PX = 18.0
LEAST_PORT_GAP_PX = 7.0
PORTS_SHARE = 0.7
"""Edges leave and enter in the middle 70 % of a border at most: round corners stay free."""


def route_edges(
    layers: Layers, xs: Sequence[float], sizes: Sequence[tuple[float, float]], bands: Bands
) -> list[tuple[Point, ...]]:
    """Return the points of each edge; slanted parts lie between rows only, so that none cuts a box."""
    leaving = ports(layers, xs, sizes, [(chain[0], chain[1]) for chain in layers.chains])
    entering = ports(layers, xs, sizes, [(chain[-1], chain[-2]) for chain in layers.chains])
    found = []
    for edge, chain in enumerate(layers.chains):
        points: list[Point] = []
        for vertex in chain:
            rank = layers.ranks[vertex]
            top, bottom = bands.tops[rank], bands.bottoms[rank]
            middle = (top + bottom) / 2
            if vertex == chain[0]:
                x, y = leaving[edge], middle + sizes[vertex][1] / 2
                points += [(x, y), (x, bottom)]
            elif vertex == chain[-1]:
                x, y = entering[edge], middle - sizes[vertex][1] / 2
                points += [(x, top), (x, y)]
            else:
                points += [(xs[vertex], top), (xs[vertex], bottom)]
        found.append(tuple(without_idle(points)))
    return found


def ports(
    layers: Layers,
    xs: Sequence[float],
    sizes: Sequence[tuple[float, float]],
    ends: Sequence[tuple[int, int]],
) -> list[float]:
    """
    Return the x at which each edge meets its node, side by side in the order of where they come from.

    An edge that can be upright is; the others spread from the middle.
    """
    by_node: dict[int, list[int]] = {}
    for edge, (node, _) in enumerate(ends):
        by_node.setdefault(node, []).append(edge)
    found = [0.0] * len(ends)
    for node, edges in by_node.items():
        edges.sort(key=lambda edge: xs[ends[edge][1]])
        room = PORTS_SHARE * sizes[node][0] / 2
        gap = min(MOST_PORT_GAP_PX, 2 * room / len(edges))
        goals = []
        for turn, edge in enumerate(edges):
            upright = upright_x(layers, xs, sizes, ends[edge])
            goals.append(xs[node] + gap * (turn - (len(edges) - 1) / 2) if upright is None else upright)
        apart = min(LEAST_PORT_GAP_PX, gap)
        settled = rising([goal - turn * apart for turn, goal in enumerate(goals)])
        for turn, edge in enumerate(edges):
            low = xs[node] - room + turn * apart
            high = xs[node] + room - (len(edges) - 1 - turn) * apart
            found[edge] = max(low, min(high, settled[turn] + turn * apart))
    return found


def upright_x(
    layers: Layers, xs: Sequence[float], sizes: Sequence[tuple[float, float]], end: tuple[int, int]
) -> float | None:
    """Return where an edge from a node to its next vertex can be upright, None where it cannot."""
    node, other = end
    is_node = layers.kinds[other] is Kind.NODE
    x = (xs[node] + xs[other]) / 2 if is_node else xs[other]
    fits = all(
        abs(x - xs[one]) <= PORTS_SHARE * sizes[one][0] / 2 for one in ((node, other) if is_node else (node,))
    )
    return x if fits else None


def without_idle(points: Sequence[Point]) -> list[Point]:
    """Return the line without points that stand twice, or on the way straight down from one to another."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and kept[-2][0] == kept[-1][0] == point[0]:
            kept.pop()
        kept.append(point)
    return kept if len(kept) > 1 else [points[0], points[-1]]
