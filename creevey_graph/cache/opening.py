"""Opening the database of the store, and telling what stands in the way."""

import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import DBNAME

from creevey_graph.cache.database import Database, is_locked
from creevey_graph.cache.sqlite_files import error_name, is_broken, is_past
from creevey_graph.errors import CacheError

PROBLEMS = (sqlite3.Error, OSError, diskcache.Timeout, ValueError, TypeError)
TIMEOUT_S = 5.0
"""How long a run waits for a lock that another process holds; once, then briefly (`database.BRIEFLY_S`)."""


def open_store(directory: str) -> Database:
    """
    Open the store in *directory*; it is made where it is not there.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: It cannot be opened.
    """
    Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    return Database(directory, TIMEOUT_S)


def database_of(directory: str) -> str:
    """Return the path of a store's database."""
    return os.path.join(directory, DBNAME)  # noqa: PTH118 - it is text


def is_lost(exc: BaseException, directory: str) -> bool:
    """True where a store's database is damaged as a whole, and is so at a second look."""
    return is_broken(exc) and not is_past(exc, database_of(directory))


def open_or_begin_anew(folder: Path, directory: str, problems: list[str]) -> Database:
    """
    Open the store of a cache; one that is damaged is set aside.

    Args:
        folder: The cache's folder.
        directory: The store's.
        problems: What is to be told is added here.

    Raises:
        CacheError: It cannot be opened.
    """
    try:
        found = open_store(directory)
    except PROBLEMS as exc:
        if not is_lost(exc, directory):
            raise CacheError(f"cache '{folder}' cannot be opened ({told(exc, folder)})") from exc
        return begin_anew(folder, directory, problems)
    if found.is_read_only:
        problems.append(READ_ONLY)
    return found


def begin_anew(folder: Path, directory: str, problems: list[str]) -> Database:
    """
    Set a damaged store aside and open an empty one.

    Raises:
        CacheError: It cannot be done.
    """
    aside = f"{directory}.bad-{time.time_ns()}"
    problems.append(f"the cache's database is damaged; set aside as {Path(aside).name}, begun anew")
    try:
        shutil.move(directory, aside)
        return open_store(directory)
    except (*PROBLEMS, shutil.Error) as exc:
        raise CacheError(f"cache '{folder}' cannot be begun anew ({told(exc, folder)})") from exc


FULL = "there is no space left for it; what does not fit is not kept, and is made again when it is needed"
READ_ONLY = "it can only be read: what is made anew is not kept"
BUSY = "another process holds its database; what could not be written is made again when it is needed"


def is_told_enough(text: str) -> bool:
    """True where a text of `told` says by itself what becomes of what cannot be written."""
    return text in (FULL, BUSY)


def told(exc: BaseException, folder: Path) -> str:
    """
    Return what went wrong in words; the same for the store, its files and the index, so that it is told once.

    Args:
        exc: What was raised.
        folder: The cache's: SQLite says "unable to open database file" where it cannot make its log.
    """
    said = exc.__context__ if isinstance(exc, diskcache.Timeout) else None
    if isinstance(said, sqlite3.Error) and not is_locked(said):
        return told(said, folder)  # of every error at BEGIN diskcache makes a time-out
    if isinstance(exc, diskcache.Timeout) or (isinstance(exc, sqlite3.Error) and is_locked(exc)):
        return BUSY
    if error_name(exc) == "SQLITE_FULL" or getattr(exc, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return FULL
    if isinstance(exc, sqlite3.OperationalError) and _is_full(folder):
        return FULL
    # Without the file's name: what befalls a thousand entries is told once.
    what = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc
    return f"{type(exc).__name__}: {what}"


def _is_full(folder: Path) -> bool:
    with suppress(OSError, AttributeError):  # Windows has no `statvfs`
        facts = os.statvfs(folder)
        return not facts.f_bavail or (facts.f_files > 0 and not facts.f_favail)
    return False


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
        raise CacheError(f"cache '{folder}' cannot be {what} ({told(exc, folder)})") from exc


def care() -> Any:
    """Return what looks after a cache as a whole: 15 ms of imports that a run does not pay."""
    return import_module("creevey_graph.cache.care")
