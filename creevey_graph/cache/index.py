"""
The index: per graph and output folder, the last known state of every item.

A shortcut only: deleting it costs time, never truth. One SQLite file of two tables,
loaded and written in bulk. A file per item was rejected (10^6 inodes), and so was
diskcache (39-61 us a look-up; a bulk read costs 1.2 us a row).

Layout: `items(scope, key, state)` with *state* as 8 hex digits, the CRC-32 of key and rest, and the
JSON text of `ItemState` (SQLite has no checksum, and a report shows what stands here); `graphs(graph_key, graph, at_ns, ingredients)`
with the JSON ingredients that reasons are told from, of the latest `KEPT_GRAPHS` of each graph.

Thread safety: used by the coordinator alone; several processes may share the file.
"""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.fingerprint.files import Stat

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    scope TEXT NOT NULL, key BLOB NOT NULL, state TEXT NOT NULL, PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graphs (
    graph_key TEXT NOT NULL, graph TEXT NOT NULL, at_ns INTEGER NOT NULL, ingredients TEXT NOT NULL,
    PRIMARY KEY (graph_key, graph)
);
"""
VERSION = 3
KEPT_GRAPHS = 100
"""Of each graph; texts of code are long. An item made by an older one is told without details."""
TIMEOUT_S = 5.0
FAILED_WRITES = 3
"""After so many in a row nothing more is written: a hung peer would cost 5 s each."""
_CHECK_DIGITS = 8


@attrs.frozen
class FileState:
    """
    A file as it was last seen.

    Args:
        path: As the item or the output template gives it.
        size: Bytes.
        mtime_ns: Modification time.
        ctime_ns: Change time.
        inode: Inode number.
        digest: Hex digest of the content.
        looked_ns: When it was looked at, nanoseconds since the epoch.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    digest: str
    looked_ns: int

    @classmethod
    def seen(cls, path: str, stat: Stat, digest: str, looked_ns: int) -> "FileState":
        """Return the state of a file whose stat and digest were just taken."""
        return cls(path, stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode, digest, looked_ns)


@attrs.frozen
class ItemState:
    """
    The last known state of an item.

    Args:
        graph_key: Digest of the graph that was run.
        values: Digest of the item's values that are no files, and of its columns.
        sources: Its input files.
        outputs: Its output files, paths relative to `out`.
        outcome: "done", "skipped" or "failed".
        step: Node that failed or skipped.
        error: Error or skip text.
        fields: The row's fields, JSON-able.
        leftovers: Files made for it earlier that it no longer stands behind.
    """

    graph_key: str
    values: str
    sources: tuple[FileState, ...] = ()
    outputs: tuple[FileState, ...] = ()
    outcome: str = "done"
    step: str | None = None
    error: str | None = None
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    leftovers: tuple[FileState, ...] = ()


def encode_state(state: ItemState) -> str:
    """Return *state* as one line of text."""
    files = [
        [attrs.astuple(file) for file in files] for files in (state.sources, state.outputs, state.leftovers)
    ]
    parts = [
        state.graph_key,
        state.values,
        *files,
        state.outcome,
        state.step,
        state.error,
        dict(state.fields),
    ]
    return json.dumps(parts, separators=(",", ":"))


def decode_state(text: str) -> ItemState | None:
    """Return the state that *text* holds, or None where it is none."""
    try:
        graph_key, values, sources, outputs, leftovers, outcome, step, error, fields = json.loads(text)
        return ItemState(
            graph_key,
            values,
            tuple(FileState(*file) for file in sources),
            tuple(FileState(*file) for file in outputs),
            outcome,
            step,
            error,
            fields,
            tuple(FileState(*file) for file in leftovers),
        )
    except (ValueError, TypeError):
        return None


