"""
How a picture becomes the bytes of a file: what `write_image`, `encode_image` and `write_animation` share.

The bytes follow from the pixels and the parameters alone: EXIF, dates and comments are left out, and so
is the colour profile where it is not asked for.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal, get_args

from PIL import Image, ImageColor

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.bounds import check_range
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.color import flattened, unpaletted, without_metadata
from creevey_graph.images.constants import Constants, suffix_of
from creevey_graph.images.formats import COMPRESSIONS, Format, format_of_suffix, one_of, suffixes_with
from creevey_graph.step import step

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
Compression = Literal["deflate", "lzw", "none", "packbits"]

_RANGES: Mapping[str, tuple[int, int]] = {
    "quality": (1, 100),
    "compress_level": (0, 9),
    "method": (0, 6),
    "speed": (0, 10),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "subsampling": get_args(Subsampling),
    "compression": get_args(Compression),
}
_SWITCHES = ("optimize", "progressive", "lossless", "keep_icc")
_EVERYWHERE = frozenset(("quality", "compress_level", "background"))
"""Parameters that say nothing where a format has no use for them: one graph writes JPEG and PNG."""
_MISSING = (None, False)
_OPTIONS = frozenset((*_RANGES, *_CHOICES, *_SWITCHES, "background"))


def check_writing(step_name: str, constants: Mapping[str, Any]) -> None:
    """
    Check the constants of a step that encodes: each by itself, and those that its format does not have.

    Args:
        step_name: The step's name.
        constants: They may lack anything; the format follows from `format`, or the suffix of `path`.

    Raises:
        UsageError: One cannot be used.
    """
    given = {name: value for name, value in constants.items() if name in _OPTIONS}
    for name, value in given.items():
        _check_option(step_name, name, value)
    if isinstance(constants.get("format"), str):
        parameter, text = "format", constants["format"]
        suffix: str | None = f".{text.removeprefix('.')}"
    else:
        parameter, text = "path", constants.get("path")
        suffix = suffix_of(text)
    if suffix is not None:
        known = format_of_suffix(step_name, parameter, suffix, str(text))
        save_options(step_name, known, suffix.lower(), given)


@step(borrows=True, check=Constants("encode_image", {}, check_writing))
def encode_image(
    image: Image.Image,
    format: str,  # noqa: A002 - the field's word
    *,
    quality: int = 95,
    compress_level: int = 1,
    subsampling: Subsampling | None = None,
    optimize: bool = False,
    progressive: bool = False,
    lossless: bool = False,
    method: int | None = None,
    speed: int | None = None,
    compression: Compression | None = None,
    keep_icc: bool = False,
    background: str | None = None,
) -> bytes:
    r"""
    Return *image* as the bytes of a file, without writing one.

    Args:
        image: A picture in a mode the format can hold.
        format: A suffix without its dot, "jpg", "png", "webp" or another that `write_image` knows.
        quality: As in `write_image`, and so are all that follow.
        compress_level: See there.
        subsampling: See there.
        optimize: See there.
        progressive: See there.
        lossless: See there.
        method: See there.
        speed: See there.
        compression: See there.
        keep_icc: See there.
        background: See there.

    Returns:
        What `write_image` would write.

    Raises:
        UsageError: The format or an option is none there is. (A ValueError.)
        ImageError: The format cannot hold the picture.

    >>> encode_image(Image.new("L", (1, 1), 7), "pgm")
    b'P5\n1 1\n255\n\x07'

    """
    if not isinstance(format, str):
        raise UsageError(f"step 'encode_image': format must be text such as 'jpg' (got {format!r})")
    suffix = f".{format.removeprefix('.')}"
    image_format = format_of_suffix("encode_image", "format", suffix, format)
    given = {
        "quality": quality,
        "compress_level": compress_level,
        "subsampling": subsampling,
        "optimize": optimize,
        "progressive": progressive,
        "lossless": lossless,
        "method": method,
        "speed": speed,
        "compression": compression,
        "keep_icc": keep_icc,
        "background": background,
    }
    options = save_options("encode_image", image_format, suffix, given)
    image = fitted("encode_image", checked_picture("encode_image", image), image_format, format, background)
    with io.BytesIO() as file:
        save([image], file, "encode_image", image_format, options, keep_icc=keep_icc)
        return file.getvalue()


def save_options(
    step_name: str, image_format: Format, suffix: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Return the arguments of Pillow's `save` for parameters of `write_image`.

    Raises:
        UsageError: One is out of its range, or the format does not have it.

    >>> save_options("write_image", format_of_suffix("", "", ".webp", ""), ".webp", {"method": 6})
    {'method': 6}

    """
    for name, value in given.items():
        _check_option(step_name, name, value)
        has = image_format.icc if name == "keep_icc" else name in image_format.takes
        if not has and name not in _EVERYWHERE and not any(value is missing for missing in _MISSING):
            known = f"; {one_of(found)} has it" if (found := suffixes_with(name)) else ""
            raise UsageError(
                f"step '{step_name}': parameter '{name}' must be left out for {suffix} (got {value!r}){known}"
            )
    options = dict(image_format.options)
    options |= {
        name: value
        for name, value in given.items()
        if name in image_format.takes and not any(value is missing for missing in _MISSING)
    }
    if "compression" in given and options.get("compression") in COMPRESSIONS:
        options["compression"] = COMPRESSIONS[options["compression"]]
    if options.get("lossless"):
        options["exact"] = True  # the colours of transparent pixels are kept too
    return options


