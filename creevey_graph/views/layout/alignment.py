"""
Which vertices stand upright over each other.

Source: U. Brandes, B. Köpf, "Fast and simple horizontal coordinate assignment", Graph Drawing
2001, sections 4.1 and 4.2.
"""

from bisect import bisect_left
from collections.abc import Sequence

from creevey_graph.views.layout.layers import Layers

Segment = tuple[int, int]


def find_bent(layers: Layers, rows: Sequence[Sequence[int]], places: Sequence[int]) -> set[Segment]:
    """
    Return the lines, upper vertex first, that may not be upright since they cross one that must be.

    Inner segments of long edges must be upright, and borders of groups before them (conflicts of
    type 1). Where two of them cross (type 2, which the paper leaves to the order of the rows), the one
    that comes first from the left is kept, borders before edges.
    """
    bent: set[Segment] = set()
    for row in rows[:-1]:
        lines = [
            (places[upper], places[lower], upper, lower) for upper in row for lower in layers.below[upper]
        ]
        lines.sort()
        kept = upright([line for line in lines if layers.is_inner(line[2], line[3])], layers)
        uppers, lowers = [line[0] for line in kept], [line[1] for line in kept]
        for line in lines:
            if bisect_left(uppers, line[0]) != bisect_left(lowers, line[1]):
                bent.add(line[2:])
    return bent


def upright(inner: Sequence[tuple[int, int, int, int]], layers: Layers) -> list[tuple[int, int, int, int]]:
    """Return inner segments, from left to right, of which no two cross; all borders are among them."""
    limit = float("inf")
    limits = []
    for line in reversed(inner):  # the next border to the right of each
        limits.append(limit)
        if layers.is_border(line[2]):
            limit = line[1]
    kept: list[tuple[int, int, int, int]] = []
    for line, most in zip(inner, reversed(limits), strict=True):
        if layers.is_border(line[2]) or ((kept[-1][1] if kept else -1) < line[1] < most):
            kept.append(line)
    return kept


def align(
    rows: Sequence[Sequence[int]], near: Sequence[Sequence[int]], bent: set[Segment], places: Sequence[int]
) -> list[int]:
    """
    Return for each vertex the first vertex of the upright block it stands in.

    Args:
        rows: In the order of the sweep; from left to right, or from right to left.
        near: Neighbours of each vertex in the row before its own in that order, in the rows' direction.
        bent: Lines that may not be upright, in either direction.
        places: Of each vertex in its row, in the rows' direction.
    """
    roots = list(range(len(places)))
    for row in rows:
        last = -1
        for vertex in row:
            found = near[vertex]
            for middle in sorted({(len(found) - 1) // 2, len(found) // 2}) if found else ():
                other = found[middle]
                if places[other] > last and (other, vertex) not in bent and (vertex, other) not in bent:
                    roots[vertex] = roots[other]
                    last = places[other]
                    break
    return roots
