"""How many lines cross between rows."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise


def count_crossings(rows: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> int:
    """Return the crossings of a whole layered graph whose rows stand in this order."""
    return sum(count_between(upper, lower, below) for upper, lower in pairwise(rows))


def count_between(upper: Sequence[int], lower: Sequence[int], below: Sequence[Sequence[int]]) -> int:
    """
    Return the crossings between two neighbouring rows.

    Lines sorted by their upper ends cross as often as their lower ends stand in the wrong order.

    Source: W. Barth, M. Jünger, P. Mutzel, "Simple and efficient bilayer cross counting", Graph
    Drawing 2002; with a sorted list for their tree, which is faster at such sizes.
    """
    places = {vertex: place for place, vertex in enumerate(lower)}
    seen: list[int] = []
    crossings = 0
    for vertex in upper:
        for place in sorted([places[neighbour] for neighbour in below[vertex]]):
            crossings += len(seen) - bisect_right(seen, place)
            insort(seen, place)
    return crossings
