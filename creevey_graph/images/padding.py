"""Steps that put a picture on a larger canvas: `pad` and `letterbox`."""

from typing import Literal, get_args

from PIL import Image

from creevey_graph.images.checks import (
    Color,
    bounded,
    checked_choice,
    checked_color,
    checked_picture,
    checked_size,
)
from creevey_graph.images.color import unpaletted
from creevey_graph.images.constants import Constants, color_check, size_check
from creevey_graph.images.geometry import _POSITIONS, Filter, Position, Size, _cut, _fitted, _padded
from creevey_graph.step import step

PadMode = Literal["constant", "edge", "reflect"]


@step(borrows=True, check=Constants("pad", {"size": size_check, "color": color_check}))
def pad(
    image: Image.Image,
    size: Size,
    *,
    color: Color = "white",
    position: Position = "center",
    mode: PadMode = "constant",
) -> Image.Image:
    """
    Pad *image* to at least *size*; nothing is scaled or cut.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first.
        size: (width, height) in pixels; one number means a square. A side that is longer already
            stays as it is.
        color: What "constant" pads with.
        position: Where the picture stands; where the rest is odd, "center" has its larger half on
            the right and at the bottom.
        mode: "constant" pads with *color*, "edge" repeats the outermost pixels, "reflect" mirrors the
            picture about them, without repeating them, as often as needed.

    Returns:
        A new picture, or *image* itself where nothing is padded.

    Raises:
        UsageError: *size*, *color*, *position* or *mode* is none of these, or the result would have
            more than 2**28 pixels. (A ValueError.)

    Source: albumentations' `PadIfNeeded` for the rule; numpy's `pad` for the names of the modes.

    >>> pad(Image.new("L", (30, 20)), (40, 40)).size
    (40, 40)
    >>> picture = Image.frombytes("L", (3, 1), bytes([10, 20, 30]))
    >>> list(pad(picture, (7, 1), mode="reflect").tobytes())
    [30, 20, 10, 20, 30, 20, 10]

    """
    checked_choice("pad", "mode", mode, get_args(PadMode))
    checked_choice("pad", "position", position, get_args(Position))
    fill = checked_color("pad", "color", color)
    width, height = checked_size("pad", size)
    image = unpaletted(checked_picture("pad", image))
    target = bounded("pad", (max(width, image.width), max(height, image.height)), image)
    if mode == "constant" or target == image.size:
        return _padded(image, target, fill, position)
    x, y = _POSITIONS[position]
    grown = _EXTENDERS[mode](image, int((target[0] - image.width) * x), target[0])
    turned = grown.transpose(Image.Transpose.TRANSPOSE)
    turned = _EXTENDERS[mode](turned, int((target[1] - image.height) * y), target[1])
    return turned.transpose(Image.Transpose.TRANSPOSE)


def _with_edges(image: Image.Image, left: int, width: int) -> Image.Image:
    canvas = Image.new(image.mode, (width, image.height))
    first = _cut(image, (0, 0, 1, image.height))
    last = _cut(image, (image.width - 1, 0, 1, image.height))
    right = width - image.width - left
    if left:
        canvas.paste(first.resize((left, image.height), Image.Resampling.NEAREST), (0, 0))
    canvas.paste(image, (left, 0))
    if right:
        canvas.paste(last.resize((right, image.height), Image.Resampling.NEAREST), (left + image.width, 0))
    canvas.info = dict(image.info)
    return canvas


def _with_reflections(image: Image.Image, left: int, width: int) -> Image.Image:
    if image.width == 1:
        return _with_edges(image, left, width)
    # One period is the picture and its mirror image without both ends.
    period = 2 * image.width - 2
    block = Image.new(image.mode, (period, image.height))
    block.paste(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (image.width - 1, 0))
    block.paste(image, (0, 0))
    start = -left % period
    canvas = Image.new(image.mode, (start + width, image.height))
    canvas.paste(block, (0, 0))
    done = period
    while done < canvas.width:  # twice as much each time: one paste a period is slow for thin pictures
        canvas.paste(_cut(canvas, (0, 0, min(done, canvas.width - done), image.height)), (done, 0))
        done *= 2
    canvas.info = dict(image.info)
    return _cut(canvas, (start, 0, width, image.height))


_EXTENDERS = {"edge": _with_edges, "reflect": _with_reflections}


@step(borrows=True, check=Constants("letterbox", {"size": size_check, "color": color_check}))
def letterbox(
    image: Image.Image,
    size: Size,
    *,
    color: Color = (114, 114, 114),
    position: Position = "center",
    filter: Filter = "lanczos",  # noqa: A002 - the field's word
    upscale: bool = True,
) -> Image.Image:
    """
    Scale *image* to fit inside *size*, and pad it to exactly that.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first.
        size: (width, height) in pixels, each 1 or more; one number means a square.
        color: Colour of the bars; grey 114 is what YOLO models are trained with.
        position: Where the picture stands.
        filter: As for `resize`.
        upscale: False pads more instead of making the picture larger.

    Returns:
        A new picture of *size*, or *image* itself where it has the size already.

    Raises:
        UsageError: One of these is none there is, or *size* has more than 2**28 pixels. (A ValueError.)

    Source: the letterbox of Ultralytics' YOLO; `resize(fit="contain")` with another colour.

    >>> letterbox(Image.new("RGB", (640, 480)), 320).getpixel((0, 0))
    (114, 114, 114)

    """
    checked_choice("letterbox", "position", position, get_args(Position))
    fill = checked_color("letterbox", "color", color)
    return _fitted("letterbox", image, size, "contain", filter, fill, upscale=upscale, position=position)
