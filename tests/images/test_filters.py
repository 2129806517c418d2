"""Filters: they agree with the measures, and say what they left out and why."""

import pytest
from drawn import noise
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creevey_graph import graph
from creevey_graph.errors import ImageError, SkipItem, UsageError
from creevey_graph.images import (
    aspect_ratio,
    blur_score,
    encode_image,
    entropy,
    is_grayscale,
    load_image,
    mean_brightness,
    nbytes,
    require_aspect_ratio,
    require_brightness,
    require_bytes,
    require_color,
    require_entropy,
    require_format,
    require_grayscale,
    require_sharpness,
    require_size,
    width,
    write_image,
)

pictures = st.builds(
    noise,
    mode=st.sampled_from(["RGB", "L", "RGBA"]),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 10**6),
)
bounds = st.one_of(st.none(), st.integers(0, 300), st.floats(0, 300))


def passes(step, image, **options):
    try:
        return step(image, **options) is image
    except SkipItem:
        return False


def within(value, low, high):
    return (low is None or value >= low) and (high is None or value <= high)


@pytest.mark.parametrize(
    ("step", "measure"), [(require_brightness, mean_brightness), (require_aspect_ratio, aspect_ratio)]
)
@settings(deadline=None)
@given(image=pictures, low=bounds, high=bounds)
def test_a_filter_agrees_with_its_measure(step, measure, image, low, high):
    """What passes is what the column would let one choose by hand; the bounds themselves pass."""
    if low is None and high is None:
        low = measure(image)
    if low is not None and high is not None and low > high:
        low, high = high, low

    assert within(measure(image), low, high) == passes(step, image, min=low, max=high)
    assert passes(step, image, min=measure(image), max=measure(image))


@pytest.mark.parametrize(("step", "measure"), [(require_entropy, entropy), (require_sharpness, blur_score)])
@settings(deadline=None)
@given(image=pictures, low=st.floats(0, 300))
def test_a_least_value_agrees_with_its_measure(step, measure, image, low):
    """As above, for filters with one bound."""
    assert (measure(image) >= low) == passes(step, image, min=low)
    assert passes(step, image, min=measure(image))


@settings(deadline=None)
@given(image=pictures, tolerance=st.integers(0, 255))
def test_a_picture_is_either_grey_or_coloured(image, tolerance):
    """One of the two filters passes it, the one that `is_grayscale` names."""
    grey = is_grayscale(image, tolerance=tolerance)

    assert grey == passes(require_grayscale, image, tolerance=tolerance)
    assert grey != passes(require_color, image, tolerance=tolerance)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"min_width": 121}, "120 x 80 px, narrower than 121 px"),
        ({"max_width": 119}, "120 x 80 px, wider than 119 px"),
        ({"min_height": 81}, "120 x 80 px, lower than 81 px"),
        ({"max_height": 79}, "120 x 80 px, higher than 79 px"),
        ({"max_pixels": 9599}, "120 x 80 = 9600 pixels, more than 9599"),
        ({"min_width": 120, "max_width": 120, "min_height": 80, "max_height": 80, "max_pixels": 9600}, ""),
    ],
)
def test_size_has_its_reason(options, reason):
    """The figure and the bound are told; the bounds themselves pass."""
    image = Image.new("L", (120, 80))
    if not reason:
        assert require_size(image, **options) is image
        return

    with pytest.raises(SkipItem) as caught:
        require_size(image, **options)
    assert reason == str(caught.value)


@pytest.mark.parametrize(
    ("step", "options", "reason"),
    [
        (require_aspect_ratio, {"max": 1.4}, "aspect ratio 1.5 (120 x 80 px), above 1.4"),
        (require_brightness, {"min": 20}, "mean brightness 3, below 20"),
        (require_entropy, {"min": 2.5}, "entropy 0 bits, below 2.5"),
        (require_sharpness, {"min": 100}, "sharpness 0, below 100"),
        (require_color, {}, "grey: channels differ by 0 at most"),
    ],
)
def test_reasons_have_figures(step, options, reason):
    """A report tells how far off a picture was."""
    with pytest.raises(SkipItem) as caught:
        step(Image.new("L", (120, 80), 3), **options)
    assert reason == str(caught.value)


