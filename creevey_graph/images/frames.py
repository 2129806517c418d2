"""
The pictures of one opened file: one frame of it, or all, each decoded in full and turned upright.

Limits are held before memory is spent. What of a truncated picture could be decoded stays where that is
asked for; Pillow's own switch for it holds for the whole process, and threads beside this one want
their errors.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import attrs
from PIL import Image, JpegImagePlugin

from creevey_graph.decoding import DECODER_ERRORS, UPRIGHT, FailOn, decoding
from creevey_graph.errors import ImageError
from creevey_graph.images.claims import MOST_STRIPS, check_claims, is_whole_gif
from creevey_graph.images.codestream import what_is_missing
from creevey_graph.images.color import without_metadata
from creevey_graph.images.orientation import orientation_of

_PAGED = frozenset({"TIFF", "MPO", "HEIF"})
"""Formats whose frames are pictures of their own, each with a size; those of the others have one canvas."""
MOST_STRIPS_TOGETHER = 8 * MOST_STRIPS
"""Over all pages of a file: Pillow takes 8 us to list each."""
_END_OF_JPEG = b"\xff\xd9"
_GREY: dict[str, float | tuple[int, ...]] = {
    "RGB": (128, 128, 128),
    "RGBX": (128, 128, 128, 0),
    "L": 128,
    "YCbCr": (128, 128, 128),
}
_WARNINGS_LOCK = threading.Lock()


@attrs.frozen
class Limits:
    """
    What is read of a file, and what is refused.

    Args:
        where: What errors and warnings call it.
        max_pixels: The most pixels that are decoded, over all frames asked for.
        max_frames: The most frames.
        upright: Whether frames are turned as their EXIF orientation asks.
        fail_on: As of `load_image`.
    """

    where: str
    max_pixels: int
    max_frames: int
    upright: bool
    fail_on: FailOn


def one_frame(opened: Any, file: IO[bytes], frame: int, limits: Limits) -> Image.Image:
    """
    Return one frame, composed of those before it as the format says.

    Args:
        opened: The opened picture.
        file: Its file.
        frame: Its number, from 0.
        limits: What is refused.

    Raises:
        ImageError: It is not there, beyond a limit, truncated or damaged.
    """
    if frame:
        _seek(opened, frame, frame_count(opened, limits, frame), limits)
    check_pixels(opened.size, limits)
    return _loaded(opened, file, limits)


def all_frames(opened: Any, file: IO[bytes], limits: Limits) -> Iterator[Image.Image]:
    """
    Yield every frame, composed of those before it as the format says.

    Raises:
        ImageError: They are too many or too large together, or one is truncated or damaged.
    """
    count = frame_count(opened, limits, limits.max_frames)
    if count > limits.max_frames:
        raise ImageError(f"{limits.where}: {count} frames or more, more than max_frames={limits.max_frames}")
    _check_last(opened, file, limits)
    _check_pixels_of_all(opened, count, limits)
    for frame in range(count):
        if count > 1:
            _seek(opened, frame, count, limits)
        image = _loaded(opened, file, limits)
        # Animations are composed in place, on the pixels of the frame before.
        yield image.copy() if count > 1 else image


def frame_count(opened: Any, limits: Limits, most: int) -> int:
    """
    Return how many frames an opened picture has, counted to the first beyond *most*.

    Raises:
        ImageError: That cannot be told.
    """
    with decoding(limits.where):
        if getattr(opened, "_n_frames", 0) is not None:  # it stands in the header, or was counted
            return int(getattr(opened, "n_frames", 1))
        # What Pillow does, but not to the end: a million frames take it 8 s, 100 000 pages 40 s and more.
        without_pixels = (False,) if opened.format == "GIF" else ()
        for frame in range(1, most + 1):
            try:
                opened._seek(frame, *without_pixels)  # noqa: SLF001
            except EOFError:
                opened.seek(0)
                return frame
        opened.seek(0)
        return most + 1


def check_pixels(size: tuple[int, int], limits: Limits) -> None:
    """
    Check the size of a picture that is about to be decoded.

    Raises:
        ImageError: It has more pixels than are allowed.
    """
    width, height = size
    if width * height > limits.max_pixels:
        raise ImageError(
            f"{limits.where}: {width} x {height} = {width * height} pixels, "
            f"more than max_pixels={limits.max_pixels}; raise that to read it"
        )


def _check_pixels_of_all(opened: Any, count: int, limits: Limits) -> None:
    check_pixels(opened.size, limits)
    width, height = opened.size
    pixels = width * height * count
    if opened.format in _PAGED and count > 1:
        pixels = 0
        strips = 0
        for frame in range(count):
            _seek(opened, frame, count, limits)
            pixels += opened.width * opened.height
            strips += len(opened.tile)
            if strips > MOST_STRIPS_TOGETHER:
                raise ImageError(
                    f"{limits.where}: more than {MOST_STRIPS_TOGETHER} strips or tiles in its pages together"
                )
    if pixels > limits.max_pixels:
        raise ImageError(
            f"{limits.where}: {count} frames of {pixels} pixels together, "
            f"more than max_pixels={limits.max_pixels}; raise that to read it"
        )


def _check_last(opened: Any, file: IO[bytes], limits: Limits) -> None:
    """Check that the last frame that is there is the file's last one; other formats tell their number."""
    if opened.format == "GIF" and limits.fail_on != "none":
        at = file.tell()
        file.seek(0)
        is_whole = is_whole_gif(file.read())
        file.seek(at)
        if not is_whole:
            raise ImageError(f"{limits.where}: truncated picture (no end of file mark)")


