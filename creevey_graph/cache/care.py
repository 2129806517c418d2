"""What is done with a whole cache by its owner: counted, checked, collected, emptied; with its lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from creevey_graph.cache.census import count_records, folder_facts, summed_up, taken
from creevey_graph.cache.index import forget_lost
from creevey_graph.cache.lock import BUSY, IN_USE, Lock
from creevey_graph.cache.opening import asked, is_lost
from creevey_graph.cache.strays import remove_empty, remove_ours
from creevey_graph.cache.sweep import Limits, Swept, most_bytes, sweep
from creevey_graph.cache.verify import YOUNG_S, Verified, verify
from creevey_graph.errors import CacheError

__all__ = ["check", "collect", "count", "emptied", "glance", "may_exceed", "remove_ours"]


def count(folder: Path, store: Any) -> dict[str, Any]:
    """
    Count what is in a cache.

    Raises:
        CacheError: It cannot be read.
    """
    with asked(folder, store, "read"), taken(store) as census:
        return {**folder_facts(folder, store), **summed_up(census)}


def glance(cache: Any, most_records: int) -> dict[str, Any]:
    """
    Count what is in a cache where that is quick.

    Args:
        cache: A `Cache`.
        most_records: Of one with more of them only `records` and `bytes`, which it has at most, are told.

    Raises:
        CacheError: It cannot be read.
    """
    folder, store = cache.folder, cache._store  # noqa: SLF001 - a part of it that stands apart
    with asked(folder, store, "read"):
        records = count_records(store)
        if records > most_records:
            return {"records": records, "bytes": most_bytes(store)}
    return count(folder, store)


def may_exceed(folder: Path, store: Any, max_bytes: int) -> bool:
    """False where the values have no more bytes than *max_bytes* for sure; costs no look at any."""
    with asked(folder, store, "read"):
        return most_bytes(store) > max_bytes


def check(folder: Path, store: Any) -> tuple[Verified, bool]:
    """
    Read everything again and remove what is damaged; return what was found, and False where the database is.

    Raises:
        CacheError: It cannot be read or written, or it is being collected.
    """
    found = Verified()
    with asked(folder, store, "checked"), Lock(folder) as lock:
        if not lock.share():
            raise CacheError(BUSY)
        try:
            verify(folder, store, found)
        except sqlite3.DatabaseError as exc:
            if not is_lost(exc, store.directory):
                raise
            return found, False
    return found, True


def collect(
    folder: Path,
    store: Any,
    limits: tuple[int | None, float | None],
    *,
    dry_run: bool,
    lock: Lock | None,
) -> Swept:
    """
    Drop what nothing points at, and what is beyond the limits; see `Cache.gc`.

    Raises:
        CacheError: A run is using the cache; or it cannot be read or written.
    """
    with asked(folder, store, "collected"), lock or Lock(folder) as held:
        if not (dry_run or held.own()):
            raise CacheError(IN_USE)
        spared_s = 0.0 if held.is_certain or dry_run else YOUNG_S
        swept = sweep(folder, store, Limits(*limits, spared_s), dry_run=dry_run)
        if not dry_run:
            forget_lost(folder)
        if not dry_run and lock is None:  # up to 2 ms a folder: a run need not wait for it
            remove_empty(store.directory)
        return swept


@contextmanager
def emptied(folder: Path, store: Any) -> Iterator[int]:
    """
    Hold the cache alone while it is emptied; yield how many records there were.

    Raises:
        CacheError: A run is using it, or something could not be deleted.
    """
    with asked(folder, store, "cleared"), Lock(folder) as lock:
        if not lock.own():
            raise CacheError(IN_USE)
        yield count_records(store)
