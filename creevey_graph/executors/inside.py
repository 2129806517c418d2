"""
What runs in a worker process: it takes chunks from a pipe, and sends back what became of them.

Where items mostly wait, as for a server, several of a chunk are worked on at once, in threads. A worker leaves
Ctrl-C, SIGTERM and SIGHUP to the coordinator, ends when that is gone, and says when it should take no more chunks. What an item does to the
process as a whole is found out after that item: one that closed the worker's files is in hand when it ends for it.
"""

import functools
import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import cloudpickle

from creevey_graph.executors.board import RECEIVING, SENDING, WORKING, Board, Place
from creevey_graph.executors.ceiling import Ceiling
from creevey_graph.executors.family import CLOSED_FILES, TOO_LARGE
from creevey_graph.executors.sending import received_tasks
from creevey_graph.shares import LIMIT_VARIABLE, WORKERS_VARIABLE
from creevey_graph.spoilt import is_spoilt
from creevey_graph.stopping import end_waits

_WATCH_S = 0.5
_STANDARD = (0, 1, 2)
_LEFT_TO_COORDINATOR = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Mostly these come to a whole group, whose items in hand are to end well."""


def serve(connection: Any, place: Place, threads: int, parent: int, workers: int) -> None:
    """
    Work on chunks until there are no more.

    Args:
        connection: The pipe to the coordinator; what comes first is the work, and what memory it may take.
        place: Where the board is.
        threads: How many items of a chunk are worked on at once.
        parent: Process id of the coordinator.
        workers: How many workers there are.
    """
    board = Board(place.where, threads)
    place.remove()
    os.environ[WORKERS_VARIABLE] = str(workers)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _LEFT_TO_COORDINATOR:  # a handler: what is ignored stays so in programs that a step starts
        signal.signal(number, _leave_to_coordinator)
    threading.Thread(target=_watch, args=(board, parent), daemon=True, name="creevey-watch").start()
    with suppress(EOFError, OSError):  # the coordinator is gone, or has closed the pipe: there are no more
        _Server(connection, board, threads, parent).run()
    _leave()


class _Server:
    """A worker at work. State: its work, its ceiling, and the files it must find open."""

    def __init__(self, connection: Any, board: Board, threads: int, parent: int) -> None:
        self._connection = connection
        self._board = board
        self._threads = threads
        self._parent = parent
        self._pipe = _file_of(connection.fileno())
        self._open = [descriptor for descriptor in _STANDARD if _file_of(descriptor) is not None]

    def run(self) -> None:
        try:
            self._work, memory_bytes = cloudpickle.loads(self._connection.recv_bytes())
            self._ceiling = Ceiling(memory_bytes)
            os.environ.pop(LIMIT_VARIABLE, None)  # of a run that this one stands in
            if memory_bytes is not None:
                os.environ[LIMIT_VARIABLE] = str(memory_bytes)
        except (EOFError, OSError):
            raise
        except BaseException as exc:  # noqa: BLE001 - modules of the user's are imported
            self._connection.send_bytes(_reply("unfit", f"{type(exc).__name__}: {exc}"))
            return
        self._connection.send_bytes(_reply("ready", None))
        while not is_spoilt():
            reply = self._answer(self._received())
            self._check_files()
            self._connection.send_bytes(reply)

    def _received(self) -> bytes:
        self._connection.poll(None)
        self._board.do(RECEIVING)  # from here on, it is the chunk that it may end of
        try:
            data: bytes = self._connection.recv_bytes()
        except MemoryError:
            os._exit(TOO_LARGE)
        return data

    def _answer(self, data: bytes) -> bytes:
        try:
            waiting = deque(received_tasks(data))
            self._board.do(WORKING)
            results = self._drained(waiting)
            self._board.do(SENDING)
            return _reply("spoilt" if is_spoilt() or self._ceiling.is_near() else "done", results)
        except BaseException as exc:  # noqa: BLE001 - a future holds what its work raised
            return _reply("error", exc)

    def _drained(self, waiting: "deque[Any]") -> list[Any]:
        hands = min(self._threads, len(waiting))
        if hands <= 1:
            return self._drain(waiting, 0)
        pool = _threads(self._threads)
        drained = [pool.submit(self._drain, waiting, thread) for thread in range(hands)]
        return [result for future in drained for result in future.result()]

    def _drain(self, waiting: "deque[Any]", thread: int) -> list[Any]:
        recorder = self._board.recorder(thread, self._quick_check())
        try:
            results: list[Any] = self._work(_taken(waiting), self._is_stopping, recorder)
            self._check_files()
        finally:
            recorder.close()
        return results

    def _is_stopping(self) -> bool:
        return self._board.is_stopping() or is_spoilt() or os.getppid() != self._parent

    def _quick_check(self) -> Callable[[], None]:
        """Return what ends this process where a node closed its files: one call to the system a node, 0.5-1 us."""
        if not hasattr(select, "poll"):
            return self._check_files
        poll = select.poll()  # one for each thread: they cannot share it
        for descriptor in (self._connection.fileno(), *self._open):
            poll.register(descriptor, 0)  # told all the same: whether it is closed

        def check() -> None:
            if poll.poll(0):
                self._check_files()

        return check

    def _check_files(self) -> None:
        """
        End this process where its files were closed, though others were opened since.

        Another file would get the number of the closed one, and results or prints would be written into it.
        """
        if _file_of(self._connection.fileno()) != self._pipe or None in map(_file_of, self._open):
            os._exit(CLOSED_FILES)


def _leave_to_coordinator(*_: object) -> None:
    pass


def _reply(kind: str, value: Any) -> bytes:
    try:
        data: bytes = cloudpickle.dumps((kind, value))
    except BaseException as exc:
        if kind != "error":
            raise
        data = cloudpickle.dumps((kind, RuntimeError(f"{type(value).__name__} ({type(exc).__name__})")))
    return data


def _file_of(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _watch(board: Board, parent: int) -> None:
    """
    End this worker once the coordinator is gone: workers otherwise stayed for more than half an hour.

    End its waits for servers where the run was interrupted.
    """
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
        if board.ends_waits():
            end_waits()
    os._exit(1)


def _leave() -> None:
    """End this process, though a thread may be left that never ends."""
    kept = [
        thread for thread in threading.enumerate() if not (thread.daemon or thread.name.startswith("creevey"))
    ]
    if is_spoilt() or kept != [threading.main_thread()]:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(0)


def _taken(waiting: "deque[Any]") -> Iterator[Any]:
    """Yield tasks that several threads share, each to one of them."""
    with suppress(IndexError):
        while True:
            yield waiting.popleft()


@functools.lru_cache(maxsize=1)
def _threads(count: int) -> ThreadPoolExecutor:
    """Return this worker's threads, which stay: each keeps its connections from one chunk to the next."""
    return ThreadPoolExecutor(count, thread_name_prefix="creevey")
