"""
Steps that hash how a picture looks: `difference_hash`, `average_hash`, `perceptual_hash`, `wavelet_hash`,
and what is done with their values, `hex_hash` and `hash_distance`.

A hash is a whole number of side_px² bits, in row-major order, the first the most significant; pictures
that look alike differ in few bits. As text (`hex_hash`) all four are those of the library imagehash. They
are computed from integers, so that a bit never hangs on rounding: ties come out the same everywhere.
"""

import functools
import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from PIL import Image

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.images.bounds import check_range
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.color import grayscale
from creevey_graph.step import step

Order = Literal["msb", "lsb"]

_DETAIL = 4
"""The perceptual hash looks at 4 times the pixels of its side: 32 x 32 for 64 bits."""
_COSINE_BITS = 30


@step(borrows=True)
def difference_hash(
    image: Image.Image, *, side_px: int = 8, order: Order = "msb", antialias: bool = True
) -> int:
    """
    Hash the left-to-right brightness gradient of *image*.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).
        side_px: Edge of the shrunken grid; 8 gives a 64-bit hash.
        order: Whether the upper left bit is the most ("msb") or, as in Creevey, the least ("lsb")
            significant one.
        antialias: False for the one bilinear sample a pixel that Creevey shrank with. With it and
            "lsb" a hash can be held against Creevey's: over 83 pictures they differed in one bit at most.

    Returns:
        Bits in row-major order, most significant first, in [0, 2**(side_px**2)); a bit is 1 where
        the right one of two neighbours is brighter.

    Raises:
        UsageError: *side_px* is below 2, or *order* none there is. (A ValueError.)

    Source: N. Krawetz, "Kind of Like That" (2013), the dHash section.

    >>> difference_hash(Image.new("RGB", (9, 8)))
    0
    >>> difference_hash(Image.linear_gradient("L").rotate(90), side_px=2)
    15

    """
    _check_side("difference_hash", side_px)
    if order not in get_args(Order):
        raise UsageError(
            f"step 'difference_hash': no order {order!r}{did_you_mean(str(order), get_args(Order))}"
        )
    gray = grayscale(checked_picture("difference_hash", image))
    wide = side_px + 1
    pixels = _shrunk(gray, wide, side_px) if antialias else _sampled(gray, wide, side_px)
    starts = (row * wide + left for row in range(side_px) for left in range(side_px))
    bits = [pixels[left + 1] > pixels[left] for left in starts]
    return _number(bits if order == "msb" else reversed(bits))


@step(borrows=True)
def average_hash(image: Image.Image, *, side_px: int = 8) -> int:
    """
    Hash where *image* is brighter than its mean: quick, and the coarsest of the hashes.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).
        side_px: Edge of the shrunken grid; 8 gives a 64-bit hash.

    Returns:
        Bits in row-major order, most significant first, in [0, 2**(side_px**2)).

    Raises:
        UsageError: *side_px* is below 2. (A ValueError.)

    Source: N. Krawetz, "Looks Like It" (2011), the average hash.

    >>> average_hash(Image.linear_gradient("L"), side_px=2)
    3

    """
    _check_side("average_hash", side_px)
    pixels = _shrunk(grayscale(checked_picture("average_hash", image)), side_px, side_px)
    total = sum(pixels)
    return _number(len(pixels) * pixel > total for pixel in pixels)


@step(borrows=True)
def perceptual_hash(image: Image.Image, *, side_px: int = 8) -> int:
    """
    Hash the low frequencies of *image*: of the hashes the one that stands most editing.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).
        side_px: How many frequencies in each direction; 8 gives a 64-bit hash.

    Returns:
        Bits in row-major order, most significant first, in [0, 2**(side_px**2)); a bit is 1 where
        the coefficient is above the median of all.

    Raises:
        UsageError: *side_px* is below 2. (A ValueError.)

    Source: N. Krawetz, "Looks Like It" (2011), the pHash section, with the median of imagehash; the
    transform is the DCT-II of N. Ahmed et al., "Discrete Cosine Transform" (1974), in whole numbers.

    >>> hex_hash(perceptual_hash(Image.linear_gradient("L")))
    '8000800080008000'

    """
    _check_side("perceptual_hash", side_px)
    edge = side_px * _DETAIL
    pixels = _shrunk(grayscale(checked_picture("perceptual_hash", image)), edge, edge)
    waves = _cosines(side_px, edge)
    across = [
        [sum(map(operator.mul, wave, pixels[start : start + edge])) for wave in waves]
        for start in range(0, edge * edge, edge)
    ]
    columns = list(zip(*across, strict=True))
    return _above_median([sum(map(operator.mul, wave, column)) for wave in waves for column in columns])


