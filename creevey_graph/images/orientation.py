"""
How a picture's file asks to be turned: EXIF's orientation.

The tag is read here where the block is at hand as bytes, and by Pillow elsewhere (TIFF's own tags, XMP,
text blocks of PNG). Pillow passes over most of what is broken, so that nobody would hear of it.
"""

import struct

from PIL import Image

from creevey_graph.decoding import FailOn, text_of, warn

_TAG = 0x0112
_PREFIX = b"Exif\x00\x00"
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_KINDS = {1: "B", 3: "H", 4: "I"}
"""TIFF's types of whole numbers."""
_ENTRY_BYTES = 12
_UNDEFINED = 0
"""What many cameras write who know no better; it counts as upright."""
_TEXTS = ("xmp", "XML:com.adobe.xmp", "Raw profile type exif")
"""Where else Pillow finds an orientation."""


def orientation_of(image: Image.Image, where: str, fail_on: FailOn) -> int:
    """
    Return a picture's EXIF orientation, 1 to 8; 1 where it has none, or a broken one, which is told.

    Args:
        image: An opened picture; PNG's tags stand behind its pixels, so it must be loaded.
        where: What a warning calls it.
        fail_on: As of `load_image`.

    Raises:
        ImageError: It is broken, and *fail_on* is "warning".
    """
    try:
        found = _find(image)
        if found not in range(9):
            raise ValueError(f"orientation must be 1 to 8 (got {found!r:.40})")  # noqa: TRY301 - told like the others
    except Exception as exc:  # noqa: BLE001 - a broken tag raises anything, and must not cost the picture
        warn(f"{where}: broken EXIF, taken as upright ({text_of(exc)})", fail_on)
        return 1
    return found or 1


def _find(image: Image.Image) -> int:
    data = image.info.get("exif")
    if isinstance(data, bytes):
        found = read_orientation(data)
        if found is not None or not any(name in image.info for name in _TEXTS):
            return found or _UNDEFINED
    return image.getexif().get(_TAG, _UNDEFINED)  # type: ignore[no-any-return]


def read_orientation(data: bytes) -> int | None:
    """
    Return the orientation that an EXIF block tells, None where it tells none.

    Args:
        data: The block, with or without the prefix that JPEG puts before it.

    Raises:
        ValueError: The block, or the tag in it, is broken.

    Source: EXIF 2.32, 4.6.2 and 4.6.4 A; TIFF 6.0, section 2.

    >>> read_orientation(bytes.fromhex("4d4d002a 00000008 0001 0112 0003 00000001 00060000"))
    6
    """
    block = data.removeprefix(_PREFIX)
    if not block:
        return None
    order = _ORDERS.get(block[:4])
    if order is None:
        raise ValueError("no TIFF header")
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        for at in range(start + 2, start + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
            tag, kind, values = struct.unpack_from(f"{order}HHI", block, at)
            if tag == _TAG:
                return _value(block, at + 8, order, kind, values)
    except struct.error:
        raise ValueError("its table of tags is cut off") from None
    return None


def _value(block: bytes, at: int, order: str, kind: int, values: int) -> int:
    if kind not in _KINDS or values != 1:
        raise ValueError(f"orientation must be one whole number (got {values} of type {kind})")
    return int(struct.unpack_from(order + _KINDS[kind], block, at)[0])
