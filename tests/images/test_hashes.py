"""Hashes: imagehash's bits, the same after lossless encoding, near after small changes."""

import math

import pytest
from drawn import noise
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.images import (
    average_hash,
    difference_hash,
    encode_image,
    hash_distance,
    hex_hash,
    load_image,
    perceptual_hash,
    wavelet_hash,
)

HASHES = [average_hash, difference_hash, perceptual_hash, wavelet_hash]
PINNED = {
    "average_hash": "e2263c3c74585b3f",
    "difference_hash": "c64c68e8adb1b2e6",
    "perceptual_hash": "8667a578e6c91a36",
    "wavelet_hash": "e2263c3c54585b3f",
}
"""Of `noise(size=(120, 90), seed=7)`: what imagehash 4.3.2 gives for it."""


@pytest.mark.parametrize("hashed", HASHES, ids=lambda step: step.name)
def test_hashes_are_those_of_imagehash(hashed):
    """As text a hash can be looked up among those the library imagehash made."""
    assert PINNED[hashed.name] == hex_hash(hashed(noise(size=(120, 90), seed=7)))


@pytest.mark.parametrize("hashed", HASHES, ids=lambda step: step.name)
@settings(deadline=None)
@given(seed=st.integers(0, 10**6), width=st.integers(1, 60), height=st.integers(1, 60))
def test_lossless_encoding_keeps_a_hash(hashed, seed, width, height):
    """The pixels count and not the file."""
    image = noise(size=(width, height), seed=seed)

    assert hashed(image) == hashed(load_image(encode_image(image, "png")))
    assert 0 <= hashed(image) < 2**64


@pytest.mark.parametrize("hashed", HASHES, ids=lambda step: step.name)
def test_hashes_tell_alike_from_different(hashed):
    """A smaller copy is near, another picture is not."""
    image = noise(size=(200, 150))

    assert hash_distance(hashed(image), hashed(image.resize((60, 45)))) < 10
    assert hash_distance(hashed(image), hashed(noise(size=(200, 150), seed=2))) > 10


@pytest.mark.parametrize("hashed", HASHES, ids=lambda step: step.name)
def test_an_even_picture_has_no_bits_of_rounding(hashed):
    """Ties are exact: only the perceptual hash has a bit, that of the mean."""
    expected = 2**63 if hashed is perceptual_hash else 0

    assert expected == hashed(Image.new("RGB", (123, 77), (90, 91, 92)))


def test_perceptual_hash_is_the_transform_of_the_textbook():
    """The bits are those of a plain DCT-II with floats."""
    pixels = noise(seed=3).convert("L").resize((32, 32), Image.Resampling.LANCZOS).tobytes()
    waves = [[math.cos(math.pi * k * (2 * n + 1) / 64) for n in range(32)] for k in range(8)]
    values = [
        sum(down[y] * across[x] * pixels[32 * y + x] for y in range(32) for x in range(32))
        for down in waves
        for across in waves
    ]
    middle = sum(sorted(values)[31:33]) / 2

    assert "".join(str(int(value > middle)) for value in values) == f"{perceptual_hash(noise(seed=3)):064b}"


def test_creeveys_order_is_the_bits_reversed():
    """Creevey's first bit is the least significant one."""
    assert f"{difference_hash(noise()):064b}"[::-1] == f"{difference_hash(noise(), order='lsb'):064b}"
    with pytest.raises(UsageError, match="no order 'msp'; did you mean 'msb'"):
        difference_hash(noise(), order="msp")


def test_creeveys_shrinking_is_one_bilinear_sample_a_pixel():
    """Between two pixels lies their mean; what is further away does not count (OpenCV's INTER_LINEAR)."""
    image = Image.new("L", (6, 4))
    image.putdata([10, 20, 30, 40, 50, 90, *[0] * 12, *[255] * 6])
    # 6 x 4 shrunk to 3 x 2: means of 2 x 2 pixels, 8, 18, 35 above and 128, 128, 128 below.
    assert 0b1100 == difference_hash(image, side_px=2, antialias=False)


def test_antialias_counts():
    """Stripes finer than the grid are grey when averaged, and stripes when sampled."""
    stripes = Image.new("L", (99, 8))
    stripes.putdata([255 * (x % 2) for _ in range(8) for x in range(99)])

    assert difference_hash(stripes, antialias=False) != difference_hash(stripes)


@pytest.mark.parametrize("hashed", HASHES, ids=lambda step: step.name)
def test_side_is_bounded(hashed):
    """A side of 4 gives 16 bits; 1, or what is no number, is refused."""
    assert hashed(noise(), side_px=4) < 2**16
    for wrong in (1, 0, -8, True, 8.0, None):
        with pytest.raises(UsageError, match=f"step '{hashed.name}': side_px must be at least 2"):
            hashed(noise(), side_px=wrong)


def test_wavelets_need_a_power_of_two():
    """Haar wavelets halve."""
    with pytest.raises(UsageError, match=r"power of 2 \(got 6\)"):
        wavelet_hash(noise(), side_px=6)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_distance_is_a_metric(first, second, third):
    """It is symmetric, zero for equals only, and no detour is shorter; text and numbers agree."""
    assert hash_distance(first, second) == hash_distance(second, first)
    assert (hash_distance(first, second) == 0) == (first == second)
    assert hash_distance(first, third) <= hash_distance(first, second) + hash_distance(second, third)
    assert hash_distance(first, second) == hash_distance(hex_hash(first), hex_hash(second))


@pytest.mark.parametrize("wrong", [-1, 1.5, True, None, "", "-1", " ff", "1_0", "xyz", b"ff"])
def test_what_is_no_hash_is_told(wrong):
    """Numbers that became floats are refused: their last bits are gone."""
    with pytest.raises(UsageError, match="a hash must be a whole number or hexadecimal text"):
        hash_distance(wrong, 1)


def test_hex_has_leading_zeros_and_bounds():
    """The length tells the side; a hash of a larger side does not fit."""
    assert "0001" == hex_hash(1, side_px=4)
    assert "001" == hex_hash(1, side_px=3)
    for wrong in (2**64, -1, "ff", 1.0):
        with pytest.raises(UsageError, match=r"parameter 'bits' must be|bits must be a number of 8 x 8 bits"):
            hex_hash(wrong)
