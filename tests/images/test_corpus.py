"""Real photos and odd files, where CREEVEY_CORPUS names the folder that has them."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from creevey_graph.errors import ImageError
from creevey_graph.images import load_frames, load_image, resize, trim

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


@pytest.mark.parametrize("path", files("photos"), ids=named)
def test_photo_is_scaled_fast_as_exact(path):
    """A photo that was trimmed and scaled from a reduced decoding is not told from the exact one."""
    exact = resize(trim(load_image(path), bottom=100), 224)

    image = resize(trim(load_image(path, shrink="fast"), bottom=100), 224)

    squares = ImageStat.Stat(ImageChops.difference(exact, image)).sum2
    assert exact.size == image.size
    assert sum(squares) / (3 * 224 * 224) < 255**2 / 10**5  # 50 dB


@pytest.mark.parametrize("shrink", ["exact", "fast"])
@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_orientations_look_alike(shape, shrink):
    """All of one shape are one picture, within the noise of JPEG."""
    paths = [path for path in files("orientation") if path.name.startswith(shape)]
    images = [load_image(path, shrink=shrink) for path in paths]

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


FRAMES = {
    "G31D_MULTI.TIF": [(2464, 3248), (1232, 1624)],
    "animated-loop-3.gif": [(370, 285)] * 10,
    "rotating-squares.webp": [(80, 80)] * 9,
}


@pytest.mark.parametrize("name", FRAMES)
def test_all_frames_are_read(name):
    """Every frame of an animation, and every page of a file, comes out; and they differ."""
    images = load_frames(Path(CORPUS) / "odd" / name)

    assert FRAMES[name] == [image.size for image in images]
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize("name", ["truncated.jpg", "truncated.png"])
def test_what_is_there_of_a_truncated_file_can_be_kept(name):
    """The upper edge shows something, the lower one is grey."""
    image = load_image(Path(CORPUS) / "odd" / name, fail_on="none")

    top = image.crop((0, 0, image.width, 20))
    bottom = image.crop((0, image.height - 20, image.width, image.height))
    assert len(top.getcolors(100_000)) > 100
    assert len(bottom.getcolors(100_000)) == 1


MEMORY = """
import resource, sys
from creevey_graph.errors import ImageError
from creevey_graph.images import load_image, resize

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    resize(load_image(sys.argv[1], shrink=sys.argv[2]), 224)
except ImageError:
    pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("shrink", ["exact", "fast"])
@pytest.mark.parametrize("path", files("odd"), ids=named)
def test_odd_file_takes_little_memory(path, shrink):
    """No strange file makes a process larger than 300 MB more than it was, be it bomb or giant."""
    command = [sys.executable, "-c", MEMORY, str(path), shrink]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr == ""
    assert int(done.stdout) < 300


def test_flag_in_16_bits_has_its_colours():
    """The Dutch flag is red, white and blue, not white (as clipped 16-bit files are)."""
    image = load_image(Path(CORPUS) / "odd" / "Flag_of_the_Netherlands-16bit.png")

    top, middle, bottom = (image.getpixel((450, y)) for y in (100, 300, 500))

    assert top[0] > 150 > max(top[1:])
    assert min(middle) > 240
    assert bottom[2] > bottom[0] + 50
