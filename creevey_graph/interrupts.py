"""Ctrl-C held back where it would tear apart what belongs together."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class _Hold:
    """A handler of SIGINT that only notes it. State: caught = the first that came, None where none did."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        self.handler = handler
        self.caught: tuple[int, FrameType | None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.caught = self.caught or (number, frame)

    def act(self) -> None:
        """Do what Ctrl-C does, where it came meanwhile."""
        if self.caught is not None:
            caught, self.caught = self.caught, None
            self.handler(*caught)


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """
    Let Ctrl-C take effect at the end of the block.

    A result between its worker and the index is short of neither: cut in between, an output that is in
    place was reported as never made, in one of twelve interrupted runs. Does nothing outside the main
    thread, which alone is interrupted, or where somebody else's handler is no Python function.
    """
    handler = signal.getsignal(signal.SIGINT)
    is_held = threading.current_thread() is not threading.main_thread() or isinstance(handler, _Hold)
    if is_held or not callable(handler):
        yield
        return
    hold = _Hold(handler)
    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        hold.act()


@contextmanager
def interrupts_noted() -> Iterator[list[bool]]:
    """
    Yield a list that holds something after the block where Ctrl-C came in it.

    For what must be done to its end whatever comes: how a run ends. Ctrl-C there left no report.
    """
    noted: list[bool] = []
    try:
        with interrupts_held_back():
            yield noted
    except KeyboardInterrupt:
        noted.append(True)


@contextmanager
def interrupts_let_through() -> Iterator[None]:
    """
    Let Ctrl-C take effect at once in this block, though it stands in one of `interrupts_held_back`.

    Where items are worked on in the main thread: their steps may take long, and can be given up.
    """
    hold = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not isinstance(hold, _Hold):
        yield
        return
    hold.act()
    signal.signal(signal.SIGINT, hold.handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, hold)
