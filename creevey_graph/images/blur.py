"""
Steps that blur: `gaussian_blur` all over, `blur_boxes` in places.

They work with 8 bits a sample: deeper pixels are scaled, palettes are resolved, and modes that cannot be
averaged band by band ("YCbCr", "LAB", "HSV") become "RGB". What alpha hides does not bleed into what it shows.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, get_args

from PIL import Image, ImageFilter

from creevey_graph.errors import UsageError
from creevey_graph.images.checks import checked_box, checked_choice, checked_number, checked_picture
from creevey_graph.images.color import scaled_to_8_bit, unpaletted, without_metadata
from creevey_graph.images.geometry import _cut
from creevey_graph.step import step

Unit = Literal["px", "rel"]

_MOST_RADIUS = 1e6
_PREMULTIPLIED: Mapping[str, str] = MappingProxyType({"LA": "La", "RGBA": "RGBa"})
_SHARE_OF_DIAGONAL = 0.1


@step(borrows=True)
def gaussian_blur(image: Image.Image, radius: float) -> Image.Image:
    """
    Blur *image*.

    Args:
        image: Any mode, any size.
        radius: The standard deviation in pixels, 0 to a million; 0 changes nothing.

    Returns:
        A new picture, or *image* itself for 0.

    Raises:
        UsageError: *radius* is none of these. (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: Pillow's `ImageFilter.GaussianBlur`: P. Gwosdek et al., "Theoretical Foundations of Gaussian
    Convolution by Extended Box Filtering" (2011), three passes.

    >>> gaussian_blur(Image.new("RGB", (5, 5), "red"), 2).getpixel((2, 2))
    (255, 0, 0)

    """
    deviation = checked_number("gaussian_blur", "radius", radius, low=0, high=_MOST_RADIUS)
    image = _blurrable(checked_picture("gaussian_blur", image))
    return averaged(image, ImageFilter.GaussianBlur(deviation)) if deviation else image


@step(borrows=True)
def blur_boxes(
    image: Image.Image,
    boxes: Iterable[Sequence[float]] | str | None,
    *,
    radius: float | None = None,
    unit: Unit = "px",
) -> Image.Image:
    """
    Blur *image* inside *boxes*, such as faces; outside them no pixel changes.

    Args:
        image: Any mode, any size.
        boxes: (x, y, width, height) each, as a column of the items has them: a list, an array, or text
            of JSON; None or "" for none. Edges are rounded outwards, parts beyond the picture are left
            out, and boxes are blurred one after another.
        radius: The standard deviation in pixels; None takes a tenth of each box's diagonal, which
            makes faces of any size unknown.
        unit: "px" for pixels, "rel" for shares of width and height.

    Returns:
        A new picture, or *image* itself where no box touches it.

    Raises:
        UsageError: A box is none, its size is negative, or *radius* or *unit* is none of these.
            (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: K. Yang et al., "A Study of Face Obfuscation in ImageNet" (2022), for the radius.

    >>> photo = Image.new("L", (4, 4))
    >>> photo.putpixel((0, 0), 255)
    >>> blurred = blur_boxes(photo, [(0, 0, 2, 2)], radius=2)
    >>> blurred.getpixel((0, 0)) < 255, blurred.getpixel((2, 2))
    (True, 0)

    """
    checked_choice("blur_boxes", "unit", unit, get_args(Unit))
    if radius is not None:
        radius = checked_number("blur_boxes", "radius", radius, low=0, high=_MOST_RADIUS)
    image = _blurrable(checked_picture("blur_boxes", image))
    found = [box for box in (_clipped(image, box, unit) for box in _listed(boxes)) if box]
    if not found:
        return image
    canvas = image.copy()
    for x, y, width, height in found:
        deviation = _SHARE_OF_DIAGONAL * math.hypot(width, height) if radius is None else radius
        part = _cut(canvas, (x, y, width, height))
        canvas.paste(averaged(part, ImageFilter.GaussianBlur(deviation)), (x, y))
    return canvas


def averaged(image: Image.Image, kernel: ImageFilter.Filter) -> Image.Image:
    """
    Return *image* under a filter that averages neighbours, colours as far as alpha shows them.

    Args:
        image: "L", "LA", "RGB", "RGBA" or "CMYK".
        kernel: One of Pillow's filters.

    >>> red = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    >>> red.putpixel((2, 0), (0, 255, 0, 0))
    >>> averaged(red, ImageFilter.GaussianBlur(1)).getpixel((1, 0))[:3]
    (255, 0, 0)
    """
    mode = _PREMULTIPLIED.get(image.mode)
    if mode is None:
        return image.filter(kernel)
    return image.convert(mode).filter(kernel).convert(image.mode)


def _blurrable(image: Image.Image) -> Image.Image:
    image = unpaletted(scaled_to_8_bit(image))
    if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"}:
        return image
    return without_metadata(image.convert("RGB"), ())


def _listed(boxes: Any) -> list[tuple[float, float, float, float]]:
    if isinstance(boxes, str):
        try:
            boxes = json.loads(boxes) if boxes.strip() else None
        except ValueError as exc:
            raise UsageError(
                f"step 'blur_boxes': boxes as text must be JSON, like '[[x, y, width, height]]' (got {boxes!r})"
            ) from exc
    if boxes is None:
        return []
    if not isinstance(boxes, Iterable) or isinstance(boxes, Mapping):
        raise UsageError(f"step 'blur_boxes': boxes must be a list of boxes (got {boxes!r})")
    return [checked_box("blur_boxes", "boxes", box) for box in boxes]


def _clipped(
    image: Image.Image, box: tuple[float, float, float, float], unit: str
) -> tuple[int, int, int, int] | None:
    x, y, width, height = box
    if min(width, height) < 0:
        raise UsageError(f"step 'blur_boxes': a box must not have a negative size (got {box})")
    across, down = image.size if unit == "rel" else (1, 1)
    left, top = max(0, math.floor(x * across)), max(0, math.floor(y * down))
    right = min(image.width, math.ceil((x + width) * across))
    lower = min(image.height, math.ceil((y + height) * down))
    return (left, top, right - left, lower - top) if left < right and top < lower else None
