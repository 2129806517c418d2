"""Steps that turn pictures over and round: `flip` and `rotate`."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from PIL import Image

from creevey_graph.images.checks import (
    Color,
    bounded,
    checked_choice,
    checked_color,
    checked_number,
    checked_picture,
)
from creevey_graph.images.color import clamped, fill_of, unpaletted
from creevey_graph.images.geometry import _at_most, _cut_to, _padded
from creevey_graph.step import step

Direction = Literal["horizontal", "vertical"]

_FLIPS: Mapping[str, Image.Transpose] = MappingProxyType(
    {
        "horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
        "vertical": Image.Transpose.FLIP_TOP_BOTTOM,
    }
)
_TURNS: Mapping[float, Image.Transpose] = MappingProxyType(
    {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
)
_PREMULTIPLIED: Mapping[str, str] = MappingProxyType({"LA": "La", "RGBA": "RGBa"})


@step(borrows=True)
def flip(image: Image.Image, *, direction: Direction = "horizontal") -> Image.Image:
    """
    Mirror *image*; no pixel value changes.

    Args:
        image: Any mode, any size.
        direction: "horizontal" swaps left and right, "vertical" top and bottom.

    Raises:
        UsageError: *direction* is neither. (A ValueError.)

    >>> picture = Image.frombytes("L", (2, 1), bytes([10, 20]))
    >>> list(flip(picture).tobytes())
    [20, 10]

    """
    checked_choice("flip", "direction", direction, get_args(Direction))
    return checked_picture("flip", image).transpose(_FLIPS[direction])


@step(borrows=True)
def rotate(
    image: Image.Image, degrees: float, *, expand: bool = True, background: Color = "black"
) -> Image.Image:
    """
    Turn *image* counter-clockwise about its centre.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first where the
            angle is no multiple of 90.
        degrees: The angle, of any sign and size. Multiples of 90 move pixels without changing
            them; other angles are interpolated (bicubic).
        expand: True makes the picture large enough for all of the turned one; False keeps its size
            and cuts off what is beyond.
        background: Colour of the corners.

    Returns:
        A new picture, or *image* itself for multiples of 360.

    Raises:
        UsageError: *degrees* is no finite number, *background* no colour, or the result would have
            more than 2**28 pixels (a very long, thin picture). (A ValueError.)

    >>> rotate(Image.new("L", (400, 200)), 90).size
    (200, 400)

    """
    degrees = checked_number("rotate", "degrees", degrees) % 360
    fill = checked_color("rotate", "background", background)
    checked_picture("rotate", image)
    if degrees == 0:
        return image
    if degrees not in _TURNS:
        return _interpolated(unpaletted(image), degrees, expand, fill)
    turned = image.transpose(_TURNS[degrees])
    if expand or turned.size == image.size:
        return turned
    kept = _cut_to(turned, _at_most(image.size, turned.size), "center")
    return _padded(unpaletted(kept), image.size, fill, "center")


def _interpolated(image: Image.Image, degrees: float, expand: bool, background: str) -> Image.Image:
    if expand:
        bounded("rotate", _expanded(image, degrees), image)
    fill = fill_of(image, background)
    mode = _PREMULTIPLIED.get(image.mode, image.mode)
    source = image if mode == image.mode else image.convert(mode)
    if mode != image.mode:  # Pillow premultiplies the pixels by itself, but not the fill
        fill = Image.new(image.mode, (1, 1), fill).convert(mode).getpixel((0, 0)) or 0
    turned = source.rotate(degrees, Image.Resampling.BICUBIC, expand=expand, fillcolor=fill)
    return turned.convert(image.mode) if mode != image.mode else _within(turned, image, fill)


def _within(turned: Image.Image, image: Image.Image, fill: float | tuple[int, ...]) -> Image.Image:
    if image.mode not in {"I", "F"}:
        return turned
    # The corners may lie outside the range of the picture: one pixel of each counts.
    range_of = Image.new(image.mode, (image.width + 1, image.height), fill)
    range_of.paste(image, (0, 0))
    return clamped(turned, range_of)


def _expanded(image: Image.Image, degrees: float) -> tuple[int, int]:
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width, height = image.size
    return math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos)
