"""Views: renderings of a graph as text, in the table `VIEWS`; plans and progress beside them."""

from collections.abc import Callable, Mapping

from creevey_graph.graph import Graph
from creevey_graph.shape import shape_of
from creevey_graph.views.dot import draw_dot
from creevey_graph.views.mermaid import draw_mermaid
from creevey_graph.views.tree import draw_text

__all__ = ["VIEWS"]

VIEWS: Mapping[str, Callable[[Graph], str]] = {
    "text": lambda graph: draw_text(shape_of(graph)),
    "mermaid": draw_mermaid,
    "dot": draw_dot,
}
"""Name -> rendering of a graph."""
