"""How the values of a report's columns are spread: bars of numbers, counts of words."""

import math
import statistics
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from creevey_graph.views.page.cells import NOT_FINITE, plain

MOST_BINS = 40
MOST_VALUES = 20
"""Distinct words that are counted one by one; others together."""
_MOST_KNOWN = 1000
"""Distinct words of a column after which it is no category."""
_CATEGORY_SHARE = 0.5
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_FAR = 3.0
"""Values that are so many times the middle half's width beyond it share the last bars."""
_EXACT = 2**53
_HUGE = 1e300
"""Beyond it sums overflow."""


class Tally:
    """
    The values of one column, seen one by one.

    State: numbers = those that are; words = other values -> how often, None once there are too many;
    missing = rows without a value; odd = numbers that are not finite; is_exact = no whole number is beyond what a
    float holds.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        self.numbers = array("d")
        self.words: Counter[str] | None = Counter()
        self.missing = 0
        self.odd = 0
        self.is_exact = True

    def add(self, value: Any) -> None:
        """Count a value of a report's field in."""
        if value is None:
            self.missing += 1
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._add_number(value)
        elif value in NOT_FINITE if isinstance(value, str) else False:
            self.odd += 1
        elif self.words is not None:
            self.words[str(value).lower() if isinstance(value, bool) else plain(value)] += 1
            if len(self.words) > _MOST_KNOWN:
                self.words = None

    def _add_number(self, value: float) -> None:
        if isinstance(value, int) and abs(value) > _EXACT:
            self.is_exact = False
        elif math.isfinite(value):
            self.numbers.append(value)
        else:
            self.odd += 1

    @property
    def is_number(self) -> bool:
        """True where all values that there are are numbers, finite or not."""
        return bool(self.numbers or self.odd) and self.words is not None and not self.words

    def histogram(self) -> dict[str, Any] | None:
        """Return it as the page shows it; None where there is nothing to be seen, as in names and hashes."""
        if self.is_number:
            return self._of_numbers() if self.is_exact and self.numbers else None
        if self.numbers or not self.words:
            return None
        total = self.words.total()
        if len(self.words) > MOST_VALUES and len(self.words) > _CATEGORY_SHARE * total:
            return None
        ranked = sorted(self.words.items(), key=lambda word: (-word[1], word[0]))
        others = sum(count for _, count in ranked[MOST_VALUES:])
        values = [[word, count] for word, count in ranked[:MOST_VALUES]]
        missing = self.missing + self.odd
        return {
            "field": self.field,
            "kind": "category",
            "values": values,
            "others": others,
            "missing": missing,
        }

    def _of_numbers(self) -> dict[str, Any]:
        values = sorted(self.numbers)
        edges = bin_edges(values)
        places = [0, *(bisect_left(values, edge) for edge in edges[1:-1]), len(values)]
        return {
            "field": self.field,
            "kind": "number",
            "edges": edges,
            "counts": [end - start for start, end in pairwise(places)],
            "missing": self.missing + self.odd,
            "least": values[0],
            "most": values[-1],
            "mean": _mean(values),
            "median": _middle(values[(len(values) - 1) // 2], values[len(values) // 2]),
        }


def _mean(values: Sequence[float]) -> float:
    try:
        return statistics.fmean(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def _middle(low: float, high: float) -> float:
    both = low + high
    return both / 2 if math.isfinite(both) else low / 2 + high / 2


def bin_edges(values: Sequence[float]) -> list[float]:
    """
    Return the edges of bars: ascending, round where they can be, at most `MOST_BINS` bars.

    The width is Freedman and Diaconis's. Values far out would leave one bar for all others: the first or last bar is
    as wide as it takes to hold them.

    Args:
        values: Finite numbers, ascending; at least one.

    >>> bin_edges([0, 1, 1, 2])
    [-0.5, 0.5, 1.5, 2.5]
    """
    least, most = values[0], values[-1]
    if not most - least < _HUGE:
        return [least, _middle(least, most), most]
    if (
        most - least < MOST_BINS
        and all(float(value).is_integer() for value in values)
        and abs(most) < _EXACT / 4
    ):
        return [number - 0.5 for number in range(int(least), int(most) + 2)]
    low, high = values[len(values) // 4], values[(3 * len(values)) // 4]
    start, stop = max(least, low - _FAR * (high - low)), min(most, high + _FAR * (high - low))
    if not start < stop:
        start, stop = least, most
    inner = list(_round_edges(start, stop, 2 * (high - low) / len(values) ** (1 / 3)))
    edges = sorted({edge for edge in inner if least < edge < most})
    if inner[0] <= least:
        edges.insert(0, inner[0])
    else:
        edges.insert(0, least)
    edges.append(inner[-1] if inner[-1] >= most and inner[-1] > edges[-1] else most)
    return edges if edges[-1] > edges[0] else _around(least)


def _around(value: float) -> list[float]:
    """Return two edges about the only value that there is."""
    room = abs(value) / 2 if value else 0.5
    edges = [value - room, value + room]
    if edges[0] < edges[1] and all(map(math.isfinite, edges)):
        return edges
    return sorted([value, math.nextafter(value, 0 if value else 1)])


def _round_edges(start: float, stop: float, width: float) -> Iterator[float]:
    """Yield edges from *start* or below to *stop* or above, at round numbers about *width* apart."""
    # One bar more at each end, and room for values far out.
    width = max(width, (stop - start) / (MOST_BINS - 4))
    if not width:
        yield from (start, stop)
        return
    unit = 10.0 ** math.floor(math.log10(width))
    step = next((unit * nice for nice in _NICE if unit * nice >= width), width)
    if not step or not math.isfinite(start / step) or not math.isfinite(stop / step):
        yield from (start, stop)
        return
    first, last = math.floor(start / step), math.ceil(stop / step)
    last = max(last, first + 1)
    yield from (float(f"{number * step:.12g}") for number in range(first, last + 1))
