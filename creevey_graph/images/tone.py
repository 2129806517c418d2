"""
Steps that change tones: `autocontrast`, `equalize`, `adjust`, `invert`.

They work on "L" and "RGB" with 8 bits a sample. Alpha stays as it is, and pixels it hides do not count;
16 bits and floats are scaled to 8, palettes are resolved, and "CMYK", "YCbCr", "LAB" and "HSV" become "RGB".
"""

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from creevey_graph.errors import UsageError
from creevey_graph.images.blur import averaged
from creevey_graph.images.checks import checked_number, checked_picture
from creevey_graph.images.modes import joined, parted
from creevey_graph.step import step

_ALL_PERCENT = 100
_OPAQUE = 255


@step(borrows=True)
def autocontrast(
    image: Image.Image, *, cutoff: float | tuple[float, float] = 0, preserve_tone: bool = False
) -> Image.Image:
    """
    Stretch the tones of *image* so that its darkest are black and its brightest white.

    Args:
        image: Any mode, any size.
        cutoff: Percent of the pixels that are left out of account at each end, or (dark, bright);
            below 100 in all. 1 forgives a few odd pixels.
        preserve_tone: False stretches each channel by itself, which also takes away a colour cast;
            True stretches all by the brightness, and keeps the hues.

    Returns:
        A new picture; a picture of one tone stays as it is.

    Raises:
        UsageError: *cutoff* is none of these. (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: Pillow's `ImageOps.autocontrast`.

    >>> picture = Image.frombytes("L", (3, 1), bytes([50, 100, 150]))
    >>> list(autocontrast(picture).tobytes())
    [0, 127, 255]

    """
    ends = cutoff if isinstance(cutoff, tuple | list) else (cutoff, cutoff)
    if len(ends) != 2:  # noqa: PLR2004 - dark and bright
        raise UsageError(f"step 'autocontrast': cutoff must be one percentage, or two (got {cutoff!r})")
    dark, bright = (checked_number("autocontrast", "cutoff", end, low=0, high=_ALL_PERCENT) for end in ends)
    if dark + bright >= _ALL_PERCENT:
        raise UsageError(f"step 'autocontrast': cutoff must leave tones, below 100 % in all (got {cutoff!r})")
    colors, alpha = parted(checked_picture("autocontrast", image))
    toned = ImageOps.autocontrast(colors, (dark, bright), mask=_seen(alpha), preserve_tone=preserve_tone)
    return joined(toned, alpha)


@step(borrows=True)
def equalize(image: Image.Image) -> Image.Image:
    """
    Spread the tones of *image* evenly: a flat histogram, channel by channel.

    Args:
        image: Any mode, any size.

    Returns:
        A new picture; a channel of one tone stays as it is.

    Raises:
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: Pillow's `ImageOps.equalize`.

    >>> picture = Image.linear_gradient("L").point(lambda value: value // 4)
    >>> picture.getextrema(), equalize(picture).getextrema()
    ((0, 63), (0, 255))

    """
    colors, alpha = parted(checked_picture("equalize", image))
    return joined(ImageOps.equalize(colors, mask=_seen(alpha)), alpha)


@step(borrows=True)
def invert(image: Image.Image) -> Image.Image:
    """
    Return the negative of *image*: 255 minus each value; alpha stays.

    Args:
        image: Any mode, any size.

    Raises:
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    >>> invert(Image.new("RGB", (1, 1), (255, 100, 0))).getpixel((0, 0))
    (0, 155, 255)

    """
    colors, alpha = parted(checked_picture("invert", image))
    return joined(ImageOps.invert(colors), alpha)


@step(borrows=True)
def adjust(
    image: Image.Image,
    *,
    brightness: float = 1,
    contrast: float = 1,
    saturation: float = 1,
    sharpness: float = 1,
) -> Image.Image:
    """
    Scale brightness, contrast, saturation and sharpness of *image*, in this order.

    Args:
        image: Any mode, any size.
        brightness: 0 is black, 1 changes nothing, 2 doubles every value.
        contrast: 0 is the mean grey all over, 1 changes nothing.
        saturation: 0 is grey, 1 changes nothing.
        sharpness: 0 is smoothed, 1 changes nothing, 2 sharpened.

    Returns:
        A new picture, or *image* itself where nothing is to be done.

    Raises:
        UsageError: A factor is below 0 or no number. (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: Pillow's `ImageEnhance`, after P. Haeberli and D. Voorhies, "Image Processing by
    Interpolation and Extrapolation" (1994).

    >>> adjust(Image.new("L", (1, 1), 100), brightness=1.5).getpixel((0, 0))
    150

    """
    factors = {
        "brightness": brightness,
        "contrast": contrast,
        "saturation": saturation,
        "sharpness": sharpness,
    }
    checked = {name: checked_number("adjust", name, factor, low=0) for name, factor in factors.items()}
    colors, alpha = parted(checked_picture("adjust", image))
    if checked["brightness"] != 1:
        colors = ImageEnhance.Brightness(colors).enhance(checked["brightness"])
    if checked["contrast"] != 1:
        flat = Image.new(colors.mode, colors.size, _mean_gray(colors, alpha))
        colors = Image.blend(flat, colors, checked["contrast"])
    if checked["saturation"] != 1:
        colors = ImageEnhance.Color(colors).enhance(checked["saturation"])
    if checked["sharpness"] != 1:
        smooth, _ = parted(averaged(joined(colors, alpha), ImageFilter.SMOOTH()))
        colors = Image.blend(smooth, colors, checked["sharpness"])
    return joined(colors, alpha)


def _seen(alpha: Image.Image | None) -> Image.Image | None:
    """Return the mask of the pixels that alpha does not hide."""
    return alpha and alpha.point([0] + [_OPAQUE] * 255)


def _mean_gray(colors: Image.Image, alpha: Image.Image | None) -> int | tuple[int, ...]:
    counts = colors.convert("L").histogram(_seen(alpha))
    total = sum(value * count for value, count in enumerate(counts))
    mean = int(total / (sum(counts) or 1) + 0.5)
    return mean if colors.mode == "L" else (mean, mean, mean)
