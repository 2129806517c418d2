"""
Moving single vertices along their row to where the fewest lines cross.

Source: C. Matuszewski, R. Schönfeld, P. Molitor, "Using sifting for k-layer straightline crossing
minimization", Graph Drawing 1999; the exchange of neighbours in Gansner et al. (1993), section 3, for
rows that are too wide for it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import attrs

from creevey_graph.views.layout.layers import Kind, Layers

WIDEST = 120
"""Vertices in a row up to which a vertex may go anywhere; in wider ones it goes a few places."""
REACH = 12


@attrs.frozen
class Costs:
    """
    What it costs in one row that one vertex stands before another, the rows above and below standing still.

    Args:
        above: Vertex -> places of its neighbours above, from left to right.
        below: The same of those below.
        known: (one, other) -> crossings more if they stand in this order than in the other.
    """

    above: dict[int, list[int]]
    below: dict[int, list[int]]
    known: dict[tuple[int, int], int]

    def of(self, one: int, other: int) -> int:
        """Return the crossings that *one* before *other* has more than *other* before *one*."""
        cost = self.known.get((one, other))
        if cost is None:
            cost = surplus(self.above[one], self.above[other]) + surplus(self.below[one], self.below[other])
            self.known[one, other] = cost
            self.known[other, one] = -cost
        return cost


def surplus(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many more pairs of these sorted places stand in the wrong order than in the right one."""
    if not one or not other or one[-1] < other[0]:
        return -len(one) * len(other)
    if other[-1] < one[0]:
        return len(one) * len(other)
    return sum(len(one) - bisect_right(one, place) - bisect_left(one, place) for place in other)


def sift_rows(layers: Layers, rows: list[list[int]], places: list[int], *, level: bool) -> int:
    """
    Move vertices within their rows, in place, and return how many crossings that saved.

    Args:
        layers: What is ordered.
        rows: Vertices of each row; changed.
        places: Place of each vertex in its row; changed.
        level: Move also where it saves nothing, which may make room for what does.
    """
    saved = 0
    for rank, row in enumerate(rows):
        costs = Costs(
            {vertex: sorted([places[other] for other in layers.above[vertex]]) for vertex in row},
            {vertex: sorted([places[other] for other in layers.below[vertex]]) for vertex in row},
            {},
        )
        rows[rank], gain = sift_row(layers, row, costs, level=level)
        saved += gain
        for place, vertex in enumerate(rows[rank]):
            places[vertex] = place
    return saved


def sift_row(layers: Layers, row: Sequence[int], costs: Costs, *, level: bool) -> tuple[list[int], int]:
    """Return the row with each group's units sifted, inner groups first, and what that saved."""
    saved = 0
    open_units: list[list[list[int]]] = [[]]  # of the groups that are open here: their units so far
    for vertex in row:
        kind = layers.kinds[vertex]
        if kind is Kind.LEFT:
            open_units.append([])
            continue
        if kind is Kind.RIGHT:
            units = open_units.pop()
            saved += sift_units(units, costs, level=level)
            left = layers.borders[layers.groups[vertex], layers.ranks[vertex]][0]
            open_units[-1].append([left, *(inner for unit in units for inner in unit), vertex])
        else:
            open_units[-1].append([vertex])
    saved += sift_units(open_units[0], costs, level=level)
    return [vertex for unit in open_units[0] for vertex in unit], saved


def sift_units(units: list[list[int]], costs: Costs, *, level: bool) -> int:
    """
    Move each of *units* (a vertex, or a group's vertices) to its best place; return the crossings saved.

    Groups never pass each other: they would have to do so in all rows.
    """
    saved = 0
    reach = len(units) if len(units) <= WIDEST else REACH
    for unit in list(units) if len(units) > 1 else ():
        start = units.index(unit)
        best, fewest = start, 0
        for step in (-1, 1):
            change, place = 0, start + step
            while 0 <= place < len(units) and abs(place - start) <= reach:
                other = units[place]
                if len(unit) > 1 and len(other) > 1:
                    break
                change += pair_cost(unit, other, costs) if step < 0 else pair_cost(other, unit, costs)
                if change < fewest or (level and change == fewest):
                    best, fewest = place, change
                place += step
        if best != start:
            del units[start]
            units.insert(best, unit)
            saved -= fewest
    return saved


def pair_cost(one: Sequence[int], other: Sequence[int], costs: Costs) -> int:
    """Return what it costs that the unit *one* stands before *other*."""
    if len(one) == len(other) == 1:
        return costs.of(one[0], other[0])
    return sum(costs.of(a, b) for a in one for b in other)