@pytest.mark.parametrize("step", [require_brightness, require_aspect_ratio, require_size, require_bytes])
def test_a_filter_without_bounds_is_a_mistake(step):
    """A filter that lets everything pass was meant to be another."""
    given_ = b"abc" if step is require_bytes else noise()

    with pytest.raises(UsageError, match=f"step '{step.name}': needs a bound; give min"):
        step(given_)


@pytest.mark.parametrize("wrong", ["224", True, float("nan"), float("inf"), [1]])
def test_bounds_are_numbers(wrong):
    """Nothing is less than NaN: a filter by it would pass everything."""
    with pytest.raises(UsageError, match="parameter 'min' must be a number"):
        require_brightness(noise(), min=wrong)
    with pytest.raises(UsageError, match="parameter 'min_width' must be a number"):
        require_size(noise(), min_width=wrong)


def test_bounds_that_nothing_meets_are_told():
    """A lower bound above the upper one is a slip."""
    with pytest.raises(UsageError, match=r"'min' must not be above 'max' \(got 9 and 3\)"):
        require_brightness(noise(), min=9, max=3)
    with pytest.raises(UsageError, match="'min_height' must not be above 'max_height'"):
        require_size(noise(), min_height=9, max_height=3)


class Member:
    """What an archive's source hands out."""

    def __init__(self, data):
        self.data = data

    def read_bytes(self):
        return self.data


def test_files_are_filtered_before_they_are_decoded(tmp_path):
    """Size and format are those of the content, be it a path, text, bytes or a member of an archive."""
    data = encode_image(noise(), "png")
    path = tmp_path / "a.jpg"
    path.write_bytes(data)

    for source in (path, str(path), data, Member(data)):
        assert require_bytes(source, min=len(data), max=len(data)) is source
        assert require_format(source, ("jpg", "png")) is source
        assert len(data) == nbytes(source)
        with pytest.raises(SkipItem, match=f"^{len(data)} bytes, below {len(data) + 1}$"):
            require_bytes(source, min=len(data) + 1)
        with pytest.raises(SkipItem, match=r"^PNG, not JPEG or TIFF$"):
            require_format(source, ("jpg", "JPEG", "tif"))


@pytest.mark.parametrize("formats", [(), "", ("JPEG", ""), (1,)])
def test_formats_must_be_named(formats):
    """An empty list lets nothing pass."""
    with pytest.raises(UsageError, match="formats must be names of formats"):
        require_format(b"P5 1 1 255 0", formats)


def test_what_is_no_picture_has_no_format(tmp_path):
    """It is an error and not skipped: the file is broken."""
    (tmp_path / "a.jpg").write_bytes(b"<html>404</html>")

    with pytest.raises(ImageError, match=r"a\.jpg: a web page, not a picture in a format that is read"):
        require_format(tmp_path / "a.jpg", "JPEG")
    with pytest.raises(UsageError, match=r"source must be a path or bytes \(got int\)"):
        require_format(7, "JPEG")
    with pytest.raises(FileNotFoundError):
        require_bytes(tmp_path / "b.jpg", min=1)


def test_copies_keep_their_own_paths(go, tmp_path):
    """A filter on files returns the path it was given, also where a file of equal content was seen before."""

    @graph
    def filtered(photo):
        kept = require_bytes(photo, max=10**6)
        return {"path": kept, "width": width(load_image(kept))}

    folder = tmp_path / "photos"
    for name in ("a.png", "b.png"):
        write_image(noise(), folder / name)

    assert require_bytes.options.by_content is require_format.options.by_content is False
    report = go(filtered, str(folder / "*.png"))
    assert ["a.png", "b.png"] == [row.fields["path"].rpartition("/")[2] for row in report.rows]
    (folder / "a.png").rename(folder / "c.png")
    write_image(noise(size=(41, 30)), folder / "b.png")
    report = go(filtered, str(folder / "*.png"))
    found = {row.fields["path"].rpartition("/")[2]: row.fields["width"] for row in report.rows}
    assert {"b.png": 41, "c.png": 40} == found
