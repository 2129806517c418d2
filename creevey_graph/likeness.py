"""
What a value looks like: a small picture of pictures in memory, arrays, encoded bytes and files.

The value stays as it is: what is undecoded stays so, and no file is moved on in. What stands in a file is opened
by its content, by formats that start no other program, and refused before memory is spent on it.
"""

import io
import os
import stat
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import attrs
from PIL import Image, ImageFile

from creevey_graph.deferred import DeferredImage
from creevey_graph.errors import ImageError
from creevey_graph.images.color import scaled_to_8_bit, without_metadata
from creevey_graph.images.frames import Limits, one_frame
from creevey_graph.images.load import DEFAULT_FORMATS
from creevey_graph.images.modes import joined, parted
from creevey_graph.images.opening import HoldsImage, opened_image
from creevey_graph.sources.base import is_url
from creevey_graph.sources.files import PICTURE_SUFFIXES

MOST_PIXELS = 64 * 2**20
"""That are decoded of a file to make it small; a JPEG is decoded at an eighth and less."""
MOST_JPEG_PIXELS = 4 * MOST_PIXELS
"""Of a JPEG in full: in several scans, as a progressive one has them, all of it is held at 2 bytes a sample."""
MOST_FILE_BYTES = 256 * 2**20
_LEAST_SIDE = 8
"""Of a table of numbers without channels that is taken for a picture, not for a matrix."""
_CHANNELS = (1, 2, 3, 4)
_MOST_SIDE = 2048
"""Of an array that is taken in full; of larger ones every second, third … row and column is."""
_MODES = {2: "LA", 3: "RGB", 4: "RGBA"}
_SCALED_FIRST = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})
"""Modes whose samples can be averaged as they are."""
_SQUARE_PX = 6
_LIGHT, _DARK = 255, 214
_HEAD = 32
_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF8",
    b"II*\0",
    b"MM\0*",
    b"BM",
    b"\0\0\0\x0cjP",
    b"\xff\x4f\xff\x51",
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \n\r\t"),
)
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
_WARNINGS_LOCK = threading.Lock()


@attrs.frozen
class Likeness:
    """
    A small picture.

    Args:
        image: Mode "L" or "RGB"; what is transparent shows a checkerboard.
        was: What it was made of: "4000 × 3000 RGB".
    """

    image: Image.Image
    was: str


def likeness(value: Any, most_px: int) -> Likeness | None:  # noqa: PLR0911 - one a kind
    """
    Return a picture of *value* that is at most *most_px* wide and high, None where it is no picture.

    Args:
        value: Anything. Of several pictures it is the first.
        most_px: It is never made larger than it is.

    Raises:
        ImageError: It is a picture that cannot be read, or is too large to be.
        Exception: What a value of a strange class raises when it is looked at.
    """
    if isinstance(value, Image.Image):
        return _of_picture(value, most_px)
    if is_array(value):
        return _of_array(value, most_px)
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value[:_HEAD])
        return _of_file(io.BytesIO(value), "bytes", most_px) if _is_encoded(data) else None
    if isinstance(value, os.PathLike) or (isinstance(value, str) and _is_picture_name(value)):
        return _of_path(os.fsdecode(value), most_px)
    if isinstance(value, Mapping) and isinstance(value.get("bytes"), bytes):  # a row of a Hugging Face table
        return likeness(value["bytes"], most_px)
    if isinstance(value, HoldsImage):
        return _of_picture(value.read_image(), most_px)
    if hasattr(value, "read_bytes") and not isinstance(value, type) and not is_url(str(value)):
        return likeness(value.read_bytes(), most_px)  # a member of an archive
    if isinstance(value, list | tuple) and value and isinstance(value[0], Image.Image):
        first = _of_picture(value[0], most_px)
        return attrs.evolve(first, was=f"the first of {len(value)}: {first.was}")
    return None


