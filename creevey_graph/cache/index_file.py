"""The index's file: its tables, their version, and connections to it."""

import os
import sqlite3
from pathlib import Path

from creevey_graph.cache.database import connect_read_only
from creevey_graph.cache.sqlite_files import check_files

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    scope TEXT NOT NULL, key BLOB NOT NULL, state TEXT NOT NULL, PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL, first BLOB NOT NULL,
    head BLOB NOT NULL, looks BLOB NOT NULL, rows BLOB NOT NULL, checks BLOB NOT NULL, states BLOB NOT NULL,
    UNIQUE (scope, first)
);
CREATE TABLE IF NOT EXISTS graphs (
    graph_key TEXT NOT NULL, graph TEXT NOT NULL, at_ns INTEGER NOT NULL, ingredients TEXT NOT NULL,
    PRIMARY KEY (graph_key, graph)
);
CREATE TABLE IF NOT EXISTS scopes (scope TEXT PRIMARY KEY, out TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checked (scope TEXT PRIMARY KEY, stamp TEXT NOT NULL, folders TEXT NOT NULL);
"""
_TABLES = ("items", "blocks", "graphs", "scopes", "checked")
VERSION = 5
TIMEOUT_S = 5.0


class NewerIndexError(sqlite3.DatabaseError):
    """The index was written by a newer version, whose work is not ours to drop."""


def connect_to_read(path: Path) -> sqlite3.Connection | None:
    """Return a connection that reads, None where there is nothing that this version reads."""
    if not os.path.lexists(path):
        return None
    connection = connect_read_only(str(path), TIMEOUT_S)
    if connection.execute("PRAGMA user_version").fetchone() == (VERSION,):
        return connection
    connection.close()
    return None


def connect(path: Path) -> sqlite3.Connection:
    """
    Return a connection that writes, too; the tables are made where they are not there, or of an older version.

    Raises:
        NewerIndexError: The file is of a newer version.
        sqlite3.Error: It cannot be opened.
    """
    check_files(str(path))
    connection = sqlite3.connect(path, timeout=TIMEOUT_S)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise NewerIndexError
        if version != VERSION:
            drop = "".join(f"DROP TABLE IF EXISTS {name};" for name in _TABLES) if version else ""
            connection.executescript(f"{drop}{_SCHEMA}PRAGMA user_version = {VERSION};")
        connection.execute("SELECT count(*) FROM graphs").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
