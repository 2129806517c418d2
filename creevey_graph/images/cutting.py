"""Steps that cut a part out of a picture, whose place is given: `trim`, `crop`, `center_crop`, `tiles`."""

import math
from collections.abc import Sequence
from typing import Literal, SupportsIndex, get_args

from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.images.checks import (
    MOST_PIXELS,
    checked_box,
    checked_choice,
    checked_number,
    checked_picture,
    checked_share,
    checked_size,
    checked_whole,
)
from creevey_graph.images.constants import Constants, length_check, size_check, whole_check
from creevey_graph.images.geometry import Size, _cut, _cut_to
from creevey_graph.step import step

Unit = Literal["px", "rel"]

_MOST_TILES = 2**17
_SLACK = 1e-9
"""How far a relative box may lie beyond the picture: 0.1 + 0.2 + 0.7 is more than 1 in floats."""


@step(
    borrows=True,
    check=Constants(
        "trim", {"left": length_check, "top": length_check, "right": length_check, "bottom": length_check}
    ),
)
def trim(
    image: Image.Image,
    *,
    left: SupportsIndex | str = 0,
    top: SupportsIndex | str = 0,
    right: SupportsIndex | str = 0,
    bottom: SupportsIndex | str = 0,
) -> Image.Image:
    """
    Cut pixels off the edges of *image*, such as the banner of a camera trap (`bottom=100`).

    Args:
        image: Any mode, any size.
        left: Pixels to cut off on this side, 0 or more; or text like "10%", a share of the width
            (of the height for *top* and *bottom*), rounded down to whole pixels.
        top: As *left*.
        right: As *left*.
        bottom: As *left*.

    Returns:
        The rest, in the same mode; *image* itself where nothing is cut.

    Raises:
        UsageError: A side is none of these, or nothing would be left. (A ValueError.)

    >>> trim(Image.new("L", (300, 300)), bottom=100).size
    (300, 200)
    >>> trim(Image.new("L", (300, 300)), left="10%", right="10%").size
    (240, 300)

    """
    width, height = checked_picture("trim", image).size
    x = checked_share("trim", "left", left, width)
    y = checked_share("trim", "top", top, height)
    rest_width = width - x - checked_share("trim", "right", right, width)
    rest_height = height - y - checked_share("trim", "bottom", bottom, height)
    if rest_width < 1 or rest_height < 1:
        raise UsageError(
            f"step 'trim': must leave at least 1 x 1 pixels of {width} x {height} "
            f"(got left={left}, top={top}, right={right}, bottom={bottom}: {rest_width} x {rest_height})"
        )
    return _cut(image, (x, y, rest_width, rest_height))


@step(borrows=True, check=Constants("crop", {"box": checked_box}))
def crop(image: Image.Image, box: Sequence[float], *, unit: Unit = "px") -> Image.Image:
    """
    Return the part of *image* inside *box*.

    Args:
        image: Any mode, any size.
        box: (x, y, width, height): the upper left corner of the part, and its size.
        unit: "px" for whole pixels; "rel" for shares of width and height, 0-1. Both edges of a
            relative box are rounded to the nearest pixel, so that boxes side by side share none;
            at least one pixel is kept.

    Returns:
        The part, in the same mode; *image* itself where the box is all of it.

    Raises:
        UsageError: The box is empty or does not lie inside the picture. (A ValueError.)

    >>> crop(Image.new("L", (300, 300)), (10, 20, 30, 40)).size
    (30, 40)
    >>> crop(Image.new("L", (300, 300)), (0.5, 0, 0.5, 1), unit="rel").size
    (150, 300)

    """
    checked_choice("crop", "unit", unit, get_args(Unit))
    checked_picture("crop", image)
    x, y, width, height = _box_in_pixels(image, box, unit)
    inside = 0 <= x <= image.width - width and 0 <= y <= image.height - height
    if width < 1 or height < 1 or not inside:
        where = f"of {image.width} x {image.height} pixels" if unit == "px" else "(shares from 0 to 1)"
        raise UsageError(
            f"step 'crop': box must be (x, y, width, height) inside the picture {where} (got {tuple(box)})"
        )
    return _cut(image, (x, y, width, height))


def _box_in_pixels(image: Image.Image, box: Sequence[float], unit: str) -> tuple[int, int, int, int]:
    x, y, width, height = checked_box("crop", "box", box)
    if unit == "px":
        if any(length != int(length) for length in (x, y, width, height)):
            raise UsageError(
                f"step 'crop': box must be whole pixels (got {tuple(box)}); "
                'shares of width and height need unit="rel"'
            )
        return int(x), int(y), int(width), int(height)
    if min(x, y) < -_SLACK or max(x + width, y + height) > 1 + _SLACK or min(width, height) <= 0:
        return 0, 0, 0, 0  # not inside
    left, across = _rounded_edges(x, width, image.width)
    top, down = _rounded_edges(y, height, image.height)
    return left, top, across, down


