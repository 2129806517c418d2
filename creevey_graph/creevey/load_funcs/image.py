"""Functions that load pictures, as arrays."""

from creevey_graph.arrays.load import load_image_from_bytes, load_image_from_disk
from creevey_graph.arrays.web import load_image_from_url

__all__ = [
    "download_image",
    "load_image",
    "load_image_from_bytes",
    "load_image_from_disk",
    "load_image_from_url",
]

download_image = load_image_from_url
"""Its name in Creevey 1.0 to 1.2."""
load_image = load_image_from_disk
"""Its name in Creevey 1.0 to 1.2."""
