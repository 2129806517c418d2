"""Tones, blurs and conversions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from strategies import make_picture

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images import (
    adjust,
    autocontrast,
    blur_boxes,
    convert,
    equalize,
    gaussian_blur,
    grayscale,
    invert,
)

sizes = st.tuples(st.integers(1, 20), st.integers(1, 20))
factors = st.sampled_from([0, 0.3, 1, 1.7, 4])


def with_alpha(image, alpha):
    """Return *image* with an alpha band."""
    image = image.copy()
    image.putalpha(alpha)
    return image


@pytest.mark.parametrize("mode", ["L", "RGB"])
@given(sizes, st.sampled_from([0, 1, 10, (5, 20)]), st.booleans())
def test_tones_are_pillows(mode, size, cutoff, preserve_tone):
    """On grey and RGB the steps are byte-identical to ImageOps."""
    image = make_picture(mode, size)

    expected = ImageOps.autocontrast(image, cutoff, preserve_tone=preserve_tone)
    assert expected.tobytes() == autocontrast(image, cutoff=cutoff, preserve_tone=preserve_tone).tobytes()
    assert ImageOps.equalize(image).tobytes() == equalize(image).tobytes()
    assert ImageOps.invert(image).tobytes() == invert(image).tobytes()


@pytest.mark.parametrize("mode", ["L", "RGB"])
@given(sizes, st.tuples(factors, factors, factors, factors))
def test_adjust_is_pillows_enhance_in_order(mode, size, factor_of):
    """Brightness, contrast, saturation, sharpness: ImageEnhance's, one after another."""
    image = expected = make_picture(mode, size)
    brightness, contrast, saturation, sharpness = factor_of
    for kind, factor in (
        (ImageEnhance.Brightness, brightness),
        (ImageEnhance.Contrast, contrast),
        (ImageEnhance.Color, saturation),
        (ImageEnhance.Sharpness, sharpness),
    ):
        expected = kind(expected).enhance(factor)

    adjusted = adjust(
        image, brightness=brightness, contrast=contrast, saturation=saturation, sharpness=sharpness
    )

    assert expected.tobytes() == adjusted.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        autocontrast,
        equalize,
        invert,
        lambda image: adjust(image, brightness=1.3, contrast=0.4, saturation=2, sharpness=3),
    ],
)
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_hidden_pixels_do_not_count(change, mode):
    """Alpha stays, and what it hides changes nothing in what it shows."""
    colors = make_picture(mode[:-1], (16, 16)).point(lambda value: 60 + value // 4)
    alpha = Image.new("L", (16, 16), 255)
    alpha.paste(0, (8, 0, 16, 16))
    other = colors.copy()
    other.paste(255 if mode == "LA" else (255, 0, 255), (8, 0, 16, 16))

    one, two = change(with_alpha(colors, alpha)), change(with_alpha(other, alpha))

    assert mode == one.mode == two.mode
    assert alpha.tobytes() == one.getchannel("A").tobytes()
    assert one.crop((0, 0, 8, 16)).tobytes() == two.crop((0, 0, 8, 16)).tobytes()


@pytest.mark.parametrize("change", [autocontrast, equalize, invert])
def test_deep_pictures_are_scaled_and_others_become_rgb(change):
    """A 16-bit picture is not white, and CMYK keeps its colours."""
    assert change(Image.new("I;16", (2, 2), 32896)).getpixel((0, 0)) in {127, 128}
    cmyk = Image.new("RGB", (2, 1), (10, 60, 200)).convert("CMYK")
    assert change(cmyk).mode == "RGB"
    with pytest.raises(ImageError, match="integer pixels must lie in 0-65535"):
        change(Image.new("I", (2, 2), 70000))


@given(sizes)
def test_inverting_twice_is_nothing(size):
    """The negative of the negative is the picture."""
    image = make_picture("RGBA", size)

    assert image.tobytes() == invert(invert(image)).tobytes()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda image: autocontrast(image, cutoff=60), "must leave tones, below 100 % in all"),
        (lambda image: autocontrast(image, cutoff=-1), "'cutoff' must be a number from 0 to 100"),
        (lambda image: autocontrast(image, cutoff=(1, 2, 3)), "one percentage, or two"),
        (lambda image: adjust(image, contrast=-0.1), "'contrast' must be a number of at least 0"),
        (lambda image: adjust(image, sharpness=float("inf")), "'sharpness' must be a number of at least 0"),
        (lambda image: gaussian_blur(image, -1), "'radius' must be a number from 0 to 1e.06"),
        (lambda image: gaussian_blur(image, 1e9), "'radius' must be a number from 0 to 1e.06"),
        (lambda image: blur_boxes(image, [], radius="5"), "'radius' must be a number"),
        (lambda image: blur_boxes(image, [], unit="em"), "'unit' has no choice 'em'"),
        (lambda image: grayscale(image, channels=4), "'channels' must be 1 or 3"),
        (lambda image: convert(image, "RGBX"), "'mode' has no choice 'RGBX'"),
        (lambda image: convert(image, "RGB", background="wite"), "'background' must be a colour"),
        (lambda image: convert(image, "RGB", background=(0, 0, 256)), "'background' must be a colour"),
    ],
)
def test_options_are_checked(call, told):
    """A wrong option names the step and itself."""
    with pytest.raises(UsageError, match=rf"step '\w+': .*{told}"):
        call(Image.new("RGB", (3, 3)))


