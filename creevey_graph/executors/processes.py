"""
A pool of processes on loky: accepts notebook functions and unguarded scripts, never forks.

Where items mostly wait, as for a server, each process works on several of a chunk at once, in threads.
Each thread of a worker notes the item and node it has in hand in a file of its own, so that when one
dies the runner knows the few items that can be to blame. Workers leave Ctrl-C, SIGTERM and SIGHUP to the
coordinator, since these mostly come to a whole group, and end by themselves when it is gone.
"""

import functools
import os
import shutil
import signal
import struct
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from creevey_graph.errors import UsageError
from creevey_graph.executors.base import Work
from creevey_graph.executors.handfolder import HandFolder
from creevey_graph.executors.sending import dumps, dumps_tasks, loads, loads_tasks
from creevey_graph.shares import WORKERS_VARIABLE
from creevey_graph.stopping import end_waits
from creevey_graph.text import safe_text

_IN_HAND = struct.Struct("<qq")
_NOTHING = (-1, -1)
_GO_ON = "go-on"
_MAY_WAIT = "may-wait"
_FLAGS = (_GO_ON, _MAY_WAIT)
"""Files that are there while workers may go on, and may wait for servers: a file goes from a full disk too."""
_WATCH_S = 0.5


class ProcessPool:
    """
    Runs chunks in worker processes.

    Args:
        work: What is run for every chunk.
        jobs: How many processes there are.
        threads: How many items of a chunk a process works on at once.

    State: the executor, rebuilt after a worker has died; a private folder with a file a worker
    for what it has in hand, and the flags by which they are stopped.

    Raises:
        UsageError: No temporary file can be made.
    """

    name = "processes"

    def __init__(self, work: Work, jobs: int, threads: int = 1) -> None:
        self.jobs = jobs
        self.threads = threads
        self._payload = dumps(work)
        self._hands = _new_folder()
        self._folder = self._hands.path
        self._executor = self._open()

    def _open(self) -> Any:
        import loky  # noqa: PLC0415 - 20 ms that only a run with processes pays

        return loky.ProcessPoolExecutor(
            max_workers=self.jobs,
            initializer=_begin,
            initargs=(str(self._folder), os.getpid(), self.jobs),
        )

    def submit(self, tasks: Sequence[Any]) -> "Future[list[Any]]":
        data = dumps_tasks(tasks)
        future: Future[list[Any]] = self._executor.submit(
            _work, self._payload, str(self._folder), data, os.getpid(), self.threads
        )
        return future

    def stop(self, *, now: bool = False) -> None:
        with suppress(OSError):
            (self._folder / _GO_ON).unlink(missing_ok=True)
            if now:
                (self._folder / _MAY_WAIT).unlink(missing_ok=True)

    def suspects(self) -> list[tuple[int, int]]:
        found = []
        for path in self._folder.glob("*.hand"):
            with suppress(OSError, struct.error):
                item, position = _IN_HAND.unpack(path.read_bytes())
                if item >= 0:
                    found.append((item, position))
        return found

    def rebuild(self) -> bool:
        self._end(now=True)
        for path in self._folder.glob("*.hand"):
            path.unlink(missing_ok=True)
        self._executor = self._open()
        return True

    def close(self, *, now: bool = False) -> None:
        self._end(now=now)
        self._hands.remove()

    def _end(self, *, now: bool) -> None:
        with suppress(Exception):  # a broken pool may fail to end in any way; its workers are dead
            self._executor.shutdown(wait=True, kill_workers=now)


def _new_folder() -> HandFolder:
    where = "a folder for temporary files"
    try:
        where = tempfile.gettempdir()
        folder = HandFolder()
        for name in _FLAGS:
            (folder.path / name).touch()
    except OSError as exc:
        raise UsageError(
            f"executor 'processes' keeps small files in '{safe_text(where)}', and cannot ({exc.strerror or exc}); make room there, "
            "set TMPDIR to another folder, or choose another executor"
        ) from exc
    return folder


class _FileRecorder:
    """Notes what a thread of this worker has in hand: one small write a node, about 2 us."""

    def __init__(self, folder: str, thread: int = 0) -> None:
        path = os.path.join(folder, f"{os.getpid()}-{thread}.hand")  # noqa: PTH118 - per chunk
        self._descriptor: int | None = None
        with suppress(OSError):  # $TMPDIR is full: then all items in hand are suspects when a worker dies
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def mark(self, item: int, position: int) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.pwrite(self._descriptor, _IN_HAND.pack(item, position), 0)

    def close(self) -> None:
        if self._descriptor is not None:
            self.mark(*_NOTHING)
            os.close(self._descriptor)


def _begin(folder: str, parent: int, workers: int) -> None:
    os.environ[WORKERS_VARIABLE] = str(workers)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (
        "SIGTERM",
        "SIGHUP",
    ):  # a handler, since what is ignored stays so in programs that a step starts
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, _leave_to_coordinator)
    threading.Thread(target=_watch, args=(folder, parent), daemon=True, name="creevey-watch").start()


def _leave_to_coordinator(*_: object) -> None:
    pass


def _watch(folder: str, parent: int) -> None:
    """
    End this worker once the coordinator is gone: workers otherwise stayed for more than half an hour.

    End its waits for servers where the run was interrupted.
    """
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
        if not os.path.exists(os.path.join(folder, _MAY_WAIT)):  # noqa: PTH110, PTH118 - twice a second
            end_waits()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _work(payload: bytes, folder: str, tasks: bytes, parent: int, threads: int) -> list[Any]:
    work: Work = loads(payload)
    go_on = os.path.join(folder, _GO_ON)  # noqa: PTH118 - per chunk
    waiting = deque(loads_tasks(tasks))

    def is_stopping() -> bool:
        return not os.path.exists(go_on) or os.getppid() != parent  # noqa: PTH110 - per item

    def drain(thread: int) -> list[Any]:
        recorder = _FileRecorder(folder, thread)
        try:
            return work(_taken(waiting), is_stopping, recorder)
        finally:
            recorder.close()

    hands = min(threads, len(waiting))
    if hands <= 1:
        return drain(0)
    drained = [_threads(threads).submit(drain, thread) for thread in range(hands)]
    return [result for future in drained for result in future.result()]


def _taken(waiting: "deque[Any]") -> Iterator[Any]:
    """Yield tasks that several threads share, each to one of them."""
    with suppress(IndexError):
        while True:
            yield waiting.popleft()


@functools.lru_cache(maxsize=1)
def _threads(count: int) -> ThreadPoolExecutor:
    """Return this worker's threads, which stay: each keeps its connections from one chunk to the next."""
    return ThreadPoolExecutor(count, thread_name_prefix="creevey")
