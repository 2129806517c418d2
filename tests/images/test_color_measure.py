"""Grey, brightness and difference hash."""

import random

import pytest
from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.images import difference_hash, grayscale, mean_brightness

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"]


def noise(mode="RGB", size=(40, 30), seed=1):
    """Draw blocks of random colours."""
    data = random.Random(seed).randbytes(3 * 8 * 6)
    return Image.frombytes("RGB", (8, 6), data).resize(size, Image.Resampling.BICUBIC).convert(mode)


def test_gray_is_luma():
    """Brightness is 0.299 R + 0.587 G + 0.114 B."""
    image = Image.new("RGB", (3, 1))
    for x, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        image.putpixel((x, 0), color)

    assert [round(255 * share) for share in (0.299, 0.587, 0.114)] == list(grayscale(image).tobytes())


def test_gray_of_gray_is_itself():
    """Nothing is to be done, nothing is copied."""
    image = Image.new("L", (2, 2))

    assert grayscale(image) is image


@pytest.mark.parametrize("transparency", [bytes([0, 128]), 1])
def test_gray_of_a_transparent_palette_does_not_warn(transparency):
    """Pillow warns of palettes with transparency; the step has none to tell."""
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 255, 255, 255])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = transparency

    assert list(grayscale(image).tobytes()) == [76, 255]


def test_known_brightness():
    """Creevey's test: half the pixels 0, half 1, is 0.5."""
    image = Image.frombytes("L", (3, 2), bytes([0, 0, 0, 1, 1, 1]))

    brightness = mean_brightness(image)

    assert brightness == 0.5
    assert float is type(brightness)


def test_brightness_of_deep_pictures_is_not_clipped():
    """A 16-bit middle grey is 128, not white."""
    assert mean_brightness(Image.new("I;16", (2, 2), 32896)) == 128


def test_brightness_of_nothing_is_an_error():
    """A picture without pixels has no mean."""
    with pytest.raises(UsageError, match=r"must have pixels \(got 0 x 5\)"):
        mean_brightness(Image.new("L", (0, 5)))


def test_hash_bits_are_row_major_most_significant_first():
    """Bits are neighbours' comparisons, read like text (the numbering of imagehash)."""
    image = noise()
    small = image.convert("L").resize((9, 8), Image.Resampling.LANCZOS)

    bits = "".join(
        str(int(small.getpixel((x + 1, y)) > small.getpixel((x, y)))) for y in range(8) for x in range(8)
    )

    assert int(bits, 2) == difference_hash(image)


def test_hash_survives_resizing_and_tells_pictures_apart():
    """Creevey's bar: below 10 bits between sizes, above 10 between pictures."""
    image = noise()

    def distance(other):
        return (difference_hash(image) ^ difference_hash(other)).bit_count()

    assert distance(image.resize((24, 24))) < 10
    assert distance(noise(seed=2)) > 10


def test_hash_side_is_bounded():
    """One column has no neighbours."""
    assert difference_hash(noise(), side_px=4) < 2**16
    with pytest.raises(UsageError, match=r"side_px must be at least 2 \(got 1\)"):
        difference_hash(noise(), side_px=1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("measure", [grayscale, mean_brightness, difference_hash])
def test_every_mode_works_and_the_argument_stays(mode, measure):
    """Each step takes each mode and leaves its argument as it was."""
    image = noise("L" if mode == "I;16" else "RGB").convert(mode)
    before = image.copy()

    measure(image)

    assert before == image
