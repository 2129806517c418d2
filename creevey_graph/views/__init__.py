"""
Views: renderings of a graph, with the state of its nodes where there is one, in the table `VIEWS`.

Each is imported when it is asked for: a run that draws nothing pays for none.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creevey_graph.shape import Shape
    from creevey_graph.state import GraphState

__all__ = ["SUFFIXES", "VIEWS"]

View = Callable[["Shape", "GraphState | None"], str]


def _view(module: str, function: str) -> View:
    """Return the view that a module's function draws."""

    def draw(shape: "Shape", state: "GraphState | None" = None) -> str:
        drawn: str = getattr(import_module(f"{__name__}.{module}"), function)(shape, state)
        return drawn

    return draw


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "text": _view("tree", "draw_text"),
        "svg": _view("svg", "draw_svg"),
        "html": _view("standalone", "draw_html"),
        "mermaid": _view("mermaid", "draw_mermaid"),
        "dot": _view("dot", "draw_dot"),
        "json": _view("node_link", "draw_json"),
    }
)
"""Name -> rendering of a graph."""
SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".txt": "text",
        ".svg": "svg",
        ".html": "html",
        ".htm": "html",
        ".mmd": "mermaid",
        ".mermaid": "mermaid",
        ".dot": "dot",
        ".gv": "dot",
        ".json": "json",
    }
)
"""Suffix of a file -> the view that is written to it; `.png` is made of the SVG."""
