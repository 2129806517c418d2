"""
Newer states merged into the blocks of the index.

Only blocks that newer states fall into are written again; of a set of 100 000 with one new
item that is one block of 512. Runs inside the caller's transaction.
"""

import math
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any

from creevey_graph.cache.blocks import SIZE, RowText, pack_block, unpack_states
from creevey_graph.cache.states import encoded_key, opened

_PUT = (
    "INSERT OR REPLACE INTO blocks (scope, first, head, looks, rows, checks, states) VALUES (?,?,?,?,?,?,?)"
)


def merge(connection: sqlite3.Connection, scope: str, graph_key: str, row_text: RowText) -> None:
    """
    Merge the states in `items` into `blocks`, and empty `items`.

    Args:
        connection: In a transaction.
        scope: Whose rows.
        graph_key: The graph whose items can be compared in bulk.
        row_text: Makes the lines of a report.
    """
    firsts = [
        first
        for (first,) in connection.execute(
            "SELECT first FROM blocks WHERE scope = ? ORDER BY first", (scope,)
        )
        if type(first) is bytes  # SQLite takes anything; text beside it cannot be compared
    ]
    newer = connection.execute("SELECT key, state FROM items WHERE scope = ? ORDER BY key", (scope,))
    by_block = groupby(newer, key=lambda row: max(0, bisect_right(firsts, row[0]) - 1))
    for place, rows in by_block:
        if not firsts:
            parts = _streamed((key, state) for key, state in _opened(rows) if state)
        else:
            held = _taken(connection, scope, firsts[place])
            held.update(_opened(rows))
            parts = _parts(sorted((key, state) for key, state in held.items() if state))
        for part in parts:
            first = encoded_key(part[0][0])
            connection.execute(_PUT, (scope, first, *pack_block(part, graph_key, row_text)))
    connection.execute("DELETE FROM items WHERE scope = ?", (scope,))


def _opened(rows: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield (key, encoded state), "" for what is forgotten; a damaged row is left out."""
    for key, kept in rows:
        if type(key) is bytes and type(kept) is str:
            text = key.decode("utf-8", "surrogatepass")
            state = opened(text, kept) if kept else ""
            if state is not None:
                yield text, state


def _taken(connection: sqlite3.Connection, scope: str, first: bytes) -> dict[str, str]:
    """Return the states of a block, and remove it."""
    where = "WHERE scope = ? AND first = ?"
    row = connection.execute(f"SELECT states, checks FROM blocks {where}", (scope, first)).fetchone()  # noqa: S608
    connection.execute(f"DELETE FROM blocks {where}", (scope, first))  # noqa: S608 - constants
    return (unpack_states(*row) if row else None) or {}


def _streamed(members: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Yield *members*, of which there may be very many, in parts of a block's size."""
    while part := list(islice(members, SIZE)):
        yield part


def _parts(members: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Yield *members* in parts of a block's size at the most, all about as long."""
    count = math.ceil(len(members) / SIZE)
    for part in range(count):
        yield members[len(members) * part // count : len(members) * (part + 1) // count]
