"""
Thumbnails of values as data URIs, bounded in pixels and bytes, and values told in a few words.

For notebooks, pages and servers that show what steps gave. Nothing here changes a value, asks a server, or fails:
what cannot be shown is told.
"""

import base64
import io
import os
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from PIL import Image, features

from creevey_graph.errors import CreeveyError
from creevey_graph.likeness import array_text, is_array, likeness, size_text
from creevey_graph.text import first_line, safe_text

MOST_PX = 160
MOST_CHARACTERS = 80
"""Of a text, a path or a number as it is told."""
_BYTES_A_PIXEL = 0.47
"""12 kB at 160 px."""
_QUALITIES = (80, 60, 40, 20, 5)
_DIGITS = 40
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@attrs.frozen
class Thumbnail:
    """
    A small picture.

    Args:
        src: It, encoded, as a `data:` URI.
        width: Of the thumbnail, in pixels.
        height: As *width*.
        was: What it was made of: "4000 × 3000 RGB".
    """

    src: str = attrs.field(repr=False)
    width: int
    height: int
    was: str


@attrs.frozen
class Seen:
    """
    A value as it is shown.

    Args:
        thumbnail: A picture of it, None where it is none or cannot be read.
        text: What it is, in a few words; why it cannot be read.
    """

    thumbnail: Thumbnail | None
    text: str


def thumbnail(value: Any, *, most_px: int = MOST_PX, most_bytes: int | None = None) -> Thumbnail | None:
    """
    Return a thumbnail of *value*, None where it is no picture that can be read.

    Args:
        value: A picture, an array that looks like one, the bytes or the path of a picture's file, or anything.
        most_px: The most it is wide and high; it is never made larger.
        most_bytes: The most it takes, encoded; by default 12 kB at 160 px, and more the larger it may be.

    >>> thumbnail(Image.new("RGB", (4000, 3000))).height, thumbnail(42)
    (120, None)
    """
    return seen(value, most_px=most_px, most_bytes=most_bytes).thumbnail


def seen(
    value: Any, *, most_px: int = MOST_PX, most_bytes: int | None = None, tells_content: bool = True
) -> Seen:
    """
    Return *value* as it is shown.

    Args:
        value: As for `thumbnail`, and so are *most_px* and *most_bytes*.
        most_px: See *value*.
        most_bytes: See *value*.
        tells_content: Whether a text is quoted; else only its length is told, as where nobody knows what is in it.
    """
    text = describe(value, tells_content=tells_content)
    try:
        found = likeness(value, most_px)
        if found is None:
            return Seen(None, text)
        most_bytes = most_bytes or int(_BYTES_A_PIXEL * most_px**2)
        return Seen(_thumbnail(found.image, safe_text(found.was), most_bytes), safe_text(found.was))
    except CreeveyError as exc:
        return Seen(None, f"{text}: {first_line(str(exc))}" if _is_named(value) else first_line(str(exc)))
    except Exception as exc:  # noqa: BLE001 - values are of any class; a page never fails over one
        return Seen(None, f"{text} (cannot be shown: {type(exc).__name__})")


def _is_named(value: Any) -> bool:
    return isinstance(value, str | os.PathLike)


def _thumbnail(image: Image.Image, was: str, most_bytes: int) -> Thumbnail:
    kind = "webp" if features.check("webp") else "jpeg"
    while True:
        for quality in _QUALITIES:
            data = _encoded(image, kind, quality)
            if len(data) <= most_bytes or image.size == (1, 1):
                src = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
                return Thumbnail(src, image.width, image.height, was)
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BOX)


def _encoded(image: Image.Image, kind: str, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, quality=quality)
    return file.getvalue()


def describe(value: Any, *, tells_content: bool = True) -> str:
    """
    Say what *value* is, inert and in a few words; nothing is decoded, read or run for it.

    Args:
        value: Anything.
        tells_content: Whether texts are quoted.

    >>> describe(42), describe(b"abc"), describe("a caption"), describe([1, 2])
    ('int 42', 'bytes, 3 bytes', "'a caption'", 'list of 2')
    """
    try:
        return _short(safe_text(_described(value, tells_content=tells_content)))
    except Exception:  # noqa: BLE001 - `__len__`, `shape` and `__fspath__` are any code
        return _short(safe_text(type(value).__name__))


def _described(value: Any, *, tells_content: bool) -> str:  # noqa: C901, PLR0911 - one a kind
    kind = type(value).__name__
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        digits = int(value.bit_length() * 0.30103) + 1
        return f"{kind} {int(value)}" if digits <= _DIGITS else f"{kind} of about {digits} digits"
    if isinstance(value, float | complex):
        return f"{kind} {value:g}"
    if isinstance(value, str):
        shown = _short(str(value).strip())
        return f"'{shown}'" if tells_content else f"text of {len(value)} characters"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{kind}, {bytes_text(len(value))}"
    if isinstance(value, Image.Image):
        return size_text(value)
    if is_array(value):
        return array_text(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, Mapping):
        return (
            f"{kind} of {len(value)}: {_names(value)}"
            if tells_content and value
            else f"{kind} of {len(value)}"
        )
    if isinstance(value, list | tuple | set | frozenset):
        return f"{kind} of {len(value)}"
    return kind


def _names(names: Iterable[Any]) -> str:
    return ", ".join(name for name in names if isinstance(name, str))


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def bytes_text(count: float) -> str:
    """
    Return a number of bytes in a unit that suits it.

    >>> bytes_text(31_234), bytes_text(3_600_000)
    ('31 kB', '3.6 MB')
    """
    for unit in _UNITS:
        if count < 999.5 or unit == _UNITS[-1]:  # noqa: PLR2004 - rounds to the next unit
            break
        count /= 1000
    return f"{count:.1f} {unit}" if unit not in _UNITS[:2] and count < 10 else f"{count:.0f} {unit}"  # noqa: PLR2004
