"""
Pictures of which only the header is read: what `facts.py`, `exif_tags.py` and the filters on files share.

No pixel is decoded, so that a photo costs 0.1 ms and a decompression bomb nothing.
"""

import io
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO, Any, Protocol, TypeVar, runtime_checkable

from PIL import Image

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.load import DEFAULT_FORMATS

# All that Pillow's plugins were seen to raise on bad bytes; MemoryError is not among them.
PLUGIN_ERRORS = (
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
    Image.DecompressionBombError,
    struct.error,
    zlib.error,
)
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
    # As Image.open, but without its bomb check, which warns, and knows one limit for the process.
    with suppress(ImportError):
        _register_heif()
    Image.init()
    file.seek(0)
    prefix = file.read(16)
    damage: Exception | None = None
    for name in Image.ID if formats is None else [name.upper() for name in formats]:
        factory, accept = Image.OPEN.get(name, (None, None))
        if factory is None or not _accepts(accept, prefix):
            continue
        try:
            return quietly(partial(_made, factory, file))
        except PLUGIN_ERRORS as exc:
            damage = damage or (exc if accept else None)  # without a magic number all is tried
    if damage is not None:
        raise ImageError(f"{where}: its header cannot be read ({text_of(damage)})") from damage
    names = ", ".join(Image.ID if formats is None else formats)
    reason = f"not a picture in a format that is read ({names})" if prefix else "empty, no picture"
    raise ImageError(f"{where}: {reason}")


def format_of(image: Image.Image) -> str:
    """
    Return Pillow's name of a picture's format; a JPEG that has a preview besides is a JPEG.

    >>> format_of(opened(io.BytesIO(b"P5 4 3 255 "), "a.pgm"))
    'PPM'

    """
    return "JPEG" if image.format == "MPO" else image.format or "unknown"


def text_of(exc: Exception) -> str:
    """Return what an error says, the name of its class where it says nothing."""
    return str(exc) or type(exc).__name__


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


def _made(factory: Any, file: IO[bytes]) -> Image.Image:
    file.seek(0)
    image: Image.Image = factory(file, "")  # without its name Pillow maps no file into memory
    return image


def _accepts(accept: Any, prefix: bytes) -> bool:
    try:
        return accept is None or accept(prefix) is True  # text says why not
    except PLUGIN_ERRORS:  # the prefix is too short for this format
        return False


def _register_heif() -> None:
    from pillow_heif import register_heif_opener  # noqa: PLC0415 - the extra `heif`

    register_heif_opener()
