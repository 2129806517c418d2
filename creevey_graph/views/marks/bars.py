"""Bars of counts: a part of the width for each outcome."""

from collections.abc import Sequence

from creevey_graph.events import Outcome
from creevey_graph.views.layout import Box
from creevey_graph.views.marks.pen import Markup, Pen, joined

LEAST_PX = 4.0
"""A single failure of thousands is to be seen."""
_GAP = 1.0
_HALF_LINE = 0.6


def draw_bar(
    pen: Pen, counts: Sequence[tuple[Outcome, int]], box: Box, *, is_planned: bool = False
) -> Markup:
    """
    Return a bar that fills *box*, a track where there is nothing to count.

    Args:
        pen: Draws it.
        counts: Outcome -> items.
        box: What it fills.
        is_planned: Whether what is done has yet to be: that part is hollow, for a full bar reads as work behind one.
    """
    total = sum(count for _, count in counts)
    if not total:
        return pen.mark("rect", "track", x=box.x, y=box.y, width=box.width, height=box.height, rx=2)
    widths = shared_px([count for _, count in counts], box.width - _GAP * (len(counts) - 1))
    parts, x = [], box.x
    for (outcome, _), width in zip(counts, widths, strict=True):
        parts.append(draw_part(pen, outcome, Box(x, box.y, width, box.height), is_planned=is_planned))
        x += width + _GAP
    return joined(*parts)


def draw_part(pen: Pen, outcome: Outcome, box: Box, *, is_planned: bool) -> Markup:
    """Return the part of one outcome."""
    if not (is_planned and outcome is Outcome.DONE):
        return pen.mark(
            "rect", f"fill-{outcome}", x=box.x, y=box.y, width=box.width, height=box.height, rx=1.5
        )
    width, height = box.width - 2 * _HALF_LINE, box.height - 2 * _HALF_LINE
    return pen.mark(
        "rect", "hollow", x=box.x + _HALF_LINE, y=box.y + _HALF_LINE, width=width, height=height, rx=1.5
    )


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
