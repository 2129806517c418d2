"""Small graphs of integer steps, drawn by Hypothesis, with a model of what they give."""

import attrs
import networkx as nx
from hypothesis import strategies as st

from creevey_graph import step
from creevey_graph.facade import Graph

MODULUS = 10**9 + 7


def mix(first: int, second: int = 0, *, factor: int = 1) -> int:
    """Mix two numbers so that neither order nor factor can be left out."""
    return (first * 31 + second * 17 + factor * 7919 + 1) % MODULUS


@attrs.frozen
class DrawnNode:
    """One node: reads = two places, -1 for the item, else a node before it; cache = its policy."""

    reads: tuple[int, int]
    factor: int
    cache: str
    version: str | None = None


@attrs.frozen
class DrawnGraph:
    """
    A graph of integer steps.

    Args:
        nodes: Its nodes, each reading the item or nodes before it.
        returned: Places of the nodes that are returned; what nothing reads is among them.
    """

    nodes: tuple[DrawnNode, ...]
    returned: tuple[int, ...]

    def graph(self):
        """Declare it by hand."""
        made = Graph("drawn")
        symbols = {-1: made.input("number", int)}
        for place, node in enumerate(self.nodes):
            mixes = step(mix, name=f"n{place}", cache=node.cache, version=node.version)
            first, second = (symbols[read] for read in node.reads)
            symbols[place] = made.add(mixes, f"n{place}", first=first, second=second, factor=node.factor)
        made.output({f"n{place}": symbols[place] for place in self.returned})
        return made

    def expected(self, number):
        """Return the fields of the item *number*, by plain calls."""
        values = {-1: number}
        for place, node in enumerate(self.nodes):
            first, second = (values[read] for read in node.reads)
            values[place] = mix(first, second, factor=node.factor)
        return {f"n{place}": values[place] for place in self.returned}

    def changed(self, place):
        """Return this graph with another factor in one node."""
        node = attrs.evolve(self.nodes[place], factor=self.nodes[place].factor + 1000)
        return attrs.evolve(self, nodes=(*self.nodes[:place], node, *self.nodes[place + 1 :]))

    def refactored(self, place):
        """Return this graph with other code in one node that gives the same."""
        node = attrs.evolve(self.nodes[place], version="refactored")
        return attrs.evolve(self, nodes=(*self.nodes[:place], node, *self.nodes[place + 1 :]))

    def restored(self, place):
        """Return this graph with the code of one node as it was drawn."""
        node = attrs.evolve(self.nodes[place], version=None)
        return attrs.evolve(self, nodes=(*self.nodes[:place], node, *self.nodes[place + 1 :]))

    def below(self, place):
        """Return the names of a node and its descendants."""
        wiring = nx.DiGraph((read, to) for to, node in enumerate(self.nodes) for read in node.reads)
        return {f"n{place}"} | {f"n{other}" for other in nx.descendants(wiring, place)}

    def kept(self):
        """Return the names of nodes whose values are in the cache."""
        return {f"n{place}" for place, node in enumerate(self.nodes) if node.cache != "never"}

    def not_kept(self):
        """Return the names of the others."""
        return {f"n{place}" for place in range(len(self.nodes))} - self.kept()


@st.composite
def drawn_graphs(draw, most=7):
    """Draw a graph of one to *most* nodes; about a third of the inner ones are never kept."""
    count = draw(st.integers(1, most))
    nodes = []
    for place in range(count):
        reads = draw(st.tuples(st.integers(-1, place - 1), st.integers(-1, place - 1)))
        cache = draw(st.sampled_from(["auto", "always", "never"]))
        nodes.append(DrawnNode(reads, draw(st.integers(0, 3)), cache))
    read = {place for node in nodes for place in node.reads}
    chosen = draw(st.sets(st.integers(0, count - 1)))
    returned = tuple(sorted(chosen | (set(range(count)) - read)))
    # What is returned and not kept would run in every full check; it is kept here, so that laws are sharp.
    nodes = [
        attrs.evolve(node, cache="auto") if place in returned and node.cache == "never" else node
        for place, node in enumerate(nodes)
    ]
    return DrawnGraph(tuple(nodes), returned)
