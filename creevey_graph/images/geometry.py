"""
The step `resize`, and how every step cuts, scales and pads.

Lengths are pixels, sizes are (width, height), x runs right and y runs down from the upper left.
Pictures with a palette ("P", "PA") become "RGB" or "RGBA", 1-bit ones "L" and "HSV" ones "RGB" before
they are resized, since indexes, single bits and hues cannot be averaged. Colours are averaged as far
as they are seen: what alpha hides does not bleed into what it shows.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, SupportsIndex, get_args

from PIL import Image

from creevey_graph.deferred import DeferredImage
from creevey_graph.images.checks import (
    Color,
    bounded,
    checked_choice,
    checked_color,
    checked_picture,
    checked_size,
)
from creevey_graph.images.color import clamped, fill_of, unpaletted
from creevey_graph.images.constants import Constants, color_check, size_check
from creevey_graph.step import step

Fit = Literal["fill", "cover", "contain", "inside", "outside"]
Filter = Literal["lanczos", "bicubic", "bilinear", "box", "hamming", "nearest"]
Position = Literal["center", "top", "bottom", "left", "right"]
Size = SupportsIndex | Sequence[SupportsIndex]

_POSITIONS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "center": (0.5, 0.5),
        "top": (0.5, 0.0),
        "bottom": (0.5, 1.0),
        "left": (0.0, 0.5),
        "right": (1.0, 0.5),
    }
)


@step(borrows=True, check=Constants("resize", {"size": size_check, "background": color_check}))
def resize(
    image: Image.Image,
    size: Size,
    *,
    fit: Fit = "fill",
    filter: Filter = "lanczos",  # noqa: A002 - the field's word
    background: Color = "black",
    upscale: bool = True,
    position: Position = "center",
) -> Image.Image:
    """
    Scale *image* to *size*.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first.
        size: (width, height) in pixels, each 1 or more; one number means a square.
        fit: "fill" stretches to exactly *size*. The others keep the ratio of width to height:
            "cover" fills *size* and cuts off what is beyond; "contain" fits inside *size* and pads
            with *background*; "inside" is at most, "outside" at least *size*, without cut or padding.
        filter: How pixels are averaged; "lanczos" is sharpest, "nearest" keeps values (masks).
        background: Colour of the padding of "contain".
        upscale: False never makes the picture larger than it is: "contain" pads more, the others
            return less than *size*.
        position: Which part "cover" keeps, and where "contain" puts the picture.

    Returns:
        A new picture, or *image* itself where it has the size already.

    Raises:
        UsageError: *size*, *fit*, *filter*, *background* or *position* is none of these, or the
            result would have more than 2**28 pixels. (A ValueError.)

    Source: CSS Images 3, `object-fit`, for the first three; the sharp library for the last two.

    >>> resize(Image.new("L", (400, 200)), 100).size
    (100, 100)
    >>> resize(Image.new("L", (400, 200)), (100, 100), fit="inside").size
    (100, 50)

    """
    checked_choice("resize", "fit", fit, get_args(Fit))
    checked_choice("resize", "position", position, get_args(Position))
    fill = checked_color("resize", "background", background)
    return _fitted("resize", image, size, fit, filter, fill, upscale=upscale, position=position)


def _fitted(  # noqa: PLR0917 - as resize has them
    name: str,
    image: Image.Image,
    size: Size,
    fit: str,
    filter_name: str,
    background: str,
    *,
    upscale: bool,
    position: str,
) -> Image.Image:
    checked_choice(name, "filter", filter_name, get_args(Filter))
    target = checked_size(name, size)
    image = unpaletted(checked_picture(name, image))
    resample = Image.Resampling[filter_name.upper()]
    if fit == "fill":
        return _sized(name, image, _at_most(target, image.size, upscale=upscale), resample)
    across, down = target[0] / image.width, target[1] / image.height
    factor = max(across, down) if fit in {"cover", "outside"} else min(across, down)
    factor = factor if upscale else min(factor, 1.0)
    scaled = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    if fit == "cover":
        target = bounded(name, _at_most(target, scaled), image)
        return clamped(_covering(image, target, factor, resample, position), image)
    if fit == "contain":
        bounded(name, target, image)
    small = _sized(name, image, scaled, resample)
    return _padded(small, target, background, position) if fit == "contain" else small


def _sized(name: str, image: Image.Image, size: tuple[int, int], resample: Image.Resampling) -> Image.Image:
    return clamped(_scaled(image, bounded(name, size, image), resample), image)


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
    canvas = Image.new(image.mode, size, fill_of(image, background))
    canvas.info = dict(image.info)  # a colour profile above all
    x, y = _POSITIONS[position]
    canvas.paste(image, (int((size[0] - image.width) * x), int((size[1] - image.height) * y)))
    return canvas


def _at_most(size: tuple[int, int], limit: tuple[int, int], *, upscale: bool = False) -> tuple[int, int]:
    return size if upscale else (min(size[0], limit[0]), min(size[1], limit[1]))
