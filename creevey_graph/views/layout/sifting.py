"""
Moving single vertices along their row to where the fewest lines cross.

Source: C. Matuszewski, R. Schönfeld, P. Molitor, "Using sifting for k-layer straightline crossing
minimization", Graph Drawing 1999.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import attrs

from creevey_graph.views.layout.layers import Kind, Layers

WIDEST = 100
"""Units in a row up to which one may go anywhere; in wider rows it goes a few places at a time."""
REACH = 8


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


def costs_of(layers: Layers, row: Sequence[int], places: Sequence[int]) -> Costs:
    """Return the costs in *row*, where all vertices have these *places* in their rows."""
    place_of = places.__getitem__
    return Costs(
        {vertex: sorted(map(place_of, layers.above[vertex])) for vertex in row},
        {vertex: sorted(map(place_of, layers.below[vertex])) for vertex in row},
        {},
    )


def sift_row(layers: Layers, row: Sequence[int], costs: Costs, *, level: bool) -> tuple[list[int], int]:
    """
    Return the row with each group's units sifted, inner groups first, and the crossings that saved.

    Args:
        layers: What the row is of.
        row: Vertices from left to right.
        costs: Of this row.
        level: Move a unit also where it saves nothing, which may make room for what does.
    """
    saved = 0
    open_units: list[list[list[int]]] = [[]]  # of the groups that are open here: their units so far
    for vertex in row:
        kind = layers.kinds[vertex]
        if kind is Kind.LEFT:
            open_units.append([])
        elif kind is Kind.RIGHT:
            units, gain = sift_units(open_units.pop(), costs, level=level)
            saved += gain
            left = layers.borders[layers.groups[vertex], layers.ranks[vertex]][0]
            open_units[-1].append([left, *(inner for unit in units for inner in unit), vertex])
        else:
            open_units[-1].append([vertex])
    units, gain = sift_units(open_units[0], costs, level=level)
    return [vertex for unit in units for vertex in unit], saved + gain


def sift_units(units: list[list[int]], costs: Costs, *, level: bool) -> tuple[list[list[int]], int]:
    """
    Move each of *units* (a vertex, or a group's vertices) to its best place; return the crossings saved.

    Groups never pass each other: they would have to do so in all rows.
    """
    order = list(range(len(units)))
    saved = 0
    reach = len(units) if len(units) <= WIDEST else REACH
    for unit in range(len(units)):
        start = order.index(unit)
        best, fewest = start, 0
        for step in (-1, 1):
            change = 0
            last = max(-1, start - reach - 1) if step < 0 else min(len(order), start + reach + 1)
            for place in range(start + step, last, step):
                passed = order[place]
                if len(units[unit]) > 1 and len(units[passed]) > 1:
                    break
                change += step * pair_cost(units[passed], units[unit], costs)
                if change < fewest or (level and change == fewest):
                    best, fewest = place, change
        if best != start:
            del order[start]
            order.insert(best, unit)
            saved -= fewest
    return [units[unit] for unit in order], saved


def pair_cost(one: Sequence[int], other: Sequence[int], costs: Costs) -> int:
    """Return what it costs that the unit *one* stands before *other*."""
    if len(one) == len(other) == 1:
        return costs.of(one[0], other[0])
    return sum(costs.of(a, b) for a in one for b in other)
