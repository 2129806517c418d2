"""
Ready-made steps for pictures, made with `@step` like any user's.

- web: `download` (URL to bytes; loaded when it is first asked for)
- load: `load_image` (path or bytes to picture)
- geometry: `crop`, `flip`, `resize`, `rotate`, `trim`
- color: `grayscale`
- facts: `nbytes`, `picture_facts`, `sha256` (of the file, nothing decoded); exif_tags: `exif`
- measure: `aspect_ratio`, `blur_score`, `colorfulness`, `entropy`, `height`, `is_grayscale`,
  `mean_brightness`, `width`
- channels: `channel_mean_std`, `histogram`; `merge_channel_stats` over the rows of a report
- hashes: `average_hash`, `difference_hash`, `perceptual_hash`, `wavelet_hash`; `hash_distance`, `hex_hash`
- rows: `count_by`, `exact_duplicates`, `near_duplicates` over the rows of a report
- filters: `require_aspect_ratio`, `require_brightness`, `require_color`, `require_entropy`,
  `require_grayscale`, `require_sharpness`, `require_size`; file_filters: `require_bytes`, `require_format`
- write: `write_image`; encode: `encode_image`; animation: `write_animation`

Every step is a pure function: it never changes its arguments, and returns a new picture, or the
same object where nothing is to be done. Pictures are Pillow images.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from creevey_graph.images.animation import write_animation
from creevey_graph.images.channels import channel_mean_std, histogram, merge_channel_stats
from creevey_graph.images.color import grayscale
from creevey_graph.images.encode import encode_image
from creevey_graph.images.exif_tags import exif
from creevey_graph.images.facts import nbytes, picture_facts, sha256
from creevey_graph.images.file_filters import require_bytes, require_format
from creevey_graph.images.filters import (
    require_aspect_ratio,
    require_brightness,
    require_color,
    require_entropy,
    require_grayscale,
    require_sharpness,
    require_size,
)
from creevey_graph.images.geometry import crop, flip, resize, rotate, trim
from creevey_graph.images.hashes import (
    average_hash,
    difference_hash,
    hash_distance,
    hex_hash,
    perceptual_hash,
    wavelet_hash,
)
from creevey_graph.images.load import DEFAULT_FORMATS, load_image
from creevey_graph.images.measure import (
    aspect_ratio,
    blur_score,
    colorfulness,
    entropy,
    height,
    is_grayscale,
    mean_brightness,
    width,
)
from creevey_graph.images.rows import count_by, exact_duplicates, near_duplicates
from creevey_graph.images.write import write_image

if TYPE_CHECKING:
    from creevey_graph.images.web import download

__all__ = [
    "DEFAULT_FORMATS",
    "aspect_ratio",
    "average_hash",
    "blur_score",
    "channel_mean_std",
    "colorfulness",
    "count_by",
    "crop",
    "difference_hash",
    "download",
    "encode_image",
    "entropy",
    "exact_duplicates",
    "exif",
    "flip",
    "grayscale",
    "hash_distance",
    "height",
    "hex_hash",
    "histogram",
    "is_grayscale",
    "load_image",
    "mean_brightness",
    "merge_channel_stats",
    "nbytes",
    "near_duplicates",
    "perceptual_hash",
    "picture_facts",
    "require_aspect_ratio",
    "require_brightness",
    "require_bytes",
    "require_color",
    "require_entropy",
    "require_format",
    "require_grayscale",
    "require_sharpness",
    "require_size",
    "resize",
    "rotate",
    "sha256",
    "trim",
    "wavelet_hash",
    "width",
    "write_animation",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name != "download":
        raise AttributeError(f"module 'creevey_graph.images' has no attribute '{name}'")
    value = import_module("creevey_graph.images.web").download
    globals()[name] = value
    return value
