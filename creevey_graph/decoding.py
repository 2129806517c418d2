"""
What every decoding has in common: what decoders raise told as one error, what costs no picture as a
warning, and the turns that EXIF asks for.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from PIL import Image

from creevey_graph.errors import ImageError, PictureWarning

FailOn = Literal["none", "truncated", "error", "warning"]

UPRIGHT: Mapping[int, Image.Transpose] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
"""EXIF orientation -> what makes the stored picture upright; 1 asks for nothing."""

# All that Pillow's decoders were seen to raise on bad bytes; MemoryError is not among them.
DECODER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,  # where the user's filters turn them into errors
    Image.DecompressionBombError,
    struct.error,
    zlib.error,
)


@contextmanager
def decoding(where: str) -> Iterator[None]:
    """
    Tell what a decoder raises as an ImageError that names the picture.

    >>> with decoding("a.jpg"):
    ...     raise OSError("image file is truncated")
    Traceback (most recent call last):
    creevey_graph.errors.ImageError: a.jpg: truncated picture (image file is truncated)
    """
    try:
        yield
    except DECODER_ERRORS as exc:
        how = "truncated" if "truncated" in str(exc).lower() else "damaged"
        raise ImageError(f"{where}: {how} picture ({text_of(exc)})") from exc


def text_of(exc: Exception) -> str:
    """Return what an exception says, its name where it says nothing."""
    return str(exc) or type(exc).__name__


def warn(told: str, fail_on: FailOn) -> None:
    """
    Tell of damage that costs no pixels: as a PictureWarning, or as an error where that was asked for.

    Raises:
        ImageError: *fail_on* is "warning".
    """
    if fail_on == "warning":
        raise ImageError(told)
    warnings.warn(told, PictureWarning, stacklevel=2)
