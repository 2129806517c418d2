"""The file formats that are written, and which options each has: tables, and no encoding."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph.errors import UsageError


@attrs.frozen
class Format:
    """
    A file format that is written.

    Args:
        name: Pillow's name of it.
        modes: The modes it can hold without losing anything, but for what the format is about.
        options: What Pillow's `save` is given besides.
        takes: The parameters of `write_image` that count.
        alpha: True where it holds transparency.
        icc: True where it holds a colour profile.
        animates: True where it holds several pictures, shown one after the other.
    """

    name: str
    modes: tuple[str, ...]
    options: Mapping[str, Any] = attrs.field(factory=dict)
    takes: frozenset[str] = frozenset()
    alpha: bool = True
    icc: bool = False
    animates: bool = False


_JPEG = Format(
    "JPEG",
    ("L", "RGB", "CMYK"),
    takes=frozenset(
        (
            "quality",
            "subsampling",
            "optimize",
            "progressive",
        )
    ),
    alpha=False,
    icc=True,
)
_TIFF = Format(
    "TIFF",
    ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"),
    options={"compression": "tiff_adobe_deflate"},
    takes=frozenset(("compression",)),
    icc=True,
)
_PNG = Format(
    "PNG",
    ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    takes=frozenset(
        (
            "compress_level",
            "optimize",
        )
    ),
    icc=True,
    animates=True,
)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".avif": Format(
            "AVIF",
            ("L", "RGB", "RGBA"),
            takes=frozenset(
                (
                    "quality",
                    "subsampling",
                    "speed",
                )
            ),
            icc=True,
        ),
        ".bmp": Format("BMP", ("1", "L", "P", "RGB", "RGBA")),
        ".gif": Format("GIF", ("1", "L", "P", "RGB", "RGBA"), animates=True),
        ".jp2": Format("JPEG2000", ("L", "LA", "RGB", "RGBA", "I;16")),
        ".jpeg": _JPEG,
        ".jpg": _JPEG,
        ".pbm": Format("PPM", ("1",), alpha=False),
        ".pfm": Format("PPM", ("F",), alpha=False),
        ".pgm": Format("PPM", ("L", "I;16"), alpha=False),
        ".png": _PNG,
        ".pnm": Format("PPM", ("1", "L", "RGB", "I;16"), alpha=False),
        ".ppm": Format("PPM", ("RGB",), alpha=False),
        ".tif": _TIFF,
        ".tiff": _TIFF,
        ".webp": Format(
            "WEBP",
            ("L", "RGB", "RGBA"),
            takes=frozenset(
                (
                    "quality",
                    "lossless",
                    "method",
                )
            ),
            icc=True,
            animates=True,
        ),
    }
)
"""Suffix -> format."""

COMPRESSIONS: Mapping[str, str] = MappingProxyType(
    {"deflate": "tiff_adobe_deflate", "lzw": "tiff_lzw", "none": "raw", "packbits": "packbits"}
)
"""What a TIFF may be packed with -> Pillow's name of it; all are lossless."""


def format_of_suffix(step: str, parameter: str, suffix: str, given: str) -> Format:
    """
    Return the format of a suffix such as ".jpg"; capitals do not count.

    Raises:
        UsageError: There is none; all there are, are listed.

    >>> format_of_suffix("write_image", "path", ".JPG", "a.JPG").name
    'JPEG'

    """
    try:
        return FORMATS[suffix.lower()]
    except KeyError:
        raise UsageError(
            f"step '{step}': {parameter} must end in {one_of(FORMATS)} (got '{given}')"
        ) from None


def suffixes_with(parameter: str) -> list[str]:
    """
    Return the suffixes of the formats that have an option.

    >>> suffixes_with("lossless")
    ['.webp']

    """
    return [suffix for suffix, known in FORMATS.items() if parameter in known.takes]


def one_of(names: Mapping[str, Any] | list[str]) -> str:
    """
    Return names as a list that ends in "or".

    >>> one_of([".gif", ".png", ".webp"])
    '.gif, .png or .webp'

    """
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else str(last)
