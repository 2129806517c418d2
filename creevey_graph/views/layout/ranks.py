"""Which row each node stands in."""

from collections.abc import Sequence

from creevey_graph.views.layout.given import Edge


def rank_nodes(order: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    """
    Return the row of each node, from 0; every edge goes down by at least one row.

    Args:
        order: All nodes, numbered from 0, sources before their readers.
        edges: Each once.
    """
    ranks = longest_paths(order, edges)
    below: list[list[int]] = [[] for _ in order]
    above: list[list[int]] = [[] for _ in order]
    for source, target in edges:
        below[source].append(target)
        above[target].append(source)
    for node in reversed(order):
        if len(below[node]) > len(above[node]):
            ranks[node] = max(ranks[node], min(ranks[reader] for reader in below[node]) - 1)
    return ranks


def longest_paths(order: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    """Return for each node the edges on the longest way to it."""
    below: list[list[int]] = [[] for _ in order]
    for source, target in edges:
        below[source].append(target)
    ranks = [0] * len(order)
    for node in order:
        for reader in below[node]:
            ranks[reader] = max(ranks[reader], ranks[node] + 1)
    return ranks
