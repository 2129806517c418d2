"""Thumbnails: of whatever a step may give, small, inert, and without a change to the value."""

import base64
import io
import os
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creevey_graph.deferred import DeferredImage
from creevey_graph.images import load_image
from creevey_graph.thumbnails import bytes_text, describe, seen, thumbnail

MODES = (
    "1",
    "L",
    "P",
    "RGB",
    "RGBA",
    "CMYK",
    "YCbCr",
    "LAB",
    "HSV",
    "I",
    "F",
    "LA",
    "PA",
    "RGBX",
    "RGBa",
    "La",
)
DEEP = ("I;16", "I;16L", "I;16B", "I;16N")
CORPUS = os.environ.get("CREEVEY_CORPUS")


def picture_in(thumbnail):
    head, _, data = thumbnail.src.partition(",")
    assert head in ("data:image/webp;base64", "data:image/jpeg;base64")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (thumbnail.width, thumbnail.height) == image.size
    return image.convert("RGB")


def noise(size, mode="RGB", seed=0):
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def gradient(size):
    return Image.linear_gradient("L").resize(size).convert("RGB")


@pytest.mark.parametrize("mode", [*MODES, *DEEP])
def test_every_mode_has_a_thumbnail(mode):
    """Small, in its proportions, and the picture is what it was before."""
    image = Image.new(mode, (300, 200))
    before = image.tobytes()

    made = thumbnail(image)

    assert (160, 107) == (made.width, made.height)
    assert f"300 × 200 {mode}" == made.was
    assert (before, mode) == (image.tobytes(), image.mode)
    picture_in(made)


@given(st.tuples(st.integers(1, 700), st.integers(1, 700)), st.integers(1, 300), st.integers(300, 20_000))
@settings(max_examples=40, deadline=None)
def test_a_thumbnail_is_bounded_in_pixels_and_in_bytes(size, most_px, most_bytes):
    """Noise of any size stays within both bounds, as near to its proportions as whole pixels are."""
    made = thumbnail(noise(size), most_px=most_px, most_bytes=most_bytes)

    assert max(made.width, made.height) <= min(most_px, max(size))
    assert len(base64.b64decode(made.src.partition(",")[2])) <= most_bytes


@pytest.mark.parametrize("size", [(9000, 1), (1, 9000), (20_000, 30)])
def test_very_wide_and_very_high_pictures_are_bounded(size):
    """A side that would be less than a pixel is one."""
    made = thumbnail(Image.new("L", size))

    assert 160 == max(made.width, made.height)
    assert 1 == min(made.width, made.height)


def test_a_small_picture_is_not_made_larger():
    """Pages enlarge it by themselves, with sharp edges."""
    made = thumbnail(Image.new("RGB", (5, 4)))

    assert (5, 4) == (made.width, made.height)


def test_without_webp_it_is_a_jpeg(monkeypatch):
    """A Pillow built without it makes what every browser knows."""
    monkeypatch.setattr("creevey_graph.thumbnails.features.check", lambda _: False)

    made = thumbnail(gradient((200, 100)))

    assert made.src.startswith("data:image/jpeg;base64,")
    picture_in(made)


def test_what_is_transparent_shows_a_checkerboard():
    """Two greys where nothing is, and no colour that alpha hides."""
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))

    seen_colors = {color for _, color in picture_in(thumbnail(image)).getcolors(4096)}

    assert max(red - green for red, green, _ in seen_colors) < 20
    assert max(red for red, _, _ in seen_colors) - min(red for red, _, _ in seen_colors) > 25


def test_sixteen_bits_are_scaled_and_odd_numbers_stretched():
    """White is white; pixels beyond any range are seen from the darkest to the brightest."""
    deep = picture_in(thumbnail(Image.new("I;16", (20, 20), 65535)))
    odd = Image.fromarray(np.linspace(-3, 900, 400, dtype=np.float32).reshape(20, 20))
    stretched = picture_in(thumbnail(odd)).convert("L").getextrema()

    assert deep.getpixel((5, 5))[0] > 250
    assert stretched[0] < 30
    assert stretched[1] > 225
    assert thumbnail(Image.new("F", (20, 20), float("nan"))) is None


