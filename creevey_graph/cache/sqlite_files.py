"""
What is looked at before SQLite opens a database of the cache, and what its errors mean.

SQLite trusts the files beside a database. A link in a log's place made it write over the file that it led to, and a
rollback journal may name a "super-journal", which SQLite deletes once it has rolled back: planted beside an
index, it deleted any file of the user's. Ours are regular files, and our journals name none.
"""

import os
import sqlite3
import stat
from contextlib import closing, suppress
from urllib.parse import quote

SUFFIXES = ("", "-wal", "-shm", "-journal")
"""What a database's own file and those beside it end with."""
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""What a journal ends with that names a super-journal; see "The Super-Journal" in SQLite's file format."""
_DAMAGED_READS = (
    "SQLITE_IOERR_SHORT_READ",
    "SQLITE_IOERR_READ",
    "SQLITE_IOERR_CORRUPTFS",
    "SQLITE_IOERR_DATA",
)
_OF_WHAT_WAS_READ = ("SQLITE_CORRUPT", "SQLITE_NOTADB", *_DAMAGED_READS)
_WAIT_S = 5.0
_UNREADABLE_TEXT = "could not decode to utf-8"


def check_files(path: str) -> None:
    """
    Check that a database, and what stands beside it, may be opened; what is not there may.

    Args:
        path: The database's.

    Raises:
        sqlite3.DatabaseError: One of them is no file of its own, or a journal names another file.
    """
    for suffix in SUFFIXES:
        try:
            mode = os.lstat(path + suffix).st_mode
        except OSError:
            continue
        if not stat.S_ISREG(mode):
            raise sqlite3.DatabaseError("a link, folder or pipe is in the place of a database's file")
        if suffix == "-journal" and _names_another(path + suffix):
            raise sqlite3.DatabaseError("its journal names another file")


def _names_another(journal: str) -> bool:
    with suppress(OSError), open(journal, "rb") as file:  # noqa: PTH123 - text, as everywhere here
        file.seek(-len(_JOURNAL_MAGIC), os.SEEK_END)
        return file.read() == _JOURNAL_MAGIC
    return False


def is_broken(exc: BaseException) -> bool:
    """
    True where an error says that a database is damaged as a whole, not that it cannot be used just now.

    What a write raises tells nothing of the database: under `ulimit -f` each run set a good cache aside.
    """
    if isinstance(exc, sqlite3.OperationalError):
        # A statement of ours does not fit the tables: they are another program's, or were changed.
        is_misfit = getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        return (is_misfit and "transaction" not in str(exc)) or error_name(exc) in _DAMAGED_READS
    return isinstance(exc, sqlite3.DatabaseError) and not isinstance(exc, sqlite3.ProgrammingError)


def is_past(exc: BaseException, path: str) -> bool:
    """
    True where an error speaks of what came off the disk, and SQLite finds nothing wrong with all of it now.

    A read that failed once makes a good database "malformed"; it was set aside, and what earlier runs had made
    was lost. SQLite itself looks: closing a file of one's own here would drop the locks of its connections.

    Args:
        exc: What was raised.
        path: The database's.
    """
    return error_name(exc).startswith(_OF_WHAT_WAS_READ) and not _is_malformed(path)


def _is_malformed(path: str) -> bool:
    try:
        check_files(path)
        address = f"file:{quote(path)}?mode=rw"
        with closing(sqlite3.connect(address, timeout=_WAIT_S, uri=True)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return bool(found != "ok")
    except sqlite3.Error as exc:
        return is_broken(exc)


def is_damage(exc: BaseException) -> bool:
    """True where an error that reading a row raises tells of damage to it, or to the whole database."""
    is_no_text = isinstance(exc, sqlite3.OperationalError) and _UNREADABLE_TEXT in str(exc).lower()
    return is_no_text or is_broken(exc) or isinstance(exc, ValueError | TypeError | MemoryError)


def error_name(exc: BaseException) -> str:
    """Return SQLite's own name of an error, "" where it is none of its."""
    return str(getattr(exc, "sqlite_errorname", ""))
