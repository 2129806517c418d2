"""
Steps that leave pictures out by their pixels: each returns what it was given, or skips the item and says why.

The reason has the figure and the bound ("120 x 80 px, narrower than 224 px"); the row of the report
shows it. What a filter goes by is the measure of the same kind, so that the column and the filter agree.
Filters on files, which come before decoding, are in `file_filters.py`.
"""

from PIL import Image

from creevey_graph.errors import SkipItem
from creevey_graph.images.bounds import check_bounds, check_order, check_range
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.measure import aspect_ratio, blur_score, color_range, entropy, mean_brightness
from creevey_graph.step import step


@step(borrows=True)
def require_size(
    image: Image.Image,
    *,
    min_width: int | None = None,
    min_height: int | None = None,
    max_width: int | None = None,
    max_height: int | None = None,
    max_pixels: int | None = None,
) -> Image.Image:
    """
    Pass pictures of a certain size; skip the others.

    Args:
        image: Any mode, any size.
        min_width: The least width in pixels.
        min_height: The least height in pixels.
        max_width: The greatest width in pixels.
        max_height: The greatest height in pixels.
        max_pixels: The most pixels, width times height.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It has another size.
        UsageError: There is no bound, or no size fits them. (A ValueError.)

    >>> require_size(Image.new("L", (120, 80)), min_width=224)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: 120 x 80 px, narrower than 224 px

    """
    check_bounds(
        "require_size",
        {
            "min_width": min_width,
            "min_height": min_height,
            "max_width": max_width,
            "max_height": max_height,
            "max_pixels": max_pixels,
        },
    )
    check_order("require_size", ("min_width", min_width), ("max_width", max_width))
    check_order("require_size", ("min_height", min_height), ("max_height", max_height))
    width, height = checked_picture("require_size", image).size
    for low, word, value, high, opposite in (
        (min_width, "narrower", width, max_width, "wider"),
        (min_height, "lower", height, max_height, "higher"),
    ):
        if low is not None and value < low:
            raise SkipItem(f"{width} x {height} px, {word} than {low} px")
        if high is not None and value > high:
            raise SkipItem(f"{width} x {height} px, {opposite} than {high} px")
    if max_pixels is not None and width * height > max_pixels:
        raise SkipItem(f"{width} x {height} = {width * height} pixels, more than {max_pixels}")
    return image


@step(borrows=True)
def require_aspect_ratio(
    image: Image.Image,
    *,
    min: float | None = None,  # noqa: A002 - the field's word
    max: float | None = None,  # noqa: A002 - the field's word
) -> Image.Image:
    """
    Pass pictures of a certain shape; skip the others.

    Args:
        image: Any mode, any size.
        min: The least width over height; 1/3 leaves out what is over three times as high as wide.
        max: The greatest width over height; 3 leaves out what is over three times as wide as high.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It has another shape.
        UsageError: There is no bound, or no shape fits them. (A ValueError.)

    >>> require_aspect_ratio(Image.new("L", (400, 100)), max=3)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: aspect ratio 4 (400 x 100 px), above 3

    """
    shape = aspect_ratio(checked_picture("require_aspect_ratio", image))
    text = f"aspect ratio {shape:.4g} ({image.width} x {image.height} px)"
    require("require_aspect_ratio", shape, text, min, max)
    return image


@step(borrows=True)
def require_brightness(
    image: Image.Image,
    *,
    min: float | None = None,  # noqa: A002 - the field's word
    max: float | None = None,  # noqa: A002 - the field's word
) -> Image.Image:
    """
    Pass pictures of a certain mean brightness; skip the others, such as night and washed-out ones.

    Args:
        image: Any mode, any size.
        min: The least `mean_brightness`, 0-255.
        max: The greatest.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It is darker or brighter.
        UsageError: There is no bound, or nothing fits them. (A ValueError.)

    >>> require_brightness(Image.new("L", (4, 4), 3), min=20)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: mean brightness 3, below 20

    """
    value = mean_brightness(checked_picture("require_brightness", image))
    require("require_brightness", value, f"mean brightness {value:.4g}", min, max)
    return image


@step(borrows=True)
def require_entropy(image: Image.Image, *, min: float) -> Image.Image:  # noqa: A002 - the field's word
    """
    Pass pictures that show something; skip blank ones.

    Args:
        image: Any mode, any size.
        min: The least `entropy`, 0-8 bits a pixel; photos have 6 to 8.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It has less.
        UsageError: *min* is no number. (A ValueError.)

    >>> require_entropy(Image.new("L", (4, 4)), min=1)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: entropy 0 bits, below 1

    """
    value = entropy(checked_picture("require_entropy", image))
    require("require_entropy", value, f"entropy {value:.4g} bits", min)
    return image


@step(borrows=True)
def require_sharpness(image: Image.Image, *, min: float) -> Image.Image:  # noqa: A002 - the field's word
    """
    Pass sharp pictures; skip blurred ones.

    Args:
        image: Any mode; of one size for one limit, see `blur_score`.
        min: The least `blur_score`; 100 is a common limit.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It is blurred.
        UsageError: *min* is no number. (A ValueError.)

    >>> require_sharpness(Image.new("L", (4, 4)), min=100)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: sharpness 0, below 100

    """
    value = blur_score(checked_picture("require_sharpness", image))
    require("require_sharpness", value, f"sharpness {value:.4g}", min)
    return image


@step(borrows=True)
def require_color(image: Image.Image, *, tolerance: int = 0) -> Image.Image:
    """
    Pass pictures in colour; skip grey ones.

    Args:
        image: Any mode, any size.
        tolerance: As in `is_grayscale`, 0 to 255.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It is grey.
        UsageError: *tolerance* is out of its range. (A ValueError.)

    >>> require_color(Image.new("L", (4, 4)))
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: grey: channels differ by 0 at most

    """
    check_range("require_color", "tolerance", tolerance, 0, 255)
    apart = color_range(checked_picture("require_color", image))
    if apart <= tolerance:
        raise SkipItem(f"grey: channels differ by {apart} at most")
    return image


@step(borrows=True)
def require_grayscale(image: Image.Image, *, tolerance: int = 0) -> Image.Image:
    """
    Pass grey pictures; skip those in colour.

    Args:
        image: Any mode, any size.
        tolerance: As in `is_grayscale`, 0 to 255.

    Returns:
        *image* itself.

    Raises:
        SkipItem: It has colours.
        UsageError: *tolerance* is out of its range. (A ValueError.)

    >>> require_grayscale(Image.new("RGB", (4, 4), "red"))
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: coloured: channels differ by up to 255, more than 0

    """
    check_range("require_grayscale", "tolerance", tolerance, 0, 255)
    apart = color_range(checked_picture("require_grayscale", image))
    if apart > tolerance:
        raise SkipItem(f"coloured: channels differ by up to {apart}, more than {tolerance}")
    return image


def require(step_name: str, value: float, text: str, low: float | None, high: float | None = None) -> None:
    """
    Check a figure against its bounds.

    Raises:
        SkipItem: It is out of them; the reason begins with *text*.
        UsageError: There is no bound, or nothing fits them.

    >>> require("require_bytes", 3, "3 bytes", None, 2)
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: 3 bytes, above 2

    """
    check_bounds(step_name, {"min": low, "max": high})
    check_order(step_name, ("min", low), ("max", high))
    if low is not None and value < low:
        raise SkipItem(f"{text}, below {low}")
    if high is not None and value > high:
        raise SkipItem(f"{text}, above {high}")
