"""
Colours and modes: the step `grayscale`, and the conversions the other steps share.

Pillow's own `convert` turns 16-bit pictures white, drops alpha so that hidden colours show, and
warns about palettes; the functions here come before it. They return the same object where nothing
is to be done.
"""

import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from PIL import Image, ImageMath

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.checks import checked_picture
from creevey_graph.step import step

_DEEPEST = 65535
_BRIGHTEST = 255
_KEPT = ("icc_profile", "transparency")
_AVERAGED: Mapping[str, str] = MappingProxyType({"La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "HSV": "RGB"})


@step(borrows=True)
def grayscale(image: Image.Image, *, channels: int = 1) -> Image.Image:
    """
    Return the brightness of *image*, one byte a pixel and channel.

    Args:
        image: Any mode, any size; alpha is left out, 16 bits are scaled to 8.
        channels: 1 gives mode "L"; 3 gives "RGB" with three equal bands, for models that want them.

    Returns:
        0 (black) to 255 (white); *image* itself where it is "L" and one channel is asked for.

    Raises:
        ImageError: 32-bit or float pixels outside the ranges of `scaled_to_8_bit`.
        UsageError: *channels* is neither 1 nor 3. (A ValueError.)

    Source: ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B, as in Pillow's "L".

    >>> grayscale(Image.new("RGB", (1, 1), (255, 0, 0))).getpixel((0, 0))
    76
    >>> grayscale(Image.new("L", (1, 1), 9), channels=3).getpixel((0, 0))
    (9, 9, 9)

    """
    if channels not in {1, 3}:
        raise UsageError(f"step 'grayscale': parameter 'channels' must be 1 or 3 (got {channels!r})")
    image = unpaletted(scaled_to_8_bit(checked_picture("grayscale", image, empty=True)))
    if image.mode == "LAB":
        image = image.convert("RGB")  # the one way out of LAB
    gray = image if image.mode == "L" else without_metadata(image, ()).convert("L")
    return gray if channels == 1 else without_metadata(gray, ()).convert("RGB")


def without_metadata(image: Image.Image, kept: Sequence[str] = _KEPT) -> Image.Image:
    """
    Return a plain `Image` on the same pixels, without EXIF, format or file; nothing is copied.

    Args:
        image: Any mode; read in full where it is an opened file.
        kept: Keys of `Image.info` that stay; by default what tells how pixels are seen.

    >>> picture = Image.new("L", (1, 1))
    >>> picture.info["comment"] = b"made by hand"
    >>> without_metadata(picture).info
    {}

    """
    # Image.copy would cost 5 ms for 12 megapixels, a tenth of decoding them.
    image.load()  # of a file that Pillow has only opened there are no pixels yet
    plain = image._new(image.im)  # noqa: SLF001
    plain.info = {key: image.info[key] for key in kept if key in image.info}
    return plain


def scaled_to_8_bit(image: Image.Image) -> Image.Image:
    """
    Return *image* with 8 bits a sample, scaled, never clipped.

    Args:
        image: Any mode. Integers deeper than 8 bits ("I;16", "I") are 16-bit values, 0-65535.
            Floats ("F") are 0-1 where all of them lie there, else 0-255.

    Returns:
        Mode "L" (or "LA", for a 16-bit picture with one transparent grey); *image* itself where it
        has 8 bits already.

    Raises:
        ImageError: A value lies outside these ranges: what is white cannot be known.

    Source: PNG specification, third edition, 13.12: round(value * 255 / 65535) = value / 257.

    >>> scaled_to_8_bit(Image.new("I;16", (1, 1), 65535)).getpixel((0, 0))
    255

    """
    if image.mode == "F":
        return _scaled_float(image)
    if not image.mode.startswith("I"):
        return image
    deep = without_metadata(image, ()).convert("I")
    low, high = _extrema(deep)
    if low < 0 or high > _DEEPEST:
        raise ImageError(
            f"integer pixels must lie in 0-{_DEEPEST} (got {low:.0f} to {high:.0f}); load with "
            'mode="keep" and scale them in a step of your own'
        )
    shallow = deep.point(_sixteen_to_eight(), "L")
    if isinstance(key := image.info.get("transparency"), int):
        shallow.putalpha(deep.point([0 if value == key else 255 for value in range(65536)], "L"))
    return shallow


def _scaled_float(image: Image.Image) -> Image.Image:
    low, high = _extrema(image)
    if not (low >= 0 and high <= _BRIGHTEST):  # also true of NaN
        raise ImageError(
            f"float pixels must lie in 0-1 or 0-255 (got {low:g} to {high:g}); load with "
            'mode="keep" and scale them in a step of your own'
        )
    factor = _BRIGHTEST if high <= 1 else 1
    return without_metadata(image, ()).point(lambda value: value * factor + 0.5).convert("L")


def _extrema(image: Image.Image) -> tuple[float, float]:
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return low, high


@functools.cache
def _sixteen_to_eight() -> tuple[int, ...]:
    return tuple((value + 128) // 257 for value in range(65536))


def unpaletted(image: Image.Image) -> Image.Image:
    """
    Return *image* in a mode whose values can be averaged: no palette, bits, colour key or hue.

    Args:
        image: Any mode.

    Returns:
        "P" and "PA" become "RGB" or, with transparency, "RGBA"; "1" becomes "L"; one transparent
        colour of "L" or "RGB" becomes an alpha band; "HSV", whose hue is an angle, becomes "RGB";
        premultiplied and padded modes ("La", "RGBa", "RGBX") become plain. Else *image* itself.

    >>> unpaletted(Image.new("P", (1, 1))).mode
    'RGB'

    """
    if image.mode == "P":
        image = image.copy()  # Pillow writes the transparency into the palette of what it converts
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple) and max(key) > _BRIGHTEST:
        image = without_metadata(image)  # of a 16-bit file, whose pixels Pillow reads as 8
        image.info["transparency"] = tuple(value >> 8 for value in key)
    if image.mode == "1" and "transparency" not in image.info:
        return image.convert("L")
    if "transparency" in image.info and not image.mode.startswith("I"):
        return image.convert("LA" if image.mode in {"1", "L"} else "RGBA")
    if image.mode in {"P", "PA"}:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert(_AVERAGED[image.mode]) if image.mode in _AVERAGED else image


def flattened(image: Image.Image, background: str) -> Image.Image:
    """
    Return *image* laid on a background of one colour, in mode "RGB".

    Args:
        image: A picture of 8 bits a sample, with transparency.
        background: A colour Pillow knows: "white", "#ff8800", "rgb(255, 0, 0)".

    Source: T. Porter and T. Duff, "Compositing Digital Images" (1984), the operator "over".

    >>> flattened(Image.new("LA", (1, 1), (0, 0)), "white").getpixel((0, 0))
    (255, 255, 255)

    """
    seen = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(seen, mask=seen.getchannel("A"))
    return canvas


def fill_value(background: str, mode: str) -> float | tuple[int, ...]:
    """
    Return a named colour as a pixel value of *mode*.

    Args:
        background: A colour Pillow knows; "#00000000" is transparent where *mode* has alpha.
        mode: Any mode without palette; integers deeper than 8 bits count as 16-bit.

    Raises:
        ValueError: Pillow does not know the colour.

    >>> fill_value("white", "I;16"), fill_value("red", "RGB")
    (65535, (255, 0, 0))

    """
    alpha = mode in {"LA", "RGBA"}
    deep = mode.startswith("I")
    pixel = Image.new("RGBA" if alpha else "RGB", (1, 1), background)
    value = pixel.convert("L" if deep else mode).getpixel((0, 0))
    assert value is not None
    return value * 257 if deep and isinstance(value, int) else value


def fill_of(image: Image.Image, background: str) -> float | tuple[int, ...]:
    """
    Return a named colour as a pixel value beside the pixels of *image*.

    Args:
        image: Any mode without palette. Floats in 0-1 get a fill in 0-1, so that they stay what
            `scaled_to_8_bit` takes for 0-1.
        background: As for `fill_value`.

    >>> fill_of(Image.new("F", (1, 1), 0.5), "white")
    1.0

    """
    value = fill_value(background, image.mode)
    if image.mode == "F" and isinstance(value, int | float) and _extrema(image)[1] <= 1:
        return value / _BRIGHTEST
    return value


def clamped(image: Image.Image, source: Image.Image) -> Image.Image:
    """
    Return *image*, made from *source* by a filter, without values beyond those of *source*.

    Sharp filters overshoot at edges. 8 and 16 bits are cut off there by Pillow; "I" and "F" are not,
    and a float of 1.02 would make a picture in 0-1 one in 0-255: black.

    Args:
        image: The result, of the same mode.
        source: What was filtered.

    >>> edge = Image.frombytes("F", (2, 1), Image.new("F", (1, 1), 0).tobytes() + Image.new("F", (1, 1), 1).tobytes())
    >>> edge.resize((9, 1), Image.Resampling.LANCZOS).getextrema() == (0, 1)
    False
    >>> clamped(edge.resize((9, 1), Image.Resampling.LANCZOS), edge).getextrema()
    (0.0, 1.0)

    """
    if image is source or image.mode not in {"I", "F"}:
        return image
    low, high = _extrema(source)
    within = ImageMath.lambda_eval(lambda args: args["min"](args["max"](args["x"], low), high), x=image)
    return within if isinstance(within, Image.Image) else image
