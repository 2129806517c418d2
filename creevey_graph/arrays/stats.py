"""Creevey's measures of pictures, and the ops that report them."""

from typing import Any

from PIL import Image

from creevey_graph.arrays.convert import Array, checked_array, numpy
from creevey_graph.arrays.report import get_report_output_decorator, report_output
from creevey_graph.arrays.transforms import convert_to_grayscale
from creevey_graph.errors import UsageError


def calculate_mean_brightness(image: Array) -> float:
    """
    Return the mean brightness of a picture, on the scale of its values.

    >>> import numpy as np
    >>> calculate_mean_brightness(np.array([[0, 0, 0], [1, 1, 1]]))
    0.5

    """
    return float(convert_to_grayscale(image).mean())


def calculate_dhash(image: Array, sqrt_hash_size: int = 8) -> int:
    """
    Return the difference hash of a picture: pictures that look alike differ in few bits.

    Hashes of duplicates differ in less than 10 bits as a rule: `(a ^ b).bit_count()`.

    Args:
        image: Grey, RGB or RGBA.
        sqrt_hash_size: Edge of the shrunken grid; 8 gives a 64-bit hash.

    Returns:
        Bits in row-major order, least significant first; a bit is 1 where the right one of two
        neighbours is brighter.

    Raises:
        UsageError: *sqrt_hash_size* is below 2. (A ValueError.)

    Source: N. Krawetz, "Kind of Like That" (2013), the dHash section.

    >>> import numpy as np
    >>> calculate_dhash(np.tile(np.arange(90, dtype=np.uint8), (80, 1)), sqrt_hash_size=2)
    15

    """
    np = numpy()
    image = checked_array("calculate_dhash", image)
    if isinstance(sqrt_hash_size, bool) or not isinstance(sqrt_hash_size, int) or sqrt_hash_size < 2:  # noqa: PLR2004 - one column has no neighbours
        raise UsageError(f"calculate_dhash: sqrt_hash_size must be 2 or more (got {sqrt_hash_size!r})")
    grey = np.ascontiguousarray(convert_to_grayscale(image))
    if grey.dtype != np.uint8:
        grey = grey.astype(np.float32)
    size = (sqrt_hash_size + 1, sqrt_hash_size)
    small = np.array(Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS))
    brighter = (small[:, 1:] > small[:, :-1]).ravel()
    return sum(1 << place for place, bit in enumerate(brighter.tolist()) if bit)


report_mean_brightness = get_report_output_decorator("mean_brightness")(calculate_mean_brightness)
"""Op that reports the mean brightness as `mean_brightness`."""

report_dhash = get_report_output_decorator("dhash")(calculate_dhash)
"""Op that reports the difference hash as `dhash`; `partial(report_dhash, sqrt_hash_size=16)` makes it finer."""


def record_mean_brightness(image: Array, inpath: Any, log_dict: Any) -> Array:
    """Store the mean brightness in `log_dict[inpath]["mean_brightness"]`, and return *image*; Creevey 1.2's name."""
    return report_output(image, calculate_mean_brightness, inpath, log_dict, "mean_brightness")
