"""
What makes a worker process unfit for another item.

An item may leave something behind that the next one would suffer from: a call that ran out of time goes on in its
thread, and an item that took all the memory there was may have kept some. Who runs items in processes asks here after
each, and goes on in a new one. One state for the process, as that is what is spoilt.
"""

import threading

_REASONS: list[str] = []
_LEFT: list[threading.Thread] = []


def note_spoilt(why: str) -> None:
    """Say that this process should take no more items."""
    _REASONS.append(why)


def note_left(thread: threading.Thread) -> None:
    """Say that a thread goes on that nobody waits for any more."""
    _LEFT[:] = [*(left for left in _LEFT if left.is_alive()), thread]


def is_spoilt() -> bool:
    """True where this process should take no more items: while a thread that was left goes on, or for good."""
    return bool(_REASONS) or (bool(_LEFT) and any(thread.is_alive() for thread in _LEFT))
