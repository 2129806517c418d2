"""Which rows a page shows, and which of them with pictures: every failure up to a bound, and an even sample."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from creevey_graph.events import Outcome, Row

SAMPLED = (Outcome.DONE, Outcome.CACHED, Outcome.RESTORED)


class Even:
    """
    Takes some of many, evenly, one by one.

    Args:
        total: How many there will be.
        wanted: How many of them to take, at most.

    >>> even = Even(10, 3)
    >>> [number for number in range(10) if even.takes_next()]
    [1, 4, 8]
    """

    def __init__(self, total: int, wanted: int) -> None:
        self._total = max(total, 1)
        self._wanted = min(wanted, self._total)
        self._seen = 0
        self._taken = 0

    def takes_next(self) -> bool:
        """Return whether the next one is taken."""
        self._seen += 1
        due = (2 * self._seen * self._wanted + self._total) // (2 * self._total)  # the middle of each share
        if due > self._taken and self._taken < self._wanted:
            self._taken += 1
            return True
        return False


class Sheets:
    """
    Chooses rows as they come by, in one pass.

    Args:
        counts: Outcome -> how many rows there are.
        sample: How many good rows are shown with pictures.
        most_failures: How many failed ones.
        most_rows: How many rows the page has; failures come first, and of the others an even part.

    State: failed, sampled = (number, row) of those with pictures; left_out = rows that the page does not have.
    """

    def __init__(
        self, counts: Mapping[Outcome, int], *, sample: int, most_failures: int, most_rows: int
    ) -> None:
        failed, total = counts.get(Outcome.FAILED, 0), sum(counts.values())
        good = sum(counts.get(outcome, 0) for outcome in SAMPLED)
        self._sample = Even(good, sample)
        self._failures = Even(failed, most_failures)
        self._rows = Even(total - failed, max(0, most_rows - failed))
        self._kept_failures = Even(failed, most_rows)
        self.failed: list[tuple[int, Row]] = []
        self.sampled: list[tuple[int, Row]] = []
        self.left_out = 0
        self._next = 0

    def takes(self, row: Row) -> bool:
        """Return whether the page has *row*; its number is the count of those it took before."""
        is_failed = row.outcome is Outcome.FAILED
        if is_failed:
            is_pictured = self._failures.takes_next()
            is_kept = self._kept_failures.takes_next()
        else:
            is_pictured = row.outcome in SAMPLED and self._sample.takes_next()
            is_kept = self._rows.takes_next()
        if not (is_kept or is_pictured):
            self.left_out += 1
            return False
        if is_pictured:
            (self.failed if is_failed else self.sampled).append((self._next, row))
        self._next += 1
        return True

    def pictured(self) -> Sequence[tuple[int, Row]]:
        """Return the rows with pictures, failed and good ones in turn, so that neither waits for all of the other."""
        return list(_in_turn(self.failed, self.sampled))

    def data(self) -> dict[str, list[int]]:
        """Return the numbers of the rows of each contact sheet."""
        return {
            "failed": [number for number, _ in self.failed],
            "sample": [number for number, _ in self.sampled],
        }


def _in_turn(
    first: Sequence[tuple[int, Row]], second: Sequence[tuple[int, Row]]
) -> Iterator[tuple[int, Row]]:
    for pair in zip_longest(first, second):
        yield from (one for one in pair if one is not None)
