"""Executors: one file each, in the table `EXECUTORS`; `open_pool` also takes a foreign one."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor

from creevey_graph.executors.base import BETWEEN, Hand, Limits, NoRecorder, Pool, Work, WorkerLost
from creevey_graph.executors.ceiling import IS_KEPT_TO, default_memory
from creevey_graph.executors.foreign import ForeignPool
from creevey_graph.executors.processes import ProcessPool
from creevey_graph.executors.sending import dumps, dumps_tasks, loads_tasks, received_tasks
from creevey_graph.executors.serial import SerialPool
from creevey_graph.executors.threads import ThreadPool

__all__ = [
    "BETWEEN",
    "EXECUTORS",
    "IS_KEPT_TO",
    "Hand",
    "Limits",
    "NoRecorder",
    "Pool",
    "Work",
    "WorkerLost",
    "default_jobs",
    "default_memory",
    "dumps",
    "dumps_tasks",
    "loads_tasks",
    "open_pool",
    "received_tasks",
]

EXECUTORS: Mapping[str, Callable[[Work, int], Pool]] = {
    "serial": SerialPool,
    "threads": ThreadPool,
    "processes": ProcessPool,
}
"""Name -> pool of (work, jobs)."""


def open_pool(
    executor: str | Executor, work: Work, jobs: int, threads: int = 1, limits: Limits | None = None
) -> Pool:
    """
    Return a pool that runs *work*.

    Args:
        executor: A name in `EXECUTORS`, or any `concurrent.futures.Executor`, which stays open.
        work: What it runs for every chunk; sent to other processes where need be.
        jobs: How many chunks run at once, 1 or more.
        threads: How many items of a chunk a process has in hand at once; others have one.
        limits: What a process may take; others know none.

    Raises:
        KeyError: There is no such executor.
    """
    if isinstance(executor, ThreadPoolExecutor):
        return ThreadPool(work, jobs, executor)
    if isinstance(executor, Executor):
        return ForeignPool(work, jobs, executor)
    if executor == "processes":
        return ProcessPool(work, jobs, threads, limits)
    return EXECUTORS[executor](work, jobs)


def default_jobs() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
