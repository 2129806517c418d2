"""Every encoder's options: what each does, where it is refused, and the bytes that stay as they were."""

import hashlib
import io
import subprocess
import sys

import pytest
from drawn import noise
from PIL import Image, ImageDraw, JpegImagePlugin

from creevey_graph import images
from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images import encode_image, load_image, write_animation, write_image
from creevey_graph.images.formats import FORMATS

DEFAULTS = {
    "avif": {"quality": 95},
    "bmp": {},
    "gif": {},
    "jp2": {},
    "jpg": {"quality": 95},
    "png": {"compress_level": 1},
    "ppm": {},
    "tif": {"compression": "tiff_adobe_deflate"},
    "webp": {"quality": 95},
}


def saved(image, suffix, **options):
    """Return what plain Pillow writes."""
    with io.BytesIO() as file:
        image.save(file, FORMATS[f".{suffix}"].name, **options)
        return file.getvalue()


@pytest.mark.parametrize("suffix", DEFAULTS)
def test_default_bytes_are_plain_pillows(tmp_path, suffix):
    """Nothing but the documented defaults is asked of the encoder, on disk as in memory."""
    expected = saved(noise(), suffix, **DEFAULTS[suffix])

    assert expected == encode_image(noise(), suffix)
    assert expected == write_image(noise(), tmp_path / f"a.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("suffix", "options", "pillows"),
    [
        ("avif", {"subsampling": "4:4:4", "speed": 9}, {"quality": 95, "subsampling": "4:4:4", "speed": 9}),
        ("jpg", {"optimize": True}, {"quality": 95, "optimize": True}),
        ("jpg", {"progressive": True, "quality": 60}, {"quality": 60, "progressive": True}),
        ("jpg", {"subsampling": "4:2:2"}, {"quality": 95, "subsampling": 1}),
        ("png", {"optimize": True}, {"optimize": True, "compress_level": 1}),
        ("tif", {"compression": "lzw"}, {"compression": "tiff_lzw"}),
        ("tif", {"compression": "packbits"}, {"compression": "packbits"}),
        ("tif", {"compression": "none"}, {"compression": "raw"}),
        ("webp", {"lossless": True}, {"quality": 95, "lossless": True, "exact": True}),
        ("webp", {"method": 0}, {"quality": 95, "method": 0}),
    ],
)
def test_each_option_is_the_encoders(suffix, options, pillows):
    """An option reaches the encoder, and changes the bytes."""
    assert saved(noise(), suffix, **pillows) == encode_image(noise(), suffix, **options)
    assert encode_image(noise(), suffix) != encode_image(noise(), suffix, **options)


