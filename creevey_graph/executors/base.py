"""What the runner needs of an executor: submit chunks, stop, and be told of workers that died."""

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future
from typing import Any, Protocol

import attrs

Work = Callable[[Iterable[Any], Callable[[], bool], Any], list[Any]]
"""(tasks, is_stopping, recorder) -> results; what a pool runs for every chunk."""
BETWEEN = -2
"""(position p, but its call has ended) is marked as BETWEEN - p."""


@attrs.frozen
class Limits:
    """
    What a worker process may take; only an executor that can end its workers holds to it.

    Args:
        memory_bytes: Memory beyond what it has when it begins; None for any.
        item_s: Seconds for one item; inf for any.
        calls_s: Node position -> seconds for all its tries together; none for any.
    """

    memory_bytes: int | None = None
    item_s: float = math.inf
    calls_s: dict[int, float] = attrs.field(factory=dict)

    @property
    def are_timed(self) -> bool:
        """True where the clock has to be looked at."""
        return math.isfinite(self.item_s) or bool(self.calls_s)


@attrs.frozen
class Hand:
    """
    What a thread of a worker had in hand.

    Args:
        item: Index of the item.
        position: Of the node; -1 while the item's files are looked at.
        is_late: Whether the worker was ended since this took too long.
        is_item: Whether the limit was that of the whole item.
    """

    item: int
    position: int
    is_late: bool = False
    is_item: bool = False


class WorkerLost(BrokenExecutor):
    """
    A worker process has ended with a chunk; other workers, and later chunks, are none the worse.

    Args:
        cause: How it ended, in words.
        hands: What it had in hand; none where it was receiving the chunk, or sending its results.
        is_own_doing: Whether it ended in a way that only what ran inside it can bring about, such as a crash.
        was_fresh: Whether the chunk was its first.
    """

    def __init__(
        self, cause: str, hands: tuple[Hand, ...] = (), is_own_doing: bool = False, was_fresh: bool = False
    ) -> None:
        super().__init__(cause, hands, is_own_doing, was_fresh)
        self.cause = cause
        self.hands = hands
        self.is_own_doing = is_own_doing
        self.was_fresh = was_fresh

    def __str__(self) -> str:
        return self.cause


class Pool(Protocol):
    """
    Workers that run chunks of tasks.

    `name` is what reports show; `jobs` how many chunks may run at once; `threads` how many items of a
    chunk are in hand at once. The laws stand in `tests/laws_executors.py`.
    """

    name: str
    jobs: int
    threads: int

    def submit(self, tasks: Sequence[Any], *, fresh: bool = False) -> "Future[list[Any]]":
        """
        Run a chunk; *fresh*: in a worker that has run nothing before, where there are such.

        The future ends with `WorkerLost` where its worker died, with `UsageError` where the tasks did not
        survive the way, and with another `BrokenExecutor` where there will be no more workers.

        Raises:
            UsageError: The tasks cannot be sent to where they would run.
            BrokenExecutor: There are no more workers.
        """
        ...

    def stop(self, *, now: bool = False) -> None:
        """Ask workers to return after the item in hand; *now*: that they also end waits for servers."""
        ...

    def close(self, *, now: bool = False) -> None:
        """End the workers: after what they have in hand, or *now*."""
        ...


class NoRecorder:
    """Remembers nothing: in-process workers take the whole process along when they die."""

    def mark(self, item: int, position: int) -> None:
        """Do nothing."""
