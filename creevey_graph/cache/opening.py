"""Opening the database of the store, with all of diskcache's own limits off."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
    Waits for a lock, while it opens, no longer than elsewhere; diskcache has 60 s built in, for each statement.

    It tries a statement again as long as SQLite says just "database is locked"; where patience is over, other words are
    put there. A database that was cut to nothing under a run that had it open took two minutes to be given up.

    State: patience = while it, or a thread's connection, is being opened.
    """

    patience: "_Patience | None" = None

    def __init__(self, directory: str) -> None:
        self.patience = _Patience(directory)
        super().__init__(directory, timeout=TIMEOUT_S, disk=SafeDisk, **_SETTINGS)
        self.patience = None

    @property
    def _sql(self) -> Callable[..., Any]:
        execute: Callable[..., Any] = self._con.execute
        patience = self.patience or getattr(self._local, "patience", None)
        return execute if patience is None else patience.limited(execute)

    def reset(self, *args: Any, **settings: Any) -> Any:
        """Set or get a setting, as diskcache does it; of a thread's connection too, when it is opened."""
        is_outermost = getattr(self._local, "patience", None) is None
        if is_outermost:
            self._local.patience = _Patience(self._directory)
        try:
            return super().reset(*args, **settings)
        finally:
            if is_outermost:
                self._local.patience = None


class _Patience:
    """
    How long a lock is waited for: while whoever holds it writes, or has done so within `TIMEOUT_S`.

    To go on without the cache costs more than to wait for a large log to be merged on a slow disk; who writes
    nothing for so long is stopped or hangs.

    State: ends_s = until when, by `time.monotonic`; seen = how the files were at the last look.
    """

    def __init__(self, directory: str) -> None:
        self._paths = [f"{directory}/{name}" for name in ("cache.db", "cache.db-wal")]
        self.ends_s = time.monotonic() + TIMEOUT_S
        self._seen: list[tuple[int, int]] | None = None

    def is_over(self) -> bool:
        """Return whether there is no sense in waiting any longer."""
        now_s, seen = time.monotonic(), list(self._look())
        if self._seen is None or seen != self._seen:
            self.ends_s = max(self.ends_s, now_s + TIMEOUT_S) if self._seen is not None else self.ends_s
            self._seen = seen
        return now_s > self.ends_s

    def _look(self) -> Iterator[tuple[int, int]]:
        for path in self._paths:
            with suppress(OSError):
                stat = os.stat(path)  # noqa: PTH116 - a thousand times a second
                yield stat.st_mtime_ns, stat.st_size

    def limited(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        """Return *execute*, whose error is no reason to try again once patience is over."""

        def execute_in_time(*args: Any) -> Any:
            try:
                return execute(*args)
            except sqlite3.OperationalError as exc:
                if str(exc) == _LOCKED and self.is_over():
                    told = f"{_LOCKED} by another program, which has written nothing for {TIMEOUT_S:g} s"
                    raise sqlite3.OperationalError(told) from exc
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
