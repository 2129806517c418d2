"""Which row each node stands in."""

from collections.abc import Sequence

from creevey_graph.views.layout.boxes import GroupPath
from creevey_graph.views.layout.given import Edge
from creevey_graph.views.layout.simplex import shorten

EDGE_WEIGHT = 8
"""How much more a row of an edge's length counts than one between pieces that only a group joins."""


def rank_nodes(order: Sequence[int], edges: Sequence[Edge], paths: Sequence[GroupPath]) -> list[int]:
    """
    Return the row of each node, from 0: every edge goes down, all together as little as can be.

    Sources stand right above their readers, not all in the first row. A node that could stand in several
    rows at the same length goes to the emptiest of them. Pieces that only a group joins start in one row.

    Args:
        order: All nodes, numbered from 0, sources before their readers.
        edges: Each once.
        paths: Of the group each node stands in; edges and outermost groups join all nodes.
    """
    if len(order) < 2:  # noqa: PLR2004 - one node has nothing to be near to
        return [0] * len(order)
    joints = joints_of(order, edges, paths)
    starts = range(len(order), len(order) + len(joints))
    extra = [(start, node) for start, joint in zip(starts, joints, strict=True) for node in joint]
    weights = [EDGE_WEIGHT] * len(edges) + [1] * len(extra)
    joined = [*edges, *extra]
    places = shorten(longest_paths([*starts, *order], joined), joined, weights, [1] * len(joined))[
        : len(order)
    ]
    top = min(places)
    return balance([round(place - top) for place in places], order, edges)


def joints_of(order: Sequence[int], edges: Sequence[Edge], paths: Sequence[GroupPath]) -> list[list[int]]:
    """Return for each outermost group of several pieces the first node of it in each piece."""
    pieces = piece_of_nodes(len(order), edges)
    firsts: dict[str, dict[int, int]] = {}
    for node in order:
        if paths[node]:
            firsts.setdefault(paths[node][0], {}).setdefault(pieces[node], node)
    return [list(found.values()) for found in firsts.values() if len(found) > 1]


def piece_of_nodes(count: int, pairs: Sequence[Edge]) -> list[int]:
    """Return for each node the least node of those that *pairs* join it with, itself included."""
    leaders = list(range(count))

    def leader_of(node: int) -> int:
        while leaders[node] != node:
            leaders[node] = leaders[leaders[node]]
            node = leaders[node]
        return node

    for one, other in pairs:
        low, high = sorted((leader_of(one), leader_of(other)))
        leaders[high] = low
    return [leader_of(node) for node in range(count)]


def longest_paths(order: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    """Return for each node the number of edges on the longest way to it."""
    below: list[list[int]] = [[] for _ in order]
    for source, target in edges:
        below[source].append(target)
    ranks = [0] * len(order)
    for node in order:
        for reader in below[node]:
            ranks[reader] = max(ranks[reader], ranks[node] + 1)
    return ranks


def balance(ranks: Sequence[int], order: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    """Return the rows after each node with as many edges upwards as down went to its emptiest one."""
    found = list(ranks)
    above: list[list[int]] = [[] for _ in found]
    below: list[list[int]] = [[] for _ in found]
    for source, target in edges:
        below[source].append(target)
        above[target].append(source)
    filled = [0] * (max(found) + 1)
    for rank in found:
        filled[rank] += 1
    for node in order:
        if above[node] and len(above[node]) == len(below[node]):
            low = max(found[other] for other in above[node]) + 1
            high = min(found[other] for other in below[node]) - 1
            best = min(range(low, high + 1), key=lambda rank: (filled[rank] - (rank == found[node]), rank))
            filled[found[node]] -= 1
            filled[best] += 1
            found[node] = best
    return found
