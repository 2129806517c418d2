"""When the items of a run ended, in a bounded number of bins."""

from collections import Counter
from collections.abc import Iterator, Mapping

from creevey_graph.events import Outcome

MOST_BINS = 240
"""More are folded in two; a picture is not wider."""
FIRST_WIDTH_S = 0.05


class Timeline:
    """
    Items per bin of time and outcome.

    State: width_s = how long a bin is, doubled whenever the run outgrows `MOST_BINS`; bins = number of a bin ->
    outcome -> items.
    """

    def __init__(self) -> None:
        self.width_s = FIRST_WIDTH_S
        self.bins: dict[int, Counter[Outcome]] = {}

    def add(self, at_s: float, counts: Mapping[Outcome, int]) -> None:
        """
        Count items in.

        Args:
            at_s: Seconds from the beginning of the run; what is below 0, or no number, counts as 0.
            counts: Outcome -> how many ended then.
        """
        at_s = at_s if 0 < at_s < float("inf") else 0.0
        while at_s >= self.width_s * MOST_BINS:
            self._fold()
        self.bins.setdefault(int(at_s / self.width_s), Counter()).update(counts)

    def _fold(self) -> None:
        self.width_s *= 2
        bins, self.bins = self.bins, {}
        for number, counts in bins.items():
            self.bins.setdefault(number // 2, Counter()).update(counts)

    def rows(self) -> Iterator[tuple[float, Mapping[Outcome, int]]]:
        """Yield (beginning of a bin in seconds, outcome -> items), without gaps, up to the last that has any."""
        for number in range(max(self.bins, default=-1) + 1):
            yield number * self.width_s, self.bins.get(number, Counter())