@pytest.mark.parametrize(("subsampling", "code"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
def test_subsampling_is_in_the_file(subsampling, code):
    """The file says at which resolution its colour is."""
    with Image.open(io.BytesIO(encode_image(noise(), "jpg", subsampling=subsampling))) as image:
        assert code == JpegImagePlugin.get_sampling(image)


def test_lossless_webp_keeps_every_value():
    """Also the colours of pixels that cannot be seen."""
    image = noise("RGBA")
    image.putalpha(Image.new("L", image.size, 0))

    assert image == load_image(encode_image(image, "webp", lossless=True), mode="keep")


@pytest.mark.parametrize(
    ("suffix", "option", "text"),
    [
        ("png", {"subsampling": "4:2:0"}, "; .avif, .jpeg or .jpg has it"),
        ("png", {"progressive": True}, "; .jpeg or .jpg has it"),
        ("jpg", {"lossless": True}, "; .webp has it"),
        ("webp", {"speed": 3}, "; .avif has it"),
        ("avif", {"method": 0}, "; .webp has it"),
        ("webp", {"optimize": True}, "; .jpeg, .jpg or .png has it"),
        ("jpg", {"compression": "lzw"}, "; .tif or .tiff has it"),
        ("bmp", {"keep_icc": True}, ""),
    ],
)
def test_an_option_the_format_has_not_is_an_error(tmp_path, suffix, option, text):
    """Nothing is ignored in silence; the message names the formats that have it."""
    (name, value), *_ = option.items()
    with pytest.raises(UsageError) as caught:
        write_image(noise(), tmp_path / f"a.{suffix}", **option)

    assert str(caught.value) == (
        f"step 'write_image': parameter '{name}' must be left out for .{suffix} (got {value!r}){text}"
    )
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("suffix", "option"),
    [
        ("jpg", {"quality": True}),
        ("jpg", {"quality": 95.0}),
        ("jpg", {"subsampling": "4:1:1"}),
        ("jpg", {"optimize": 1}),
        ("jpg", {"background": "whyte"}),
        ("jpg", {"background": 7}),
        ("webp", {"method": 7}),
        ("webp", {"method": False}),
        ("avif", {"speed": 11}),
        ("tif", {"compression": "zip"}),
        ("png", {"keep_icc": "yes"}),
    ],
)
def test_options_are_checked(suffix, option):
    """A value out of its range names the parameter."""
    with pytest.raises(UsageError, match=f"parameter '{next(iter(option))}' must be"):
        encode_image(noise(), suffix, **option)


def test_one_graph_may_write_several_formats():
    """quality, compress_level and background say nothing where they have no use."""
    options = {"quality": 80, "compress_level": 3, "background": "white"}

    assert encode_image(noise(), "bmp") == encode_image(noise(), "bmp", **options)
    assert encode_image(noise("RGBA"), "png") == encode_image(
        noise("RGBA"), "png", quality=80, background="red"
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
@pytest.mark.parametrize("suffix", ["jpg", "ppm"])
def test_a_background_replaces_the_error(mode, suffix):
    """Transparent pixels get its colour; without it the format refuses the mode."""
    image = Image.new("RGBA", (16, 16), (10, 20, 30, 0)).convert(mode)
    if mode == "P":
        image = Image.new("P", (16, 16))
        image.info["transparency"] = 0
    with pytest.raises(ImageError, match="holds mode"):
        encode_image(image, suffix)
    before = image.copy()

    red, green, blue = load_image(encode_image(image, suffix, background="#ff0000")).getpixel((8, 8))

    assert red > 250
    assert max(green, blue) < 5
    assert before == image


def test_a_transparent_colour_is_laid_on_the_background():
    """One transparent colour of an RGB picture counts as transparency."""
    image = Image.new("RGB", (16, 16), (10, 20, 30))
    image.info["transparency"] = (10, 20, 30)

    assert (255, 255, 255) == load_image(encode_image(image, "ppm", background="white")).getpixel((3, 3))


@pytest.mark.parametrize("suffix", ["avif", "jpg", "png", "tif", "webp"])
def test_a_colour_profile_is_kept_where_it_is_asked_for(suffix):
    """By default it is left out, and a picture without one has none."""
    from PIL import ImageCms

    image = noise()
    image.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    with Image.open(io.BytesIO(encode_image(image, suffix, keep_icc=True))) as kept:
        assert image.info["icc_profile"] == kept.info["icc_profile"]
    assert encode_image(noise(), suffix) == encode_image(image, suffix)
    assert encode_image(noise(), suffix) == encode_image(noise(), suffix, keep_icc=True)


def test_bytes_are_the_same_in_another_process():
    """No date, address or order of hashing gets into a file."""
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); from drawn import noise\n"
        "from creevey_graph.images import encode_image\n"
        "for suffix in sys.argv[2:]: print(hashlib.sha256(encode_image(noise(), suffix)).hexdigest())"
    )
    program = [sys.executable, "-c", code, str(__import__("pathlib").Path(__file__).parent), *DEFAULTS]

    told = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()

    assert told == [hashlib.sha256(encode_image(noise(), suffix)).hexdigest() for suffix in DEFAULTS]


@pytest.mark.parametrize("wrong", ["jqg", "", ".", 7, None])
def test_a_format_must_be_known(wrong):
    """Names are suffixes, with or without dot, in any case."""
    assert encode_image(noise(), "JPG") == encode_image(noise(), ".jpeg")
    with pytest.raises(UsageError, match=r"step 'encode_image': format must"):
        encode_image(noise(), wrong)


