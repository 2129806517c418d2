"""
Open archives and videos, kept at hand so that the next part of one need not open it anew.

What is open goes by path and stat, and only where the stat tells of every change (`is_settled`); a
file that was written just now is opened for each part until it has rested for 2 s.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from creevey_graph.fingerprint.files import Stat, is_settled


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)
_Key = tuple[str, Stat]


class _Place(Generic[T]):
    """State: held = what is open, None while it is being opened; users = who reads it now."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: T | None = None
        self.users = 0


class Shelf(Generic[T]):
    """
    Things that several threads read at once.

    State: places = (path, stat) -> place, the one used last at the end. Thread safety: all methods;
    what is dropped is closed once nobody reads it.
    """

    def __init__(self, open_it: Callable[[str], T], most: int) -> None:
        self._open_it = open_it
        self._most = most
        self._lock = threading.Lock()
        self._places: OrderedDict[_Key, _Place[T]] = OrderedDict()

    @contextmanager
    def lent(self, path: str | os.PathLike[str]) -> Iterator[T]:
        """
        Give what is open for *path* while the block lasts.

        Raises:
            OSError: There is no such file.
            Exception: Whatever opening it raises.
        """
        text = os.fspath(path)
        stat = Stat.of(text)
        if not is_settled(stat, time.time_ns()):
            fresh = self._open_it(text)
            try:
                yield fresh
            finally:
                fresh.close()
            return
        place = self._take((text, stat))
        try:
            with place.lock:
                if place.held is None:
                    place.held = self._open_it(text)
            yield place.held
        finally:
            self._give_back((text, stat), place)

    def close(self) -> None:
        """Close what nobody reads."""
        with self._lock:
            idle = [key for key, place in self._places.items() if not place.users]
            dropped = [self._places.pop(key) for key in idle]
        for old in dropped:
            if old.held is not None:
                old.held.close()

    def _take(self, key: _Key) -> _Place[T]:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            place.users += 1
            self._places.move_to_end(key)
            return place

    def _give_back(self, key: _Key, place: _Place[T]) -> None:
        with self._lock:
            place.users -= 1
            if place.held is None and not place.users and self._places.get(key) is place:
                del self._places[key]  # it could not be opened
            idle = [key for key, place in self._places.items() if not place.users]
            dropped = [self._places.pop(key) for key in idle[: max(0, len(self._places) - self._most)]]
        for old in dropped:
            if old.held is not None:
                old.held.close()


class Rack(Generic[T]):
    """
    Things that one thread uses at a time, each at its own position.

    State: idle = (path, stat, thing), the one given back last at the end. Thread safety: all methods.
    """

    def __init__(self, open_it: Callable[[str], T], most: int) -> None:
        self._open_it = open_it
        self._most = most
        self._lock = threading.Lock()
        self._idle: list[tuple[_Key, T]] = []

    @contextmanager
    def lent(self, path: str | os.PathLike[str], cost: Callable[[T], float]) -> Iterator[T]:
        """
        Give something open for *path* while the block lasts, the nearest of those that are.

        Args:
            path: The file.
            cost: How far one that is open is from where it is needed.

        Raises:
            OSError: There is no such file.
            Exception: Whatever opening it raises.
        """
        text = os.fspath(path)
        stat = Stat.of(text)
        is_kept = is_settled(stat, time.time_ns())
        thing = (self._take((text, stat), cost) if is_kept else None) or self._open_it(text)
        try:
            yield thing
        except BaseException:
            thing.close()  # where it stands is not known
            raise
        self._put(thing, (text, stat) if is_kept else None)

    def _take(self, key: _Key, cost: Callable[[T], float]) -> T | None:
        with self._lock:
            fitting = [index for index, (of, _) in enumerate(self._idle) if of == key]
            if not fitting:
                return None
            return self._idle.pop(min(fitting, key=lambda index: cost(self._idle[index][1])))[1]

    def _put(self, thing: T, key: _Key | None) -> None:
        dropped = [thing]
        if key is not None:
            with self._lock:
                self._idle.append((key, thing))
                dropped = [old for _, old in self._idle[: -self._most]]
                del self._idle[: -self._most]
        for old in dropped:
            old.close()
