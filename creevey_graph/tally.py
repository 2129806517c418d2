"""Which items of a run have ended, and which failed first."""

from collections.abc import Collection

from creevey_graph.events import ItemFinished, ItemsCached, Outcome, Row


class Tally:
    """
    The items of a run that have ended.

    Args:
        total: How many items there are.

    State: done = one byte an item, 1 once it has ended or where it is left out; finished = how many have
    ended; left_out = how many the run does not look at; failures = how many failed; first_failure = the
    row of the first of them.
    """

    def __init__(self, total: int) -> None:
        self.done = bytearray(total)
        self.finished = 0
        self.left_out = 0
        self.failures = 0
        self.first_failure: Row | None = None

    def choose(self, indexes: Collection[int]) -> None:
        """Leave out all items but these."""
        self.left_out = len(self.done) - len(indexes)
        self.done = bytearray(b"\1") * len(self.done)
        for index in indexes:
            self.done[index] = False

    def add(self, event: ItemFinished | ItemsCached) -> None:
        """Count an event in."""
        if isinstance(event, ItemsCached):
            self.finished += event.cached + event.skipped
            self._mark(event)
            return
        self.finished += 1
        self.done[event.index] = True
        if event.row.outcome is Outcome.FAILED:
            self.failures += 1
            self.first_failure = self.first_failure or event.row

    def _mark(self, event: ItemsCached) -> None:
        indexes = event.indexes
        if isinstance(indexes, range):
            self.done[indexes.start : indexes.stop] = b"\1" * len(indexes)
        else:
            for index in indexes:
                if index >= 0:
                    self.done[index] = True

    @property
    def left(self) -> int:
        """How many have yet to end."""
        return len(self.done) - self.left_out - self.finished