def test_a_deferred_picture_stays_undecoded(tmp_path):
    """Its own pixels are not asked for, and its recipe is still there."""
    gradient((1200, 800)).save(tmp_path / "a.jpg")
    image = load_image(tmp_path / "a.jpg", shrink="fast")

    made = thumbnail(image)

    assert isinstance(image, DeferredImage)
    assert image._im is None
    assert "1200 × 800 RGB" == made.was
    assert thumbnail(load_image(tmp_path / "a.jpg")).width == made.width


def test_an_opened_file_stays_unread(tmp_path):
    """Pillow's own pictures are read later; a look before does not move their file on."""
    noise((50, 40)).save(tmp_path / "a.png")
    expected = load_image(tmp_path / "a.png").tobytes()
    with Image.open(tmp_path / "a.png") as image:
        assert "50 × 40 RGB" == thumbnail(image).was
        assert image._im is None
        assert expected == image.tobytes()


@pytest.mark.parametrize(
    ("array", "shape", "was"),
    [
        (np.zeros((30, 20), np.uint8), (20, 30), "array, 30 × 20 uint8"),
        (np.zeros((30, 20, 1), bool), (20, 30), "array, 30 × 20 × 1 bool"),
        (np.zeros((30, 20, 3), np.uint16), (20, 30), "array, 30 × 20 × 3 uint16"),
        (np.zeros((30, 20, 4), np.float32), (20, 30), "array, 30 × 20 × 4 float32"),
        (np.full((30, 20, 2), 200.0), (20, 30), "array, 30 × 20 × 2 float64"),
        (np.zeros((3, 30, 20), np.float16), (20, 30), "array, 3 × 30 × 20 float16, channels first"),
        (np.zeros((5000, 4000), np.uint8).T, (160, 128), "array, 4000 × 5000 uint8"),
        (np.full((9, 9), np.nan), (9, 9), "array, 9 × 9 float64, no finite values"),
        (
            np.array([-1e308, 1e308] * 50).reshape(10, 10),
            (10, 10),
            "array, 10 × 10 float64, stretched from -1e+308 to 1e+308",
        ),
    ],
)
def test_arrays_that_look_like_pictures(array, shape, was):
    """Every kind of number, with or without channels; what was stretched says so."""
    made = thumbnail(array)

    assert (shape, was) == ((made.width, made.height), made.was)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 3)),
        np.zeros(100),
        np.zeros((2, 3, 4, 5)),
        np.array("text"),
        np.zeros((0, 20)),
        np.array(3),
    ],
)
def test_arrays_that_do_not_are_told(array):
    """A matrix, a vector and texts are no pictures."""
    assert thumbnail(array) is None
    assert describe(array).startswith("array, ")


def test_floats_of_one_are_white_and_so_is_255():
    """0-1 and 0-255 are told apart by what is in the array."""
    ones, bytes_ = (picture_in(thumbnail(np.full((16, 16, 3), white))) for white in (1.0, 255.0))

    assert ones.getpixel((3, 3)) == bytes_.getpixel((3, 3))
    assert ones.getpixel((3, 3))[0] > 250


def test_files_are_turned_upright(tmp_path):
    """As EXIF asks; the size that is told is that of the file."""
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient((80, 40)).save(tmp_path / "a.jpg", exif=exif)

    for value in (tmp_path / "a.jpg", str(tmp_path / "a.jpg"), (tmp_path / "a.jpg").read_bytes()):
        made = thumbnail(value)
        assert (40, 80) == (made.width, made.height)


def test_a_truncated_file_shows_what_there_is(tmp_path):
    """The upper part is a picture; nobody has to open the file to see what is broken."""
    noise((400, 400)).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:200_000])

    assert "400 × 400 RGB" == thumbnail(tmp_path / "a.png").was


def test_bombs_are_refused_before_they_cost_memory(tmp_path):
    """A file of a few bytes that claims to be huge is told, not decoded."""
    small = io.BytesIO()
    Image.new("1", (8, 8)).save(small, "png")
    data = small.getvalue()
    bomb = data.replace((8).to_bytes(4) + (8).to_bytes(4), (60_000).to_bytes(4) * 2, 1)
    crc = zlib.crc32(bomb[12:29]).to_bytes(4)
    (tmp_path / "bomb.png").write_bytes(bomb[:29] + crc + bomb[33:])

    look = seen(tmp_path / "bomb.png")

    assert look.thumbnail is None
    assert look.text.endswith("60000 × 60000 1, too large to be drawn here")