def _seek(opened: Any, frame: int, count: int, limits: Limits) -> None:
    if frame >= count:
        raise ImageError(f"{limits.where}: no frame {frame}; it has {count}, counted from 0")
    with _no_bomb_warning(opened.width * opened.height), decoding(limits.where):
        opened.seek(frame)


def _loaded(opened: Any, file: IO[bytes], limits: Limits) -> Image.Image:
    is_lenient = limits.fail_on == "none"
    check_claims(opened, file, limits.where, is_lenient=is_lenient)
    _check_codestream(opened, file, limits)
    if is_lenient:
        _load_what_is_there(opened, limits.where)
    else:
        with _no_bomb_warning(opened.width * opened.height), decoding(limits.where):
            opened.load()
    image = without_metadata(opened)
    turn = orientation_of(opened, limits.where, limits.fail_on) if limits.upright else 1
    return image.transpose(UPRIGHT[turn]) if turn in UPRIGHT else image


def _load_what_is_there(opened: Any, where: str) -> None:
    """Decode as far as the file goes; the rest is grey, or black where the mode knows no grey."""
    if isinstance(opened, JpegImagePlugin.JpegImageFile):
        _end_when_it_ends(opened)
    if opened._im is None and opened.mode in _GREY and getattr(opened, "tile", None):  # noqa: SLF001
        opened.im = Image.new(opened.mode, opened.size, _GREY[opened.mode]).im
    try:
        with _no_bomb_warning(opened.width * opened.height):
            opened.load()
    except DECODER_ERRORS:
        pixels = opened._im  # noqa: SLF001
        if pixels is None or pixels.size != opened.size or pixels.mode != opened.mode:
            with decoding(where):  # nothing was decoded
                raise
        opened.tile = []
        with suppress(*DECODER_ERRORS):
            Image.Image.load(opened)  # puts its palette on the pixels


def _end_when_it_ends(opened: JpegImagePlugin.JpegImageFile) -> None:
    # libjpeg gives the rows of a progressive picture only when it has seen an end.
    read, ends = opened.load_read, iter((_END_OF_JPEG,))
    opened.load_read = lambda size: read(size) or next(ends, b"")  # type: ignore[method-assign,assignment]


def _check_codestream(opened: Any, file: IO[bytes], limits: Limits) -> None:
    # OpenJPEG gives half a picture for half a file.
    if opened.format == "JPEG2000" and limits.fail_on != "none":
        at = file.tell()
        file.seek(0)
        missing = what_is_missing(file.read())
        file.seek(at)
        if missing:
            raise ImageError(f"{limits.where}: truncated picture ({missing})")


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
