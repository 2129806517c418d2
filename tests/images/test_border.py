"""Borders found by their pixels: ImageMagick's rule and Creevey's."""

import io
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from strategies import make_picture

from creevey_graph import graph, step
from creevey_graph.errors import ImageError, SkipItem, UsageError
from creevey_graph.images import crop, resize, trim_border, trim_padding

OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}


def framed(mode="RGB", color="white", size=(40, 30), box=(10, 5, 20, 18)):
    """Draw noise inside *box* (x, y, width, height) on one colour; return both pictures."""
    inner = make_picture("RGB", box[2:]).point(lambda value: value // 2 + 60).convert(mode)
    image = Image.new(mode, size, Image.new("RGB", (1, 1), color).convert(mode).getpixel((0, 0)))
    image.paste(inner, box[:2])
    return image, inner


def few_values(size, seed, mode):
    """Draw noise of few values, so that borders by chance are common."""
    values = np.random.default_rng(seed).choice([0, 3, 8, 12, 250], size=(size[1], size[0], len(mode)))
    return Image.frombytes(mode, size, values.astype(np.uint8).tobytes())


def bounds(kept):
    """Return the slices of the smallest box with all True values, as the formula has it; None for none."""
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    return None if not rows.size else (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
@pytest.mark.parametrize("color", ["white", "black", "navy"])
def test_a_border_of_one_colour_goes(mode, color):
    """What is inside the frame is left, in its own mode."""
    image, inner = framed(mode, color)

    trimmed = trim_border(image, fuzz=5)

    assert inner.mode == trimmed.mode
    assert inner.tobytes() == trimmed.tobytes()


def test_a_deep_border_goes_and_pixels_stay_deep():
    """16 bits are compared as 8 and kept as 16."""
    image = Image.new("I;16", (9, 9), 65535)
    image.paste(Image.new("I;16", (3, 2), 40001), (4, 5))

    trimmed = trim_border(image)

    assert (trimmed.mode, trimmed.size, trimmed.getextrema()) == ("I;16", (3, 2), (40001, 40001))


def test_jpeg_noise_is_forgiven_by_fuzz():
    """A saved frame is noisy beside its edges; 10 forgives it, 0 does not."""
    image, _ = framed(size=(160, 120), box=(48, 32, 64, 56))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    noisy = Image.open(data)

    assert (64, 56) == trim_border(noisy, fuzz=40).size
    assert trim_border(noisy, fuzz=0).width > 64


@pytest.mark.parametrize(("pixel", "is_border"), [((2, 2, 2), True), ((3, 1, 1), True), ((3, 2, 0), False)])
def test_fuzz_is_exact_at_its_limit(pixel, is_border):
    """Squares of 12 are a root mean square of 2: within fuzz=2; 13 is beyond."""
    image = Image.new("RGB", (5, 5))
    image.putpixel((2, 2), pixel)

    assert trim_border(image, fuzz=2, blank="keep").size == ((5, 5) if is_border else (1, 1))


def test_auto_takes_each_sides_corner():
    """Left and top go by the upper left pixel, right by the upper right, bottom by the lower left."""
    image = Image.new("RGB", (30, 20), "white")
    image.paste("black", (20, 0, 30, 20))
    image.paste("red", (5, 4, 12, 9))
    image.paste("lime", (12, 6, 25, 12))

    # Rows that have white and black pixels are no border: each is judged by one corner.
    assert crop(image, (5, 0, 20, 20)) == trim_border(image)


def test_a_colour_may_be_given():
    """By name, code or numbers; another border than that stays."""
    image, inner = framed(color="#102030")

    for color in ("#102030", (16, 32, 48)):
        assert inner.tobytes() == trim_border(image, color=color, fuzz=0).tobytes()
    assert trim_border(image, color="white") is image


def test_hidden_colours_are_no_border_of_their_own():
    """Where alpha hides all, any colour is border; half transparent ones are not."""
    image = make_picture("RGBA", (12, 10))
    image.putalpha(Image.new("L", image.size, 0))
    image.paste((9, 9, 9, 128), (3, 2, 8, 7))

    assert trim_border(image, fuzz=0).size == (5, 5)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)), st.integers(0, 999), st.sampled_from([0, 2, 5, 9.5, 150])
)
def test_border_is_the_formula(mode, size, seed, fuzz):
    """All pixels within the root mean square of fuzz of the corners' colours, by ImageMagick's rule."""
    image = few_values(size, seed, mode)
    seen = image.convert("RGBa") if mode == "RGBA" else image
    values = np.asarray(seen, np.int64).reshape(size[1], size[0], -1)
    weights = {1: [3], 3: [1, 1, 1], 4: [1, 1, 1, 3]}[values.shape[2]]

    def far_from(pixel):
        return bounds(((values - pixel) ** 2 * weights).sum(axis=2) > 3 * fuzz**2)

    upper_left, upper_right, lower_left = (far_from(values[y, x]) for y, x in ((0, 0), (0, -1), (-1, 0)))
    kept = None
    if upper_left and upper_right and lower_left:
        kept = (upper_left[0], lower_left[1], upper_left[2], upper_right[3])
    if kept is None or kept[0] >= kept[1] or kept[2] >= kept[3]:
        assert trim_border(image, fuzz=fuzz, blank="keep") is image
        with pytest.raises(ImageError, match=r"step 'trim_border': nothing is left of"):
            trim_border(image, fuzz=fuzz)
    else:
        expected = np.asarray(image)[kept[0] : kept[1], kept[2] : kept[3]]
        assert np.array_equal(expected, np.asarray(trim_border(image, fuzz=fuzz)))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(0, 999),
    st.sampled_from([*OPERATORS]),
    st.sampled_from([0, 8 / 255, 0.03, 0.5, 1.0]),
)
def test_padding_is_creeveys_formula(mode, size, seed, comparison, threshold):
    """The bounding box of the pixels where NOT op(gray / 255 if max > 1, threshold)."""
    image = few_values(size, seed, mode).point(lambda value: value if seed % 3 else value // 200)
    gray = np.asarray(image.convert("L"))
    gray = gray / 255 if gray.max() > 1 else gray
    kept = bounds(~OPERATORS[comparison](gray, threshold))

    for compare in (comparison, OPERATORS[comparison]):
        if kept is None:
            with pytest.raises(ImageError, match=r"step 'trim_padding': nothing is left of"):
                trim_padding(image, comparison=compare, threshold=threshold)
        else:
            expected = np.asarray(image)[kept[0] : kept[1], kept[2] : kept[3]]
            found = trim_padding(image, comparison=compare, threshold=threshold)
            assert np.array_equal(expected, np.asarray(found))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@given(st.tuples(*[st.integers(1, 30)] * 4))
def test_white_padding_of_any_width_goes(mode, widths):
    """Creevey's test: random padding on each side comes off; without padding nothing does."""
    left, top, right, bottom = widths
    inner = Image.new(mode, (20, 15), "gray")
    ImageDraw.Draw(inner).line((0, 0, 19, 14), "black")
    image = Image.new(mode, (left + 20 + right, top + 15 + bottom), "white")
    image.paste(inner, (left, top))

    assert inner == trim_padding(image, comparison=">", threshold=0.9)
    assert trim_padding(inner, comparison=">", threshold=0.9) is inner


@pytest.mark.parametrize("trimmed", [trim_border, trim_padding], ids=lambda change: change.name)
def test_a_blank_picture_is_the_callers_choice(trimmed):
    """An error by default, told with the size; left out, or kept."""
    image = Image.new("RGB", (4, 3), "white")

    with pytest.raises(ImageError, match=r"nothing is left of 4 x 3 pixels: .*blank=\"skip\""):
        trimmed(image)
    with pytest.raises(SkipItem, match="all 4 x 3 pixels are"):
        trimmed(image, blank="skip")
    assert trimmed(image, blank="keep") is image


@pytest.mark.parametrize(
    ("trimmed", "options", "told"),
    [
        (trim_border, {"fuzz": -1}, "'fuzz' must be a number from 0 to 255"),
        (trim_border, {"fuzz": "10%"}, "'fuzz' must be a number"),
        (trim_border, {"color": "withe"}, "'color' must be a colour"),
        (trim_border, {"color": (1, 2)}, "'color' must be a colour"),
        (trim_border, {"blank": "drop"}, "'blank' has no choice 'drop'"),
        (trim_padding, {"comparison": "=>"}, r"'comparison' has no choice '=>'.*has: <, <=, ==, >, >="),
        (trim_padding, {"threshold": float("nan")}, "'threshold' must be a number"),
        (trim_padding, {"blank": 1}, "'blank' has no choice 1"),
    ],
)
def test_options_are_checked(trimmed, options, told):
    """A wrong option names itself."""
    with pytest.raises(UsageError, match=told):
        trimmed(Image.new("RGB", (4, 3)), **options)


@step
def width_of(image: Image.Image) -> int:
    return image.width


@step
def drawn(number: int) -> Image.Image:
    return framed()[0] if number else Image.new("RGB", (9, 9), "white")


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_an_operator_is_a_parameter_and_a_blank_picture_is_skipped(executor):
    """`operator.gt` has a fingerprint and reaches workers; the report says why a picture is left out."""

    @graph
    def widths(number: int):
        image = trim_padding(drawn(number), comparison=operator.gt, threshold=0.95, blank="skip")
        return {"width": width_of(resize(image, 10, fit="inside"))}

    report = widths.run(
        [{"number": 0}, {"number": 1}], executor=executor, jobs=2, cache=False, progress=False
    )

    rows = sorted(report.rows, key=lambda row: row.key)
    assert [str(row.outcome) for row in rows] == ["skipped", "done"]
    assert rows[0].step == "trim_padding"
    assert rows[1].fields == {"width": 10}
