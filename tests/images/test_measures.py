"""Measures and what is added up over a set, held against numpy and against each other."""

import numpy as np
import pytest
from drawn import MODES, noise
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.events import Outcome, Row
from creevey_graph.images import (
    aspect_ratio,
    blur_score,
    channel_mean_std,
    colorfulness,
    entropy,
    grayscale,
    height,
    histogram,
    is_grayscale,
    mean_brightness,
    merge_channel_stats,
    width,
)

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
pictures = st.builds(noise, mode=st.sampled_from(["RGB", "L"]), size=sizes, seed=st.integers(0, 10**6))


def static(size=(40, 30), seed=1):
    """Draw a random value for each pixel: the steepest Laplacian there is."""
    data = np.random.default_rng(seed).integers(0, 2, (size[1], size[0], 3), dtype=np.uint8) * 255
    return Image.fromarray(data)


@settings(deadline=None)
@given(st.one_of(pictures, st.builds(static, size=sizes)))
def test_blur_score_is_the_variance_of_the_laplacian(image):
    """Nothing is clipped and the edges are mirrored, as numpy computes it in whole numbers."""
    gray = np.asarray(grayscale(image)).astype(int)
    padded = np.pad(gray, 1, mode="reflect") if min(gray.shape) > 1 else _mirrored(gray)
    slopes = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * gray

    assert pytest.approx(slopes.var(), rel=1e-9, abs=1e-9) == blur_score(image)


def _mirrored(gray):
    modes = ["reflect" if length > 1 else "edge" for length in gray.shape]
    return np.pad(np.pad(gray, ((1, 1), (0, 0)), mode=modes[0]), ((0, 0), (1, 1)), mode=modes[1])


def test_blur_lowers_the_score():
    """What is blurred has a lower score than it had sharp."""
    image = static((80, 60))

    assert blur_score(image.resize((20, 15)).resize((80, 60))) < blur_score(image) / 10


@settings(deadline=None)
@given(pictures)
def test_entropy_is_shannons(image):
    """The sum over the frequencies of the grey values."""
    counts = np.bincount(np.asarray(grayscale(image)).ravel())
    shares = counts[counts > 0] / counts.sum()

    assert pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-9) == entropy(image)


@settings(deadline=None)
@given(pictures)
def test_colorfulness_is_hasler_and_susstrunks(image):
    """The third of their measures, in floats."""
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(float), 2, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())

    assert pytest.approx(expected, abs=1e-9) == colorfulness(image)


@settings(deadline=None)
@given(pictures)
def test_channels_have_numpys_mean_and_spread(image):
    """Mean and population deviation of the values scaled to 0-1, and the mean brightness besides."""
    values = np.asarray(image).reshape(image.width * image.height, -1) / 255
    stats = channel_mean_std(image)

    assert list(values.mean(axis=0)) == pytest.approx(stats["mean"])
    assert list(values.std(axis=0)) == pytest.approx(stats["std"], abs=1e-9)
    assert image.mode == stats["channels"]
    if image.mode == "L":
        assert pytest.approx(255 * stats["mean"][0]) == mean_brightness(image)


@settings(deadline=None)
@given(st.lists(st.builds(noise, size=sizes, seed=st.integers(0, 99)), min_size=1, max_size=4), st.randoms())
def test_merged_statistics_are_those_of_the_union(images, random):
    """In whatever order rows are merged, it is exactly one picture of all the pixels."""
    union = Image.new("RGB", (sum(image.width * image.height for image in images), 1))
    union = Image.frombytes("RGB", union.size, b"".join(image.tobytes() for image in images))
    rows = [
        Row(str(number), "", Outcome.DONE, fields={"channel_mean_std": channel_mean_std(image)})
        for number, image in enumerate(images)
    ]
    random.shuffle(rows)

    assert channel_mean_std(union) == merge_channel_stats([*rows, Row("f", "", Outcome.FAILED)])


def test_what_cannot_be_merged_is_told():
    """No rows, other channels and other values each have their message."""
    grey, color = ({"key": mode, "of": channel_mean_std(noise(mode))} for mode in ("L", "RGB"))

    with pytest.raises(UsageError, match="no row has a column 'of'"):
        merge_channel_stats([{"key": "a"}], "of")
    with pytest.raises(UsageError, match="got L and RGB in row 'RGB'"):
        merge_channel_stats([grey, color], "of")
    with pytest.raises(UsageError, match=r"must have what channel_mean_std gives \(got 7 in row 'a'\)"):
        merge_channel_stats([{"key": "a", "of": 7}], "of")


@pytest.mark.parametrize("mode", MODES)
def test_histograms_count_every_pixel(mode):
    """Each channel's counts add up to the pixels; grey modes have one channel, the others three."""
    counts = histogram(noise(mode, (9, 7)))

    assert counts.keys() == ({"L"} if mode in {"1", "L", "LA", "I", "F", "I;16"} else {"R", "G", "B"})
    assert all(sum(band) == 63 and len(band) == 256 for band in counts.values())


def test_16_bits_are_scaled_and_not_clipped():
    """A deep picture has the measures of the same picture in 8 bits."""
    deep, shallow = (Image.new(mode, (4, 4), value) for mode, value in (("I;16", 128 * 257), ("L", 128)))

    assert channel_mean_std(deep) == channel_mean_std(shallow)
    assert histogram(deep) == histogram(shallow)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_coloured_pixel_is_colour(channel):
    """Each channel counts, by as much as the tolerance allows."""
    image = Image.new("RGB", (20, 20), (90, 90, 90))
    assert is_grayscale(image) is True
    pixel = [90, 90, 90]
    pixel[channel] = 94
    image.putpixel((7, 7), tuple(pixel))

    assert is_grayscale(image) is False
    assert is_grayscale(image, tolerance=3) is False
    assert is_grayscale(image, tolerance=4) is True


@pytest.mark.parametrize("tolerance", [-1, 256, 1.5, True, None])
def test_tolerance_is_bounded(tolerance):
    """It is a difference of bytes."""
    with pytest.raises(UsageError, match="parameter 'tolerance' must be 0 to 255"):
        is_grayscale(noise(), tolerance=tolerance)


def test_shape():
    """Width is the first of the size, and the ratio is width over height."""
    image = Image.new("L", (30, 20))

    assert (30, 20, 1.5) == (width(image), height(image), aspect_ratio(image))
