"""How many items a chunk takes: long beside the cost of sending it, short beside a user's patience."""

import math

CHUNK_SECONDS = 0.25
"""What a chunk should take."""
MAX_CHUNK = 256
WINDOW = 2
"""Chunks in flight for each job: one that runs, one that waits."""


class Pace:
    """
    Sizes chunks by what items were measured to take.

    Args:
        jobs: How many chunks run at once.
        in_chunks: False where items are best taken one by one, since nothing is sent anywhere.

    State: seconds_per_item = running mean, 0 before the first chunk came back.
    """

    def __init__(self, jobs: int, *, in_chunks: bool = True) -> None:
        self._jobs = jobs
        self._in_chunks = in_chunks
        self.seconds_per_item = 0.0

    @property
    def window(self) -> int:
        """Chunks that may be in flight; one where it is done as soon as it is submitted."""
        return self._jobs * WINDOW if self._in_chunks else 1

    def measure(self, seconds: float, count: int) -> None:
        """Take in that *count* items took a worker *seconds*; waiting in line does not count."""
        if count:
            measured = seconds / count
            known = self.seconds_per_item
            self.seconds_per_item = measured if not known else 0.7 * known + 0.3 * measured

    def chunk_size(self, left: int) -> int:
        """Return how many items the next chunk takes, of *left* that are not done; 1 until one is measured."""
        if not self._in_chunks or not self.seconds_per_item:
            return 1
        fair = math.ceil(left / self.window)
        return max(1, min(MAX_CHUNK, fair, int(CHUNK_SECONDS / self.seconds_per_item)))
