"""How far a run is, how fast it goes, and when it will be there."""

from collections import Counter, deque
from collections.abc import Callable

from creevey_graph.events import Event, ItemFinished, ItemsCached, Outcome, RunStarted

WINDOW_S = 8.0
"""The rate is that of the last seconds, …"""
WINDOW_ITEMS = 8
"""… but of so many items at least."""
_SAMPLE_S = 0.2


class Meter:
    """
    Counts finished items and measures those that took work.

    What is up to date is found in bulk, thousands in a second: it counts as finished, but says nothing of how
    long the rest will take. The rate begins with the first item that took work, and is that of the
    last `WINDOW_S` seconds or `WINDOW_ITEMS` items, whichever is longer.

    State: total, counts, name = of the run; began = when it did; samples = (time, items that took work or were
    looked at one by one) of the window, oldest first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.counts: Counter[Outcome] = Counter()
        self.total = 0
        self.name = ""
        self.began = clock()
        self._single = 0
        self._has_worked = False
        self._samples: deque[tuple[float, int]] = deque([(self.began, 0)])

    def add(self, event: Event) -> None:
        """Count an event in."""
        if isinstance(event, RunStarted):
            self.total, self.name = event.total - event.left_out, event.graph
            self.began = self._clock()
            self._samples = deque([(self.began, 0)])
        elif isinstance(event, ItemsCached):
            self.counts.update(event.counts)
            if not self._has_worked:
                self._samples = deque([(self._clock(), self._single)])
        elif isinstance(event, ItemFinished):
            self.counts[event.row.outcome] += 1
            if event.row.outcome is not Outcome.CANCELLED:
                self._add_single(event.row.outcome)

    def _add_single(self, outcome: Outcome) -> None:
        self._single += 1
        now = self._clock()
        if not self._has_worked and outcome is Outcome.CACHED:
            self._samples = deque([(now, self._single)])
            return
        self._has_worked = True
        last = self._samples[-1]
        if len(self._samples) > 1 and now - self._samples[-2][0] < _SAMPLE_S:
            self._samples[-1] = (now, self._single)
        elif (now, self._single) != last:
            self._samples.append((now, self._single))
        while len(self._samples) > 2 and self._is_enough(self._samples[1], now):  # noqa: PLR2004 - a span has two ends
            self._samples.popleft()

    def _is_enough(self, oldest: tuple[float, int], now: float) -> bool:
        return now - oldest[0] >= WINDOW_S and self._single - oldest[1] >= WINDOW_ITEMS

    @property
    def finished(self) -> int:
        """How many items have ended; those whose turn never came are not among them."""
        return self.counts.total() - self.counts[Outcome.CANCELLED]

    @property
    def seconds(self) -> float:
        """Seconds gone."""
        return self._clock() - self.began

    @property
    def rate(self) -> float | None:
        """Items a second of late, None where too little is known."""
        (begins, before), (ends, after) = self._samples[0], self._samples[-1]
        if not self._has_worked or after - before < 2 or ends <= begins:  # noqa: PLR2004 - one item is no rate
            return None
        return (after - before) / (ends - begins)

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the rest will take at this rate, None where too little is known."""
        rate, left = self.rate, self.total - self.finished
        if not left:
            return 0.0
        return None if rate is None else left / rate


def clock_text(seconds: float) -> str:
    """
    Return a span of time as a clock shows it.

    >>> clock_text(7.6), clock_text(3725)
    ('0:08', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate_text(rate: float, noun: str = "") -> str:
    """
    Return a rate in the unit that reads best.

    >>> rate_text(1234.5), rate_text(9.99), rate_text(1.234), rate_text(0.25, " items")
    ('1,234/s', '10/s', '1.2/s', '15 items/min')
    """
    if rate < 1:
        return f"{60 * rate:.0f}{noun}/min" if rate >= 1 / 60 else f"{3600 * rate:.1f}{noun}/h"
    return f"{rate:.1f}{noun}/s" if rate < 9.95 else f"{rate:,.0f}{noun}/s"  # noqa: PLR2004 - a tenth tells something
