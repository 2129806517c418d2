"""
Ready-made steps for pictures, made with `@step` like any user's.

- web: `download` (URL to bytes; loaded when it is first asked for)
- load: `load_image` (path or bytes to picture)
- geometry: `resize`; scaling: `img2dataset_resize`, `longest_max_size`, `smallest_max_size`
- cutting: `center_crop`, `crop`, `tiles`, `trim`; border: `trim_border`, `trim_padding`
- padding: `letterbox`, `pad`; turning: `flip`, `rotate`
- color: `grayscale`; modes: `convert`; tone: `adjust`, `autocontrast`, `equalize`, `invert`
- blur: `blur_boxes`, `gaussian_blur`
- arrays: `from_numpy`, `normalize`, `normalize_pixel_values`, `to_numpy` (numpy is loaded when they run)
- measure: `difference_hash`, `mean_brightness`
- write: `write_image`

Every step is a pure function: it never changes its arguments, and returns a new picture, or the
same object where nothing is to be done. Pictures are Pillow images.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from creevey_graph.images.arrays import from_numpy, normalize, normalize_pixel_values, to_numpy
from creevey_graph.images.blur import blur_boxes, gaussian_blur
from creevey_graph.images.border import trim_border, trim_padding
from creevey_graph.images.color import grayscale
from creevey_graph.images.cutting import center_crop, crop, tiles, trim
from creevey_graph.images.geometry import resize
from creevey_graph.images.load import DEFAULT_FORMATS, load_image
from creevey_graph.images.measure import difference_hash, mean_brightness
from creevey_graph.images.modes import convert
from creevey_graph.images.padding import letterbox, pad
from creevey_graph.images.scaling import img2dataset_resize, longest_max_size, smallest_max_size
from creevey_graph.images.tone import adjust, autocontrast, equalize, invert
from creevey_graph.images.turning import flip, rotate
from creevey_graph.images.write import write_image

if TYPE_CHECKING:
    from creevey_graph.images.web import download

__all__ = [
    "DEFAULT_FORMATS",
    "adjust",
    "autocontrast",
    "blur_boxes",
    "center_crop",
    "convert",
    "crop",
    "difference_hash",
    "download",
    "equalize",
    "flip",
    "from_numpy",
    "gaussian_blur",
    "grayscale",
    "img2dataset_resize",
    "invert",
    "letterbox",
    "load_image",
    "longest_max_size",
    "mean_brightness",
    "normalize",
    "normalize_pixel_values",
    "pad",
    "resize",
    "rotate",
    "smallest_max_size",
    "tiles",
    "to_numpy",
    "trim",
    "trim_border",
    "trim_padding",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name != "download":
        raise AttributeError(f"module 'creevey_graph.images' has no attribute '{name}'")
    value = import_module("creevey_graph.images.web").download
    globals()[name] = value
    return value
