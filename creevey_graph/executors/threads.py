"""A thread pool: Pillow and downloads let other threads run, so this is right for most graphs."""

import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any

from creevey_graph.executors.base import Work
from creevey_graph.executors.daemons import DaemonThreads


class _Recorder:
    """Ends items that were given up. State: is_given_up."""

    is_given_up = False

    def mark(self, item: int, position: int) -> None:
        del item, position
        if self.is_given_up:
            raise KeyboardInterrupt


class ThreadPool:
    """
    Runs chunks in threads of this process.

    State: the executor (ours, or one that was handed in and is left open), the stop flag, and whether items in
    hand were given up: what they make must not land in the outputs of a later run.
    """

    name = "threads"
    threads = 1

    def __init__(self, work: Work, jobs: int, executor: Executor | None = None) -> None:
        self.jobs = jobs
        self._work = work
        self._is_ours = executor is None
        self._executor = executor or DaemonThreads(jobs)
        self._stopping = threading.Event()
        self._recorder = _Recorder()

    def submit(self, tasks: Sequence[Any], *, fresh: bool = False) -> "Future[list[Any]]":
        del fresh
        return self._executor.submit(self._work, tasks, self._stopping.is_set, self._recorder)

    def stop(self, *, now: bool = False) -> None:
        del now  # the runner ends the waits of this process
        self._stopping.set()

    def close(self, *, now: bool = False) -> None:
        self._recorder.is_given_up = now
        if self._is_ours:
            self._executor.shutdown(wait=not now, cancel_futures=True)
