"""Steps that measure a picture: `difference_hash` and `mean_brightness`. Their values are scalars."""

from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.images.color import grayscale
from creevey_graph.step import step


@step(borrows=True)
def mean_brightness(image: Image.Image) -> float:
    """
    Return the mean brightness of *image*.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel). Alpha is left out.

    Returns:
        The mean of all pixels, in [0, 255]; 0 is black. Exact: the sum is one of integers.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    Source: Creevey's `calculate_mean_brightness`; brightness is ITU-R BT.601 luma.

    >>> mean_brightness(Image.new("RGB", (2, 2), (255, 0, 0)))
    76.0

    """
    counts = grayscale(image).histogram()
    pixels = sum(counts)
    if not pixels:
        raise UsageError(f"step 'mean_brightness': image must have pixels (got {image.size})")
    return sum(value * count for value, count in enumerate(counts)) / pixels


@step(borrows=True)
def difference_hash(image: Image.Image, *, side_px: int = 8) -> int:
    """
    Hash the left-to-right brightness gradient of *image*.

    Pictures that look alike differ in few bits. In hexadecimal it is the `dhash` of the library
    imagehash; Creevey's has the bits in reverse order.

    Args:
        image: Any mode, any size; converted to "L" (0-255, one byte a pixel).
        side_px: Edge of the shrunken grid; 8 gives a 64-bit hash.

    Returns:
        Bits in row-major order, most significant first, in [0, 2**(side_px**2)); a bit is 1 where
        the right one of two neighbours is brighter.

    Raises:
        UsageError: *side_px* is below 2. (A ValueError.)

    Source: N. Krawetz, "Kind of Like That" (2013), the dHash section.

    >>> difference_hash(Image.new("RGB", (9, 8)))
    0
    >>> difference_hash(Image.linear_gradient("L").rotate(90), side_px=2)
    15

    """
    if side_px < 2:  # noqa: PLR2004 - one column has no neighbours
        raise UsageError(f"step 'difference_hash': side_px must be at least 2 (got {side_px})")
    small = grayscale(image).resize((side_px + 1, side_px), Image.Resampling.LANCZOS)
    pixels = small.tobytes()
    bits = 0
    for row in range(side_px):
        for left in range(row * (side_px + 1), row * (side_px + 1) + side_px):
            bits = bits << 1 | (pixels[left + 1] > pixels[left])
    return bits
