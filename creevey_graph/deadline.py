"""Time limits of a download: a clock, what is left, and a socket that reads no longer than that."""

import io
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen
class Clock:
    """
    Where time comes from; tests pass one that does not wait.

    Args:
        monotonic: Seconds that never go back.
        wall: Seconds since the epoch, to read a Retry-After date against.
        sleep: Wait so many seconds.
        jitter: A number in [0, 1): the share of the longest wait that is taken.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random


@attrs.frozen
class Limits:
    """What one call to `fetch` may take, over all its tries; *deadline* is on the monotonic clock."""

    deadline: float
    deadline_s: float
    connect_timeout_s: float
    read_timeout_s: float
    max_bytes: int
    clock: Clock

    def left_s(self) -> float:
        """Return the seconds that are left, below 0 once they are used up."""
        return self.deadline - self.clock.monotonic()

    def timeout_s(self, wanted_s: float) -> float:
        """Return *wanted_s*, or what is left of the deadline; a socket does not take 0 for "now"."""
        return max(0.001, min(wanted_s, self.left_s()))


class TimedReader(io.RawIOBase):
    """Reads a socket, each time with what is left of the deadline as the longest wait."""

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        self._sock = sock
        self._raw = sock.makefile(
            "rb", buffering=0
        )  # holds the socket open past its close(), as http.client needs
        self._limits = limits

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._limits.left_s() <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(self._limits.timeout_s(self._limits.read_timeout_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


@attrs.frozen
class TimedSocket:
    """The one method of a socket that http.client's response calls."""

    sock: socket.socket
    limits: Limits

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(TimedReader(self.sock, self.limits))
