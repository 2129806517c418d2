"""The step `convert`, which brings a picture into a mode without Pillow's traps, and tones apart from alpha."""

from typing import Literal, get_args

from PIL import Image

from creevey_graph.images.checks import Color, checked_choice, checked_color, checked_picture
from creevey_graph.images.color import flattened, scaled_to_8_bit, unpaletted, without_metadata
from creevey_graph.step import step

Mode = Literal["L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "1"]

_WITH_ALPHA = ("LA", "RGBA")
_PLAIN = ("L", "LA", "RGB", "RGBA")


@step(borrows=True)
def convert(image: Image.Image, mode: Mode, *, background: Color = "white") -> Image.Image:
    """
    Return *image* in another mode: scaled, never clipped, and as it is seen.

    Args:
        image: Any mode, any size. 16 bits are scaled to 8, floats in 0-1 or 0-255 too; palettes and
            colour keys are resolved.
        mode: One of Pillow's modes with 8 bits a sample; "1" is white from 128 on, without dither.
        background: The colour behind transparent parts, where *mode* has no alpha.

    Returns:
        A picture without the metadata that described the old mode; *image* itself where it is in
        *mode* already.

    Raises:
        ImageError: 32-bit or float pixels outside the ranges of `scaled_to_8_bit`.
        UsageError: *mode* or *background* is none of these. (A ValueError.)

    Source: Pillow's conversions; "CMYK" is `255 - value` without black or profile, "LAB" is CIE L*a*b*.

    >>> convert(Image.new("RGBA", (1, 1), (255, 0, 0, 0)), "RGB").getpixel((0, 0))
    (255, 255, 255)
    >>> convert(Image.new("I;16", (1, 1), 65535), "L").getpixel((0, 0))
    255

    """
    checked_choice("convert", "mode", mode, get_args(Mode))
    color = checked_color("convert", "background", background)
    if checked_picture("convert", image).mode == mode and "transparency" not in image.info:
        return image
    image = unpaletted(scaled_to_8_bit(image))
    if image.mode in _WITH_ALPHA and mode not in _WITH_ALPHA:
        image = flattened(image, color)
    if image.mode not in _PLAIN or mode in {"LAB", "HSV"}:
        image = image if image.mode == "RGB" else image.convert("RGB")  # the one way out of LAB, and into it
    if image.mode != mode:
        image = without_metadata(image, ()).convert(mode, dither=Image.Dither.NONE)
    # Pillow adds a profile to what it made from or into LAB, which holds the time of day.
    return without_metadata(image, ())


def parted(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """
    Return the colours of *image* ("L" or "RGB", 8 bits a sample) and its alpha band, None where it has none.

    >>> colors, alpha = parted(Image.new("LA", (1, 1)))
    >>> colors.mode, alpha.mode
    ('L', 'L')
    """
    image = unpaletted(scaled_to_8_bit(image))
    if image.mode in _WITH_ALPHA:
        return image.convert("L" if image.mode == "LA" else "RGB"), image.getchannel("A")
    if image.mode in _PLAIN:
        return image, None
    return without_metadata(image.convert("RGB"), ()), None


def joined(colors: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """
    Return a picture of what `parted` gave.

    >>> joined(Image.new("RGB", (1, 1)), Image.new("L", (1, 1))).mode
    'RGBA'
    """
    if alpha is None:
        return colors
    whole = Image.merge("LA" if colors.mode == "L" else "RGBA", [*colors.split(), alpha])
    whole.info = dict(colors.info)
    return whole
