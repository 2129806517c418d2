"""Parts of a graph that no edge and no group joins, and where each stands on the paper."""

from collections.abc import Sequence

import attrs

from creevey_graph.views.layout.boxes import Point
from creevey_graph.views.layout.given import Given
from creevey_graph.views.layout.ranks import piece_of_nodes

BREADTH = 1.6
"""The paper is about this much wider than high, where the parts allow it."""


def split_parts(given: Given) -> list[list[int]]:
    """Return the nodes of each part; parts and their nodes in the order they were given."""
    first_in: dict[str, int] = {}
    pairs = [(first_in.setdefault(path[0], node), node) for node, path in enumerate(given.paths) if path]
    pieces = piece_of_nodes(len(given.names), [*given.edges, *pairs])
    parts: dict[int, list[int]] = {}
    for node in range(len(given.names)):
        parts.setdefault(pieces[node], []).append(node)
    return list(parts.values())


@attrs.frozen
class Shelves:
    """
    Where parts stand: side by side in rows.

    Args:
        corners: Left top corner of each part.
        width: Of all of them together.
        height: Of all of them together.
    """

    corners: list[Point]
    width: float
    height: float


def shelve(sizes: Sequence[Point], gap_x: float, gap_y: float) -> Shelves:
    """Return the places of parts of these *sizes*: side by side, in as many rows as make a page of it."""
    area = sum((width + gap_x) * (height + gap_y) for width, height in sizes)
    room = max([(area * BREADTH) ** 0.5, *(width for width, _ in sizes)])
    corners: list[Point] = []
    x = y = tallest = widest = 0.0
    for width, height in sizes:
        if x > 0 and x + width > room:
            x, y, tallest = 0.0, y + tallest + gap_y, 0.0
        corners.append((x, y))
        widest, tallest = max(widest, x + width), max(tallest, height)
        x += width + gap_x
    return Shelves(corners, widest, y + tallest)
