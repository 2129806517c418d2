"""Colour profiles: what a picture's numbers mean, brought to sRGB."""

import io

from PIL import Image, ImageCms

from creevey_graph.decoding import FailOn, text_of, warn
from creevey_graph.images.color import scaled_to_8_bit, unpaletted, without_metadata

_GIVES = {"RGB": "RGB", "RGBA": "RGBA", "CMYK": "RGB", "L": "RGB", "LAB": "RGB"}
"""Mode that lcms takes -> the mode of the same picture in sRGB."""
_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


def in_srgb(image: Image.Image, where: str, fail_on: FailOn) -> Image.Image:
    """
    Return a picture's colours in sRGB by its embedded profile; the picture itself where it has none.

    Args:
        image: A loaded picture.
        where: What a warning calls it.
        fail_on: As of `load_image`.

    Returns:
        "RGB" or "RGBA", without a profile; a broken profile, or one for other colours, is told, and the
        picture stays as it is.

    Raises:
        ImageError: The profile is broken, and *fail_on* is "warning".

    Source: ICC.1:2010, perceptual intent, by Little CMS.
    """
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    plain = unpaletted(scaled_to_8_bit(image))
    alpha = plain.getchannel("A") if plain.mode == "LA" else None
    plain = plain.convert("L") if alpha is not None else plain
    try:
        wanted = _GIVES[plain.mode]
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        result = ImageCms.profileToProfile(plain, given, ImageCms.createProfile("sRGB"), outputMode=wanted)
        assert result is not None
    except KeyError:
        warn(f"{where}: colour profile not applied (no way from mode {plain.mode})", fail_on)
        return image
    except _ERRORS as exc:
        warn(f"{where}: broken colour profile, not applied ({text_of(exc)})", fail_on)
        return image
    if alpha is not None:
        result.putalpha(alpha)
    return without_metadata(result, ())
