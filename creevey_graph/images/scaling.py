"""
Steps that scale by one side, under the names of other tools; `resize` in geometry.py is what they rest on.

img2dataset's `resize_mode` as a `fit` of `resize`: "border" is "contain" on white, "keep_ratio" is
"outside", "keep_ratio_largest" is "inside", "center_crop" is "cover".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, SupportsIndex, get_args

from PIL import Image

from creevey_graph.images.checks import checked_choice, checked_picture, checked_whole
from creevey_graph.images.color import unpaletted
from creevey_graph.images.constants import Constants, whole_check
from creevey_graph.images.geometry import Filter, Fit, _fitted, _sized
from creevey_graph.step import step

Img2datasetMode = Literal["border", "keep_ratio", "keep_ratio_largest", "center_crop", "no"]

_FITS: Mapping[str, Fit] = MappingProxyType(
    {
        "border": "contain",
        "keep_ratio": "outside",
        "keep_ratio_largest": "inside",
        "center_crop": "cover",
    }
)
_BY_LARGEST_SIDE = {"border", "keep_ratio_largest"}


@step(borrows=True, check=Constants("smallest_max_size", {"size": whole_check(1)}))
def smallest_max_size(
    image: Image.Image,
    size: SupportsIndex,
    *,
    filter: Filter = "lanczos",  # noqa: A002 - the field's word
    upscale: bool = True,
) -> Image.Image:
    """
    Scale *image* so that its smaller side is *size*; the ratio of width to height stays.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first.
        size: Pixels, 1 or more.
        filter: As for `resize`.
        upscale: False leaves a picture as it is that is smaller.

    Returns:
        A new picture, or *image* itself where it has the size already. Each side is `int(round(side /
        ratio, 1))`, where ratio is the smaller side by *size*: the other side is rounded down.

    Raises:
        UsageError: *size* or *filter* is none of these, or the result would have more than 2**28
            pixels. (A ValueError.)

    Source: albumentations' `SmallestMaxSize` for the name; Creevey's `resize(min_dim)` for the rounding.

    >>> smallest_max_size(Image.new("L", (640, 480)), 1000).size
    (1333, 1000)

    """
    shorter = min(checked_picture("smallest_max_size", image).size)
    return _by_side("smallest_max_size", image, shorter, size, filter_name=filter, upscale=upscale)


@step(borrows=True, check=Constants("longest_max_size", {"size": whole_check(1)}))
def longest_max_size(
    image: Image.Image,
    size: SupportsIndex,
    *,
    filter: Filter = "lanczos",  # noqa: A002 - the field's word
    upscale: bool = True,
) -> Image.Image:
    """
    Scale *image* so that its longer side is *size*; the ratio of width to height stays.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first.
        size: Pixels, 1 or more.
        filter: As for `resize`.
        upscale: False leaves a picture as it is that is smaller.

    Returns:
        A new picture, or *image* itself where it has the size already; rounded as by
        `smallest_max_size`, at least 1 pixel.

    Raises:
        UsageError: *size* or *filter* is none of these, or the result would have more than 2**28
            pixels. (A ValueError.)

    Source: albumentations' `LongestMaxSize` for the name.

    >>> longest_max_size(Image.new("L", (640, 480)), 100).size
    (100, 75)

    """
    longer = max(checked_picture("longest_max_size", image).size)
    return _by_side("longest_max_size", image, longer, size, filter_name=filter, upscale=upscale)


def _by_side(
    name: str, image: Image.Image, side: int, size: SupportsIndex, *, filter_name: str, upscale: bool
) -> Image.Image:
    checked_choice(name, "filter", filter_name, get_args(Filter))
    ratio = side / checked_whole(name, "size", size, least=1)
    image = unpaletted(image)
    if ratio < 1 and not upscale:
        return image
    width, height = (max(1, int(round(length / ratio, 1))) for length in image.size)
    return _sized(name, image, (width, height), Image.Resampling[filter_name.upper()])


@step(borrows=True, check=Constants("img2dataset_resize", {"size": whole_check(1)}))
def img2dataset_resize(
    image: Image.Image,
    size: SupportsIndex,
    *,
    mode: Img2datasetMode = "border",
    only_if_bigger: bool = False,
    filter: Filter = "lanczos",  # noqa: A002 - the field's word
) -> Image.Image:
    """
    Scale *image* as img2dataset does for its `--image_size` and `--resize_mode`.

    Args:
        image: Any mode, any size; palettes, hues and 1-bit pictures are converted first.
        size: Pixels, 1 or more.
        mode: "border" makes the longer side *size* and pads to a square with white; "keep_ratio"
            makes the smaller side *size*, "keep_ratio_largest" the longer one; "center_crop" makes the
            smaller side *size* and keeps the square in the middle; "no" does nothing.
        only_if_bigger: True leaves a picture as it is (not even padded) whose side in question is at
            most *size*; img2dataset's `--resize_only_if_bigger`.
        filter: As for `resize`. Of img2dataset's own, Lanczos and OpenCV's area, Pillow has "lanczos"
            and "box".

    Returns:
        A new picture, or *image* itself where nothing is to be done.

    Raises:
        UsageError: *size*, *mode* or *filter* is none of these, or the result would have more than
            2**28 pixels. (A ValueError.)

    Source: img2dataset's README, `resize_mode`.

    >>> photo = Image.new("RGB", (640, 480))
    >>> [img2dataset_resize(photo, 256, mode=mode).size for mode in ("border", "keep_ratio", "center_crop")]
    [(256, 256), (341, 256), (256, 256)]

    """
    checked_choice("img2dataset_resize", "mode", mode, get_args(Img2datasetMode))
    checked_choice("img2dataset_resize", "filter", filter, get_args(Filter))
    length = checked_whole("img2dataset_resize", "size", size, least=1)
    sides = checked_picture("img2dataset_resize", image).size
    if mode == "no":
        return image
    side = max(sides) if mode in _BY_LARGEST_SIDE else min(sides)
    if only_if_bigger and side <= length:
        return unpaletted(image)
    fit = _FITS[mode]
    return _fitted("img2dataset_resize", image, length, fit, filter, "white", upscale=True, position="center")
