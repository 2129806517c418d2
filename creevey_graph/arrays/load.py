"""Pictures from files and bytes to arrays, as Creevey's load functions gave them."""

import os
from pathlib import Path
from typing import Any

from creevey_graph.arrays.convert import Array, to_array
from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.load import load_image as open_image


def load_image_from_disk(inpath: Path | str, log_dict: Any = None) -> Array:  # noqa: ARG001 - Creevey's signature
    """
    Read a picture from a file.

    Upright where EXIF says how it was held; a truncated file is an error, never half a picture.

    Args:
        inpath: The file.
        log_dict: Taken, as `CustomReportingPipeline` had it, and left alone.

    Returns:
        A writable array: grey, RGB or RGBA; grey of 16 bits stays uint16.

    Raises:
        ImageError: There is no such file, or it is no picture. (A ValueError.)

    """
    if not isinstance(inpath, (str, os.PathLike)):
        raise UsageError(f"load_image_from_disk: inpath must be a path (got {type(inpath).__name__})")
    try:
        return to_array(open_image(Path(inpath), mode="keep"))
    except FileNotFoundError as exc:
        raise ImageError(f"{inpath} failed to load: there is no such file") from exc
    except ImageError as exc:
        raise ImageError(f"{inpath} failed to load: {exc}") from exc


def load_image_from_bytes(data: bytes, inpath: Any = None, log_dict: Any = None) -> Array:  # noqa: ARG001 - Creevey's signature
    """
    Decode a picture from the bytes of its file.

    Args:
        data: The bytes.
        inpath: Taken, as `CustomReportingPipeline` had it, and left alone.
        log_dict: Likewise.

    Raises:
        ImageError: They are no picture. (A ValueError.)
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise UsageError(f"load_image_from_bytes: data must be bytes (got {type(data).__name__})")
    try:
        return to_array(open_image(bytes(data), mode="keep"))
    except ImageError as exc:
        raise ImageError(f"failed to load: {exc}") from exc
