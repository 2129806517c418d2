"""Pillow images to arrays and back, and numpy where it is needed: it is an extra, and 0.1 s to import."""

from typing import Any

from PIL import Image

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.color import unpaletted

Array = Any
"""A `numpy.ndarray`."""

GREY, COLOUR, WITH_ALPHA = 2, 3, 4
_WHITE, _DEEP_WHITE = 255, 65535


def numpy() -> Any:
    """
    Return numpy.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import numpy as np  # noqa: PLC0415 - an extra, and 0.1 s to import
    except ImportError as exc:
        raise ImportError("pictures as arrays need numpy; pip install 'creevey_graph[creevey]'") from exc
    return np


def to_array(image: Image.Image) -> Array:
    """
    Return a picture as an array of its own.

    Returns:
        Grey, RGB or RGBA; palettes, CMYK and others become RGB, grey with alpha RGBA. Grey of 16 bits
        stays uint16, of floats float32.

    >>> to_array(Image.new("LA", (2, 1))).shape
    (1, 2, 4)

    """
    np = numpy()
    if image.mode.startswith("I;16"):
        return np.array(image.convert("I")).astype(np.uint16)
    if image.mode == "I":
        deep = np.array(image)
        return deep.astype(np.uint16) if deep.size and deep.min() >= 0 and deep.max() <= _DEEP_WHITE else deep
    image = unpaletted(image)
    if image.mode in {"LA", "La", "RGBa"}:
        image = image.convert("RGBA")
    elif image.mode not in {"L", "F", "RGB", "RGBA"}:
        image = image.convert("RGB")
    return np.array(image)


def from_array(image: Array, *, deep: bool = False) -> Image.Image:
    """
    Return an array as a picture, without changing the array.

    Args:
        image: Grey, RGB or RGBA. Floats are 0-1 where all of them lie there, else 0-255; bool is black and
            white; other integers than uint8 and uint16 are 0-255.
        deep: Whether grey of 16 bits may stay so; everything else is scaled to 8 bits.

    Raises:
        UsageError: It is no array of such a shape, or has no pixels.
        ImageError: A value lies outside these ranges.

    >>> import numpy as np
    >>> from_array(np.array([[0.0, 1.0]])).getextrema()
    (0, 255)

    """
    np = numpy()
    image = checked_array("write_image", image)
    if image.ndim == COLOUR and image.shape[2] == 1:
        image = image[:, :, 0]
    if deep and image.ndim == GREY and image.dtype == np.uint16:
        return Image.fromarray(np.ascontiguousarray(image))
    return Image.fromarray(np.ascontiguousarray(_in_8_bits(image)))


def checked_array(function: str, image: Any) -> Array:
    """
    Return *image* where it is a picture with pixels.

    Raises:
        UsageError: It is not.
    """
    np = numpy()
    if not isinstance(image, np.ndarray):
        raise UsageError(f"{function}: image must be a numpy array (got {type(image).__name__})")
    is_picture = image.ndim == GREY or (image.ndim == COLOUR and image.shape[2] in (1, COLOUR, WITH_ALPHA))
    if not is_picture or not image.size:
        raise UsageError(
            f"{function}: image must be height x width, or height x width x 1, 3 or 4, with pixels "
            f"(got shape {image.shape})"
        )
    return image


def _in_8_bits(image: Array) -> Array:
    np = numpy()
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * _WHITE
    if image.dtype == np.uint16:
        return ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= _WHITE):  # also true of NaN
        raise ImageError(
            f"write_image: {image.dtype} pixels must lie in 0-255, floats in 0-1 or 0-255 "
            f"(got {low} to {high}); scale them in an op"
        )
    if image.dtype.kind == "f":
        return (image * (_WHITE if high <= 1 else 1) + 0.5).astype(np.uint8)
    return image.astype(np.uint8)
