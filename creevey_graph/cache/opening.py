"""Opening the database of the store, with all of diskcache's own limits off."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import diskcache

from creevey_graph.cache.databases import check_files
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
_KEPT = {**diskcache.DEFAULT_SETTINGS, **_SETTINGS}
"""Every setting that we let stand, by its name."""
TIMEOUT_S = 5.0


class _Store(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """
    A diskcache that takes no settings from its database.

    diskcache runs `PRAGMA name = value`, sets attributes, and calls the disk with whatever rows it finds there.
    """

    def reset(self, key: Any, *given: Any, **options: Any) -> Any:
        if key in _KEPT:
            return super().reset(key, _KEPT[key], update=options.get("update", True))
        return super().reset(key, *given, **options) if key in diskcache.core.METADATA else None


def open_store(directory: str) -> Any:
    """
    Open the store in *directory*; it is made where it is not there.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: It cannot be opened.
    """
    path = Path(directory)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_files(str(path / diskcache.core.DBNAME))
    try:
        return _Store(directory, timeout=TIMEOUT_S, disk=SafeDisk, **_SETTINGS)
    except (TypeError, ValueError, AttributeError) as exc:  # a row of settings that is none
        raise sqlite3.DatabaseError("its settings are damaged") from exc


def begin_anew(directory: str, problems: list[str]) -> Any:
    """
    Set a damaged store aside and open an empty one.

    Args:
        directory: The store's.
        problems: Is told of it.

    Raises:
        CacheError: It cannot be set aside, or none can be opened.
    """
    aside = f"{directory}.bad-{time.time_ns()}"
    problems.append(f"the cache's database is damaged; set aside as {Path(aside).name}, begun anew")
    try:
        shutil.move(directory, aside)
        return open_store(directory)
    except (*PROBLEMS, shutil.Error) as exc:
        raise CacheError(f"cache '{Path(directory).parent}' cannot be begun anew ({exc})") from exc


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
