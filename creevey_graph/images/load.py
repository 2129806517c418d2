"""
The steps that bring pictures in: `load_image`, and `load_frames` for all pictures of one file.

All that Pillow does wrong or leaves open when it reads a strange file is settled here: what comes out
is decoded in full, upright, in a known mode, and everything that cannot be read is one `ImageError`.
What is broken beside the pixels is a `PictureWarning`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Literal, get_args

import attrs
from PIL import Image, ImageColor

from creevey_graph.decoding import FailOn
from creevey_graph.deferred import MODES, DeferredImage, Recipe
from creevey_graph.errors import ImageError, UsageError, did_you_mean
from creevey_graph.images.claims import check_claims
from creevey_graph.images.color import without_metadata
from creevey_graph.images.constants import Check, Constants, formats_check, whole_check
from creevey_graph.images.frames import Limits, all_frames, check_pixels, one_frame
from creevey_graph.images.in_mode import BitDepth, Mode, in_mode
from creevey_graph.images.opening import (
    MAX_PIXELS,
    HoldsImage,
    Source,
    name_of_source,
    opened_file,
    opened_image,
)
from creevey_graph.images.orientation import orientation_of
from creevey_graph.images.profiles import in_srgb
from creevey_graph.step import step

Icc = Literal["ignore", "srgb"]
Shrink = Literal["exact", "fast"]

DEFAULT_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP", "JPEG2000", "PPM")
"""What is read where nothing else is asked for; EPS, which starts Ghostscript, and rarities are not."""
MAX_FRAMES = 1000


@attrs.frozen
class _Form:
    """How pictures are to come out, as of `load_image`."""

    mode: Mode
    background: str
    bit_depth: BitDepth
    icc: Icc
    fail_on: FailOn

    def check(self, name: str) -> None:
        """
        Check the choices that were made.

        Raises:
            UsageError: One is none there is; names step *name*.
        """
        if self.mode not in get_args(Mode):
            raise UsageError(
                f"step '{name}': no mode {self.mode!r}{did_you_mean(str(self.mode), get_args(Mode))}"
            )
        _check_choice(name, "bit_depth", self.bit_depth, get_args(BitDepth))
        _check_choice(name, "icc", self.icc, get_args(Icc))
        _check_choice(name, "fail_on", self.fail_on, get_args(FailOn))
        if self.bit_depth == "keep16" and self.mode not in {"L", "keep"}:
            raise UsageError(
                f"step '{name}': bit_depth='keep16' needs mode='L' (got mode={self.mode!r}): Pillow holds no "
                "colours of 16 bits"
            )
        try:
            ImageColor.getrgb(self.background)
        except ValueError as exc:
            raise UsageError(f"step '{name}': background must be a colour ({exc})") from exc


def _check_form(name: str, constants: Mapping[str, Any]) -> None:
    chosen = [constants[field.name] for field in attrs.fields(_Form) if field.name in constants]
    if len(chosen) == len(attrs.fields(_Form)):
        _Form(*chosen).check(name)


_CONSTANTS: Mapping[str, Check] = {
    "max_pixels": whole_check(1),
    "max_bytes": whole_check(0, optional=True),
    "formats": formats_check(DEFAULT_FORMATS),
}


@step(
    borrows=True,
    by_content=True,
    check=Constants("load_image", {**_CONSTANTS, "frame": whole_check(0)}, _check_form),
)
def load_image(
    source: Source,
    *,
    mode: Mode = "RGB",
    exif_transpose: bool = True,
    background: str = "white",
    bit_depth: BitDepth = "scale8",
    icc: Icc = "ignore",
    frame: int = 0,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int | None = None,
    fail_on: FailOn = "truncated",
    formats: tuple[str, ...] | None = DEFAULT_FORMATS,
    shrink: Shrink = "exact",
) -> Image.Image:
    """
    Read a picture: decoded in full, upright, and in a known mode.

    Of animations and files of several pages it is one frame; `load_frames` gives all. Metadata is left
    out. A colour profile is not applied unless asked for; it stays (`info["icc_profile"]`) where the mode
    is the file's own.

    Args:
        source: A path (text will do), the bytes of a file, a mapping that has them as "bytes" (a row of a
            Hugging Face table), or an object with `read_bytes()` (a member of an archive) or `read_image()`
            (a frame of a video).
        mode: "RGB", "L" (grey) or "RGBA", 8 bits a sample; 16 bits are scaled, floats in 0-1 or
            0-255 too. "keep" takes what the file holds: any mode, any depth, palettes included.
        exif_transpose: Turn the picture as its EXIF orientation asks; a broken tag counts as none, and is
            told by a PictureWarning.
        background: The colour behind transparent parts for "RGB" and "L", by a name or code
            Pillow knows.
        bit_depth: "scale8" scales 16 bits to 8. "keep16" is for *mode* "L" and keeps greys of 16 bits, as
            "I;16"; what has 8 stays "L". Pillow holds no colours of 16 bits.
        icc: "srgb" brings the colours to sRGB by the embedded profile, whatever the mode; a broken
            profile is told by a PictureWarning, and not applied. "ignore" takes the numbers as they are.
        frame: Which frame, from 0; frames of animations are composed as the format says.
        max_pixels: The most pixels that are decoded, width times height; the header is asked, so
            that a bomb costs nothing. The default is Pillow's own limit.
        max_bytes: The most bytes that a file may have, asked before it is read; None for any number.
        fail_on: "truncated": what is truncated or damaged is an error ("error" is the same: Pillow's
            decoders stop at both). "warning": what else would be told by a warning is an error too. "none":
            what could be decoded is kept, and the rest is grey; with nothing decoded it is an error still.
        formats: Names of Pillow's formats that are read; None for all there are, Ghostscript's
            included. "HEIF" needs the extra `heif`.
        shrink: "exact" gives the pixels that plain Pillow gives, after any resize too. "fast" leaves a
            JPEG undecoded until its pixels are asked for; where `trim`, `crop` and `resize` come first,
            only as much is decoded as they need: several times as fast for large photos, and not seen:
            12-megapixel photos at 224 px differ by 54 dB of PSNR (the least of 31 by 52), smaller and
            sharper ones by 44 at the least. Other files, modes and options are read as with "exact".

    Returns:
        A plain picture; its file is closed. With *shrink* "fast" it may be a `DeferredImage`, which a
        truncated file is found out by only when it is decoded.

    Raises:
        ImageError: It is no picture in these formats, is truncated or damaged, has no such frame, more
            than *max_pixels* or *max_bytes*, or *source* is a URL.
        FileNotFoundError: There is no such file; other OSErrors of opening it pass as well.
        UsageError: An option has no such choice, or *background* is no colour. (A ValueError.)

    Source: EXIF 2.32, 4.6.4 A, tag 274, for the eight orientations.

    >>> load_image(b"P5 1 1 255 " + bytes([7])).getpixel((0, 0))
    (7, 7, 7)
    >>> load_image(b"")
    Traceback (most recent call last):
    creevey_graph.errors.ImageError: picture of 0 bytes: empty, no picture

    """
    form = _Form(mode, background, bit_depth, icc, fail_on)
    form.check("load_image")
    _check_choice("load_image", "shrink", shrink, get_args(Shrink))
    if frame == "all":  # type: ignore[comparison-overlap]  # what other tools call it
        raise UsageError("step 'load_image': gives one picture; load_frames gives all of a file")
    if isinstance(frame, bool) or not isinstance(frame, int) or frame < 0:
        raise UsageError(f"step 'load_image': frame must be 0 or more (got {frame!r})")
    where = name_of_source(source)
    limits = Limits(where, max_pixels, 1, exif_transpose, fail_on)
    with _opened(source, limits, max_bytes, formats) as (opened, file):
        if file is None:
            image = without_metadata(opened)
        elif shrink == "fast" and frame == 0 and _can_defer(opened, form):
            return _deferred(opened, file, mode, limits)
        else:
            image = one_frame(opened, file, frame, limits)
    return _converted(image, where, form)


@step(
    borrows=True,
    by_content=True,
    check=Constants("load_frames", {**_CONSTANTS, "max_frames": whole_check(1)}, _check_form),
)
def load_frames(
    source: Source,
    *,
    mode: Mode = "RGB",
    exif_transpose: bool = True,
    background: str = "white",
    bit_depth: BitDepth = "scale8",
    icc: Icc = "ignore",
    max_pixels: int = MAX_PIXELS,
    max_frames: int = MAX_FRAMES,
    max_bytes: int | None = None,
    fail_on: FailOn = "truncated",
    formats: tuple[str, ...] | None = DEFAULT_FORMATS,
) -> list[Image.Image]:
    """
    Read every picture of a file: the frames of an animation, the pages of a TIFF.

    Args:
        source: As of `load_image`, and so are *mode*, *exif_transpose*, *background*, *bit_depth*, *icc*,
            *max_bytes*, *fail_on* and *formats*.
        mode: See *source*.
        exif_transpose: See *source*.
        background: See *source*.
        bit_depth: See *source*.
        icc: See *source*.
        max_pixels: The most pixels that are decoded, over all frames together.
        max_frames: The most frames.
        max_bytes: See *source*.
        fail_on: See *source*.
        formats: See *source*.

    Returns:
        One plain picture a frame, in the file's order; frames of an animation have its full size, composed
        of those before as the format says.

    Raises:
        ImageError: As `load_image`; or it has more than *max_frames*, or more than *max_pixels* together.
        OSError: The file cannot be opened.
        UsageError: As `load_image`.

    >>> len(load_frames(b"P5 1 1 255 " + bytes([7])))
    1

    """
    form = _Form(mode, background, bit_depth, icc, fail_on)
    form.check("load_frames")
    where = name_of_source(source)
    limits = Limits(where, max_pixels, max_frames, exif_transpose, fail_on)
    with _opened(source, limits, max_bytes, formats) as (opened, file):
        frames = [without_metadata(opened)] if file is None else all_frames(opened, file, limits)
        return [_converted(image, where, form) for image in frames]


@contextmanager
def _opened(
    source: Any, limits: Limits, max_bytes: int | None, formats: tuple[str, ...] | None
) -> Iterator[tuple[Any, IO[bytes] | None]]:
    """Give the picture of a source, and the file it is still to be read from; None where there is none."""
    if isinstance(source, HoldsImage):
        image = source.read_image()
        check_pixels(image.size, limits)
        image.load()
        yield image, None
        return
    with opened_file(source, limits.where, max_bytes) as file:
        yield opened_image(file, limits.where, formats, limits.max_pixels), file


def _can_defer(opened: Any, form: _Form) -> bool:
    is_jpeg = opened.format in {"JPEG", "MPO"} and opened.mode in MODES
    ignores_profile = form.icc == "ignore" or "icc_profile" not in opened.info
    return is_jpeg and form.mode in MODES and ignores_profile and form.fail_on != "none"


def _deferred(opened: Any, file: IO[bytes], mode: Mode, limits: Limits) -> DeferredImage:
    check_pixels(opened.size, limits)
    check_claims(opened, file, limits.where)
    turn = orientation_of(opened, limits.where, limits.fail_on) if limits.upright else 1
    file.seek(0)
    recipe = Recipe.of(file.read(), limits.where, turn=turn, mode=mode)
    keeps_profile = opened.mode == mode and "icc_profile" in opened.info
    info = {"icc_profile": opened.info["icc_profile"]} if keeps_profile else {}
    return DeferredImage(recipe, info)


def _converted(image: Image.Image, where: str, form: _Form) -> Image.Image:
    if form.icc == "srgb":
        image = in_srgb(image, where, form.fail_on)
    try:
        return in_mode(image, form.mode, form.background, form.bit_depth)
    except ValueError as exc:
        raise ImageError(f"{where}: {exc}") from exc


def _check_choice(name: str, parameter: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            f"step '{name}': parameter '{parameter}' has no choice {value!r}{did_you_mean(str(value), known)}"
        )
