"""Creevey's changes to pictures: resize, crop, trim, grey, flip, rotate."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from creevey_graph.arrays.convert import COLOUR, GREY, Array, checked_array, numpy
from creevey_graph.errors import UsageError

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_BITS = 16
_DEEP_WHITE = 65535
_FILTER = Image.Resampling.LANCZOS


def resize(
    image: Array,
    shape: tuple[int, int] | None = None,
    min_dim: int | None = None,
    *,
    width: int | None = None,
    height: int | None = None,
    inpath: Any = None,  # noqa: ARG001 - Creevey's signature
    log_dict: Any = None,  # noqa: ARG001 - Creevey's signature
) -> Array:
    """
    Resize a picture.

    Args:
        image: Grey, RGB or RGBA, of any type of numbers.
        shape: Height and width to bring it to, px.
        min_dim: What its shorter side is brought to, px; the other one follows.
        width: With *height*, another way to say *shape*.
        height: With *width*, another way to say *shape*.
        inpath: Taken, as `CustomReportingPipeline` had it, and left alone.
        log_dict: Likewise.

    Returns:
        An array of the same type. Lanczos filter over the whole area that a pixel comes from, where
        Creevey's `cv2.resize` took two neighbours (29.5 dB from it on photos).

    Raises:
        UsageError: Not exactly one of *shape* and *min_dim* is given, or it is below 1. (A ValueError.)

    >>> import numpy as np
    >>> resize(np.zeros((480, 640, 3), np.uint8), min_dim=1000).shape
    (1000, 1333, 3)

    """
    image = checked_array("resize", image)
    if width is not None and height is not None and shape is None:
        shape = (height, width)
    if (shape is None) == (min_dim is None):
        raise UsageError(
            f"resize: exactly one of shape and min_dim must be given (got shape={shape!r}, min_dim={min_dim!r})"
        )
    target = _least_shape(image, min_dim) if shape is None else tuple(shape)
    if len(target) != GREY or not all(_is_whole(side) and side >= 1 for side in target):
        raise UsageError(f"resize: shape must be (height, width), each 1 or more (got {target!r})")
    return _resized(image, (int(target[0]), int(target[1])))


def _is_whole(side: Any) -> bool:
    return not isinstance(side, bool) and hasattr(side, "__index__")


def _least_shape(image: Array, min_dim: Any) -> tuple[int, int]:
    if not _is_whole(min_dim) or min_dim < 1:
        raise UsageError(f"resize: min_dim must be 1 or more, in px (got {min_dim!r})")
    height, width = image.shape[:2]
    ratio = width / height
    if ratio < 1:
        return int(round(min_dim / ratio, 1)), int(min_dim)
    return int(min_dim), int(round(min_dim * ratio, 1))


def _resized(image: Array, shape: tuple[int, int]) -> Array:
    np = numpy()
    size = shape[::-1]
    if image.dtype == np.uint8 and (image.ndim == GREY or image.shape[2] != 1):
        return np.array(Image.fromarray(np.ascontiguousarray(image)).resize(size, _FILTER))
    bands = [image] if image.ndim == GREY else [image[:, :, band] for band in range(image.shape[2])]
    floats = [np.ascontiguousarray(band, dtype=np.float32) for band in bands]
    resized = [np.array(Image.fromarray(band).resize(size, _FILTER)) for band in floats]
    joined = resized[0] if image.ndim == GREY else np.stack(resized, axis=2)
    if image.dtype.kind == "f":
        return joined.astype(image.dtype)
    if image.dtype == np.bool_:
        return joined >= 0.5  # noqa: PLR2004 - the nearer of 0 and 1
    limits = np.iinfo(image.dtype)
    return np.clip(np.rint(joined), limits.min, limits.max).astype(image.dtype)


def centercrop(
    image: Array,
    reduction_factor: float,
    inpath: Any = None,  # noqa: ARG001 - Creevey's signature
    log_dict: Any = None,  # noqa: ARG001 - Creevey's signature
) -> Array:
    """
    Cut out the middle of a picture.

    Args:
        image: Grey, RGB or RGBA.
        reduction_factor: What is left of height and of width, above 0 to 1.
        inpath: Taken, as `CustomReportingPipeline` had it, and left alone.
        log_dict: Likewise.

    Raises:
        UsageError: *reduction_factor* is none.

    Source: Creevey: edges at (side - side * factor) // 2 and (side + side * factor) // 2.

    >>> import numpy as np
    >>> centercrop(np.zeros((32, 32, 3), np.uint8), 0.6).shape
    (19, 19, 3)

    """
    image = checked_array("centercrop", image)
    if not 0 < reduction_factor <= 1:
        raise UsageError(f"centercrop: reduction_factor must be above 0, to 1 (got {reduction_factor!r})")
    (top, bottom), (left, right) = (
        (int((side - side * reduction_factor) // 2), int((side + side * reduction_factor) // 2))
        for side in image.shape[:2]
    )
    return image[top:bottom, left:right].copy()


def trim_padding(
    image: Array,
    comparison_op: Callable[[Any, Any], Any],
    thresh: float,
    inpath: Any = None,  # noqa: ARG001 - Creevey's signature
    log_dict: Any = None,  # noqa: ARG001 - Creevey's signature
) -> Array:
    """
    Cut off rows and columns at the edges that are padding throughout.

    Args:
        image: Grey, RGB or RGBA; 0-65535 of 16 bits; of others 0-1, or 0-255 where any brightness is above 1.
        comparison_op: What makes a pixel padding, such as `operator.gt`: called with all brightnesses
            (0-1) and *thresh*.
        thresh: A brightness, 0-1: `operator.gt` and 0.95 for white padding, `operator.lt` and 0.05 for black.
        inpath: Taken, as `CustomReportingPipeline` had it, and left alone.
        log_dict: Likewise.

    Returns:
        What is left; 0 x 0 px where all is padding.

    >>> import numpy as np, operator
    >>> padded = np.pad(np.zeros((5, 8), np.uint8), 3, constant_values=255)
    >>> trim_padding(padded, operator.gt, 0.95).shape
    (5, 8)

    """
    np = numpy()
    image = checked_array("trim_padding", image)
    brightness = normalize_pixel_values(convert_to_grayscale(image))
    kept = ~np.asarray(comparison_op(brightness, thresh), dtype=bool)
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    if not rows.size:
        return image[:0, :0].copy()
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def normalize_pixel_values(image: Array) -> Array:
    """
    Return a picture with values from 0 to 1.

    Args:
        image: 0-65535 of 16 bits (uint16); of others 0-1, or 0-255 where any value is above 1.

    Returns:
        Floats; *image* itself where no value is above 1.
    """
    if image.dtype == numpy().uint16:
        return image / _DEEP_WHITE
    return image / 255 if image.size and image.max() > 1 else image


def convert_to_grayscale(image: Array) -> Array:
    """
    Return the brightness of a picture.

    Args:
        image: Grey, which is returned as it is, RGB or RGBA, whose alpha is left out.

    Returns:
        height x width, of the same type.

    Source: ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B; of uint8 in 16 bits, as Pillow's "L".

    >>> import numpy as np
    >>> int(convert_to_grayscale(np.array([[[255, 0, 0]]], np.uint8))[0, 0])
    76

    """
    np = numpy()
    image = checked_array("convert_to_grayscale", image)
    if image.ndim == GREY:
        return image
    if image.shape[2] == 1:
        return image[:, :, 0].copy()
    if image.dtype.kind == "f":
        luma = image[:, :, 0] * _RED + image[:, :, 1] * _GREEN + image[:, :, 2] * _BLUE
        return luma.astype(image.dtype)
    weights = np.array([round(part * (1 << _BITS)) for part in (_RED, _GREEN, _BLUE)], dtype=np.int64)
    luma = (image[:, :, :COLOUR].astype(np.int64) @ weights + (1 << (_BITS - 1))) >> _BITS
    return luma.astype(image.dtype)


def flip_horiz(image: Array) -> Array:
    """Return a picture with left and right exchanged."""
    return checked_array("flip_horiz", image)[:, ::-1].copy()


def flip_vert(image: Array) -> Array:
    """Return a picture with top and bottom exchanged."""
    return checked_array("flip_vert", image)[::-1].copy()


def rotate_90(image: Array) -> Array:
    """Return a picture turned by 90 degrees, counter-clockwise."""
    return numpy().rot90(checked_array("rotate_90", image)).copy()


def rotate_180(image: Array) -> Array:
    """Return a picture turned by 180 degrees."""
    return numpy().rot90(checked_array("rotate_180", image), 2).copy()


def rotate_270(image: Array) -> Array:
    """Return a picture turned by 270 degrees, counter-clockwise."""
    return numpy().rot90(checked_array("rotate_270", image), 3).copy()
