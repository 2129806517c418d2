"""
A diskcache `Disk` that stores bytes only.

Keys are a letter and 64 hex digits. Values are bytes in a row, or a file whose name is
made of its key's digest and a nonce (diskcache removes a replaced row's file after the
commit, so two writes must not share a name). Pickle and text modes are refused on every
path; a file name read from the database must have our form before it is opened or
removed, and links are not followed: a planted row otherwise ran code, read files
outside the cache and deleted them.
"""

import errno
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from typing import Any

import attrs
import diskcache
from diskcache.core import MODE_BINARY, MODE_RAW

INLINE_BYTES = 32 * 1024
"""Smaller values stand in the database's rows."""

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO)
_UNREADABLE = (errno.EACCES, errno.EPERM, errno.EIO)
_KEY = re.compile(r"[brcm][0-9a-f]{64}")  # blob, record; of a node: has content keys, measures
_INSERT = """
    INSERT OR IGNORE INTO Cache(key, raw, store_time, access_time, access_count, size, mode, value)
    VALUES (?, 1, ?, ?, 0, 0, ?, ?)
"""
_FILENAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}-[0-9a-f]{16}\.val")


class UnreadableError(ValueError):
    """A value's file is there, and cannot be read."""


@attrs.frozen
class Stored:
    """
    A value file that a worker has written already.

    Args:
        filename: Relative to the cache's folder.
        size: Bytes in the file.
    """

    filename: str
    size: int


class SafeDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """The only `Disk` we open a cache with. Thread safety: as diskcache's, no state of its own."""

    def __init__(self, directory: str, **_: Any) -> None:
        super().__init__(directory)  # options come from rows of the database, where there may be any

    def put(self, key: Any) -> tuple[str, bool]:
        return checked_key(key), True

    def get(self, key: Any, raw: Any) -> str:
        if not raw:
            raise ValueError("cache: a pickled key is refused")
        return checked_key(key)

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, str | None, Any]:
        if read or not isinstance(value, bytes | Stored):
            raise TypeError(f"cache: only bytes are stored (got {type(value).__name__})")
        if isinstance(value, Stored):
            return value.size, MODE_BINARY, checked_filename(value.filename), None
        if len(value) < INLINE_BYTES:
            return 0, MODE_RAW, None, sqlite3.Binary(value)
        stored = write_value(self._directory, key, value)
        return stored.size, MODE_BINARY, stored.filename, None

    def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> bytes:
        if mode == MODE_RAW and isinstance(value, bytes) and not read:
            return value
        if mode != MODE_BINARY or read:
            raise ValueError("cache: only bytes are read")
        path = os.path.join(self._directory, checked_filename(filename))  # noqa: PTH118 - per entry
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, no path
                return file.read()
        except OSError as exc:
            # diskcache takes an OSError for a plain miss: the row would stay for ever
            if exc.errno in _GONE:
                raise ValueError("cache: a value file is gone, or is no file") from exc
            if exc.errno in _UNREADABLE:
                raise UnreadableError(f"cache: a value file cannot be read ({exc.strerror})") from exc
            raise

    def filename(self, key: Any = None, value: Any = None) -> tuple[str, str]:
        del value
        name = _filename_of(checked_key(key))
        return name, os.path.join(self._directory, name)  # noqa: PTH118 - per entry

    def remove(self, file_path: Any) -> None:
        # A planted name is left alone without a word: an error here would undo the whole commit.
        with suppress(OSError, ValueError):
            os.remove(os.path.join(self._directory, checked_filename(file_path)))  # noqa: PTH107, PTH118


def write_value(directory: str, key: str, *data: Any) -> Stored:
    """
    Write a value file, whole or not at all, and return what a row needs to point at it.

    One level of folders: with diskcache's two, nearly every value made two folders, 0.25 ms each time.

    Args:
        directory: The store's.
        key: The value's key.
        data: Its bytes, in parts.

    Raises:
        OSError: It cannot be written; nothing is left.
    """
    name = _filename_of(checked_key(key))
    path = os.path.join(directory, name)  # noqa: PTH118 - per entry
    temporary = f"{path}.tmp"
    try:
        descriptor = _created(temporary)
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, no path
            for part in data:
                _write_all(file, memoryview(part))
        os.rename(temporary, path)  # noqa: PTH104 - per entry
    except BaseException:
        with suppress(OSError):
            os.remove(temporary)  # noqa: PTH107 - per entry
        raise
    return Stored(name, sum(map(len, data)))


def _created(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - per entry
        return os.open(path, flags, 0o600)


def _write_all(file: FileIO, data: memoryview) -> None:
    while data:
        data = data[file.write(data) :]


def _filename_of(key: str) -> str:
    digest = key[1:]
    return f"{digest[:2]}/{digest[2:]}-{secrets.token_hex(8)}.val"


def checked_key(key: Any) -> str:
    """Return *key* where it has our form, else raise ValueError."""
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ValueError(f"cache: a key must be a letter and 64 hex digits (got {key!r})")
    return key


def checked_filename(name: Any) -> str:
    """Return a value file's *name* where it has our form, else raise ValueError."""
    if not (isinstance(name, str) and _FILENAME.fullmatch(name)):
        raise ValueError(f"cache: a value file's name is not of our form ({name!r}); entry refused")
    return name


def put(store: Any, key: str, data: bytes) -> None:
    """Put a value under a key, whether it has one or not."""
    if not insert_new(store, key, data):
        store.set(key, data, retry=False)


def put_all(store: Any, values: Mapping[str, bytes]) -> None:
    """Put values under their keys."""
    for key, data in values.items():
        put(store, key, data)


def insert_new(store: Any, key: str, data: bytes | Stored) -> bool:
    """
    Put a small value under a key that has none yet; False where that does not apply.

    diskcache's own `set` asks first and takes three times as long, of the dearest thing that an item costs.

    Args:
        store: A diskcache, best in the midst of a transaction.
        key: The key.
        data: The value.
    """
    if isinstance(data, Stored) or len(data) >= INLINE_BYTES:
        return False
    now = time.time()
    row = (checked_key(key), now, now, MODE_RAW, data)
    return bool(store._sql(_INSERT, row).rowcount)  # noqa: SLF001 - its only way to SQL
