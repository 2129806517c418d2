"""
The layered graph: every edge goes from one row to the next.

A long edge becomes a chain of dummies, one in each row between its ends. A group becomes two
chains of borders, left and right, one of each in every row it takes. All are vertices: the
nodes come first, with their own numbers.

Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical
system structures", IEEE Trans. SMC 11 (1981); for groups as chains of borders G. Sander,
"Layout of compound directed graphs", Saarland University report A/03/96 (1996).
"""

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

import attrs

from creevey_graph.views.layout.given import Edge
from creevey_graph.views.layout.trees import ROOT, GroupTree


class Kind(Enum):
    """What a vertex stands for."""

    NODE = "node"
    DUMMY = "dummy"
    LEFT = "left border"
    RIGHT = "right border"


@attrs.frozen
class Layers:
    """
    Vertices in rows.

    Args:
        kinds: What each vertex stands for.
        groups: The innermost group each vertex stands in; of a border, the group it is of.
        ranks: Row of each vertex.
        above: Its neighbours one row up.
        below: Its neighbours one row down.
        chains: For each edge, its vertices from source to target.
        borders: (group, row) -> its left and right border.
        rows: The vertices of each row, as they were made; their order on paper is found later.
        tree: The groups.
    """

    kinds: list[Kind]
    groups: list[int]
    ranks: list[int]
    above: list[list[int]]
    below: list[list[int]]
    chains: list[list[int]]
    borders: dict[tuple[int, int], tuple[int, int]]
    rows: list[list[int]]
    tree: GroupTree

    def add(self, kind: Kind, group: int, rank: int) -> int:
        """Make a vertex and return its number."""
        vertex = len(self.kinds)
        self.kinds.append(kind)
        self.groups.append(group)
        self.ranks.append(rank)
        self.above.append([])
        self.below.append([])
        self.rows[rank].append(vertex)
        return vertex

    def join(self, upper: int, lower: int) -> None:
        """Draw a line between vertices of two neighbouring rows."""
        self.below[upper].append(lower)
        self.above[lower].append(upper)

    def is_inner(self, upper: int, lower: int) -> bool:
        """True for a line between two dummies or two borders: one that should be upright."""
        return self.kinds[upper] is not Kind.NODE and self.kinds[upper] is self.kinds[lower]

    def is_border(self, vertex: int) -> bool:
        """True for the left or right border of a group."""
        return self.kinds[vertex] in {Kind.LEFT, Kind.RIGHT}


def layers_of(ranks: Sequence[int], edges: Sequence[Edge], tree: GroupTree) -> Layers:
    """Return the layered graph of nodes that stand in the rows *ranks*."""
    layers = Layers([], [], [], [], [], [], {}, [[] for _ in range(max(ranks) + 1)], tree)
    for node, rank in enumerate(ranks):
        layers.add(Kind.NODE, tree.group_of[node], rank)
    for source, target in edges:
        between = range(ranks[source] + 1, ranks[target])
        dummies = [
            layers.add(Kind.DUMMY, group_of_dummy(tree, source, target, rank), rank) for rank in between
        ]
        chain = [source, *dummies, target]
        layers.chains.append(chain)
        for upper, lower in pairwise(chain):
            layers.join(upper, lower)
    for group in range(1, len(tree.paths)):
        add_borders(layers, group)
    return layers


def add_borders(layers: Layers, group: int) -> None:
    """Make the borders of *group* in every row it takes."""
    before: tuple[int, int] | None = None
    for rank in range(layers.tree.first[group], layers.tree.last[group] + 1):
        pair = (layers.add(Kind.LEFT, group, rank), layers.add(Kind.RIGHT, group, rank))
        layers.borders[group, rank] = pair
        if before:
            layers.join(before[0], pair[0])
            layers.join(before[1], pair[1])
        before = pair


def group_of_dummy(tree: GroupTree, source: int, target: int, rank: int) -> int:
    """
    Return the group that an edge is in while it passes the row *rank*.

    It leaves the groups of its source through their bottom, and enters those of its target through
    their top, as far as the rows allow.
    """
    for group in tree.lineage(tree.group_of[source]):
        if tree.last[group] >= rank:
            if group in tree.lineage(tree.group_of[target]):
                break
            return group
    for group in tree.lineage(tree.group_of[target]):
        if tree.first[group] <= rank:
            return group
    return ROOT
