"""Where the vertices of each row stand from left to right."""

from collections.abc import Sequence

from creevey_graph.views.layout.alignment import Segment, align, find_bent
from creevey_graph.views.layout.compaction import Distance, compact
from creevey_graph.views.layout.layers import Kind, Layers
from creevey_graph.views.layout.spacing import Spacing
from creevey_graph.views.layout.tightening import tighten

DUMMY_GAP = 0.6
"""Lines stand nearer to each other and to boxes than boxes do."""


def place_vertices(
    layers: Layers, rows: Sequence[Sequence[int]], widths: Sequence[float], spacing: Spacing
) -> list[float]:
    """
    Return the x of the middle of each vertex.

    Source: Brandes and Köpf (see `alignment`), section 4.3: the mean of the two middle ones of four
    layouts, which keeps every distance that all four keep.
    """
    places = places_of(rows, len(layers.kinds))
    bent = find_bent(layers, rows, places)
    distance = distances(layers, widths, spacing)
    four = [
        place_once(layers, rows, bent, distance, down=down, left=left)
        for down in (True, False)
        for left in (True, False)
    ]
    narrowest = min(four, key=lambda xs: max(xs) - min(xs))
    low, high = min(narrowest), max(narrowest)
    shifts = [
        low - min(xs) if left else high - max(xs) for xs, left in zip(four, (True, False) * 2, strict=True)
    ]
    together = zip(*([x + shift for x in xs] for xs, shift in zip(four, shifts, strict=True)), strict=True)
    balanced = [sum(sorted(found)[1:3]) / 2 for found in together]
    return tighten(layers, rows, balanced, distance)


def places_of(rows: Sequence[Sequence[int]], count: int) -> list[int]:
    """Return the place of each vertex in its row."""
    places = [0] * count
    for row in rows:
        for place, vertex in enumerate(row):
            places[vertex] = place
    return places


def place_once(
    layers: Layers,
    rows: Sequence[Sequence[int]],
    bent: set[Segment],
    distance: Distance,
    *,
    down: bool,
    left: bool,
) -> list[float]:
    """Return the x of each vertex in one of the four layouts: aligned downwards or up, leftmost or rightmost."""
    looked = list(rows) if left else [row[::-1] for row in rows]
    places = places_of(looked, len(layers.kinds))
    near = [sorted(found, key=places.__getitem__) for found in (layers.above if down else layers.below)]
    roots = align(looked if down else looked[::-1], near, bent, places)
    if left:
        return compact(looked, roots, distance)
    return [-x for x in compact(looked, roots, lambda a, b: distance(b, a))]


def distances(layers: Layers, widths: Sequence[float], spacing: Spacing) -> Distance:
    """Return what gives the least distance of two neighbours, left one first, middle to middle."""

    def distance(left: int, right: int) -> float:
        return (widths[left] + widths[right]) / 2 + gap_between(layers, left, right, spacing)

    return distance


def gap_between(layers: Layers, left: int, right: int, spacing: Spacing) -> float:
    """Return the room that neighbours leave between them."""
    kinds = (layers.kinds[left], layers.kinds[right])
    if kinds == (Kind.LEFT, Kind.RIGHT):
        return 0.0
    if kinds[0] is Kind.LEFT or kinds[1] is Kind.RIGHT:
        return spacing.padding
    return spacing.node_gap * (DUMMY_GAP if Kind.DUMMY in kinds else 1.0)