def test_nothing_to_do_returns_the_picture():
    """A radius of 0, no boxes, factors of 1 and the same mode copy nothing."""
    image = make_picture("RGB", (5, 5))

    assert gaussian_blur(image, 0) is image
    assert adjust(image) is image
    assert convert(image, "RGB") is image
    for boxes in ([], None, "", " ", "[]", np.empty((0, 4)), [(9, 9, 5, 5)], [(1, 1, 0, 5)]):
        assert blur_boxes(image, boxes) is image


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@given(sizes, st.floats(0.1, 30))
def test_blur_is_pillows(mode, size, radius):
    """Modes that Pillow blurs are byte-identical to its own."""
    image = make_picture(mode, size)

    assert image.filter(ImageFilter.GaussianBlur(radius)).tobytes() == gaussian_blur(image, radius).tobytes()


@pytest.mark.parametrize(
    "change", [lambda image: gaussian_blur(image, 3), lambda image: blur_boxes(image, [(0, 0, 9, 9)])]
)
def test_hidden_colours_do_not_bleed_into_a_blur(change):
    """Beside a hidden green half, red stays red."""
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 255))
    image.paste((0, 255, 0, 0), (5, 0, 20, 20))

    blurred = np.asarray(change(image))[:9, :9].reshape(-1, 4)

    seen = blurred[blurred[:, 3] > 0]
    assert seen[:, 0].min() == 255
    assert seen[:, 1].max() == 0


@given(
    sizes,
    st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 25), st.floats(0, 30), st.floats(0, 30)), max_size=3),
    st.sampled_from(["px", "rel"]),
)
def test_outside_boxes_no_pixel_changes(size, boxes, unit):
    """What no box touches, edges rounded outwards, stays; one box is the blur of its part."""
    image = make_picture("RGB", size)
    scale = (size[0], size[1]) * 2 if unit == "rel" else (1,) * 4
    given_boxes = [tuple(side / (20 if unit == "rel" else 1) for side in box) for box in boxes]
    edges = []
    for x, y, width, height in (
        [side * by for side, by in zip(box, scale, strict=True)] for box in given_boxes
    ):
        left, top = max(0, int(np.floor(x))), max(0, int(np.floor(y)))
        edges.append(
            (left, top, min(size[0], int(np.ceil(x + width))) + 1, min(size[1], int(np.ceil(y + height))) + 1)
        )
    outside = np.ones((size[1], size[0]), bool)
    for left, top, right, lower in edges:
        outside[max(0, top - 1) : max(0, lower), max(0, left - 1) : max(0, right)] = False

    blurred = np.asarray(blur_boxes(image, given_boxes, radius=4, unit=unit))

    assert np.array_equal(np.asarray(image)[outside], blurred[outside])


