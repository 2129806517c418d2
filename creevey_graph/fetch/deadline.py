"""
Time limits of a download: what is left, and a socket that reads no longer than that, nor too slowly.

requests' read timeout is per socket operation, so that a server which drips one byte a second would
hold a worker for ever. Here every read, of headers and body, waits for what is left of the deadline at
most, and counts what came.
"""

import io
import socket
from typing import Any

import attrs

from creevey_graph.errors import TooSlow
from creevey_graph.fetch.clock import Clock
from creevey_graph.stopping import SLICE_S, check_interrupted

RATE_WINDOW_S = 10.0
"""How long a rate is measured before it is judged: the grace of a slow begin, and the window after it."""


@attrs.define
class Limits:
    """
    What one call to `fetch` may take, over all its tries.

    State:
        deadline: On the monotonic clock; `pause` moves it.
    """

    deadline: float
    deadline_s: float
    connect_timeout_s: float
    read_timeout_s: float
    min_rate_bytes_s: float
    max_bytes: int
    clock: Clock

    def left_s(self) -> float:
        """Return the seconds that are left, below 0 once they are used up."""
        return self.deadline - self.clock.monotonic()

    def timeout_s(self, wanted_s: float) -> float:
        """Return *wanted_s*, or what is left of the deadline; a socket does not take 0 for "now"."""
        return max(0.001, min(wanted_s, self.left_s()))

    def pause(self, seconds: float) -> None:
        """Take out *seconds* in which the download had to wait for others."""
        self.deadline += seconds


class TimedReader(io.RawIOBase):
    """
    Reads a socket, each time with what is left of the deadline as the longest wait.

    State:
        _begin: When the window in hand began, None before the first byte.
        _count: Bytes since then.
    """

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        self._sock = sock
        # holds the socket open past its close(), as http.client needs
        self._raw = sock.makefile("rb", buffering=0)
        self._limits = limits
        self._begin: float | None = None
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = min(self._limits.read_timeout_s, self._limits.left_s())
        while left_s > 0:
            check_interrupted()
            # In slices, so that Ctrl-C is heeded; a `makefile` could not be read again after one.
            self._sock.settimeout(max(0.001, min(left_s, SLICE_S)))
            try:
                count = self._sock.recv_into(buffer)
            except TimeoutError:
                left_s -= SLICE_S
                continue
            if count:
                self._measure(count)
            return count
        raise TimeoutError("timed out")

    def _measure(self, count: int) -> None:
        now = self._limits.clock.monotonic()
        if self._begin is None:
            self._begin = now
        self._count += count
        seconds = now - self._begin
        if seconds < RATE_WINDOW_S:
            return
        if self._count < self._limits.min_rate_bytes_s * seconds:
            raise TooSlow(
                f"expected at least {self._limits.min_rate_bytes_s:g} bytes a second "
                f"(got {self._count} bytes in {seconds:.0f} s); lower min_rate_bytes_s"
            )
        self._begin, self._count = now, 0

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
