"""
Checks of what the steps for pictures are given, shared by all of them.

Each returns the value in its plain form (numpy's whole numbers as ints, colours as text), or raises a
`UsageError` that names the step and the parameter. None reads a pixel.
"""

import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import SupportsIndex, cast

from PIL import Image, ImageColor

from creevey_graph.errors import UsageError, did_you_mean

MOST_PIXELS = 2**28
"""The most pixels a step makes of fewer: 268 million, 1 GB in mode "RGBA"."""

Color = str | tuple[int, ...]
"""A name or code Pillow knows ("white", "#ff8800", "rgb(255, 0, 0)"), or (red, green, blue[, alpha]), 0-255."""


def checked_picture(name: str, image: Image.Image, *, empty: bool = False) -> Image.Image:
    """
    Return *image*, where it is a picture that has pixels, or may be *empty*.

    >>> checked_picture("flip", Image.new("L", (0, 5)))
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'flip': image must have pixels (got 0 x 5)
    """
    found: object = image
    if not isinstance(found, Image.Image):
        raise UsageError(
            f"step '{name}': image must be a Pillow picture (got {type(found).__name__}); "
            "load_image reads one, from_numpy makes one of an array"
        )
    if not ((image.width and image.height) or empty):
        raise UsageError(f"step '{name}': image must have pixels (got {image.width} x {image.height})")
    return image


def checked_choice(name: str, parameter: str, value: str, known: Sequence[str]) -> None:
    """
    Check that *value* is one of the choices *known*.

    >>> checked_choice("flip", "direction", "vertcal", ("horizontal", "vertical"))
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'flip': parameter 'direction' has no choice 'vertcal'; did you mean
    'vertical'? (has: horizontal, vertical)
    """
    if not isinstance(value, str) or value not in known:
        guess = did_you_mean(str(value), known)
        raise UsageError(f"step '{name}': parameter '{parameter}' has no choice {value!r}{guess}")


def checked_whole(name: str, parameter: str, value: SupportsIndex, least: int = 0) -> int:
    """
    Return a whole number of at least *least*; numpy's count, truth values and 2.0 do not.

    >>> checked_whole("tiles", "overlap", -1)
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'tiles': parameter 'overlap' must be a whole number of at least 0 (got -1)
    """
    whole = _whole(value)
    if whole is None or whole < least:
        raise UsageError(
            f"step '{name}': parameter '{parameter}' must be a whole number of at least {least} (got {value!r})"
        )
    return whole


def checked_number(
    name: str, parameter: str, value: float, low: float = -math.inf, high: float = math.inf
) -> float:
    """
    Return a finite number in [*low*, *high*].

    >>> checked_number("adjust", "contrast", float("nan"), low=0)
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'adjust': parameter 'contrast' must be a number of at least 0 (got nan)
    """
    bounds = f" of at least {low:g}" if high == math.inf else f" from {low:g} to {high:g}"
    if not _is_number(value) or not low <= value <= high:
        raise UsageError(
            f"step '{name}': parameter '{parameter}' must be a number"
            f"{'' if low == -math.inf else bounds} (got {value!r})"
        )
    return float(value)


def checked_share(name: str, parameter: str, value: SupportsIndex | str, whole: int) -> int:
    """
    Return a length in pixels, given as such or as a share of *whole*: "10%", rounded down.

    >>> checked_share("trim", "top", "12.5%", 30)
    3
    """
    length = _share(value, whole) if isinstance(value, str) else _whole(value)
    if length is None or length < 0:
        raise UsageError(
            f"step '{name}': parameter '{parameter}' must be 0 or more pixels, or text like '10%' (got {value!r})"
        )
    return length


def _share(text: str, whole: int) -> int | None:
    number = text.strip()
    if not number.endswith("%"):
        return None
    try:  # a fraction, since 1000 * 33.3 / 100 is 332.99… in floats
        return math.floor(Fraction(number[:-1].strip()) * whole / 100)
    except (ValueError, ZeroDivisionError):
        return None


def checked_size(name: str, size: SupportsIndex | Sequence[SupportsIndex]) -> tuple[int, int]:
    """
    Return (width, height) in pixels, each 1 or more; one number means a square.

    >>> checked_size("resize", 224)
    (224, 224)
    """
    one = _whole(size)
    try:
        sides = (
            [_whole(side) for side in cast("Sequence[SupportsIndex]", size)] if one is None else [one, one]
        )
    except TypeError:
        sides = []
    if len(sides) != 2 or any(side is None or side < 1 for side in sides):  # noqa: PLR2004 - width and height
        raise UsageError(
            f"step '{name}': size must be (width, height) of at least 1 pixel each (got {size!r})"
        )
    width, height = cast("list[int]", sides)
    return width, height


def bounded(name: str, size: tuple[int, int], image: Image.Image) -> tuple[int, int]:
    """
    Return *size*, where a picture of it has at most `MOST_PIXELS`, or no more than *image* has.

    >>> bounded("resize", (10**9, 10**9), Image.new("L", (1, 1)))
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'resize': would make 1000000000 x 1000000000 pixels of 1 x 1; must be at most
    268435456 (2**28) in all
    """
    if size[0] * size[1] > max(MOST_PIXELS, image.width * image.height):
        raise UsageError(
            f"step '{name}': would make {size[0]} x {size[1]} pixels of {image.width} x {image.height}; "
            f"must be at most {MOST_PIXELS} (2**28) in all"
        )
    return size


def checked_color(name: str, parameter: str, color: Color) -> str:
    """
    Return a colour as text that Pillow knows.

    >>> checked_color("letterbox", "color", (114, 114, 114))
    '#727272'
    """
    if isinstance(color, str):
        try:
            ImageColor.getrgb(color)
        except ValueError as exc:
            raise UsageError(f"step '{name}': parameter '{parameter}' must be a colour ({exc})") from exc
        return color
    try:
        bands = [_whole(band) for band in color]
    except TypeError:
        bands = []
    if len(bands) not in {3, 4} or any(band is None or not 0 <= band <= 255 for band in bands):  # noqa: PLR2004
        raise UsageError(
            f"step '{name}': parameter '{parameter}' must be a colour: a name, a code, or 3 or 4 numbers "
            f"from 0 to 255 (got {color!r})"
        )
    return "#" + "".join(f"{band:02x}" for band in bands)


def checked_box(name: str, parameter: str, box: Sequence[float]) -> tuple[float, float, float, float]:
    """
    Return a box as four finite numbers.

    >>> checked_box("crop", "box", (1, 2, 3))
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'crop': parameter 'box' must be (x, y, width, height) (got (1, 2, 3))
    """
    try:
        numbers: list[object] = list(box)  # text has characters, no numbers
    except TypeError:
        numbers = []
    if len(numbers) != 4 or not all(map(_is_number, numbers)):  # noqa: PLR2004
        raise UsageError(
            f"step '{name}': parameter '{parameter}' must be (x, y, width, height) (got {box!r})"
        )
    x, y, width, height = cast("list[float]", numbers)
    return x, y, width, height


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and math.isfinite(value)


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(cast("SupportsIndex", value))
    except TypeError:
        return None