def test_a_box_is_the_blur_of_its_part():
    """Only pixels inside count; the default radius is a tenth of the diagonal."""
    image = make_picture("RGB", (40, 30))
    part = image.crop((5, 4, 35, 28)).filter(ImageFilter.GaussianBlur(0.1 * math.hypot(30, 24)))
    expected = image.copy()
    expected.paste(part, (5, 4))

    for boxes in ([(5, 4, 30, 24)], "[[5, 4, 30, 24]]", np.array([[5, 4, 30, 24]]), [[5.4, 4.9, 29.2, 22.3]]):
        assert expected.tobytes() == blur_boxes(image, boxes).tobytes()
    assert expected.tobytes() == blur_boxes(image, [[5 / 40, 4 / 30, 30 / 40, 24 / 30]], unit="rel").tobytes()


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        ([(1, 2, 3)], r"'boxes' must be \(x, y, width, height\) \(got \(1, 2, 3\)\)"),
        ((1, 2, 3, 4), r"'boxes' must be \(x, y, width, height\) \(got 1\)"),
        ("1,2,3,4", "boxes as text must be JSON"),
        ('{"x": 1}', "boxes must be a list of boxes"),
        ("5", "boxes must be a list of boxes"),
        (7, "boxes must be a list of boxes"),
        ([(1, 2, -3, 4)], "must not have a negative size"),
        ([(1, 2, float("nan"), 4)], "'boxes' must be"),
        ([(1, 2, "3", 4)], "'boxes' must be"),
    ],
)
def test_boxes_are_checked(boxes, told):
    """What is no list of boxes is one clear error."""
    with pytest.raises(UsageError, match=told):
        blur_boxes(Image.new("RGB", (9, 9)), boxes)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "1"])
def test_convert_gives_what_is_seen(mode):
    """Red half over a white background, from any way to say so, is pink where alpha is left out."""
    image = convert(Image.new("RGBA", (3, 3), (255, 0, 0, 128)), mode)

    back = convert(image, "RGBA").getpixel((1, 1))

    assert mode == image.mode
    assert not image.info
    if mode in {"RGBA", "LA"}:
        assert back[3] == 128
    elif mode not in {"L", "1"}:
        assert np.abs(np.subtract(back, (255, 127, 127, 255))).max() <= 3


def test_convert_scales_and_lays_on_a_background():
    """16 bits and floats are not white, palettes' transparency shows the background."""
    assert convert(Image.new("I;16", (1, 1), 32896), "RGB").getpixel((0, 0)) == (128, 128, 128)
    assert convert(Image.new("F", (1, 1), 0.5), "L").getpixel((0, 0)) == 128
    palette = Image.new("P", (1, 1))
    palette.putpalette([255, 0, 0])
    palette.info["transparency"] = 0
    assert convert(palette, "RGB", background=(0, 0, 255)).getpixel((0, 0)) == (0, 0, 255)
    keyed = Image.new("RGB", (1, 1), "red")
    keyed.info["transparency"] = (255, 0, 0)
    assert convert(keyed, "RGB", background="lime").getpixel((0, 0)) == (0, 255, 0)
    keyed.info["transparency"] = (0xFF10, 0x0020, 0x0030)  # as Pillow keeps it of a 16-bit file
    assert convert(keyed, "RGB", background="lime").getpixel((0, 0)) == (0, 255, 0)
    assert convert(Image.linear_gradient("L"), "1").tobytes() == bytes(128 * 32) + b"\xff" * (128 * 32)


def test_converted_to_lab_is_the_same_at_any_time():
    """Pillow adds a profile with the time of day, which would make another value of each run."""
    for image in (convert(Image.new("RGB", (2, 2)), "LAB"), convert(Image.new("LAB", (2, 2)), "RGB")):
        assert image.info == {}


def test_three_equal_channels():
    """Models that want three channels get the same grey in each."""
    image = make_picture("RGB", (5, 4))
    bands = grayscale(image, channels=3).split()

    assert grayscale(grayscale(image), channels=3).mode == "RGB"
    assert {band.tobytes() for band in bands} == {image.convert("L").tobytes()}
