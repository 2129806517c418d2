"""
The rows of the store, read in pages: whatever somebody planted there, nothing is unpickled or followed.

diskcache's own iteration gives keys alone, and `iterkeys` unpickles. Here SQL hands over bytes, numbers
and None only, so that text that is no UTF-8 raises nothing either. A page at a time, so that memory is
bounded, rows may be deleted meanwhile, and no long read holds the log back.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import attrs

from creevey_graph.cache.disk import INLINE_BYTES, UnreadableError, checked_filename
from creevey_graph.cache.frames import held_digest, unframe
from creevey_graph.cache.records import blob_key_of, decode_record
from creevey_graph.errors import CodecError

BLOB, RECORD = "b", "r"
_KEY = re.compile(rb"[a-z][0-9a-f]{64}")
_PAGE_ROWS = 250
_LAST_TIME = 10**11
"""Seconds since the epoch, in the year 5138; what lies beyond was planted."""
_COLUMNS = f"""
    rowid,
    substr(CAST(key AS BLOB), 1, 80),
    typeof(key) = 'text' AND length(CAST(key AS BLOB)) = 65 AND typeof(raw) = 'integer' AND raw = 1,
    CASE WHEN typeof(mode) = 'integer' THEN mode END,
    substr(CAST(filename AS BLOB), 1, 200),
    CASE WHEN typeof(value) = 'blob' AND length(value) <= {2 * INLINE_BYTES}
        AND instr(?, substr(CAST(key AS BLOB), 1, 1)) THEN value END,
    CASE WHEN filename IS NULL THEN coalesce(length(value), 0)
        WHEN typeof(size) = 'integer' AND size BETWEEN 0 AND {2**50} THEN size ELSE 0 END,
    CASE WHEN typeof(store_time) IN ('real', 'integer') AND store_time BETWEEN 0 AND {_LAST_TIME}
        THEN CAST(store_time AS REAL) ELSE 0.0 END,
    expire_time IS NULL
"""  # `sqlite3` binds numbers as they are; nothing of a user's stands in this text


@attrs.frozen
class Row:
    """
    One row.

    Args:
        rowid: Its number.
        key: Its key, "" where that is not of our form.
        told: Its key as it may be shown.
        mode: diskcache's mode.
        filename: Name of its value file, None where the value stands in the row.
        value: The value in the row, where it was asked for and is bytes.
        size: Bytes of the value, as the row tells.
        stored: When it was stored, seconds since the epoch.
        lasts: True where it has no date of expiry; we give none.
    """

    rowid: int
    key: str
    told: str
    mode: int | None
    filename: str | None
    value: bytes | None
    size: int
    stored: float
    lasts: bool

    @property
    def letter(self) -> str:
        """What kind of row it is: `BLOB`, `RECORD`, another letter, or "" for a row of an unknown form."""
        return self.key[:1]

    @property
    def own_file(self) -> str | None:
        """Name of its value file where that is made of its own key: a planted one may be another's."""
        digest = self.key[1:]
        name = f"{digest[:2]}/{digest[2:]}-"
        with suppress(ValueError):
            if self.key and self.filename and self.filename.startswith(name):
                return checked_filename(self.filename)
        return None


def read_rows(store: Any, valued: str) -> Iterator[Row]:
    """
    Yield every row, in the order of their numbers.

    Args:
        store: A `diskcache.Cache`.
        valued: Letters of the rows whose values are wanted.
    """
    query = f"SELECT {_COLUMNS} FROM Cache WHERE rowid > ? ORDER BY rowid LIMIT {_PAGE_ROWS}"  # noqa: S608 - a constant
    last = -(2**63)
    while page := store._sql(query, (valued.encode(), last)).fetchall():  # noqa: SLF001 - its only way to SQL
        yield from map(_row_of, page)
        last = page[-1][0]


def find_row(store: Any, key: str) -> Row | None:
    """Return the row of a key with its value, None where there is none."""
    return _one(store, "key = ? AND raw = 1", key)


def _one(store: Any, condition: str, value: int | str) -> Row | None:
    query = f"SELECT {_COLUMNS} FROM Cache WHERE {condition}"  # noqa: S608 - a constant
    found = store._sql(query, ("".join(CHECKS).encode(), value)).fetchone()  # noqa: SLF001 - its only way to SQL
    return _row_of(found) if found else None


def _row_of(columns: tuple[Any, ...]) -> Row:
    rowid, key, is_text, mode, filename, value, size, stored, lasts = columns
    key = key or b""
    ours = key.decode("ascii") if is_text and _KEY.fullmatch(key) else ""
    name = None if filename is None else filename.decode("utf-8", "replace")
    return Row(rowid, ours, key.decode("utf-8", "replace"), mode, name, value, size, stored, bool(lasts))


def is_whole(row: Row, disk: Any) -> bool:
    """
    True where a blob or record is what its key says.

    Raises:
        OSError: Its file is there and cannot be read.
    """
    try:
        return _is_checked(row, disk)
    except UnreadableError as exc:
        raise OSError(str(exc)) from exc
    except (CodecError, ValueError):
        return False


def _is_checked(row: Row, disk: Any) -> bool:
    return row.lasts and CHECKS[row.letter](row.key, disk.fetch(row.mode, row.filename, row.value, False))


def _is_of_use(row: Row, disk: Any) -> bool:
    """True where a row is whole, and can be read."""
    with suppress(CodecError, ValueError):
        return _is_checked(row, disk)
    return False


def _is_blob(key: str, data: bytes) -> bool:
    digest = held_digest(data)
    return blob_key_of(unframe(data, digest)[0], digest) == key


def _is_record(key: str, data: bytes) -> bool:
    return bool(decode_record(key[1:], data))


def _is_measures(key: str, data: bytes) -> bool:
    return bool(unframe(data, key[1:]))


CHECKS: dict[str, Callable[[str, bytes], bool]] = {
    BLOB: _is_blob,
    RECORD: _is_record,
    "m": _is_measures,
    "c": lambda _, data: data == b"",  # a mark, and nothing else
}
"""Letter -> what tells whether bytes are whole, and this key's."""


def delete_if_damaged(store: Any, row: Row) -> bool:
    """
    Delete a row that was found damaged, unless a run has put a whole one in its place meanwhile.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: It cannot be deleted.
    """
    with store.transact(retry=False):
        now = _one(store, "rowid = ?", row.rowid)
        if now is None or now.key != row.key or _is_of_use(now, store.disk):
            return False
        store._sql("DELETE FROM Cache WHERE rowid = ?", (row.rowid,))  # noqa: SLF001 - its only way to SQL
    if name := now.own_file:
        store.disk.remove(name)
    return True


def delete_key_if_damaged(store: Any, key: str) -> None:
    """
    Delete the row of a key where it is damaged; another item may have healed it since that was found.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: It cannot be read or deleted.
    """
    if (row := find_row(store, key)) is not None:
        delete_if_damaged(store, row)


def is_missing(row: Row, directory: str) -> bool:
    """True where the row's value file is not there."""
    name = row.own_file
    return name is not None and not os.path.lexists(os.path.join(directory, name))  # noqa: PTH118 - per entry
