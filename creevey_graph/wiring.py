"""
The wiring of a graph: which node's value feeds which parameter.

networkx takes 0.1 s to import, a third of what a run with nothing to do takes. A graph whose nodes read
only what was placed before them, as every traced one is, can have no cycle and is in order already; it is
asked where one is not, and made for whoever wants to look (`Graph.networkx`).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from creevey_graph.node import Node, Ref
from creevey_graph.validate import validate_acyclic

if TYPE_CHECKING:
    import networkx as nx


@attrs.frozen
class Wiring:
    """
    Inputs, nodes and connections.

    Args:
        name: The graph's name.
        nodes: Name -> facts: `kind` ("input" or "node"), `gives` (annotation), and of a node `step`
            and `takes` (annotations); in the order they were placed.
        feeds: (giver, reader) -> names of the parameters it feeds.
    """

    name: str
    nodes: Mapping[str, Mapping[str, Any]]
    feeds: Mapping[tuple[str, str], tuple[str, ...]]

    @property
    def is_in_order(self) -> bool:
        """True where every node reads only what was placed before it: there is no cycle."""
        place = {name: index for index, name in enumerate(self.nodes)}
        return all(place[giver] < place[reader] for giver, reader in self.feeds)

    def edges(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield (giver, reader, names of the parameters)."""
        for (giver, reader), parameters in self.feeds.items():
            yield giver, reader, parameters

    def to_networkx(self) -> "nx.DiGraph[str]":
        """Return it as a read-only `networkx.DiGraph`; edges have `parameters`."""
        import networkx as nx  # noqa: PLC0415 - see above

        made: nx.DiGraph[str] = nx.DiGraph(name=self.name)
        made.add_nodes_from((name, dict(facts)) for name, facts in self.nodes.items())
        made.add_edges_from((a, b, {"parameters": parameters}) for a, b, parameters in self.edges())
        return nx.freeze(made)


def wiring_of(name: str, inputs: Mapping[str, Any], nodes: Mapping[str, Node]) -> Wiring:
    """Return the wiring of inputs (name -> annotation) and nodes."""
    facts: dict[str, dict[str, Any]] = {
        source: {"kind": "input", "gives": annotation} for source, annotation in inputs.items()
    }
    for node in nodes.values():
        hints = node.step.hints
        gives = hints.get("return", Any)
        facts[node.name] = {"kind": "node", "step": node.step, "gives": gives, "takes": hints}
    feeds: dict[tuple[str, str], list[str]] = {}
    for node in nodes.values():
        for parameter, source in node.refs():
            whole = isinstance(node.arguments[parameter], Ref)
            feeds.setdefault((source, node.name), []).append(parameter if whole else f"{parameter}[]")
    return Wiring(name, facts, {pair: tuple(parameters) for pair, parameters in feeds.items()})


def order_of(wiring: Wiring) -> list[str]:
    """
    Return all names in topological order, ties in the order they were placed.

    Raises:
        GraphError: There is a cycle.
    """
    if wiring.is_in_order:
        return list(wiring.nodes)
    import networkx as nx  # noqa: PLC0415 - see above

    made = wiring.to_networkx()
    validate_acyclic(made)
    place = {name: index for index, name in enumerate(wiring.nodes)}
    return list(nx.lexicographical_topological_sort(made, key=place.get))
