"""
Name look-ups that end: the system's own takes no timeout, so each has a thread of its own, which may be left behind.

A look-up that hangs ends by itself at some time, and its thread with it. All who ask for a name at once share one
thread, and a resolver that never answers costs `MOST_IN_HAND` of them at most.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

import attrs

from creevey_graph.stopping import SLICE_S, check_interrupted

MOST_IN_HAND = 256

Resolve = Callable[[str, int], Sequence[Any]]
_Asked = tuple[Resolve, str, int]


@attrs.define
class _LookUp:
    """
    One look-up in hand.

    State:
        ended: Set once one of the other two says how.
        found: The addresses.
        problem: Why there are none.
    """

    ended: threading.Event = attrs.field(factory=threading.Event)
    found: Sequence[Any] = ()
    problem: Exception | None = None


class LookUps:
    """
    The look-ups of a process.

    State:
        _joined: By what is asked, and of whom: the look-up that others may wait for too. One that kept somebody
            waiting too long is none any more: the next who asks begins anew.
        _places: For so many look-ups at once, those included that were left behind.

    Thread safety: all methods, from any thread.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew in a forked child, where the threads are gone."""
        self._joined: dict[_Asked, _LookUp] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_IN_HAND)

    def find(self, resolve: Resolve, host: str, port: int, timeout_s: float) -> Sequence[Any]:
        """
        Return what *resolve* gives for *host* and *port*, an address in digits without a thread.

        Raises:
            socket.gaierror: There is no such name, or no answer within *timeout_s*.
            KeyboardInterrupt: The run was interrupted.
        """
        if _is_address(host):
            return resolve(host, port)
        asked = (resolve, host, port)
        ends = time.monotonic() + timeout_s
        look_up = self._begun(asked, ends)
        if look_up is None or not _waited(look_up.ended.wait, ends):
            self._leave(asked, look_up)
            raise socket.gaierror(socket.EAI_AGAIN, f"no answer to the name look-up within {timeout_s:.3g} s")
        if look_up.problem is not None:
            raise look_up.problem
        return look_up.found

    def _begun(self, asked: _Asked, ends: float) -> _LookUp | None:
        """Return a look-up in hand, None where there is no place for one."""
        with self._lock:
            look_up = self._joined.get(asked)
        if look_up is not None:
            return look_up
        if not _waited(lambda wait_s: self._places.acquire(timeout=wait_s), ends):
            return None
        look_up = _LookUp()
        with self._lock:
            self._joined[asked] = look_up
        thread = threading.Thread(
            target=self._look_up, args=(asked, look_up), daemon=True, name="name look-up"
        )
        try:
            thread.start()
        except RuntimeError:  # no more threads: as it was without them
            self._look_up(asked, look_up)
        return look_up

    def _look_up(self, asked: _Asked, look_up: _LookUp) -> None:
        resolve, host, port = asked
        places = self._places
        try:
            look_up.found = resolve(host, port)
        except Exception as exc:  # noqa: BLE001 - raised where it is waited for
            look_up.problem = exc
        finally:
            self._leave(asked, look_up)
            places.release()
            look_up.ended.set()

    def _leave(self, asked: _Asked, look_up: _LookUp | None) -> None:
        with self._lock:
            if look_up is not None and self._joined.get(asked) is look_up:
                del self._joined[asked]


def _waited(wait: Callable[[float], bool], ends: float) -> bool:
    """Wait in slices, so that Ctrl-C is heeded; return whether it was for something."""
    while not wait(min(SLICE_S, max(0.0, ends - time.monotonic()))):
        check_interrupted()
        if time.monotonic() >= ends:
            return False
    return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


LOOK_UPS = LookUps()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LOOK_UPS.forget)
