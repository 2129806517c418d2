"""
Steps that change which pixels there are: `crop`, `flip`, `resize`, `rotate`, `trim`.

Lengths are pixels, sizes are (width, height), x runs right and y runs down from the upper left.
Pictures with a palette ("P", "PA") become "RGB" or "RGBA" and 1-bit ones "L" before they are
resized or turned by odd angles, since indexes and single bits cannot be averaged.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from PIL import Image

from creevey_graph.deferred import DeferredImage
from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.images.color import fill_value, unpaletted
from creevey_graph.step import step

Fit = Literal["fill", "cover", "contain", "inside", "outside"]
Filter = Literal["lanczos", "bicubic", "bilinear", "box", "hamming", "nearest"]
Position = Literal["center", "top", "bottom", "left", "right"]
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
_POSITIONS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "center": (0.5, 0.5),
        "top": (0.5, 0.0),
        "bottom": (0.5, 1.0),
        "left": (0.0, 0.5),
        "right": (1.0, 0.5),
    }
)


@step(borrows=True)
def trim(image: Image.Image, *, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0) -> Image.Image:
    """
    Cut pixels off the edges of *image*, such as the banner of a camera trap (`bottom=100`).

    Args:
        image: Any mode, any size.
        left: Pixels to cut off on this side, 0 or more.
        top: As *left*.
        right: As *left*.
        bottom: As *left*.

    Returns:
        The rest, in the same mode; *image* itself where nothing is cut.

    Raises:
        UsageError: A number is negative, or nothing would be left. (A ValueError.)

    >>> trim(Image.new("L", (300, 300)), bottom=100).size
    (300, 200)

    """
    if min(left, top, right, bottom) < 0:
        raise UsageError(
            "step 'trim': left, top, right and bottom must be 0 or more pixels "
            f"(got {left}, {top}, {right}, {bottom})"
        )
    width, height = image.width - left - right, image.height - top - bottom
    if width < 1 or height < 1:
        raise UsageError(
            f"step 'trim': must leave at least 1 x 1 pixels of {image.width} x {image.height} "
            f"(got left={left}, top={top}, right={right}, bottom={bottom}: {width} x {height})"
        )
    return _cut(image, (left, top, width, height))


@step(borrows=True)
def crop(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """
    Return the part of *image* inside *box*.

    Args:
        image: Any mode, any size.
        box: (x, y, width, height) in pixels: the upper left corner of the part, and its size.

    Returns:
        The part, in the same mode; *image* itself where the box is all of it.

    Raises:
        UsageError: The box is empty or does not lie inside the picture. (A ValueError.)

    >>> crop(Image.new("L", (300, 300)), (10, 20, 30, 40)).size
    (30, 40)

    """
    x, y, width, height = box
    inside = 0 <= x <= image.width - width and 0 <= y <= image.height - height
    if width < 1 or height < 1 or not inside:
        raise UsageError(
            "step 'crop': box must be (x, y, width, height) inside the picture of "
            f"{image.width} x {image.height} pixels (got {tuple(box)})"
        )
    return _cut(image, (x, y, width, height))


@step(borrows=True)
def resize(
    image: Image.Image,
    size: int | tuple[int, int],
    *,
    fit: Fit = "fill",
    filter: Filter = "lanczos",  # noqa: A002 - the field's word
    background: str = "black",
    upscale: bool = True,
    position: Position = "center",
) -> Image.Image:
    """
    Scale *image* to *size*.

    Args:
        image: Any mode, any size; palettes and 1-bit pictures are converted first.
        size: (width, height) in pixels, each 1 or more; one number means a square.
        fit: "fill" stretches to exactly *size*. The others keep the ratio of width to height:
            "cover" fills *size* and cuts off what is beyond; "contain" fits inside *size* and pads
            with *background*; "inside" is at most, "outside" at least *size*, without cut or padding.
        filter: How pixels are averaged; "lanczos" is sharpest, "nearest" keeps values (masks).
        background: Colour of the padding of "contain", by a name or code Pillow knows.
        upscale: False never makes the picture larger than it is: "contain" pads more, the others
            return less than *size*.
        position: Which part "cover" keeps, and where "contain" puts the picture.

    Returns:
        A new picture, or *image* itself where it has the size already.

    Raises:
        UsageError: *size*, *fit*, *filter* or *position* is none of these. (A ValueError.)

    Source: CSS Images 3, `object-fit`, for the first three; the sharp library for the last two.

    >>> resize(Image.new("L", (400, 200)), 100).size
    (100, 100)
    >>> resize(Image.new("L", (400, 200)), (100, 100), fit="inside").size
    (100, 50)

    """
    _check_choice("resize", "fit", fit, get_args(Fit))
    _check_choice("resize", "filter", filter, get_args(Filter))
    _check_choice("resize", "position", position, get_args(Position))
    target = _checked_size(size)
    image = unpaletted(image)
    resample = Image.Resampling[filter.upper()]
    if fit == "fill":
        return _scaled(image, _at_most(target, image.size, upscale=upscale), resample)
    across, down = target[0] / image.width, target[1] / image.height
    factor = max(across, down) if fit in {"cover", "outside"} else min(across, down)
    factor = factor if upscale else min(factor, 1.0)
    scaled = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    if fit == "cover":
        return _covering(image, _at_most(target, scaled), factor, resample, position)
    small = _scaled(image, scaled, resample)
    return _padded(small, target, background, position) if fit == "contain" else small


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
    _check_choice("flip", "direction", direction, get_args(Direction))
    return image.transpose(_FLIPS[direction])


@step(borrows=True)
def rotate(
    image: Image.Image, degrees: float, *, expand: bool = True, background: str = "black"
) -> Image.Image:
    """
    Turn *image* counter-clockwise about its centre.

    Args:
        image: Any mode, any size; palettes and 1-bit pictures are converted first where the angle
            is no multiple of 90.
        degrees: The angle, of any sign and size. Multiples of 90 move pixels without changing
            them; other angles are interpolated (bicubic).
        expand: True makes the picture large enough for all of the turned one; False keeps its size
            and cuts off what is beyond.
        background: Colour of the corners, by a name or code Pillow knows.

    Returns:
        A new picture, or *image* itself for multiples of 360.

    >>> rotate(Image.new("L", (400, 200)), 90).size
    (200, 400)

    """
    degrees %= 360
    if degrees == 0:
        return image
    if degrees not in _TURNS:
        image = unpaletted(image)
        fill = fill_value(background, image.mode)
        return image.rotate(degrees, Image.Resampling.BICUBIC, expand=expand, fillcolor=fill)
    turned = image.transpose(_TURNS[degrees])
    if expand or turned.size == image.size:
        return turned
    kept = _cut_to(turned, _at_most(image.size, turned.size), "center")
    return _padded(unpaletted(kept), image.size, background, "center")


def _cut(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    x, y, width, height = box
    if (width, height) == image.size:
        return image
    if isinstance(image, DeferredImage):
        return image.part((x, y, x + width, y + height))
    # Not Image.crop: it warns of decompression bombs, and these pixels are decoded already.
    image.load()
    return image._new(image.im.crop((x, y, x + width, y + height)))  # noqa: SLF001


def _cut_to(image: Image.Image, size: tuple[int, int], position: str) -> Image.Image:
    x, y = _POSITIONS[position]
    left, top = int((image.width - size[0]) * x), int((image.height - size[1]) * y)
    return _cut(image, (left, top, *size))


def _scaled(image: Image.Image, size: tuple[int, int], resample: Image.Resampling) -> Image.Image:
    if image.size == size:
        return image
    return image.scaled(size, resample) if isinstance(image, DeferredImage) else image.resize(size, resample)


def _covering(
    image: Image.Image,
    target: tuple[int, int],
    factor: float,
    resample: Image.Resampling,
    position: str,
) -> Image.Image:
    # Cut in source coordinates, so that it is one pass and no edge is rounded twice.
    width = min(image.width, target[0] / factor)
    height = min(image.height, target[1] / factor)
    if image.size == target:
        return image
    x, y = _POSITIONS[position]
    left, top = (image.width - width) * x, (image.height - height) * y
    box = (left, top, left + width, top + height)
    if isinstance(image, DeferredImage):
        return image.scaled(target, resample, box)
    return image.resize(target, resample, box=box)


def _padded(image: Image.Image, size: tuple[int, int], background: str, position: str) -> Image.Image:
    if image.size == size:
        return image
    canvas = Image.new(image.mode, size, fill_value(background, image.mode))
    x, y = _POSITIONS[position]
    canvas.paste(image, (int((size[0] - image.width) * x), int((size[1] - image.height) * y)))
    return canvas


def _at_most(size: tuple[int, int], limit: tuple[int, int], *, upscale: bool = False) -> tuple[int, int]:
    return size if upscale else (min(size[0], limit[0]), min(size[1], limit[1]))


def _checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    width, height = (size, size) if isinstance(size, int) else size
    if not all(isinstance(side, int) for side in (width, height)) or min(width, height) < 1:
        raise UsageError(
            f"step 'resize': size must be (width, height) of at least 1 pixel each (got {size!r})"
        )
    return width, height


def _check_choice(name: str, parameter: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            f"step '{name}': parameter '{parameter}' has no choice {value!r}{did_you_mean(str(value), known)}"
        )
