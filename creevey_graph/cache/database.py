"""
The store's database: diskcache's, opened without writing to one that is as it should be.

diskcache writes each of its settings anew whenever it opens a database, and tries that for 60 s each where
another process holds the lock: a peer that was stopped in a transaction held every other run back for minutes.
Here one that has our settings is only looked at; another is made, or put right, by one process at a
time. One in a folder that cannot be written to is read all the same.

Thread safety: as diskcache's; `step_back` concerns the thread that writes.
"""

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import diskcache
from diskcache.core import DBNAME, DEFAULT_SETTINGS, METADATA

from creevey_graph.cache.disk import SafeDisk
from creevey_graph.cache.lock import Lock
from creevey_graph.cache.sqlite_files import check_files

_OURS: dict[str, Any] = {
    "eviction_policy": "none",  # the default drops entries from 1 GiB on, without a word
    "cull_limit": 0,
    "size_limit": 2**62,
    "statistics": 0,
    "sqlite_mmap_size": 0,  # with the line below: 182 -> 91 MB at 100 000 tiny items, at the same speed
    "sqlite_cache_size": 2_000,
    "sqlite_auto_vacuum": 0,  # with the line below: 301 -> 228 us an item; the cache is deleted, not shrunk
    "sqlite_wal_autocheckpoint": 10_000,
}
_SETTINGS: dict[str, Any] = {**DEFAULT_SETTINGS, **_OURS}
_OF_FILE = ("sqlite_auto_vacuum", "sqlite_journal_mode")
"""These stand in the file; the others are each connection's."""
_PARTS = frozenset(
    [
        "Settings",
        "Cache",
        "Cache_key_raw",
        "Cache_expire_time",
        "Settings_count_insert",
        "Settings_count_delete",
        "Settings_size_insert",
        "Settings_size_update",
        "Settings_size_delete",
    ]
)
"""Tables, indexes and triggers that diskcache makes."""
BRIEFLY_S = 0.1
"""How long is waited for a lock once a wait came to nothing: what holds it is stopped, or hung."""


