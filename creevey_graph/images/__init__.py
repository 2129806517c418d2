"""
Ready-made steps for pictures, made with `@step` like any user's.

- web: `download` (URL to bytes); load: `load_image` (path or bytes to picture),
  `load_frames` (to all pictures of a file)
- geometry: `resize`; scaling: `img2dataset_resize`, `longest_max_size`, `smallest_max_size`
- cutting: `center_crop`, `crop`, `tiles`, `trim`; border: `trim_border`, `trim_padding`
- padding: `letterbox`, `pad`; turning: `flip`, `rotate`
- color: `grayscale`; modes: `convert`; tone: `adjust`, `autocontrast`, `equalize`, `invert`
- blur: `blur_boxes`, `gaussian_blur`
- arrays: `from_numpy`, `normalize`, `normalize_pixel_values`, `to_numpy` (numpy is loaded when they run)
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
same object where nothing is to be done. Pictures are Pillow images. A step's module is loaded when the
step is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creevey_graph.images.animation import write_animation
    from creevey_graph.images.arrays import from_numpy, normalize, normalize_pixel_values, to_numpy
    from creevey_graph.images.blur import blur_boxes, gaussian_blur
    from creevey_graph.images.border import trim_border, trim_padding
    from creevey_graph.images.channels import channel_mean_std, histogram, merge_channel_stats
    from creevey_graph.images.color import grayscale
    from creevey_graph.images.cutting import center_crop, crop, tiles, trim
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
    from creevey_graph.images.geometry import resize
    from creevey_graph.images.hashes import (
        average_hash,
        difference_hash,
        hash_distance,
        hex_hash,
        perceptual_hash,
        wavelet_hash,
    )
    from creevey_graph.images.load import DEFAULT_FORMATS, load_frames, load_image
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
    from creevey_graph.images.modes import convert
    from creevey_graph.images.padding import letterbox, pad
    from creevey_graph.images.rows import count_by, exact_duplicates, near_duplicates
    from creevey_graph.images.scaling import img2dataset_resize, longest_max_size, smallest_max_size
    from creevey_graph.images.tone import adjust, autocontrast, equalize, invert
    from creevey_graph.images.turning import flip, rotate
    from creevey_graph.images.web import download
    from creevey_graph.images.write import write_image

_HOMES = {
    "DEFAULT_FORMATS": "load",
    "adjust": "tone",
    "aspect_ratio": "measure",
    "autocontrast": "tone",
    "average_hash": "hashes",
    "blur_boxes": "blur",
    "blur_score": "measure",
    "center_crop": "cutting",
    "channel_mean_std": "channels",
    "colorfulness": "measure",
    "convert": "modes",
    "count_by": "rows",
    "crop": "cutting",
    "difference_hash": "hashes",
    "download": "web",
    "encode_image": "encode",
    "entropy": "measure",
    "equalize": "tone",
    "exact_duplicates": "rows",
    "exif": "exif_tags",
    "flip": "turning",
    "from_numpy": "arrays",
    "gaussian_blur": "blur",
    "grayscale": "color",
    "hash_distance": "hashes",
    "height": "measure",
    "hex_hash": "hashes",
    "histogram": "channels",
    "img2dataset_resize": "scaling",
    "invert": "tone",
    "is_grayscale": "measure",
    "letterbox": "padding",
    "load_frames": "load",
    "load_image": "load",
    "longest_max_size": "scaling",
    "mean_brightness": "measure",
    "merge_channel_stats": "channels",
    "nbytes": "facts",
    "near_duplicates": "rows",
    "normalize": "arrays",
    "normalize_pixel_values": "arrays",
    "pad": "padding",
    "perceptual_hash": "hashes",
    "picture_facts": "facts",
    "require_aspect_ratio": "filters",
    "require_brightness": "filters",
    "require_bytes": "file_filters",
    "require_color": "filters",
    "require_entropy": "filters",
    "require_format": "file_filters",
    "require_grayscale": "filters",
    "require_sharpness": "filters",
    "require_size": "filters",
    "resize": "geometry",
    "rotate": "turning",
    "sha256": "facts",
    "smallest_max_size": "scaling",
    "tiles": "cutting",
    "to_numpy": "arrays",
    "trim": "cutting",
    "trim_border": "border",
    "trim_padding": "border",
    "wavelet_hash": "hashes",
    "width": "measure",
    "write_animation": "animation",
    "write_image": "write",
}
"""Public name -> module it stands in."""

__all__ = [
    "DEFAULT_FORMATS",
    "adjust",
    "aspect_ratio",
    "autocontrast",
    "average_hash",
    "blur_boxes",
    "blur_score",
    "center_crop",
    "channel_mean_std",
    "colorfulness",
    "convert",
    "count_by",
    "crop",
    "difference_hash",
    "download",
    "encode_image",
    "entropy",
    "equalize",
    "exact_duplicates",
    "exif",
    "flip",
    "from_numpy",
    "gaussian_blur",
    "grayscale",
    "hash_distance",
    "height",
    "hex_hash",
    "histogram",
    "img2dataset_resize",
    "invert",
    "is_grayscale",
    "letterbox",
    "load_frames",
    "load_image",
    "longest_max_size",
    "mean_brightness",
    "merge_channel_stats",
    "nbytes",
    "near_duplicates",
    "normalize",
    "normalize_pixel_values",
    "pad",
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
    "smallest_max_size",
    "tiles",
    "to_numpy",
    "trim",
    "trim_border",
    "trim_padding",
    "wavelet_hash",
    "width",
    "write_animation",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'creevey_graph.images' has no attribute '{name}'")
    value = getattr(import_module(f"creevey_graph.images.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