class Index:
    """
    The rows of one graph and output folder.

    Args:
        folder: The cache's folder.
        scope: Names graph and output folder.

    State: problems = texts of what went wrong; failed_writes = how many of the last ones. A
    damaged file is set aside and begun anew.
    """

    def __init__(self, folder: Path, scope: str) -> None:
        self.problems: list[str] = []
        self.failed_writes = 0
        self._path = folder / "index.db"
        self._scope = scope
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection | None:
        try:
            return _connect(self._path)
        except sqlite3.OperationalError as exc:
            self.problems.append(f"the index cannot be opened ({exc}); every item is checked in full")
        except sqlite3.DatabaseError:
            return self._begin_anew()
        return None

    def _begin_anew(self) -> sqlite3.Connection | None:
        aside = self._path.with_name(f"index.db.bad-{time.time_ns()}")
        self.problems.append(f"the index is damaged; set aside as {aside.name} and begun anew")
        with suppress(OSError, sqlite3.Error):
            self._path.rename(aside)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(f"index.db{suffix}").unlink(missing_ok=True)
            return _connect(self._path)
        return None

    def load(self) -> dict[str, str]:
        """Return item key -> state as it is kept (`unsealed` opens it), of every item, in one read."""
        rows = self._read("SELECT key, state FROM items WHERE scope = ?", (self._scope,))
        return {
            key.decode("utf-8", "surrogatepass"): state
            for key, state in rows
            if type(key) is bytes and type(state) is str
        }

    def others(self, digits: int) -> Iterator[tuple[str, str]]:
        """Yield (item key, state as it is kept) of other scopes that begin with the same *digits*."""
        rows = self._read(
            "SELECT key, state FROM items WHERE substr(scope, 1, ?) = ? AND scope <> ?",
            (digits, self._scope[:digits], self._scope),
        )
        for key, state in rows:
            if type(key) is bytes and type(state) is str:
                yield key.decode("utf-8", "surrogatepass"), state

    def ingredients(self, graph_key: str) -> Mapping[str, Any] | None:
        """Return what a graph that was run before was made of, or None."""
        query = "SELECT ingredients FROM graphs WHERE graph_key = ?"
        return next(self._ingredients(query, (graph_key,)), None)

    def history(self, graph: str) -> Iterator[Mapping[str, Any]]:
        """Yield what the graph of this name was made of each time it was run differently, latest first."""
        query = "SELECT ingredients FROM graphs WHERE graph = ? ORDER BY at_ns DESC, rowid DESC"
        return self._ingredients(query, (graph,))

    def _ingredients(self, query: str, values: tuple[Any, ...]) -> Iterator[Mapping[str, Any]]:
        for (text,) in self._read(query, values):
            with suppress(ValueError, TypeError):
                found = json.loads(text)
                if isinstance(found, dict):
                    yield found

    def _read(self, query: str, values: tuple[Any, ...]) -> Iterator[Any]:
        if self._connection is None:
            return
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.OperationalError as exc:
            self.problems.append(f"the index cannot be read ({exc})")
        except (sqlite3.Error, UnicodeDecodeError):
            self._set_aside()

    def _set_aside(self) -> None:
        self.close()
        self._connection = self._begin_anew()

    def put_graph(self, graph_key: str, graph: str, ingredients: Mapping[str, Any]) -> None:
        """Keep what the graph of this run is made of; *graph* stands for its name."""
        row = (graph_key, graph, time.time_ns(), json.dumps(ingredients))
        self._write("INSERT OR REPLACE INTO graphs VALUES (?, ?, ?, ?)", [row])
        self._write(
            "DELETE FROM graphs WHERE graph = ?1 AND at_ns < (SELECT at_ns FROM graphs WHERE graph = ?1 "
            "ORDER BY at_ns DESC LIMIT 1 OFFSET ?2)",
            [(graph, KEPT_GRAPHS - 1)],
        )

    def put(self, states: Iterable[tuple[str, str]]) -> None:
        """Write (item key, encoded state) pairs in one transaction."""
        rows = [(self._scope, _encoded(key), sealed(key, state)) for key, state in states]
        self._write("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", rows)

    def delete(self, keys: Iterable[str]) -> None:
        """Forget items."""
        rows = [(self._scope, _encoded(key)) for key in keys]
        self._write("DELETE FROM items WHERE scope = ? AND key = ?", rows)

    def _write(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if self._connection is None or not rows or self.failed_writes >= FAILED_WRITES:
            return
        try:
            with self._connection:
                self._connection.executemany(statement, rows)
            self.failed_writes = 0
        except sqlite3.OperationalError as exc:
            self.failed_writes += 1
            self.problems.append(f"the index cannot be written ({exc})")
        except sqlite3.Error:
            self._set_aside()

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            with closing(self._connection), suppress(sqlite3.Error):
                self._connection.commit()
            self._connection = None


def sealed(key: str, state: str) -> str:
    """Return an encoded state as it is kept: with a check that it is whole, and this key's."""
    return f"{zlib.crc32(state.encode(), zlib.crc32(_encoded(key))):08x}{state}"


def unsealed(key: str, kept: str) -> ItemState | None:
    """
    Return the state that is kept for *key*, or None where it is damaged.

    >>> state = encode_state(ItemState("graph", "values"))
    >>> unsealed("a", sealed("a", state)) == decode_state(state)
    True
    >>> unsealed("b", sealed("a", state))
    """
    state = kept[_CHECK_DIGITS:]
    return decode_state(state) if sealed(key, state) == kept else None


def _encoded(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")  # a file's name may be no UTF-8


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=TIMEOUT_S)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            connection.executescript("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS graphs;")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("SELECT count(*) FROM graphs").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
