"""
Hosts, as all downloads of this process know them: how many ask at once, which are down, which asked for peace.

A dead host must cost seconds, not the full round of tries for each of its URLs. After a connection that
failed, one URL at a time tries the host, each after a longer pause; after the third in a row the host is
given up: its URLs fail at once for a minute, then one may try again. Failures of connections that were
begun before the last failure count with it, so that eight at once are one, and a server that is
restarted is not taken for a dead one. So is a host given up that does nothing but ask to be left in peace: it
would hold every thread that asks it, a minute at a time, and other hosts would wait for the threads.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from creevey_graph.errors import HostGivenUp
from creevey_graph.fetch.clock import Clock
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.robots import RobotsFile
from creevey_graph.fetch.shown import get_of
from creevey_graph.stopping import SLICE_S, check_interrupted

GIVE_UP_AFTER = 3
"""Connections that fail, or requests for peace, in a row before a host is given up."""
COOL_DOWN_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
_KEPT = 4096


def longest_pause_s(failures: int) -> float:
    """Return the upper end of the random wait after so many failures: 1, 2, 4 … 60 s."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10))


@attrs.define
class Slot:
    """
    The right to ask a host, held while its answer is read.

    State:
        begin: When it was given.
        is_probe: It tries whether the host is back.
        is_held: It is to be given back.
    """

    host: "Host"
    begin: float = 0.0
    is_probe: bool = False
    is_held: bool = False


class Host:
    """
    One origin (scheme, host and port).

    State:
        robots: What its robots.txt says, None before it was asked for; `robots_lock` is held meanwhile.
        _active: Slots that are held.
        _failures: Connections that failed in a row.
        _failed_at: When the last of them did.
        _cause: Why.
        _refused_until: While given up: when the next one may try.
        _is_probed: One tries whether it is back.
        _held_until: Before then nothing is asked.
        _pleas: Times in a row that it asked for peace, each after what it had asked for before.
        _asked_peace_at: When it last did.
        _first_plea_at: When it began to.
        _spared_until: Given up for that: before then nothing is asked, nor waited for.

    Thread safety: `_changed` guards all but `robots`.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.robots: RobotsFile | None = None
        self.robots_lock = threading.Lock()
        self._changed = threading.Condition(threading.Lock())
        self._active = 0
        self._failures = 0
        self._failed_at = 0.0
        self._cause = ""
        self._refused_until = 0.0
        self._is_probed = False
        self._held_until = 0.0
        self._pleas = 0
        self._asked_peace_at = 0.0
        self._first_plea_at = 0.0
        self._spared_until = 0.0

    @contextmanager
    def slot(self, url: str, limits: Limits, per_host: int) -> Iterator[Slot]:
        """
        Wait until *url* may be asked for, and hold its place meanwhile; the wait is not the download's.

        Raises:
            HostGivenUp: The host is down.
        """
        slot = Slot(self)
        try:  # around the wait too: Ctrl-C at its end would leave the place taken for good
            self._enter(slot, url, limits, per_host)
            yield slot
        finally:
            self._leave(slot)

    def _enter(self, slot: Slot, url: str, limits: Limits, per_host: int) -> None:
        clock = limits.clock
        asked = now = clock.monotonic()
        while True:
            with self._changed:
                while self._is_full(per_host) and not self._is_refused(now):
                    self._changed.wait(SLICE_S)
                    check_interrupted()
                    now = clock.monotonic()
                if self._is_refused(now):
                    raise HostGivenUp(self._told_given_up(url, now))
                wait_s = self._held_until - now
                if wait_s <= 0:
                    slot.begin = now
                    slot.is_probe = self._is_probed = self._failures > 0
                    slot.is_held = True
                    self._active += 1
                    break
            clock.sleep(wait_s)
            now = clock.monotonic()
        limits.pause(now - asked)

    def _is_full(self, per_host: int) -> bool:
        return self._active >= per_host or (self._failures > 0 and self._is_probed)

    def _is_refused(self, now: float) -> bool:
        is_down = self._failures >= GIVE_UP_AFTER and (now < self._refused_until or self._is_probed)
        return is_down or now < self._spared_until

    def _told_given_up(self, url: str, now: float) -> str:
        if now < self._spared_until:
            why, until = f"asked for peace {self._pleas} times in a row", self._spared_until
        else:
            why = f"gave no connection {self._failures} times in a row ({self._cause})"
            until = self._refused_until
        return (
            f"{get_of(url)}: {self.origin} {why}, so it was not asked; run again {max(1.0, until - now):.0f} s "
            "later, when it is tried again"
        )

    def _leave(self, slot: Slot) -> None:
        if not slot.is_held:
            return
        with self._changed:
            self._active -= 1
            if slot.is_probe:
                self._is_probed = False
                self._changed.notify_all()
            else:
                self._changed.notify()

    def connected(self, *, is_busy: bool = False) -> None:
        """Take in that the host answered; *is_busy*: that it may come later."""
        if self._pleas and not is_busy:
            with self._changed:
                self._pleas = 0
                self._spared_until = 0.0
        if self._failures:
            with self._changed:
                self._failures = 0
                self._changed.notify_all()

    def failed(self, slot: Slot, cause: str, clock: Clock) -> bool:
        """Take in that there was no connection, for this *cause*; return whether the host is given up."""
        with self._changed:
            if slot.begin >= self._failed_at:
                self._failures += 1
                self._failed_at = clock.monotonic()
                self._cause = cause
                if self._failures >= GIVE_UP_AFTER:
                    self._refused_until = self._failed_at + COOL_DOWN_S
                    self._changed.notify_all()
                else:
                    pause_s = clock.jitter() * longest_pause_s(self._failures)
                    self._held_until = max(self._held_until, self._failed_at + pause_s)
            return self._failures >= GIVE_UP_AFTER

    def hold(self, slot: Slot, seconds: float, clock: Clock) -> bool:
        """Ask nothing of the host for so long, as it said in Retry-After; return whether it is given up."""
        with self._changed:
            now = clock.monotonic()
            self._held_until = max(self._held_until, now + seconds)
            if slot.begin >= self._asked_peace_at:
                self._first_plea_at = self._first_plea_at if self._pleas else now
                self._pleas += 1
                self._asked_peace_at = now
                if self._is_tiring(now + seconds):
                    self._spared_until = now + COOL_DOWN_S
                    self._changed.notify_all()
            return now < self._spared_until

    def _is_tiring(self, until: float) -> bool:
        # Many say "in a second" for a limit of so many in ten: the whole list failed after two seconds.
        return self._pleas >= GIVE_UP_AFTER and until - self._first_plea_at >= COOL_DOWN_S


class Hosts:
    """
    The hosts that were asked lately; the longest unused are forgotten beyond 4096.

    Thread safety: all methods, from any thread.
    """

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, Host] = OrderedDict()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begin anew in a forked child, where the threads are gone that held locks and places."""
        self._hosts = OrderedDict()
        self._lock = threading.Lock()

    def find(self, origin: str) -> Host:
        """Return what is known of *origin*, the same object for all that ask it at once."""
        with self._lock:
            host = self._hosts.get(origin)
            if host is None:
                host = self._hosts[origin] = Host(origin)
                if len(self._hosts) > _KEPT:
                    self._hosts.popitem(last=False)
            else:
                self._hosts.move_to_end(origin)
            return host


HOSTS = Hosts()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=HOSTS.forget)
