"""Ctrl-C held back where it would tear apart what belongs together."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """
    Let Ctrl-C take effect at the end of the block.

    A result between its worker and the index is short of neither: cut in between, an output that is in
    place was reported as never made, in one of twelve interrupted runs. Does nothing outside the main
    thread, which alone is interrupted, or where somebody else's handler is no Python function.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []

    def hold_back(number: int, frame: FrameType | None) -> Any:
        caught.append((number, frame))

    signal.signal(signal.SIGINT, hold_back)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if caught:
            handler(*caught[0])
