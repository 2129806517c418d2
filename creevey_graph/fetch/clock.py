"""Where time comes from."""

import random
import time
from collections.abc import Callable

import attrs

from creevey_graph.stopping import sleep


@attrs.frozen
class Clock:
    """
    Where time comes from; tests pass one that does not wait.

    Args:
        monotonic: Seconds that never go back.
        wall: Seconds since the epoch, to read a Retry-After date against.
        sleep: Wait so many seconds; Ctrl-C ends it in any thread.
        jitter: A number in [0, 1): the share of the longest wait that is taken.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], object] = sleep
    jitter: Callable[[], float] = random.random


CLOCK = Clock()
