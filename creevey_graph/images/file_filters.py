"""Steps that leave files out before they are decoded: `require_bytes`, `require_format`."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from creevey_graph.errors import SkipItem, UsageError
from creevey_graph.images.filters import require
from creevey_graph.images.header import Readable, format_of, opened, reading
from creevey_graph.step import step

FileT = TypeVar("FileT", Path, str, bytes, Readable)

_SHORT: Mapping[str, str] = MappingProxyType(
    {"JPG": "JPEG", "TIF": "TIFF", "JP2": "JPEG2000", "HEIC": "HEIF"}
)


# Both return the path they were given, so the path's text counts besides the content: with
# by_content a copy of the file would be handed the path of the original.
@step(borrows=True, by_content=False)
def require_bytes(
    source: FileT,
    *,
    min: int | None = None,  # noqa: A002 - the field's word
    max: int | None = None,  # noqa: A002 - the field's word
) -> FileT:
    """
    Pass files of a certain size; skip the others, before they are decoded.

    Args:
        source: A path (text will do), the bytes of a file, or what has `read_bytes()`.
        min: The fewest bytes.
        max: The most bytes.

    Returns:
        *source* itself.

    Raises:
        SkipItem: It has fewer or more.
        OSError: The file cannot be opened.
        UsageError: There is no bound, or nothing fits them. (A ValueError.)

    >>> require_bytes(b"abc", min=1000)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: 3 bytes, below 1000

    """
    with reading("require_bytes", source) as (file, _):
        size = file.seek(0, 2)
    require("require_bytes", size, f"{size} bytes", min, max)
    return source


@step(borrows=True, by_content=False)
def require_format(source: FileT, formats: str | tuple[str, ...]) -> FileT:
    """
    Pass files in certain formats, by their content and not their name; skip the others.

    Args:
        source: A path (text will do), the bytes of a file, or what has `read_bytes()`.
        formats: Pillow's names of them, such as ("JPEG", "PNG"); capitals do not count, and "jpg" and
            "tif" will do.

    Returns:
        *source* itself.

    Raises:
        SkipItem: It is in another format.
        ImageError: It is no picture.
        OSError: The file cannot be opened.
        UsageError: *formats* is empty. (A ValueError.)

    >>> require_format(b"P5 4 3 255 ", "JPEG")
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: PPM, not JPEG

    """
    names = (formats,) if isinstance(formats, str) else tuple(formats)
    if not names or not all(isinstance(name, str) and name for name in names):
        raise UsageError(f"step 'require_format': formats must be names of formats (got {formats!r})")
    wanted = [_SHORT.get(name.upper(), name.upper()) for name in names]
    with reading("require_format", source) as (file, where):
        found = format_of(opened(file, where))
    if found not in wanted:
        raise SkipItem(f"{found}, not {' or '.join(dict.fromkeys(wanted))}")
    return source
