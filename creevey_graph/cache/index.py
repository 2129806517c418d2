"""
The index: per graph and output folder, the last known state of every item.

A shortcut only: deleting it costs time, never truth. One SQLite file, read and written in bulk. A
file per item was rejected (10^6 inodes), and so was diskcache (39-61 us a look-up).

Layout: a run writes states one by one as they come, `items(scope, key, state)`, so that a kill loses
none; at its end `compact` merges them into `blocks(scope, first, …)`, where they stand in the order
of their keys and are compared in bulk (`blocks.py`). What stands in `items` is newer; an empty state
there says that the item is forgotten. `graphs` has the JSON ingredients that reasons are told from, of
the latest `KEPT_GRAPHS` of each graph, `scopes` the output folder of each scope, `checked` the listings whose output paths were found apart
(`places.py`).

Thread safety: used by the coordinator alone; several processes may share the file.
"""

import json
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from creevey_graph.cache.blocks import Columns, RowText, unpack_columns, unpack_states
from creevey_graph.cache.database import BRIEFLY_S, is_locked, may_write
from creevey_graph.cache.index_file import NewerIndexError, connect, connect_to_read
from creevey_graph.cache.made_of import read_made_of
from creevey_graph.cache.merge import merge
from creevey_graph.cache.opening import READ_ONLY, is_told_enough, told
from creevey_graph.cache.sqlite_files import SUFFIXES, check_files, is_broken, is_damage, is_past
from creevey_graph.cache.states import encoded_key, opened, sealed

KEPT_GRAPHS = 100
"""Of each graph; texts of code are long. An item made by an older one is told without details."""
FAILED_WRITES = 3
"""After so many in a row nothing more is written: a hung peer is waited for once, then briefly."""
_BLOCKS_HELD = 4


