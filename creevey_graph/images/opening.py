"""
A picture's file, opened by its content: which format it is, and why it is none.

As `Image.open`, but without its bomb check (which warns, and knows one limit for the whole process),
and telling a damaged header from what is no picture at all.
"""

import io
import os
import re
from abc import ABC
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, runtime_checkable

from PIL import Image

from creevey_graph.decoding import DECODER_ERRORS, text_of
from creevey_graph.errors import ImageError, UsageError, did_you_mean
from creevey_graph.images.claims import check_parts

MAX_PIXELS = 178_956_970
"""Pillow's own limit."""
_URL = re.compile(r"[A-Za-z][\w+.-]+:/")  # one slash: Path("https://a") has lost the other
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_PICTURE_BRANDS = (b"avif", b"avis", b"avio", b"crx ", b"jxl ", b"jp2 ", b"jpx ")
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide")  # what a QuickTime file without `ftyp` begins with
_VIDEO_MAGIC = (
    b"\x1a\x45\xdf\xa3",  # EBML: Matroska, WebM
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: .wmv
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
)


if TYPE_CHECKING:

    @runtime_checkable
    class HoldsBytes(Protocol):
        """What gives the bytes of a picture's file, such as a member of an archive; its `str` is told in errors."""

        def read_bytes(self) -> bytes:
            """Return the bytes."""

    @runtime_checkable
    class HoldsImage(Protocol):
        """What gives a picture that is decoded already, such as a frame of a video; its `str` is told in errors."""

        def read_image(self) -> Image.Image:
            """Return the picture."""

else:  # classes that can be asked: a graph is checked when it is declared, and any class may be a Protocol's

    class HoldsBytes(ABC):  # noqa: B024 - met by duck typing
        """As above."""

        @classmethod
        def __subclasshook__(cls, kind: type) -> bool:
            return hasattr(kind, "read_bytes")

    class HoldsImage(ABC):  # noqa: B024
        """As above."""

        @classmethod
        def __subclasshook__(cls, kind: type) -> bool:
            return hasattr(kind, "read_image")


Source = Path | bytes | HoldsBytes | HoldsImage | dict[str, Any]
"""A dict is how tables of Hugging Face hold a picture's file: its "bytes", and its name as "path"."""


def name_of_source(source: object) -> str:
    """
    Return what errors call a source.

    Raises:
        UsageError: It is none.
        ImageError: It is a URL.

    >>> name_of_source(b"abc"), name_of_source(Path("a.jpg"))
    ('picture of 3 bytes', 'a.jpg')
    """
    if isinstance(source, bytes):
        return f"picture of {len(source)} bytes"
    if isinstance(source, Mapping):
        return _name_of_mapping(source)
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        if _URL.match(path):
            raise ImageError(f"{path}: a URL, not a path; put download(url) before load_image")
        return path
    if isinstance(source, HoldsBytes | HoldsImage):
        return str(source)
    raise UsageError(
        "step 'load_image': source must be a path, bytes, a mapping with 'bytes', or an object with read_bytes() "
        "or read_image() "
        f"(got {type(source).__name__})"
    )


def _name_of_mapping(source: Mapping[Any, Any]) -> str:
    path, data = source.get("path"), source.get("bytes")
    name = path if isinstance(path, str) and path else "picture in a mapping"
    if data is None:
        raise ImageError(
            f"{name}: a mapping without 'bytes' (has: {', '.join(sorted(map(str, source))) or 'nothing'}); the file "
            "itself must stand in it, or give its path as text"
        )
    if not isinstance(data, bytes):
        raise ImageError(f"{name}: 'bytes' of a mapping must be bytes (got {type(data).__name__})")
    return name


