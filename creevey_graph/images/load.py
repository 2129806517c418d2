"""
The step that brings a picture in: `load_image`.

All that Pillow does wrong or leaves open when it reads a strange file is settled here: what comes out
is decoded in full, upright, in a known mode, and everything that cannot be read is one `ImageError`.
"""

import io
import os
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Literal, get_args

from PIL import Image, ImageColor

from creevey_graph.errors import ImageError, UsageError, did_you_mean
from creevey_graph.images.color import flattened, scaled_to_8_bit, unpaletted, without_metadata
from creevey_graph.parts import Part
from creevey_graph.sources import RemoteFile
from creevey_graph.step import step

Mode = Literal["RGB", "L", "RGBA", "keep"]

DEFAULT_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP", "JPEG2000", "PPM")
"""What is read where nothing else is asked for; EPS, which starts Ghostscript, and rarities are not."""

_ORIENTATION_TAG = 0x0112
_UPRIGHT: Mapping[int, Image.Transpose] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
# All that Pillow's decoders were seen to raise on bad bytes; MemoryError is not among them.
_DECODER_ERRORS = (
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
    Warning,  # where the user's filters turn them into errors
    Image.DecompressionBombError,
    struct.error,
    zlib.error,
)
_URL = re.compile(r"[A-Za-z][\w+.-]+:/")  # one slash: Path("https://a") has lost the other
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_WARNINGS_LOCK = threading.Lock()


@step(borrows=True, by_content=True)
def load_image(
    source: Path | bytes | Part | RemoteFile,
    *,
    mode: Mode = "RGB",
    exif_transpose: bool = True,
    background: str = "white",
    max_pixels: int = 178_956_970,
    formats: tuple[str, ...] | None = DEFAULT_FORMATS,
) -> Image.Image:
    """
    Read a picture: decoded in full, upright, and in a known mode.

    Of animations and files of several pages it is the first one. Metadata is left out. A colour
    profile is not applied; it stays (`info["icc_profile"]`) where the mode is the file's own.

    Args:
        source: A path (text will do), the bytes of a file, a member of an archive, a frame of a video, or
            whatever else has `read_bytes()` or `read_image()`.
        mode: "RGB", "L" (grey) or "RGBA", 8 bits a sample; 16 bits are scaled, floats in 0-1 or
            0-255 too. "keep" takes what the file holds: any mode, any depth, palettes included.
        exif_transpose: Turn the picture as its EXIF orientation asks; a broken tag counts as none.
        background: The colour behind transparent parts for "RGB" and "L", by a name or code
            Pillow knows.
        max_pixels: The most pixels that are decoded, width times height; the header is asked, so
            that a bomb costs nothing. The default is Pillow's own limit.
        formats: Names of Pillow's formats that are read; None for all there are, Ghostscript's
            included. "HEIF" needs the extra `heif`.

    Returns:
        A plain picture; its file is closed.

    Raises:
        ImageError: It is no picture in these formats, is truncated or damaged, has more than
            *max_pixels*, or *source* is a URL.
        FileNotFoundError: There is no such file; other OSErrors of opening it pass as well.
        UsageError: *mode* or a format is none there is, or *background* no colour. (A ValueError.)

    Source: EXIF 2.32, 4.6.4 A, tag 274, for the eight orientations.

    >>> load_image(b"P5 1 1 255 " + bytes([7])).getpixel((0, 0))
    (7, 7, 7)
    >>> load_image(b"")
    Traceback (most recent call last):
    creevey_graph.errors.ImageError: picture of 0 bytes: empty, no picture

    """
    _check_options(mode, background)
    if isinstance(source, bytes):
        where = f"picture of {len(source)} bytes"
        with io.BytesIO(source) as file:
            image = _decoded(file, where, max_pixels, formats, upright=exif_transpose)
    elif hasattr(source, "read_image"):
        where, image = str(source), source.read_image()
    elif hasattr(source, "read_bytes") and not isinstance(source, os.PathLike):
        where = str(source)
        with io.BytesIO(source.read_bytes()) as file:
            image = _decoded(file, where, max_pixels, formats, upright=exif_transpose)
    else:
        where = _checked_path(source)
        with open(where, "rb") as file:  # noqa: PTH123 - where is text
            image = _decoded(file, where, max_pixels, formats, upright=exif_transpose)
    try:
        return _in_mode(image, mode, background)
    except ValueError as exc:
        raise ImageError(f"{where}: {exc}") from exc


