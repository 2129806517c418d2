"""Steps that tell of a file without decoding it: `picture_facts`, `sha256`, `nbytes`."""

import hashlib
import os
from typing import Any

from PIL import Image

from creevey_graph.decoding import DECODER_ERRORS, text_of
from creevey_graph.errors import ImageError
from creevey_graph.images.header import Source, format_of, opened, quietly, reading
from creevey_graph.images.load import DEFAULT_FORMATS
from creevey_graph.step import step

_ORIENTATION_TAG = 0x0112
_TURNED = range(5, 9)
"""The orientations that swap width and height."""
_PART_BYTES = 2**20


@step(borrows=True, by_content=True)
def picture_facts(
    source: Source, *, exif_transpose: bool = True, formats: tuple[str, ...] | None = DEFAULT_FORMATS
) -> dict[str, Any]:
    """
    Return what the header of a picture says: a photo takes 0.1 ms, and a bomb is told before it is decoded.

    Args:
        source: A path (text will do), the bytes of a file, or what has `read_bytes()`.
        exif_transpose: Give width and height as the picture is seen, as `load_image` turns it; False
            for how they are stored.
        formats: Names of Pillow's formats that are read, as in `load_image`.

    Returns:
        "format" (Pillow's name: "JPEG", "PNG", …), "mode", "width" and "height" (pixels), "orientation"
        (EXIF, 1-8; 1 where there is none), "frames" (pages or pictures of an animation, 1 or more) and
        "nbytes" (of the file).

    Raises:
        ImageError: It is no picture, or its header is damaged.
        OSError: The file cannot be opened.
        UsageError: *source* is neither path nor bytes. (A ValueError.)

    >>> picture_facts(b"P5 40 30 255 ")["width"]
    40

    """
    with reading("picture_facts", source) as (file, where):
        image = opened(file, where, formats)
        orientation = _orientation(image)
        turned = exif_transpose and orientation in _TURNED
        width, height = reversed(image.size) if turned else image.size
        return {
            "format": format_of(image),
            "mode": image.mode,
            "width": width,
            "height": height,
            "orientation": orientation,
            "frames": _frames(image, where),
            "nbytes": file.seek(0, os.SEEK_END),
        }


@step(borrows=True, by_content=True)
def sha256(source: Source) -> str:
    """
    Return the SHA-256 of a file: equal for copies, whatever they are called.

    Args:
        source: A path (text will do), the bytes of a file, or what has `read_bytes()`.

    Returns:
        64 hexadecimal digits, as `sha256sum` prints them.

    Raises:
        OSError: The file cannot be opened.
        UsageError: *source* is neither path nor bytes. (A ValueError.)

    Source: FIPS 180-4.

    >>> sha256(b"abc")[:16]
    'ba7816bf8f01cfea'

    """
    with reading("sha256", source) as (file, _):
        digest = hashlib.sha256()
        while part := file.read(_PART_BYTES):
            digest.update(part)
        return digest.hexdigest()


@step(borrows=True, by_content=True)
def nbytes(source: Source) -> int:
    """
    Return how many bytes a file has.

    Args:
        source: A path (text will do), the bytes of a file, or what has `read_bytes()`.

    Raises:
        OSError: The file cannot be opened.
        UsageError: *source* is neither path nor bytes. (A ValueError.)

    >>> nbytes(b"abc")
    3

    """
    with reading("nbytes", source) as (file, _):
        return file.seek(0, os.SEEK_END)


def _orientation(image: Image.Image) -> int:
    try:
        value = quietly(image.getexif).get(_ORIENTATION_TAG, 1)
        return value if value in range(1, 9) else 1
    except Exception:  # noqa: BLE001 - a broken tag raises anything, and must not cost the picture
        return 1


def _frames(image: Image.Image, where: str) -> int:
    try:
        return quietly(lambda: int(getattr(image, "n_frames", 1)))
    except DECODER_ERRORS as exc:
        raise ImageError(f"{where}: its frames cannot be counted ({text_of(exc)})") from exc
