"""The step that reads what a camera wrote beside the pixels: `exif`."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import ExifTags, Image

from creevey_graph.decoding import DECODER_ERRORS, text_of
from creevey_graph.images.header import Source, opened, quietly, reading
from creevey_graph.step import step

_MOST_PARTS = 64
_MOST_BYTES = 32
_MOST_TEXT = 1000
_CHARSETS: Mapping[bytes, str] = {
    b"ASCII\0\0\0": "ascii",
    b"UNICODE\0": "utf-16",
    b"JIS\0\0\0\0\0": "iso2022_jp",
}
_IFDS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


@step(borrows=True, by_content=True)
def exif(source: Source) -> dict[str, Any]:
    """
    Return the EXIF tags of a picture by name, as plain values for a report.

    Only the header is read. A broken tag never costs the picture: it is left out, and where reading it
    fails outright, the key "error" says so.

    Args:
        source: A path (text will do), the bytes of a file, or what has `read_bytes()`.

    Returns:
        Name -> value, flat: the picture's own tags, the camera's ("ExposureTime", "DateTimeOriginal") and
        the position's ("GPSLatitude"). Rationals are floats (None where one is divided by 0), several
        values a list, bytes hexadecimal where they are few and else their number, tags without a name
        "0x…". Empty where there is none.

    Raises:
        ImageError: It is no picture.
        OSError: The file cannot be opened.
        UsageError: *source* is neither path nor bytes. (A ValueError.)

    Source: EXIF 2.32, 4.6; the names are those of Pillow's `ExifTags`.

    >>> exif(b"P5 1 1 255 0")
    {}

    """
    with reading("exif", source) as (file, where):
        return quietly(lambda: exif_of(opened(file, where)))


def exif_of(image: Image.Image) -> dict[str, Any]:
    """Return the EXIF tags of an opened picture; see `exif`."""
    found: dict[str, Any] = {}
    errors: list[str] = []
    for tag, names, value in _tags(image, errors):
        name = names.get(tag, f"0x{tag:04x}")
        try:
            found[name] = _plain(value, name)
        except DECODER_ERRORS as exc:
            errors.append(f"{name}: {text_of(exc)}")
    return {**found, "error": "; ".join(errors)} if errors else found


def _tags(image: Image.Image, errors: list[str]) -> Iterator[tuple[int, Mapping[int, str], Any]]:
    try:
        tags = image.getexif()
        yield from ((tag, ExifTags.TAGS, value) for tag, value in tags.items() if tag not in _POINTERS)
    except DECODER_ERRORS as exc:
        errors.append(text_of(exc))
        return
    for ifd in _IFDS:
        names = ExifTags.GPSTAGS if ifd == ExifTags.IFD.GPSInfo else ExifTags.TAGS
        try:
            yield from (
                (tag, names, value) for tag, value in tags.get_ifd(ifd).items() if tag not in _POINTERS
            )
        except DECODER_ERRORS as exc:
            errors.append(f"{ifd.name}: {text_of(exc)}")


_POINTERS = frozenset(ExifTags.IFD) - {ExifTags.IFD.MakerNote}
"""Tags that say where other tags stand."""


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, bytes):
        return _of_bytes(value, name)
    if isinstance(value, str):
        return value.split("\0", 1)[0].strip()[:_MOST_TEXT]
    if isinstance(value, tuple | list):
        return (
            f"<{len(value)} values>" if len(value) > _MOST_PARTS else [_plain(part, name) for part in value]
        )
    if isinstance(value, int):
        return int(value)
    number = float(value)  # IFDRational; 0 over 0 is not a number
    return number if math.isfinite(number) else None


def _of_bytes(value: bytes, name: str) -> str:
    charset = _CHARSETS.get(value[:8])
    if charset is not None:  # of UserComment and its like
        order = "-be" if charset == "utf-16" and value[8:9] == b"\0" else "-le" if charset == "utf-16" else ""
        return value[8:].decode(charset + order, "replace").strip("\0 ")[:_MOST_TEXT]
    if name.startswith("XP"):  # Windows' tags
        return value.decode("utf-16-le", "replace").strip("\0 ")[:_MOST_TEXT]
    if name in {"ExifVersion", "FlashPixVersion"} and value.isascii():
        return value.decode("ascii")
    return value.hex() if len(value) <= _MOST_BYTES else f"<bytes: {len(value)}>"
