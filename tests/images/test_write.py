"""`write_image`: whole files, in the named format, the same bytes each time."""

import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from creevey_graph import images
from creevey_graph.atomic import temporary_beside
from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images import load_image, resize, write_image
from creevey_graph.step import Step

LOSSLESS = ["bmp", "png", "tif", "tiff", "PNG"]
LOSSY = ["avif", "jpeg", "jpg", "webp"]


def gradient():
    return Image.merge("RGB", [Image.linear_gradient("L").rotate(90 * turn) for turn in range(3)])


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_read_back_equal(tmp_path, suffix):
    """What was written is what is read."""
    path = write_image(gradient(), tmp_path / f"a.{suffix}")

    assert gradient() == load_image(path)


@pytest.mark.parametrize("suffix", LOSSY)
def test_lossy_formats_read_back_near(tmp_path, suffix):
    """Size and mode are kept, and quality makes files smaller."""
    good = write_image(gradient(), tmp_path / f"good.{suffix}")
    small = write_image(gradient(), tmp_path / f"small.{suffix}", quality=20)

    assert load_image(good).size == (256, 256)
    assert small.stat().st_size < good.stat().st_size


@pytest.mark.parametrize("suffix", [*LOSSLESS, *LOSSY])
def test_bytes_follow_from_pixels_alone(tmp_path, suffix):
    """Metadata does not get into the file; twice the same picture is twice the same bytes."""
    tagged = gradient()
    tagged.info = {"icc_profile": b"p", "comment": b"c", "exif": b"Exif\0\0", "dpi": (7, 7), "gamma": 1.0}

    first = write_image(gradient(), tmp_path / f"a.{suffix}").read_bytes()
    second = write_image(tagged, tmp_path / f"b.{suffix}").read_bytes()

    assert first == second


def test_jpeg_is_pillows_at_95(tmp_path):
    """The default is quality 95, colour at half resolution."""
    gradient().save(tmp_path / "pillow.jpg", quality=95)

    path = write_image(gradient(), tmp_path / "ours.jpg")

    assert (tmp_path / "pillow.jpg").read_bytes() == path.read_bytes()


def test_folder_is_made_and_nothing_else_is_left(tmp_path):
    """Parents are made; no temporary file stays; the older file is replaced."""
    target = tmp_path / "deep" / "er" / "a.png"

    for color in ("red", "lime"):
        assert target == write_image(Image.new("RGB", (2, 2), color), str(target))

    assert [target] == list(target.parent.iterdir())
    assert load_image(target).getpixel((0, 0)) == (0, 255, 0)


def test_temporary_path_of_a_runner_is_written_straight(tmp_path, monkeypatch):
    """In a graph the runner renames; the step does not do it a second time."""
    temporary = temporary_beside(tmp_path / "a.png")
    monkeypatch.setattr("creevey_graph.atomic.replacing", None)

    assert temporary == write_image(gradient(), temporary)
    assert gradient() == load_image(temporary)


def test_failure_leaves_the_older_file(tmp_path):
    """A picture that cannot be encoded costs neither the older file nor a stray one."""
    target = write_image(gradient(), tmp_path / "a.webp")
    before = target.read_bytes()

    with pytest.raises((OSError, ValueError)):
        write_image(Image.new("RGB", (20000, 1)), target)

    assert before == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.txt", "a", "a.jpg.part"])
def test_suffix_must_be_known(tmp_path, name):
    """The message lists what can be written."""
    with pytest.raises(UsageError, match=r"must end in \.avif, .* or \.webp"):
        write_image(gradient(), tmp_path / name)


@pytest.mark.parametrize(
    ("mode", "suffix", "remedy"),
    [
        ("RGBA", "jpg", "RGB"),
        ("P", "jpg", "RGB"),
        ("LA", "jpg", "RGB"),
        ("CMYK", "png", "RGB"),
        ("LA", "webp", "RGBA"),
    ],
)
def test_mode_the_format_cannot_hold_names_the_remedy(tmp_path, mode, suffix, remedy):
    """Nothing is flattened in silence."""
    with pytest.raises(ImageError, match=rf"\(got {mode} for 'a\.{suffix}'\).*mode=\"{remedy}\""):
        write_image(Image.new(mode, (2, 2)), tmp_path / f"a.{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options", [{"quality": 0}, {"quality": 101}, {"compress_level": -1}, {"compress_level": 10}]
)
def test_numbers_are_bounded(tmp_path, options):
    """Quality is 1-100, compress_level 0-9."""
    with pytest.raises(UsageError, match=f"parameter '{next(iter(options))}' must be"):
        write_image(gradient(), tmp_path / "a.png", **options)


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [
        *[
            (suffix, mode)
            for suffix in ("png", "tif")
            for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
        ],
        *[("tif", mode) for mode in ("CMYK", "YCbCr", "LAB", "I", "F")],
        *[("bmp", mode) for mode in ("1", "L", "P", "RGB", "RGBA")],
    ],
)
def test_promised_modes_are_held(tmp_path, suffix, mode):
    """Every mode a lossless format is said to hold comes back, and the argument stays as it was."""
    grey = Image.linear_gradient("L").resize((16, 16))
    image = grey.convert("RGB").convert(mode) if mode in {"P", "CMYK", "YCbCr", "LAB"} else grey.convert(mode)
    image.info = {}
    before = image.copy()

    back = load_image(write_image(image, tmp_path / f"a.{suffix}"), mode="keep")

    assert before == image
    assert image.info == {}
    assert not hasattr(image, "encoderinfo")
    assert image.convert("RGB").tobytes() == back.convert("RGB").tobytes()


def test_transparent_palette_is_kept(tmp_path):
    """A palette's transparent entry is part of what is seen."""
    image = Image.new("P", (2, 2))
    image.putpalette([255, 0, 0])
    image.info["transparency"] = 0

    back = load_image(write_image(image, tmp_path / "a.png"), mode="RGBA")

    assert back.getpixel((0, 0)) == (255, 0, 0, 0)


def test_one_picture_is_written_by_many_threads(tmp_path):
    """Branches share a picture: writing it in several formats at once is safe."""
    image = gradient()

    def write(number):
        return write_image(image, tmp_path / f"{number}.{('jpg', 'png', 'bmp')[number % 3]}").read_bytes()

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(48)))

    assert len(set(written)) == 3


def test_every_step_is_pure_and_exported():
    """All that is exported but a constant and functions over rows is a step that borrows its arguments."""
    others = {"DEFAULT_FORMATS", "count_by", "exact_duplicates", "merge_channel_stats", "near_duplicates"}
    steps = {name: getattr(images, name) for name in images.__all__ if name not in others}

    assert sorted(images.__all__) == images.__all__
    assert all(isinstance(value, Step) and value.options.borrows for value in steps.values())
    assert steps["write_image"].is_writer
    assert inspect.signature(resize.func) == resize.signature
    assert all(">>>" in (value.__doc__ or "") for value in steps.values())
