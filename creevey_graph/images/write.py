"""The step that writes a picture to a file: `write_image`."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
from PIL import Image

from creevey_graph.atomic import is_temporary, replacing
from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.color import without_metadata
from creevey_graph.step import step


@attrs.frozen
class _Format:
    """
    A file format that is written.

    Args:
        name: Pillow's name of it.
        modes: The modes it can hold without losing anything.
        lossy: True where `quality` counts.
        options: What Pillow's `save` is given besides.
    """

    name: str
    modes: tuple[str, ...]
    lossy: bool = False
    options: Mapping[str, Any] = attrs.field(factory=dict)


_JPEG = _Format("JPEG", ("L", "RGB", "CMYK"), lossy=True)
_TIFF = _Format(
    "TIFF",
    ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"),
    options={"compression": "tiff_adobe_deflate"},
)
_FORMATS: Mapping[str, _Format] = MappingProxyType(
    {
        ".avif": _Format("AVIF", ("L", "RGB", "RGBA"), lossy=True),
        ".bmp": _Format("BMP", ("1", "L", "P", "RGB", "RGBA")),
        ".jpeg": _JPEG,
        ".jpg": _JPEG,
        ".png": _Format("PNG", ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        ".tif": _TIFF,
        ".tiff": _TIFF,
        ".webp": _Format("WEBP", ("L", "RGB", "RGBA"), lossy=True),
    }
)


@step(writes="path", borrows=True)
def write_image(image: Image.Image, path: Path | str, *, quality: int = 95, compress_level: int = 1) -> Path:
    """
    Write *image* to *path*, whole or not at all, in the format its suffix names.

    The bytes follow from the pixels and the parameters alone: EXIF, colour profile, dates and
    comments are left out.

    Args:
        image: A picture in a mode the format can hold.
        path: The file; its folder is made where needed, an older file is replaced. In a graph this
            is a template such as "{stem}.jpg".
        quality: 1 (smallest) to 100 (best), for JPEG, WebP and AVIF. JPEG halves the resolution of
            colour (4:2:0) at every quality.
        compress_level: Effort for PNG, 0 (none) to 9: 1 takes 673 ms for 11.7 megapixels where
            Pillow's 6 takes 2394 and saves a tenth.

    Returns:
        The path written to.

    Raises:
        UsageError: The suffix, *quality* or *compress_level* is none of these. (A ValueError.)
        ImageError: The format cannot hold the picture's mode.

    >>> write_image(Image.new("RGB", (4, 4)), "picture.jqg")
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_image': path must end in .avif, .bmp, .jpeg, .jpg,
        .png, .tif, .tiff or .webp (got 'picture.jqg')

    """
    path = Path(path)
    image_format = _format_of(path)
    _check_range("quality", quality, 1, 100)
    _check_range("compress_level", compress_level, 0, 9)
    _check_mode(image, image_format, path)
    options = dict(image_format.options)
    if image_format.lossy:
        options["quality"] = quality
    elif image_format.name == "PNG":
        options["compress_level"] = compress_level
    if is_temporary(path.name):  # in a graph: the runner replaces the target
        _save(image, path, image_format, options)
        return path
    with replacing(path) as temporary:
        _save(image, temporary, image_format, options)
    return path


def _save(image: Image.Image, path: Path, image_format: _Format, options: Mapping[str, Any]) -> None:
    image.load()
    # Image.save keeps its state on the image; a plain one of our own lets two threads write one picture.
    plain = without_metadata(image, ("transparency",))
    plain.save(path, image_format.name, **options)


def _format_of(path: Path) -> _Format:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        *first, last = _FORMATS
        raise UsageError(
            f"step 'write_image': path must end in {', '.join(first)} or {last} (got '{path}')"
        ) from None


def _check_range(parameter: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UsageError(
            f"step 'write_image': parameter '{parameter}' must be {low} to {high} (got {value!r})"
        )


def _check_mode(image: Image.Image, image_format: _Format, path: Path) -> None:
    if image.mode in image_format.modes:
        return
    remedy = "RGB" if image_format.name == "JPEG" or "A" not in image.mode else "RGBA"
    raise ImageError(
        f"step 'write_image': {image_format.name} holds mode {', '.join(image_format.modes)} "
        f"(got {image.mode} for '{path.name}'); convert it, or load it with "
        f'load_image(…, mode="{remedy}")'
    )
