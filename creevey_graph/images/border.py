"""
Steps that find a border by its pixels and cut it off: `trim_border` and `trim_padding`.

Whether a picture that is border all over fails, is skipped or stays is the caller's choice: `blank`.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, get_args

from PIL import Image, ImageMath

from creevey_graph.errors import ImageError, SkipItem, UsageError, did_you_mean
from creevey_graph.images.checks import (
    Color,
    checked_choice,
    checked_color,
    checked_number,
    checked_picture,
)
from creevey_graph.images.color import fill_value, grayscale, scaled_to_8_bit, unpaletted
from creevey_graph.images.geometry import _cut
from creevey_graph.step import step

Blank = Literal["error", "skip", "keep"]
Comparison = Literal[">", ">=", "<", "<=", "=="]
Box = tuple[int, int, int, int]

_COMPARISONS: Mapping[str, Callable[[float, float], object]] = MappingProxyType(
    {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq}
)
_BRIGHTEST = 255
_WEIGHTS: Mapping[int, Sequence[int]] = MappingProxyType({1: (3,), 3: (1, 1, 1), 4: (1, 1, 1, 3)})
"""Bands -> what the square of each counts: grey, or red, green and blue; opacity as much as all three."""


@step(borrows=True)
def trim_border(
    image: Image.Image, *, color: Color = "auto", fuzz: float = 10, blank: Blank = "error"
) -> Image.Image:
    """
    Cut the one-coloured border off *image*: all rows and columns at its edges that are near *color*.

    Args:
        image: Any mode, any size; compared with 8 bits a sample, as "RGB" where it is not grey.
            Alpha counts like a colour, and colours count as far as alpha shows them.
        color: What the border looks like. "auto" takes the upper left pixel for the left and the
            upper edge, the upper right one for the right and the lower left one for the lower edge.
        fuzz: How far a pixel may be from that colour, 0-255: the root of the mean square of the
            differences of red, green and blue. 10 forgives JPEG noise.
        blank: What to do with a picture that is border all over: "error" fails the item, "skip"
            leaves it out, "keep" returns it as it is.

    Returns:
        The rest, in the picture's own mode; *image* itself where there is no border.

    Raises:
        ImageError: Nothing would be left. (A ValueError.)
        SkipItem: Nothing would be left, and *blank* is "skip".
        UsageError: *color*, *fuzz* or *blank* is none of these. (A ValueError.)

    Source: ImageMagick's `-fuzz` and `-trim`: corners, distance and premultiplied alpha.

    >>> photo = Image.new("RGB", (40, 30), "white")
    >>> photo.paste("navy", (10, 5, 30, 25))
    >>> trim_border(photo).size
    (20, 20)

    """
    checked_choice("trim_border", "blank", blank, get_args(Blank))
    limit = checked_number("trim_border", "fuzz", fuzz, low=0, high=_BRIGHTEST)
    seen = _comparable(checked_picture("trim_border", image))
    right, lower = image.width - 1, image.height - 1
    if color == "auto":
        corners = [_pixel(seen, x, y) for x, y in ((0, 0), (right, 0), (0, lower))]
    else:
        corners = [_given(seen.mode, checked_color("trim_border", "color", color))] * 3
    boxes = {corner: _box_of_others(seen, corner, limit) for corner in corners}
    first, second, third = (boxes[corner] for corner in corners)
    if not (first and second and third) or first[0] >= second[2] or first[1] >= third[3]:
        return _blank("trim_border", image, blank, f"within {fuzz} of the border's colour")
    return _cut_box(image, (first[0], first[1], second[2], third[3]))


def _comparable(image: Image.Image) -> Image.Image:
    image = unpaletted(scaled_to_8_bit(image))
    if image.mode in {"LA", "RGBA"}:
        return image.convert("RGBA").convert("RGBa")
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.getpixel((x, y))
    return tuple(map(int, pixel)) if isinstance(pixel, tuple) else (int(pixel or 0),)


def _given(mode: str, color: str) -> tuple[int, ...]:
    if mode == "RGBa":
        return _pixel(Image.new("RGBA", (1, 1), color).convert(mode), 0, 0)
    value = fill_value(color, mode)
    return tuple(map(int, value)) if isinstance(value, tuple) else (int(value),)


def _box_of_others(image: Image.Image, pixel: tuple[int, ...], fuzz: float) -> Box | None:
    """
    Return the bounds (left, upper, right, lower) of all pixels further than *fuzz* from *pixel*.

    Whether one band is far enough by itself, or all are too near even together, is one quick look at
    8 bits. Sums of squares, which take 20 times as long, decide between the two bounds found so.
    """
    weights = _WEIGHTS[len(pixel)]
    possible = _box_beyond(image, pixel, [fuzz * math.sqrt(3 / sum(weights))] * len(weights))
    certain = _box_beyond(image, pixel, [fuzz * math.sqrt(3 / weight) for weight in weights])
    bounds = [certain] if certain else []
    for strip in _outside(possible, certain) if possible else ():
        part = _far(_cut_box(image, strip), pixel, fuzz).getbbox()
        if part:
            x, y = strip[:2]
            bounds.append((part[0] + x, part[1] + y, part[2] + x, part[3] + y))
    if not bounds:
        return None
    lefts, uppers, rights, lowers = zip(*bounds, strict=True)
    return min(lefts), min(uppers), max(rights), max(lowers)


def _box_beyond(image: Image.Image, pixel: tuple[int, ...], most: Sequence[float]) -> Box | None:
    """Return the bounds of all pixels with a band further from *pixel* than *most* has for it."""
    table = [
        _BRIGHTEST * (abs(value - band) > limit)
        for band, limit in zip(pixel, most, strict=True)
        for value in range(256)
    ]
    return image.point(table).getbbox(alpha_only=False)


def _outside(box: Box, inner: Box | None) -> list[Box]:
    """Return the parts of *box*, none of them empty, that lie outside *inner*."""
    if inner is None:
        return [box]
    strips = [
        (box[0], box[1], box[2], inner[1]),
        (box[0], inner[3], box[2], box[3]),
        (box[0], inner[1], inner[0], inner[3]),
        (inner[2], inner[1], box[2], inner[3]),
    ]
    return [strip for strip in strips if strip[0] < strip[2] and strip[1] < strip[3]]


def _far(image: Image.Image, pixel: tuple[int, ...], fuzz: float) -> Image.Image:
    squares = [
        band.point([weight * (value - target) ** 2 for value in range(256)], "I")
        for band, target, weight in zip(image.split(), pixel, _WEIGHTS[len(pixel)], strict=True)
    ]
    limit = math.floor(3 * fuzz * fuzz)  # the sums are whole
    names = [f"band_{index}" for index in range(len(squares))]
    far = ImageMath.lambda_eval(
        lambda args: sum(args[name] for name in names) > limit, **dict(zip(names, squares, strict=True))
    )
    assert isinstance(far, Image.Image)
    return far


@step(borrows=True)
def trim_padding(
    image: Image.Image,
    *,
    comparison: Comparison | Callable[[float, float], object] = ">",
    threshold: float = 0.95,
    blank: Blank = "error",
) -> Image.Image:
    """
    Cut off all edges of *image* whose brightness compares to *threshold* as padding does.

    Args:
        image: Any mode, any size; alpha is left out. Brightness is that of `grayscale`, in 0-1; in a
            picture without a pixel above 1 of 255 it is not divided, and stays 0 or 1.
        comparison: What is padding: ">" or ">=" for white, "<" or "<=" for black, "==" for exactly
            *threshold*; or a function of brightness and threshold, such as `operator.gt`.
        threshold: A brightness, 0 (black) to 1 (white).
        blank: What to do with a picture that is padding all over: "error" fails the item, "skip"
            leaves it out, "keep" returns it as it is.

    Returns:
        The smallest part with all pixels that are no padding, in the picture's own mode; *image*
        itself where that is all of it.

    Raises:
        ImageError: All of it is padding (Creevey's returned 0 x 0 pixels). (A ValueError.)
        SkipItem: All of it is padding, and *blank* is "skip".
        UsageError: *comparison*, *threshold* or *blank* is none of these. (A ValueError.)

    Source: Creevey's `trim_padding(comparison_op, thresh)`.

    >>> photo = Image.new("RGB", (40, 30), "white")
    >>> photo.paste("navy", (10, 5, 30, 25))
    >>> trim_padding(photo, comparison=">", threshold=0.9).size
    (20, 20)

    """
    checked_choice("trim_padding", "blank", blank, get_args(Blank))
    compare = comparison if callable(comparison) else _COMPARISONS.get(comparison)
    if compare is None:
        guess = did_you_mean(str(comparison), _COMPARISONS)
        raise UsageError(f"step 'trim_padding': parameter 'comparison' has no choice {comparison!r}{guess}")
    limit = checked_number("trim_padding", "threshold", threshold)
    gray = grayscale(checked_picture("trim_padding", image))
    scale = _BRIGHTEST if max(_extrema(gray)) > 1 else 1
    kept = [0 if compare(value / scale, limit) else _BRIGHTEST for value in range(256)]
    box = gray.point(kept).getbbox()
    if box is None:
        return _blank("trim_padding", image, blank, f"padding ({comparison} {threshold})")
    return _cut_box(image, box)


def _extrema(gray: Image.Image) -> tuple[float, float]:
    low, high = gray.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return low, high


def _cut_box(image: Image.Image, box: Box) -> Image.Image:
    left, upper, right, lower = box
    return _cut(image, (left, upper, right - left, lower - upper))


def _blank(name: str, image: Image.Image, blank: str, what: str) -> Image.Image:
    if blank == "keep":
        return image
    if blank == "skip":
        raise SkipItem(f"all {image.width} x {image.height} pixels are {what}")
    raise ImageError(
        f"step '{name}': nothing is left of {image.width} x {image.height} pixels: all are {what}; "
        'blank="skip" leaves such pictures out, blank="keep" leaves them as they are'
    )