@pytest.mark.parametrize(("is_progressive", "side"), [(True, 9_000), (False, 17_000)])
def test_a_jpeg_that_is_held_in_full_is_refused_by_its_full_size(is_progressive, side):
    """It is decoded at an eighth, but in several scans: for 94 kB of 20 000 x 20 000 the decoder took 1.2 GB."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "jpeg", progressive=is_progressive)
    data = file.getvalue()
    place = data.index(b"\xff\xc2" if is_progressive else b"\xff\xc0") + 5

    look = seen(data[:place] + side.to_bytes(2) * 2 + data[place + 4 :])

    assert look.thumbnail is None
    assert f"{side} × {side} RGB, too large to be drawn here" == look.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jpg", b""),
        ("b.jpg", b"no picture"),
        ("c.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40),
        ("d.txt", b"text"),
    ],
)
def test_broken_files_are_told(tmp_path, name, data):
    """No thumbnail, no exception, and a line that says why."""
    (tmp_path / name).write_bytes(data)

    look = seen(tmp_path / name)

    assert look.thumbnail is None
    assert look.text
    assert look.text.isprintable()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    """A pipe that nobody writes to, a folder and a device are not read."""
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path, Path("/dev/zero"), tmp_path / "gone.png", Path("a\0.png")):
        assert thumbnail(path) is None


class Strange:
    """Fails whatever it is asked."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError("repr")

    def __str__(self):
        raise RuntimeError("str")


class Claims:
    """Says it has a picture, and has none."""

    def read_image(self):
        raise ValueError("none")


@pytest.mark.parametrize(
    "value",
    [
        None, True, 42, 10**5000, float("nan"), 1j, "a\x1b[31m\u202e<script>", "x" * 10_000, "\ud800", b"abc", bytearray(5),
        memoryview(b"abc"), [1, 2], (), {"a": 1}, {"bytes": b"no picture"}, {1, 2}, object(), Claims(),
        Claims, Image, int, print, iter([1]), np.float32(3), Image.new("RGB", (0, 5)), ["a.jpg"],
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_odd_values_are_told_and_never_raise(value):
    """No picture; a short, inert text in its place."""
    look = seen(value)

    assert look.thumbnail is None
    assert 0 < len(look.text) <= 160
    assert look.text.isprintable()


def test_a_value_that_fails_whatever_it_is_asked_is_its_class():
    """Not even what it is an instance of can be asked."""
    look = seen(Strange())

    assert (None, "Strange") == (look.thumbnail, look.text.partition(" ")[0])


def test_an_iterator_is_not_read():
    """Whoever needs it later finds all of it."""
    numbers = iter([1, 2, 3])

    seen(numbers)

    assert [1, 2, 3] == list(numbers)


def test_a_text_is_quoted_only_where_it_may_be():
    """Of a value that nobody knows, a page tells the length alone."""
    assert "'secret'" == describe("secret")
    assert "text of 6 characters" == describe("secret", tells_content=False)
    assert "dict of 1" == describe({"secret": 1}, tells_content=False)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (999_600, "1.0 MB"), (12_300_000, "12 MB")]
)
def test_bytes_are_told_in_units(count, text):
    """Three digits at most."""
    assert text == bytes_text(count)


def test_the_same_value_gives_the_same_thumbnail():
    """Pages of one run differ in nothing but when they were made."""
    assert thumbnail(noise((300, 200))) == thumbnail(noise((300, 200)))


@pytest.mark.skipif(not CORPUS, reason="CREEVEY_CORPUS names no folder of real pictures")
def test_real_pictures_never_fail():
    """Photographs of every orientation come out upright, and odd files are shown or told."""
    paths = sorted(path for path in Path(CORPUS).rglob("*.*") if path.suffix != ".md")
    assert paths
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        looks = {path: seen(path) for path in paths}

    assert all(look.text for look in looks.values())
    for path, look in looks.items():
        if path.parent.name in ("photos", "orientation"):
            assert look.thumbnail, path
            is_upright = look.thumbnail.width < look.thumbnail.height
            assert path.parent.name == "photos" or is_upright == path.name.startswith("Portrait")