@pytest.mark.parametrize("suffix", ["webp", "jpg"])
def test_a_picture_too_large_for_the_format_is_an_image_error(suffix):
    """The encoder's own limits have a message that names format and size."""
    with pytest.raises(ImageError, match=r"cannot hold this picture of 70000 x 1 px"):
        encode_image(Image.new("RGB", (70000, 1)), suffix)


def test_a_full_disk_is_no_image_error(tmp_path, monkeypatch):
    """What the system says passes as it is."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_image(noise(), tmp_path / "a.png")
    assert not isinstance(caught.value, ImageError)


def frames(path):
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            yield image.convert("RGBA"), image.info.get("duration")


@pytest.mark.parametrize(("suffix", "options"), [("gif", {}), ("png", {}), ("webp", {"lossless": True})])
def test_animations_have_their_pictures_in_order(tmp_path, suffix, options):
    """Each picture is shown for its time; two runs write the same bytes, and the arguments stay."""
    palette = [Image.new("RGB", (16, 12), color) for color in ("red", "lime", "blue")]
    path = write_animation(palette, tmp_path / f"a.{suffix}", duration_ms=250, **options)

    found = list(frames(path))

    assert [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)] == [
        image.getpixel((5, 5)) for image, _ in found
    ]
    assert {250} == {round(duration) for _, duration in found}
    assert (
        path.read_bytes()
        == write_animation(palette, tmp_path / f"b.{suffix}", duration_ms=250, **options).read_bytes()
    )
    assert palette == [Image.new("RGB", (16, 12), color) for color in ("red", "lime", "blue")]


@pytest.mark.parametrize(("suffix", "options"), [("gif", {}), ("png", {}), ("webp", {"lossless": True})])
def test_transparent_animations_show_no_older_picture(tmp_path, suffix, options):
    """What is transparent in a picture is transparent when it is shown."""
    pictures = []
    for left in (0, 8):
        picture = Image.new("RGBA", (16, 16))
        ImageDraw.Draw(picture).ellipse((left, 0, left + 7, 15), fill="red")
        pictures.append(picture)

    first, second = (
        image for image, _ in frames(write_animation(pictures, tmp_path / f"a.{suffix}", **options))
    )

    assert (255, 0) == (first.getpixel((4, 7))[3], first.getpixel((12, 7))[3])
    assert (0, 255) == (second.getpixel((4, 7))[3], second.getpixel((12, 7))[3])


@pytest.mark.parametrize(
    ("pictures", "name", "options", "problem"),
    [
        ([], "a.gif", {}, "one picture or more"),
        ([noise(), noise(size=(3, 3))], "a.gif", {}, "got 40 x 30 RGB and 3 x 3 RGB"),
        ([noise(), noise("L")], "a.png", {}, "one size and mode"),
        ([noise(), "b"], "a.png", {}, "image must be a Pillow picture"),
        ([noise()], "a.jpg", {}, r"path must end in \.gif, \.png or \.webp"),
        ([noise()], "a.gif", {"duration_ms": 0}, "duration_ms"),
        ([noise()], "a.gif", {"loop": -1}, "loop"),
        ([noise()], "a.gif", {"lossless": True}, "'lossless' must be left out"),
    ],
)
def test_what_is_no_animation_is_told(tmp_path, pictures, name, options, problem):
    """Nothing is written."""
    with pytest.raises(UsageError, match=problem):
        write_animation(pictures, tmp_path / name, **options)
    assert [] == list(tmp_path.iterdir())


def test_one_picture_is_an_animation_too(tmp_path):
    """A list of one, or the picture itself."""
    assert write_animation([noise()], tmp_path / "a.png").read_bytes() == (
        write_animation(noise(), tmp_path / "b.png").read_bytes()
    )
    assert images.picture_facts(tmp_path / "a.png")["frames"] == 1
