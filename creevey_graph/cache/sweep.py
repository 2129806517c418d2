"""
`cache gc`: drop what saves least for its bytes, and what was left behind.

The order is that of worth per byte, the least first and of equal ones the oldest first: a cache of downloads
and pictures loses what is quick to make again and large, not what was asked for longest ago. Worth is what
making a value from nothing takes, not what it saves beside the others: small final encodings otherwise went
before the large pictures they are made of, and then these went too.
Least recently used was rejected: a set a tenth larger than the limit then has no hit at all in the next run.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache.census import Census, taken
from creevey_graph.cache.strays import bytes_below, remove_aside, set_aside, stray_values

_SHRINK_SHARE = 0.25
_SHRINK_BYTES = 1_000_000
"""A database that is empty by this much and this share is rewritten, which costs a copy of the rest."""


@attrs.frozen
class Dropped:
    """
    What was dropped of one step.

    Args:
        step: Name of the node; "" where no record tells.
        values: How many values.
        bytes: Their bytes.
        seconds: What having them saved.
    """

    step: str
    values: int
    bytes: int
    seconds: float


@attrs.frozen
class Swept:
    """
    What `Cache.gc` did, or with *dry_run* would do.

    Args:
        dropped: What was dropped, per step, the most bytes first.
        records: Records that went: of the values dropped, and those whose value had gone before.
        stray_files: Files that nothing pointed at, and databases set aside as damaged.
        stray_bytes: Their bytes.
        kept_values: How many values are left.
        kept_bytes: Their bytes.
        shrunk_bytes: What the database file gave back.
        dry_run: True where nothing was touched.
    """

    dropped: tuple[Dropped, ...] = ()
    records: int = 0
    stray_files: int = 0
    stray_bytes: int = 0
    kept_values: int = 0
    kept_bytes: int = 0
    shrunk_bytes: int = 0
    dry_run: bool = False

    @property
    def values(self) -> int:
        """How many values were dropped."""
        return sum(part.values for part in self.dropped)

    @property
    def bytes(self) -> int:
        """The bytes of the values that were dropped."""
        return sum(part.bytes for part in self.dropped)

    @property
    def seconds(self) -> float:
        """What having the dropped values saved."""
        return sum(part.seconds for part in self.dropped)


@attrs.frozen
class Limits:
    """
    What may stay.

    Args:
        max_bytes: Bytes of values; None for any.
        older_than_s: Values stored longer ago go; None for any age.
        spared_s: What is younger stays in any case: another run may be at work with it.
    """

    max_bytes: int | None = None
    older_than_s: float | None = None
    spared_s: float = 0.0


def sweep(folder: Path, store: Any, limits: Limits, *, dry_run: bool) -> Swept:
    """
    Drop values beyond the limits, records of nothing, and files that were left behind.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: The store cannot be read, or written.
    """
    now = time.time()
    with taken(store, to_write=not dry_run) as census:
        _choose(census, limits, now)
        names = [name for (name,) in census.sql("SELECT name FROM temp.gone WHERE name IS NOT NULL")]
        swept = _told(census, dry_run=dry_run)
        if not dry_run:
            census.sql("DELETE FROM Cache WHERE rowid IN (SELECT id FROM temp.gone)")
            census.sql("DELETE FROM Cache WHERE rowid IN (SELECT id FROM temp.empty)")
    if not dry_run:
        for name in names:  # after the commit: a row that points at nothing would be damage
            store.disk.remove(name)
    files, size = _strays(folder, store, now - limits.spared_s, dry_run=dry_run)
    if dry_run:
        return attrs.evolve(swept, stray_files=files, stray_bytes=size)
    return attrs.evolve(swept, stray_files=files, stray_bytes=size, shrunk_bytes=_shrunk(store))


def _choose(census: Census, limits: Limits, now: float) -> None:
    """Fill `temp.gone` with the blobs to drop, and `temp.empty` with the records that lose theirs."""
    sql = census.sql
    sql("CREATE TEMP TABLE gone AS SELECT * FROM temp.worth WHERE 0")
    if limits.older_than_s is not None:
        oldest = now - max(limits.older_than_s, limits.spared_s)
        sql("INSERT INTO temp.gone SELECT * FROM temp.worth WHERE used < ?", (oldest,))
    if limits.max_bytes is not None:
        _choose_least_worth(census, limits.max_bytes, now - limits.spared_s)
    sql(
        "CREATE TEMP TABLE empty AS SELECT id, stored FROM temp.made WHERE blob IN (SELECT key FROM temp.gone)"
        " OR (claims AND stored <= ? AND blob NOT IN (SELECT key FROM temp.held))",
        (now - limits.spared_s,),
    )


def _choose_least_worth(census: Census, max_bytes: int, spared_since: float) -> None:
    left = census.number("SELECT total(bytes) FROM temp.worth") - census.number(
        "SELECT total(bytes) FROM temp.gone"
    )
    # A sum in the order of worth; the rows whose bytes are still too many before them go.
    census.sql(
        """
        INSERT INTO temp.gone SELECT key, id, name, bytes, stored, used, step, saves, worth FROM (
            SELECT *, coalesce(total(bytes) OVER (
                ORDER BY worth / max(bytes, 1), used, key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0) AS freed
            FROM temp.worth WHERE used <= ? AND id NOT IN (SELECT id FROM temp.gone)
        ) WHERE freed < ?
        """,
        (spared_since, left - max_bytes),
    )


def _told(census: Census, *, dry_run: bool) -> Swept:
    steps = census.sql(
        "SELECT step, count(*), CAST(total(bytes) AS INTEGER), total(saves) FROM temp.gone"
        " GROUP BY step ORDER BY 3 DESC, 1"
    ).fetchall()
    dropped = tuple(Dropped(*step) for step in steps)
    values = census.number("SELECT count(*) FROM temp.held")
    size = census.number("SELECT total(bytes) FROM temp.held")
    return Swept(
        dropped=dropped,
        records=int(census.number("SELECT count(*) FROM temp.empty")),
        kept_values=int(values) - sum(part.values for part in dropped),
        kept_bytes=int(size) - sum(part.bytes for part in dropped),
        dry_run=dry_run,
    )


def _strays(folder: Path, store: Any, before: float, *, dry_run: bool) -> tuple[int, int]:
    """Return how many files were left behind and their bytes; remove them unless it is a dry run."""
    files = total = 0
    for stray in stray_values(store, str(folder / "store")):
        if stray.changed <= before:
            files, total = files + 1, total + stray.size
            if not dry_run:
                _remove(stray.path)
    for path in set_aside(folder):
        files, total = files + 1, total + _size_of(path)
        if not dry_run:
            with suppress(OSError):
                remove_aside(path)
    return files, total


def _size_of(path: Path) -> int:
    return path.lstat().st_size if not path.is_dir() or path.is_symlink() else bytes_below(str(path))


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - per entry


def _shrunk(store: Any) -> int:
    """Return by how many bytes the database became smaller: SQLite keeps what was emptied for new rows."""
    sql = store._sql  # noqa: SLF001 - diskcache's only way to SQL
    size, free, pages = (_pragma(sql, name) for name in ("page_size", "freelist_count", "page_count"))
    if free * size < _SHRINK_BYTES or free < _SHRINK_SHARE * pages:
        return 0
    sql("VACUUM")
    sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return (pages - _pragma(sql, "page_count")) * size


def _pragma(sql: Any, name: str) -> int:
    return int(sql(f"PRAGMA {name}").fetchone()[0])


def most_bytes(store: Any) -> int:
    """Return what the values have at most, without a look at any: the database, and what its rows say of files."""
    sql = store._sql  # noqa: SLF001 - diskcache's only way to SQL
    pages = _pragma(sql, "page_count") - _pragma(sql, "freelist_count")
    (files,) = sql("SELECT value FROM Settings WHERE key = 'size'").fetchone() or (0,)
    return pages * _pragma(sql, "page_size") + (files if isinstance(files, int) else 2**62)


def steps_text(dropped: Iterable[Dropped]) -> str:
    """Return the names of the steps that lost values, the most bytes first."""
    names = [part.step or "no known step" for part in dropped]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
