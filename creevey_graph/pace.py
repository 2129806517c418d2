"""How many items a chunk takes: long beside the cost of sending it, short beside a user's patience."""

import math

CHUNK_SECONDS = 0.25
"""What a chunk should take."""
SHARED_CHUNK_SECONDS = 1.0
"""Likewise, where threads share one: each waits for the last of them."""
MAX_CHUNK = 256
WINDOW = 2
"""Chunks in flight for each job: one that runs, one that waits."""


class Pace:
    """
    Sizes chunks by what items were measured to take.

    Args:
        jobs: How many chunks run at once.
        threads: How many items of a chunk are in hand at once.
        in_chunks: False where items are best taken one by one, since nothing is sent anywhere.

    State: seconds_per_item = running mean, 0 before the first chunk came back.
    """

    def __init__(self, jobs: int, *, threads: int = 1, in_chunks: bool = True) -> None:
        self._jobs = jobs
        self._threads = threads
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
        """Return how many items the next chunk takes, of *left* that are not done; 1 a thread until one is measured."""
        if not self._in_chunks or not self.seconds_per_item:
            return self._threads
        fair = math.ceil(left / self.window)
        fitting = int(chunk_seconds(self._threads) * self._threads / self.seconds_per_item)
        return max(1, min(MAX_CHUNK, fair, fitting))


def chunk_seconds(threads: int) -> float:
    """Return what a chunk should take that so many threads share."""
    return CHUNK_SECONDS if threads == 1 else SHARED_CHUNK_SECONDS
