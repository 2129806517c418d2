"""
Steps that measure a picture: `width`, `height`, `aspect_ratio`, `mean_brightness`, `entropy`,
`blur_score`, `colorfulness`, `is_grayscale`. Their values are scalars.

What needs the file and not the pixels is in `facts.py`, hashes are in `hashes.py`, and what is added up
over a set is in `channels.py`. All are computed from whole numbers, so that they are the same everywhere.
"""

import math

from PIL import Image, ImageChops, ImageFilter

from creevey_graph.images.bounds import check_range
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.color import grayscale, scaled_to_8_bit, unpaletted, without_metadata
from creevey_graph.step import step

_LAPLACIAN = (0, 1, 0, 1, -4, 1, 0, 1, 0)
_LOWEST = 4 * 255
"""What is added to the Laplacian of bytes, -1020 to 1020, to have no negative numbers."""
_LOW_BYTES = tuple(value & 255 for value in range(65536))
_HIGH_BYTES = tuple(value >> 8 for value in range(65536))


@step(borrows=True)
def width(image: Image.Image) -> int:
    """
    Return the width of *image* in pixels.

    >>> width(Image.new("L", (40, 30)))
    40

    """
    return checked_picture("width", image).width


@step(borrows=True)
def height(image: Image.Image) -> int:
    """
    Return the height of *image* in pixels.

    >>> height(Image.new("L", (40, 30)))
    30

    """
    return checked_picture("height", image).height


@step(borrows=True)
def aspect_ratio(image: Image.Image) -> float:
    """
    Return width over height: above 1 for landscape, below 1 for portrait.

    >>> aspect_ratio(Image.new("L", (40, 30))).hex()
    '0x1.5555555555555p+0'

    """
    checked_picture("aspect_ratio", image)
    return image.width / image.height


@step(borrows=True)
def mean_brightness(image: Image.Image) -> float:
    """
    Return the mean brightness of *image*.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel). Alpha is left out.

    Returns:
        The mean of all pixels, in [0, 255]; 0 is black. Exact: the sum is one of integers.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    Source: Creevey's `calculate_mean_brightness`; brightness is ITU-R BT.601 luma.

    >>> mean_brightness(Image.new("RGB", (2, 2), (255, 0, 0)))
    76.0

    """
    counts = grayscale(checked_picture("mean_brightness", image)).histogram()
    return sum(value * count for value, count in enumerate(counts)) / sum(counts)


@step(borrows=True)
def entropy(image: Image.Image) -> float:
    """
    Return how much the brightness of the pixels tells: low for empty walls, blank pages, flat drawings.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).

    Returns:
        Bits a pixel, in [0, 8]: 0 where all are alike, 8 where all 256 values are as frequent.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    Source: C. E. Shannon, "A Mathematical Theory of Communication" (1948), section 6, on the histogram.

    >>> entropy(Image.linear_gradient("L")), entropy(Image.new("L", (9, 9)))
    (8.0, 0.0)

    """
    counts = grayscale(checked_picture("entropy", image)).histogram()
    pixels = sum(counts)
    # As sum(p * log2(1 / p)): no term is negative, so that an even picture has 0.0 and not -0.0.
    return math.fsum(count / pixels * math.log2(pixels / count) for count in counts if count)


@step(borrows=True)
def blur_score(image: Image.Image) -> float:
    """
    Return the variance of the Laplacian of *image*: low where it is blurred or empty.

    It grows with resolution and with noise, so a limit holds for pictures of one size: resize first.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).

    Returns:
        The variance over all pixels, 0 or more, of the kernel 0 1 0 / 1 -4 1 / 0 1 0, with the
        picture mirrored at its edges: OpenCV's `Laplacian(gray, CV_64F).var()`. Sharp photos have
        hundreds, blurred ones tens. Exact: nothing is clipped, and the sums are of integers.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    Source: J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000), LAPV.

    >>> dot = Image.new("L", (5, 5))
    >>> dot.putpixel((2, 2), 10)
    >>> blur_score(dot)
    80.0

    """
    gray = grayscale(checked_picture("blur_score", image))
    kernel = ImageFilter.Kernel((3, 3), _LAPLACIAN, scale=1, offset=_LOWEST)
    # Pillow clips what it filters to the mode: bytes would lose every negative value. It copies the
    # outermost pixels instead of filtering them, and these are the mirrored ones.
    edges = _mirrored(gray).convert("I").filter(kernel).crop((1, 1, gray.width + 1, gray.height + 1))
    low, high = edges.point(_LOW_BYTES, "L"), edges.point(_HIGH_BYTES, "L")
    total = squares = 0
    for part, pixels in enumerate(high.histogram()):
        if pixels:
            mask = high.point([255 * (value == part) for value in range(256)])
            for value, count in enumerate(low.histogram(mask)):
                slope = 256 * part + value - _LOWEST
                total += slope * count
                squares += slope * slope * count
    pixels = gray.width * gray.height
    return (squares * pixels - total * total) / (pixels * pixels)


