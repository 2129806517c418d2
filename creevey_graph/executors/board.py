"""
The board between a worker process and its coordinator: what is in hand, since when, and whether to stop.

It is memory that both have mapped, so that it tells even after the worker has died, is written without a call to
the system, and cannot be lost to a step that closes all files. Layout, in 64-bit cells: two flags, what
the worker is doing, then for each of its threads: item, node position, and when each was begun, in nanoseconds of
the system's monotonic clock, which all processes share.
"""

import mmap
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import reduction
from typing import Any

from creevey_graph.executors.base import BETWEEN, Hand, Limits

RECEIVING, WORKING, SENDING, WAITING = 1, 2, 3, 0
_STOP, _END_WAITS, _DOING, _FIRST = 0, 1, 2, 3
_ITEM, _POSITION, _ITEM_BEGAN, _CALL_BEGAN, _CELLS = 0, 1, 2, 3, 4
_NOTHING = -1


class Board:
    """
    One worker's board.

    Thread safety: every cell has one writer, and is read and written as a whole.
    """

    def __init__(self, place: "int | str", threads: int) -> None:
        self._threads = threads
        self._map = _mapped(place, (_FIRST + _CELLS * threads) * 8)
        self._cells: Any = memoryview(self._map).cast("q")
        if self._cells[_FIRST] == 0:
            for thread in range(threads):
                self._cells[_FIRST + _CELLS * thread] = _NOTHING

    @staticmethod
    def make(threads: int) -> "tuple[Board, Place]":
        """
        Return a new board, and the place where the worker finds it.

        Raises:
            OSError: No memory, or no file, can be had for it.
        """
        place = Place.make((_FIRST + _CELLS * threads) * 8)
        return Board(place.where, threads), place

    def stop(self, *, now: bool) -> None:
        """Ask the worker to end after the item in hand; *now*: to end its waits."""
        self._cells[_STOP] = 1
        if now:
            self._cells[_END_WAITS] = 1

    def is_stopping(self) -> bool:
        """True where the worker is to end after the item in hand."""
        return bool(self._cells[_STOP])

    def ends_waits(self) -> bool:
        """True where the worker is to end its waits."""
        return bool(self._cells[_END_WAITS])

    def do(self, what: int) -> None:
        """Note what the worker is doing with its chunk."""
        self._cells[_DOING] = what

    def is_on_the_way(self) -> bool:
        """True while values are made again of what was sent, or results are made ready: code of the user's may run."""
        return self._cells[_DOING] in (RECEIVING, SENDING)

    def is_begun(self) -> bool:
        """True where the worker has taken up a chunk."""
        return bool(self._cells[_DOING] != WAITING)

    def recorder(self, thread: int, check: Callable[[], None]) -> "BoardRecorder":
        """Return what a thread of the worker notes its work with; *check* is called while the node before is in hand."""
        return BoardRecorder(self._cells, _FIRST + _CELLS * thread, check)

    def hands(self) -> tuple[Hand, ...]:
        """Return what the worker has in hand; nothing where it does not work on items."""
        if self._cells[_DOING] != WORKING:
            return ()
        starts = (_FIRST + _CELLS * thread for thread in range(self._threads))
        return tuple(
            Hand(self._cells[at], _node_at(self._cells[at + _POSITION]))
            for at in starts
            if self._cells[at] != _NOTHING
        )

    def late(self, limits: Limits) -> tuple[Hand, ...]:
        """Return what takes longer than *limits* allow."""
        if self._cells[_DOING] != WORKING:
            return ()
        now, found = time.monotonic_ns(), []
        for at in (_FIRST + _CELLS * thread for thread in range(self._threads)):
            item, position, item_began, call_began = self._cells[at : at + _CELLS].tolist()
            if item == _NOTHING:
                continue
            if now - item_began > limits.item_s * 1e9:
                found.append(Hand(item, _node_at(position), is_late=True, is_item=True))
            elif position in limits.calls_s and now - call_began > limits.calls_s[position] * 1e9:
                found.append(Hand(item, position, is_late=True))
        return tuple(found)


def _node_at(position: int) -> int:
    return BETWEEN - position if position <= BETWEEN else position


class Place:
    """
    Memory without a name, which is handed to the worker as it starts; where the system has none such, a small file.

    A file's bytes are all written: on a full disk, memory mapped of one that is not there yet ends the process.

    Args:
        where: A descriptor, or a path.
    """

    def __init__(self, where: "int | str") -> None:
        self.where = where

    @classmethod
    def make(cls, size: int) -> "Place":
        """Return a new place of *size* bytes, all 0."""
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("creevey-board", os.MFD_CLOEXEC)
            os.truncate(descriptor, size)
            return cls(descriptor)
        descriptor, path = tempfile.mkstemp(prefix="creevey-board-")
        try:
            os.write(descriptor, bytes(size))
        except OSError:
            os.unlink(path)  # noqa: PTH108 - text
            raise
        finally:
            os.close(descriptor)
        return cls(path)

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand it to a process that is being started."""
        if isinstance(self.where, str):
            return Place, (self.where,)
        return _taken, (reduction.DupFd(self.where),)

    def remove(self) -> None:
        """Remove it, if it is still there; boards that are mapped stay."""
        with suppress(OSError):
            if isinstance(self.where, str):
                os.unlink(self.where)  # noqa: PTH108 - text
            elif self.where >= 0:
                os.close(self.where)
                self.where = -1


def _taken(descriptor: Any) -> Place:
    return Place(descriptor.detach())


def _mapped(place: "int | str", size: int) -> mmap.mmap:
    if isinstance(place, int):
        return mmap.mmap(place, size)
    descriptor = os.open(place, os.O_RDWR | os.O_CLOEXEC)
    try:
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


class BoardRecorder:
    """Notes what one thread of a worker has in hand."""

    def __init__(self, cells: Any, at: int, check: Callable[[], None]) -> None:
        self._check = check
        self._cells = cells
        self._at = at

    def mark(self, item: int, position: int) -> None:
        """Say that a node of an item begins. Times go first: in between, something old looks younger than it is."""
        self._check()
        cells, at, now = self._cells, self._at, time.monotonic_ns()
        cells[at + _CALL_BEGAN] = now
        if cells[at] != item:
            cells[at + _ITEM_BEGAN] = now
            cells[at] = item
        cells[at + _POSITION] = position

    def close(self) -> None:
        """Say that nothing is in hand."""
        self._cells[self._at] = _NOTHING
