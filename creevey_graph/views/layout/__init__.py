"""Where the nodes and edges of a graph stand on paper: layers, computed in pure Python from names and sizes."""

from creevey_graph.views.layout.boxes import Box, Layout, Route
from creevey_graph.views.layout.engine import lay_out

__all__ = ["Box", "Layout", "Route", "lay_out"]
