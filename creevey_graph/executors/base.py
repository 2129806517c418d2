"""What the runner needs of an executor: submit chunks, stop, name suspects, begin anew."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

Work = Callable[[Iterable[Any], Callable[[], bool], Any], list[Any]]
"""(tasks, is_stopping, recorder) -> results; what a pool runs for every chunk."""


class Pool(Protocol):
    """
    Workers that run chunks of tasks.

    `name` is what reports show; `jobs` how many chunks may run at once; `threads` how many items of a
    chunk are in hand at once. The laws stand in `tests/laws_executors.py`.
    """

    name: str
    jobs: int
    threads: int

    def submit(self, tasks: Sequence[Any]) -> "Future[list[Any]]":
        """
        Run a chunk; a dead worker shows as `BrokenExecutor` in every future it took along.

        Raises:
            UsageError: The tasks cannot be sent to where they would run.
            BrokenExecutor: A worker has died.
        """
        ...

    def stop(self, *, now: bool = False) -> None:
        """Ask workers to return after the item in hand; *now*: that they also end waits for servers."""
        ...

    def suspects(self) -> list[tuple[int, int]]:
        """Return (item, node position) that workers had in hand when the pool broke."""
        ...

    def rebuild(self) -> bool:
        """Replace broken workers; False where that cannot be done here."""
        ...

    def close(self, *, now: bool = False) -> None:
        """End the workers: after what they have in hand, or *now*."""
        ...


class NoRecorder:
    """Remembers nothing: in-process workers take the whole process along when they die."""

    def mark(self, item: int, position: int) -> None:
        """Do nothing."""
