"""
Ready-made steps for pictures, made with `@step` like any user's.

- web: `download` (URL to bytes; loaded when it is first asked for)
- load: `load_image` (path or bytes to picture), `load_frames` (to all pictures of a file)
- geometry: `crop`, `flip`, `resize`, `rotate`, `trim`
- color: `grayscale`
- measure: `difference_hash`, `mean_brightness`
- write: `write_image`

Every step is a pure function: it never changes its arguments, and returns a new picture, or the
same object where nothing is to be done. Pictures are Pillow images.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from creevey_graph.images.color import grayscale
from creevey_graph.images.geometry import crop, flip, resize, rotate, trim
from creevey_graph.images.load import DEFAULT_FORMATS, load_frames, load_image
from creevey_graph.images.measure import difference_hash, mean_brightness
from creevey_graph.images.write import write_image

if TYPE_CHECKING:
    from creevey_graph.images.web import download

__all__ = [
    "DEFAULT_FORMATS",
    "crop",
    "difference_hash",
    "download",
    "flip",
    "grayscale",
    "load_frames",
    "load_image",
    "mean_brightness",
    "resize",
    "rotate",
    "trim",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name != "download":
        raise AttributeError(f"module 'creevey_graph.images' has no attribute '{name}'")
    value = import_module("creevey_graph.images.web").download
    globals()[name] = value
    return value
