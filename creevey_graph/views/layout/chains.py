"""Chains of vertices that stand upright and move together: nodes, inner parts of long edges, groups' borders."""

from collections.abc import Sequence
from itertools import pairwise

import attrs

from creevey_graph.views.layout.compaction import Distance
from creevey_graph.views.layout.layers import Kind, Layers

WEIGHTS = {0: 1, 1: 2, 2: 8}
"""
Weight of a line by how many of its ends are dummies: long edges are bent least.

Source: Gansner et al. (1993), section 4.
"""
CLOSE_PX = 0.01
INWARD = {Kind.LEFT: 1, Kind.RIGHT: -1}


@attrs.frozen
class Chains:
    """
    All chains of a layered graph, numbered from 0.

    Args:
        of: Vertex -> number of its chain.
        lines: Chain -> {other chain: weight of the lines between them}.
        before: Chain -> {chain to its left in some row: least distance}.
        after: Chain -> {chain to its right in some row: least distance}.
        inward: Chain -> 1 for a left border, -1 for a right one, which are drawn in; else 0.
        pairs: Left and right border of each group.
        order: From left to right.
    """

    of: list[int]
    lines: list[dict[int, int]]
    before: list[dict[int, float]]
    after: list[dict[int, float]]
    inward: list[int]
    pairs: list[tuple[int, int]]
    order: list[int]

    def mirrored(self) -> "Chains":
        """Return the same with left and right exchanged."""
        pairs = [(right, left) for left, right in self.pairs]
        return attrs.evolve(self, before=self.after, after=self.before, pairs=pairs)


def chains_of(
    layers: Layers, rows: Sequence[Sequence[int]], xs: Sequence[float], distance: Distance
) -> Chains:
    """Return the chains of a layered graph: inner vertices that stand upright over each other are one."""
    of = number_chains(layers, rows, xs)
    count = max(of) + 1
    before: list[dict[int, float]] = [{} for _ in range(count)]
    after: list[dict[int, float]] = [{} for _ in range(count)]
    for row in rows:
        for left, right in pairwise(row):
            a, b = of[left], of[right]
            before[b][a] = after[a][b] = max(before[b].get(a, 0.0), distance(left, right))
    middles, inward = [0.0] * count, [0] * count
    for vertex, x in enumerate(xs):
        middles[of[vertex]] = x
        inward[of[vertex]] = INWARD.get(layers.kinds[vertex], 0)
    return Chains(
        of,
        lines_between(layers, of),
        before,
        after,
        inward,
        [
            (of[left], of[right])
            for (group, rank), (left, right) in layers.borders.items()
            if rank == layers.tree.first[group]
        ],
        sorted(range(count), key=lambda chain: (middles[chain], chain)),
    )


def number_chains(layers: Layers, rows: Sequence[Sequence[int]], xs: Sequence[float]) -> list[int]:
    """Return for each vertex the number of its chain."""
    of = [-1] * len(xs)
    count = 0
    for row in rows:
        for vertex in row:
            above = layers.above[vertex]
            if above and layers.is_inner(above[0], vertex) and abs(xs[above[0]] - xs[vertex]) < CLOSE_PX:
                of[vertex] = of[above[0]]
            else:
                of[vertex], count = count, count + 1
    return of


def lines_between(layers: Layers, of: Sequence[int]) -> list[dict[int, int]]:
    """Return for each chain the weights of the lines to others."""
    lines: list[dict[int, int]] = [{} for _ in range(max(of) + 1)]
    for upper, found in enumerate(layers.below):
        for lower in found:
            one, other = of[upper], of[lower]
            if one != other:
                dummies = (layers.kinds[upper] is Kind.DUMMY) + (layers.kinds[lower] is Kind.DUMMY)
                lines[one][other] = lines[one].get(other, 0) + WEIGHTS[dummies]
                lines[other][one] = lines[one][other]
    return lines
