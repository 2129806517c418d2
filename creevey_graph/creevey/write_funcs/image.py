"""Functions that write pictures."""

from creevey_graph.arrays.write import write_image, write_png

__all__ = ["write_image", "write_png"]
