"""The step that writes a picture to a file: `write_image`."""

from pathlib import Path

from PIL import Image

from creevey_graph.atomic import placing
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.constants import Constants
from creevey_graph.images.encode import Compression, Subsampling, check_writing, fitted, save, save_options
from creevey_graph.images.formats import format_of_suffix
from creevey_graph.step import step


@step(writes="path", borrows=True, check=Constants("write_image", {}, check_writing))
def write_image(
    image: Image.Image,
    path: Path | str,
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
) -> Path:
    """
    Write *image* to *path*, whole or not at all, in the format its suffix names.

    The bytes follow from the pixels and the parameters alone: EXIF, dates and comments are left out. An
    option that the format does not have is an error, but for the three with "where": one graph may write
    several formats.

    Args:
        image: A picture in a mode the format can hold.
        path: The file; its folder is made where needed, an older file is replaced. In a graph this
            is a template such as "{stem}.jpg".
        quality: 1 (smallest) to 100 (best), where the format loses detail: JPEG, WebP, AVIF.
        compress_level: Effort where it is a PNG, 0 (none) to 9: 1 takes 673 ms for 11.7 megapixels
            where Pillow's 6 takes 2394 and saves a tenth.
        subsampling: Resolution of colour in JPEG and AVIF, "4:4:4" (full), "4:2:2" or "4:2:0" (half);
            "4:2:0" by default, at every quality.
        optimize: Make JPEG and PNG smaller in more time; the pixels are the same. A PNG is then packed
            as with *compress_level* 9.
        progressive: Write JPEG in passes, from coarse to fine.
        lossless: Write WebP without loss; *quality* is then effort.
        method: Effort of WebP, 0 (quick) to 6 (small); 4 by default.
        speed: Speed of AVIF, 0 (small) to 10 (quick); 6 by default.
        compression: How TIFF is packed, without loss: "deflate" (the default), "lzw", "packbits" or "none".
        keep_icc: Put the picture's colour profile into the file (JPEG, PNG, WebP, AVIF, TIFF).
        background: The colour to lay transparent pictures on where the format holds no transparency
            (JPEG, PPM), by a name or code Pillow knows; an error by default.

    JPEG 2000 is written without loss, GIF in the 256 colours that fit best.

    Returns:
        The path written to.

    Raises:
        UsageError: The suffix or an option is none of these. (A ValueError.)
        ImageError: The format cannot hold the picture.

    >>> write_image(Image.new("RGB", (4, 4)), "picture.jqg")
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_image': path must end in .avif, .bmp, .gif, .jp2, .jpeg,
        .jpg, .pbm, .pfm, .pgm, .png, .pnm, .ppm, .tif, .tiff or .webp (got 'picture.jqg')

    """
    path = Path(path)
    image_format = format_of_suffix("write_image", "path", path.suffix, str(path))
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
    options = save_options("write_image", image_format, path.suffix.lower(), given)
    image = fitted("write_image", checked_picture("write_image", image), image_format, path.name, background)
    with placing(path) as place:
        save([image], place, "write_image", image_format, options, keep_icc=keep_icc)
    return path
