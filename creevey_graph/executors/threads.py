"""A thread pool: Pillow and downloads let other threads run, so this is right for most graphs."""

import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from creevey_graph.executors.base import NoRecorder, Work


class ThreadPool:
    """
    Runs chunks in threads of this process.

    State: the executor (ours, or one that was handed in and is left open) and the stop flag.
    """

    name = "threads"
    threads = 1

    def __init__(self, work: Work, jobs: int, executor: Executor | None = None) -> None:
        self.jobs = jobs
        self._work = work
        self._is_ours = executor is None
        self._executor = executor or ThreadPoolExecutor(jobs, thread_name_prefix="creevey")
        self._stopping = threading.Event()

    def submit(self, tasks: Sequence[Any], *, fresh: bool = False) -> "Future[list[Any]]":
        del fresh
        return self._executor.submit(self._work, tasks, self._stopping.is_set, NoRecorder())

    def stop(self, *, now: bool = False) -> None:
        del now  # the runner ends the waits of this process
        self._stopping.set()

    def close(self, *, now: bool = False) -> None:
        if self._is_ours:
            self._executor.shutdown(wait=not now, cancel_futures=True)
