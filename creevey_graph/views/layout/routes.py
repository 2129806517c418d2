"""The lines of edges: through their dummies, and from border to border."""

from collections.abc import Sequence

import attrs

from creevey_graph.views.layout.boxes import Point
from creevey_graph.views.layout.layers import Layers

MOST_PORT_GAP_PX = 18.0
PORTS_SHARE = 0.7
"""Edges leave and enter in the middle 70 % of a border at most: round corners stay free."""


@attrs.frozen
class Bands:
    """
    Rows from top to bottom, in px.

    Args:
        tops: Upper end of the tallest box of each row.
        bottoms: Lower end of the tallest box of each row.
    """

    tops: list[float]
    bottoms: list[float]


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
    """Return the x at which each edge meets its node, side by side in the order of where they come from."""
    by_node: dict[int, list[int]] = {}
    for edge, (node, _) in enumerate(ends):
        by_node.setdefault(node, []).append(edge)
    found = [0.0] * len(ends)
    for node, edges in by_node.items():
        edges.sort(key=lambda edge: xs[ends[edge][1]])
        gap = min(MOST_PORT_GAP_PX, PORTS_SHARE * sizes[node][0] / len(edges))
        for turn, edge in enumerate(edges):
            found[edge] = xs[node] + gap * (turn - (len(edges) - 1) / 2)
    return found


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
