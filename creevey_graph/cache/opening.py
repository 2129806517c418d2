"""Opening the database of the store, with all of diskcache's own limits off."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import diskcache

from creevey_graph.cache.disk import SafeDisk
from creevey_graph.errors import CacheError

PROBLEMS = (sqlite3.Error, OSError, diskcache.Timeout, ValueError, TypeError)
_SETTINGS: dict[str, Any] = {
    "eviction_policy": "none",  # the default drops entries from 1 GiB on, without a word
    "cull_limit": 0,
    "size_limit": 2**62,
    "statistics": 0,
    "sqlite_mmap_size": 0,  # with the line below: 182 -> 91 MB at 100 000 tiny items, at the same speed
    "sqlite_cache_size": 2_000,
    "sqlite_auto_vacuum": 0,  # with the line below: 301 -> 228 us an item; the cache is deleted, not shrunk
    "sqlite_wal_autocheckpoint": 10_000,
}
TIMEOUT_S = 5.0
_LOCKED = "database is locked"


class _Store(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """
    Waits for a lock no longer while it opens than elsewhere; diskcache has 60 s built in, for each statement.

    It tries a statement again as long as SQLite says just "database is locked"; past the time other words are put there.
    A database that was cut to nothing under a run that had it open took two minutes to be given up.

    State: ends_s = when waiting ends, by `time.monotonic`, while it or a thread's connection is being opened.
    """

    ends_s: float | None = None

    def __init__(self, directory: str) -> None:
        self.ends_s = time.monotonic() + TIMEOUT_S
        super().__init__(directory, timeout=TIMEOUT_S, disk=SafeDisk, **_SETTINGS)
        self.ends_s = None

    @property
    def _sql(self) -> Callable[..., Any]:
        execute: Callable[..., Any] = self._con.execute
        ends_s = self.ends_s or getattr(self._local, "ends_s", None)
        return execute if ends_s is None else _in_time(execute, ends_s)

    def reset(self, *args: Any, **settings: Any) -> Any:
        """Set or get a setting, as diskcache does it; of a thread's connection too, when it is opened."""
        is_outermost = getattr(self._local, "ends_s", None) is None
        if is_outermost:
            self._local.ends_s = time.monotonic() + TIMEOUT_S
        try:
            return super().reset(*args, **settings)
        finally:
            if is_outermost:
                self._local.ends_s = None


def _in_time(execute: Callable[..., Any], ends_s: float) -> Callable[..., Any]:
    """Return *execute*, whose error is no reason to try again once the time is over."""

    def execute_in_time(*args: Any) -> Any:
        try:
            return execute(*args)
        except sqlite3.OperationalError as exc:
            if str(exc) == _LOCKED and time.monotonic() > ends_s:
                raise sqlite3.OperationalError(f"{_LOCKED} by another program for {TIMEOUT_S:g} s") from exc
            raise

    return execute_in_time


def open_store(directory: str) -> Any:
    """
    Open the store in *directory*; it is made where it is not there.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: It cannot be opened.
    """
    path = Path(directory)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _Store(directory)


@contextmanager
def asked(folder: Path, store: Any, what: str) -> Iterator[None]:
    """
    Raise one kind of error where a user asks for something; in a run problems are noted instead.

    Args:
        folder: The cache's folder.
        store: The store, a dict where it could not be opened.
        what: What is done with it, as in "cannot be read".
    """
    if isinstance(store, dict):
        raise CacheError(f"cache '{folder}' cannot be {what}: it could not be opened")
    try:
        yield
    except CacheError:
        raise
    except PROBLEMS as exc:
        raise CacheError(f"cache '{folder}' cannot be {what} ({exc})") from exc


def care() -> Any:
    """Return what looks after a cache as a whole: 15 ms of imports that a run does not pay."""
    return import_module("creevey_graph.cache.care")
