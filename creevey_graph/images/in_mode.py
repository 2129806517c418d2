"""What mode and depth a loaded picture has: the one that was asked for, whatever its file holds."""

from typing import Literal

from PIL import Image

from creevey_graph.errors import ImageError
from creevey_graph.images.color import fill_value, flattened, scaled_to_8_bit, unpaletted, without_metadata

Mode = Literal["RGB", "L", "RGBA", "keep"]
BitDepth = Literal["scale8", "keep16"]

_DEEPEST = 65535
_BYTE = 255


def in_mode(image: Image.Image, mode: Mode, background: str, bit_depth: BitDepth = "scale8") -> Image.Image:
    """
    Return a loaded picture in a mode, transparency laid on a background where the mode has none.

    Args:
        image: A loaded picture of any mode.
        mode: As of `load_image`.
        background: As of `load_image`.
        bit_depth: As of `load_image`.

    Raises:
        ImageError: 32-bit or float pixels of which white is not known.

    >>> in_mode(Image.new("I;16", (1, 1), 65535), "L", "white").getpixel((0, 0))
    255
    """
    key = image.info.get("transparency")
    if mode == "keep" or (mode == image.mode and key is None):
        return image
    if bit_depth == "keep16" and image.mode.startswith("I"):
        return _sixteen_bit(image, background)
    if isinstance(key, tuple) and max(key) > _BYTE:  # of a 16-bit file; Pillow keeps 8
        image.info["transparency"] = tuple(value >> 8 for value in key)
    image = unpaletted(scaled_to_8_bit(image))
    if mode != "RGBA" and image.has_transparency_data:
        image = flattened(image, background)
    elif image.mode == "LAB":
        image = image.convert("RGB")  # the one way out of LAB
    image = without_metadata(image, ())  # the profile describes the mode before
    return image if image.mode == mode else image.convert(mode)


def _sixteen_bit(image: Image.Image, background: str) -> Image.Image:
    """Return a picture of deep integers as "I;16", its transparent grey as the background."""
    deep = without_metadata(image, ()).convert("I")
    low, high = deep.getextrema()
    if low < 0 or high > _DEEPEST:  # type: ignore[operator]  # of one band it is two numbers
        raise ImageError(
            f"integer pixels must lie in 0-{_DEEPEST} (got {low} to {high}); load with "
            'mode="keep" and scale them in a step of your own'
        )
    if isinstance(key := image.info.get("transparency"), int):
        seen = deep.point([0 if value == key else _BYTE for value in range(_DEEPEST + 1)], "L")
        canvas = Image.new("I", deep.size, fill_value(background, "I"))
        canvas.paste(deep, mask=seen)
        deep = canvas
    return deep.convert("I;16")
