"""
The network simplex method: places for which the edges together are as short as can be.

It finds the rows of nodes, and where in their rows they stand.

A tree of tight edges (as short as they may be) spans the graph. The cut value of a tree edge is what
the total length gains by each row that its two sides are drawn apart; while one is negative, that edge
leaves the tree and the shortest edge between the sides enters.

Source: E. Gansner, E. Koutsofios, S. North, K.-P. Vo, "A technique for drawing directed graphs", IEEE
TSE 19 (1993), sections 2.3 and 2.4.
"""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from creevey_graph.views.layout.given import Edge

MOST_WORK = 3_000_000
"""A bound on nodes and edges looked at; beyond it the places are good, if not the best."""
LOOKED_AT = 30
"""Negative tree edges of which the most negative one leaves: fewer exchanges than with the first one found."""
CLOSE = 1e-6
"""Places that are no further apart are the same."""


def shorten(
    places: Sequence[float],
    edges: Sequence[Edge],
    weights: Sequence[int],
    lengths: Sequence[float],
    most_work: int = MOST_WORK,
) -> list[float]:
    """
    Return places that make the edges of a connected graph shortest, by weight.

    Args:
        places: Where each node stands, such that every edge is long enough.
        edges: From the node with the lesser place to the other.
        weights: What it costs that an edge is longer by 1.
        lengths: Least length of each edge.
        most_work: Nodes and edges to look at before the places are taken as they are.
    """
    tree = SpanningTree(places, edges, weights, lengths)
    for _ in range(most_work // (len(places) + len(edges))):
        leaving = tree.find_leaving()
        if leaving is None:
            break
        tree.exchange(leaving, tree.find_entering(leaving))
    return tree.places


class SpanningTree:
    """
    Tight edges that span the graph.

    State: places = of each node; cuts = cut value of each edge, 0 outside the tree; near = edges at
    each node; tree_near = those in the tree; up = the tree edge of each node towards the root; limit = place of
    each node in a walk that leaves the tree's leaves first; lowest = least place in the tree below it;
    walk = the nodes in that order.

    Thread safety: none.
    """

    def __init__(
        self,
        places: Sequence[float],
        edges: Sequence[Edge],
        weights: Sequence[int],
        lengths: Sequence[float],
    ) -> None:
        count = len(places)
        self.places = list(places)
        self.lengths = lengths
        self.edges = edges
        self.weights = weights
        self.cuts = [0] * len(edges)
        self.near: list[list[int]] = [[] for _ in range(count)]
        for edge, (source, target) in enumerate(edges):
            self.near[source].append(edge)
            self.near[target].append(edge)
        self.tree_near: list[list[int]] = [[] for _ in range(count)]
        self.up = [-1] * count
        self.limit = [0] * count
        self.lowest = [0] * count
        self.walk = [0] * count
        self._next = 0  # where the search for a negative edge goes on
        for edge in self._grow():
            for node in edges[edge]:
                self.tree_near[node].append(edge)
        self._number(0, -1, 0)
        self._weigh()
        self.in_tree = sorted({edge for found in self.tree_near for edge in found})

    def slack(self, edge: int) -> float:
        """Return by how much *edge* is longer than it must be."""
        source, target = self.edges[edge]
        return self.places[target] - self.places[source] - self.lengths[edge]

    def find_leaving(self) -> int | None:
        """Return a tree edge with a negative cut value, None where there is none."""
        found, seen, count = None, 0, len(self.in_tree)
        for step in range(count):
            place = (self._next + step) % count
            edge = self.in_tree[place]
            if self.cuts[edge] < 0:
                if found is None or self.cuts[edge] < self.cuts[found]:
                    found = edge
                seen += 1
                if seen == LOOKED_AT:
                    self._next = place
                    break
        return found

    def find_entering(self, leaving: int) -> int:
        """Return the shortest edge that goes the other way between the sides that *leaving* joins."""
        source, target = self.edges[leaving]
        below = source if self.up[source] == leaving else target
        inward = below == source  # of an edge that may enter: from the upper part into the lower one
        low, high = self.lowest[below], self.limit[below]
        best, least = -1, 0.0
        for node in self.walk[low : high + 1]:
            for edge in self.near[node]:
                one, other = self.edges[edge]
                outside = one if inward else other
                if (other if inward else one) == node and not low <= self.limit[outside] <= high:
                    slack = self.slack(edge)
                    if best < 0 or slack < least:
                        best, least = edge, slack
                        if slack < CLOSE:
                            return best
        return best

    def exchange(self, leaving: int, entering: int) -> None:
        """Put *entering* into the tree in place of *leaving*, and draw the sides together."""
        self._shift(leaving, self.slack(entering))
        cut = self.cuts[leaving]
        source, target = self.edges[entering]
        top = self._carry(source, target, cut, forward=True)
        self._carry(target, source, cut, forward=False)
        self.cuts[entering], self.cuts[leaving] = -cut, 0
        for node in self.edges[leaving]:
            self.tree_near[node].remove(leaving)
        for node in self.edges[entering]:
            self.tree_near[node].append(entering)
        self.in_tree[self.in_tree.index(leaving)] = entering
        self._number(top, self.up[top], self.lowest[top])

    def _shift(self, leaving: int, slack: float) -> None:
        source, target = self.edges[leaving]
        below = source if self.up[source] == leaving else target
        step = -slack if below == source else slack
        for node in self.walk[self.lowest[below] : self.limit[below] + 1]:
            self.places[node] += step

    def _carry(self, node: int, other: int, cut: int, *, forward: bool) -> int:
        """Add *cut* along the tree from *node* up to where *other* is below too; return that node."""
        while not self.lowest[node] <= self.limit[other] <= self.limit[node]:
            edge = self.up[node]
            source, target = self.edges[edge]
            self.cuts[edge] += cut if (node == source) == forward else -cut
            node = target if node == source else source
        return node

    def _number(self, root: int, up: int, first: int) -> None:
        """Walk the tree below *root* anew, its places counted from *first*."""
        place = first
        self.up[root], self.lowest[root] = up, first
        waiting: list[tuple[int, Iterator[int]]] = [(root, iter(self.tree_near[root]))]
        while waiting:
            node, edges = waiting[-1]
            edge = next((found for found in edges if found != self.up[node]), -1)
            if edge < 0:
                waiting.pop()
                self.limit[node], self.walk[place] = place, node
                place += 1
                continue
            source, target = self.edges[edge]
            child = target if source == node else source
            self.up[child], self.lowest[child] = edge, place
            waiting.append((child, iter(self.tree_near[child])))

    def _weigh(self) -> None:
        """Set the cut values: what enters the part below each tree edge, less what leaves it."""
        below = [0] * len(self.places)
        for edge, (source, target) in enumerate(self.edges):
            below[source] -= self.weights[edge]
            below[target] += self.weights[edge]
        for node in self.walk[:-1]:  # from the leaves to the root
            edge = self.up[node]
            source, target = self.edges[edge]
            self.cuts[edge] = below[node] if target == node else -below[node]
            below[source if target == node else target] += below[node]

    def _grow(self) -> list[int]:
        """
        Draw the nodes together until tight edges span the graph, and return these edges.

        The tree moves as a whole to the nearest node outside it; its nodes are kept relative to *moved*.
        """
        inside = [False] * len(self.places)
        found: list[int] = []
        leaving: list[tuple[float, int]] = []  # slack + moved, edge
        entering: list[tuple[float, int]] = []  # slack - moved, edge
        moved, node = 0.0, 0
        while True:
            inside[node] = True
            self.places[node] -= moved
            for edge in self.near[node]:
                source, target = self.edges[edge]
                if not (inside[source] and inside[target]):
                    heappush(leaving if source == node else entering, (self.slack(edge), edge))
            for heap in (leaving, entering):
                while heap and all(inside[end] for end in self.edges[heap[0][1]]):
                    heappop(heap)
            if not (leaving or entering):
                break
            down = bool(leaving) and (not entering or leaving[0][0] - moved <= entering[0][0] + moved)
            key, edge = heappop(leaving if down else entering)
            moved = key if down else -key
            found.append(edge)
            node = self.edges[edge][1 if down else 0]
        self.places = [place + moved for place in self.places]
        return found
