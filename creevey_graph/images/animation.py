"""The step that writes several pictures to one file, shown one after the other: `write_animation`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from creevey_graph.atomic import placing
from creevey_graph.errors import UsageError
from creevey_graph.images.bounds import check_range
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.constants import Constants, suffix_of, whole_check
from creevey_graph.images.encode import check_writing, fitted, save, save_options
from creevey_graph.images.formats import FORMATS, format_of_suffix, one_of
from creevey_graph.step import step

_CLEARED = 2
"""GIF: the canvas is emptied before the next picture, so that transparent parts show no older one."""


def _check_animating(name: str, constants: Mapping[str, Any]) -> None:
    suffix = suffix_of(constants.get("path"))
    if suffix is not None and not format_of_suffix(name, "path", suffix, str(constants["path"])).animates:
        suffixes = [suffix for suffix, known in FORMATS.items() if known.animates]
        raise UsageError(f"step '{name}': path must end in {one_of(suffixes)} (got '{constants['path']}')")
    check_writing(name, constants)


@step(
    writes="path",
    borrows=True,
    check=Constants(
        "write_animation", {"duration_ms": whole_check(1), "loop": whole_check(0)}, _check_animating
    ),
)
def write_animation(
    images: Sequence[Image.Image],
    path: Path | str,
    *,
    duration_ms: int = 100,
    loop: int = 0,
    quality: int = 95,
    compress_level: int = 1,
    lossless: bool = False,
    method: int | None = None,
) -> Path:
    """
    Write pictures to *path* as an animation, whole or not at all: GIF, WebP or PNG.

    Pictures that follow each other and are equal may be stored as one that is shown for longer.

    Args:
        images: One picture or more, of one size and one mode.
        path: The file, as in `write_image`; it ends in .gif, .webp or .png.
        duration_ms: Milliseconds each is shown, 1 or more; GIF counts in hundredths of a second.
        loop: How often it is played; 0 for ever.
        quality: As in `write_image`, for WebP.
        compress_level: As there, for PNG.
        lossless: As there, for WebP.
        method: As there, for WebP; 0 by default.

    Returns:
        The path written to.

    Raises:
        UsageError: There is no picture, they differ in size or mode, or the suffix or an option is
            none of these. (A ValueError.)
        ImageError: The format cannot hold the pictures.

    >>> write_animation([], "turn.gif")
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_animation': images must be one picture or more (got 0)

    """
    path = Path(path)
    image_format = format_of_suffix("write_animation", "path", path.suffix, str(path))
    if not image_format.animates:
        suffixes = [suffix for suffix, known in FORMATS.items() if known.animates]
        raise UsageError(f"step 'write_animation': path must end in {one_of(suffixes)} (got '{path}')")
    check_range("write_animation", "duration_ms", duration_ms, 1, 65535)
    check_range("write_animation", "loop", loop, 0, 65535)
    given = {
        "quality": quality,
        "compress_level": compress_level,
        "lossless": lossless,
        "method": method,
    }
    options: dict[str, Any] = save_options("write_animation", image_format, path.suffix.lower(), given)
    frames = [fitted("write_animation", image, image_format, path.name, None) for image in _checked(images)]
    options |= {"save_all": True, "duration": duration_ms, "loop": loop}
    if image_format.name == "GIF" and any(frame.has_transparency_data for frame in frames):
        options["disposal"] = _CLEARED
    with placing(path) as place:
        save(frames, place, "write_animation", image_format, options)
    return path


def _checked(images: Sequence[Image.Image]) -> list[Image.Image]:
    if isinstance(images, Image.Image):
        images = [images]
    found = [checked_picture("write_animation", image) for image in images]
    if not found:
        raise UsageError("step 'write_animation': images must be one picture or more (got 0)")
    kinds = dict.fromkeys((image.width, image.height, image.mode) for image in found)
    if len(kinds) > 1:
        texts = [f"{width} x {height} {mode}" for width, height, mode in kinds]
        raise UsageError(
            f"step 'write_animation': images must be of one size and mode (got {' and '.join(texts[:3])})"
        )
    return found
