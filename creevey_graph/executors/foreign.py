"""Any `concurrent.futures.Executor` of the user's: Dask's, Ray's, MPI's, the standard library's."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any

from creevey_graph.executors.base import NoRecorder, Work
from creevey_graph.executors.sending import dumps, dumps_tasks, loads, received_tasks


class ForeignPool:
    """
    Sends chunks to an executor that was handed in, and leaves it open.

    It cannot be asked to stop between items, nor rebuilt: chunks that have begun run to their end.
    """

    threads = 1

    def __init__(self, work: Work, jobs: int, executor: Executor) -> None:
        self.name = type(executor).__name__
        self.jobs = jobs
        self._payload = dumps(work)
        self._executor = executor

    def submit(self, tasks: Sequence[Any], *, fresh: bool = False) -> "Future[list[Any]]":
        del fresh
        return self._executor.submit(_work, self._payload, dumps_tasks(tasks))

    def stop(self, *, now: bool = False) -> None:
        pass

    def close(self, *, now: bool = False) -> None:
        del now


def _work(payload: bytes, tasks: bytes) -> list[Any]:
    work: Work = loads(payload)
    return work(received_tasks(tasks), _never, NoRecorder())


def _never() -> bool:
    return False