def _check_option(step_name: str, name: str, value: Any) -> None:
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise UsageError(f"step '{step_name}': parameter '{name}' must be True or False (got {value!r})")
    elif value is None:
        pass
    elif name in _RANGES:
        check_range(step_name, name, value, *_RANGES[name])
    elif name in _CHOICES:
        if value not in _CHOICES[name]:
            choices = one_of([f"'{choice}'" for choice in _CHOICES[name]])
            raise UsageError(f"step '{step_name}': parameter '{name}' must be {choices} (got {value!r})")
    elif name == "background":
        try:
            ImageColor.getrgb(value)
        except (ValueError, AttributeError, TypeError):
            raise UsageError(
                f"step '{step_name}': parameter 'background' must be a colour (got {value!r})"
            ) from None


def fitted(
    step_name: str, image: Image.Image, image_format: Format, name: str, background: str | None
) -> Image.Image:
    """
    Return *image* in a mode the format holds: laid on *background* where it has transparency the format lacks.

    Raises:
        ImageError: It cannot hold the mode.

    >>> png = format_of_suffix("", "", ".png", "")
    >>> fitted("write_image", Image.new("L", (1, 1)), png, "a.png", None).mode
    'L'

    """
    sees_through = image.has_transparency_data and not image.mode.startswith("I")
    if background is not None and not image_format.alpha and (sees_through or image.mode in {"P", "PA"}):
        plain = unpaletted(image)
        image = flattened(plain, background) if plain.has_transparency_data else plain
    if image.mode in image_format.modes:
        return image
    held = ", ".join(image_format.modes)
    remedy = "RGBA" if image_format.alpha and "A" in image.mode else "RGB"
    remedy = remedy if remedy in image_format.modes else "L"
    flatten = "" if image_format.alpha or not sees_through else ', give background="white"'
    raise ImageError(
        f"step '{step_name}': {image_format.name} holds mode {held} (got {image.mode} for '{name}'); "
        f'convert it{flatten}, or load it with load_image(…, mode="{remedy}")'
    )


def save(
    images: Sequence[Image.Image],
    file: Path | IO[bytes],
    step_name: str,
    image_format: Format,
    options: Mapping[str, Any],
    *,
    keep_icc: bool = False,
) -> None:
    """
    Encode pictures to a file: one, or those of an animation.

    Raises:
        ImageError: The format cannot hold them.
        OSError: The file cannot be written.
    """
    Image.init()
    if image_format.name not in Image.SAVE:
        raise ImageError(f"step '{step_name}': this Pillow was built without {image_format.name}")
    profile = images[0].info.get("icc_profile") if keep_icc else None
    options = {**options, "icc_profile": profile} if profile else dict(options)
    for image in images:
        image.load()
    # Image.save keeps its state on the image; plain ones of our own let two threads write one picture.
    first, *rest = (without_metadata(image, ("transparency",)) for image in images)
    if rest:
        options["append_images"] = rest
    try:
        first.save(file, image_format.name, **options)
    except (ValueError, OSError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:  # the disk's, not the encoder's
            raise
        size = f"{first.width} x {first.height} px"
        raise ImageError(
            f"step '{step_name}': {image_format.name} cannot hold this picture of {size} ({exc})"
        ) from exc
