"""
Threads that nobody has to wait for.

The standard library's pool has the interpreter wait, at its end, for what threads have in hand: after a second
Ctrl-C a program stayed until the slowest step was through. Those of a run that came to its end are waited for
all the same.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

_Work = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class DaemonThreads(Executor):
    """
    Runs calls in threads, which are started as they are needed.

    Args:
        count: How many there are at the most, 1 or more.

    State, guarded by the condition: waiting = calls that no thread has taken yet; idle = threads that wait for
    one; threads; is_over = whether no more calls are taken. Thread safety: all of it.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._waiting: deque[_Work] = deque()
        self._idle = 0
        self._threads: list[threading.Thread] = []
        self._is_over = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """
        Run a call in one of the threads.

        Raises:
            RuntimeError: It was shut down.
        """
        future: Future[Any] = Future()
        with self._changed:
            if self._is_over:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.append((future, fn, args, kwargs))
            if self._idle < len(self._waiting) and len(self._threads) < self._count:
                self._begin()
            self._changed.notify()
        return future

    def _begin(self) -> None:
        name = f"creevey_{len(self._threads)}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _serve(self) -> None:
        while (work := self._taken()) is not None:
            _do(*work)
            del work  # holds what the call was given

    def _taken(self) -> _Work | None:
        with self._changed:
            self._idle += 1
            try:
                while not self._waiting and not self._is_over:
                    self._changed.wait()
                return self._waiting.popleft() if self._waiting else None
            finally:
                self._idle -= 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; drop those that wait where that is said; wait for those in hand where that is said."""
        with self._changed:
            self._is_over = True
            while cancel_futures and self._waiting:
                self._waiting.popleft()[0].cancel()
            self._changed.notify_all()
        for thread in self._threads if wait else ():
            thread.join()


def _do(future: "Future[Any]", fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as exc:  # noqa: BLE001 - a future holds what its call raised
        future.set_exception(exc)
    else:
        future.set_result(result)
