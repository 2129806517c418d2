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
class Unit:
    """
    What moves as one in a row: a vertex, or a group's vertices.

    Args:
        vertices: From left to right.
        above: Places of their neighbours above, from left to right.
        below: The same of those below.
    """

    vertices: list[int]
    above: list[int]
    below: list[int]


def sift_row(
    layers: Layers, row: Sequence[int], places: Sequence[int], *, level: bool
) -> tuple[list[int], int]:
    """
    Return the row with each group's units sifted, inner groups first, and the crossings that saved.

    Args:
        layers: What the row is of.
        row: Vertices from left to right.
        places: Of all vertices in their rows; the rows above and below stand still.
        level: Move a unit also where it saves nothing, which may make room for what does.
    """
    saved = 0
    place_of = places.__getitem__
    open_units: list[list[Unit]] = [[]]  # of the groups that are open here: their units so far
    for vertex in row:
        above, below = (
            sorted(map(place_of, layers.above[vertex])),
            sorted(map(place_of, layers.below[vertex])),
        )
        unit = Unit([vertex], above, below)
        if layers.kinds[vertex] is Kind.LEFT:
            open_units.append([unit])
        elif layers.kinds[vertex] is Kind.RIGHT:
            left, *inner = open_units.pop()
            units, gain = sift_units(inner, level=level)
            saved += gain
            open_units[-1].append(joined([left, *units, unit]))
        else:
            open_units[-1].append(unit)
    units, gain = sift_units(open_units[0], level=level)
    return joined(units).vertices, saved + gain


def joined(units: Sequence[Unit]) -> Unit:
    """Return one unit of all vertices of *units*."""
    return Unit(
        [vertex for unit in units for vertex in unit.vertices],
        sorted(place for unit in units for place in unit.above),
        sorted(place for unit in units for place in unit.below),
    )


def sift_units(units: list[Unit], *, level: bool) -> tuple[list[Unit], int]:
    """
    Move each of *units* to its best place, one after the other; return them and the crossings saved.

    Groups never pass each other: they would have to do so in all rows.
    """
    order = list(range(len(units)))
    saved = 0
    reach = len(units) if len(units) <= WIDEST else REACH
    known: list[dict[int, int]] = [{} for _ in units]  # of a unit: what it costs that it stands after another
    for number, unit in enumerate(units):
        is_group = len(unit.vertices) > 1
        costs = known[number]
        start = order.index(number)
        best, fewest = start, 0
        for step in (-1, 1):
            change = 0
            last = max(-1, start - reach - 1) if step < 0 else min(len(order), start + reach + 1)
            for place in range(start + step, last, step):
                passed = order[place]
                if is_group and len(units[passed].vertices) > 1:
                    break
                cost = costs.get(passed)
                if cost is None:
                    cost = cost_of(units[passed], unit)
                    costs[passed], known[passed][number] = cost, -cost
                change += step * cost
                if change < fewest or (level and change == fewest):
                    best, fewest = place, change
        if best != start:
            del order[start]
            order.insert(best, number)
            saved -= fewest
    return [units[number] for number in order], saved


def cost_of(one: Unit, other: Unit) -> int:
    """Return the crossings that *one* before *other* has more than *other* before *one*."""
    return surplus(one.above, other.above) + surplus(one.below, other.below)


def surplus(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many more pairs of these sorted places stand in the wrong order than in the right one."""
    if not one or not other:
        return 0
    if one[-1] < other[0]:
        return -len(one) * len(other)
    if other[-1] < one[0]:
        return len(one) * len(other)
    if len(one) == len(other) == 1:
        return 0
    return sum(len(one) - bisect_right(one, place) - bisect_left(one, place) for place in other)