def _mirrored(gray: Image.Image) -> Image.Image:
    # One pixel more on each side, mirrored at the middle of the outermost pixel; the corners are not used.
    wide, high = gray.size
    framed = Image.new("L", (wide + 2, high + 2))
    framed.paste(gray, (1, 1))
    for x, source in ((0, min(1, wide - 1)), (wide + 1, max(wide - 2, 0))):
        framed.paste(gray.crop((source, 0, source + 1, high)), (x, 1))
    for y, source in ((0, min(1, high - 1)), (high + 1, max(high - 2, 0))):
        framed.paste(gray.crop((0, source, wide, source + 1)), (1, y))
    return framed


@step(borrows=True)
def colorfulness(image: Image.Image) -> float:
    """
    Return how colourful *image* looks.

    Args:
        image: Any mode, any size; converted to "RGB", 8 bits a sample. Alpha is left out.

    Returns:
        0 for grey; people called 15 slightly, 33 moderately, 59 quite and 109 extremely colourful.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    Source: D. Hasler and S. Süsstrunk, "Measuring colourfulness in natural images" (2003), M3.

    >>> round(colorfulness(Image.new("RGB", (2, 2), (200, 100, 100))), 2)
    33.54

    """
    red, green, blue = in_rgb(checked_picture("colorfulness", image)).split()
    pixels = image.width * image.height
    sums = [sum(value * count for value, count in enumerate(band.histogram())) for band in (red, green, blue)]
    rg, rb, gb = (_squares(first, second) for first, second in ((red, green), (red, blue), (green, blue)))
    # With a = R - B and b = G - B, yellow-blue is (a + b) / 2, and (a + b)² = 2a² + 2b² - (a - b)²;
    # doubled here to stay whole.
    means = (sums[0] - sums[1], sums[0] + sums[1] - 2 * sums[2])
    variances = (pixels * rg - means[0] ** 2, pixels * (2 * rb + 2 * gb - rg) - means[1] ** 2)
    spread = math.sqrt(4 * variances[0] + variances[1])
    centre = math.sqrt(4 * means[0] ** 2 + means[1] ** 2)
    return (spread + 0.3 * centre) / (2 * pixels)


def _squares(first: Image.Image, second: Image.Image) -> int:
    counts = ImageChops.difference(first, second).histogram()
    return sum(value * value * count for value, count in enumerate(counts))


@step(borrows=True)
def is_grayscale(image: Image.Image, *, tolerance: int = 0) -> bool:
    """
    Tell whether *image* shows no colour, such as the infrared pictures of a camera trap.

    Args:
        image: Any mode, any size; converted to "RGB", 8 bits a sample. Alpha is left out.
        tolerance: How far apart red, green and blue of one pixel may lie, 0 to 255; JPEGs of grey
            pictures are a few steps off at times.

    Returns:
        True where no pixel has two channels further apart than that.

    Raises:
        UsageError: *tolerance* is out of its range, or the picture has no pixels. (A ValueError.)

    >>> is_grayscale(Image.new("RGB", (2, 2), (70, 70, 72))), is_grayscale(Image.new("L", (2, 2)))
    (False, True)
    >>> is_grayscale(Image.new("RGB", (2, 2), (70, 70, 72)), tolerance=2)
    True

    """
    check_range("is_grayscale", "tolerance", tolerance, 0, 255)
    return color_range(checked_picture("is_grayscale", image)) <= tolerance


def color_range(image: Image.Image) -> int:
    """Return the largest difference of two channels of one pixel, 0 (grey) to 255."""
    red, green, blue = in_rgb(image).split()
    pairs = ((red, green), (red, blue), (green, blue))
    return max(_highest(ImageChops.difference(first, second)) for first, second in pairs)


def _highest(band: Image.Image) -> int:
    return max(value for value, count in enumerate(band.histogram()) if count)


def in_rgb(image: Image.Image) -> Image.Image:
    """
    Return *image* in mode "RGB", 8 bits a sample, alpha left out; *image* itself where it is.

    >>> in_rgb(Image.new("I;16", (1, 1), 65535)).getpixel((0, 0))
    (255, 255, 255)

    """
    if image.mode == "RGB":
        return image
    return without_metadata(unpaletted(scaled_to_8_bit(image)), ()).convert("RGB")