@step(borrows=True)
def wavelet_hash(image: Image.Image, *, side_px: int = 8) -> int:
    """
    Hash the coarsest Haar wavelets of *image*: where its parts are brighter than most.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).
        side_px: Edge of the grid, a power of 2; 8 gives a 64-bit hash.

    Returns:
        Bits in row-major order, most significant first, in [0, 2**(side_px**2)); a bit is 1 where
        the part is brighter than the median of all parts.

    Raises:
        UsageError: *side_px* is no power of 2, or below 2. (A ValueError.)

    Source: D. Petrov, "Wavelet image hash in Python" (2016). The low band of Haar wavelets is the sums
    of blocks, and their common mean, which it takes out, does not move them against their median.

    >>> wavelet_hash(Image.linear_gradient("L"), side_px=2)
    3

    """
    _check_side("wavelet_hash", side_px)
    if side_px & (side_px - 1):
        raise UsageError(f"step 'wavelet_hash': side_px must be a power of 2 (got {side_px})")
    gray = grayscale(checked_picture("wavelet_hash", image))
    edge = max(1 << (min(gray.size).bit_length() - 1), side_px)
    square = gray.resize((edge, edge), Image.Resampling.LANCZOS)
    block = edge // side_px
    corners = [(x, y) for y in range(0, edge, block) for x in range(0, edge, block)]
    return _above_median([_sum(square.crop((x, y, x + block, y + block))) for x, y in corners])


@step(borrows=True)
def hex_hash(bits: int, *, side_px: int = 8) -> str:
    """
    Return a hash as text, as the library imagehash writes it.

    Args:
        bits: What one of the hashes gave.
        side_px: What it was given.

    Returns:
        Hexadecimal digits, four bits each, with leading zeros: 16 of them for 64 bits.

    Raises:
        UsageError: *bits* is not a number of side_px² bits. (A ValueError.)

    >>> hex_hash(255)
    '00000000000000ff'

    """
    _check_side("hex_hash", side_px)
    check_range("hex_hash", "bits", bits, 0)
    if bits.bit_length() > side_px * side_px:
        raise UsageError(
            f"step 'hex_hash': bits must be a number of {side_px} x {side_px} bits (got {bits.bit_length()} bits); "
            "give the side_px of the hash"
        )
    return f"{bits:0{math.ceil(side_px * side_px / 4)}x}"


@step(borrows=True)
def hash_distance(first: int | str, second: int | str) -> int:
    """
    Return in how many bits two hashes differ: 0 for pictures that look the same.

    Args:
        first: A hash, as a number or in hexadecimal.
        second: Another, of the same kind and side.

    Raises:
        UsageError: One is no hash. (A ValueError.)

    Source: R. W. Hamming, "Error Detecting and Error Correcting Codes" (1950).

    >>> hash_distance(0b1011, 0b0001), hash_distance("00ff", 255)
    (2, 0)

    """
    return (hash_bits(first) ^ hash_bits(second)).bit_count()


def hash_bits(value: object) -> int:
    """
    Return a hash as a number; text is hexadecimal.

    Raises:
        UsageError: It is neither.

    >>> hash_bits("ff"), hash_bits(7)
    (255, 7)

    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    # int() also takes signs, blanks and "_".
    if isinstance(value, str) and value.isascii() and value.isalnum():
        try:
            return int(value, 16)
        except ValueError:
            pass
    raise UsageError(f"a hash must be a whole number or hexadecimal text (got {value!r})")


def _check_side(step_name: str, side_px: object) -> None:
    if not isinstance(side_px, int) or isinstance(side_px, bool) or side_px < 2:  # noqa: PLR2004 - no neighbours
        raise UsageError(f"step '{step_name}': side_px must be at least 2 (got {side_px!r})")


def _shrunk(gray: Image.Image, wide: int, high: int) -> bytes:
    return gray.resize((wide, high), Image.Resampling.LANCZOS).tobytes()


def _sampled(gray: Image.Image, wide: int, high: int) -> list[int]:
    # Pillow's own bilinear always averages what a pixel covers.
    columns, rows = _samples(gray.width, wide), _samples(gray.height, high)
    pixels: Any = gray.load()

    def between(x: tuple[int, int, float], y: tuple[int, int, float]) -> float:
        (left, right, by_x), (top, bottom, by_y) = x, y
        above = pixels[left, top] * (1 - by_x) + pixels[right, top] * by_x
        below = pixels[left, bottom] * (1 - by_x) + pixels[right, bottom] * by_x
        return float(above * (1 - by_y) + below * by_y)

    return [int(between(x, y) + 0.5) for y in rows for x in columns]


def _samples(length: int, count: int) -> list[tuple[int, int, float]]:
    found = []
    for number in range(count):
        place = (number + 0.5) * length / count - 0.5
        first = math.floor(place)
        found.append((max(first, 0), min(first + 1, length - 1), place - first))
    return found


@functools.cache
def _cosines(count: int, length: int) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(_cosine(wave * (2 * place + 1), length) for place in range(length)) for wave in range(count)
    )


def _cosine(angle: int, length: int) -> int:
    # Of angle * 180° / (2 * length), by way of the first quadrant: opposite values are opposite to the
    # last bit, so that the waves of an even picture cancel to 0.
    angle %= 4 * length
    angle = min(angle, 4 * length - angle)
    if angle > length:
        return -_cosine(2 * length - angle, length)
    return 0 if angle == length else round(math.cos(math.pi * angle / (2 * length)) * 2**_COSINE_BITS)


def _sum(gray: Image.Image) -> int:
    return sum(value * count for value, count in enumerate(gray.histogram()))


def _above_median(values: Sequence[int]) -> int:
    ordered = sorted(values)
    middle = ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]
    return _number(2 * value > middle for value in values)


def _number(bits: Iterable[bool]) -> int:
    number = 0
    for bit in bits:
        number = number << 1 | bit
    return number
