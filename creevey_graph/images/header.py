"""
Pictures of which only the header is read: what `facts.py`, `exif_tags.py` and the filters on files share.

No pixel is decoded, so that a photo costs 0.1 ms and a decompression bomb nothing.
"""

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol, TypeVar, runtime_checkable

from PIL import Image

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.load import DEFAULT_FORMATS
from creevey_graph.images.opening import opened_image

_WARNINGS_LOCK = threading.Lock()
T = TypeVar("T")


@runtime_checkable
class Readable(Protocol):
    """Anything whose bytes can be read, such as a member of an archive."""

    def read_bytes(self) -> bytes:
        """Return all of them."""
        ...


Source = str | os.PathLike[str] | bytes | Readable


@contextmanager
def reading(step: str, source: Source) -> Iterator[tuple[IO[bytes], str]]:
    """
    Yield an open file on *source*, and what a message calls it.

    Raises:
        UsageError: It is no path, no bytes, and cannot be read.
        OSError: The file cannot be opened.

    >>> with reading("nbytes", b"abc") as (file, where):
    ...     file.read(), where
    (b'abc', 'file of 3 bytes')

    """
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        with open(path, "rb") as file:  # noqa: PTH123 - path is text
            yield file, path
        return
    if not isinstance(source, bytes):
        if not isinstance(source, Readable):
            raise UsageError(f"step '{step}': source must be a path or bytes (got {type(source).__name__})")
        source = source.read_bytes()
    with io.BytesIO(source) as memory:
        yield memory, f"file of {len(source)} bytes"


def opened(file: IO[bytes], where: str, formats: tuple[str, ...] | None = DEFAULT_FORMATS) -> Image.Image:
    """
    Return the picture in *file*, undecoded.

    Args:
        file: An open file.
        where: What a message calls it.
        formats: As in `load_image`.

    Raises:
        ImageError: It is none, or its header is damaged.

    >>> opened(io.BytesIO(b"P5 4 3 255 "), "a.pgm").size
    (4, 3)

    """

    def read() -> Image.Image:
        file.seek(0)
        try:
            image: Image.Image = opened_image(file, where, formats)
        except ImageError as exc:
            if isinstance(exc.__cause__, Warning):
                raise exc.__cause__ from exc
            raise
        return image

    return quietly(read)


def format_of(image: Image.Image) -> str:
    """
    Return Pillow's name of a picture's format; a JPEG that has a preview besides is a JPEG.

    >>> format_of(opened(io.BytesIO(b"P5 4 3 255 "), "a.pgm"))
    'PPM'

    """
    return "JPEG" if image.format == "MPO" else image.format or "unknown"


def quietly(call: Callable[[], T]) -> T:
    """
    Return what *call* returns, also where warnings are errors: Pillow warns of a broken tag and goes on.

    Filters belong to the whole process, so they are touched only where there is such a warning, and by
    one thread at a time; *call* then runs a second time.

    >>> quietly(lambda: 7)
    7

    """
    try:
        return call()
    except Warning:
        with _WARNINGS_LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()