def _rounded_edges(start: float, length: float, whole: int) -> tuple[int, int]:
    first = min(max(0, math.floor(start * whole + 0.5)), whole - 1)
    last = min(whole, math.floor((start + length) * whole + 0.5))
    return first, max(1, last - first)


@step(borrows=True, check=Constants("center_crop", {"size": size_check}))
def center_crop(image: Image.Image, size: Size | None = None, *, ratio: float | None = None) -> Image.Image:
    """
    Return the middle of *image*.

    Args:
        image: Any mode, any size.
        size: (width, height) in pixels, at most the picture's; one number means a square. Where the
            rest is odd, its larger half is cut off on the right and at the bottom.
        ratio: Instead of *size*: the share of width and of height that is kept, above 0, at most 1.
            The edges are `int((side - side * ratio) // 2)` and `int((side + side * ratio) // 2)`.

    Returns:
        The part, in the same mode; *image* itself where it is all of it.

    Raises:
        UsageError: Not exactly one of *size* and *ratio* is given, the picture is smaller than
            *size*, or nothing would be left. (A ValueError.)

    Source: Creevey's `centercrop(reduction_factor)` for *ratio*.

    >>> center_crop(Image.new("L", (300, 200)), 100).size
    (100, 100)
    >>> center_crop(Image.new("L", (25, 34)), ratio=0.5).size
    (12, 17)

    """
    checked_picture("center_crop", image)
    if (size is None) == (ratio is None):
        raise UsageError(
            f"step 'center_crop': must be given either size or ratio (got size={size!r}, ratio={ratio!r})"
        )
    if size is not None:
        return _middle(image, checked_size("center_crop", size))
    share = checked_number("center_crop", "ratio", ratio or 0, low=0, high=1)
    left, width = _central_edges(image.width, share)
    top, height = _central_edges(image.height, share)
    if width < 1 or height < 1:
        raise UsageError(
            f"step 'center_crop': must leave at least 1 x 1 pixels of {image.width} x {image.height} "
            f"(got ratio={ratio!r}: {width} x {height})"
        )
    return _cut(image, (left, top, width, height))


def _middle(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if size[0] > image.width or size[1] > image.height:
        raise UsageError(
            f"step 'center_crop': size must be at most the picture's {image.width} x {image.height} pixels "
            f'(got {size[0]} x {size[1]}); pad it first, or use resize with fit="cover"'
        )
    return _cut_to(image, size, "center")


def _central_edges(side: int, ratio: float) -> tuple[int, int]:
    first, last = int((side - side * ratio) // 2), int((side + side * ratio) // 2)
    return first, last - first


@step(borrows=True, check=Constants("tiles", {"size": size_check, "overlap": whole_check(0)}))
def tiles(
    image: Image.Image, size: Size, *, overlap: SupportsIndex = 0, drop_partial: bool = False
) -> list[Image.Image]:
    """
    Return *image* cut into tiles, row by row from the upper left.

    Args:
        image: Any mode, any size.
        size: (width, height) of a tile in pixels; one number means a square.
        overlap: Pixels that a tile shares with the one before it and the one above, below the
            width and height of a tile.
        drop_partial: The last tile of a row or column may be smaller than *size*; True leaves it
            out. A picture smaller than one tile then has none.

    Returns:
        New pictures in the same mode (*image* itself where one tile is all of it).

    Raises:
        UsageError: *size* or *overlap* is none of these, or there would be more than 2**17 tiles, or
            more than 2**28 pixels in them. (A ValueError.)

    >>> [tile.size for tile in tiles(Image.new("L", (100, 60)), 60)]
    [(60, 60), (40, 60)]

    """
    checked_picture("tiles", image)
    width, height = checked_size("tiles", size)
    shared = checked_whole("tiles", "overlap", overlap)
    if shared >= min(width, height):
        raise UsageError(
            f"step 'tiles': parameter 'overlap' must be below the tile's {width} x {height} pixels (got {overlap})"
        )
    across = _starts(image.width, width, shared, drop_partial)
    down = _starts(image.height, height, shared, drop_partial)
    _check_tiles(image, len(across) * len(down), min(width, image.width) * min(height, image.height))
    return [
        _cut(image, (x, y, min(width, image.width - x), min(height, image.height - y)))
        for y in down
        for x in across
    ]


def _starts(whole: int, side: int, overlap: int, drop_partial: bool) -> range:
    # The last tile is the first that reaches the edge: one more would lie inside the overlap.
    end = whole - side + 1 if drop_partial else max(1, whole - overlap)
    return range(0, end, side - overlap)


def _check_tiles(image: Image.Image, count: int, pixels: int) -> None:
    if count > _MOST_TILES or count * pixels > max(MOST_PIXELS, 4 * image.width * image.height):
        raise UsageError(
            f"step 'tiles': would make {count} tiles of {pixels} pixels; must be at most {_MOST_TILES} (2**17) "
            f"tiles and {MOST_PIXELS} (2**28) pixels in all"
        )