def _decoded(
    file: IO[bytes], where: str, max_pixels: int, formats: tuple[str, ...] | None, *, upright: bool
) -> Image.Image:
    opened = _opened(file, where, formats)
    pixels = opened.width * opened.height
    if pixels > max_pixels:
        raise ImageError(
            f"{where}: {opened.width} x {opened.height} = {pixels} pixels, more than max_pixels={max_pixels}"
        )
    try:
        with _no_bomb_warning(pixels):
            opened.load()
        _check_end(opened, file)
    except _DECODER_ERRORS as exc:
        how = "truncated" if "truncated" in str(exc).lower() else "damaged"
        raise ImageError(f"{where}: {how} picture ({_text(exc)})") from exc
    turn = _turn(opened) if upright else None
    image = without_metadata(opened)
    return image if turn is None else image.transpose(turn)


def _opened(file: IO[bytes], where: str, formats: tuple[str, ...] | None) -> Image.Image:
    # As Image.open, but without its bomb check (which warns, and knows one limit for the whole
    # process), and telling a damaged header from what is no picture at all.
    prefix = file.read(16)
    damage: ImageError | None = None
    for name, factory, accept in _openers(formats, prefix):
        if not _accepts(accept, prefix):
            continue
        file.seek(0)
        try:
            opened: Image.Image = factory(file, "")  # without its name Pillow maps no file into memory
        except _DECODER_ERRORS as exc:
            damage = damage or ImageError(f"{where}: {name} header cannot be read ({_text(exc)})")
            damage.__cause__ = damage.__cause__ or exc
        else:
            return opened
    raise damage or ImageError(f"{where}: {_refusal(prefix, formats)}")


def _accepts(accept: Any, prefix: bytes) -> bool:
    try:
        return accept is None or accept(prefix) is True  # text says why not
    except _DECODER_ERRORS:  # the prefix is too short for this format
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


def _register_heif() -> None:
    from pillow_heif import register_heif_opener  # noqa: PLC0415 - the extra `heif`

    register_heif_opener()


def _refusal(prefix: bytes, formats: tuple[str, ...] | None) -> str:
    if not prefix:
        return "empty, no picture"
    if _is_heif(prefix) and "HEIF" not in Image.OPEN:
        return "a HEIF picture, which needs pillow-heif; pip install 'creevey_graph[heif]'"
    page = prefix.lstrip().lower().startswith((b"<!doctype html", b"<html"))
    names = ", ".join(Image.ID if formats is None else formats)
    return f"{'a web page, ' if page else ''}not a picture in a format that is read ({names})"


def _check_end(image: Image.Image, file: IO[bytes]) -> None:
    # OpenJPEG gives half a picture for half a file; a whole one has its end marker.
    if image.format == "JPEG2000":
        file.seek(0)
        data = file.read()
        if data.rfind(b"\xff\xd9") < data.find(b"\xff\x4f\xff\x51"):
            raise OSError("image file is truncated (no end of codestream)")


@contextmanager
def _no_bomb_warning(pixels: int) -> Iterator[None]:
    # TIFF checks again while it loads. Warning filters belong to the whole process, so they
    # are touched for giants only, and by one thread at a time.
    if Image.MAX_IMAGE_PIXELS is None or pixels <= Image.MAX_IMAGE_PIXELS:
        yield
        return
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - a broken tag raises anything, and must not cost the picture
        return None


def _in_mode(image: Image.Image, mode: Mode, background: str) -> Image.Image:
    key = image.info.get("transparency")
    if mode == "keep" or (mode == image.mode and key is None):
        return image
    if isinstance(key, tuple) and max(key) > 255:  # noqa: PLR2004 - of a 16-bit file; Pillow keeps 8
        image.info["transparency"] = tuple(value >> 8 for value in key)
    image = unpaletted(scaled_to_8_bit(image))
    if mode != "RGBA" and image.has_transparency_data:
        image = flattened(image, background)
    elif image.mode == "LAB":
        image = image.convert("RGB")  # the one way out of LAB
    image = without_metadata(image, ())  # the profile describes the mode before
    return image if image.mode == mode else image.convert(mode)


def _checked_path(source: object) -> str:
    if not isinstance(source, str | os.PathLike):
        raise UsageError(f"step 'load_image': source must be a path or bytes (got {type(source).__name__})")
    path = os.fsdecode(source)
    if _URL.match(path):
        raise ImageError(f"{path}: a URL, not a path; put download(url) before load_image")
    return path


def _check_options(mode: str, background: str) -> None:
    if mode not in get_args(Mode):
        raise UsageError(f"step 'load_image': no mode {mode!r}{did_you_mean(str(mode), get_args(Mode))}")
    try:
        ImageColor.getrgb(background)
    except ValueError as exc:
        raise UsageError(f"step 'load_image': background must be a colour ({exc})") from exc


def _text(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
