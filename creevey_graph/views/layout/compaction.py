"""
How near the upright blocks stand to each other.

The paper's own compaction moves whole classes of blocks and can go wrong where classes depend on each
other (U. Brandes, J. Walter, J. Zink, "Erratum: Fast and simple horizontal coordinate assignment",
arXiv 2008.01252). Here blocks are nodes of a graph of least distances, and stand at their longest way
from its left end: no two can overlap, whatever the order in which they are looked at. A second pass
draws what has room towards its right neighbour.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

Distance = Callable[[int, int], float]


def compact(rows: Sequence[Sequence[int]], roots: Sequence[int], distance: Distance) -> list[float]:
    """
    Return the x of each vertex, those of one block alike.

    Args:
        rows: Vertices from left to right.
        roots: First vertex of each one's block.
        distance: Least distance from a vertex to its right neighbour, centre to centre.
    """
    before: list[dict[int, float]] = [{} for _ in roots]
    after: list[dict[int, float]] = [{} for _ in roots]
    for row in rows:
        for left, right in pairwise(row):
            a, b = roots[left], roots[right]
            least = max(before[b].get(a, 0.0), distance(left, right))
            before[b][a] = after[a][b] = least
    order = order_blocks(before, after, roots)
    xs = [0.0] * len(roots)
    for block in order:
        xs[block] = max((xs[left] + least for left, least in before[block].items()), default=0.0)
    for block in reversed(order):
        if after[block]:
            xs[block] = max(xs[block], min(xs[right] - least for right, least in after[block].items()))
    return [xs[root] for root in roots]


def order_blocks(
    before: Sequence[dict[int, float]], after: Sequence[dict[int, float]], roots: Sequence[int]
) -> list[int]:
    """Return the blocks, each after those to its left."""
    waiting = [len(found) for found in before]
    order = [block for block, root in enumerate(roots) if block == root and not waiting[block]]
    for block in order:
        for right in after[block]:
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    return order
