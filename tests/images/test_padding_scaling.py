"""Steps that pad, and steps that scale by one side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from strategies import make_picture

from creevey_graph.errors import UsageError
from creevey_graph.images import (
    equalize,
    flip,
    gaussian_blur,
    img2dataset_resize,
    letterbox,
    longest_max_size,
    pad,
    resize,
    rotate,
    smallest_max_size,
)

sizes = st.tuples(st.integers(1, 60), st.integers(1, 60))
targets = st.integers(1, 60)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "I;16", "F"])
@given(sizes, sizes, st.sampled_from(["edge", "reflect"]), st.sampled_from(["center", "left", "bottom"]))
def test_padding_modes_are_numpys(mode, size, target, how, position):
    """Edge and reflect are numpy.pad's, at any width, for thin pictures too."""
    image = make_picture(mode, size)
    x, y = {"center": (0.5, 0.5), "left": (0, 0.5), "bottom": (0.5, 1)}[position]
    across, down = (max(0, wanted - side) for wanted, side in zip(target, size, strict=True))
    left, top = int(across * x), int(down * y)
    array = np.asarray(image)
    widths = [(top, down - top), (left, across - left)] + [(0, 0)] * (array.ndim - 2)

    padded = pad(image, target, mode=how, position=position)

    assert np.array_equal(np.pad(array, widths, mode=how), np.asarray(padded))
    assert image.mode == padded.mode
    assert image.info == padded.info


def test_pad_with_a_colour_stands_at_its_position():
    """The picture lies where it is asked to, the rest is the colour; larger sides stay."""
    image = Image.new("RGB", (20, 50), "red")

    padded = pad(image, (40, 30), color=(0, 255, 0), position="right")

    assert padded.size == (40, 50)
    assert padded.getpixel((19, 25)) == (0, 255, 0)
    assert padded.getpixel((20, 25)) == (255, 0, 0)
    assert pad(image, (10, 10)) is image


def test_thin_pictures_reflect_quickly_over_wide_canvases():
    """A period of two pixels over a million is twenty pastes, not half a million."""
    padded = pad(Image.frombytes("L", (2, 1), bytes([1, 2])), (10**6, 1), mode="reflect", position="left")

    assert padded.tobytes() == bytes([1, 2]) * (10**6 // 2)


@pytest.mark.parametrize(
    "options", [{"mode": "wrap"}, {"position": "middle"}, {"color": "blu"}, {"size": 2.5}]
)
def test_pad_checks_its_options(options):
    """A wrong option is told by the step's name."""
    with pytest.raises(UsageError, match="step 'pad'"):
        pad(Image.new("L", (2, 2)), **{"size": 5, **options})


@given(sizes, sizes)
def test_letterbox_is_the_whole_picture_between_bars(size, target):
    """Exactly the size; the picture inside it, the rest YOLO's grey."""
    boxed = letterbox(Image.new("RGB", size, (250, 0, 0)), target)
    inner = resize(Image.new("RGB", size, (250, 0, 0)), target, fit="inside")

    assert target == boxed.size
    colors = {color: count for count, color in boxed.getcolors()}
    assert colors[250, 0, 0] == inner.width * inner.height
    assert set(colors) <= {(250, 0, 0), (114, 114, 114)}


@pytest.mark.parametrize(
    "options", [{"color": "gray1"}, {"position": "up"}, {"filter": "sharp"}, {"size": (1, 0)}]
)
def test_letterbox_checks_its_options(options):
    """A wrong option is told by the step's own name."""
    with pytest.raises(UsageError, match="step 'letterbox'"):
        letterbox(Image.new("L", (2, 2)), **{"size": 5, **options})


@given(sizes, targets)
def test_smallest_max_size_is_creeveys_min_dim(size, target):
    """The smaller side is exact; the other is int(round(other / ratio, 1))."""
    ratio = min(size) / target
    expected = tuple(int(round(side / ratio, 1)) for side in size)

    scaled = smallest_max_size(Image.new("L", size), target).size

    assert expected == scaled
    assert target == min(scaled)


@pytest.mark.parametrize(
    ("size", "target", "expected"), [((640, 480), 1000, (1333, 1000)), ((25, 34), 50, (50, 68))]
)
def test_min_dim_of_creeveys_tests(size, target, expected):
    """Creevey's own figures, rounded down."""
    assert smallest_max_size(Image.new("L", size), target).size == expected


@given(sizes, targets)
def test_longest_max_size_never_exceeds(size, target):
    """The longer side is exact, the other in proportion, at least one pixel."""
    scaled = longest_max_size(Image.new("L", size), target).size

    assert target == max(scaled)
    assert abs(min(scaled) - max(1, min(size) * target / max(size))) <= 1


@pytest.mark.parametrize("change", [smallest_max_size, longest_max_size])
def test_without_upscale_small_pictures_stay(change):
    """`upscale=False` scales down only."""
    image = Image.new("L", (40, 20))

    assert change(image, 50, upscale=False) is image
    assert max(change(image, 10, upscale=False).size) < 40
    for size in (0, 2.5, "10", True):
        with pytest.raises(UsageError, match="'size' must be a whole number of at least 1"):
            change(image, size)


@given(sizes, targets)
def test_img2dataset_modes_have_its_sizes(size, target):
    """The sizes img2dataset's README gives, and the fits of resize that are the same."""
    image = make_picture("RGB", size)

    found = {
        mode: img2dataset_resize(image, target, mode=mode)
        for mode in ("border", "keep_ratio", "keep_ratio_largest", "center_crop", "no")
    }

    assert found["border"].size == found["center_crop"].size == (target, target)
    assert target == min(found["keep_ratio"].size)
    assert target == max(found["keep_ratio_largest"].size)
    assert found["no"] is image
    assert found["border"] == resize(image, target, fit="contain", background="white")
    assert found["center_crop"] == resize(image, target, fit="cover")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("border", (50, 50)),
        ("keep_ratio", (40, 20)),
        ("keep_ratio_largest", (50, 25)),
        ("center_crop", (40, 20)),
    ],
)
def test_img2dataset_only_if_bigger(mode, expected):
    """A picture of 60 x 30 whose side in question is below 40 or 50 stays; img2dataset's own rule."""
    size = {
        "border": (60, 30),
        "keep_ratio": (40, 20),
        "keep_ratio_largest": (60, 30),
        "center_crop": (40, 20),
    }
    image = Image.new("RGB", size[mode])

    assert expected == img2dataset_resize(image, 50, mode=mode, only_if_bigger=True).size
    assert img2dataset_resize(image, 60, mode=mode, only_if_bigger=True) is image


