"""Arrays to picture files."""

from pathlib import Path
from typing import Any

from creevey_graph.arrays.convert import Array, from_array
from creevey_graph.errors import UsageError
from creevey_graph.images.color import flattened
from creevey_graph.images.write import write_image as save_image

_DEEP = frozenset({".png", ".tif", ".tiff"})
_OPAQUE = frozenset({".jpg", ".jpeg"})


def write_image(
    image: Array,
    path: Path | str,
    inpath: Any = None,  # noqa: ARG001 - Creevey's signature
    log_dict: Any = None,  # noqa: ARG001 - Creevey's signature
    **options: Any,
) -> None:
    """
    Write a picture to *path*, whole or not at all, in the format its suffix names.

    The array stays as it is, and may be read-only. JPEG has no alpha: it is laid on white.

    Args:
        image: Grey, RGB or RGBA. Floats are 0-1 where all of them lie there, else 0-255; grey of 16 bits
            stays so in PNG and TIFF.
        path: The file; its folder is made where needed, an older file is replaced.
        inpath: Taken, as `CustomReportingPipeline` had it, and left alone.
        log_dict: Likewise.
        options: Those of `creevey_graph.images.write_image`, such as `quality=95`.

    Raises:
        UsageError: *image* is no picture, or the suffix names no format. (A ValueError.)
        ImageError: A value lies outside these ranges. (A ValueError.)
    """
    suffix = Path(path).suffix.lower()
    picture = from_array(image, deep=suffix in _DEEP)
    if suffix in _OPAQUE and picture.mode == "RGBA":
        picture = flattened(picture, "white")
    save_image(picture, path, **options)


def write_png(image: Array, path: Path | str, inpath: Any = None, log_dict: Any = None) -> None:
    """
    Write a picture as PNG; see `write_image`.

    Raises:
        UsageError: *path* does not end in ".png".
    """
    if Path(path).suffix.lower() != ".png":
        raise UsageError(f"write_png: path must end in .png (got '{path}')")
    write_image(image, path, inpath, log_dict)
