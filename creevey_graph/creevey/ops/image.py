"""Ops for pictures: changes and measures."""

from creevey_graph.arrays.stats import (
    calculate_dhash,
    calculate_mean_brightness,
    record_mean_brightness,
    report_dhash,
    report_mean_brightness,
)
from creevey_graph.arrays.transforms import (
    centercrop,
    convert_to_grayscale,
    flip_horiz,
    flip_vert,
    normalize_pixel_values,
    resize,
    rotate_90,
    rotate_180,
    rotate_270,
    trim_padding,
)

__all__ = [
    "calculate_dhash",
    "calculate_mean_brightness",
    "centercrop",
    "convert_to_grayscale",
    "flip_horiz",
    "flip_vert",
    "normalize_pixel_values",
    "record_mean_brightness",
    "report_dhash",
    "report_mean_brightness",
    "resize",
    "rotate_90",
    "rotate_180",
    "rotate_270",
    "trim_padding",
]
