"""Functions that load what an inpath names; those for pictures stand in `image`."""

from creevey_graph.arrays.web import Response, download_bytes, get_response

__all__ = ["Response", "download_bytes", "get_response"]
