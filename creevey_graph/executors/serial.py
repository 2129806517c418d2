"""One item after the other in the calling thread: for debugging and as the yardstick of the others."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from creevey_graph.executors.base import NoRecorder, Work


class SerialPool:
    """Runs a chunk at once when it is submitted. State: whether it was asked to stop."""

    name = "serial"
    threads = 1

    def __init__(self, work: Work, jobs: int) -> None:
        del jobs
        self.jobs = 1
        self._work = work
        self._stopping = False

    def submit(self, tasks: Sequence[Any], *, fresh: bool = False) -> "Future[list[Any]]":
        del fresh
        future: Future[list[Any]] = Future()
        try:
            future.set_result(self._work(tasks, lambda: self._stopping, NoRecorder()))
        except Exception as exc:  # noqa: BLE001 - a future holds what its work raised
            future.set_exception(exc)
        return future

    def stop(self, *, now: bool = False) -> None:
        del now
        self._stopping = True

    def close(self, *, now: bool = False) -> None:
        del now