class Database(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """
    The database and value files in a folder.

    Args:
        directory: The folder, which is there.
        wait_s: How long is waited for a lock.

    State: is_read_only = nothing can be written here; until = when waiting ends while it is being made.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: It cannot be opened.
    """

    def __init__(self, directory: str, wait_s: float) -> None:
        self._directory = directory
        self._timeout = wait_s
        self._local = threading.local()
        self._txn_id = None
        self._until: float | None = None
        check_files(os.path.join(directory, DBNAME))  # noqa: PTH118 - it is text
        self.is_read_only = not may_write(directory, DBNAME)
        if self._adopts():
            return
        if self.is_read_only:
            raise sqlite3.OperationalError("there is nothing in it, and it can only be read")
        place = Path(directory)
        with Lock(place.parent, place.name) as lock:  # on the folder itself: no file more
            if not lock.own(wait_s):
                raise diskcache.Timeout("another process is making it, and does not end")
            if not self._adopts(is_last=True):
                self._make(wait_s)

    def _make(self, wait_s: float) -> None:
        self.close()
        self._until = time.monotonic() + wait_s
        try:
            super().__init__(self._directory, wait_s, SafeDisk, **_OURS)
        except (TypeError, ValueError, AttributeError) as exc:  # a row of settings that is none
            raise sqlite3.DatabaseError("its settings are damaged") from exc
        self._until = None

    def reset(self, key: Any, *given: Any, **options: Any) -> Any:
        """Set what is ours; diskcache runs pragmas, sets attributes and calls the disk with whatever rows it finds."""
        if key in _SETTINGS:
            return super().reset(key, _SETTINGS[key], update=options.get("update", True))
        return super().reset(key, *given, **options) if key in METADATA else None

    def _adopts(self, *, is_last: bool = False) -> bool:
        """Take the database as it is; False where it is not there, not as it should be, or held, unless *is_last*."""
        try:
            held = dict(self._con.execute("SELECT key, value FROM Settings"))
            parts = {name for (name,) in self._con.execute("SELECT name FROM sqlite_master")}
            ((self._page_size,),) = self._con.execute("PRAGMA page_size").fetchall()
        except sqlite3.OperationalError as exc:
            self.close()
            if is_locked(exc) and is_last:
                raise diskcache.Timeout("another process holds it, and does not end") from exc
            if is_locked(exc) or "no such table" in str(exc):
                return False
            raise
        if not parts >= _PARTS or any(held.get(name) != value for name, value in _SETTINGS.items()):
            return False
        if not all(isinstance(held.get(name), int) for name in METADATA):
            return False
        self.__dict__.update(_SETTINGS, **{name: held[name] for name in METADATA})
        self._disk = SafeDisk(self._directory)
        return True

    @property
    def _con(self) -> Any:
        """This thread's connection; diskcache's own takes its pragmas from the database, whoever wrote there."""
        local = self._local
        if getattr(local, "pid", None) != os.getpid():  # forked: a connection must not be shared
            self.close()
            local.pid = os.getpid()
        found = getattr(local, "con", None)
        if found is None:
            found = local.con = self._connected()
        return found

    def _connected(self) -> sqlite3.Connection:
        path = os.path.join(self._directory, DBNAME)  # noqa: PTH118 - it is text
        if self.is_read_only:
            return connect_read_only(path, self._timeout)
        connection = sqlite3.connect(path, timeout=self._timeout, isolation_level=None)
        for name, value in _SETTINGS.items():
            if name.startswith("sqlite_") and name not in _OF_FILE:
                connection.execute(f"PRAGMA {name[7:]} = {value}").fetchall()
        return connection

    @property
    def _sql(self) -> Any:
        return self._con.execute if self._until is None else self._hurried

    def _hurried(self, *arguments: Any) -> Any:
        """Execute; where it is locked past the time, end diskcache's own trying too, which knows no other error."""
        try:
            return self._con.execute(*arguments)
        except sqlite3.OperationalError as exc:
            if is_locked(exc) and time.monotonic() > (self._until or 0.0):
                raise diskcache.Timeout("another process holds it") from exc
            raise

    def step_back(self, exc: BaseException) -> None:
        """
        Leave a write that failed: no transaction stays open, and the next wait for a lock is short.

        diskcache leaves one open whose COMMIT fails, as on a full disk: all others then waited for it.
        """
        connection = getattr(self._local, "con", None)
        if connection is None:
            return
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(exc, diskcache.Timeout) or (isinstance(exc, sqlite3.Error) and is_locked(exc)):
                self._timeout = BRIEFLY_S
                connection.execute(f"PRAGMA busy_timeout = {BRIEFLY_S * 1000:.0f}")


def may_write(folder: str, name: str) -> bool:
    """True where a database in *folder* can be written, and the files beside it."""
    path = os.path.join(folder, name)  # noqa: PTH118 - it is text
    # In this order: a peer may make it between the two looks.
    return os.access(folder, os.W_OK) and (not os.path.lexists(path) or os.access(path, os.W_OK))


def connect_read_only(path: str, wait_s: float) -> sqlite3.Connection:
    """
    Connect to a database in a folder that cannot be written to.

    Where its log is there, as beside a run of another user or mount, it is read as usual; else without locks,
    for which SQLite would have to make a file. What changes meanwhile is then found damaged, as
    everything read is verified.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    for options in ("mode=ro", "mode=ro&immutable=1"):
        address = f"file:{quote(os.path.abspath(path))}?{options}"  # noqa: PTH100 - it is text
        connection = sqlite3.connect(address, timeout=wait_s, isolation_level=None, uri=True)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            if "immutable" in options:
                raise
        else:
            return connection
    raise AssertionError("unreachable")


def is_locked(exc: sqlite3.Error) -> bool:
    """True where another connection held the database."""
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