def is_array(value: Any) -> bool:
    """True for a numpy array; numpy is not imported for it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def size_text(image: Image.Image) -> str:
    """
    Return size and mode of a picture.

    >>> size_text(Image.new("L", (4, 3)))
    '4 × 3 L'
    """
    return f"{image.width} × {image.height} {image.mode}"


def fitted(size: tuple[int, int], most_px: int) -> tuple[int, int]:
    """
    Return a size in the same proportions, of at most *most_px*, and at least 1 a side.

    >>> fitted((4000, 3000), 160), fitted((9000, 2), 160), fitted((8, 8), 160)
    ((160, 120), (160, 1), (8, 8))
    """
    factor = min(1.0, most_px / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


# --- pictures in memory ------------------------------------------------------------------------


def _of_picture(image: Image.Image, most_px: int) -> Likeness:
    was = size_text(image)
    if 0 in image.size:
        raise ImageError(f"{was}: has no pixels")
    size = fitted(image.size, most_px)
    if isinstance(image, DeferredImage):  # a copy is decoded: pixels would stay with the user's
        copy = DeferredImage(image.recipe, dict(image.info))
        return Likeness(_shown(copy.scaled(size, Image.Resampling.LANCZOS)), was)
    if isinstance(image, ImageFile.ImageFile) and image._im is None:  # noqa: SLF001 - `im` is asked for by loading
        return attrs.evolve(_of_unread(image, most_px), was=was)
    return Likeness(_small(image, size), was)


def _small(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.mode not in _SCALED_FIRST or "transparency" in image.info:
        image = joined(*parted(_in_range(image)))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _shown(image)


def _in_range(image: Image.Image) -> Image.Image:
    """Return a picture whose white is known: of deep pixels beyond any range the brightest is taken for it."""
    try:
        return scaled_to_8_bit(image)
    except ImageError:
        floats = without_metadata(image, ()).convert("F")
        low, high = floats.getextrema()
        assert isinstance(low, int | float)
        assert isinstance(high, int | float)
        if not high - low < float("inf"):  # also true of NaN
            raise
        factor = 255 / (high - low) if high > low else 0.0
        return floats.point(lambda level: level * factor - low * factor).convert("L")


def _shown(image: Image.Image) -> Image.Image:
    """Return a small picture as it is seen."""
    colors, alpha = parted(image)
    if alpha is None:
        return without_metadata(colors, ())
    board = _checkerboard(image.size)
    board.paste(colors.convert("RGB"), mask=alpha)
    return board


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    cells = Image.new("L", (-(-size[0] // _SQUARE_PX), -(-size[1] // _SQUARE_PX)))
    levels = [_DARK if (x + y) % 2 else _LIGHT for y in range(cells.height) for x in range(cells.width)]
    cells.putdata(levels)
    whole = cells.resize((cells.width * _SQUARE_PX, cells.height * _SQUARE_PX), Image.Resampling.NEAREST)
    return whole.crop((0, 0, *size)).convert("RGB")


def _of_unread(image: ImageFile.ImageFile, most_px: int) -> Likeness:
    """Return the likeness of a file that Pillow has opened and not read, which stays so."""
    file = image.fp
    if file is None or not file.seekable():
        raise ImageError(f"{size_text(image)}, not read yet")
    place = file.tell()
    try:
        file.seek(0)
        data = file.read(MOST_FILE_BYTES)
    finally:
        file.seek(place)
    return _of_file(io.BytesIO(data), size_text(image), most_px)


# --- arrays ------------------------------------------------------------------------------------


def _of_array(array: Any, most_px: int) -> Likeness | None:
    was = array_text(array)
    if array.dtype.kind not in "buif" or not array.size:
        return None
    if array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:  # noqa: PLR2004
        array, was = array.transpose(1, 2, 0), f"{was}, channels first"
    if not _is_picture_shape(array.shape):
        return None
    stride = max(1, -(-max(array.shape[:2]) // _MOST_SIDE))
    pixels, told = _eight_bits(array[::stride, ::stride])
    channels = pixels.shape[2] if pixels.ndim == 3 else 1  # noqa: PLR2004
    if channels == 1:
        pixels = pixels.reshape(pixels.shape[:2])
    height, width = pixels.shape[:2]
    image = Image.frombytes(_MODES.get(channels, "L"), (width, height), pixels.tobytes())
    return Likeness(_small(image, fitted((array.shape[1], array.shape[0]), most_px)), was + told)


def _is_picture_shape(shape: tuple[int, ...]) -> bool:
    if len(shape) == 2:  # noqa: PLR2004 - rows and columns
        return min(shape) >= _LEAST_SIDE
    return len(shape) == 3 and shape[2] in _CHANNELS  # noqa: PLR2004 - and channels


def _eight_bits(array: Any) -> tuple[Any, str]:
    """Return an array as bytes, 0 to 255, and what was done to it where that is not to be expected."""
    np = sys.modules["numpy"]
    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return array, ""
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255), ""
    if kind == "u" and array.dtype.itemsize == 2:  # noqa: PLR2004 - bytes
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8), ""
    floats = array.astype(np.float64)
    known = np.isfinite(floats)
    if not known.any():
        return np.zeros(array.shape, np.uint8), ", no finite values"
    low, high = float(floats[known].min()), float(floats[known].max())
    floats = np.where(known, floats, low)
    if low >= 0 and high <= 255:  # noqa: PLR2004 - white
        factor = 255 if kind == "f" and high <= 1 else 1
        return (floats * factor + 0.5).astype(np.uint8), ""
    scaled = (floats / 2 - low / 2) / max(high / 2 - low / 2, 1e-300)  # halves: a difference may overflow
    return (scaled * 255 + 0.5).astype(np.uint8), f", stretched from {low:.3g} to {high:.3g}"


def array_text(array: Any) -> str:
    """Return what an array is: "array, 480 × 640 × 3 uint8"."""
    shape = " × ".join(map(str, array.shape)) or "one value"
    return f"array, {shape} {array.dtype}"


# --- files -------------------------------------------------------------------------------------


def _is_encoded(head: bytes) -> bool:
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return is_webp or head.startswith(_MAGIC) or (head[4:8] == b"ftyp" and head[8:12] in _BRANDS)


def _is_picture_name(text: str) -> bool:
    return os.path.splitext(text)[1].lower() in PICTURE_SUFFIXES and not is_url(text)  # noqa: PTH122 - text


def _of_path(path: str, most_px: int) -> Likeness | None:
    if "\0" in path or is_url(path):
        return None
    with _regular(path) as file:
        if file is None:
            return None
        head = file.read(_HEAD)
        if not _is_encoded(head) and not _is_picture_name(path):
            return None
        file.seek(0)
        return _of_file(file, "picture", most_px)


@contextmanager
def _regular(path: str) -> Iterator[IO[bytes] | None]:
    """Give an open file, None where there is none; a pipe or a device is not waited for."""
    if not _is_regular(path):
        yield None
        return
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
        status = os.fstat(file.fileno())
        if status.st_size > MOST_FILE_BYTES:
            raise ImageError(f"a file of {status.st_size // 2**20} MB, too large to be drawn here")
        yield file if stat.S_ISREG(status.st_mode) else None


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - path is text
    except (OSError, ValueError):
        return False


def _of_file(file: IO[bytes], where: str, most_px: int) -> Likeness:
    """Return the likeness of an encoded picture, turned upright, as far as the file goes."""
    with _WARNINGS_LOCK, warnings.catch_warnings():  # what is broken beside the pixels does not matter here
        warnings.simplefilter("ignore")
        opened = opened_image(file, where, DEFAULT_FORMATS)
        was = size_text(opened)
        if opened.format in ("JPEG", "MPO"):
            most = MOST_PIXELS if "progressive" in opened.info else MOST_JPEG_PIXELS
            if opened.width * opened.height > most:
                raise ImageError(f"{was}, too large to be drawn here")
            opened.draft(None, (2 * most_px, 2 * most_px))
        if opened.width * opened.height > MOST_PIXELS:
            raise ImageError(f"{was}, too large to be drawn here")
        image = one_frame(opened, file, 0, Limits(where, MOST_PIXELS, 1, True, "none"))
    return Likeness(_small(image, fitted(image.size, most_px)), was)