@contextmanager
def opened_file(source: Any, where: str, max_bytes: int | None) -> Iterator[IO[bytes]]:
    """
    Give the file of a source, refused before it is read where it has more than *max_bytes*.

    Raises:
        ImageError: It has.
        UsageError: `read_bytes()` of it gives something else.
        OSError: A path cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        with open(where, "rb") as file:  # noqa: PTH123 - where is text
            _check_bytes(os.fstat(file.fileno()).st_size, where, max_bytes)
            yield file
        return
    if isinstance(source, Mapping):
        data = source["bytes"]
    else:
        data = source if isinstance(source, bytes) else source.read_bytes()
    if not isinstance(data, bytes):
        raise UsageError(f"{where}: read_bytes() must give bytes (got {type(data).__name__})")
    _check_bytes(len(data), where, max_bytes)
    with io.BytesIO(data) as file:
        yield file


def _check_bytes(size: int, where: str, max_bytes: int | None) -> None:
    if max_bytes is not None and size > max_bytes:
        raise ImageError(f"{where}: {size} bytes, more than max_bytes={max_bytes}")


def opened_image(
    file: IO[bytes], where: str, formats: tuple[str, ...] | None, max_pixels: int = MAX_PIXELS
) -> Any:
    """
    Return the picture of a file, its header read and nothing else.

    Args:
        file: The file, at its start.
        where: What errors call it.
        formats: Names of Pillow's formats that are read; None for all.
        max_pixels: The most pixels a picture inside an icon may have.

    Raises:
        ImageError: It is no picture in these formats, its header is damaged, or it has too many parts.
        UsageError: A format is none there is.
    """
    prefix = file.read(16)
    damage: ImageError | None = None
    for name, factory, accept in _openers(formats, prefix):
        if not _accepts(accept, prefix):
            continue
        check_parts(name, file, where, max_pixels)
        file.seek(0)
        try:
            return factory(file, "")  # without its name Pillow maps no file into memory
        except DECODER_ERRORS as exc:
            damage = damage or ImageError(f"{where}: {name} header cannot be read ({text_of(exc)})")
            damage.__cause__ = damage.__cause__ or exc
    raise damage or ImageError(f"{where}: {_refusal(prefix, formats)}")


def _accepts(accept: Any, prefix: bytes) -> bool:
    try:
        return accept is None or accept(prefix) is True  # text says why not
    except DECODER_ERRORS:  # the prefix is too short for this format
        return False


def _openers(formats: tuple[str, ...] | None, prefix: bytes) -> Iterator[tuple[str, Any, Any]]:
    Image.preinit()  # the five common formats
    if formats is None or _is_heif(prefix):
        with suppress(ImportError):
            _register_heif()
        Image.init()
    for name in Image.ID if formats is None else formats:
        known = name.upper()
        if known not in Image.OPEN:
            Image.init()
        if known in Image.OPEN:
            yield known, *Image.OPEN[known]
        elif known != "HEIF":
            raise UsageError(f"step 'load_image': no format {name!r}{did_you_mean(known, Image.OPEN)}")


def _is_heif(prefix: bytes) -> bool:
    return prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIF_BRANDS


def _is_video(prefix: bytes) -> bool:
    """True for the beginnings of MP4, QuickTime, Matroska, WebM, AVI, Flash, ASF and MPEG."""
    if prefix[4:8] == b"ftyp":  # AVIF, HEIF and Canon's CR3 are the pictures among these
        return prefix[8:12] not in (*_HEIF_BRANDS, *_PICTURE_BRANDS)
    if prefix[4:8] in _QUICKTIME_ATOMS:
        return True
    return prefix.startswith(_VIDEO_MAGIC) or (prefix[:4] == b"RIFF" and prefix[8:12] == b"AVI ")


def _register_heif() -> None:
    from pillow_heif import register_heif_opener  # noqa: PLC0415 - the extra `heif`

    register_heif_opener()


def _refusal(prefix: bytes, formats: tuple[str, ...] | None) -> str:
    if not prefix:
        return "empty, no picture"
    if _is_heif(prefix) and "HEIF" not in Image.OPEN:
        return "a HEIF picture, which needs pillow-heif; pip install 'creevey_graph[heif]'"
    if _is_video(prefix):
        return "a video, no picture; take its frames, with sources.video(…) or --frames all"
    page = prefix.lstrip().lower().startswith((b"<!doctype html", b"<html"))
    names = ", ".join(Image.ID if formats is None else formats)
    return f"{'a web page, ' if page else ''}not a picture in a format that is read ({names})"
