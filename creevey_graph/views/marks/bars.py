"""Bars of counts: a part of the width for each outcome."""

from collections.abc import Sequence

from creevey_graph.events import Outcome
from creevey_graph.views.layout import Box
from creevey_graph.views.marks.pen import Markup, Pen, joined

LEAST_PX = 4.0
"""A single failure of thousands is to be seen."""
_GAP = 1.0


def draw_bar(pen: Pen, counts: Sequence[tuple[Outcome, int]], box: Box) -> Markup:
    """Return a bar that fills *box*, a track where there is nothing to count."""
    total = sum(count for _, count in counts)
    if not total:
        return pen.mark("rect", "track", x=box.x, y=box.y, width=box.width, height=box.height, rx=2)
    widths = shared_px([count for _, count in counts], box.width - _GAP * (len(counts) - 1))
    parts, x = [], box.x
    for (outcome, _), width in zip(counts, widths, strict=True):
        parts.append(
            pen.mark("rect", f"fill-{outcome}", x=x, y=box.y, width=width, height=box.height, rx=1.5)
        )
        x += width + _GAP
    return joined(*parts)


def shared_px(counts: Sequence[int], width: float) -> list[float]:
    """
    Return *width* shared out by counts, none of them below what can be seen.

    >>> shared_px([1, 1], 100), shared_px([9999, 1], 100)
    ([50.0, 50.0], [96.0, 4.0])
    """
    total = sum(counts)
    small = [count * width / total < LEAST_PX for count in counts]
    rest = width - LEAST_PX * sum(small)
    large = sum(count for count, is_small in zip(counts, small, strict=True) if not is_small)
    return [
        LEAST_PX if is_small else count * rest / large for count, is_small in zip(counts, small, strict=True)
    ]