@given(sizes, sizes, st.sampled_from(["fill", "cover", "contain", "inside", "outside"]), st.booleans())
def test_each_fit_has_its_size(size, target, fit, upscale):
    """Filling fits are exact, inside never exceeds, outside never falls short; nothing grows unasked."""
    scaled = resize(Image.new("L", size), target, fit=fit, upscale=upscale).size

    if fit == "contain" or (upscale and fit in {"fill", "cover"}):
        assert target == scaled
    if fit == "inside":
        assert scaled[0] <= target[0]
        assert scaled[1] <= target[1]
    if fit == "outside" and upscale:
        assert scaled[0] >= target[0]
        assert scaled[1] >= target[1]
    if not upscale and fit != "contain":
        assert scaled[0] <= size[0]
        assert scaled[1] <= size[1]


HIDING = {"RGBA": ((255, 0, 0, 255), (0, 255, 0, 0)), "LA": ((255, 255), (30, 0))}


@pytest.mark.parametrize("mode", HIDING)
@pytest.mark.parametrize(
    "change",
    [
        lambda image: resize(image, (7, 7)),
        lambda image: resize(image, (40, 40), filter="bicubic"),
        lambda image: resize(image, (9, 5), fit="cover"),
        lambda image: smallest_max_size(image, 33),
        lambda image: rotate(image, 30, background=(0, 0, 255, 0)),
        lambda image: rotate(image, 45, expand=False, background="#00000000"),
    ],
)
def test_hidden_colours_do_not_bleed(mode, change):
    """What is seen of a red half beside a hidden green one is red, and nothing else."""
    shown, hidden = HIDING[mode]
    image = Image.new(mode, (20, 20), shown)
    image.paste(hidden, (10, 0, 20, 20))

    changed = np.asarray(change(image)).reshape(-1, len(mode)).astype(int)

    seen = changed[changed[:, -1] > 16]
    assert len(seen)
    assert np.abs(seen[:, :-1] - shown[:-1]).max() <= 2


def test_a_half_transparent_background_keeps_its_colour():
    """Corners have the colour that was asked for, not one that was premultiplied twice."""
    turned = rotate(Image.new("RGBA", (20, 20), "red"), 45, background=(100, 50, 0, 128))

    assert np.abs(np.subtract(turned.getpixel((0, 0)), (100, 50, 0, 128))).max() <= 1


@pytest.mark.parametrize("mode", ["F", "I"])
@pytest.mark.parametrize(
    "change",
    [
        lambda image: resize(image, (33, 33)),
        lambda image: resize(image, (30, 41), fit="cover"),
        lambda image: resize(image, (50, 20), fit="contain", background="white"),
        lambda image: pad(image, (50, 20), color="white"),
        lambda image: rotate(image, 33, background="white"),
    ],
)
def test_sharp_filters_do_not_leave_the_range(mode, change):
    """Floats in 0-1 stay there, whatever the filter and the fill: 1.02 would make the picture black."""
    image = Image.new(mode, (16, 16), 0)
    image.paste(1 if mode == "F" else 65535, (8, 0, 16, 16))

    assert change(image).getextrema() == ((0, 1) if mode == "F" else (0, 65535))


def test_hues_are_averaged_as_colours():
    """Between two reds, of hue 2 and 253, is red, not cyan."""
    image = Image.new("HSV", (2, 1), (2, 255, 255))
    image.putpixel((1, 0), (253, 255, 255))

    red, green, blue = resize(image, (1, 1), filter="box").getpixel((0, 0))

    assert red > 250
    assert max(green, blue) < 20


@pytest.mark.parametrize("degrees", [float("nan"), float("inf"), "90", None])
def test_rotate_refuses_what_is_no_angle(degrees):
    """Not a number, or none at all."""
    with pytest.raises(UsageError, match="'degrees' must be a number"):
        rotate(Image.new("L", (2, 2)), degrees)


def test_rotating_a_line_is_bounded():
    """A line of 100 000 pixels on its corner would be 5 gigapixels."""
    with pytest.raises(UsageError, match=r"step 'rotate': would make 7071\d x 7071\d pixels"):
        rotate(Image.new("L", (100_000, 1)), 45)
    assert rotate(Image.new("L", (100_000, 1)), 90).size == (1, 100_000)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: resize(image, 9, fit="contain"),
        lambda image: pad(image, 50),
        flip,
        lambda image: gaussian_blur(image, 2),
        equalize,
    ],
)
def test_a_colour_profile_stays(change):
    """Where the mode stays, what describes its colours stays too."""
    image = Image.new("RGB", (20, 10))
    image.info["icc_profile"] = b"profile"

    assert change(image).info == {"icc_profile": b"profile"}
