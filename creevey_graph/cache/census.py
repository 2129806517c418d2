"""
Which values there are, which records name them, and what having each saves.

Tables that last as long as the connection's temporary store, so that SQLite sorts and sums, on disk where
they are large: `held(key, id, name, bytes, stored)` of the blobs; `made(id, blob, step, saves, stored, claims)`
of the records, with `worth`; `worth`: `held` with `step`, `saves`, `worth` and `used`.

One value may have several records (a lineage key and a content key; a copy of a photo). It is counted
once, with the most that a record says it saves. `used` is when it, or a record of it, was last stored.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache.records import decode_record
from creevey_graph.cache.rows import BLOB, RECORD, Row, read_rows
from creevey_graph.cache.strays import bytes_below, index_bytes, stray_values
from creevey_graph.errors import CodecError

_SCHEMA = (
    "CREATE TEMP TABLE held (key TEXT PRIMARY KEY, id INTEGER, name TEXT, bytes INTEGER, stored REAL)",
    """
    CREATE TEMP TABLE made (
        id INTEGER PRIMARY KEY, blob TEXT, step TEXT, saves REAL, stored REAL, claims INTEGER, worth REAL
    )
    """,
)
_WORTH = (
    "CREATE INDEX temp.made_blob ON made (blob)",
    # With one max() SQLite takes the other columns from the row that has it.
    """
    CREATE TEMP TABLE worth AS
    SELECT held.*, max(held.stored, coalesce(used, 0.0)) AS used, coalesce(step, '') AS step,
        coalesce(saves, 0.0) AS saves, max(coalesce(worth, 0.0), coalesce(saves, 0.0)) AS worth
    FROM temp.held
    LEFT JOIN (SELECT blob, step, max(saves) AS saves FROM temp.made GROUP BY blob) AS best ON best.blob = key
    LEFT JOIN (SELECT blob, max(stored) AS used, max(worth) AS worth FROM temp.made GROUP BY blob) AS last
    ON last.blob = key
    """,
)
_TABLES = ("held", "made", "worth", "gone", "empty")
_LEAST_S, _MOST_S = 0.0, 1e12


@attrs.define
class Others:
    """
    Rows that are neither blob nor record.

    Args:
        rows: How many have a letter that somebody else gave a meaning.
        bytes: Their sizes.
        unknown: How many have a key of no form that we know.
    """

    rows: int = 0
    bytes: int = 0
    unknown: int = 0


@attrs.frozen
class Census:
    """
    The tables, ready to be asked.

    Args:
        sql: Runs a statement.
        others: What is neither blob nor record.
    """

    sql: Callable[..., sqlite3.Cursor]
    others: Others

    def number(self, query: str) -> float:
        """Return the one number that a query asks for, 0 where it is NULL."""
        return float(self.sql(query).fetchone()[0] or 0)


@contextmanager
def taken(store: Any, *, to_write: bool = False) -> Iterator[Census]:
    """
    Take the census and keep what it counted as it is.

    Args:
        store: A `diskcache.Cache`.
        to_write: Nobody else may write meanwhile; what is done within is done as a whole.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: The store cannot be read, or written.
    """
    sql = store._sql  # noqa: SLF001 - diskcache's only way to SQL
    _drop(sql)
    try:
        with store.transact(retry=False) if to_write else _snapshot(sql):
            yield _count(store, sql)
    finally:
        with suppress(sqlite3.Error):
            _drop(sql)


@contextmanager
def _snapshot(sql: Callable[..., Any]) -> Iterator[None]:
    sql("BEGIN")
    try:
        yield
    finally:
        sql("ROLLBACK")  # nothing but temporary tables was written


def _drop(sql: Callable[..., Any]) -> None:
    for name in _TABLES:
        sql(f"DROP TABLE IF EXISTS temp.{name}")


def _count(store: Any, sql: Callable[..., Any]) -> Census:
    for statement in _SCHEMA:
        sql(statement)
    others = Others()
    for row in read_rows(store, RECORD):
        if row.letter == BLOB:
            held = (row.key, row.rowid, row.own_file, row.size, row.stored)
            sql("INSERT INTO temp.held VALUES (?, ?, ?, ?, ?)", held)
        elif row.letter == RECORD:
            for made in _made(row, store.disk):
                sql("INSERT INTO temp.made VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        elif row.letter:
            others.rows += 1
            others.bytes += row.size
        else:
            others.unknown += 1
    for statement in _WORTH:
        sql(statement)
    return Census(sql, others)


def _made(row: Row, disk: Any) -> Iterable[tuple[Any, ...]]:
    """Return what the table is told of a record; nothing of a damaged one, which names no blob."""
    try:
        record = decode_record(row.key[1:], disk.fetch(row.mode, row.filename, row.value, False))
    except (CodecError, ValueError, OSError):
        return []
    # NaN, which a damaged clock may give, is 0
    saves_s, worth_s = (min(max(seconds, _LEAST_S), _MOST_S) for seconds in (record.saves_s, record.worth_s))
    return [(row.rowid, record.blob_key, record.step, saves_s, row.stored, record.size > 0, worth_s)]


def summed_up(census: Census) -> dict[str, Any]:
    """
    Return the totals, and per step what is held.

    Returns:
        `records`, `blobs`, `bytes` (of framed values), `saves_s`; `steps`: a list, the most bytes first, of
        `step` ("" where no record tells), `values`, `bytes`, `saves_s`, `oldest` and `newest` (seconds since
        the epoch); `other`: `rows` and `bytes` of what is neither, `unknown` rows of no form.
    """
    steps = census.sql(
        "SELECT step, count(*), CAST(total(bytes) AS INTEGER), total(saves), min(stored), max(stored)"
        " FROM temp.worth GROUP BY step ORDER BY 3 DESC, 1"
    ).fetchall()
    names = ("step", "values", "bytes", "saves_s", "oldest", "newest")
    return {
        "records": int(census.number("SELECT count(*) FROM temp.made")),
        "blobs": sum(step[1] for step in steps),
        "bytes": sum(step[2] for step in steps),
        "saves_s": sum(step[3] for step in steps),
        "steps": [dict(zip(names, step, strict=True)) for step in steps],
        "other": attrs.asdict(census.others),
    }


def count_records(store: Any) -> int:
    """Return how many records there are, 0 where the database is too damaged to tell."""
    with suppress(sqlite3.Error):
        count = store._sql("SELECT count(*) FROM Cache WHERE key >= 'r' AND key < 's'")  # noqa: SLF001
        return int(count.fetchone()[0])
    return 0


def folder_facts(folder: Path, store: Any) -> dict[str, Any]:
    """
    Return what is told of a cache's files.

    Returns:
        `folder`; `disk_bytes` of all files, of them `index_bytes`; `reports` of runs; `stray_files` that no
        row points at and `stray_bytes`.
    """
    strays = list(stray_values(store, str(folder / "store")))
    return {
        "folder": str(folder),
        "disk_bytes": bytes_below(str(folder)),
        "index_bytes": index_bytes(folder),
        "reports": sum(1 for _ in (folder / "runs").glob("*.jsonl")),
        "stray_files": len(strays),
        "stray_bytes": sum(stray.size for stray in strays),
    }
