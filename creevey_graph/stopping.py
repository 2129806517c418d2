"""
Waits that Ctrl-C ends, in whatever thread they are.

Python tells the main thread alone of Ctrl-C; downloads in other threads would sleep and read on until
their deadlines. One event for the process, as there is one Ctrl-C: the runner sets it while an
interrupted run comes to its end.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

SLICE_S = 0.5
"""How long a wait for a server may be that cannot be ended; then it is looked whether it should be."""

_INTERRUPTED = threading.Event()


@contextmanager
def waits_ended() -> Iterator[None]:
    """End all waits in this block with KeyboardInterrupt, in all threads."""
    _INTERRUPTED.set()
    try:
        yield
    finally:
        _INTERRUPTED.clear()


def end_waits() -> None:
    """End all waits of this process from now on: it is a worker whose run was interrupted."""
    _INTERRUPTED.set()


def sleep(seconds: float) -> None:
    """
    Wait *seconds*.

    Raises:
        KeyboardInterrupt: The run was interrupted.
    """
    if _INTERRUPTED.wait(seconds):
        raise KeyboardInterrupt


def is_interrupted() -> bool:
    """True where waits are to end."""
    return _INTERRUPTED.is_set()


def check_interrupted() -> None:
    """
    Raise where the run was interrupted.

    Raises:
        KeyboardInterrupt: It was.
    """
    if is_interrupted():
        raise KeyboardInterrupt
