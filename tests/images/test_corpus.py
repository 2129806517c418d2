"""Real photos and odd files, where CREEVEY_CORPUS names the folder that has them."""

import os
import re
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from creevey_graph.errors import ImageError
from creevey_graph.images import load_image, resize

CORPUS = os.environ.get("CREEVEY_CORPUS", "")
pytestmark = pytest.mark.skipif(not CORPUS, reason="CREEVEY_CORPUS names no folder of pictures")

REFUSED = {
    "65536-uint32-limit.png": "65536 x 65536 = 4294967296 pixels",
    "cielab-dagams.tiff": "TIFF header cannot be read (unknown pixel mode)",
    "corrupt-header.jpg": "JPEG header cannot be read",
    "giant-image.jpg": "20000 x 14000 = 280000000 pixels",
    "truncated.jpg": "truncated picture",
    "truncated.png": "truncated picture",
}
MEANS = {
    "16-bit-grey-alpha.png": (248, 248, 248),
    "Channel_digital_image_CMYK_color_no_profile.jpg": (109, 132, 110),
    "Flag_of_the_Netherlands-16bit.png": (154, 118, 145),
    "G31D_MULTI.TIF": (236, 236, 236),
    "animated-loop-3.gif": (253, 254, 251),
    "big-height.webp": (255, 255, 255),
    "fogra-0-100-100-0.tif": (255, 0, 0),
    "full-transparent.png": (255, 255, 255),
    "grey-8bit-alpha.png": (245, 245, 245),
    "grey-plus-alpha.gif": (178, 178, 178),
    "p3.png": (248, 0, 0),
    "pitm.avif": (30, 38, 53),
    "rotating-squares.webp": (199, 216, 226),
    "tbgn2c16.png": (167, 174, 169),
}
"""Mean red, green and blue of what is read, each looked at and found right (Pillow 13)."""


def files(folder):
    return sorted((Path(CORPUS) / folder).iterdir()) if CORPUS else []


def named(path):
    return path.name


@pytest.mark.parametrize("path", files("photos"), ids=named)
def test_photo_is_pillows(path):
    """A photo has the pixels a plain decoder gives, but for its orientation."""
    with Image.open(path) as plain:
        expected = sorted(plain.size)
        mean = ImageStat.Stat(plain.convert("RGB")).mean

    image = load_image(path)

    assert expected == sorted(image.size)
    assert mean == ImageStat.Stat(image).mean


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_orientations_look_alike(shape):
    """All of one shape are one picture, within the noise of JPEG."""
    paths = [path for path in files("orientation") if path.name.startswith(shape)]
    images = [load_image(path) for path in paths]

    assert len(images) == 9
    for path, image in zip(paths, images, strict=True):
        assert images[0].size == image.size, path.name
        difference = ImageChops.difference(resize(images[0], 300), resize(image, 300))
        assert max(ImageStat.Stat(difference).mean) < 4, path.name


@pytest.mark.parametrize("path", files("odd"), ids=named)
@pytest.mark.filterwarnings("error")
def test_odd_file_is_right_or_one_clear_error(path):
    """Each strange file is a picture or an ImageError that names it, at once."""
    start = time.monotonic()
    if path.name in REFUSED:
        with pytest.raises(ImageError, match=re.escape(f"{path}: {REFUSED[path.name]}")):
            load_image(path)
    else:
        image = load_image(path)
        assert image.mode == "RGB"
        assert MEANS[path.name] == tuple(round(mean) for mean in ImageStat.Stat(image).mean)
    assert time.monotonic() - start < 10


def test_flag_in_16_bits_has_its_colours():
    """The Dutch flag is red, white and blue, not white (as clipped 16-bit files are)."""
    image = load_image(Path(CORPUS) / "odd" / "Flag_of_the_Netherlands-16bit.png")

    top, middle, bottom = (image.getpixel((450, y)) for y in (100, 300, 500))

    assert top[0] > 150 > max(top[1:])
    assert min(middle) > 240
    assert bottom[2] > bottom[0] + 50
