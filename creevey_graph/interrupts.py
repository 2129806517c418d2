"""
Signals that end a run in order: Ctrl-C, SIGTERM (a supervisor's), SIGHUP (the terminal was closed).

Each becomes KeyboardInterrupt in the main thread, held back where it would tear apart what belongs
together. A second Ctrl-C says that one does not want to wait; SIGTERM and SIGHUP often come twice for one wish (from the kernel and
the shell, from `timeout` and to its group), so that of these only the first counts. A handler that
somebody else has put there keeps its say: it is called, at a moment when it tears nothing; what is
ignored, as with nohup, stays ignored.
"""

import signal
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ALL_COMPLETED, Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import Any

from creevey_graph.errors import RunInterrupted, RunTerminated
from creevey_graph.stopping import is_interrupted


def may_be_interrupted() -> bool:
    """
    True where a KeyboardInterrupt may be one: waits are being ended, or Ctrl-C is for this thread of this process.

    Elsewhere, as in a worker process, it is what a step raised.
    """
    # A shell starts what is to run in the background with Ctrl-C ignored; SIGTERM ends it all the same.
    is_asked = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN or _installed() is not None
    return is_interrupted() or (is_asked and threading.current_thread() is threading.main_thread())


HANG_UP: int | None = getattr(signal, "SIGHUP", None)
"""None on Windows."""
STOPS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANG_UP) if number is not None)


class Guard:
    """
    A handler of signals that end a run.

    State: before = signal -> the handler that was there; number = the signal, SIGINT apart, that ended the run, None
    where none did; raised = what a handler that was there raised instead, as with `sys.exit`: a step would take it
    for a failure of its item; room = how many signals are noted before one takes effect again, caught = those noted;
    when_hung_up = called as the terminal is gone.
    """

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}
        self.number: int | None = None
        self.room = 0
        self.caught: list[tuple[int, FrameType | None]] = []
        self.raised: BaseException | None = None
        self.when_hung_up: Callable[[], None] = lambda: None

    def install(self, numbers: tuple[int, ...]) -> None:
        """Take the place of each handler that there is, and of the default that ends the process without a word."""
        for number in numbers:
            handler = signal.getsignal(number)
            if callable(handler) or (handler == signal.SIG_DFL and number != signal.SIGINT):
                self.before[number] = handler
                signal.signal(number, self)

    def remove(self) -> None:
        """Put back what was there, where nobody else has put something there since."""
        for number, handler in self.before.items():
            if signal.getsignal(number) is self:
                signal.signal(number, handler)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if len(self.caught) < self.room:
            self.caught.append((number, frame))
        else:
            self._act(number, frame)

    def _act(self, number: int, frame: FrameType | None) -> None:
        handler = self.before[number]
        if callable(handler):
            try:
                handler(number, frame)
            except KeyboardInterrupt:
                raise
            except BaseException as exc:
                self.raised = exc
                raise KeyboardInterrupt from exc
            return
        if self.number is not None:
            return
        self.number = number
        if number == HANG_UP:
            self.when_hung_up()
        raise KeyboardInterrupt

    def act(self) -> None:
        """Do what the first signal that was noted does; where it came again meanwhile, that was the same wish."""
        caught, self.caught = self.caught, []
        if caught:
            self._act(*caught[0])


_ANY = 10**9
"""Signals that are noted where none may take effect."""


@contextmanager
def stops_guarded(numbers: tuple[int, ...] = STOPS) -> Iterator[Guard]:
    """
    Yield the guard of these signals: the one that is there, else one for this block.

    Outside the main thread, which alone may set handlers and is told of signals, it guards nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Guard()
        return
    if (there := _installed()) is not None:
        yield there
        return
    guard = Guard()
    guard.install(numbers)
    try:
        yield guard
    except KeyboardInterrupt:
        if guard.raised is not None:
            raise guard.raised from None
        raise
    finally:
        guard.remove()


def _installed() -> Guard | None:
    handlers = (signal.getsignal(number) for number in STOPS)
    return next((handler for handler in handlers if isinstance(handler, Guard)), None)


@contextmanager
def stops_as_interrupts() -> Iterator[None]:
    """
    End this block, in which a run goes, in order when a signal says so.

    Raises:
        RunTerminated: SIGTERM or SIGHUP came.
        RunInterrupted: Ctrl-C.
    """
    with stops_guarded() as guard:
        try:
            yield
        except RunInterrupted:
            if guard.number is None:
                raise
            raise RunTerminated(guard.number) from None
        except KeyboardInterrupt:  # it came as the run was over, and its report is whole
            raise (RunInterrupted() if guard.number is None else RunTerminated(guard.number)) from None


@contextmanager
def interrupts_held_back(room: int = _ANY) -> Iterator[None]:
    """
    Let a signal take effect at the end of the block.

    A result between its worker and the index is short of neither: cut in between, an output that is in
    place was reported as never made, in one of twelve interrupted runs. Does nothing outside the main
    thread, which alone is interrupted.

    Args:
        room: How many signals may wait; one more takes effect at once, where the block may take long.
    """
    with stops_guarded((signal.SIGINT,)) as guard:
        if guard.room:
            yield
            return
        guard.room = room
        try:
            yield
        finally:
            guard.room = 0
            guard.act()


_TURN_S = 0.1


def wait_in_turns(futures: "Collection[Future[Any]]", return_when: str = ALL_COMPLETED) -> "set[Future[Any]]":
    """
    Return what is done of *futures*, as `wait`, which a signal at the wrong moment makes fail.

    As it took a lock back for which it had waited, a second Ctrl-C left it without: RuntimeError, and no report.
    So a signal takes effect between two turns; two within one are one wish.
    """
    while True:
        with interrupts_held_back():
            done, left = wait(futures, _TURN_S, return_when)
        if not left or (done and return_when != ALL_COMPLETED):
            return done


@contextmanager
def interrupts_let_through() -> Iterator[None]:
    """
    Let a signal take effect at once in this block, though it stands in one of `interrupts_held_back`.

    Where items are worked on in the main thread: their steps may take long, and can be given up.
    """
    guard = _installed() if threading.current_thread() is threading.main_thread() else None
    if guard is None or not guard.room:
        yield
        return
    room, guard.room = guard.room, 0
    guard.act()
    try:
        yield
    finally:
        guard.room = room