class Index:
    """
    The rows of one graph and output folder.

    Args:
        folder: The cache's folder.
        scope: Names graph and output folder.

    State: scope = which rows; problems = texts of what went wrong; failed_writes = how many of the last
    ones. A damaged file is set aside and begun anew.
    """

    def __init__(self, folder: Path, scope: str) -> None:
        self.problems: list[str] = []
        self.failed_writes = 0
        self._path = folder / "index.db"
        self.scope = scope
        self._connection = self._open()
        self._held: dict[int, dict[str, str]] = {}
        self._firsts: tuple[list[bytes], list[int]] | None = None
        self._fresh: dict[str, str] | None = None

    def _open(self) -> sqlite3.Connection | None:
        try:
            check_files(str(self._path))  # first: a link that leads nowhere cannot be written to either
            if not may_write(str(self._path.parent), self._path.name):
                self.failed_writes = FAILED_WRITES
                self.problems.append(READ_ONLY)
                return connect_to_read(self._path)
            return connect(self._path)
        except NewerIndexError:
            return self._begin_anew("of a newer version")
        except sqlite3.Error as exc:
            if self._is_lost(exc):
                return self._begin_anew()
            self._note(exc, "opened", "; every item is checked in full")
        return None

    def _note(self, exc: BaseException, what: str, then: str = "") -> None:
        text = told(exc, self._path.parent)
        self.problems.append(text if is_told_enough(text) else f"the index cannot be {what} ({exc}){then}")

    def _is_lost(self, exc: sqlite3.Error) -> bool:
        return is_broken(exc) and not is_past(exc, str(self._path))

    def _begin_anew(self, what: str = "damaged") -> sqlite3.Connection | None:
        aside = self._path.with_name(f"index.db.bad-{time.time_ns()}")
        self.problems.append(f"the index is {what}; set aside as {aside.name} and begun anew")
        with suppress(OSError, sqlite3.Error):
            for suffix in SUFFIXES:
                with suppress(FileNotFoundError):
                    self._path.with_name(f"index.db{suffix}").rename(f"{aside}{suffix}")
            return connect(self._path)
        return None

    # --- reading ---------------------------------------------------------------------------

    @property
    def fresh(self) -> Mapping[str, str]:
        """Item key -> sealed state ("" where it is forgotten) of what no block has yet; read once."""
        if self._fresh is None:
            rows = self._read("SELECT key, state FROM items WHERE scope = ?", (self.scope,))
            self._fresh = dict(_texts(rows))
        return self._fresh

    def columns(self) -> Iterator[tuple[int, Columns | None]]:
        """Yield (number of a block, its columns or None where they are damaged), in order of keys."""
        query = "SELECT id, head, looks, rows, checks FROM blocks WHERE scope = ? ORDER BY first"
        for number, *parts in self._read(query, (self.scope,)):
            yield number, unpack_columns(*parts)

    def states_of(self, block: int) -> Mapping[str, str]:
        """Return key -> encoded state of a block's items; nothing where they are damaged."""
        if block not in self._held:
            if len(self._held) >= _BLOCKS_HELD:
                del self._held[next(iter(self._held))]
            rows = self._read("SELECT states, checks FROM blocks WHERE id = ?", (block,))
            found = [unpack_states(*row) for row in rows]
            self._held[block] = (found[0] if found else None) or {}
        return self._held[block]

    def get(self, key: str) -> str | None:
        """Return an item's encoded state, or None."""
        if (kept := self.fresh.get(key)) is not None:
            return opened(key, kept) if kept else None
        if self._firsts is None:
            rows = self._read("SELECT first, id FROM blocks WHERE scope = ? ORDER BY first", (self.scope,))
            pairs = [(first, number) for first, number in rows if type(first) is bytes]
            self._firsts = [first for first, _ in pairs], [number for _, number in pairs]
        firsts, numbers = self._firsts
        place = bisect_right(firsts, encoded_key(key)) - 1
        return self.states_of(numbers[place]).get(key) if place >= 0 else None

    def load(self) -> dict[str, str]:
        """Return item key -> encoded state, of every item."""
        found: dict[str, str] = {}
        for states, checks in self._read("SELECT states, checks FROM blocks WHERE scope = ?", (self.scope,)):
            found.update(unpack_states(states, checks) or {})
        for key, kept in self.fresh.items():
            state = opened(key, kept) if kept else None
            if state is not None:
                found[key] = state
            else:
                found.pop(key, None)
        return found

    def others(self, digits: int) -> Iterator[tuple[str, str]]:
        """Yield (item key, encoded state) of other scopes that begin with the same *digits*."""
        where = "substr(scope, 1, ?) = ? AND scope <> ?"
        values = (digits, self.scope[:digits], self.scope)
        for key, kept in _texts(self._read(f"SELECT key, state FROM items WHERE {where}", values)):  # noqa: S608 - a constant
            if kept and (state := opened(key, kept)) is not None:
                yield key, state
        for states, checks in self._read(f"SELECT states, checks FROM blocks WHERE {where}", values):  # noqa: S608
            yield from (unpack_states(states, checks) or {}).items()

    def ingredients(self, graph_key: str) -> Mapping[str, Any] | None:
        """Return what a graph that was run before was made of, or None."""
        query = "SELECT graph_key, ingredients FROM graphs WHERE graph_key = ?"
        return next(self._ingredients(query, (graph_key,)), None)

    def history(self, graph: str) -> Iterator[Mapping[str, Any]]:
        """Yield what the graph of this name was made of each time it was run differently, latest first."""
        query = "SELECT graph_key, ingredients FROM graphs WHERE graph = ? ORDER BY at_ns DESC, rowid DESC"
        return self._ingredients(query, (graph,))

    def _ingredients(self, query: str, values: tuple[Any, ...]) -> Iterator[Mapping[str, Any]]:
        for graph_key, kept in self._read(query, values):
            if type(graph_key) is str and type(kept) is str and (text := opened(graph_key, kept)) is not None:
                found = read_made_of(text)
                if found is not None:
                    yield found

    def checked(self) -> tuple[str, Any]:
        """Return (stamp, folders) of the listing whose output paths were checked last, ("", None) where none was."""
        for stamp, folders in self._read("SELECT stamp, folders FROM checked WHERE scope = ?", (self.scope,)):
            with suppress(ValueError, TypeError, RecursionError):
                inputs, outputs = json.loads(folders)
                if all(type(name) is str and "\0" not in name for name in (*inputs, *outputs)):
                    return stamp, (inputs, outputs)
        return "", None

    def _read(self, query: str, values: tuple[Any, ...]) -> Iterator[Any]:
        if self._connection is None:
            return
        try:
            yield from self._connection.execute(query, values)
        except (sqlite3.Error, UnicodeDecodeError) as exc:
            if is_damage(exc) and not is_past(exc, str(self._path)):
                self._set_aside()
            else:
                self._note(exc, "read")

    def _set_aside(self) -> None:
        self.close()
        self._connection = self._begin_anew()

    # --- writing ---------------------------------------------------------------------------

    def put_graph(self, graph_key: str, graph: str, ingredients: Mapping[str, Any]) -> None:
        """Keep what the graph of this run is made of; *graph* stands for its name."""
        text, now_ns = sealed(graph_key, json.dumps(ingredients)), time.time_ns()
        query = (
            "SELECT graph_key = ? AND ingredients = ? FROM graphs WHERE graph = ? "
            "ORDER BY at_ns DESC, rowid DESC LIMIT 1"
        )
        if list(self._read(query, (graph_key, text, graph))) == [(1,)]:
            return  # the latest already: a run with nothing to do writes nothing
        self._write("INSERT OR REPLACE INTO graphs VALUES (?, ?, ?, ?)", [(graph_key, graph, now_ns, text)])
        self._write(
            "DELETE FROM graphs WHERE graph = ?1 AND at_ns < (SELECT at_ns FROM graphs WHERE graph = ?1 "
            "ORDER BY at_ns DESC LIMIT 1 OFFSET ?2)",
            [(graph, KEPT_GRAPHS - 1)],
        )

    def put_scope(self, out: str) -> None:
        """Keep which output folder this scope is of, "" for none, so that `forget_lost` can tell; it spares what has no UTF-8."""
        out = "" if out.encode(errors="replace") != out.encode(errors="surrogatepass") else out
        if not list(self._read("SELECT 1 FROM scopes WHERE scope = ?", (self.scope,))):
            self._write("INSERT OR REPLACE INTO scopes VALUES (?, ?)", [(self.scope, out)])

    def put(self, states: Iterable[tuple[str, str]]) -> None:
        """Write (item key, encoded state) pairs in one transaction."""
        rows = [(self.scope, encoded_key(key), sealed(key, state)) for key, state in states]
        self._write("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", rows)

    def delete(self, keys: Iterable[str]) -> None:
        """Forget items."""
        rows = [(self.scope, encoded_key(key), "") for key in keys]
        self._write("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", rows)

    def put_checked(self, stamp: str, folders: Any) -> None:
        """Keep that a listing's output paths were checked."""
        row = (self.scope, stamp, json.dumps(folders))
        self._write("INSERT OR REPLACE INTO checked VALUES (?, ?, ?)", [row])

    def compact(self, graph_key: str, row_text: RowText) -> None:
        """Merge what was written since the last time into blocks."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            merge(connection, self.scope, graph_key, row_text)

        self._attempt(work)
        self._held.clear()
        self._firsts = self._fresh = None

    def _write(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._attempt(lambda connection: connection.executemany(statement, rows))

    def _attempt(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        if self._connection is None or self.failed_writes >= FAILED_WRITES:
            return
        try:
            with self._connection:
                work(self._connection)
            self.failed_writes = 0
        except sqlite3.Error as exc:
            if self._is_lost(exc):
                self._set_aside()
                return
            self.failed_writes += 1
            self._note(exc, "written")
            if is_locked(exc):
                self._connection.execute(f"PRAGMA busy_timeout = {BRIEFLY_S * 1000:.0f}")

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            with closing(self._connection), suppress(sqlite3.Error):
                self._connection.commit()
            self._connection = None


def forget_lost(folder: Path) -> int:
    """
    Remove what is known of items of output folders that are not there any more.

    Returns:
        How many folders were forgotten.

    Raises:
        sqlite3.Error: The index cannot be read or written.
    """
    path = folder / "index.db"
    if not path.exists():
        return 0
    try:
        return _forget_lost(path)
    except sqlite3.DatabaseError as exc:
        if not is_broken(exc):
            raise
        return 0  # the next run sets it aside, and says so


def _forget_lost(path: Path) -> int:
    with closing(connect(path)) as connection, connection:
        scopes = connection.execute("SELECT scope, out FROM scopes WHERE typeof(out) = 'text' AND out <> ''")
        lost = [(scope,) for scope, out in scopes.fetchall() if not Path(out).is_dir()]
        for table in ("items", "blocks", "checked", "scopes"):
            connection.executemany(f"DELETE FROM {table} WHERE scope = ?", lost)  # noqa: S608 - a constant
    return len(lost)


def _texts(rows: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for key, state in rows:
        if type(key) is bytes and type(state) is str:
            yield key.decode("utf-8", "surrogatepass"), state
