"""
What is counted in each channel, so that it can be added up over a set: `histogram`, `channel_mean_std`.

Both give whole numbers besides: what is merged over the rows of a report (`merge_channel_stats`) is
exactly what one picture of all these pixels would give, whatever the order.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.events import Row
from creevey_graph.images.checks import checked_picture
from creevey_graph.images.color import grayscale
from creevey_graph.images.measure import in_rgb
from creevey_graph.images.rows import fields_of, key_of
from creevey_graph.step import step
from creevey_graph.text import safe_text

_BRIGHTEST = 255
_GRAY_MODES = frozenset(("1", "L", "LA", "La", "I", "F"))


@step(borrows=True)
def histogram(image: Image.Image) -> dict[str, list[int]]:
    """
    Count how often each value occurs in each channel of *image*.

    Args:
        image: Any mode, any size; grey modes count as "L", all others as "RGB", 8 bits a sample.
            Alpha is left out.

    Returns:
        Channel ("L", or "R", "G" and "B") -> 256 counts, from value 0 (dark) to 255.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    >>> {channel: counts[7] for channel, counts in histogram(Image.new("RGB", (3, 2), (7, 0, 7))).items()}
    {'R': 6, 'G': 0, 'B': 6}

    """
    plain = _plain(checked_picture("histogram", image))
    return {band: plain.getchannel(band).histogram() for band in plain.getbands()}


@step(borrows=True)
def channel_mean_std(image: Image.Image) -> dict[str, Any]:
    """
    Return mean and standard deviation of each channel of *image*, in a form that can be merged.

    Args:
        image: Any mode, any size; grey modes count as "L", all others as "RGB", 8 bits a sample.
            Alpha is left out.

    Returns:
        "channels" ("L" or "RGB"), "pixels" (how many), "sum" and "sum_squares" (of the values 0-255,
        whole numbers), "mean" and "std" (of the values scaled to 0-1, as `normalize` and torchvision's
        Normalize take them; std is the population's), one entry a channel. `merge_channel_stats` makes
        those of a whole set.

    Raises:
        UsageError: The picture has no pixels. (A ValueError.)

    >>> channel_mean_std(Image.new("L", (2, 1), 255))
    {'channels': 'L', 'pixels': 2, 'sum': [510], 'sum_squares': [130050], 'mean': [1.0], 'std': [0.0]}

    """
    plain = _plain(checked_picture("channel_mean_std", image))
    counts = [plain.getchannel(band).histogram() for band in plain.getbands()]
    sums = [sum(value * count for value, count in enumerate(band)) for band in counts]
    squares = [sum(value * value * count for value, count in enumerate(band)) for band in counts]
    return _stats("".join(plain.getbands()), image.width * image.height, sums, squares)


def merge_channel_stats(
    rows: Iterable[Row | Mapping[str, Any]], column: str = "channel_mean_std"
) -> dict[str, Any]:
    """
    Return what `channel_mean_std` would give for all pictures of *rows* together.

    Args:
        rows: The rows of a report, or mappings as `Report.to_jsonl` writes them.
        column: The column that has what `channel_mean_std` gave; rows without it (of failed or
            skipped items) are left out.

    Returns:
        The same keys; exact, in whatever order the rows come.

    Raises:
        UsageError: No row has the column, or one has something else in it or other channels.

    >>> row = {"key": "a", "stats": channel_mean_std(Image.new("L", (1, 1), 255))}
    >>> merge_channel_stats([row, row], "stats")["pixels"]
    2

    """
    channels, pixels = "", 0
    sums: list[int] = []
    squares: list[int] = []
    for row in rows:
        stats = fields_of(row).get(column)
        if stats is None:
            continue
        if not isinstance(stats, Mapping) or not {"channels", "pixels", "sum", "sum_squares"} <= stats.keys():
            raise UsageError(
                f"column '{column}' must have what channel_mean_std gives (got {stats!r} in row "
                f"'{safe_text(key_of(row))}')"
            )
        if not channels:
            channels, sums, squares = stats["channels"], [0] * len(stats["sum"]), [0] * len(stats["sum"])
        if stats["channels"] != channels:
            raise UsageError(
                f"pictures must have the same channels to be merged (got {channels} and {stats['channels']} "
                f"in row '{safe_text(key_of(row))}'); load them in one mode"
            )
        pixels += stats["pixels"]
        sums = [one + other for one, other in zip(sums, stats["sum"], strict=True)]
        squares = [one + other for one, other in zip(squares, stats["sum_squares"], strict=True)]
    if not channels:
        raise UsageError(f"no row has a column '{column}'; return channel_mean_std(image) under that name")
    return _stats(channels, pixels, sums, squares)


def _plain(image: Image.Image) -> Image.Image:
    return grayscale(image) if image.mode in _GRAY_MODES or image.mode.startswith("I;") else in_rgb(image)


def _stats(channels: str, pixels: int, sums: Sequence[int], squares: Sequence[int]) -> dict[str, Any]:
    spreads = [
        math.sqrt(pixels * square - total * total) for total, square in zip(sums, squares, strict=True)
    ]
    return {
        "channels": channels,
        "pixels": pixels,
        "sum": list(sums),
        "sum_squares": list(squares),
        "mean": [total / (pixels * _BRIGHTEST) for total in sums],
        "std": [spread / (pixels * _BRIGHTEST) for spread in spreads],
    }
